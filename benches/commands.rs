//! What every command and page costs over a large store, and what grows with it: `cargo bench --bench commands [-- WORD…]`.
//!
//! Two stores are built, one ten times the other in feeds and articles (5,000 feeds and 100,000 articles): a first pass over
//! all feeds, which brings articles of a month, and five days. Each command is run as a process, each page is asked of a daemon for the first time. A line tells the time
//! over both, the processor's time over the larger one, and the exponent of growth: 0 does not grow with the store, 1 grows
//! as it does. What takes more than 0.1 s is marked. WORDs choose the lines that contain one of them.
//!
//! `NEWSWIRE_BENCH_DIR=/var/tmp/nw` keeps the stores for later runs, `NEWSWIRE_BENCH_FEEDS=50000` changes the size of the
//! larger one, `NEWSWIRE_BENCH_DAYS=0` leaves the days after the first pass out (all articles were seen at once, whenever they
//! were published), `NEWSWIRE_BENCH_BIN=/path/newswire` measures another binary.
// A bench that cannot go on ends: a panic is the message.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    missing_docs
)]

mod support;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use newswire::clock::Clock;
use newswire::model::{Category, Draft, Person, Time, WebUrl};
use newswire::query::parse;
use newswire::store::{NewFeed, Selection, Store, StoreOptions, TopicDefinition, TopicFeed};
use support::Random;

/// Feeds of the larger store.
const FEEDS: usize = 5000;
/// How much smaller the other one is.
const SCALE: usize = 10;
/// Articles of a feed: all but one a day come with its first poll, published over a month before.
const OF_FEED: usize = 20;
const DAYS: usize = 5;
const MONTH_S: u64 = 30 * 86_400;
/// From one poll of a feed to the next. All are polled for the first time within an hour.
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);
const BODY_BYTES: usize = 1200;
/// Longest that a command or page may take.
const AIM: Duration = Duration::from_millis(100);
/// Runs of which the shortest counts.
const RUNS: usize = 5;

/// Arguments of commands that only read. `STORY` and `FEED` stand for one of the store.
const COMMANDS: &[&str] = &[
    "--version",
    "status",
    "status --json",
    "healthcheck",
    "feeds",
    "feeds --json",
    "feeds --failing",
    "feeds --why-next",
    "feeds --why-next --json",
    "feed FEED",
    "topics",
    "check",
    "export",
    "list -n 50",
    "list -n 50 --json --full",
    "list -n 50 --copies",
    "list -n 50 --topic common",
    "list -n 50 --topic rare",
    "list -n 50 --feed FEED",
    "list -n 50 --tag odd",
    "list -n 50 --folder news",
    "list -n 50 --since 1h",
    "list -n 50 --seen-since 1h",
    "list -n 50 --published-since 1h",
    "list -n 50 --published-since 1h ba",
    "list -n 50 --sort published",
    "list -n 50 --after 1",
    "list -n 50 ba",
    "list -n 50 bake",
    "list -n 50 torkemi",
    "list -n 50 torkemibake",
    "list -n 50 nothing",
    "list -n 50 feed:FEEDTITLE",
    "list -n 50 ba feed:FEEDTITLE",
    "list -n 50 feed:nowhere",
    "list -n 50 site:feed7.example",
    "list -n 50 site:nowhere.example",
    "list -n 50 url:nowhere",
    "list -n 50 lang:cy",
    "list -n 50 lang:xx",
    "list -n 50 -lang:en",
    "list -n 50 tag:odd",
    "list -n 50 tag:nowhere",
    "list -n 50 topic:rare",
    "list -n 50 copies>=2",
    "list -n 50 copies>=9",
    "list -n 50 feeds>=9",
    "list -n 50 words>=9999",
    "list -n 50 ba site:nowhere.example",
    "list -n 50 author:nobody",
    "list -n 50 -ba",
    "list -n 50 NEAR(ba bake, 3)",
    "search -n 50 ba",
    "search -n 50 bake",
    "search -n 50 torkemi",
    "search -n 50 torkemibake",
    "search -n 50 ba bake torkemi",
    "search -n 50 site:nowhere.example",
    "search -n 50 ba site:nowhere.example",
    "show STORY",
    "explain STORY",
    "topic explain rare STORY",
    "topic test torkemi",
    "dedup decisions",
    "emit all",
    "emit common",
    "emit newswire-health",
];

/// Paths of the server.
const PAGES: &[&str] = &[
    "/healthz",
    "/readyz",
    "/metrics",
    "/",
    "/?limit=1000",
    "/top",
    "/topics",
    "/topics/common",
    "/topics/rare",
    "/status",
    "/sources/FEED",
    "/stories/STORY",
    "/search?q=ba",
    "/search?q=bake",
    "/search?q=torkemi",
    "/search?q=nothing",
    "/search?q=NEAR(ba+bake,3)",
    "/search?q=site:nowhere.example",
    "/search?q=ba+site:nowhere.example",
    "/search?q=copies%3E%3D9",
    "/feeds/all.atom",
    "/feeds/all.json?since=1h",
    "/feeds/common.rss",
    "/feeds/rare.atom",
    "/feeds/search.atom?q=ba",
    "/feeds/newswire-health.atom",
    "/feeds.opml",
    "/subscriptions.opml",
];

fn main() {
    let words: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| a != "--bench")
        .collect();
    let number = |name: &str| std::env::var(name).ok().map(|n| n.parse().unwrap());
    let feeds = number("NEWSWIRE_BENCH_FEEDS").unwrap_or(FEEDS);
    let scratch = tempfile::tempdir().unwrap();
    let dir = std::env::var_os("NEWSWIRE_BENCH_DIR")
        .map_or_else(|| scratch.path().to_owned(), PathBuf::from);
    let days = number("NEWSWIRE_BENCH_DAYS").unwrap_or(DAYS);
    let worlds = [feeds / SCALE, feeds].map(|feeds| World::of(&dir, feeds, days));
    println!(
        "{:<44} {:>9} {:>9} {:>9} {:>6}",
        "", "small", "large", "CPU", "grows"
    );
    let is_wanted = |line: &str| words.is_empty() || words.iter().any(|w| line.contains(w));
    for line in COMMANDS.iter().copied().filter(|line| is_wanted(line)) {
        let [small, large] = worlds.each_ref().map(|world| world.run(line));
        tell(line, [&small, &large]);
    }
    let pages: Vec<&str> = PAGES.iter().copied().filter(|p| is_wanted(p)).collect();
    let asked = worlds.each_ref().map(|world| world.ask(&pages));
    let [small, large] = asked;
    for (path, costs) in pages.iter().zip(small.into_iter().zip(large)) {
        tell(path, [&costs.0, &costs.1]);
    }
}

/// What something took.
#[derive(Clone, Default)]
struct Cost {
    /// The status, if it is not 200.
    refused: Option<String>,
    wall: Duration,
    cpu: Duration,
    bytes: usize,
}

fn tell(what: &str, [small, large]: [&Cost; 2]) {
    let ms = |d: Duration| format!("{:.1} ms", d.as_secs_f64() * 1e3);
    let ratio = large.wall.as_secs_f64() / small.wall.as_secs_f64().max(1e-6);
    let mark = match &large.refused {
        Some(status) => status.clone(),
        None if large.wall > AIM => "SLOW".to_owned(),
        None => String::new(),
    };
    println!(
        "{what:<44} {:>9} {:>9} {:>9} {:>6.2} {:>9} B  {mark}",
        ms(small.wall),
        ms(large.wall),
        ms(large.cpu),
        ratio.log(SCALE as f64),
        large.bytes
    );
}

/// A store, and what of it is asked for.
struct World {
    dir: PathBuf,
    db: PathBuf,
    now: Time,
    story: String,
    feed: String,
}

impl World {
    fn of(dir: &Path, feeds: usize, days: usize) -> Self {
        let dir = dir.join(format!("{feeds}-{days}"));
        std::fs::create_dir_all(&dir).unwrap();
        let db = dir.join("newswire.db");
        let began = Time::parse_rfc3339("2030-01-01T00:00:00Z").unwrap();
        let now = began.plus(HOUR + DAY * u32::try_from(days).unwrap());
        if !db.exists() {
            let started = Instant::now();
            let unfinished = dir.join("unfinished.db");
            fill(&unfinished, feeds, (days, began));
            std::fs::rename(&unfinished, &db).unwrap();
            println!("{feeds} feeds stored after {:.0?}", started.elapsed());
        }
        // A store of an older version is brought up to date, and what was left for later is done.
        let store = Store::open(&options(&db), Clock::manual(now)).unwrap();
        store.set_topics(topics()).unwrap();
        drop(store);
        std::fs::write(dir.join("newswire.toml"), CONFIG).unwrap();
        let reads = newswire::store::Reads::open(&db).unwrap();
        let newest = Selection {
            limit: Some(1),
            ..Selection::default()
        };
        let story = reads.stories(&newest).unwrap().pop().unwrap();
        let feed = reads.feeds().unwrap().swap_remove(feeds / 3);
        Self {
            dir,
            db,
            now,
            story: story.id.to_string(),
            feed: feed.id.to_string(),
        }
    }

    fn filled_in(&self, text: &str) -> String {
        text.replace("FEEDTITLE", "title-7")
            .replace("FEED", &self.feed)
            .replace("STORY", &self.story)
    }

    fn binary(&self) -> Command {
        let program = std::env::var_os("NEWSWIRE_BENCH_BIN")
            .unwrap_or_else(|| env!("CARGO_BIN_EXE_newswire").into());
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("HOME", &self.dir)
            .arg("--now")
            .arg(self.now.to_string())
            .arg("--db")
            .arg(&self.db)
            .arg("--config")
            .arg(self.dir.join("newswire.toml"))
            .stdin(Stdio::null());
        command
    }

    fn run(&self, line: &str) -> Cost {
        let mut command = self.binary();
        command.args(arguments(&self.filled_in(line)));
        let (mut took, before) = (Vec::new(), cpu_of_children());
        let mut bytes = 0;
        while took.len() < RUNS && took.iter().sum::<Duration>() < Duration::from_secs(5) {
            let started = Instant::now();
            let output = command.output().unwrap();
            took.push(started.elapsed());
            bytes = output.stdout.len();
            let is_ok = output.status.success() || line == "healthcheck";
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(is_ok, "{line}: {said}");
        }
        let runs = u32::try_from(took.len()).unwrap();
        Cost {
            cpu: (cpu_of_children() - before) / runs,
            wall: least(took),
            bytes,
            refused: None,
        }
    }

    /// Asks a daemon for each path once, so that nothing is answered from its memory; several daemons in turn.
    fn ask(&self, paths: &[&str]) -> Vec<Cost> {
        let mut rounds = Vec::new();
        for _ in 0..RUNS.min(3) {
            let daemon = Daemon::start(self);
            let asked = paths.iter().map(|path| daemon.ask(&self.filled_in(path)));
            rounds.push(asked.collect::<Vec<_>>());
        }
        let of_path = |n: usize| {
            let costs: Vec<Cost> = rounds.iter().map(|r| r.get(n).unwrap().clone()).collect();
            Cost {
                wall: least(costs.iter().map(|c| c.wall)),
                cpu: least(costs.iter().map(|c| c.cpu)),
                ..costs.last().unwrap().clone()
            }
        };
        (0..paths.len()).map(of_path).collect()
    }
}

/// Arguments of a line: options are words, an expression at its end is one argument.
fn arguments(line: &str) -> Vec<&str> {
    let mut words: Vec<&str> = line.split(' ').collect();
    if let Some((before, near)) = line.split_once(" NEAR(") {
        words = before.split(' ').collect();
        words.push(line.get(line.len() - near.len() - 5..).unwrap_or(line));
    }
    let is_negated = |w: &&str| w.starts_with('-') && !w.starts_with("--") && w.len() > 2;
    if let Some(at) = words.iter().position(is_negated) {
        words.insert(at, "--");
    }
    words
}

/// The shortest: everything else on the machine only adds to it.
fn least(of: impl IntoIterator<Item = Duration>) -> Duration {
    of.into_iter().min().unwrap_or_default()
}

/// The processor's time of children that have ended, in steps of 10 ms.
fn cpu_of_children() -> Duration {
    ticks("/proc/self/stat", 13)
}

/// Two numbers of proc(5), `stat`, counted behind the name: user's and system's time.
fn ticks(path: &str, first: usize) -> Duration {
    let stat = std::fs::read_to_string(path).unwrap();
    let behind_name = stat.rsplit(") ").next().unwrap();
    let numbers = behind_name.split(' ').skip(first).take(2);
    let ticks: u64 = numbers.map(|n| n.parse::<u64>().unwrap()).sum();
    Duration::from_millis(ticks * 10)
}

/// The daemon; it ends with this value.
struct Daemon {
    process: Child,
    at: SocketAddr,
}

impl Daemon {
    fn start(world: &World) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = free.local_addr().unwrap();
        drop(free);
        let process = world
            .binary()
            .args(["run", "--no-fetch", "--listen"])
            .arg(at.to_string())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let daemon = Self { process, at };
        while TcpStream::connect(at).is_err() {
            std::thread::sleep(Duration::from_millis(20));
        }
        // What it does at its start is over when it takes no more of the processor.
        let mut used = daemon.cpu();
        loop {
            std::thread::sleep(Duration::from_millis(300));
            let now = daemon.cpu();
            if now - used < Duration::from_millis(5) {
                return daemon;
            }
            used = now;
        }
    }

    /// Time on the processor of all its threads.
    fn cpu(&self) -> Duration {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.process.id())).unwrap();
        let of_task = |task: std::io::Result<std::fs::DirEntry>| {
            let text = std::fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
            text.split(' ').next()?.parse::<u64>().ok()
        };
        Duration::from_nanos(tasks.filter_map(of_task).sum())
    }

    fn ask(&self, path: &str) -> Cost {
        let (started, before) = (Instant::now(), self.cpu());
        let mut stream = TcpStream::connect(self.at).unwrap();
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let wall = started.elapsed();
        let head = String::from_utf8_lossy(answer.get(9..12).unwrap_or_default()).into_owned();
        Cost {
            refused: Some(head).filter(|status| status != "200" && path != "/readyz"),
            wall,
            cpu: self.cpu().saturating_sub(before),
            bytes: answer.len(),
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn options(path: &Path) -> StoreOptions {
    StoreOptions {
        dedup_near: false,
        ..support::options(path)
    }
}

/// The topics below, in order of their names.
fn topics() -> Vec<TopicDefinition> {
    let topics = [("common", "bake OR keba"), ("rare", "torkemi")];
    let topic = |(name, source): (&str, &str)| TopicDefinition {
        name: name.to_owned(),
        title: name.to_owned(),
        source: source.to_owned(),
        expr: parse(source).unwrap(),
        feed: TopicFeed::default(),
    };
    topics.map(topic).to_vec()
}

const CONFIG: &str = "[[topic]]\nname = \"common\"\nmatch = \"bake OR keba\"\n
[[topic]]\nname = \"rare\"\nmatch = \"torkemi\"\n";

fn fill(path: &Path, feeds: usize, (days, began): (usize, Time)) {
    let clock = Clock::manual(began);
    let store = Store::open(&options(path), clock.clone()).unwrap();
    store.set_topics(topics()).unwrap();
    let rows = store.subscribe((0..feeds).map(feed).collect()).unwrap();
    let mut random = Random(11);
    let mut next = 0;
    for round in 0..=days {
        let (articles, apart) = match round {
            0 => (OF_FEED - days, HOUR),
            _ => (1, DAY),
        };
        for row in &rows {
            clock.advance(apart / u32::try_from(feeds).unwrap());
            let drafts = (next..next + articles).map(|article| {
                // A copy has the date of what it was copied from.
                let age_s = match round {
                    0 => copied_from(article).unwrap_or(article) as u64 * 7919 % MONTH_S,
                    _ => 600 + random.next() % 7200,
                };
                let published = clock.now().minus(Duration::from_secs(age_s));
                draft(article, feeds, published, &mut random)
            });
            support::put(&store, &clock, row.row, drafts.collect());
            next += articles;
        }
    }
}

fn feed(n: usize) -> NewFeed {
    NewFeed {
        title: Some(format!("The Daily title-{n} of {}", n % 97)),
        folder: Some(
            ["news", "news/world", "science"]
                .get(n % 3)
                .unwrap()
                .to_string(),
        ),
        tags: match n % 50 {
            0 => vec!["odd".to_owned()],
            _ => Vec::new(),
        },
        ..support::feed(n)
    }
}

/// The article that another one is a copy of: so is every tenth.
fn copied_from(n: usize) -> Option<usize> {
    n.checked_sub(101).filter(|_| n % 10 == 9)
}

/// Article `n` of everything, on the host of one of so many feeds.
fn draft(n: usize, feeds: usize, published: Time, random: &mut Random) -> Draft {
    let page = |n: usize| {
        let host = n % feeds;
        WebUrl::parse(&format!(
            "https://feed{host}.example/{n}-some-headline-words"
        ))
        .unwrap()
    };
    let language =
        ["en", "de", "en-GB", "fr", "cy"].get(if n.is_multiple_of(1000) { 4 } else { n % 4 });
    Draft {
        url: Some(page(n)),
        canonical_url: Some(page(copied_from(n).unwrap_or(n))),
        language: language.map(|tag| (*tag).to_owned()),
        published: Some(published),
        authors: vec![Person {
            name: Some(format!("Ann {}", random.word())),
            ..Person::default()
        }],
        categories: vec![Category {
            term: random.word(),
            ..Category::default()
        }],
        ..support::draft(n, random.text(60), random.text(BODY_BYTES))
    }
}
