//! Everything at once (REL-04, REL-09, SEC-05, SEC-24): hostile servers, names that are never resolved, readers that do not
//! read, and a full disk, under the limits of the systemd unit. The daemon lives, answers, and polls every honest feed.
//!
//! `NEWSWIRE_SIEGE_SECONDS=180 cargo test --test daemon siege` lasts longer; the usual run is short.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use rustix::process::Signal;

use crate::support::cli_home::CliHome;
use crate::support::process::{Daemon, configuration, eventually, log_bytes};
use crate::support::{Framing, Internet, Item, Reply, preload, rss};

/// MemoryMax, TasksMax and LimitNOFILE of systemd/newswire.service.
const MEMORY_KB_MAX: u64 = 512 << 10;
const TASKS_MAX: u64 = 64;
const DESCRIPTORS_MAX: u64 = 4096;

const HONEST: usize = 12;
/// An answer about the health of the daemon takes less, however busy the machine is.
const ANSWER_MAX: Duration = Duration::from_secs(30);

fn seconds() -> u64 {
    std::env::var("NEWSWIRE_SIEGE_SECONDS").map_or(12, |s| s.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rel_09_besieged_from_all_sides_it_lives_and_polls_every_honest_feed() {
    let net = Internet::start().await;
    let edition = Arc::new(AtomicUsize::new(1));
    let urls = servers(&net, &edition);
    let home = CliHome::empty();
    let usual = configuration(&home).replace("[fetch]\n", "[fetch]\ntimeout = \"5s\"\n");
    home.configure(&(usual + &feeds(&net, &urls)));
    let names = preload::library(&home, "names");
    let daemon = Daemon::spawn(&home, &[("LD_PRELOAD", names.to_str().unwrap())]);
    daemon.limit_descriptors(DESCRIPTORS_MAX);
    daemon.hears("READY=1");

    let ends = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..8)
        .map(|n| {
            let (ends, socket) = (Arc::clone(&ends), home.path("http.sock"));
            std::thread::spawn(move || read_badly(n, &socket, &ends))
        })
        .collect();
    let (begun, span) = (Instant::now(), Duration::from_secs(seconds()));
    let (mut slowest, mut tasks, mut is_full) = (Duration::ZERO, 0, false);
    while begun.elapsed() < span {
        edition.fetch_add(1, Ordering::SeqCst);
        daemon.signal(Signal::USR1);
        // The disk is full for the middle third.
        let full = begun.elapsed() > span / 3 && begun.elapsed() < span * 2 / 3;
        if full != is_full {
            daemon.limit_files(full.then(|| log_bytes(&home.db())));
            is_full = full;
        }
        let asked = Instant::now();
        assert_eq!(daemon.get("/healthz").0, 200, "{}", daemon.log());
        slowest = slowest.max(asked.elapsed());
        tasks = tasks.max(daemon.figure("Threads"));
        assert!(tasks <= TASKS_MAX, "{tasks} threads");
        assert!(daemon.figure("VmHWM") <= MEMORY_KB_MAX);
    }
    daemon.limit_files(None);
    ends.store(true, Ordering::SeqCst);
    readers.into_iter().for_each(|r| r.join().unwrap());
    println!(
        "{:?}: {tasks} threads, {} MB at most, slowest answer {slowest:?}",
        begun.elapsed(),
        daemon.figure("VmHWM") / 1024
    );
    assert!(slowest < ANSWER_MAX, "{slowest:?}");
    let last = edition.fetch_add(1, Ordering::SeqCst) + 1;
    for n in 0..HONEST {
        eventually(&format!("edition {last} of honest paper {n}"), || {
            daemon.signal(Signal::USR1);
            let (_, found) = daemon.get(&format!("/feeds/search.json?q=paper{n}x{last}"));
            found
                .contains(&format!("Edition {last} of {n}"))
                .then_some(())
        });
    }
}

/// The servers; the URLs of their feeds, without the port.
fn servers(net: &Internet, edition: &Arc<AtomicUsize>) -> Vec<String> {
    let mut urls = Vec::new();
    for n in 0..HONEST {
        let edition = Arc::clone(edition);
        let host = format!("honest{n}.test");
        urls.push(host.clone());
        net.on(&host, "/feed", move |_| {
            let edition = edition.load(Ordering::SeqCst);
            let item = Item {
                id: format!("{n}-{edition}"),
                title: format!("Edition {edition} of {n}"),
                link: format!("https://honest{n}.test/{edition}"),
                html: format!("<p>paper{n}x{edition} has news of the day.</p>"),
                date: None,
            };
            Reply::feed(rss(&format!("Paper {n}"), &[item]))
        });
    }
    let spaces = packed(&[b' '; 1 << 20].repeat(15));
    let large = rss(
        "Large",
        &(0..4000)
            .map(|n| Item::numbered("large.test", n))
            .collect::<Vec<_>>(),
    );
    let gzip = |body: Vec<u8>| Reply::feed(body).header("Content-Encoding", "gzip");
    for n in 0..3 {
        for (kind, reply) in [
            ("bomb", gzip(spaces.clone())),
            ("large", gzip(packed(large.as_bytes()))),
            ("giant", Reply::feed(vec![b'x'; 15 << 20])),
            (
                "drip",
                Reply::feed("<rss>".repeat(100)).framing(Framing::Drip(Duration::from_millis(300))),
            ),
            ("cut", Reply::feed("<rss>").framing(Framing::Claim(1 << 40))),
            (
                "deep",
                Reply::feed(format!("<rss><channel>{}", "<a>".repeat(1_000_000))),
            ),
            ("loop", Reply::redirect(301, "/feed")),
            (
                "raw",
                Reply::raw("HTTP/1.1 103 Early Hints\r\n\r\n".repeat(10_000)),
            ),
        ] {
            let host = format!("{kind}{n}.test");
            net.always(&host, "/feed", reply);
            urls.push(host);
        }
    }
    urls.extend((0..40).map(|n| format!("n{n}.site{n}.hangs.test")));
    urls
}

fn packed(body: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(body).unwrap();
    packed.finish().unwrap()
}

fn feeds(net: &Internet, hosts: &[String]) -> String {
    let port = net.address().port();
    let feed = |host: &String| format!("[[feed]]\nurl = \"http://{host}:{port}/feed\"\n");
    hosts.iter().map(feed).collect()
}

/// Readers that ask for much and read little, each in its own way, until the siege ends.
fn read_badly(kind: usize, socket: &std::path::Path, ends: &AtomicBool) {
    let regexes = "/a.{1,40}b/ OR ".repeat(200) + "x";
    let requests = [
        "GET /feeds/all.atom?limit=500 HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(50),
        "GET /feeds/all.atom HT".to_owned(),
        format!(
            "GET /feeds/search.atom?q={} HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "w*%20".repeat(200)
        ),
        format!(
            "GET /feeds/search.atom?q={} HTTP/1.1\r\nHost: localhost\r\n\r\n",
            regexes.replace(' ', "%20")
        ),
    ];
    let request = &requests[kind % requests.len()];
    let mut held: Vec<UnixStream> = Vec::new();
    while !ends.load(Ordering::SeqCst) {
        let Ok(mut stream) = UnixStream::connect(socket) else {
            continue;
        };
        stream
            .set_read_timeout(Some(Duration::from_millis(200)))
            .unwrap();
        let _ = stream.write_all(request.as_bytes());
        // One byte: the rest stays with the daemon.
        let _ = stream.read(&mut [0]);
        held.push(stream);
        if held.len() > 20 {
            held.clear();
        }
    }
}
