//! The newest that match are the first of all that match, whichever way leads there.

use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::model::StoryId;
use crate::store::search::find::matching;
use crate::store::search::newest::{BOUNDS, Bounds};
use crate::store::stop::Stop;

const WORDS: [&str; 5] = ["ba", "ke", "mi", "no", "ru"];

const LEAVES: [&str; 26] = [
    "ba",
    "ke",
    "\"ba ke\"",
    "mi*",
    "NEAR(ba mi, 1)",
    "/b.\\sk/",
    "-ru",
    "-nothing",
    "nothing",
    "title:no",
    "feed:a.example",
    "feed:c",
    "tag:odd",
    "site:b.example",
    "site:example",
    "site:nowhere.example",
    "url:/3/",
    "url:B.EXAMPLE",
    "lang:en",
    "topic:kept",
    "copies>=2",
    "feeds<2",
    "copies>9",
    "words>=3",
    "since:2d",
    "until:2030-01-09",
];

/// An article: its words, when it was published, and whether it is a copy of the one before.
fn article() -> impl Strategy<Value = (String, u64, bool)> {
    let words = prop::collection::vec(select(&WORDS[..]), 1..6);
    (
        words.prop_map(|w| w.join(" ")),
        0_u64..120,
        prop::bool::weighted(0.3),
    )
}

fn expression() -> impl Strategy<Value = String> {
    let leaf = || select(&LEAVES[..]);
    prop_oneof![
        leaf().prop_map(str::to_owned),
        (leaf(), leaf()).prop_map(|(a, b)| format!("{a} {b}")),
        (leaf(), leaf()).prop_map(|(a, b)| format!("{a} OR {b}")),
        (leaf(), leaf(), leaf()).prop_map(|(a, b, c)| format!("({a} OR {b}) {c}")),
        (leaf(), leaf()).prop_map(|(a, b)| format!("{a} -({b})")),
    ]
}

/// Articles of three feeds in polls of so many, so that some come about when they are published and others long after.
fn house(articles: Vec<(String, u64, bool)>, a_poll: usize) -> (House, Vec<FeedRow>) {
    let house = House::new();
    let feeds = ["a.example", "b.example", "c.example"].map(|host| house.subscribe(host));
    house.topics(&[("kept", "ba OR mi")]);
    let filed = FeedChange {
        tags: Some(vec!["odd".to_owned()]),
        ..FeedChange::default()
    };
    house.store.change_feed(feeds[2], filed).unwrap();
    let mut n = 0;
    for (poll, part) in articles.chunks(a_poll).enumerate() {
        house.clock.advance(60 * MINUTE);
        let host = ["a.example", "b.example", "c.example"][poll % 3];
        let made = part.iter().map(|(words, hours, is_copy)| {
            n += 1;
            let page = url(&format!(
                "https://wire.example/{}",
                n - usize::from(*is_copy)
            ));
            Draft {
                canonical_url: Some(page),
                published: (hours % 7 != 0)
                    .then(|| house.clock.now().minus(Duration::from_secs(hours * 3600))),
                language: Some(["en", "de"][n % 2].to_owned()),
                ..draft(host, n, words, words)
            }
        });
        let drafts = made.collect();
        house.poll(feeds[poll % 3], drafts);
    }
    (house, feeds.to_vec())
}

/// Bounds that send a search along this way in a store of a few articles.
fn ways() -> [Bounds; 4] {
    let none = Bounds {
        waiting_max: 2,
        waiting_min: 1000,
        walked_min: 1000,
        walked_a_posting: 1000,
    };
    [
        BOUNDS,
        Bounds {
            waiting_min: 2,
            ..none
        },
        Bounds {
            walked_min: 3,
            walked_a_posting: 0,
            ..none
        },
        none,
    ]
}

/// The selections that a search is narrowed by.
fn narrowed(plain: &Selection, feeds: &[FeedRow], place: Option<RiverPlace>) -> Vec<Selection> {
    let with = |change: &dyn Fn(&mut Selection)| {
        let mut selection = plain.clone();
        change(&mut selection);
        selection
    };
    let some = |hours: u64| Some(plain.now.minus(Duration::from_secs(hours * 3600)));
    vec![
        plain.clone(),
        with(&|s| s.topic = Some("kept".to_owned())),
        with(&|s| s.feed = feeds.first().copied()),
        with(&|s| s.feeds = feeds.get(1..).map(<[_]>::to_vec)),
        with(&|s| (s.topic, s.feed) = (Some("kept".to_owned()), feeds.get(1).copied())),
        with(&|s| (s.since, s.until) = (some(90), some(5))),
        with(&|s| s.seen_since = some(3)),
        with(&|s| s.published_since = some(40)),
        with(&|s| s.before = place),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_newest_that_match_are_the_first_of_all_that_match(
        articles in prop::collection::vec(article(), 1..40),
        a_poll in 1_usize..20,
        sources in prop::collection::vec(expression(), 1..10),
        limit in 1_usize..6,
    ) {
        let (house, feeds) = house(articles, a_poll);
        let conn = rusqlite::Connection::open(house.dir.path().join("newswire.db")).unwrap();
        let river = house.river();
        let place = river.get(river.len() / 3).map(|s| RiverPlace { arrived: s.arrived, story: s.id });
        for source in &sources {
            let expr = query::parse(source).unwrap();
            let plain = Selection { now: house.clock.now(), limit: Some(limit), ..Selection::default() };
            for (n, selection) in narrowed(&plain, &feeds, place).iter().enumerate() {
                for stories in [true, false] {
                    let find = |bounds: Option<&Bounds>| {
                        matching(&conn, (selection, &expr), stories, bounds, &Stop::default()).unwrap()
                    };
                    let expected = find(None);
                    for (way, bounds) in ways().iter().enumerate() {
                        let found = find(Some(bounds));
                        prop_assert_eq!(&found, &expected, "{} of {}, way {}, stories {}", source, n, way, stories);
                    }
                }
            }
        }
    }

    #[test]
    fn what_has_a_date_or_a_feed_is_found_by_it_in_its_order(
        articles in prop::collection::vec(article(), 1..40),
        a_poll in 1_usize..20,
        since_hours in prop::option::of(0_u64..150),
        is_by_date in any::<bool>(),
        limit in 1_usize..6,
    ) {
        let (house, feeds) = house(articles, a_poll);
        let since = since_hours.map(|h| house.clock.now().minus(Duration::from_secs(h * 3600)));
        let selection = Selection {
            published_since: since,
            limit: Some(limit),
            order: if is_by_date { Order::Published } else { Order::River },
            ..Selection::default()
        };
        let expected = |mut all: Vec<(Option<Time>, String)>| {
            all.retain(|(published, _)| since.is_none() || *published >= since);
            if is_by_date {
                all.sort_by_key(|(published, _)| std::cmp::Reverse(*published));
            }
            all.truncate(limit);
            all.into_iter().map(|(_, id)| id).collect::<Vec<_>>()
        };
        let reads = house.store.reads();
        let place = house.river().pop().map(|s| RiverPlace { arrived: s.arrived, story: s.id });
        for feed in feeds {
            for before in [None, place] {
                let of_feed = Selection { feed: Some(feed), before, limit: Some(limit), ..Selection::default() };
                let found = reads.stories(&of_feed).unwrap();
                prop_assert_eq!(ids(&found), ids(&naive_of_feed(&house, &of_feed)));
                let expr = Some(query::parse(&format!("feed:\"{}\"", title_of(reads, feed))).unwrap());
                let matching = Selection { expr, feed: None, ..of_feed };
                prop_assert_eq!(ids(&reads.stories(&matching).unwrap()), ids(&found));
            }
        }
        let all = house.river().into_iter().map(|s| (s.published, s.id.to_string())).collect();
        let found = reads.stories(&selection).unwrap();
        prop_assert_eq!(found.iter().map(|s| s.id.to_string()).collect::<Vec<_>>(), expected(all));
        let all = reads.articles(&Selection::default()).unwrap();
        let all = all.into_iter().map(|a| (a.published, a.id.to_string())).collect();
        let found = reads.articles(&selection).unwrap();
        prop_assert_eq!(found.iter().map(|a| a.id.to_string()).collect::<Vec<_>>(), expected(all));
    }
}

fn ids(stories: &[StoryView]) -> Vec<StoryId> {
    stories.iter().map(|s| s.id).collect()
}

fn title_of(reads: &Reads, feed: FeedRow) -> String {
    let feeds = reads.feeds().unwrap();
    feeds.into_iter().find(|f| f.row == feed).unwrap().title
}

/// The stories of a feed by looking at the copies of all stories.
fn naive_of_feed(house: &House, selection: &Selection) -> Vec<StoryView> {
    let reads = house.store.reads();
    let title = title_of(reads, selection.feed.unwrap());
    let mut stories = house.river();
    let is_above = |s: &StoryView| {
        let place = selection.before;
        place.is_some_and(|p| (s.arrived, s.id) >= (p.arrived, p.story))
    };
    stories.retain(|s| {
        let copies = reads.copies(s.id).unwrap();
        !is_above(s) && copies.iter().any(|c| c.feed.title == title)
    });
    stories.truncate(selection.limit.unwrap());
    stories
}

/// How many hundred steps SQLite takes to find a page.
fn steps(house: &House, source: &str, bounds: Option<&Bounds>) -> usize {
    let mut conn = rusqlite::Connection::open(house.dir.path().join("newswire.db")).unwrap();
    let taken = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counter = std::sync::Arc::clone(&taken);
    let count_one = move || {
        counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        false
    };
    conn.progress_handler(100, Some(count_one)).unwrap();
    let selection = Selection {
        now: house.clock.now(),
        limit: Some(10),
        ..Selection::default()
    };
    let expr = query::parse(source).unwrap();
    for stories in [true, false] {
        let search = (&selection, &expr);
        let found = matching(&conn, search, stories, bounds, &Stop::default()).unwrap();
        assert!(found.len() <= 10);
    }
    taken.load(std::sync::atomic::Ordering::Relaxed)
}

#[test]
fn a_page_of_a_search_costs_the_same_in_a_store_four_times_as_large() {
    let [few, many] = [500_usize, 2000].map(|count| {
        let house = House::new();
        let feed = house.subscribe("a.example");
        let drafts = (0..count).map(|n| Draft {
            published: Some(
                house
                    .clock
                    .now()
                    .minus(Duration::from_secs(n as u64 * 7919 % 2_600_000)),
            ),
            ..draft("a.example", n, &format!("ba {n}"), "ke mi")
        });
        let drafts = drafts.collect();
        house.poll(feed, drafts);
        house
    });
    for source in [
        "ba",
        "ba -nothing",
        "-nothing",
        "NEAR(ke mi, 3)",
        "/ke.mi/",
        "words>=1",
        "site:a.example",
        "site:nowhere.example",
        "feed:nowhere",
        "feed:nowhere OR tag:nowhere",
        "ba feed:a.example",
        "lang:xx",
        "topic:none",
        "since:2030-01-11",
    ] {
        let [few, many] = [&few, &many].map(|house| steps(house, source, Some(&BOUNDS)));
        assert!(many <= few + few / 2 + 20, "{source}: {few}, {many}");
    }
    let [few, many] = [&few, &many].map(|house| steps(house, "ba", None));
    assert!(many > few * 3, "the long way grows: {few}, {many}");
}
