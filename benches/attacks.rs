//! What one kind of attack costs beside healthy feeds (SEC-24, REL-13): memory over idle, and how late the last healthy feed
//! is. `cargo bench --bench attacks [NAME…]`; each runs in a process of its own, so that its peak is its own, and the
//! servers in another.
// A bench that cannot go on ends: a panic is the message.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use newswire::clock::Clock;
use newswire::fetch::{FetchOptions, Fetcher, Names};
use newswire::ingest::{Ingest, IngestOptions, Progress};
use newswire::model::WebUrl;
use newswire::schedule::Policy;
use newswire::store::{ClaimScope, FeedSettings, NewFeed, Store, StoreOptions};
use tokio_util::sync::CancellationToken;

mod support;

use support::memory_kb;

const HEALTHY: usize = 200;

/// The attacks: how many hosts take part, and whether their pages are read.
const ATTACKS: [(&str, usize, bool); 7] = [
    // Two bodies of 9.8 MB that hardly shrink, and two of 105 KB that unpack to 15 MB.
    ("packed", 4, false),
    ("deep", 108, false),
    // Feeds that overflow and name an archive page of 15 MB.
    ("archive", 12, false),
    // Pages of articles on 400 hosts, each with a robots.txt of 500 KB of short rules.
    ("robots", 20, true),
    // Twenty pages of 4 MB for each of ten feeds.
    ("pages", 10, true),
    // Names that the resolver never answers for, beside feeds that answered before.
    ("names", 108, false),
    ("none", 0, false),
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("serve") => serve(),
        Some("attack") => {
            let address = arguments.get(2).unwrap().parse().unwrap();
            let asked = arguments.get(1).unwrap();
            let attack = ATTACKS.iter().find(|(name, ..)| name == asked);
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(8)
                .max_blocking_threads(24)
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(measure(*attack.unwrap(), address));
            // Lookups that never end must not hold up the end.
            std::process::exit(0);
        }
        _ => {}
    }
    let program = std::env::current_exe().unwrap();
    let mut server = Command::new(&program)
        .arg("serve")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut address = String::new();
    let mut told = BufReader::new(server.stdout.take().unwrap());
    told.read_line(&mut address).unwrap();
    let asked = |name: &str| {
        let named = |a: &&String| ATTACKS.iter().any(|(known, ..)| known == a);
        !arguments.iter().any(|a| named(&a)) || arguments.iter().any(|a| a == name)
    };
    for (name, ..) in ATTACKS.into_iter().filter(|(name, ..)| asked(name)) {
        let status = Command::new(&program)
            .args(["attack", name, address.trim()])
            .status();
        assert!(status.unwrap().success(), "{name}");
    }
    server.kill().unwrap();
    server.wait().unwrap();
}

async fn measure((name, count, full_text): (&str, usize, bool), address: SocketAddr) {
    let dir = tempfile::tempdir().unwrap();
    let healthy: Vec<String> = (0..HEALTHY)
        .map(|n| format!("healthy{n}.example"))
        .collect();
    let hostile: Vec<String> = (0..count)
        .map(|n| format!("{name}{n}.site{n}{name}.example"))
        .collect();
    let (ingest, store) = house(dir.path().join("newswire.db"));
    // All were polled before: those that overflow need it. Names that are never found out are new.
    let first = if name == "names" { &[][..] } else { &hostile };
    subscribe(&store, &healthy, false, address.port());
    subscribe(&store, first, full_text, address.port());
    let idle = memory_kb("VmRSS");
    pass(&ingest, &|_| {}).await;
    subscribe(&store, &hostile, full_text, address.port());
    let before = memory_kb("VmHWM");
    let (begun, last) = (Instant::now(), Mutex::new(Duration::ZERO));
    let late = |progress: Progress| {
        if progress.done - progress.failed >= HEALTHY && last.lock().unwrap().is_zero() {
            *last.lock().unwrap() = begun.elapsed();
        }
    };
    let report = pass(&ingest, &late).await;
    let feeds = store.reads().feeds().unwrap();
    let well = feeds
        .iter()
        .filter(|f| f.url.contains("//healthy") && f.failures == 0 && f.articles > 0);
    println!(
        "{name:>8}: {} documents, {} failed, {} put off; {} healthy, the last after {:.2} s, all after {:.2} s; \
         {} MB at most (idle {}, first pass {}), {} MB after, {} threads",
        report.fetched,
        report.failed,
        report.skipped,
        well.count(),
        last.lock().unwrap().as_secs_f64(),
        begun.elapsed().as_secs_f64(),
        memory_kb("VmHWM") / 1000,
        idle / 1000,
        before / 1000,
        memory_kb("VmRSS") / 1000,
        memory_kb("Threads"),
    );
}

async fn pass(
    ingest: &Arc<Ingest>,
    told: &(dyn Fn(Progress) + Sync),
) -> newswire::ingest::PassReport {
    let scope = ClaimScope::All {
        manual_interval: Duration::ZERO,
    };
    ingest
        .pass(scope, &CancellationToken::new(), told)
        .await
        .unwrap()
}

fn subscribe(store: &Store, hosts: &[String], full_text: bool, port: u16) {
    let feeds = hosts.iter().map(|host| NewFeed {
        url: WebUrl::parse(&format!("http://{host}:{port}/feed")).unwrap(),
        title: None,
        folder: None,
        tags: Vec::new(),
        settings: FeedSettings {
            full_text,
            ..FeedSettings::default()
        },
        declared: false,
    });
    store.subscribe(feeds.collect()).unwrap();
}

/// Every name is this machine; some are never found out.
fn look_up(host: &str) -> std::io::Result<Vec<IpAddr>> {
    if host.starts_with("names") {
        std::thread::sleep(Duration::from_secs(3600));
    }
    Ok(vec![IpAddr::V4(Ipv4Addr::LOCALHOST)])
}

fn house(path: std::path::PathBuf) -> (Arc<Ingest>, Arc<Store>) {
    let clock = Clock::system();
    let options = StoreOptions {
        path,
        synchronous_full: false,
        dedup_window: Duration::from_secs(7 * 86_400),
        dedup_near: true,
    };
    let store = Arc::new(Store::open(&options, clock.clone()).unwrap());
    let fetch = FetchOptions {
        names: Names::Function(look_up),
        allow_private: vec!["127.0.0.0/8".parse().unwrap()],
        host_delay: Duration::ZERO,
        ..FetchOptions::default()
    };
    let options = IngestOptions {
        policy: Policy {
            polls_per_day: 24.0,
            min_interval: Duration::from_secs(3600),
            max_interval: Duration::from_secs(86_400),
            strict: false,
            install: 7,
            poll_cost: None,
        },
        manual_interval: Duration::ZERO,
        websub: None,
    };
    let fetcher = Arc::new(Fetcher::new(fetch, clock.clone()).unwrap());
    let ingest = Ingest::new(Arc::clone(&store), fetcher, clock, options).unwrap();
    (Arc::new(ingest), store)
}

/// How often each host was asked for its feed: at the first time every feed is a small one.
static ASKED: LazyLock<Mutex<HashMap<String, usize>>> = LazyLock::new(Mutex::default);
static WIDE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut x = 7_u64;
    let noise = (0..1_230_000).flat_map(|_| {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        x.to_le_bytes()
    });
    gzip(&noise.collect::<Vec<u8>>())
});
static DEEP: LazyLock<Vec<u8>> = LazyLock::new(|| gzip(large("deep", 15 << 20).as_bytes()));
static ROBOTS: LazyLock<String> = LazyLock::new(|| {
    format!(
        "User-agent: *\nAllow: /\n{}",
        "Disallow:/x\n".repeat(41_000)
    )
});

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(body).unwrap();
    gzip.finish().unwrap()
}

fn serve() -> ! {
    LazyLock::force(&WIDE);
    LazyLock::force(&DEEP);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    println!("{}", listener.local_addr().unwrap());
    std::io::stdout().flush().unwrap();
    loop {
        let (stream, _) = listener.accept().unwrap();
        std::thread::spawn(move || {
            let _ = answer(stream);
        });
    }
}

fn answer(mut stream: TcpStream) -> std::io::Result<()> {
    let mut head = Vec::new();
    let mut chunk = [0; 4096];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut chunk)? {
            0 => return Ok(()),
            n => head.extend_from_slice(chunk.get(..n).unwrap_or_default()),
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let host = head
        .lines()
        .find_map(|l| l.to_lowercase().strip_prefix("host: ").map(str::to_owned));
    let host = host.unwrap_or_default();
    let path = head.split(' ').nth(1).unwrap_or_default();
    let label = host.split('.').next().unwrap_or_default().to_owned();
    let kind = label.trim_end_matches(|c: char| c.is_ascii_digit());
    let number: usize = label.trim_start_matches(kind).parse().unwrap_or(0);
    let time = {
        let mut asked = ASKED.lock().unwrap();
        let time = asked.entry(format!("{host}{path}")).or_default();
        *time += 1;
        *time
    };
    match (kind, path) {
        ("page", "/robots.txt") => whole(&mut stream, "", ROBOTS.as_bytes()),
        (_, "/robots.txt") => whole(&mut stream, "", b""),
        ("archive", "/old") => whole(&mut stream, "", large(&label, 15 << 20).as_bytes()),
        (_, "/feed") if time == 1 => whole(&mut stream, "", feed(&label, 0, &host).as_bytes()),
        ("packed", _) if number.is_multiple_of(2) => whole(&mut stream, GZIP, &WIDE),
        ("packed" | "deep", _) => whole(&mut stream, GZIP, &DEEP),
        ("archive", _) => {
            let link =
                "<link xmlns=\"http://www.w3.org/2005/Atom\" rel=\"prev-archive\" href=\"/old\"/>";
            let feed =
                feed(&label, 100, &host).replacen("<channel>", &format!("<channel>{link}"), 1);
            whole(&mut stream, "", feed.as_bytes())
        }
        ("robots" | "pages" | "healthy", "/feed") => {
            whole(&mut stream, "", feed(&label, 100 * time, &host).as_bytes())
        }
        ("page" | "pages", _) => {
            let words =
                "<p>What it has to say is said at length, and then once more.</p>".repeat(60_000);
            let page = format!("<html><title>Report</title><article>{words}</article></html>");
            whole(&mut stream, "Content-Type: text/html\r\n", page.as_bytes())
        }
        _ => whole(&mut stream, "", b"<rss/>"),
    }
}

const GZIP: &str = "Content-Encoding: gzip\r\n";

fn whole(stream: &mut TcpStream, header: &str, body: &[u8]) -> std::io::Result<()> {
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\n{header}Content-Length: {length}\r\nConnection: close\r\n\r\n"
    )?;
    stream.write_all(body)
}

/// Twenty articles. Those of `robots` lie on a host each, those of `pages` on the feed's.
fn feed(name: &str, from: usize, host: &str) -> String {
    let mut text = format!("<rss version=\"2.0\"><channel><title>{name}</title>");
    let port = host.split(':').nth(1).unwrap_or("80");
    for n in from..from + 20 {
        let link = match name.starts_with("robots") {
            true => format!("http://page{n}.of{n}{name}.example:{port}/{n}"),
            false => format!("http://{host}/{n}"),
        };
        let _ = write!(
            text,
            "<item><guid isPermaLink=\"false\">{name}-{n}</guid><title>Report {n} of {name}</title><link>{link}</link>\
             <description>What {name} has to say for the {n}th time is {}.</description></item>",
            "said at length ".repeat(20 + n % 20)
        );
    }
    text + "</channel></rss>"
}

/// A feed of so many bytes.
fn large(name: &str, bytes: usize) -> String {
    let mut text = format!("<rss version=\"2.0\"><channel><title>{name}</title>");
    let mut n = 0;
    while text.len() < bytes {
        n += 1;
        let _ = write!(
            text,
            "<item><guid>{name}-old-{n}</guid><title>Old report</title><description>{}</description></item>",
            "It was said at length. ".repeat(100)
        );
    }
    text + "</channel></rss>"
}
