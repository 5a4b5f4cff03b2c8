//! The changes of the store, against what the store shows: a follower that applies them holds the same at any moment.

use std::time::Duration;

use newswire::model::{ArticleId, FeedRow, Seq, StoryId};
use newswire::store::{ChangeKind, ChangeOf, Cursor, FeedChange, Regroup, Selection};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::support::follower::Follower;
use crate::support::store_fixture::{StoreFixture, draft};

const HOSTS: [&str; 3] = ["a.example", "b.example", "c.example"];

const TOPICS: [&[(&str, &str)]; 5] = [
    &[],
    &[("boats", "harbour"), ("two", "copies>=2")],
    &[("boats", "bridge"), ("filed", "tag:news")],
    &[
        ("boats", "harbour OR bridge"),
        ("of", "feed:renamed"),
        ("ref", "topic:boats rain"),
    ],
    &[
        ("ref", "topic:boats"),
        ("boats", "rain"),
        ("two", "feeds>=2"),
    ],
];

const TEXTS: [&str; 4] = [
    "The harbour counts its boats every year before the winter storms arrive from the north.",
    "The council weighs a new bridge over the river that floods whenever it rains for a week.",
    "Ten questions about rain that children ask their teachers and that few of them can answer.",
    "What the ferry carries from one island to the next depends on the day and on the harbour.",
];

struct World {
    fixture: StoreFixture,
    feeds: Vec<FeedRow>,
    follower: Follower,
}

impl World {
    fn new() -> Self {
        let fixture = StoreFixture::new();
        let feeds = HOSTS.map(|host| fixture.subscribe(host)).to_vec();
        Self {
            fixture,
            feeds,
            follower: Follower::default(),
        }
    }

    fn step(&self, (op, a, b): (u8, u8, u8)) {
        let store = &self.fixture.store;
        let which = usize::from(a) % HOSTS.len();
        let (feed, host) = (self.feeds[which], HOSTS[which]);
        match op % 10 {
            0..=3 => {
                let text = TEXTS[usize::from(b) % TEXTS.len()];
                let title = format!("Headline {}", b % 5);
                let drafts = vec![draft(host, usize::from(b % 8), &title, &text.repeat(5))];
                self.fixture.put(feed, drafts);
            }
            4 => self.fixture.topics(TOPICS[usize::from(b) % TOPICS.len()]),
            5 => {
                let change = FeedChange {
                    title: Some(["renamed", "plain"][usize::from(b & 1)].to_owned()),
                    tags: Some(vec![["news", "local"][usize::from(b >> 1 & 1)].to_owned()]),
                    ..FeedChange::default()
                };
                store.change_feed(feed, change).unwrap();
                store.settle_topics().unwrap();
            }
            6 => self.split(b),
            7 => self.join(b),
            8 => {
                self.fixture
                    .clock
                    .advance(Duration::from_secs(u64::from(b) * 3600));
                let keep = Duration::from_secs(86_400);
                store
                    .prune(Some(keep), 1 + u64::from(b % 5), false)
                    .unwrap();
            }
            _ => {
                store.unsubscribe(feed).unwrap();
                if b & 1 == 0 {
                    store.purge(feed).unwrap();
                }
                self.fixture.subscribe(host);
                store.settle_topics().unwrap();
            }
        }
    }

    fn split(&self, b: u8) {
        let all = Selection::default();
        let stories = self.fixture.store.reads().stories(&all).unwrap();
        if let Some(story) = stories.iter().find(|s| s.copies > 1) {
            let copies = self.fixture.store.reads().copies(story.id).unwrap();
            let copies: Vec<ArticleId> = copies.iter().map(|c| c.id).collect();
            let wanted = Regroup::Split {
                story: story.id,
                copies: copies[usize::from(b & 1)..][..1].to_vec(),
                each: false,
            };
            self.fixture.store.regroup(wanted, b & 2 > 0).unwrap();
            self.fixture.store.settle_topics().unwrap();
        }
    }

    fn join(&self, b: u8) {
        let all = Selection::default();
        let stories = self.fixture.store.reads().stories(&all).unwrap();
        let ids: Vec<StoryId> = stories.iter().map(|s| s.id).collect();
        if ids.len() > 1 {
            let from = usize::from(b) % (ids.len() - 1);
            let wanted = Regroup::Join(ids[from..from + 2].to_vec());
            self.fixture.store.regroup(wanted, b & 64 > 0).unwrap();
            self.fixture.store.settle_topics().unwrap();
        }
    }
}

#[test]
fn rel_12_a_follower_holds_what_the_store_shows_after_any_change() {
    let config = Config {
        cases: std::env::var("NEWSWIRE_SEQUENCES").map_or(30, |n| n.parse().unwrap()),
        failure_persistence: None,
        max_shrink_iters: 300,
        ..Config::default()
    };
    let seed = std::env::var("NEWSWIRE_SEED").map_or(0, |n| n.parse().unwrap());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let steps = vec(any::<(u8, u8, u8)>(), 0..40);
    runner
        .run(&(steps, 1..9_usize), |(steps, page)| {
            let mut world = World::new();
            let mut late = Follower::default();
            for (n, step) in steps.into_iter().enumerate() {
                world.step(step);
                let reads = world.fixture.store.reads();
                world.follower.catch_up(reads, page);
                world.follower.assert_holds(reads);
                // Another one reads a page now and then, while the store changes under it.
                if n % 3 == 0 {
                    late.read_page(reads, page);
                }
            }
            late.catch_up(world.fixture.store.reads(), page);
            late.assert_holds(world.fixture.store.reads());
            let faults = world.fixture.store.reads().verify().unwrap();
            assert_eq!(faults, Vec::<String>::new());
            Ok(())
        })
        .unwrap();
}

#[test]
fn each_change_says_what_happened() {
    let fixture = StoreFixture::new();
    let [a, b] = ["a.example", "b.example"].map(|host| fixture.subscribe(host));
    let text = TEXTS[0].repeat(5);
    let mut follower = Follower::default();
    let mut news = |what: &str| {
        let changes = follower.read_page(fixture.store.reads(), 100);
        let kinds = changes.changes.iter().map(|c| (c.of, c.change));
        (what.to_owned(), kinds.collect::<Vec<_>>())
    };
    use ChangeKind::{Edited, Expired, Grew, Moved, New, Renamed, Shrank, Topics};
    use ChangeOf::{Article, Feed, Story};
    let mut expect = |what: &str, kinds: &[(ChangeOf, ChangeKind)]| {
        assert_eq!(news(what), (what.to_owned(), kinds.to_vec()));
    };
    fixture.put(a, vec![draft("a.example", 1, "Boats", &text)]);
    expect("new", &[(Article, New), (Story, New)]);
    fixture.put(b, vec![draft("b.example", 1, "Boats", &text)]);
    expect("joined", &[(Article, New), (Story, Grew)]);
    fixture.put(a, vec![draft("a.example", 1, "Boats!", &text)]);
    expect("edited", &[(Article, Edited), (Story, Edited)]);
    fixture.topics(&[("boats", "harbour")]);
    let retagged = [(Article, Topics), (Story, Topics), (Article, Topics)];
    expect("topics", &retagged);
    fixture.topics(&[]);
    expect(
        "topic removed",
        &[(Article, Topics), (Article, Topics), (Story, Topics)],
    );
    let change = FeedChange {
        title: Some("Other".to_owned()),
        ..FeedChange::default()
    };
    fixture.store.change_feed(a, change).unwrap();
    expect("renamed", &[(Feed, Renamed)]);
    let story = fixture
        .store
        .reads()
        .stories(&Selection::default())
        .unwrap()[0]
        .id;
    let copies = fixture.store.reads().copies(story).unwrap();
    let split = Regroup::Split {
        story,
        copies: vec![copies[1].id],
        each: false,
    };
    fixture.store.regroup(split, false).unwrap();
    let split = [(Article, Moved), (Story, New), (Story, Shrank)];
    expect("split", &split);
    fixture.store.prune(None, 0, false).unwrap();
    let gone = [(Article, Expired), (Story, Expired)];
    expect("pruned", &[gone, gone].concat());
}

#[test]
fn a_cursor_that_cannot_be_followed_is_refused_and_says_what_to_do() {
    let fixture = StoreFixture::new();
    let feed = fixture.subscribe("a.example");
    let reads = fixture.store.reads().clone();
    let from = |seq, epoch| reads.changes(Cursor { seq, epoch }, 10, false).unwrap();
    let text = TEXTS[0].repeat(5);
    let seq = fixture.put(feed, vec![draft("a.example", 1, "Boats", &text)]);
    let epoch = reads.epoch().unwrap();
    assert!(from(seq, Some(epoch)).unwrap().changes.is_empty());
    let other = "00000000000000ff-1".parse().unwrap();
    let why = |seq, epoch| from(seq, epoch).unwrap_err().to_string();
    assert!(why(seq, Some(other)).contains("restored from a backup"));
    assert!(why(seq.next(), None).contains("is not reached yet"));
    assert!(
        from(Seq::default(), Some(other)).is_ok(),
        "whoever starts again needs no epoch"
    );
    fixture.store.prune(None, 0, false).unwrap();
    fixture.clock.advance(Duration::from_secs(31 * 86_400));
    fixture.store.prune(None, 0, false).unwrap();
    assert!(why(seq, Some(epoch)).contains("no longer kept"));
    assert!(why(seq, None).contains("no longer kept"));
    let last = reads.sequence().unwrap();
    assert!(from(last, Some(epoch)).is_ok());
}

#[test]
fn whoever_starts_reads_to_the_end_whatever_was_forgotten_before() {
    let fixture = StoreFixture::new();
    let feed = fixture.subscribe("a.example");
    let item = |n| draft("a.example", n, "Boats", &TEXTS[n % 4].repeat(5));
    for n in 0..6 {
        fixture.put(feed, vec![item(n)]);
    }
    let mut slow = Follower::default();
    slow.read_page(fixture.store.reads(), 1);
    let forget = |keep| {
        fixture.store.prune(None, keep, false).unwrap();
        fixture.clock.advance(Duration::from_secs(31 * 86_400));
        fixture.store.prune(None, keep, false).unwrap();
    };
    forget(4);
    let mut follower = Follower::default();
    follower.catch_up(fixture.store.reads(), 1);
    follower.assert_holds(fixture.store.reads());
    let refused = fixture
        .store
        .reads()
        .changes(slow.cursor, 1, false)
        .unwrap();
    assert!(refused.is_err(), "it holds what was removed and forgotten");
    // One that has begun may go on as long as what was removed since is known.
    let mut late = Follower::default();
    late.read_page(fixture.store.reads(), 2);
    fixture.store.prune(None, 2, false).unwrap();
    late.catch_up(fixture.store.reads(), 2);
    late.assert_holds(fixture.store.reads());
}
