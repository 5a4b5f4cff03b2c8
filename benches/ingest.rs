//! What a feed costs, in CPU time: a first pass that fetches, reads, sanitizes, stores and indexes everything, then a
//! pass that is answered 304 throughout. `cargo bench --bench ingest [FEEDS]`.
//!
//! The server is a process of its own, so that its time is not ours. Times on a shared machine say little: compare
//! the ratio to plain feed-rs over the same bytes, printed beside them.
// A bench that cannot go on ends: a panic is the message.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use newswire::clock::Clock;
use newswire::fetch::{FetchOptions, Fetcher, Names};
use newswire::ingest::{Ingest, IngestOptions};
use newswire::model::{Time, WebUrl};
use newswire::schedule::Policy;
use newswire::store::{ClaimScope, FeedSettings, NewFeed, Store, StoreOptions};
use rustix::time::{ClockId, clock_gettime};
use tokio_util::sync::CancellationToken;

const ITEMS: usize = 20;
const WORDS: [&str; 32] = [
    "harbour",
    "council",
    "storm",
    "bridge",
    "vote",
    "budget",
    "minister",
    "strait",
    "lighthouse",
    "railway",
    "market",
    "school",
    "winter",
    "report",
    "election",
    "river",
    "hospital",
    "energy",
    "climate",
    "border",
    "the",
    "of",
    "and",
    "to",
    "in",
    "said",
    "on",
    "for",
    "with",
    "as",
    "by",
    "after",
];

fn main() {
    let argument = std::env::args().nth(1).unwrap_or_default();
    if argument == "serve" {
        serve();
    }
    let feeds = argument.parse().unwrap_or(1000);
    tokio::runtime::Runtime::new()
        .unwrap()
        .block_on(measure(feeds));
}

async fn measure(feeds: usize) {
    let mut server = Command::new(std::env::current_exe().unwrap())
        .arg("serve")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut port = String::new();
    BufReader::new(server.stdout.take().unwrap())
        .read_line(&mut port)
        .unwrap();
    let address: SocketAddr = port.trim().parse().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let clock = Clock::manual(Time::parse_rfc3339("2030-01-20T12:00:00Z").unwrap());
    let ingest = house(dir.path(), &clock, address, feeds);
    let first = pass(&ingest, "first pass").await;
    clock.advance(Duration::from_secs(2 * 3600));
    let second = pass(&ingest, "all answer 304").await;
    server.kill().unwrap();
    server.wait().unwrap();
    let bytes = document(0);
    let begun = cpu();
    for _ in 0..100 {
        feed_rs::parser::parse(bytes.as_bytes()).unwrap();
    }
    let plain = (cpu() - begun) / 100;
    let per = |all: Duration| all / u32::try_from(feeds).unwrap();
    println!(
        "{feeds} feeds of {ITEMS} items, {} KB each; CPU a feed:",
        bytes.len() / 1000
    );
    for (name, all) in [("first pass", first), ("all answer 304", second)] {
        println!(
            "  {name:<16} {:>8.3} ms   {:>6.2} x plain feed-rs",
            per(all).as_secs_f64() * 1e3,
            per(all).as_secs_f64() / plain.as_secs_f64()
        );
    }
    println!(
        "  {:<16} {:>8.3} ms",
        "plain feed-rs",
        plain.as_secs_f64() * 1e3
    );
}

fn house(dir: &std::path::Path, clock: &Clock, address: SocketAddr, feeds: usize) -> Arc<Ingest> {
    let options = StoreOptions {
        path: dir.join("newswire.db"),
        synchronous_full: false,
        dedup_window: Duration::from_secs(7 * 86_400),
        dedup_near: true,
    };
    let store = Arc::new(Store::open(&options, clock.clone()).unwrap());
    let host = |n: usize| format!("h{n}.example");
    let names = (0..feeds).map(|n| (host(n), vec![address])).collect();
    let subscriptions = (0..feeds)
        .map(|n| NewFeed {
            url: WebUrl::parse(&format!("http://{}/{n}", host(n))).unwrap(),
            title: None,
            folder: None,
            tags: Vec::new(),
            settings: FeedSettings::default(),
            declared: false,
        })
        .collect();
    store.subscribe(subscriptions).unwrap();
    let fetch = FetchOptions {
        names: Names::Table(names),
        allow_private: vec!["127.0.0.0/8".parse().unwrap()],
        host_delay: Duration::ZERO,
        concurrency: 64,
        ..FetchOptions::default()
    };
    let options = IngestOptions {
        policy: Policy {
            polls_per_day: 24.0,
            min_interval: Duration::from_secs(3600),
            max_interval: Duration::from_secs(86_400),
            strict: false,
            install: 7,
            price: None,
        },
        manual_interval: Duration::ZERO,
        websub: None,
    };
    let fetcher = Arc::new(Fetcher::new(fetch, clock.clone()).unwrap());
    Arc::new(Ingest::new(store, fetcher, clock.clone(), options).unwrap())
}

async fn pass(ingest: &Arc<Ingest>, name: &str) -> Duration {
    let (cpu_before, wall) = (cpu(), Instant::now());
    let scope = ClaimScope::All {
        manual_interval: Duration::ZERO,
    };
    let report = ingest
        .pass(scope, &CancellationToken::new(), &|_| {})
        .await
        .unwrap();
    let used = cpu() - cpu_before;
    println!(
        "{name}: {} documents, {} x 304, {} failed, {} articles; {:.2} s wall, {:.2} s CPU",
        report.fetched,
        report.not_modified,
        report.failed,
        report.articles_new,
        wall.elapsed().as_secs_f64(),
        used.as_secs_f64()
    );
    used
}

/// CPU time of this process, every thread.
fn cpu() -> Duration {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(
        now.tv_sec.unsigned_abs(),
        u32::try_from(now.tv_nsec).unwrap(),
    )
}

/// Feed `n`: articles of about two kilobytes of HTML, no two alike.
fn document(n: usize) -> String {
    let mut seed = n as u64 + 1;
    let mut word = move || {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let pick = usize::try_from((seed >> 33) % 64).unwrap();
        WORDS.get(pick).map_or_else(
            || format!("w{}", (seed >> 40) % 20_000),
            |w| (*w).to_owned(),
        )
    };
    let mut out =
        format!("<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>Feed {n}</title>");
    for i in 0..ITEMS {
        let title: Vec<String> = (0..9).map(|_| word()).collect();
        let mut body = String::new();
        while body.len() < 2000 {
            let text: Vec<String> = (0..60).map(|_| word()).collect();
            body.push_str(&format!(
                "<p>{} <a href=\"https://h{n}.example/x\">{}</a></p>",
                text.join(" "),
                word()
            ));
        }
        out.push_str(&format!(
            "<item><title>{}</title><link>https://h{n}.example/{i}</link><guid>https://h{n}.example/{i}</guid>\
             <pubDate>Sat, 19 Jan 2030 {:02}:00:00 GMT</pubDate><description><![CDATA[{body}]]></description></item>",
            title.join(" "),
            i % 24
        ));
    }
    out + "</channel></rss>"
}

/// Answers every path with its feed, and whoever has its ETag with 304. Never returns.
fn serve() -> ! {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    println!("{}", listener.local_addr().unwrap());
    std::io::stdout().flush().unwrap();
    loop {
        let (stream, _) = listener.accept().unwrap();
        std::thread::spawn(move || answer(stream));
    }
}

fn answer(mut stream: TcpStream) {
    let mut buffer = Vec::new();
    let mut chunk = [0u8; 4096];
    while let Ok(n) = stream.read(&mut chunk) {
        if n == 0 {
            return;
        }
        buffer.extend_from_slice(chunk.get(..n).unwrap());
        if !buffer.ends_with(b"\r\n\r\n") {
            continue;
        }
        let head = String::from_utf8_lossy(&buffer).to_lowercase();
        let path = head
            .split(' ')
            .nth(1)
            .unwrap_or("/0")
            .trim_start_matches('/')
            .to_owned();
        let reply = if head.contains("if-none-match") {
            format!("HTTP/1.1 304 Not Modified\r\nETag: \"{path}\"\r\n\r\n")
        } else {
            let body = document(path.parse().unwrap_or(0));
            format!(
                "HTTP/1.1 200 OK\r\nETag: \"{path}\"\r\nContent-Type: application/rss+xml\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            )
        };
        buffer.clear();
        if stream.write_all(reply.as_bytes()).is_err() {
            return;
        }
    }
}
