//! 108 hostile servers beside 200 healthy feeds (SEC-05, REL-04): how late the last healthy feed is, and how much memory it
//! took. `cargo bench --bench hostile [SECONDS [KIND…]]`: the time limit of a visit (30), and the kinds of
//! hostile server (all).
//!
//! The servers are a process of their own, so that their memory is not ours.
// A bench that cannot go on ends: a panic is the message.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use newswire::clock::Clock;
use newswire::fetch::{FetchOptions, Fetcher, Names};
use newswire::ingest::{Ingest, IngestOptions, PassReport};
use newswire::model::WebUrl;
use newswire::schedule::Policy;
use newswire::store::{ClaimScope, FeedSettings, NewFeed, Store, StoreOptions};
use tokio_util::sync::CancellationToken;

mod support;

use support::{cpu, memory_kb};

const KINDS: [&str; 27] = [
    "silence",
    "slow-head",
    "many-headers",
    "giant-header",
    "endless",
    "claims-a-terabyte",
    "tiny-chunks",
    "chunk-extension",
    "gzip-bomb",
    "brotli-garbage",
    "zstd-bomb",
    "two-codings",
    "interim-flood",
    "redirect-loop",
    "redirect-chain",
    "redirect-inside",
    "cut",
    "bad-chunks",
    "drip",
    "http-0.9",
    "garbage",
    "uninvited-304",
    "part",
    "hangs-up",
    "deep-xml",
    "huge-feed",
    "deep-html",
];
const COPIES: usize = 4;
const HEALTHY: usize = 200;

fn main() {
    let argument = std::env::args().nth(1).unwrap_or_default();
    if argument == "serve" {
        serve();
    }
    let limit = Duration::from_secs(argument.parse().unwrap_or(30));
    let mut server = Command::new(std::env::current_exe().unwrap())
        .arg("serve")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut address = String::new();
    let mut told = BufReader::new(server.stdout.take().unwrap());
    told.read_line(&mut address).unwrap();
    // As many threads as the daemon has.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(8)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(measure(address.trim().parse().unwrap(), limit, &kinds()));
    server.kill().unwrap();
    server.wait().unwrap();
}

/// The kinds that were asked for, or all.
fn kinds() -> Vec<&'static str> {
    let asked: Vec<String> = std::env::args().skip(2).collect();
    KINDS
        .into_iter()
        .filter(|kind| {
            !asked.iter().any(|a| KINDS.contains(&a.as_str())) || asked.iter().any(|a| a == kind)
        })
        .collect()
}

async fn measure(address: SocketAddr, limit: Duration, kinds: &[&str]) {
    let dir = tempfile::tempdir().unwrap();
    let healthy: Vec<String> = (0..HEALTHY)
        .map(|n| format!("healthy{n}.example"))
        .collect();
    for with_hostile in [false, true] {
        let hostile = kinds
            .iter()
            // Each on a site of its own: what is one site is asked one by one.
            .enumerate()
            .flat_map(|(k, kind)| (0..COPIES).map(move |n| format!("{kind}.site{k}x{n}.example")));
        let hosts = healthy
            .iter()
            .cloned()
            .chain(hostile.filter(|_| with_hostile))
            .collect::<Vec<_>>();
        let path = dir.path().join(format!("{with_hostile}.db"));
        let (ingest, store) = house(path, &hosts, address, limit);
        let (began, spent_before) = (Instant::now(), cpu());
        let last = Mutex::new(Duration::ZERO);
        let landed = |ok| {
            if ok == HEALTHY {
                let mut last = last.lock().unwrap();
                if last.is_zero() {
                    *last = began.elapsed();
                }
            }
        };
        let report = pass(&ingest, &landed).await;
        let feeds = store.reads().feeds().unwrap();
        let ok = feeds
            .iter()
            .filter(|f| f.url.contains("//healthy") && f.failures == 0 && f.articles == 20);
        assert_eq!(ok.count(), HEALTHY, "a healthy feed is missing");
        println!(
            "{:>3} hosts: {} documents, {} failed; the last healthy one after {:.2} s, all after {:.2} s; {} MB at most, {:.1} s CPU",
            hosts.len(),
            report.fetched,
            report.failed,
            last.lock().unwrap().as_secs_f64(),
            began.elapsed().as_secs_f64(),
            memory_kb("VmHWM") / 1000,
            (cpu() - spent_before).as_secs_f64()
        );
        let mut kinds: Vec<String> = report
            .failures
            .iter()
            .map(|f| format!("{} {}", f.kind, f.error))
            .collect();
        kinds.sort();
        kinds
            .iter()
            .step_by(COPIES)
            .for_each(|line| println!("    {line}"));
    }
}

async fn pass(ingest: &Arc<Ingest>, told: &(dyn Fn(usize) + Sync)) -> PassReport {
    let scope = ClaimScope::All {
        manual_interval: Duration::ZERO,
    };
    let progress = |p: newswire::ingest::Progress| told(p.done - p.failed);
    ingest
        .pass(scope, &CancellationToken::new(), &progress)
        .await
        .unwrap()
}

fn house(
    path: std::path::PathBuf,
    hosts: &[String],
    address: SocketAddr,
    limit: Duration,
) -> (Arc<Ingest>, Arc<Store>) {
    let clock = Clock::system();
    let options = StoreOptions {
        path,
        synchronous_full: false,
        dedup_window: Duration::from_secs(7 * 86_400),
        dedup_near: true,
    };
    let store = Arc::new(Store::open(&options, clock.clone()).unwrap());
    let feeds = hosts.iter().map(|host| NewFeed {
        url: WebUrl::parse(&format!("http://{host}/feed")).unwrap(),
        title: None,
        folder: None,
        tags: Vec::new(),
        settings: FeedSettings::default(),
        declared: false,
    });
    store.subscribe(feeds.collect()).unwrap();
    let fetch = FetchOptions {
        names: Names::Table(
            hosts
                .iter()
                .map(|host| (host.clone(), vec![address]))
                .collect(),
        ),
        allow_private: vec!["127.0.0.0/8".parse().unwrap()],
        host_delay: Duration::ZERO,
        timeout_total: limit,
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

static GZIP_BOMB: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut bomb = GzEncoder::new(Vec::new(), Compression::fast());
    (0..512).for_each(|_| bomb.write_all(&[b' '; 1 << 20]).unwrap());
    bomb.finish().unwrap()
});
static ZSTD_BOMB: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut bomb = zstd::Encoder::new(Vec::new(), 1).unwrap();
    (0..512).for_each(|_| bomb.write_all(&[b' '; 1 << 20]).unwrap());
    bomb.finish().unwrap()
});

fn serve() -> ! {
    // Making them takes longer than sending them, and is not what is measured.
    LazyLock::force(&GZIP_BOMB);
    LazyLock::force(&ZSTD_BOMB);
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

/// Does to whoever asks what the host is named for. Ends when he hangs up.
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
    let kind = host
        .unwrap_or_default()
        .split('.')
        .next()
        .unwrap_or_default()
        .to_owned();
    let ok = "HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\n";
    let forever = |stream: &mut TcpStream, bytes: &[u8], every: Duration| -> std::io::Result<()> {
        loop {
            stream.write_all(bytes)?;
            std::thread::sleep(every);
        }
    };
    let now = Duration::ZERO;
    let second = Duration::from_secs(1);
    let mut say = |text: &str| stream.write_all(text.as_bytes());
    match kind.as_str() {
        "silence" => std::thread::sleep(Duration::from_secs(600)),
        "slow-head" => forever(&mut stream, b"X", second)?,
        "many-headers" => {
            say(ok)?;
            forever(&mut stream, b"X-A: b\r\n", now)?;
        }
        "giant-header" => {
            say(&format!("{ok}X-A: "))?;
            forever(&mut stream, &[b'x'; 4096], now)?;
        }
        "endless" => {
            say(&format!("{ok}\r\n<rss><channel>"))?;
            forever(&mut stream, &[b'x'; 65536], now)?;
        }
        "claims-a-terabyte" => {
            say(&format!("{ok}Content-Length: 1099511627776\r\n\r\n"))?;
            forever(&mut stream, &[b'x'; 65536], now)?;
        }
        "tiny-chunks" => {
            say(&format!("{ok}Transfer-Encoding: chunked\r\n\r\n"))?;
            forever(&mut stream, "1\r\nx\r\n".repeat(1000).as_bytes(), now)?;
        }
        "chunk-extension" => {
            say(&format!("{ok}Transfer-Encoding: chunked\r\n\r\n1;"))?;
            forever(&mut stream, &[b'x'; 4096], now)?;
        }
        "gzip-bomb" => {
            packed(&mut stream, "gzip", &GZIP_BOMB)?;
        }
        "brotli-garbage" => packed(&mut stream, "br", &[0xAA; 100_000])?,
        "zstd-bomb" => {
            packed(&mut stream, "zstd", &ZSTD_BOMB)?;
        }
        "two-codings" => packed(&mut stream, "gzip, gzip", b"x")?,
        "interim-flood" => {
            let flood = "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(1000);
            forever(&mut stream, flood.as_bytes(), now)?;
        }
        "redirect-loop" => {
            say("HTTP/1.1 301 Moved\r\nLocation: /feed\r\nContent-Length: 0\r\n\r\n")?
        }
        "redirect-chain" => say(&format!(
            "HTTP/1.1 302 Found\r\nLocation: /x{}\r\nContent-Length: 0\r\n\r\n",
            head.len()
        ))?,
        "redirect-inside" => {
            say("HTTP/1.1 301 Moved\r\nLocation: http://10.0.0.1/\r\nContent-Length: 0\r\n\r\n")?
        }
        "cut" => say(&format!("{ok}Content-Length: 5000\r\n\r\n<rss>"))?,
        "bad-chunks" => say(&format!("{ok}Transfer-Encoding: chunked\r\n\r\nzz\r\nx"))?,
        "drip" => {
            say(&format!("{ok}Content-Length: 100000\r\n\r\n"))?;
            forever(&mut stream, b"x", second / 10)?;
        }
        "http-0" => say("<rss/>")?,
        "garbage" => forever(&mut stream, &[0, 255, 13, 10, 7], now)?,
        "uninvited-304" => say("HTTP/1.1 304 Not Modified\r\n\r\n")?,
        "part" => say(
            "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-1/9\r\nContent-Length: 2\r\n\r\n<r",
        )?,
        "hangs-up" => {}
        "deep-xml" => whole(
            &mut stream,
            &format!("<rss><channel>{}", "<a>".repeat(3_000_000)),
        )?,
        "huge-feed" => {
            let item = "<item><title>t</title><description>x</description></item>";
            whole(
                &mut stream,
                &format!("<rss><channel>{}</channel></rss>", item.repeat(250_000)),
            )?;
        }
        "deep-html" => {
            let nested = "&lt;div&gt;".repeat(50_000);
            let item = format!("<item><title>t</title><description>{nested}</description></item>");
            whole(
                &mut stream,
                &format!("<rss><channel>{}</channel></rss>", item.repeat(10)),
            )?;
        }
        healthy => whole(&mut stream, &feed(healthy))?,
    }
    Ok(())
}

fn packed(stream: &mut TcpStream, coding: &str, body: &[u8]) -> std::io::Result<()> {
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: {length}\r\n\r\n"
    )?;
    stream.write_all(body)
}

fn whole(stream: &mut TcpStream, body: &str) -> std::io::Result<()> {
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}

/// Twenty articles of a healthy feed.
fn feed(name: &str) -> String {
    let mut text = format!("<rss version=\"2.0\"><channel><title>{name}</title>");
    for n in 0..20 {
        let _ = write!(
            text,
            "<item><guid isPermaLink=\"false\">{name}-{n}</guid><title>Report {n} of {name}</title>\
             <description>What {name} has to say for the {n}th time is {}.</description></item>",
            "said at length ".repeat(20 + n)
        );
    }
    text + "</channel></rss>"
}
