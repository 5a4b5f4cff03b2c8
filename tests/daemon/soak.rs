//! REL-10: days on end. Feeds change, copy each other, fail, move, come and go; retention takes what is old; somebody reads.
//! After a warm-up nothing grows: neither memory nor descriptors, nor the log, nor any table.
//!
//! `NEWSWIRE_SOAK_DAYS=30 NEWSWIRE_SOAK_FEEDS=300 cargo test --test daemon rel_10_days_on_end -- --nocapture` runs for longer.

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use newswire::serve::{Listener, Registry, ServeOptions, Server};
use rusqlite::{Connection, OpenFlags};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::support::browser::get;
use crate::support::process::log_bytes;
use crate::support::{EndToEnd, Internet, Item, Reply, rss};
use newswire::model::Seq;

const HOUR: Duration = Duration::from_secs(3600);
/// Articles are kept for so long, and so long the window of copies is; each is left behind twice in the warm-up.
const KEPT_PART: u32 = 6;
/// Feeds that are subscribed to and unsubscribed from every day.
const CHURN: usize = 2;
/// Items that a document holds.
const SHOWN: u64 = 20;

/// In a process of its own, whose memory and descriptors are no other test's.
#[test]
fn rel_10_days_on_end_nothing_grows() {
    let done = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "soak::alone", "--ignored", "--nocapture"])
        // Freed memory goes back, so that what is measured is what is held.
        .env("MALLOC_ARENA_MAX", "2")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&done.stdout);
    println!("{told}");
    let why = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{told}{why}");
    assert!(told.contains("1 passed"), "{told}");
}

fn number(name: &str, usual: usize) -> usize {
    std::env::var(name).map_or(usual, |n| n.parse().unwrap())
}

/// What may not grow.
#[derive(Debug, Clone, Default)]
struct Sample {
    memory_kb: u64,
    descriptors: usize,
    log_bytes: u64,
    rows: Vec<(String, i64)>,
    used_pages: i64,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "rel_10_days_on_end_nothing_grows runs it, in a process of its own"]
async fn alone() {
    let days = number("NEWSWIRE_SOAK_DAYS", 6);
    let feeds = number("NEWSWIRE_SOAK_FEEDS", 16);
    let net = Internet::start().await;
    let all = feeds + days * CHURN;
    for n in 0..all {
        World.publish(&net, n);
    }
    let keep = 24 * HOUR * u32::try_from(days).unwrap() / KEPT_PART;
    let app = EndToEnd::remembering(&net, keep);
    app.topics(&[
        ("boats", "boats OR harbour"),
        ("recent", "word7* since:12h"),
        ("firsts", "feed:/paper 1/i"),
    ]);
    let server = Serving::start(&app).await;
    let url = |n: usize| format!("http://{}/feed", host(n));
    let mut rows: Vec<_> = (0..feeds).flat_map(|n| app.subscribe(&[&url(n)])).collect();

    let mut samples = Vec::new();
    let mut polls = 0;
    for day in 0..days {
        for n in 0..CHURN {
            app.store.unsubscribe(rows.remove(n)).unwrap();
            let new = feeds + day * CHURN + n;
            rows.extend(app.subscribe(&[&url(new)]));
        }
        let mut log_bytes_max = 0;
        for hour in 0..24 {
            app.clock.advance(HOUR);
            polls += app.pass_due().await.feeds;
            log_bytes_max = log_bytes_max.max(log_bytes(&app.db()));
            app.store.refresh_topics().unwrap();
            app.store.prune(Some(keep), 200, false).unwrap();
            if hour % 4 == 0 {
                server.read(&app, day * 24 + hour).await;
            }
        }
        net.forget();
        samples.push(Sample::take(&app, log_bytes_max));
        println!("day {:3}: {}", day + 1, samples[day]);
    }
    println!("{polls} polls");
    assert!(polls > days * feeds * 2, "{polls} polls");

    // Two thirds are warm-up: the first third fills the window and the store, in the second memory settles.
    let (warm, last) = (&samples[days / 2..days * 2 / 3], &samples[days * 2 / 3..]);
    let most = |of: &[Sample], f: &dyn Fn(&Sample) -> i64| of.iter().map(f).max().unwrap();
    let grows = |what: &str, f: &dyn Fn(&Sample) -> i64, part: i64, spare: i64| {
        let (before, after) = (most(warm, f), most(last, f));
        assert!(
            after <= before + before / part + spare,
            "{what} grew from {before} to {after}"
        );
    };
    grows("memory (KB)", &|s| s.memory_kb as i64, 20, 4096);
    // What is open at the moment comes and goes; what is never closed adds up.
    let fewest = |of: &[Sample]| of.iter().map(|s| s.descriptors).min().unwrap();
    let (before, after) = (fewest(warm), fewest(last));
    assert!(
        after <= before + 16,
        "descriptors grew from {before} to {after}"
    );
    grows("pages of the store", &|s| s.used_pages, 10, 64);
    for (place, (table, _)) in samples[0].rows.iter().enumerate() {
        // Names of feeds and hosts stay, tombstones for a year and more, and removals for thirty days.
        if ![
            "feeds",
            "hosts",
            "tombstones",
            "removals",
            "events",
            "polls",
            "paragraphs",
        ]
        .contains(&table.as_str())
        {
            grows(table, &|s| s.rows[place].1, 5, 64);
        }
    }
    for (table, bound) in [("polls", 58), ("paragraphs", 4100)] {
        let most = most_of_a_feed(&app, table);
        assert!(most <= bound, "{most} {table} of one feed");
    }
    let log = most(&samples, &|s| s.log_bytes as i64);
    assert!(log <= 64 << 20, "the log grew to {log} bytes");
    assert_eq!(app.store.reads().verify().unwrap(), Vec::<String>::new());
}

fn most_of_a_feed(app: &EndToEnd, table: &str) -> i64 {
    let conn = Connection::open_with_flags(app.db(), OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let sql = format!("SELECT max(n) FROM (SELECT count(*) n FROM {table} GROUP BY feed)");
    conn.query_row(&sql, [], |r| r.get(0)).unwrap()
}

fn host(n: usize) -> String {
    format!("paper{n}.example")
}

/// The papers of this test.
#[derive(Clone, Copy)]
struct World;

impl World {
    fn publish(self, net: &Internet, n: usize) {
        let mut now = 0;
        net.on(&host(n), "/feed", move |request| {
            now += 1;
            match n % 10 {
                // Bad days: two polls of five fail, in all ways.
                3 if now % 5 < 2 => Reply::status(500 + (now % 4) as u16),
                4 if now % 7 == 0 => Reply::raw("nonsense\r\n\r\n"),
                5 if now % 2 == 0 => Reply::feed("<rss><channel><item><title>cut"),
                6 => Reply::redirect(302, "/elsewhere"),
                _ => self.edition(n, now).conditional(request),
            }
        });
        let mut asked = 0;
        net.on(&host(n), "/elsewhere", move |request| {
            asked += 1;
            self.edition(n, asked).conditional(request)
        });
    }

    /// The `asked`th time that a paper is asked: some have something new every time, others now and then.
    fn edition(self, n: usize, asked: u64) -> Reply {
        let edition = asked / (1 + n as u64 % 5);
        // Some papers print what their neighbour does.
        let said = if n % 4 == 1 { n - 1 } else { n };
        let items: Vec<Item> = (0..=edition)
            .rev()
            .take(usize::try_from(SHOWN).unwrap())
            .map(|item| Item {
                id: format!("{n}-{item}"),
                title: format!("Paper {said} counts to {item}"),
                link: format!("http://{}/{item}.html", host(n)),
                html: body(said as u64, item),
                date: None,
            })
            .collect();
        Reply::feed(rss(&format!("Paper {n}"), &items)).header("ETag", &format!("\"{edition}\""))
    }
}

/// A text that no other item has, of words that others have too.
fn body(paper: u64, item: u64) -> String {
    let mut state = paper * 1_000_003 + item + 1;
    let mut html = String::from("<p>");
    for n in 0..120 {
        // A generator of Knuth's: the same numbers everywhere.
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        html += &format!("word{} ", (state >> 33) % 5000);
        if n % 40 == 39 {
            html += "</p><p>The harbour has news. ";
        }
    }
    html + "</p>"
}

/// The server beside it.
struct Serving {
    at: std::net::SocketAddr,
    sequence: watch::Sender<Seq>,
    cancel: CancellationToken,
}

impl Serving {
    async fn start(app: &EndToEnd) -> Self {
        let (sequence, watched) = watch::channel(Seq::default());
        let server = Server {
            reads: app.store.reads().clone(),
            options: ServeOptions {
                title: "The River".to_owned(),
                ..ServeOptions::default()
            },
            sequence: watched,
            ready: Arc::new(|| Ok(())),
            daemon: None,
            registry: Arc::new(Registry::default()),
            callback: None,
            clock: app.clock.clone(),
        };
        let listener = Listener::tcp("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let at = listener.address().unwrap();
        let cancel = CancellationToken::new();
        tokio::spawn(server.run(vec![listener], cancel.clone()));
        Self {
            at,
            sequence,
            cancel,
        }
    }

    /// Somebody reads, and looks for something else each time.
    async fn read(&self, app: &EndToEnd, time: usize) {
        self.sequence
            .send_replace(app.store.reads().sequence().unwrap());
        let search = format!("/feeds/search.atom?q=word{}&limit=5", time % 40);
        for path in ["/feeds/all.atom", "/feeds/boats.json", "/status", &search] {
            assert_eq!(get(self.at, path, &[]).await.status, 200, "{path}");
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}

impl Sample {
    fn take(app: &EndToEnd, log_bytes: u64) -> Self {
        let conn = Connection::open_with_flags(app.db(), OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        let tables: Vec<String> = conn
            .prepare(
                "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'
                 AND name NOT LIKE 'words%'",
            )
            .unwrap()
            .query_map([], |r| r.get(0))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        let count = |table: &String| {
            let sql = format!("SELECT count(*) FROM {table}");
            conn.query_row(&sql, [], |r| r.get(0)).unwrap()
        };
        let rows = tables.iter().map(|t| (t.clone(), count(t))).collect();
        let pragma =
            |name: &str| -> i64 { conn.pragma_query_value(None, name, |r| r.get(0)).unwrap() };
        let used_pages = pragma("page_count") - pragma("freelist_count");
        drop(conn);
        Self {
            memory_kb: memory_kb(),
            descriptors: std::fs::read_dir("/proc/self/fd").unwrap().count(),
            log_bytes,
            rows,
            used_pages,
        }
    }
}

fn memory_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:"));
    let number = line.unwrap().trim().trim_end_matches(" kB");
    number.parse().unwrap()
}

impl std::fmt::Display for Sample {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} MB, {} descriptors, log {} KB, {} pages;",
            self.memory_kb / 1024,
            self.descriptors,
            self.log_bytes / 1024,
            self.used_pages
        )?;
        for (table, rows) in &self.rows {
            write!(f, " {table} {rows}")?;
        }
        Ok(())
    }
}
