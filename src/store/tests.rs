//! The store through its public face: what is committed is read back, joined, tagged, found, pruned.

mod decisions;
mod decisions_model;
mod faults;
mod ids;
mod keys;
mod linear;
mod newest;
mod reindex;
mod statements;
mod unreadable;

use std::path::Path;
use std::time::Duration;

use super::*;
use crate::model::{Draft, FeedRow, Outcome, Poll, StoryView, Time, Validators, WebUrl};
use crate::normalize::identity;
use crate::query;
use crate::store::search::narrow;
use crate::store::topics::backfill;

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

/// A store in a directory of its own, with a clock that the test holds.
struct House {
    store: Store,
    clock: Clock,
    dir: tempfile::TempDir,
}

impl House {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Clock::manual(Time::parse_rfc3339("2030-01-10T12:00:00Z").unwrap());
        let store = Store::open(&options(dir.path()), clock.clone()).unwrap();
        Self { store, clock, dir }
    }

    fn subscribe(&self, host: &str) -> FeedRow {
        let feed = NewFeed {
            url: url(&format!("https://{host}/feed")),
            title: Some(host.to_owned()),
            folder: None,
            tags: Vec::new(),
            settings: FeedSettings::default(),
            declared: false,
        };
        let made = self.store.subscribe(vec![feed]).unwrap();
        made[0].row
    }

    /// One poll by command: claims the feed and commits these drafts.
    fn poll(&self, feed: FeedRow, drafts: Vec<Draft>) -> Committed {
        self.clock.advance(MINUTE);
        let commit = self.commit_of(self.claim(feed), drafts);
        let done = self.store.commit(self.store.prepare(commit)).unwrap();
        self.store.settle_topics().unwrap();
        done
    }

    fn claim(&self, feed: FeedRow) -> Claim {
        let scope = ClaimScope::These {
            feeds: vec![feed],
            manual_interval: Duration::ZERO,
        };
        let (mut claims, skipped) = self.store.claim(self.clock.now(), scope, 10).unwrap();
        assert_eq!(skipped, []);
        claims.pop().unwrap()
    }

    fn commit_of(&self, claim: Claim, drafts: Vec<Draft>) -> PollCommit {
        let now = self.clock.now();
        PollCommit {
            poll: Poll {
                feed: claim.feed,
                started: now,
                finished: now,
                final_url: Some(claim.url.clone()),
                moved_permanently: false,
                status: Some(200),
                bytes_wire: 100,
                hints: Default::default(),
                extent: Default::default(),
                outcome: Outcome::Document {
                    content_type: None,
                    validators: Validators {
                        etag: Some(b"\"1\"".to_vec()),
                        last_modified: None,
                    },
                },
            },
            claim,
            document: Some(DocumentCommit {
                drafts,
                listed: Vec::new(),
                votes: None,
                title: None,
                site: None,
                digest: vec![1],
                repairs: Vec::new(),
                is_complete: false,
                archive: None,
                paragraphs: Vec::new(),
            }),
            plan: PlanCommit {
                next_at: Some(now.plus(60 * MINUTE)),
                ..PlanCommit::default()
            },
            hub: HubChange::Unchanged,
            offline: false,
        }
    }

    fn stories(&self, expr: &str) -> Vec<StoryView> {
        let selection = Selection {
            expr: Some(query::parse(expr).unwrap()),
            now: self.clock.now(),
            ..Selection::default()
        };
        self.store.reads().stories(&selection).unwrap()
    }

    fn river(&self) -> Vec<StoryView> {
        self.store.reads().stories(&Selection::default()).unwrap()
    }

    fn topics(&self, definitions: &[(&str, &str)]) -> usize {
        let topics = definitions
            .iter()
            .map(|(name, source)| TopicDefinition {
                name: (*name).to_owned(),
                title: (*name).to_owned(),
                source: (*source).to_owned(),
                expr: query::parse(source).unwrap(),
                feed: Default::default(),
            })
            .collect();
        self.store.set_topics(topics).unwrap()
    }
}

fn options(dir: &Path) -> StoreOptions {
    StoreOptions {
        path: dir.join("newswire.db"),
        synchronous_full: false,
        dedup_window: 7 * DAY,
        dedup_near: true,
    }
}

fn url(text: &str) -> WebUrl {
    WebUrl::parse(text).unwrap()
}

fn draft(host: &str, n: usize, title: &str, body: &str) -> Draft {
    let page = url(&format!("https://{host}/{n}"));
    Draft {
        guid: Some(format!("{host}-{n}")),
        key: format!("guid:{host}-{n}"),
        url: Some(page.clone()),
        canonical_url: Some(page),
        title: title.to_owned(),
        content_html: format!("<p>{body}</p>"),
        content_text: body.to_owned(),
        is_boilerplate: false,
        digest: identity::digest_of(format!("{title} {body}").as_bytes()),
        ..Draft::default()
    }
}

#[test]
fn copies_of_one_poll_and_of_before_join_by_the_keys_that_a_process_left() {
    let mut house = House::new();
    let feed = house.subscribe("a.example");
    // Bodies of which none is a form of another.
    let text = |n: usize| -> String { (0..60).map(|w| format!("t{n}w{w} ")).collect() };
    let piece = |n: usize, of: usize| draft("a.example", n, &format!("Piece {of}"), &text(of));
    house.poll(feed, (0..9).map(|n| piece(n, n)).collect());
    let other = tempfile::tempdir().unwrap();
    let other = Store::open(&options(other.path()), house.clock.clone()).unwrap();
    drop(std::mem::replace(&mut house.store, other));
    house.store = Store::open(&options(house.dir.path()), house.clock.clone()).unwrap();
    let conn = rusqlite::Connection::open(house.dir.path().join("newswire.db")).unwrap();
    let parts = "SELECT count(*) FROM copy_keys";
    assert_eq!(conn.query_row(parts, [], |r| r.get(0)), Ok(2));
    let done = house.poll(feed, vec![piece(20, 3), piece(21, 40), piece(22, 40)]);
    assert_eq!((done.new, done.joined), (3, 2));
    assert_eq!(house.river().len(), 10);
}

fn boat(n: usize) -> Draft {
    draft(
        "a.example",
        n,
        &format!("Boat {n}"),
        &format!("Boat {n} came."),
    )
}

/// A wire text that is long enough to be told by its words alone.
fn wire() -> String {
    (0..60)
        .map(|n| format!("word{n}"))
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn what_is_committed_is_read_back_and_writing_it_again_changes_nothing() {
    let house = House::new();
    let feed = house.subscribe("a.example");
    let drafts = || vec![draft("a.example", 1, "Boats", "The harbour counts boats.")];
    let first = house.poll(feed, drafts());
    assert_eq!((first.new, first.changed), (1, 0));
    let before = house.river();
    assert_eq!(before.len(), 1);
    assert_eq!(before[0].title, "Boats");
    assert_eq!(before[0].url.as_deref(), Some("https://a.example/1"));
    assert_eq!(before[0].feed.title, "a.example");
    let again = house.poll(feed, drafts());
    assert_eq!((again.new, again.changed), (0, 0));
    assert_eq!(house.river(), before);
    let whole = house.store.reads().story(before[0].id).unwrap().unwrap();
    assert_eq!(
        whole.content_text.as_deref(),
        Some("The harbour counts boats.")
    );
    assert_eq!(
        whole.content_html.as_deref(),
        Some("<p>The harbour counts boats.</p>")
    );
}

#[test]
fn rel_06_an_edit_keeps_id_and_place_and_gains_a_revision() {
    let house = House::new();
    let feed = house.subscribe("a.example");
    house.poll(
        feed,
        vec![draft("a.example", 1, "Boats", "Ten boats came.")],
    );
    let before = house.river().remove(0);
    let edit = house.poll(
        feed,
        vec![draft("a.example", 1, "Boats", "Eleven boats came.")],
    );
    assert_eq!((edit.new, edit.changed), (0, 1));
    let after = house.river().remove(0);
    assert_eq!((after.id, after.arrived), (before.id, before.arrived));
    assert!(after.seq > before.seq);
    let copies = house.store.reads().copies(after.id).unwrap();
    assert_eq!(copies[0].revision, 2);
    assert!(house.stories("ten").is_empty(), "the old words are gone");
    assert_eq!(house.stories("eleven").len(), 1);
}

#[test]
fn a_changed_guid_on_the_same_page_is_the_same_article() {
    let house = House::new();
    let feed = house.subscribe("a.example");
    house.poll(
        feed,
        vec![draft("a.example", 1, "Boats", "Ten boats came.")],
    );
    let mut renamed = draft("a.example", 1, "Boats", "Ten boats came.");
    renamed.guid = Some("other".to_owned());
    renamed.key = "guid:other".to_owned();
    let second = house.poll(feed, vec![renamed]);
    assert_eq!(second.new, 0);
    assert_eq!(house.river().len(), 1);
}

#[test]
fn copies_are_joined_by_equal_text_and_by_canonical_url() {
    let house = House::new();
    let (a, b, c) = (
        house.subscribe("a.example"),
        house.subscribe("b.example"),
        house.subscribe("c.example"),
    );
    house.poll(a, vec![draft("a.example", 1, "Boats come in", &wire())]);
    let joined = house.poll(b, vec![draft("b.example", 7, "Boats come in", &wire())]);
    assert_eq!((joined.new, joined.joined), (1, 1));
    let mut linked = draft("c.example", 9, "Elsewhere: boats", "See what they write.");
    linked.canonical_url = Some(url("https://a.example/1"));
    assert_eq!(house.poll(c, vec![linked]).joined, 1);
    let other = draft(
        "a.example",
        2,
        "Markets",
        "Stocks rose by four points today.",
    );
    house.poll(a, vec![other]);

    let river = house.river();
    assert_eq!(river.len(), 2);
    let story = river.iter().find(|s| s.copies == 3).unwrap();
    assert_eq!(story.title, "Boats come in");
    assert_eq!(story.feed.title, "a.example");
    assert_eq!(story.also_in.len(), 2);
    let copies = house.store.reads().copies(story.id).unwrap();
    let signals: Vec<Option<String>> = copies
        .into_iter()
        .map(|c| c.same_as.map(|s| s.signal))
        .collect();
    let told = |s: &str| Some(s.to_owned());
    assert_eq!(signals, [None, told("text"), told("url")]);
    assert_eq!(house.stories("copies>=3").len(), 1);
}

#[test]
fn a_story_keeps_gathering_copies_after_a_restart() {
    let house = House::new();
    let (a, b) = (house.subscribe("a.example"), house.subscribe("b.example"));
    house.poll(a, vec![draft("a.example", 1, "Boats", &wire())]);
    let House { store, clock, dir } = house;
    drop(store);
    let store = Store::open(&options(dir.path()), clock.clone()).unwrap();
    let house = House { store, clock, dir };
    let joined = house.poll(b, vec![draft("b.example", 1, "Boats", &wire())]);
    assert_eq!(joined.joined, 1);
}

#[test]
fn search_and_the_evaluator_say_the_same() {
    let house = House::new();
    let feed = house.subscribe("a.example");
    let texts = [
        ("Ukraine talks go on", "The armed forces held the line."),
        ("Sport: the cup", "Ukraine won the cup in Kyiv."),
        (
            "Nuclear plant",
            "Émigrés spoke of defence and nuclear power.",
        ),
        ("Weather", "Armed with forces of nature, the storm came."),
    ];
    let drafts = texts
        .iter()
        .enumerate()
        .map(|(n, (title, body))| draft("a.example", n, title, body))
        .collect();
    house.poll(feed, drafts);
    for (expr, found) in [
        ("ukraine", vec!["Sport: the cup", "Ukraine talks go on"]),
        ("title:ukraine -sport", vec!["Ukraine talks go on"]),
        ("\"armed forces\"", vec!["Ukraine talks go on"]),
        ("emigres", vec!["Nuclear plant"]),
        ("nucl*", vec!["Nuclear plant"]),
        ("NEAR(armed nature, 5)", vec!["Weather"]),
        ("/won the c.p/", vec!["Sport: the cup"]),
        ("site:a.example -ukraine", vec!["Nuclear plant", "Weather"]),
        ("defence OR storm", vec!["Nuclear plant", "Weather"]),
        ("feed:b.example", vec![]),
    ] {
        let mut titles: Vec<String> = house
            .stories(expr)
            .into_iter()
            .map(|s| s.content.title)
            .collect();
        titles.sort();
        assert_eq!(titles, found, "{expr}");
    }
}

#[test]
fn a_search_for_what_few_articles_have_finds_the_same_as_any() {
    let house = House::new();
    let (many, other) = (house.subscribe("a.example"), house.subscribe("b.example"));
    house.topics(&[("sea", "boats"), ("late", "feed:b.example")]);
    let written = |host, n, language: &str| Draft {
        language: Some(language.to_owned()),
        ..draft(host, n, &format!("Boats {n}"), "Boats come.")
    };
    let all = narrow::FEW + 1;
    house.poll(
        many,
        (0..all).map(|n| written("a.example", n, "en")).collect(),
    );
    let tags = ["uk", "pt-BR", "ptx", "PT"].into_iter().enumerate();
    house.poll(
        other,
        tags.map(|(n, tag)| written("b.example", all + n, tag))
            .collect(),
    );
    let few = |source: &str| {
        let now = house.clock.now();
        let plan = query::plan::index_plan(&query::parse(source).unwrap(), now);
        let conn = rusqlite::Connection::open(house.dir.path().join("newswire.db")).unwrap();
        match narrow::among(&conn, &plan, now, &Stop::default()).unwrap() {
            narrow::Among::Articles(rows) => Some(rows.len()),
            narrow::Among::Feeds(feeds) => Some(1000 * feeds.len()),
            narrow::Among::All => None,
        }
    };
    let matching = |source: &str| {
        let selection = Selection {
            expr: Some(query::parse(source).unwrap()),
            now: house.clock.now(),
            ..Selection::default()
        };
        house.store.reads().articles(&selection).unwrap().len()
    };
    for (source, expected, matches) in [
        ("lang:uk", Some(1), 1),
        ("lang:pt", Some(2), 2),
        ("lang:xx", Some(0), 0),
        ("lang:en", None, all),
        ("feed:b.example", Some(4), 4),
        ("feed:nowhere", Some(0), 0),
        ("feed:a.example", Some(1000), all),
        ("tag:none", Some(0), 0),
        ("topic:late", Some(4), 4),
        ("topic:sea", None, all + 4),
        ("topic:none", Some(0), 0),
        ("words>=1", None, all + 4),
    ] {
        assert_eq!(few(source), expected, "{source}");
        assert_eq!(matching(source), matches, "{source}");
        assert_eq!(matching(&format!("boats {source}")), matches, "{source}");
        assert_eq!(matching(&format!("ships {source}")), 0, "{source}");
    }
}

#[test]
fn topics_are_tagged_at_ingest_and_again_when_their_definition_changes() {
    let house = House::new();
    let feed = house.subscribe("a.example");
    assert_eq!(house.topics(&[("sea", "boats"), ("many", "copies>=2")]), 2);
    house.poll(feed, vec![draft("a.example", 1, "Boats", &wire())]);
    assert_eq!(house.river()[0].topics, ["sea"]);
    let other = house.subscribe("b.example");
    house.poll(other, vec![draft("b.example", 1, "Boats", &wire())]);
    assert_eq!(house.river()[0].topics, ["many", "sea"]);
    assert_eq!(house.topics(&[("sea", "ships"), ("many", "copies>=2")]), 1);
    assert_eq!(house.river()[0].topics, ["many"]);
    let many = Selection {
        topic: Some("many".to_owned()),
        ..Selection::default()
    };
    assert_eq!(house.store.reads().stories(&many).unwrap().len(), 1);
}

#[test]
fn a_topic_of_any_length_that_is_read_is_in_force() {
    let house = House::new();
    let feed = house.subscribe("a.example");
    let words: Vec<String> = (0..990).map(|n| format!("w{n:057}")).collect();
    let source = format!("title:({} OR boats)", words.join(" OR "));
    let canonical = query::parse(&source).unwrap().to_string();
    assert!(
        canonical.len() > query::parse::EXPR_BYTES_MAX,
        "too long to be read again"
    );
    house.topics(&[("long", &source)]);
    house.poll(feed, vec![draft("a.example", 1, "Boats", &wire())]);
    assert_eq!(house.river()[0].topics, ["long"]);
}

#[test]
fn a_lost_lease_writes_nothing() {
    let house = House::new();
    let feed = house.subscribe("a.example");
    let stale = house.claim(feed);
    house.clock.advance(60 * MINUTE);
    let _newer = house.claim(feed);
    let late = house.commit_of(stale, vec![draft("a.example", 1, "Boats", "Late.")]);
    assert!(
        house
            .store
            .commit(house.store.prepare(late))
            .unwrap()
            .lease_lost
    );
    assert!(house.river().is_empty());
}

#[test]
fn pages_of_the_river_have_neither_gap_nor_repeat() {
    let house = House::new();
    let feed = house.subscribe("a.example");
    let body = |n: usize| format!("Report {n} tells of {n} boats.");
    let drafts = (0..25)
        .map(|n| draft("a.example", n, &format!("Report {n}"), &body(n)))
        .collect();
    house.poll(feed, drafts);
    let all: Vec<_> = house.river().iter().map(|s| s.id).collect();
    assert_eq!(all.len(), 25);
    let mut paged = Vec::new();
    let mut before = None;
    loop {
        let page = Selection {
            before,
            limit: Some(7),
            ..Selection::default()
        };
        let page = house.store.reads().stories(&page).unwrap();
        let Some(last) = page.last() else { break };
        before = Some(RiverPlace {
            arrived: last.arrived,
            story: last.id,
        });
        paged.extend(page.iter().map(|s| s.id));
        house.poll(
            feed,
            vec![draft("a.example", 100 + paged.len(), "New", "Newer.")],
        );
    }
    assert_eq!(paged, all);
}

#[test]
fn rel_09_what_was_pruned_does_not_come_back() {
    let house = House::new();
    let feed = house.subscribe("a.example");
    let old = || vec![draft("a.example", 1, "Boats", "Ten boats came.")];
    house.poll(feed, old());
    house.clock.advance(30 * DAY);
    let dry = house.store.prune(Some(7 * DAY), 1000, true).unwrap();
    assert_eq!((dry.articles, dry.stories), (1, 1));
    assert_eq!(house.river().len(), 1, "a dry run removes nothing");
    let pruned = house.store.prune(Some(7 * DAY), 1000, false).unwrap();
    assert_eq!((pruned.articles, pruned.stories), (1, 1));
    assert!(house.river().is_empty());
    assert!(house.stories("boats").is_empty());
    assert_eq!(house.poll(feed, old()).new, 0);
    assert!(house.river().is_empty());
}

#[test]
fn retention_by_count_goes_part_by_part_and_tombstones_go_when_they_are_old() {
    let house = House::new();
    let feed = house.subscribe("a.example");
    let all = |numbers: std::ops::Range<usize>| -> Vec<Draft> {
        numbers
            .map(|n| {
                draft(
                    "a.example",
                    n,
                    &format!("Boat {n}"),
                    &format!("Boat {n} came."),
                )
            })
            .collect()
    };
    for first in (0..600).step_by(100) {
        house.poll(feed, all(first..first + 100));
    }
    let pruned = house.store.prune(None, 10, false).unwrap();
    assert_eq!((pruned.articles, pruned.stories), (590, 590));
    assert_eq!(house.river().len(), 10);
    assert_eq!(house.stories("boat").len(), 10);
    assert_eq!(house.store.reads().verify().unwrap(), Vec::<String>::new());
    assert_eq!(house.poll(feed, all(0..100)).new, 0);
    house.clock.advance(390 * DAY);
    assert_eq!(house.poll(feed, all(600..610)).new, 10);
    house.clock.advance(11 * DAY);
    house.store.prune(None, 10, false).unwrap();
    assert_eq!(house.poll(feed, all(0..100)).new, 100);
}

#[test]
fn rel_09_what_was_pruned_does_not_come_back_in_years_while_its_feed_lists_it() {
    let house = House::new();
    let feed = house.subscribe("a.example");
    let article = |n| draft("a.example", n, &format!("Boat {n}"), "A boat came.");
    house.poll(feed, vec![article(1)]);
    house.clock.advance(200 * DAY);
    let prune = || house.store.prune(Some(180 * DAY), 1000, false).unwrap();
    assert_eq!(prune().articles, 1);
    // It has the old ones below each new one.
    for n in 2..8 {
        house.clock.advance(200 * DAY);
        assert_eq!(house.poll(feed, (1..=n).map(article).collect()).new, 1);
        prune();
    }
    // For longer than any tombstone it has nothing to say; then it does.
    house.clock.advance(900 * DAY);
    prune();
    let all = (1..9).map(article).collect();
    assert_eq!(house.poll(feed, all).new, 1);
}

#[test]
fn what_another_process_wrote_gathers_copies_too() {
    let house = House::new();
    let (a, b, c) = (
        house.subscribe("a.example"),
        house.subscribe("b.example"),
        house.subscribe("c.example"),
    );
    let text: String = (0..60).map(|n| format!("word{n} ")).collect();
    house.poll(a, vec![draft("a.example", 1, "Boats", "Ten boats came.")]);
    let here = house.store;
    let there = Store::open(&options(house.dir.path()), house.clock.clone()).unwrap();
    let house = House {
        store: there,
        ..house
    };
    house.poll(b, vec![draft("b.example", 2, "Rain", &text)]);
    let house = House {
        store: here,
        ..house
    };
    // A poll without a document passes over what it did not look at.
    let mut unchanged = house.commit_of(house.claim(a), Vec::new());
    unchanged.document = None;
    house.store.commit(house.store.prepare(unchanged)).unwrap();
    assert_eq!(
        house
            .poll(c, vec![draft("c.example", 3, "Rain", &text)])
            .joined,
        1
    );
}

#[test]
fn rel_11_a_backup_is_the_whole_store_and_both_verify() {
    let house = House::new();
    let feed = house.subscribe("a.example");
    house.poll(
        feed,
        vec![draft("a.example", 1, "Boats", "Ten boats came.")],
    );
    let copy = house.dir.path().join("copy.db");
    house.store.backup(&copy).unwrap();
    let restored = Reads::open(&copy).unwrap();
    let whole = restored.stories(&Selection::default()).unwrap();
    assert_eq!(whole, house.river());
    assert_eq!(restored.verify().unwrap(), Vec::<String>::new());
    assert_eq!(house.store.reads().verify().unwrap(), Vec::<String>::new());
}

#[test]
fn a_check_finds_no_fault_in_what_was_written_since_somebody_searched() {
    let house = House::new();
    let feed = house.subscribe("a.example");
    for n in 0..60 {
        let article = draft(
            "a.example",
            n,
            &format!("Boat {n}"),
            &format!("Boat {n} came."),
        );
        house.poll(feed, vec![article]);
        if n % 20 == 0 {
            assert!(!house.stories("boat").is_empty());
        }
    }
    assert_eq!(house.store.reads().verify().unwrap(), Vec::<String>::new());
}

#[test]
fn rel_11_a_backup_made_while_others_write_is_the_store_at_one_moment() {
    let house = House::new();
    let feed = house.subscribe("a.example");
    house.poll(feed, (0..300).map(boat).collect());
    let copies: Vec<_> = (0..4)
        .map(|n| house.dir.path().join(format!("{n}.db")))
        .collect();
    std::thread::scope(|scope| {
        let made = scope.spawn(|| {
            for copy in &copies {
                house.store.backup(copy).unwrap();
            }
        });
        let mut n = 300;
        while !made.is_finished() {
            // Old ones change, new ones come: always two at once.
            let edited = Draft {
                digest: identity::digest_of(n.to_string().as_bytes()),
                ..boat(n % 300)
            };
            house.poll(feed, vec![edited, boat(n)]);
            n += 1;
        }
    });
    let of = |reads: &Reads| reads.articles(&Selection::default()).unwrap();
    let now = of(house.store.reads());
    for copy in &copies {
        let restored = Reads::open(copy).unwrap();
        assert_eq!(restored.verify().unwrap(), Vec::<String>::new());
        let sequence = restored.sequence().unwrap();
        let kept = of(&restored);
        let edits: u64 = kept.iter().map(|a| u64::from(a.revision) - 1).sum();
        assert_eq!(
            kept.len() as u64 - 300,
            edits,
            "of each poll all or nothing"
        );
        // What has not changed since is there as it is here.
        for article in now.iter().filter(|a| a.seq <= sequence) {
            assert!(kept.contains(article), "{article:?}");
        }
    }
}

#[test]
fn rel_10_the_history_of_a_feed_is_bounded_and_ends_with_the_feed() {
    let house = House::new();
    let feeds: Vec<FeedRow> = (0..8)
        .map(|n| house.subscribe(&format!("h{n}.example")))
        .collect();
    let paragraphs = |n: u64| vec![vec![n, n + 1]];
    for n in 0..70 {
        for &feed in &feeds {
            let mut commit = house.commit_of(
                house.claim(feed),
                vec![draft("a.example", n, &format!("Boat {n}"), "A boat came.")],
            );
            commit.document.as_mut().unwrap().paragraphs = paragraphs(n as u64 * 2);
            house.store.commit(house.store.prepare(commit)).unwrap();
        }
    }
    let conn = rusqlite::Connection::open(house.dir.path().join("newswire.db")).unwrap();
    let most = |table: &str| -> i64 {
        let sql = format!(
            "SELECT coalesce(max(n), 0) FROM (SELECT count(*) n FROM {table} GROUP BY feed)"
        );
        conn.query_row(&sql, [], |r| r.get(0)).unwrap()
    };
    assert!((50..=58).contains(&most("polls")), "{}", most("polls"));
    assert_eq!(most("paragraphs"), 140);

    for &feed in &feeds {
        house.store.unsubscribe(feed).unwrap();
    }
    house.clock.advance(29 * DAY);
    house.store.prune(None, 10_000, false).unwrap();
    assert_ne!(most("polls"), 0, "it may come back");
    house.clock.advance(2 * DAY);
    house.store.prune(None, 10_000, false).unwrap();
    assert_eq!((most("polls"), most("paragraphs")), (0, 0));
    assert_eq!(house.river().len(), 70, "the articles stay");
}

#[test]
fn unsubscribing_keeps_the_articles_and_status_counts() {
    let house = House::new();
    let feed = house.subscribe("a.example");
    house.poll(
        feed,
        vec![draft("a.example", 1, "Boats", "Ten boats came.")],
    );
    let status = house.store.reads().status(house.clock.now()).unwrap();
    assert_eq!((status.feeds, status.articles, status.stories), (1, 1, 1));
    let detail = house.store.reads().feed(feed).unwrap().unwrap();
    assert_eq!(detail.feed.articles, 1);
    assert_eq!(detail.polls.len(), 1);
    assert_eq!(detail.validators.len(), 1);
    let overview = house.store.reads().overview(house.clock.now()).unwrap();
    assert_eq!(overview.status, status);
    assert_eq!(overview.articles_daily.iter().sum::<u64>(), 1);
    assert_eq!(overview.joined_daily.iter().sum::<u64>(), 0);
    let host = detail.host.unwrap();
    assert_eq!((host.feeds, host.next_poll.is_some()), (1, true));
    assert_eq!(
        overview.hosts,
        [host],
        "a host is told alike by its feed and in the overview"
    );
    house.store.unsubscribe(feed).unwrap();
    assert_eq!(house.store.reads().feeds().unwrap(), []);
    assert_eq!(house.river().len(), 1);
}

#[test]
fn a_feed_has_one_title_wherever_it_is_shown() {
    let house = House::new();
    let feed = NewFeed {
        url: url("https://a.example/feed"),
        title: None,
        folder: None,
        tags: Vec::new(),
        settings: FeedSettings::default(),
        declared: false,
    };
    let feed = house.store.subscribe(vec![feed]).unwrap()[0].row;
    let titles = || {
        let listed = house.store.reads().feeds().unwrap().remove(0).title;
        (listed, house.river().remove(0).content.feed.title)
    };
    house.poll(
        feed,
        vec![draft("a.example", 1, "Boats", "Ten boats came.")],
    );
    let host = || "a.example".to_owned();
    assert_eq!(titles(), (host(), host()), "untitled: by its host");
    let mut named = house.commit_of(house.claim(feed), Vec::new());
    named.document.as_mut().unwrap().title = Some("The Argus".to_owned());
    house.store.commit(house.store.prepare(named)).unwrap();
    let argus = || "The Argus".to_owned();
    assert_eq!(titles(), (argus(), argus()));
    let mut nameless = house.commit_of(house.claim(feed), Vec::new());
    nameless.document.as_mut().unwrap().title = Some(String::new());
    house.store.commit(house.store.prepare(nameless)).unwrap();
    assert_eq!(titles(), (argus(), argus()), "an empty title names nothing");
}

#[test]
fn a_late_copy_makes_one_story_of_two_and_both_ids_still_lead_there() {
    let house = House::new();
    let (a, b, c) = (
        house.subscribe("a.example"),
        house.subscribe("b.example"),
        house.subscribe("c.example"),
    );
    house.topics(&[("boats", "boats")]);
    let text = wire();
    let words: Vec<&str> = text.split(' ').collect();
    let (beginning, end) = (words[..30].join(" "), words[20..].join(" "));
    house.poll(a, vec![draft("a.example", 1, "Boats", &beginning)]);
    house.poll(b, vec![draft("b.example", 1, "Ships", &end)]);
    let ids: Vec<_> = house.river().iter().map(|s| s.id).collect();
    assert_eq!(ids.len(), 2, "too little in common");
    let (younger, older) = (ids[0], ids[1]);
    house.poll(c, vec![draft("c.example", 1, "Boats and ships", &text)]);
    let river = house.river();
    assert_eq!(river.len(), 1);
    assert_eq!((river[0].id, river[0].copies), (older, 3));
    assert_eq!(river[0].topics, ["boats"]);
    for id in [older, younger] {
        assert_eq!(house.store.reads().story(id).unwrap().unwrap().id, older);
    }
    let copies = house.store.reads().copies(older).unwrap();
    assert_eq!(copies.iter().filter(|c| c.same_as.is_none()).count(), 1);
    assert_eq!(house.store.reads().verify().unwrap(), Vec::<String>::new());
}

#[test]
fn a_changed_topic_is_told_anew_part_by_part_from_the_newest_down() {
    let house = House::new();
    let feed = house.subscribe("a.example");
    let boats = |n: usize| draft("a.example", n, &format!("Boats {n}"), &format!("Ship {n}."));
    let rows = 90;
    for n in 0..rows {
        house.poll(feed, vec![boats(n)]);
    }
    let expr = query::parse("/^Boats \\d*7$/").unwrap();
    let mut raw = opening::writer(&house.dir.path().join("newswire.db"), false).unwrap();
    raw.execute(
        "INSERT INTO topics (name, title, source, expr, untold) VALUES ('sevens', '', ?1, ?1, ?2)",
        rusqlite::params![expr.to_string(), rows as i64],
    )
    .unwrap();
    let ids = |stories: Vec<StoryView>| -> Vec<_> { stories.iter().map(|s| s.id).collect() };
    let members = || {
        let of_topic = Selection {
            topic: Some("sevens".to_owned()),
            ..Selection::default()
        };
        ids(house.store.reads().stories(&of_topic).unwrap())
    };
    let matching = ids(house.stories("/^Boats \\d*7$/"));
    let (mut is_left, mut parts, mut told) = (true, 0, Vec::new());
    while is_left {
        let before = house.store.reads().sequence().unwrap();
        // Immediate: the writer's maintenance may write between a read and a write of ours.
        let tx = raw
            .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)
            .unwrap();
        let now = house.clock.now();
        // No time at all: the least that can be done.
        is_left = backfill::go_on(&tx, &[(1, &expr)], now, std::time::Instant::now()).unwrap();
        tx.commit().unwrap();
        let more = members();
        assert_eq!(more[..], matching[..more.len()], "the newest first");
        let moved = house.store.reads().sequence().unwrap() > before;
        assert_eq!(moved, more.len() > told.len(), "who shows it looks again");
        told = more;
        parts += 1;
    }
    assert!(parts > 3, "{parts}");
    assert_eq!(members(), matching);
}

#[test]
fn rel_01_a_large_poll_is_stored_as_a_whole_or_not_at_all() {
    let house = House::new();
    let feed = house.subscribe("a.example");
    house.poll(feed, vec![boat(9000)]);
    let other = rusqlite::Connection::open(house.dir.path().join("newswire.db")).unwrap();
    other
        .execute_batch(
            "CREATE TRIGGER fails BEFORE INSERT ON articles WHEN NEW.title = 'Boat 399'
             BEGIN SELECT RAISE (ABORT, 'no'); END",
        )
        .unwrap();
    house.clock.advance(MINUTE);
    let all = || (0..400).map(boat).collect();
    let commit = house.commit_of(house.claim(feed), all());
    assert!(house.store.commit(house.store.prepare(commit)).is_err());
    assert_eq!(house.stories("boat").len(), 1);
    other.execute_batch("DROP TRIGGER fails").unwrap();
    house.clock.advance(60 * MINUTE);
    assert_eq!(house.poll(feed, all()).new, 400);
    assert_eq!(house.stories("boat").len(), 401);
    let edited = all().into_iter().map(|d: Draft| Draft {
        digest: identity::digest_of(&[7]),
        title: format!("{} again", d.title),
        ..d
    });
    assert_eq!(house.poll(feed, edited.collect()).changed, 400);
    assert_eq!(house.stories("again").len(), 400);
    assert_eq!(house.store.reads().verify().unwrap(), Vec::<String>::new());
}

#[test]
fn a_feed_of_many_articles_is_filed_otherwise_part_by_part() {
    let house = House::new();
    let (many, few) = (
        house.subscribe("many.example"),
        house.subscribe("few.example"),
    );
    house.topics(&[("filed", "tag:sea"), ("both", "topic:filed boat")]);
    let article = |host: &str, n| draft(host, n, &format!("Boat {n}"), &format!("{host} {n}"));
    house.poll(many, (0..600).map(|n| article("many.example", n)).collect());
    house.poll(few, (0..3).map(|n| article("few.example", n)).collect());
    let filed = |feed, folder: &str| {
        let change = FeedChange {
            folder: Some(folder.to_owned()),
            ..FeedChange::default()
        };
        house.store.change_feed(feed, change).unwrap();
    };
    filed(few, "sea");
    house.store.settle_topics().unwrap();
    assert_eq!(house.stories("topic:filed").len(), 3);
    let before = house.store.reads().sequence().unwrap();
    filed(many, "sea");
    assert!(house.store.reads().sequence().unwrap() > before);
    house.store.settle_topics().unwrap();
    assert_eq!(house.stories("topic:filed").len(), 603);
    assert_eq!(house.stories("topic:both").len(), 603);
    filed(many, "land");
    house.store.settle_topics().unwrap();
    assert_eq!(house.stories("topic:filed").len(), 3);
}

#[test]
fn sec_21_a_search_gives_up_when_it_is_told_wherever_it_is() {
    let house = House::new();
    let feed = house.subscribe("a.example");
    house.poll(feed, vec![draft("a.example", 1, "Boats", "Ten boats.")]);
    for source in ["boats", "/b.at/", "bo*", "-ships", "copies>=1"] {
        let selection = Selection {
            expr: Some(query::parse(source).unwrap()),
            ..Selection::default()
        };
        let stop = Stop::after(MINUTE);
        let reads = house.store.reads().stopping(stop.clone());
        assert_eq!(reads.stories(&selection).unwrap().len(), 1, "{source}");
        stop.cancel();
        let e = reads.stories(&selection).unwrap_err();
        assert!(matches!(e, StoreError::Busy(_)), "{source}: {e}");
        let late = house.store.reads().stopping(Stop::after(Duration::ZERO));
        assert!(late.articles(&selection).is_err(), "{source}");
        assert_eq!(house.store.reads().articles(&selection).unwrap().len(), 1);
    }
}

#[test]
fn a_hundred_exclusions_are_one_query() {
    let house = House::new();
    let feed = house.subscribe("a.example");
    house.poll(feed, vec![draft("a.example", 1, "Boats", "Ten boats.")]);
    let exclusions: Vec<String> = (0..900).map(|n| format!("-w{n}")).collect();
    assert_eq!(
        house
            .stories(&format!("boats {}", exclusions.join(" ")))
            .len(),
        1
    );
    let either = exclusions.join(" OR ").replace('-', "");
    assert_eq!(house.stories(&format!("boats OR {either}")).len(), 1);
}

#[test]
fn sec_21_a_renamed_feed_is_told_anew_in_parts_and_costs_its_poll_nothing() {
    let house = House::new();
    let feed = house.subscribe("a.example");
    house.topics(&[("filed", "tag:sea"), ("both", "topic:filed /boat \\d*7/i")]);
    let boats = |n| draft("a.example", n, &format!("Boat {n}"), &format!("Ship {n}"));
    house.poll(feed, (0..60).map(boats).collect());
    let mut conn = opening::writer(&house.dir.path().join("newswire.db"), false).unwrap();
    conn.execute("UPDATE feeds SET folder = 'sea'", []).unwrap();
    let mut tagger = Tagger::default();
    let now = house.clock.now();
    let changes = conn.total_changes();
    tagger.feeds_changed(&conn, &[feed], now).unwrap();
    assert!(
        conn.total_changes() - changes < 5,
        "only that there is work"
    );
    assert!(tagger.has_begun() && !tagger.has_begun());
    let (mut is_left, mut parts) = (true, 0);
    while is_left {
        let tx = conn.transaction().unwrap();
        // No time at all: the least that can be done.
        is_left = tagger.go_on(&tx, now, std::time::Instant::now()).unwrap();
        tx.commit().unwrap();
        parts += 1;
    }
    assert!(parts >= 60, "{parts}");
    assert_eq!(house.stories("topic:filed").len(), 60);
    assert_eq!(house.stories("topic:both").len(), 6);
}

#[test]
fn sec_21_texts_are_read_for_topics_before_the_write_lock_is_taken() {
    let house = House::new();
    let feed = house.subscribe("a.example");
    house.topics(&[("sea", "NEAR(ten boats, 3) OR /ships?/")]);
    let article = |n| draft("a.example", n, "News", &format!("Ten red boats {n}."));
    house.clock.advance(MINUTE);
    let commit = house.commit_of(house.claim(feed), vec![article(1)]);
    let mut ready = house.store.prepare(commit);
    // With no text left, only what was read before can tell.
    ready.drafts[0].folded = query::Folded::default();
    house.store.commit(ready).unwrap();
    assert_eq!(house.stories("topic:sea").len(), 1);

    house.clock.advance(MINUTE);
    let commit = house.commit_of(house.claim(feed), vec![article(1), article(2)]);
    let ready = house.store.prepare(commit);
    house.topics(&[("sea", "red -1")]);
    house.store.commit(ready).unwrap();
    assert_eq!(house.stories("topic:sea").len(), 1, "as defined now");
}

#[test]
fn a_copy_more_or_less_moves_the_others_over_a_count() {
    let house = House::new();
    let feeds = ["a.example", "b.example", "c.example"].map(|host| house.subscribe(host));
    house.topics(&[
        ("two", "copies>=2 boat"),
        ("one", "feeds=1"),
        ("not", "topic:two -ten"),
    ]);
    let text = "Ten boats came into the harbour at noon, and the wind was high and from the north.";
    let copy = |host| draft(host, 1, "Boat", text);
    let members = |topic: &str| {
        let of_topic = Selection {
            topic: Some(topic.to_owned()),
            ..Selection::default()
        };
        house.store.reads().articles(&of_topic).unwrap().len()
    };
    house.poll(feeds[0], vec![copy("a.example")]);
    assert_eq!((members("two"), members("one")), (0, 1));
    house.poll(feeds[1], vec![copy("b.example")]);
    assert_eq!((members("two"), members("one"), members("not")), (2, 0, 0));
    house.poll(feeds[2], vec![copy("c.example")]);
    assert_eq!(members("two"), 3);
    let raw = opening::writer(&house.dir.path().join("newswire.db"), false).unwrap();
    let lists: i64 = raw
        .query_row("SELECT count(*) FROM backfill", [], |r| r.get(0))
        .unwrap();
    assert_eq!(lists, 0, "no topic cares whether it is two or three");
    house.clock.advance(DAY);
    house.store.prune(None, 0, false).unwrap();
    house.store.settle_topics().unwrap();
    assert_eq!((members("two"), members("one")), (0, 0));
}

#[test]
fn what_is_untold_when_the_store_closes_is_told_when_it_opens() {
    let house = House::new();
    let feed = house.subscribe("a.example");
    house.poll(feed, vec![draft("a.example", 1, "Boats", "Ten.")]);
    let House { store, clock, dir } = house;
    let raw = opening::writer(&dir.path().join("newswire.db"), false).unwrap();
    drop(store);
    raw.execute(
        "INSERT INTO topics (name, title, source, expr, untold) VALUES ('sea', '', 'boats', 'boats', 1)",
        [],
    )
    .unwrap();
    drop(raw);
    let store = Store::open(&options(dir.path()), clock).unwrap();
    store.settle_topics().unwrap();
    assert_eq!(store.reads().topics().unwrap()[0].stories, 1);
}
