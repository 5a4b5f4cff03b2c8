//! What a large store costs, and whom it keeps waiting: `cargo bench --bench store [-- SECTION…]`.
//!
//! `NEWSWIRE_BENCH_ARTICLES=1000000 NEWSWIRE_BENCH_DB=/var/tmp/m.db cargo bench --bench store` fills a store with that many
//! articles of 1 KB, of 10,000 feeds, seen over fifty days, every tenth of them a copy; later runs go on with it. Without
//! them it is 20,000 in a directory that goes. Sections: `size` (against a plain layout that keeps HTML and text both),
//! `ready`, `long` (writing beside a reader that holds on), `giant` (one poll of 10,000 items, new, then known, then edited),
//! `backup`, `verify`, `prune`.
//!
//! Beside all that writes, somebody reads the first page over and over, another process subscribes and unsubscribes, and
//! the write-ahead log is looked at. A bench that fills at full speed is the first pass of a daemon, not its day.
//!
//! Found on 25 November 2026 with 1,000,000 articles on two cores: 2472 bytes an article, 0.51 of the plain layout; `verify`
//! takes 21 s, a backup 4 s. 250,000 articles are pruned in 92 s; meanwhile 99 of 100 pages are read within 12 ms, and of 100
//! polls half are committed within 0.08 s, 99 within 0.8 s.
// A bench that cannot go on ends: a panic is the message.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod support;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use newswire::clock::Clock;
use newswire::model::{Category, Draft, FeedRow, Person, Time};
use newswire::store::{Reads, Selection, Store};
use rusqlite::{Connection, OpenFlags, params};
use support::{Random, cpu, draft, feed, memory_kb, options, put};

const FEEDS: usize = 10_000;
/// Articles of a poll.
const A_POLL: usize = 4;
/// Articles of the largest poll.
const GIANT: usize = 10_000;
/// All of them are seen within so long.
const SPAN: Duration = Duration::from_secs(50 * 86_400);
/// Threads that bring polls.
const HANDS: usize = 2;

fn main() {
    let articles = std::env::var("NEWSWIRE_BENCH_ARTICLES").map_or(20_000, |n| n.parse().unwrap());
    let scratch = tempfile::tempdir().unwrap();
    let path = std::env::var_os("NEWSWIRE_BENCH_DB")
        .map_or_else(|| scratch.path().join("s.db"), PathBuf::from);
    let told: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| a != "--bench")
        .collect();
    let is_wanted = |section: &str| told.is_empty() || told.iter().any(|t| t == section);
    let bench = Bench::fill(&path, articles);
    if is_wanted("size") {
        bench.size();
    }
    if is_wanted("ready") {
        bench.ready();
    }
    if is_wanted("long") {
        bench.long_reads();
    }
    if is_wanted("giant") {
        bench.giant();
    }
    if is_wanted("backup") {
        bench.backup();
    }
    if is_wanted("verify") {
        bench.verify();
    }
    if is_wanted("prune") {
        bench.prune();
    }
}

struct Bench {
    path: PathBuf,
    articles: usize,
    /// As late as it was when the store was full.
    clock: Clock,
}

impl Bench {
    fn fill(path: &Path, articles: usize) -> Self {
        let began = Time::parse_rfc3339("2030-01-01T00:00:00Z").unwrap();
        let clock = Clock::manual(began);
        let bench = Self {
            path: path.to_owned(),
            articles,
            clock,
        };
        let store = bench.open();
        let stored = store.reads().status(began).unwrap();
        if stored.articles > 0 {
            bench.clock.advance(SPAN);
            println!("{articles} articles are there");
            return bench;
        }
        let feeds = subscribe(&store);
        let (cpu_before, wall) = (cpu(), Instant::now());
        let watch = Watch::begin(&bench);
        bench.write(
            &store,
            &feeds,
            0..articles,
            SPAN / u32::try_from(articles / A_POLL).unwrap(),
        );
        let seen = watch.end();
        println!(
            "filled with {articles} articles: {:.0} s wall, {:.0} µs CPU an article, at most {} MB",
            wall.elapsed().as_secs_f64(),
            (cpu() - cpu_before).as_secs_f64() * 1e6 / articles as f64,
            memory_kb("VmHWM") / 1000,
        );
        seen.tell("meanwhile");
        bench
    }

    fn open(&self) -> Store {
        Store::open(&options(&self.path), self.clock.clone()).unwrap()
    }

    /// Polls that bring these articles, so far apart.
    fn write(
        &self,
        store: &Store,
        feeds: &[FeedRow],
        articles: std::ops::Range<usize>,
        apart: Duration,
    ) {
        let next = AtomicUsize::new(articles.start);
        std::thread::scope(|scope| {
            for _ in 0..HANDS {
                scope.spawn(|| {
                    loop {
                        let n = next.fetch_add(A_POLL, Ordering::Relaxed);
                        if n >= articles.end {
                            return;
                        }
                        self.clock.advance(apart);
                        let row = feeds.get(n / A_POLL % feeds.len()).copied().unwrap();
                        put(store, &self.clock, row, drafts(n, self.clock.now()));
                    }
                });
            }
        });
    }

    fn size(&self) {
        drop(self.open()); // writes the log back
        let plain = self.path.with_extension("twice");
        let twice = text_twice(&plain, self.articles);
        let ours = file_bytes(&self.path);
        println!(
            "size: {:.0} MB, {:.0} bytes an article; HTML and text both: {:.0} MB; ratio {:.2}",
            ours as f64 / 1e6,
            ours as f64 / self.articles as f64,
            twice as f64 / 1e6,
            ours as f64 / twice as f64,
        );
        std::fs::remove_file(plain).unwrap();
    }

    fn ready(&self) {
        let wall = Instant::now();
        Reads::open(&self.path)
            .unwrap()
            .glance(Duration::from_millis(400))
            .unwrap();
        let looked = wall.elapsed();
        let store = self.open();
        let open = wall.elapsed();
        let feeds = subscribe(&store);
        let first = Instant::now();
        self.write(
            &store,
            &feeds,
            self.more(0)..self.more(0) + 1,
            Duration::from_secs(17),
        );
        println!(
            "ready: looked at after {looked:?}, open after {open:?}; the first commit, which fills the window, took {:?}",
            first.elapsed()
        );
    }

    /// Writing as fast as it goes while somebody reads for thirty seconds, twice with a breath between.
    fn long_reads(&self) {
        let store = self.open();
        let feeds = subscribe(&store);
        let reader = {
            let path = self.path.clone();
            std::thread::spawn(move || {
                for _ in 0..2 {
                    let conn = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY)
                        .unwrap();
                    conn.execute_batch("BEGIN").unwrap();
                    let _: i64 = conn
                        .query_row("SELECT count(*) FROM feeds", [], |r| r.get(0))
                        .unwrap();
                    std::thread::sleep(Duration::from_secs(30));
                    drop(conn);
                    std::thread::sleep(Duration::from_secs(2));
                }
            })
        };
        let (from, mut count) = (self.more(1), 0);
        let watch = Watch::begin(self);
        while !reader.is_finished() {
            let next = from + count;
            self.write(&store, &feeds, next..next + 100, Duration::from_secs(17));
            count += 100;
        }
        reader.join().unwrap();
        println!("long: {count} articles beside two reads of 30 s");
        watch.end().tell("meanwhile");
    }

    /// The largest document there is. It is one transaction, and whoever else writes waits for it.
    fn giant(&self) {
        let store = self.open();
        let row = subscribe(&store).last().copied().unwrap();
        let from = self.more(4);
        let all = |words: &str| -> Vec<Draft> {
            (from..from + GIANT)
                .step_by(A_POLL)
                .flat_map(|n| drafts(n, self.clock.now()))
                .map(|d| Draft {
                    digest: [d.digest.as_slice(), words.as_bytes()].concat(),
                    ..d
                })
                .collect()
        };
        // The window is filled before.
        self.write(
            &store,
            &[row],
            self.more(5)..self.more(5) + 1,
            Duration::from_secs(17),
        );
        for (what, words) in [("new", ""), ("known", ""), ("edited", "again")] {
            let drafts = all(words);
            let watch = Watch::begin(self);
            self.clock.advance(Duration::from_secs(3600));
            let wall = Instant::now();
            put(&store, &self.clock, row, drafts);
            println!(
                "giant: {GIANT} items, all {what}: {:?}, making ready included",
                wall.elapsed()
            );
            watch.end().tell("meanwhile");
        }
    }

    fn backup(&self) {
        let store = self.open();
        let feeds = subscribe(&store);
        let to = self.path.with_extension("copy");
        let _ = std::fs::remove_file(&to);
        let stop = AtomicBool::new(false);
        let from = self.more(2);
        let watch = Watch::begin(self);
        let took = std::thread::scope(|scope| {
            scope.spawn(|| {
                let mut n = from;
                while !stop.load(Ordering::Relaxed) {
                    self.write(&store, &feeds, n..n + A_POLL, Duration::from_secs(17));
                    n += A_POLL;
                    std::thread::sleep(Duration::from_millis(5));
                }
            });
            let wall = Instant::now();
            store.backup(&to).unwrap();
            stop.store(true, Ordering::Relaxed);
            wall.elapsed()
        });
        let seen = watch.end();
        let copy = Reads::open(&to).unwrap();
        let (sequence, status) = (
            copy.sequence().unwrap(),
            copy.status(self.clock.now()).unwrap(),
        );
        println!(
            "backup: {took:?} beside a poll every 5 ms; it holds {} articles up to {sequence}; faults: {:?}",
            status.articles,
            copy.verify().unwrap(),
        );
        seen.tell("meanwhile");
        std::fs::remove_file(to).unwrap();
    }

    fn verify(&self) {
        let wall = Instant::now();
        let faults = Reads::open(&self.path).unwrap().verify();
        println!("verify: {:?}, faults: {faults:?}", wall.elapsed());
    }

    /// A fifth of the articles by age, then all but the ten newest of each feed.
    fn prune(&self) {
        let store = self.open();
        let feeds = subscribe(&store);
        for (what, keep, most) in [
            ("by age", Some(SPAN * 4 / 5), u64::MAX),
            ("by count", None, (self.articles / FEEDS / 2) as u64),
        ] {
            let stop = AtomicBool::new(false);
            let from = self.more(3) + if keep.is_some() { 0 } else { 500_000 };
            let watch = Watch::begin(self);
            let wall = Instant::now();
            let (pruned, waits) = std::thread::scope(|scope| {
                let polls = scope.spawn(|| {
                    let (mut n, mut waits) = (from, Waits::default());
                    while !stop.load(Ordering::Relaxed) {
                        waits.time(|| {
                            self.write(&store, &feeds, n..n + A_POLL, Duration::from_millis(100));
                        });
                        n += A_POLL;
                        std::thread::sleep(Duration::from_millis(20));
                    }
                    waits
                });
                let pruned = store.prune(keep, most, false).unwrap();
                stop.store(true, Ordering::Relaxed);
                (pruned, polls.join().unwrap())
            });
            println!(
                "prune {what}: {} articles, {} stories in {:?}; polls meanwhile: {waits}",
                pruned.articles,
                pruned.stories,
                wall.elapsed()
            );
            watch.end().tell("meanwhile");
        }
    }

    /// A number from which on no article is there yet.
    fn more(&self, section: usize) -> usize {
        let now = usize::try_from(std::process::id()).unwrap();
        10_000_000_000 + now * 10_000_000 + section * 1_000_000
    }
}

fn subscribe(store: &Store) -> Vec<FeedRow> {
    let made = store.subscribe((0..FEEDS).map(feed).collect()).unwrap();
    made.iter().map(|f| f.row).collect()
}

/// The articles of a poll, from number `n` on. Every tenth says what another feed said before.
fn drafts(n: usize, now: Time) -> Vec<Draft> {
    (n..n + A_POLL)
        .map(|n| {
            let of = if n % 10 == 9 { n - 7 } else { n };
            let mut random = Random(of as u64 + 1);
            let title = random.text(60);
            let mut body = random.text(400);
            for _ in 0..2 {
                body.push_str("</p><p>");
                body.push_str(&random.text(300));
            }
            let text = body.replace("</p><p>", "\n\n");
            Draft {
                content_html: format!("<p>{body}</p>"),
                content_text: text.clone(),
                is_boilerplate: false,
                published: Some(now.minus(Duration::from_secs(600))),
                authors: vec![Person {
                    name: Some(format!("{} {}", random.word(), random.word())),
                    ..Person::default()
                }],
                categories: vec![Category {
                    term: random.word(),
                    ..Category::default()
                }],
                language: Some("en".to_owned()),
                ..draft(n, title, body.replace("</p><p>", " "))
            }
        })
        .collect()
}

/// The same articles as one would store them first: HTML and text, and a word index over the text.
fn text_twice(path: &Path, articles: usize) -> u64 {
    let _ = std::fs::remove_file(path);
    let mut conn = Connection::open(path).unwrap();
    conn.execute_batch(
        "PRAGMA journal_mode = off; PRAGMA synchronous = off;
         CREATE TABLE articles (
            id INTEGER PRIMARY KEY, feed INTEGER NOT NULL, guid TEXT NOT NULL, url TEXT, title TEXT, author TEXT,
            category TEXT, summary TEXT, html TEXT, text TEXT, published INTEGER, seen INTEGER, UNIQUE (feed, guid));
         CREATE INDEX by_time ON articles (published);
         CREATE INDEX by_url ON articles (url);
         CREATE VIRTUAL TABLE words USING fts5 (
            title, text, author, category, content = 'articles', content_rowid = 'id');",
    )
    .unwrap();
    let now = Time::parse_rfc3339("2030-01-01T00:00:00Z").unwrap();
    for from in (0..articles).step_by(A_POLL * 1000) {
        let tx = conn.transaction().unwrap();
        for n in (from..articles.min(from + A_POLL * 1000)).step_by(A_POLL) {
            for d in drafts(n, now) {
                let author = d.authors.first().and_then(|a| a.name.clone());
                let category = d.categories.first().map(|c| c.term.clone());
                let url = d.url.as_ref().map(|u| u.as_str().to_owned());
                tx.prepare_cached(
                    "INSERT INTO articles (feed, guid, url, title, author, category, summary, html, text, published, seen)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10)",
                )
                .unwrap()
                .execute(params![
                    i64::try_from(n / A_POLL % FEEDS).unwrap(),
                    d.guid,
                    url,
                    d.title,
                    author,
                    category,
                    d.summary,
                    d.content_html,
                    d.content_text,
                    now.millis(),
                ])
                .unwrap();
                tx.prepare_cached(
                    "INSERT INTO words (rowid, title, text, author, category) VALUES (?1, ?2, ?3, ?4, ?5)",
                )
                .unwrap()
                .execute(params![
                    tx.last_insert_rowid(),
                    d.title,
                    d.content_text,
                    author,
                    category
                ])
                .unwrap();
            }
        }
        tx.commit().unwrap();
    }
    drop(conn);
    file_bytes(path)
}

fn file_bytes(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |m| m.len())
}

fn log_bytes(path: &Path) -> u64 {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    file_bytes(Path::new(&log))
}

/// What others wait for while the bench writes.
struct Watch {
    stop: Arc<AtomicBool>,
    log: JoinHandle<u64>,
    pages: JoinHandle<Waits>,
    subscribes: JoinHandle<Waits>,
}

struct Seen {
    log_bytes: u64,
    pages: Waits,
    subscribes: Waits,
}

impl Watch {
    fn begin(bench: &Bench) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let path = bench.path.clone();
        let log = repeat(&stop, 0, move |most: &mut u64| {
            *most = (*most).max(log_bytes(&path));
            std::thread::sleep(Duration::from_millis(5));
        });
        let reads = Reads::open(&bench.path).unwrap();
        let page = Selection {
            limit: Some(50),
            bodies: true,
            ..Selection::default()
        };
        let pages = repeat(&stop, Waits::default(), move |waits| {
            waits.time(|| reads.stories(&page).unwrap());
            std::thread::sleep(Duration::from_millis(20));
        });
        // As another process would: a store of its own on the same file.
        let other = bench.open();
        let subscribes = repeat(&stop, Waits::default(), move |waits| {
            let new = vec![feed(FEEDS + 1)];
            let made = waits.time(|| other.subscribe(new).unwrap().pop().unwrap());
            waits.time(|| other.unsubscribe(made.row).unwrap());
            std::thread::sleep(Duration::from_millis(100));
        });
        Self {
            stop,
            log,
            pages,
            subscribes,
        }
    }

    fn end(self) -> Seen {
        self.stop.store(true, Ordering::Relaxed);
        Seen {
            log_bytes: self.log.join().unwrap(),
            pages: self.pages.join().unwrap(),
            subscribes: self.subscribes.join().unwrap(),
        }
    }
}

impl Seen {
    fn tell(&self, when: &str) {
        println!(
            "  {when}: log at most {:.0} MB; a page of 50: {}; another process's write: {}",
            self.log_bytes as f64 / 1e6,
            self.pages,
            self.subscribes
        );
    }
}

/// Does something again and again, on a thread of its own.
fn repeat<T: Send + 'static>(
    stop: &Arc<AtomicBool>,
    mut seen: T,
    mut step: impl FnMut(&mut T) + Send + 'static,
) -> JoinHandle<T> {
    let stop = Arc::clone(stop);
    std::thread::spawn(move || {
        while !stop.load(Ordering::Relaxed) {
            step(&mut seen);
        }
        seen
    })
}

/// How long something took, each time.
#[derive(Default)]
struct Waits(Vec<Duration>);

impl Waits {
    fn time<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let began = Instant::now();
        let done = work();
        self.0.push(began.elapsed());
        done
    }
}

impl std::fmt::Display for Waits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let at = |share: f64| {
            let place = ((sorted.len() as f64 - 1.0) * share).round() as usize;
            sorted.get(place).map_or(0.0, |d| d.as_secs_f64() * 1e3)
        };
        write!(
            f,
            "{:.1} ms in the middle, {:.0} ms 99 %, {:.0} ms at most of {}",
            at(0.5),
            at(0.99),
            at(1.0),
            sorted.len()
        )
    }
}
