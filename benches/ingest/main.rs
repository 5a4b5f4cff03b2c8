//! What a feed costs beside the loop that one would write first (`plain.rs`): CPU, time and memory, cold, with all answers
//! 304, and with one new article in every twentieth feed. `cargo bench --bench ingest -- [FEEDS]`.
//!
//! newswire is the program itself (`newswire fetch --all`); this crate does not link it, so that the loop has the system's
//! heap as a program of its own would. Each pass is a process of its own, the publishers another. Times on a busy machine
//! say little: compare CPU, and the ratios. The stages are the CPU times of the threads: `worker` asks servers, `blocking`
//! reads documents and prepares what is written, `writer` writes.
//!
//! `cargo bench --bench ingest -- FEEDS idle`: what the daemon holds a minute after a first pass over so many feeds.
// A bench that cannot go on ends: a panic is the message.
// What is compared with newswire is written as one would elsewhere: by the machine's clock, and reading without a limit.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout
)]

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

mod measure;
mod plain;
mod server;

use measure::{Background, Taken, memory_kb};

fn main() {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| a != "--bench")
        .collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["serve"] => runtime().block_on(server::serve()),
        ["loop", store, port, feeds] => {
            let urls = urls(port.parse().unwrap(), feeds.parse().unwrap()).collect();
            let (fetched, new) = runtime().block_on(plain::pass(Path::new(store), urls));
            println!("{fetched} read, {new} new");
        }
        [feeds, "idle"] => idle(feeds.parse().unwrap()),
        other => compare(other.first().map_or(1000, |n| n.parse().unwrap())),
    }
}

fn runtime() -> tokio::runtime::Runtime {
    let workers = std::thread::available_parallelism().unwrap().get();
    let begun = AtomicUsize::new(0);
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .worker_threads(workers)
        .thread_name_fn(move || {
            let is_worker = begun.fetch_add(1, Ordering::Relaxed) < workers;
            if is_worker { "worker" } else { "blocking" }.to_owned()
        })
        .build()
        .unwrap()
}

/// Feeds on hosts of their own.
fn urls(port: u16, feeds: usize) -> impl Iterator<Item = String> {
    let first = u32::from(Ipv4Addr::new(127, 1, 0, 1));
    (0..feeds).map(move |n| {
        let host = Ipv4Addr::from(first + u32::try_from(n).unwrap());
        format!("http://{host}:{port}/{n}")
    })
}

/// A new store of newswire with these feeds, and the server that has them.
struct Bench {
    dir: tempfile::TempDir,
    _server: Background,
    port: u16,
    feeds: usize,
}

impl Bench {
    fn new(feeds: usize) -> Self {
        let mut server = Command::new(std::env::current_exe().unwrap())
            .arg("serve")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut told = String::new();
        let mut out = BufReader::new(server.stdout.take().unwrap());
        out.read_line(&mut told).unwrap();
        let bench = Self {
            dir: tempfile::tempdir().unwrap(),
            _server: Background(server),
            port: told.trim().parse().unwrap(),
            feeds,
        };
        let mut list = String::from("<opml version=\"2.0\"><body>");
        for url in urls(bench.port, feeds) {
            let _ = write!(list, "<outline type=\"rss\" text=\"\" xmlUrl=\"{url}\"/>");
        }
        let path = bench.dir.path().join("feeds.opml");
        std::fs::write(&path, list + "</body></opml>").unwrap();
        bench.configure(64);
        let done = bench.newswire(&["import"]).arg(path).output().unwrap();
        assert!(done.status.success(), "{done:?}");
        bench
    }

    fn configure(&self, at_once: usize) {
        let text = format!(
            "[server]\nlisten = []\n[fetch]\nconcurrency = {at_once}\nhost_delay = \"0s\"\ntimeout = \"5s\"\n\
             allow_private = [\"127.0.0.0/8\"]\n[schedule]\nmanual_interval = \"0s\"\n"
        );
        std::fs::write(self.dir.path().join("newswire.toml"), text).unwrap();
    }

    fn newswire(&self, arguments: &[&str]) -> Command {
        let dir = self.dir.path();
        let mut command = Command::new(env!("CARGO_BIN_EXE_newswire"));
        command
            .arg("-q")
            .arg("--config")
            .arg(dir.join("newswire.toml"))
            .arg("--db")
            .arg(dir.join("newswire.db"))
            .args(arguments);
        command
    }

    /// What the server does from now on; see `server::CONTROL`.
    fn control(&self, version: u64, latency_ms: u64, hang_every: u64) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        write!(
            stream,
            "GET /control/{version}/{latency_ms}/{hang_every} HTTP/1.1\r\n\r\n"
        )
        .unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"HTTP/1.1 204");
    }

    fn fetch(&self) -> Taken {
        measure::run(&mut self.newswire(&["fetch", "--all", "--json"]))
    }

    fn plain(&self) -> Taken {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .arg("loop")
            .arg(self.dir.path().join("loop.db"))
            .args([self.port.to_string(), self.feeds.to_string()]);
        measure::run(&mut command)
    }

    fn megabytes(&self, name: &str) -> u64 {
        let path = self.dir.path().join(name);
        std::fs::metadata(path).map_or(0, |m| m.len() / 1_000_000)
    }
}

fn compare(feeds: usize) {
    let bench = Bench::new(feeds);
    println!("{feeds} feeds of {} articles", server::ITEMS);
    println!(
        "{:<36}{:>10}{:>10}{:>8}{:>9}{:>9}{:>8}{:>9}{:>9}",
        "", "loop ms", "newswire", "ratio", "loop s", "newsw. s", "ratio", "loop MB", "newsw. MB"
    );
    for (name, version) in [
        ("cold", 0),
        ("all 304", 0),
        ("all 304, again", 0),
        ("one new article in 5 %", 1),
    ] {
        bench.control(version, 0, 0);
        let (plain, newswire) = (bench.plain(), bench.fetch());
        println!(
            "{name:<36}{:>10.3}{:>10.3}{:>8.2}{:>9.2}{:>9.2}{:>8.2}{:>9}{:>9}",
            plain.ms(feeds),
            newswire.ms(feeds),
            newswire.ms(feeds) / plain.ms(feeds),
            plain.wall.as_secs_f64(),
            newswire.wall.as_secs_f64(),
            newswire.wall.as_secs_f64() / plain.wall.as_secs_f64(),
            plain.peak_mb,
            newswire.peak_mb,
        );
        for (who, taken) in [("loop", &plain), ("newswire", &newswire)] {
            println!("    {who}: {}", taken.stages(feeds));
        }
        println!("    {}", told(&newswire));
    }
    println!(
        "stores: loop {} MB, newswire {} MB",
        bench.megabytes("loop.db"),
        bench.megabytes("newswire.db")
    );
    bench.configure(128);
    for (name, hang_every) in [
        ("304 after 100 ms, 128 at once", 0),
        ("the same, 2 % never answer", 50),
    ] {
        bench.control(1, 100, hang_every);
        let taken = bench.fetch();
        println!(
            "{name:<36}{:>20.3}{:>26.2}{:>26}\n    {}",
            taken.ms(feeds),
            taken.wall.as_secs_f64(),
            taken.peak_mb,
            told(&taken)
        );
    }
}

/// What newswire says of a pass.
fn told(taken: &Taken) -> String {
    let text = String::from_utf8_lossy(&taken.output.stdout);
    let text = text.split(",\"failures\"").next().unwrap_or_default();
    text.trim_start_matches('{').replace('"', "")
}

/// What a daemon holds during a first pass and after it.
fn idle(feeds: usize) {
    let bench = Bench::new(feeds);
    let daemon = Background(bench.newswire(&["run"]).spawn().unwrap());
    let root = format!("/proc/{}", daemon.0.id());
    let root = Path::new(&root);
    let held = |name: &str| memory_kb(root, name).unwrap() / 1000;
    let wanted = format!("\"articles\":{}", feeds * server::ITEMS);
    let began = Instant::now();
    loop {
        std::thread::sleep(Duration::from_secs(2));
        let status = bench.newswire(&["status", "--json"]).output().unwrap();
        let status = String::from_utf8_lossy(&status.stdout).replace(": ", ":");
        if status.contains(&wanted) {
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(1200), "{status}");
    }
    println!(
        "{feeds} feeds polled in {} s; held: at most {} MB, now {} MB",
        began.elapsed().as_secs(),
        held("VmHWM"),
        held("VmRSS")
    );
    for seconds in [10, 20, 30] {
        std::thread::sleep(Duration::from_secs(seconds));
        println!(
            "  {seconds} s later {} MB, of it {} of its own and {} of files",
            held("VmRSS"),
            held("RssAnon"),
            held("RssFile")
        );
    }
    drop(daemon);
}
