//! What reading costs over a large store: `cargo bench --bench reads`.
//!
//! `NEWSWIRE_BENCH_ARTICLES=1000000 NEWSWIRE_BENCH_DB=/tmp/million.db cargo bench --bench reads` builds a store of that many
//! articles of 1 KB once, and reads it in later runs; without them it is 20,000 in a directory that goes. Words come as
//! they do in news, few of them often and many seldom (Zipf): `ba` stands in every article, `bake` in one of three.
// A bench that cannot go on ends: a panic is the message.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    missing_docs
)]

mod support;

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use newswire::clock::Clock;
use newswire::emit::{Format, render};
use newswire::merged::BaseUrl;
use newswire::merged::Unlimited;
use newswire::merged::{Heading, channel};
use newswire::merged::{List, ListRequest};
use newswire::model::{Draft, FeedRow, Time};
use newswire::query::parse;
use newswire::store::{NewFeed, Order, Selection, Store, StoreOptions, TopicDefinition, TopicFeed};
use support::{Random, cpu};

const FEEDS: usize = 200;
const A_POLL: usize = 50;
const BODY_BYTES: usize = 1000;

/// The store with so many articles, a minute apart, and the topics that are read below.
fn store(path: &Path, articles: usize) -> Store {
    let clock = Clock::manual(Time::parse_rfc3339("2030-01-01T00:00:00Z").unwrap());
    let options = StoreOptions {
        dedup_window: Duration::from_secs(3600),
        dedup_near: false,
        ..support::options(path)
    };
    let store = Store::open(&options, clock.clone()).unwrap();
    let stored = store.reads().status(clock.now()).unwrap().articles as usize;
    if stored == 0 {
        store
            .set_topics(topics(&[
                ("common", "nomi"),
                ("rare", "torkemi OR \"mi no\""),
            ]))
            .unwrap();
        let feeds: Vec<NewFeed> = (0..FEEDS).map(support::feed).collect();
        let feeds: Vec<FeedRow> = store
            .subscribe(feeds)
            .unwrap()
            .iter()
            .map(|f| f.row)
            .collect();
        let mut random = Random(3);
        for n in (0..articles).step_by(A_POLL) {
            let row = feeds.get(n / A_POLL % FEEDS).copied().unwrap();
            clock.advance(Duration::from_secs(60 * A_POLL as u64));
            let drafts = (n..n + A_POLL)
                .map(|n| Draft {
                    published: Some(
                        clock
                            .now()
                            .minus(Duration::from_secs(60 * (n % A_POLL) as u64)),
                    ),
                    ..support::draft(n, random.text(50), random.text(BODY_BYTES))
                })
                .collect();
            support::put(&store, &clock, row, drafts);
        }
    }
    store
}

fn topics(definitions: &[(&str, &str)]) -> Vec<TopicDefinition> {
    definitions
        .iter()
        .map(|(name, source)| TopicDefinition {
            name: (*name).to_owned(),
            title: (*name).to_owned(),
            source: (*source).to_owned(),
            expr: parse(source).unwrap(),
            feed: TopicFeed::default(),
        })
        .collect()
}

/// Reads again and again, twenty times or for two seconds, and tells the median of the time that it took and what of the
/// processor it took on average.
fn measure(what: &str, read: impl Fn() -> usize) {
    let found = read();
    let (started, before) = (Instant::now(), cpu());
    let mut took = Vec::new();
    while took.len() < 20 && (took.len() < 3 || started.elapsed() < Duration::from_secs(2)) {
        let started = Instant::now();
        black_box(read());
        took.push(started.elapsed());
    }
    let spent = (cpu() - before) / u32::try_from(took.len()).unwrap();
    took.sort_unstable();
    let median = took.get(took.len() / 2).copied().unwrap();
    eprintln!("{what:<50} {median:>10.1?}, {spent:>10.1?} of the processor ({found})");
}

fn main() {
    let articles = std::env::var("NEWSWIRE_BENCH_ARTICLES").map_or(20_000, |n| n.parse().unwrap());
    let scratch = tempfile::tempdir().unwrap();
    let path = std::env::var_os("NEWSWIRE_BENCH_DB")
        .map_or_else(|| scratch.path().join("s.db"), PathBuf::from);
    let started = Instant::now();
    let store = store(&path, articles);
    eprintln!("store after {:?}", started.elapsed());
    let reads = store.reads().clone();
    let now = Time::parse_rfc3339("2035-01-01T00:00:00Z").unwrap();

    measure("printed most in a day", || {
        let since = now.minus(Duration::from_secs(86_400));
        let most = Selection {
            since: Some(since),
            limit: Some(10),
            now,
            ..Selection::default()
        };
        reads.top(&most).unwrap().len()
    });
    for name in ["all", "common", "rare"] {
        let list = match name {
            "all" => List::All,
            topic => List::Topic(topic.to_owned()),
        };
        let wanted = ListRequest::first(list);
        measure(&format!("feed of 50: {name}"), || {
            let heading = Heading::of(&wanted.list, &reads, "all").unwrap();
            let page = wanted.load(&reads, now, 50, true, &mut Unlimited).unwrap();
            let base = BaseUrl::listening(None);
            let made = channel(
                &wanted,
                Format::Atom,
                heading,
                page,
                (&base, None),
                Time::EPOCH,
            );
            render(&made, Format::Atom).len()
        });
    }
    for (expr, what) in [
        ("ba", "everywhere"),
        ("nomi", "common"),
        ("\"mi no\"", "phrase"),
        ("torkemi staba", "two rare"),
        ("nomi lang:en", "common and a fact that none has"),
        ("nomi feed:\"Feed 7\"", "common of one feed"),
        ("nomi feed:nowhere", "common of a feed that there is not"),
    ] {
        for (order, how) in [(Order::River, "newest"), (Order::Best, "ranked")] {
            let selection = Selection {
                expr: Some(parse(expr).unwrap()),
                limit: Some(50),
                order,
                now,
                ..Selection::default()
            };
            measure(&format!("{how}: {what}"), || {
                reads.find_stories(&selection).unwrap().len()
            });
        }
    }
    // Topics told anew over the whole store, once each.
    for (what, exprs) in [
        ("a word", &["keba"][..]),
        ("words and a fact", &["keba -feed:\"Feed 7\""]),
        ("words or a fact", &["keba OR feed:\"Feed 7\""]),
        ("a word that is not there", &["-nomi"]),
        ("a fact", &["feed:\"Feed 7\""]),
        ("words near each other", &["NEAR(keba nomi, 5)"]),
        ("a regular expression", &["/torke(mi|no)/"]),
        (
            "a regular expression that few match",
            &["/torkeno[b-k]e(sta|vel)/"],
        ),
        (
            "a regular expression of headlines",
            &["title:/torke(mi|no)/"],
        ),
        (
            "six regular expressions",
            &[
                "/ke(mi|ba)no/",
                "/b.*zz/",
                "/[0-9]{3}/",
                "/vel\\w+dra/i",
                "/Ba kemi/",
                "/torkemi$/",
            ],
        ),
    ] {
        let mut all = topics(&[("common", "nomi"), ("rare", "torkemi OR \"mi no\"")]);
        let names = ["a", "b", "c", "d", "e", "f"];
        for (name, expr) in names.iter().zip(exprs) {
            all.extend(topics(&[(*name, *expr)]));
        }
        let (started, before) = (Instant::now(), cpu());
        store.set_topics(all).unwrap();
        let (took, spent) = (started.elapsed(), cpu() - before);
        let stories: u64 = reads.topics().unwrap().iter().map(|t| t.stories).sum();
        let articles = reads.status(now).unwrap().articles as f64;
        eprintln!(
            "told anew by {what}: {stories} stories in {took:.1?} ({spent:.1?} of the processor), {:.0} articles/s",
            articles / took.as_secs_f64()
        );
    }
}
