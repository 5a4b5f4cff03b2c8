//! Membership in topics is stored; it must be what the expression says of what is stored now, whatever changed: the
//! topics, the feeds, the copies.

use std::time::Duration;

use newswire::store::{FeedChange, Selection};

use crate::support::shelf::{Shelf, draft};

fn members(shelf: &Shelf, topic: &str) -> Vec<String> {
    let selection = Selection {
        topic: Some(topic.to_owned()),
        ..Selection::default()
    };
    let stories = shelf.store.reads().stories(&selection).unwrap();
    for story in &stories {
        assert!(story.topics.iter().any(|t| t == topic), "{story:?}");
    }
    let mut titles: Vec<String> = stories.into_iter().map(|s| s.content.title).collect();
    titles.sort();
    titles
}

#[test]
fn the_first_document_is_tagged_by_the_title_that_it_brings() {
    let shelf = Shelf::new();
    shelf.topics(&[("argus", "feed:argus boats")]);
    let feed = shelf.subscribe_titled("a.example", None);
    let boats = draft("a.example", 1, "Boats", "Ten boats came.");
    shelf.put_titled(feed, Some("The Argus"), vec![boats]);
    assert_eq!(members(&shelf, "argus"), ["Boats"]);
}

#[test]
fn what_a_feed_is_called_tags_what_it_brought_before() {
    let shelf = Shelf::new();
    shelf.topics(&[
        ("argus", "feed:argus"),
        ("sea", "tag:sea"),
        ("both", "topic:sea"),
    ]);
    let feed = shelf.subscribe_titled("a.example", None);
    let other = shelf.subscribe("b.example");
    shelf.put_titled(
        feed,
        Some("The Post"),
        vec![draft("a.example", 1, "Boats", "Ten.")],
    );
    shelf.put(other, vec![draft("b.example", 1, "Ships", "Eleven.")]);
    assert!(members(&shelf, "argus").is_empty() && members(&shelf, "sea").is_empty());

    let ships = draft("a.example", 2, "Sails", "Twelve.");
    shelf.put_titled(feed, Some("The Argus"), vec![ships]);
    assert_eq!(
        members(&shelf, "argus"),
        ["Boats", "Sails"],
        "the publisher's"
    );
    let titled = FeedChange {
        title: Some("Mine".to_owned()),
        tags: Some(vec!["sea".to_owned()]),
        ..FeedChange::default()
    };
    let before = shelf.store.reads().sequence().unwrap();
    shelf.store.change_feed(feed, titled).unwrap();
    shelf.store.settle_topics().unwrap();
    assert!(members(&shelf, "argus").is_empty(), "the user's title wins");
    assert_eq!(members(&shelf, "sea"), ["Boats", "Sails"]);
    assert_eq!(members(&shelf, "both"), ["Boats", "Sails"]);
    let after = shelf.store.reads().sequence().unwrap();
    assert!(after > before, "whoever shows stories must look again");
    let folder = FeedChange {
        tags: Some(Vec::new()),
        folder: Some("news/sea".to_owned()),
        ..FeedChange::default()
    };
    shelf.store.change_feed(feed, folder).unwrap();
    shelf.store.settle_topics().unwrap();
    assert_eq!(members(&shelf, "sea"), ["Boats", "Sails"], "by its folder");
}

#[test]
fn a_declared_feed_with_new_tags_is_tagged_anew() {
    let shelf = Shelf::new();
    shelf.topics(&[("sea", "tag:sea")]);
    let declared = |tags: &[&str]| {
        let mut feed = crate::support::House::feed("https://a.example/feed");
        feed.declared = true;
        feed.tags = tags.iter().map(|&t| t.to_owned()).collect();
        vec![feed]
    };
    shelf.store.reconcile(declared(&[])).unwrap();
    let feed = shelf.store.reads().feeds().unwrap()[0].row;
    shelf.put(feed, vec![draft("a.example", 1, "Boats", "Ten.")]);
    assert!(members(&shelf, "sea").is_empty());
    shelf.store.reconcile(declared(&["sea"])).unwrap();
    shelf.store.settle_topics().unwrap();
    assert_eq!(members(&shelf, "sea"), ["Boats"]);
    let before = shelf.store.reads().sequence().unwrap();
    shelf.store.reconcile(declared(&["sea"])).unwrap();
    assert_eq!(shelf.store.reads().sequence().unwrap(), before);
}

#[test]
fn a_topic_sees_another_one_wherever_that_stands() {
    let shelf = Shelf::new();
    let feed = shelf.subscribe("a.example");
    shelf.topics(&[("talks", "topic:war talks")]);
    shelf.topics(&[("talks", "topic:war talks"), ("war", "ukraine")]);
    let talks = |n| draft("a.example", n, &format!("Ukraine talks {n}"), "They go on.");
    shelf.put(feed, vec![talks(1)]);
    assert_eq!(members(&shelf, "talks"), ["Ukraine talks 1"]);
    shelf.topics(&[("war", "kyiv"), ("talks", "topic:war talks")]);
    assert!(members(&shelf, "talks").is_empty(), "it follows the other");
    shelf.topics(&[("war", "ukrain*"), ("talks", "topic:war talks")]);
    assert_eq!(members(&shelf, "talks"), ["Ukraine talks 1"]);
    shelf.topics(&[("talks", "topic:war talks")]);
    assert!(members(&shelf, "talks").is_empty(), "the other is gone");
}

#[test]
fn a_new_title_alone_moves_the_sequence_and_nothing_moves_nothing() {
    let shelf = Shelf::new();
    shelf.topics(&[("sea", "boats")]);
    let first = shelf.store.reads().sequence().unwrap();
    shelf.topics(&[("sea", "boats")]);
    assert_eq!(shelf.store.reads().sequence().unwrap(), first);
    let mut named = shelf.definitions(&[("sea", "boats")]);
    named[0].title = "The sea".to_owned();
    assert_eq!(shelf.store.set_topics(named).unwrap(), 1);
    assert!(shelf.store.reads().sequence().unwrap() > first);
}

#[test]
fn a_story_leaves_a_topic_with_the_last_copy_that_belongs_to_it() {
    let shelf = Shelf::new();
    shelf.topics(&[("first", "feed:a.example"), ("many", "copies>=2")]);
    let (a, b) = (shelf.subscribe("a.example"), shelf.subscribe("b.example"));
    let mut copy = draft("b.example", 1, "Boats", "See there.");
    shelf.put(a, vec![draft("a.example", 1, "Boats", "Ten boats came.")]);
    shelf.clock.advance(Duration::from_secs(5 * 86_400));
    copy.canonical_url = draft("a.example", 1, "", "").canonical_url;
    shelf.put(b, vec![copy]);
    assert_eq!(members(&shelf, "first"), ["Boats"]);
    assert_eq!(members(&shelf, "many"), ["Boats"]);
    let keep = Some(Duration::from_secs(2 * 86_400));
    assert_eq!(shelf.store.prune(keep, 1000, false).unwrap().articles, 1);
    shelf.store.settle_topics().unwrap();
    assert!(members(&shelf, "first").is_empty());
    assert!(members(&shelf, "many").is_empty());
}

#[test]
fn relative_times_in_a_topic_are_told_anew() {
    let shelf = Shelf::new();
    shelf.topics(&[("fresh", "boats since:2d"), ("old", "boats until:2d")]);
    let feed = shelf.subscribe("a.example");
    shelf.put(
        feed,
        vec![draft("a.example", 1, "Boats", "Ten boats came.")],
    );
    assert_eq!(members(&shelf, "fresh"), ["Boats"]);
    assert!(members(&shelf, "old").is_empty());
    shelf.clock.advance(Duration::from_secs(3 * 86_400));
    shelf.store.refresh_topics().unwrap();
    assert!(members(&shelf, "fresh").is_empty());
    assert_eq!(members(&shelf, "old"), ["Boats"]);
}
