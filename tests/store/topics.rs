//! Membership in topics is stored; it must be what the expression says of what is stored now, whatever changed: the
//! topics, the feeds, the copies.

use std::time::Duration;

use newswire::store::{FeedChange, Selection};

use crate::support::store_fixture::{StoreFixture, draft};

fn members(fixture: &StoreFixture, topic: &str) -> Vec<String> {
    let selection = Selection {
        topic: Some(topic.to_owned()),
        ..Selection::default()
    };
    let stories = fixture.store.reads().stories(&selection).unwrap();
    for story in &stories {
        assert!(story.topics.iter().any(|t| t == topic), "{story:?}");
    }
    let mut titles: Vec<String> = stories.into_iter().map(|s| s.content.title).collect();
    titles.sort();
    titles
}

#[test]
fn the_first_document_is_tagged_by_the_title_that_it_brings() {
    let fixture = StoreFixture::new();
    fixture.topics(&[("argus", "feed:argus boats")]);
    let feed = fixture.subscribe_titled("a.example", None);
    let boats = draft("a.example", 1, "Boats", "Ten boats came.");
    fixture.put_titled(feed, Some("The Argus"), vec![boats]);
    assert_eq!(members(&fixture, "argus"), ["Boats"]);
}

#[test]
fn what_a_feed_is_called_tags_what_it_brought_before() {
    let fixture = StoreFixture::new();
    fixture.topics(&[
        ("argus", "feed:argus"),
        ("sea", "tag:sea"),
        ("both", "topic:sea"),
    ]);
    let feed = fixture.subscribe_titled("a.example", None);
    let other = fixture.subscribe("b.example");
    fixture.put_titled(
        feed,
        Some("The Post"),
        vec![draft("a.example", 1, "Boats", "Ten.")],
    );
    fixture.put(other, vec![draft("b.example", 1, "Ships", "Eleven.")]);
    assert!(members(&fixture, "argus").is_empty() && members(&fixture, "sea").is_empty());

    let ships = draft("a.example", 2, "Sails", "Twelve.");
    fixture.put_titled(feed, Some("The Argus"), vec![ships]);
    assert_eq!(
        members(&fixture, "argus"),
        ["Boats", "Sails"],
        "the publisher's"
    );
    let titled = FeedChange {
        title: Some("Mine".to_owned()),
        tags: Some(vec!["sea".to_owned()]),
        ..FeedChange::default()
    };
    let before = fixture.store.reads().sequence().unwrap();
    fixture.store.change_feed(feed, titled).unwrap();
    fixture.store.settle_topics().unwrap();
    assert!(
        members(&fixture, "argus").is_empty(),
        "the user's title wins"
    );
    assert_eq!(members(&fixture, "sea"), ["Boats", "Sails"]);
    assert_eq!(members(&fixture, "both"), ["Boats", "Sails"]);
    let after = fixture.store.reads().sequence().unwrap();
    assert!(after > before, "whoever shows stories must look again");
    let folder = FeedChange {
        tags: Some(Vec::new()),
        folder: Some("news/sea".to_owned()),
        ..FeedChange::default()
    };
    fixture.store.change_feed(feed, folder).unwrap();
    fixture.store.settle_topics().unwrap();
    assert_eq!(
        members(&fixture, "sea"),
        ["Boats", "Sails"],
        "by its folder"
    );
}

#[test]
fn a_declared_feed_with_new_tags_is_tagged_anew() {
    let fixture = StoreFixture::new();
    fixture.topics(&[("sea", "tag:sea")]);
    let declared = |tags: &[&str]| {
        let mut feed = crate::support::EndToEnd::feed("https://a.example/feed");
        feed.declared = true;
        feed.tags = tags.iter().map(|&t| t.to_owned()).collect();
        vec![feed]
    };
    fixture.store.reconcile(declared(&[])).unwrap();
    let feed = fixture.store.reads().feeds().unwrap()[0].row;
    fixture.put(feed, vec![draft("a.example", 1, "Boats", "Ten.")]);
    assert!(members(&fixture, "sea").is_empty());
    fixture.store.reconcile(declared(&["sea"])).unwrap();
    fixture.store.settle_topics().unwrap();
    assert_eq!(members(&fixture, "sea"), ["Boats"]);
    let before = fixture.store.reads().sequence().unwrap();
    fixture.store.reconcile(declared(&["sea"])).unwrap();
    assert_eq!(fixture.store.reads().sequence().unwrap(), before);
}

#[test]
fn a_topic_sees_another_one_wherever_that_stands() {
    let fixture = StoreFixture::new();
    let feed = fixture.subscribe("a.example");
    fixture.topics(&[("talks", "topic:war talks")]);
    fixture.topics(&[("talks", "topic:war talks"), ("war", "ukraine")]);
    let talks = |n| draft("a.example", n, &format!("Ukraine talks {n}"), "They go on.");
    fixture.put(feed, vec![talks(1)]);
    assert_eq!(members(&fixture, "talks"), ["Ukraine talks 1"]);
    fixture.topics(&[("war", "kyiv"), ("talks", "topic:war talks")]);
    assert!(
        members(&fixture, "talks").is_empty(),
        "it follows the other"
    );
    fixture.topics(&[("war", "ukrain*"), ("talks", "topic:war talks")]);
    assert_eq!(members(&fixture, "talks"), ["Ukraine talks 1"]);
    fixture.topics(&[("talks", "topic:war talks")]);
    assert!(members(&fixture, "talks").is_empty(), "the other is gone");
}

#[test]
fn a_new_title_alone_moves_the_sequence_and_nothing_moves_nothing() {
    let fixture = StoreFixture::new();
    fixture.topics(&[("sea", "boats")]);
    let first = fixture.store.reads().sequence().unwrap();
    fixture.topics(&[("sea", "boats")]);
    assert_eq!(fixture.store.reads().sequence().unwrap(), first);
    let mut named = fixture.definitions(&[("sea", "boats")]);
    named[0].title = "The sea".to_owned();
    assert_eq!(fixture.store.set_topics(named).unwrap(), 1);
    assert!(fixture.store.reads().sequence().unwrap() > first);
}

#[test]
fn a_story_leaves_a_topic_with_the_last_copy_that_belongs_to_it() {
    let fixture = StoreFixture::new();
    fixture.topics(&[("first", "feed:a.example"), ("many", "copies>=2")]);
    let (a, b) = (
        fixture.subscribe("a.example"),
        fixture.subscribe("b.example"),
    );
    let mut copy = draft("b.example", 1, "Boats", "See there.");
    fixture.put(a, vec![draft("a.example", 1, "Boats", "Ten boats came.")]);
    fixture.clock.advance(Duration::from_secs(5 * 86_400));
    copy.canonical_url = draft("a.example", 1, "", "").canonical_url;
    fixture.put(b, vec![copy]);
    assert_eq!(members(&fixture, "first"), ["Boats"]);
    assert_eq!(members(&fixture, "many"), ["Boats"]);
    let keep = Some(Duration::from_secs(2 * 86_400));
    assert_eq!(fixture.store.prune(keep, 1000, false).unwrap().articles, 1);
    fixture.store.settle_topics().unwrap();
    assert!(members(&fixture, "first").is_empty());
    assert!(members(&fixture, "many").is_empty());
}

#[test]
fn relative_times_in_a_topic_are_told_anew() {
    let fixture = StoreFixture::new();
    fixture.topics(&[("fresh", "boats since:2d"), ("old", "boats until:2d")]);
    let feed = fixture.subscribe("a.example");
    fixture.put(
        feed,
        vec![draft("a.example", 1, "Boats", "Ten boats came.")],
    );
    assert_eq!(members(&fixture, "fresh"), ["Boats"]);
    assert!(members(&fixture, "old").is_empty());
    fixture.clock.advance(Duration::from_secs(3 * 86_400));
    fixture.store.refresh_topics().unwrap();
    assert!(members(&fixture, "fresh").is_empty());
    assert_eq!(members(&fixture, "old"), ["Boats"]);
}
