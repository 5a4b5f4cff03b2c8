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

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use newswire::clock::Clock;
use newswire::emit::{Format, render};
use newswire::model::{Draft, FeedRow, Outcome, Poll, Time, Validators, WebUrl};
use newswire::query::parse;
use newswire::serve::links::Base;
use newswire::serve::list::{List, Wanted};
use newswire::serve::merged::{Heading, channel};
use newswire::store::{
    ClaimScope, DocumentCommit, FeedSettings, NewFeed, Order, PlanCommit, PollCommit, Selection,
    Store, StoreOptions, TopicDefinition, TopicFeed,
};

const FEEDS: usize = 200;
const A_POLL: usize = 50;
const BODY_BYTES: usize = 1000;
const VOCABULARY: f64 = 30_000.0;

struct Random(u64);

impl Random {
    fn word(&mut self) -> String {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let share = (self.0 >> 33) as f64 / (1_u64 << 31) as f64;
        named(VOCABULARY.powf(share) as u64 - 1)
    }

    fn text(&mut self, bytes: usize) -> String {
        let mut text = String::from("Ba");
        while text.len() < bytes {
            text.push(' ');
            text.push_str(&self.word());
        }
        text
    }
}

/// The n-th word: syllables, as many as it takes.
fn named(mut n: u64) -> String {
    const SYLLABLES: [&str; 10] = [
        "ba", "ke", "mi", "no", "ru", "sta", "tor", "vel", "zin", "dra",
    ];
    let mut word = String::new();
    loop {
        word.push_str(
            SYLLABLES
                .get((n % 10) as usize)
                .copied()
                .unwrap_or_default(),
        );
        n /= 10;
        if n == 0 {
            return word;
        }
    }
}

fn options(path: &Path) -> StoreOptions {
    StoreOptions {
        path: path.to_owned(),
        synchronous_full: false,
        dedup_window: Duration::from_secs(3600),
        dedup_near: false,
    }
}

/// The store with so many articles, a minute apart, and the topics that are read below.
fn store(path: &Path, articles: usize) -> Store {
    let clock = Clock::manual(Time::parse_rfc3339("2030-01-01T00:00:00Z").unwrap());
    let store = Store::open(&options(path), clock.clone()).unwrap();
    let stored = store.reads().status(clock.now()).unwrap().articles as usize;
    if stored == 0 {
        store
            .set_topics(topics(&[
                ("common", "nomi"),
                ("rare", "torkemi OR \"mi no\""),
            ]))
            .unwrap();
        let feeds: Vec<NewFeed> = (0..FEEDS).map(feed).collect();
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
                .map(|n| draft(n, &mut random, clock.now()))
                .collect();
            put(&store, &clock, row, drafts);
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

fn feed(n: usize) -> NewFeed {
    NewFeed {
        url: WebUrl::parse(&format!("https://feed{n}.example/feed")).unwrap(),
        title: Some(format!("Feed {n}")),
        folder: None,
        tags: Vec::new(),
        settings: FeedSettings::default(),
        declared: false,
    }
}

fn draft(n: usize, random: &mut Random, now: Time) -> Draft {
    let (title, body) = (random.text(50), random.text(BODY_BYTES));
    let page = WebUrl::parse(&format!("https://feed.example/{n}")).unwrap();
    Draft {
        key: format!("guid:{n}"),
        guid: Some(n.to_string()),
        url: Some(page.clone()),
        canonical_url: Some(page),
        summary: body.chars().take(200).collect(),
        content_html: format!("<p>{body}</p>"),
        content_text: body.clone(),
        bare_text: body,
        published: Some(now.minus(Duration::from_secs(60 * (n % A_POLL) as u64))),
        digest: n.to_le_bytes().to_vec(),
        title,
        ..Draft::default()
    }
}

fn put(store: &Store, clock: &Clock, feed: FeedRow, drafts: Vec<Draft>) {
    let now = clock.now();
    let scope = ClaimScope::These {
        feeds: vec![feed],
        manual_interval: Duration::ZERO,
    };
    let claim = store.claim(now, scope, 1).unwrap().0.pop().unwrap();
    let commit = PollCommit {
        poll: Poll {
            feed,
            started: now,
            finished: now,
            final_url: Some(claim.url.clone()),
            moved_permanently: false,
            status: Some(200),
            bytes_wire: 100,
            hints: Default::default(),
            extent: Default::default(),
            outcome: Outcome::Document {
                body: Vec::new(),
                content_type: None,
                validators: Validators::default(),
            },
        },
        claim,
        document: Some(DocumentCommit {
            drafts,
            title: None,
            site: None,
            digest: vec![1],
            repairs: Vec::new(),
            paragraphs: Vec::new(),
        }),
        plan: PlanCommit {
            next_at: Some(now.plus(Duration::from_secs(300))),
            ..PlanCommit::default()
        },
        offline: false,
    };
    store.commit(Store::prepare(commit)).unwrap();
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

/// What this process has had of the processors.
fn cpu() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(
        time.tv_sec.try_into().unwrap(),
        time.tv_nsec.try_into().unwrap(),
    )
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

    for name in ["all", "common", "rare"] {
        let list = match name {
            "all" => List::All,
            topic => List::Topic(topic.to_owned()),
        };
        let wanted = Wanted::first(list);
        measure(&format!("feed of 50: {name}"), || {
            let heading = Heading::of(&wanted.list, &reads, "all").unwrap();
            let page = wanted.load(&reads, now, 50, true).unwrap();
            let base = Base::listening(None);
            let made = channel(&wanted, Format::Atom, heading, page, &base, None);
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
