//! What a feed costs, in CPU time and memory: a first pass that fetches, reads, sanitizes, stores and indexes everything,
//! then passes that are answered 304 throughout, at once, after a while, and with some servers that never answer.
//! `cargo bench --bench ingest [FEEDS]`.
//!
//! The server is a process of its own, so that its time is not ours. Times on a shared machine say little: compare
//! the ratio to plain feed-rs over the same bytes, printed beside them.
// A bench that cannot go on ends: a panic is the message.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use newswire::clock::Clock;
use newswire::fetch::{FetchOptions, Fetcher, Names};
use newswire::ingest::{Ingest, IngestOptions};
use newswire::model::{Time, WebUrl};
use newswire::schedule::Policy;
use newswire::store::{ClaimScope, FeedSettings, NewFeed, Store, StoreOptions};
use tokio_util::sync::CancellationToken;

mod support;

use support::{cpu, memory_kb};

/// Articles of a feed; `INGEST_ITEMS` in the environment sets another number.
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
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["serve", latency_ms, hang_every] => {
            serve(latency_ms.parse().unwrap(), hang_every.parse().unwrap());
        }
        ["pass", dir, address, feeds, at_once, hours] => {
            let pass = Pass {
                dir: Path::new(dir),
                address: address.parse().unwrap(),
                feeds: feeds.parse().unwrap(),
                at_once: at_once.parse().unwrap(),
                hours: hours.parse().unwrap(),
            };
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(pass.run());
        }
        other => measure(other.first().and_then(|n| n.parse().ok()).unwrap_or(1000)),
    }
}

/// Every pass in a process of its own: what the one before it needed is not its memory.
fn measure(feeds: usize) {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(0, 0);
    println!("{feeds} feeds of {} items", items());
    let run = |name: &str, server: &Server, at_once: usize, hours: u64| {
        print!("  {name:<44}");
        std::io::stdout().flush().unwrap();
        let arguments = [feeds, at_once].map(|n| n.to_string());
        let status = Command::new(std::env::current_exe().unwrap())
            .args(["pass", dir.path().to_str().unwrap(), &server.address])
            .args(arguments)
            .arg(hours.to_string())
            .status();
        assert!(status.unwrap().success());
    };
    run("first pass", &server, 64, 0);
    run("all answer 304", &server, 64, 30);
    let slow = Server::start(100, 0);
    run("all answer 304 after 100 ms, 128 in flight", &slow, 128, 60);
    let hanging = Server::start(100, 50);
    run(
        "the same, 2 % never answer (time limit 5 s)",
        &hanging,
        128,
        90,
    );

    let bytes = document(0);
    let begun = cpu();
    for _ in 0..100 {
        feed_rs::parser::parse(bytes.as_bytes()).unwrap();
    }
    let plain = (cpu() - begun) / 100;
    println!(
        "  plain feed-rs over one document of {} KB: {:.3} ms",
        bytes.len() / 1000,
        plain.as_secs_f64() * 1e3
    );
}

/// The server, a process of its own.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(latency_ms: u64, hang_every: usize) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["serve", &latency_ms.to_string(), &hang_every.to_string()])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut address = String::new();
        let mut told = BufReader::new(child.stdout.take().unwrap());
        told.read_line(&mut address).unwrap();
        Self {
            child,
            address: address.trim().to_owned(),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One pass over all feeds.
struct Pass<'a> {
    dir: &'a Path,
    address: SocketAddr,
    feeds: usize,
    at_once: usize,
    /// After the first one.
    hours: u64,
}

impl Pass<'_> {
    async fn run(&self) {
        let began = Time::parse_rfc3339("2030-01-20T12:00:00Z").unwrap();
        let clock = Clock::manual(began.plus(Duration::from_secs(self.hours * 3600)));
        let ingest = self.house(&clock);
        let (cpu_before, wall) = (cpu(), Instant::now());
        let scope = ClaimScope::All {
            manual_interval: Duration::ZERO,
        };
        let report = ingest
            .pass(scope, &CancellationToken::new(), &|_| {})
            .await
            .unwrap();
        let (used, wall) = (cpu() - cpu_before, wall.elapsed());
        println!(
            "{:>6} new, {:>6} x 304, {:>4} failed; {:6.2} s wall, {:6.2} s CPU, {:.3} ms a feed; at most {} MB, at the end {} of its own and {} of mapped files",
            report.fetched,
            report.not_modified,
            report.failed,
            wall.as_secs_f64(),
            used.as_secs_f64(),
            used.as_secs_f64() * 1e3 / self.feeds as f64,
            memory_kb("VmHWM") / 1000,
            memory_kb("RssAnon") / 1000,
            memory_kb("RssFile") / 1000,
        );
    }

    fn house(&self, clock: &Clock) -> Arc<Ingest> {
        let (feeds, address) = (self.feeds, self.address);
        let options = StoreOptions {
            path: self.dir.join("newswire.db"),
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
            concurrency: self.at_once,
            timeout_total: Duration::from_secs(5),
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
}

fn items() -> usize {
    let told = std::env::var("INGEST_ITEMS").ok();
    told.and_then(|n| n.parse().ok()).unwrap_or(ITEMS)
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
    for i in 0..items() {
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

/// Answers every path with its feed, and whoever has its ETag with 304, after so long; every so-many-th never. Never
/// returns.
fn serve(latency_ms: u64, hang_every: usize) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    println!("{}", listener.local_addr().unwrap());
    std::io::stdout().flush().unwrap();
    loop {
        let (stream, _) = listener.accept().unwrap();
        std::thread::spawn(move || answer(stream, latency_ms, hang_every));
    }
}

fn answer(mut stream: TcpStream, latency_ms: u64, hang_every: usize) {
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
        let number: usize = path.parse().unwrap_or(0);
        if hang_every > 0 && number.is_multiple_of(hang_every) {
            std::thread::sleep(Duration::from_secs(3600));
        }
        std::thread::sleep(Duration::from_millis(latency_ms));
        let reply = if head.contains("if-none-match") {
            format!("HTTP/1.1 304 Not Modified\r\nETag: \"{path}\"\r\n\r\n")
        } else {
            let body = document(number);
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
