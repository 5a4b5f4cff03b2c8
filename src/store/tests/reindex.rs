//! Stores whose word index was made by an older version: joined words and emoji are indexed from the newest article down.

use std::time::Instant;

use rusqlite::Connection;

use super::*;
use crate::model::{ArticleId, Seq};
use crate::store::file::opening;
use crate::store::search::reindex;
use crate::text::fold::fold;

const ARTICLES: [(&str, &str); 4] = [
    (
        "Wi-Fi for all",
        "The U.S. Navy’s F-35 carries 3,000 boats 🚀.",
    ),
    ("Boats", "Nothing besides words"),
    ("Wi-Fi again", "COVID-19 and boats"),
    ("O'Brien wins", "by e-mail"),
];

/// A store with these articles, indexed as version 14 did, and topics told by that index.
fn of_version_14() -> House {
    let house = House::new();
    house.topics(&[
        ("net", "wifi"),
        ("sky", "title:obrien OR 🚀"),
        ("sea", "boats"),
    ]);
    let feed = house.subscribe("a.example");
    for (n, (title, body)) in ARTICLES.into_iter().enumerate() {
        house.poll(feed, vec![draft("a.example", n, title, body)]);
    }
    let raw = opening::writer(&house.dir.path().join("newswire.db"), false).unwrap();
    raw.execute("DELETE FROM words", []).unwrap();
    for (n, (title, body)) in ARTICLES.into_iter().enumerate() {
        raw.execute(
            "INSERT INTO words (rowid, title, body, author, category, agency) VALUES (?1, ?2, ?3, ' ', ' ', ' ')",
            rusqlite::params![n as i64 + 1, fold(title), fold(body)],
        )
        .unwrap();
    }
    raw.execute_batch(
        "DELETE FROM article_topics WHERE topic IN (SELECT topic FROM topics WHERE name <> 'sea');
         DELETE FROM story_topics WHERE topic IN (SELECT topic FROM topics WHERE name <> 'sea');",
    )
    .unwrap();
    assert!(house.stories("wifi").is_empty());
    raw.execute_batch(include_str!("../migrations/0015.sql"))
        .unwrap();
    house
}

/// What an edit would change.
fn state(house: &House) -> Vec<(ArticleId, Seq, u32)> {
    let articles = house.store.reads().articles(&Selection::default()).unwrap();
    articles.iter().map(|a| (a.id, a.seq, a.revision)).collect()
}

fn count(house: &House, topic: &str) -> u64 {
    let topics = house.store.reads().topics().unwrap();
    topics.iter().find(|t| t.name == topic).unwrap().stories
}

#[test]
fn rel_14_an_older_index_is_made_again_and_no_article_is_changed() {
    let house = of_version_14();
    let before = state(&house);
    let House { store, clock, dir } = house;
    drop(store);
    let store = Store::open(&options(dir.path()), clock.clone()).unwrap();
    let house = House { store, clock, dir };
    house.store.settle_topics().unwrap();
    for (expr, stories) in [
        ("wifi", 2),
        ("title:wif*", 2),
        ("us f35 3000", 1),
        ("🚀", 1),
        ("covid19 boats", 1),
        ("-wifi", 2),
        ("email obrien", 1),
        ("boats", 3),
        ("\"wi fi\"", 2),
        ("\"fi for all\"", 1),
        ("NEAR(wifi all, 1)", 1),
    ] {
        assert_eq!(house.stories(expr).len(), stories, "{expr}");
    }
    assert_eq!(
        (
            count(&house, "net"),
            count(&house, "sky"),
            count(&house, "sea")
        ),
        (2, 2, 3)
    );
    assert_eq!(state(&house), before);
    assert_eq!(house.store.reads().verify().unwrap(), Vec::<String>::new());
    let raw = Connection::open(house.dir.path().join("newswire.db")).unwrap();
    assert!(!reindex::is_left(&raw).unwrap());
}

#[test]
fn where_no_daemon_runs_a_command_goes_on_with_the_index_when_it_ends() {
    let House { store, clock, dir } = of_version_14();
    drop(store);
    drop(Store::open(&options(dir.path()), clock).unwrap());
    let raw = Connection::open(dir.path().join("newswire.db")).unwrap();
    assert!(!reindex::is_left(&raw).unwrap());
}

#[test]
fn an_index_is_made_again_from_the_newest_article_down_in_parts() {
    let house = of_version_14();
    let mut raw = opening::writer(&house.dir.path().join("newswire.db"), false).unwrap();
    let mut found = Vec::new();
    let mut is_left = true;
    while is_left {
        // No time at all: the least that can be done.
        let tx = raw.transaction().unwrap();
        is_left = reindex::go_on(&tx, house.clock.now(), Instant::now()).unwrap();
        tx.commit().unwrap();
        found.push(house.stories("wifi OR obrien").len());
    }
    assert_eq!(found, [1, 2, 2, 3, 3], "an article each time, and the end");
    // Articles that came or went meanwhile do no harm.
    raw.execute("INSERT INTO meta VALUES ('reindex', 99)", [])
        .unwrap();
    raw.execute("DELETE FROM articles WHERE article = 2", [])
        .unwrap();
    let long = Instant::now() + std::time::Duration::from_secs(60);
    assert!(!reindex::go_on(&raw, house.clock.now(), long).unwrap());
    assert_eq!(house.stories("wifi").len(), 2);
}

#[test]
fn an_empty_store_has_nothing_to_index_again() {
    let dir = tempfile::tempdir().unwrap();
    let conn = opening::writer(&dir.path().join("store.db"), false).unwrap();
    assert!(!reindex::is_left(&conn).unwrap());
}
