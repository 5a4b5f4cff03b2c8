//! REL-01: kill -9 at any moment. What was visible stays, nothing is doubled, and a feed's validators stand only beside the
//! articles they came with.
//!
//! `NEWSWIRE_KILLS=300 cargo test --test daemon rel_01_killed_at_any_moment` kills more often.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use newswire::model::{ArticleView, Time};
use newswire::store::{Reads, Selection};
use rustix::process::Signal;

use crate::support::cli_home::CliHome;
use crate::support::process::{Daemon, configuration, eventually};
use crate::support::{EndToEnd, Framing, Internet, Item, Reply, rss};

const HOST: &str = "127.0.0.1";
const FEEDS: usize = 24;
/// Items that every edition has more than the one before.
const NEWS: usize = 3;
/// Every so-many-th feed carries what the one before it says.
const COPIED: usize = 4;

/// Edition `n` of a feed: everything since the first.
fn edition(feed: usize, n: usize) -> Reply {
    let said = if feed % COPIED == 1 { feed - 1 } else { feed };
    let items: Vec<Item> = (0..(n + 1) * NEWS)
        .rev()
        .take(40)
        .map(|item| Item {
            id: format!("{feed}-{item}"),
            title: format!("Paper {said} counts to {item}"),
            link: format!("http://{HOST}/paper{feed}/{item}.html"),
            html: (0..60)
                .map(|word| format!("p{said}n{item}w{word} "))
                .collect(),
            date: None,
        })
        .collect();
    Reply::feed(rss(&format!("Paper {feed}"), &items)).header("ETag", &format!("\"{n}\""))
}

/// What the store shows to everybody, by feed and guid.
fn visible(db: &Path) -> BTreeMap<(String, String), ArticleView> {
    let articles = match Reads::open(db) {
        Ok(reads) => reads.articles(&Selection::default()).unwrap(),
        Err(_) => Vec::new(), // killed before there was one
    };
    let count = articles.len();
    let key = |a: &ArticleView| (a.feed_url.clone(), a.guid.clone().unwrap());
    let by_guid: BTreeMap<_, _> = articles.into_iter().map(|a| (key(&a), a)).collect();
    assert_eq!(by_guid.len(), count, "an article stands there twice");
    by_guid
}

/// A feed that would be answered 304 has every article of the edition that it would be spared.
fn validators_stand_beside_their_articles(db: &Path) {
    let Ok(reads) = Reads::open(db) else { return };
    let stored: BTreeSet<(String, String)> = visible(db).into_keys().collect();
    for feed in reads.feeds().unwrap() {
        let detail = reads.feed(feed.row).unwrap().unwrap();
        for (_, etag, _) in detail.validators {
            let n: usize = etag.unwrap().trim_matches('"').parse().unwrap();
            let number = feed.url.rsplit('/').next().unwrap();
            for item in (0..(n + 1) * NEWS).rev().take(40) {
                let article = (feed.url.clone(), format!("{number}-{item}"));
                assert!(stored.contains(&article), "edition {n} without {article:?}");
            }
        }
    }
}

/// Kills of one store; then it is left alone and catches up.
const SERIES: usize = 10;

#[tokio::test(flavor = "multi_thread")]
async fn rel_01_killed_at_any_moment_it_loses_nothing_visible_and_doubles_nothing() {
    let kills = std::env::var("NEWSWIRE_KILLS").map_or(SERIES, |n| n.parse().unwrap());
    for first in (0..kills).step_by(SERIES) {
        series(first).await;
    }
}

async fn series(first: usize) {
    let net = Internet::start().await;
    let issue = Arc::new(AtomicUsize::new(0));
    let home = CliHome::empty();
    let mut text = configuration(&home);
    for feed in 0..FEEDS {
        let issue = Arc::clone(&issue);
        net.on(HOST, &format!("/{feed}"), move |request| {
            edition(feed, issue.load(Ordering::SeqCst)).conditional(request)
        });
        text += &format!("[[feed]]\nurl = \"http://{}/{feed}\"\n", net.address());
    }
    home.configure(&text);
    let db = home.db();
    // An hour later no lease of the one before holds.
    let hour = |n: usize| {
        let began = Time::parse_rfc3339("2030-01-20T12:00:00Z").unwrap();
        began.plus(Duration::from_secs(3600 * n as u64))
    };
    for n in 0..SERIES {
        issue.store(n, Ordering::SeqCst);
        let (before, asked, moment) = (visible(&db), net.log().len(), first + n);
        let mut daemon = Daemon::at(&home, hour(n));
        if n % 5 == 4 {
            spin(Duration::from_micros(moment as u64 * 7919 % 90_000)); // while it starts
        } else {
            daemon.hears("READY=1");
            daemon.signal(Signal::USR1);
            // From the first answers on the way to well behind the last commit.
            let answers = asked + moment * 5 % FEEDS;
            eventually("the requests", || {
                (net.log().len() >= answers).then_some(())
            });
            spin(Duration::from_micros(moment as u64 * 7919 % 60_000));
        }
        let seen = visible(&db);
        daemon.kill();

        let after = visible(&db);
        for (key, article) in before.iter().chain(&seen) {
            let kept = after.get(key).unwrap_or_else(|| panic!("{key:?} is lost"));
            assert_eq!((kept.id, &kept.title), (article.id, &article.title));
        }
        validators_stand_beside_their_articles(&db);
        if let Ok(reads) = Reads::open(&db) {
            assert_eq!(reads.verify().unwrap(), Vec::<String>::new());
        }
    }
    let daemon = Daemon::at(&home, hour(SERIES));
    daemon.hears("READY=1");
    daemon.signal(Signal::USR1);
    let newest = format!("-{}", SERIES * NEWS - 1);
    let newest = eventually("the newest of all papers", || {
        let mut found = visible(&db);
        found.retain(|(_, guid), _| guid.ends_with(&newest));
        (found.len() == FEEDS).then_some(found)
    });
    // A copy belongs to the story of what it copies, whenever the daemon was killed between the two.
    let stories: BTreeSet<_> = newest.values().map(|a| a.story_id).collect();
    assert_eq!(stories.len(), FEEDS - FEEDS / COPIED);
}

/// What a power cut leaves of the log: its beginning, or all of it but for a page that had not reached the disk.
#[tokio::test]
async fn rel_01_after_a_power_cut_no_feed_is_spared_what_it_does_not_have() {
    let net = Internet::start().await;
    let issue = Arc::new(AtomicUsize::new(0));
    for feed in 0..6 {
        let issue = Arc::clone(&issue);
        net.on("papers.example", &format!("/{feed}"), move |request| {
            edition(feed, issue.load(Ordering::SeqCst)).conditional(request)
        });
    }
    let app = EndToEnd::new(&net);
    let urls: Vec<String> = (0..6)
        .map(|n| format!("http://papers.example/{n}"))
        .collect();
    app.subscribe(&urls.iter().map(String::as_str).collect::<Vec<_>>());
    // A pass is one transaction at least, and no more on a busy machine: so many that cuts fall between them.
    for n in 0..14 {
        issue.store(n, Ordering::SeqCst);
        assert_eq!(app.pass().await.failed, 0);
    }
    let log_of = |db: &Path| db.with_extension("db-wal");
    let store = std::fs::read(app.db()).unwrap();
    let log = std::fs::read(log_of(&app.db())).unwrap();
    assert!(log.len() > 100 * 4096, "{} bytes of log", log.len());
    let mut found = BTreeSet::new();
    for cut in 0..60 {
        let mut left = log.clone();
        let place = log.len() * cut / 60 + 1234 * cut % 4096;
        if cut % 3 == 0 {
            left[place..].iter_mut().take(4096).for_each(|b| *b = 0);
        } else {
            left.truncate(place);
        }
        let dir = tempfile::tempdir().unwrap();
        let db = dir.path().join("newswire.db");
        std::fs::write(&db, &store).unwrap();
        std::fs::write(log_of(&db), left).unwrap();
        validators_stand_beside_their_articles(&db);
        found.insert(visible(&db).len());
        if let Ok(reads) = Reads::open(&db) {
            assert_eq!(reads.verify().unwrap(), Vec::<String>::new());
        }
    }
    // A busy machine joins polls in one commit, and a checkpoint moves the first ones out of the log.
    assert!(found.len() > 5, "cuts that took commits back: {found:?}");
}

/// Passes the time to the microsecond, as a sleep would not.
fn spin(span: Duration) {
    let until = Instant::now() + span;
    while Instant::now() < until {
        std::hint::spin_loop();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rel_01_what_a_killed_daemon_was_polling_the_next_one_polls_at_once() {
    let net = Internet::start().await;
    let drip = Framing::Drip(Duration::from_secs(3600));
    net.always(HOST, "/slow", edition(0, 0).framing(drip));
    let home = CliHome::empty();
    let feed = format!("[[feed]]\nurl = \"http://{}/slow\"\n", net.address());
    home.configure(&(configuration(&home) + &feed));
    let noon = Time::parse_rfc3339("2030-01-20T12:00:00Z").unwrap();
    for n in 1..=2 {
        let mut daemon = Daemon::at(&home, noon);
        eventually("the request", || (net.log().len() == n).then_some(()));
        daemon.kill();
    }
    let beside = std::fs::read_dir(home.db().parent().unwrap()).unwrap();
    let names: Vec<_> = beside.map(|entry| entry.unwrap().file_name()).collect();
    let runs = names
        .iter()
        .filter(|n| n.to_string_lossy().contains(".run-"));
    assert_eq!(runs.count(), 1, "the first run's file is gone: {names:?}");
}
