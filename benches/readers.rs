//! Hostile readers beside honest ones (SEC-18, SEC-24): how much memory the daemon takes over what it had idle, and how late
//! honest readers are. `cargo bench --bench readers [SECONDS [KIND…]]`: how long each kind goes on (8), and which (all).
//!
//! The daemon is a process of its own, the real one with `--no-fetch`; the readers' memory is not its.
// A bench that cannot go on ends: a panic is the message.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use newswire::clock::Clock;
use newswire::model::{Category, Draft, WebUrl};
use newswire::store::{Selection, Store};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

mod support;

use support::{Random, draft, feed, options, put};

const KINDS: [&str; 10] = [
    "story-unread",
    "feeds-unread",
    "opml-unread",
    "byte-by-byte",
    "half-requests",
    "idle",
    "pipelined",
    "story-pages",
    "searches",
    "codings",
];

/// Clients of a kind at once.
const HOSTILE: usize = 400;
/// How long one of them keeps a connection before it starts again.
const HELD: Duration = Duration::from_secs(3);
/// Copies of the one large story.
const COPIES: usize = 92;
/// Stories with a body of a mebibyte.
const GIANTS: usize = 200;
const ORDINARY: usize = 4000;
const FEEDS: usize = 5000;

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|a| a != "--bench");
    let seconds = arguments.next().and_then(|a| a.parse().ok()).unwrap_or(8);
    let asked: Vec<String> = arguments.collect();
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("newswire.db");
    let world = fill(&store);
    let daemon = Daemon::start(dir.path(), &store);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let world = World {
            at: daemon.at,
            ..world
        };
        // What is kept for honest readers is no harm done by others.
        sleep(Duration::from_secs(1)).await;
        honest(&world, Duration::from_secs(2)).await;
        for kind in KINDS {
            if asked.is_empty() || asked.iter().any(|a| a == kind) {
                measure(&daemon, &world, kind, Duration::from_secs(seconds)).await;
            }
        }
    });
}

/// What is asked for.
#[derive(Clone)]
struct World {
    at: SocketAddr,
    /// The story with many large copies.
    large: String,
    /// Ordinary stories.
    ordinary: Vec<String>,
}

fn fill(path: &Path) -> World {
    let clock = Clock::system();
    let store = Store::open(&options(path), clock.clone()).unwrap();
    let rows = store.subscribe((0..FEEDS).map(feed).collect()).unwrap();
    let row = |n: usize| rows.get(n).unwrap().row;
    let mut random = Random(7);
    let spaces = " ".repeat(1 << 20);
    for chunk in 0..ORDINARY / 500 {
        let drafts = (0..500).map(|n| {
            let text = random.text(3000);
            draft(chunk * 500 + n, random.text(40), text)
        });
        put(&store, &clock, row(chunk), drafts.collect());
    }
    let giants = (0..GIANTS).map(|n| Draft {
        content_html: format!("<p>{n}{spaces} boats.</p>"),
        categories: (0..64).map(|c| label(n, c)).collect(),
        ..draft(100_000 + n, format!("Giant {n}"), random.text(200))
    });
    put(&store, &clock, row(20), giants.collect());
    for n in 0..COPIES {
        let text = random.text(12_000);
        let copy = Draft {
            content_html: format!("<p>{text}{}</p>", spaces.get(..900_000).unwrap()),
            canonical_url: WebUrl::parse("https://wire.example/boats").ok(),
            ..draft(200_000 + n, "Boats come in".to_owned(), text.clone())
        };
        put(&store, &clock, row(100 + n), vec![copy]);
    }
    let reads = store.reads();
    let newest = Selection {
        limit: Some(ORDINARY + GIANTS),
        ..Selection::default()
    };
    let stories = reads.stories(&newest).unwrap();
    let large = stories.iter().max_by_key(|s| s.copies).unwrap();
    println!(
        "{} stories, one with {} copies; {} feeds",
        stories.len(),
        large.copies,
        FEEDS
    );
    World {
        at: SocketAddr::from(([127, 0, 0, 1], 0)),
        large: format!("/stories/{}", large.id),
        ordinary: stories
            .iter()
            .filter(|s| s.copies == 1 && !s.title.starts_with("Giant"))
            .map(|s| format!("/stories/{}", s.id))
            .collect(),
    }
}

fn label(n: usize, c: usize) -> Category {
    Category {
        term: format!("label {n} {c} {}", "x".repeat(1000)),
        ..Category::default()
    }
}

/// The daemon; it ends with this value.
struct Daemon {
    process: Child,
    at: SocketAddr,
}

impl Daemon {
    fn start(dir: &Path, store: &Path) -> Self {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let at = free.local_addr().unwrap();
        drop(free);
        let config = dir.join("newswire.toml");
        std::fs::write(&config, format!("[server]\nlisten = [\"{at}\"]\n")).unwrap();
        let process = Command::new(env!("CARGO_BIN_EXE_newswire"))
            .args(["run", "--no-fetch", "--db"])
            .arg(store)
            .arg("--config")
            .arg(config)
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        while std::net::TcpStream::connect(at).is_err() {
            std::thread::sleep(Duration::from_millis(20));
        }
        Self { process, at }
    }

    /// Kilobytes of that name in `/proc/PID/status`.
    fn memory_kb(&self, name: &str) -> u64 {
        let path = format!("/proc/{}/status", self.process.id());
        let status = std::fs::read_to_string(path).expect("the daemon has died");
        let line = status.lines().find_map(|l| l.strip_prefix(name));
        let number = line
            .unwrap()
            .trim_start_matches(':')
            .trim()
            .split(' ')
            .next();
        number.unwrap().parse().unwrap()
    }

    /// Forgets the highest memory so far (proc(5), clear_refs).
    fn forget_peak(&self) {
        let path = format!("/proc/{}/clear_refs", self.process.id());
        std::fs::write(path, "5").unwrap();
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

async fn measure(daemon: &Daemon, world: &World, kind: &'static str, time: Duration) {
    daemon.forget_peak();
    let idle = daemon.memory_kb("VmRSS");
    let mut hostile = JoinSet::new();
    for n in 0..HOSTILE {
        let world = world.clone();
        hostile.spawn(async move {
            for round in 0.. {
                let _ = timeout(HELD, attack(&world, kind, n, round)).await;
                // One that is refused at once does not come again at once: that would measure this process.
                sleep(Duration::from_millis(50)).await;
            }
        });
    }
    let honest = honest(world, time).await;
    hostile.shutdown().await;
    let peak = daemon.memory_kb("VmHWM");
    println!(
        "{kind:>14}: {:>4} MB over {} MB idle; {honest}",
        peak.saturating_sub(idle) / 1000,
        idle / 1000
    );
    // What was asked for is rendered to its end: the next kind begins without it.
    sleep(Duration::from_secs(5)).await;
}

/// One hostile connection of a kind.
async fn attack(world: &World, kind: &str, n: usize, round: usize) -> std::io::Result<()> {
    let unique = round * HOSTILE + n;
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(4096)?;
    let mut stream = socket.connect(world.at).await?;
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let forever = std::future::pending::<()>();
    match kind {
        "story-unread" => stream.write_all(get(&world.large).as_bytes()).await?,
        "feeds-unread" => {
            let path = format!("/feeds/all.json?limit=1000&since={}", when(unique));
            stream.write_all(get(&path).as_bytes()).await?;
        }
        "opml-unread" => {
            stream
                .write_all(get("/subscriptions.opml").as_bytes())
                .await?
        }
        "byte-by-byte" => {
            let path = format!("/feeds/all.rss?limit={}", 1 + unique % 1000);
            stream.write_all(get(&path).as_bytes()).await?;
            while stream.read_u8().await.is_ok() {
                sleep(Duration::from_millis(20)).await;
            }
        }
        "half-requests" => {
            let half = format!(
                "GET / HTTP/1.1\r\nHost: localhost\r\nX: {}",
                "x".repeat(30_000)
            );
            stream.write_all(half.as_bytes()).await?;
            loop {
                stream.write_all(b"x").await?;
                sleep(Duration::from_millis(200)).await;
            }
        }
        "pipelined" => {
            let many = get(&world.large).repeat(500);
            stream.write_all(many.as_bytes()).await?;
        }
        "story-pages" => {
            let story = world.ordinary.get(unique % world.ordinary.len()).unwrap();
            let path = format!("{story}?after={unique}");
            return taken(stream, get(&path)).await;
        }
        "searches" => {
            let words = ["ba*", "ke*", "/b.?a/i", "NEAR(ba ke, 5)", "mi OR no -ru"];
            let word = words.get(n % words.len()).unwrap().replace(' ', "+");
            let path = format!("/feeds/search.atom?q={word}+-nothing{unique}&limit=1000");
            return taken(stream, get(&path)).await;
        }
        "codings" => {
            let coding = ["gzip", "br"].get(n % 2).unwrap();
            let path = format!("/feeds/all.json?limit=1000&since={}", when(unique));
            let request = get(&path).replace("\r\n\r\n", "\r\nAccept-Encoding: ");
            return taken(stream, format!("{request}{coding}\r\n\r\n")).await;
        }
        _ => {}
    }
    forever.await;
    Ok(())
}

/// A time that no other request names.
fn when(unique: usize) -> String {
    let (minute, second) = (unique / 60 % 60, unique % 60);
    format!(
        "2020-01-{:02}T00:{minute:02}:{second:02}Z",
        1 + unique / 3600 % 28
    )
}

async fn taken(mut stream: TcpStream, request: String) -> std::io::Result<()> {
    let request = request.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    tokio::io::copy(&mut stream, &mut tokio::io::sink()).await?;
    Ok(())
}

/// What honest readers saw: the latest answer of each path, and how many were refused.
async fn honest(world: &World, time: Duration) -> String {
    let story = world.ordinary.first().unwrap();
    let other = world.ordinary.last().unwrap();
    let paths = ["/healthz", "/feeds/all.atom", "/", "/status", story, other];
    let mut readers = JoinSet::new();
    for path in paths {
        let (at, path) = (world.at, path.to_owned());
        readers.spawn(async move {
            let (began, mut latest, mut asked, mut refused) =
                (Instant::now(), Duration::ZERO, 0, 0);
            while began.elapsed() < time {
                let asked_at = Instant::now();
                asked += 1;
                refused += usize::from(status(at, &path).await.ok().as_deref() != Some("200"));
                latest = latest.max(asked_at.elapsed());
                sleep(Duration::from_millis(100)).await;
            }
            (latest, asked, refused)
        });
    }
    let (mut latest, mut asked, mut refused) = (Duration::ZERO, 0, 0);
    while let Some(reader) = readers.join_next().await {
        let (late, a, r) = reader.unwrap();
        (latest, asked, refused) = (latest.max(late), asked + a, refused + r);
    }
    format!(
        "honest readers waited {:.2} s at most, {refused} of {asked} were refused",
        latest.as_secs_f64()
    )
}

async fn status(at: SocketAddr, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(at).await?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    let head = String::from_utf8_lossy(answer.get(..12).unwrap_or_default()).into_owned();
    Ok(head.split(' ').nth(1).unwrap_or_default().to_owned())
}
