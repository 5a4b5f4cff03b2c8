//! What the scheduler's look costs once a second, and what a claim costs, when many feeds are due: all of one site beside a few
//! others, or each of a site of its own. `cargo bench --bench claims`.
// A bench that cannot go on ends: a panic is the message.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

use std::time::{Duration, Instant};

use newswire::clock::Clock;
use newswire::model::{Time, WebUrl};
use newswire::store::{ClaimScope, DueLimits, FeedSettings, NewFeed, Store, StoreOptions};

/// As the scheduler looks.
const LIMITS: DueLimits = DueLimits {
    all: 2048,
    site: 128,
};
const LOOKS: u32 = 50;

fn feed(host: String, n: usize) -> NewFeed {
    NewFeed {
        url: WebUrl::parse(&format!("https://{host}/section/{n}/index.rss")).unwrap(),
        title: None,
        folder: None,
        tags: Vec::new(),
        settings: FeedSettings::default(),
        declared: false,
    }
}

fn measure(name: &str, feeds: Vec<NewFeed>) {
    let dir = tempfile::tempdir().unwrap();
    let clock = Clock::manual(Time::from_seconds(1_900_000_000));
    let options = StoreOptions {
        path: dir.path().join("store.db"),
        synchronous_full: false,
        dedup_window: Duration::from_secs(7 * 86_400),
        dedup_near: true,
    };
    let store = Store::open(&options, clock.clone()).unwrap();
    let count = feeds.len();
    store.subscribe(feeds).unwrap();
    let now = clock.now();
    let begun = Instant::now();
    for _ in 0..LOOKS {
        store.reads().due(now, &LIMITS).unwrap();
    }
    let look = begun.elapsed() / LOOKS;
    let found = store.reads().due(now, &LIMITS).unwrap();
    let begun = Instant::now();
    let mut claimed = 0;
    for chunk in found.chunks(64) {
        let scope = ClaimScope::StillDue(chunk.iter().map(|c| c.feed).collect());
        claimed += store.claim(now, scope, 64).unwrap().0.len();
    }
    let claim = begun.elapsed() / u32::try_from(claimed.max(1)).unwrap();
    println!(
        "{count:>7} due, {name:<28} a look {look:>10.1?}, {:>4} found; a claim {claim:.1?}",
        found.len()
    );
}

fn main() {
    for count in [1_000, 10_000, 100_000] {
        let crowd = (0..count).map(|n| feed(format!("paper{}.big.example", n % 7), n));
        let others = (0..100).map(|n| feed(format!("h{n}.example"), n));
        measure("one site and 100 others", crowd.chain(others).collect());
        let apart = (0..count).map(|n| feed(format!("h{n}.example"), n));
        measure("each of its own site", apart.collect());
    }
}
