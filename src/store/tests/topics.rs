//! Topics: members are found at ingest, and again in parts when a definition, a feed or a count changes.

use super::*;

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
fn a_changed_topic_is_computed_again_in_parts_from_the_newest_down() {
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
        "INSERT INTO topics (name, title, source, expr, to_backfill) VALUES ('sevens', '', ?1, ?1, ?2)",
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
fn sec_21_articles_of_a_renamed_feed_are_evaluated_again_in_parts() {
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
fn a_backfill_that_was_cut_short_continues_when_the_store_opens() {
    let house = House::new();
    let feed = house.subscribe("a.example");
    house.poll(feed, vec![draft("a.example", 1, "Boats", "Ten.")]);
    let House { store, clock, dir } = house;
    let raw = opening::writer(&dir.path().join("newswire.db"), false).unwrap();
    drop(store);
    raw.execute(
        "INSERT INTO topics (name, title, source, expr, to_backfill) VALUES ('sea', '', 'boats', 'boats', 1)",
        [],
    )
    .unwrap();
    drop(raw);
    let store = Store::open(&options(dir.path()), clock).unwrap();
    store.settle_topics().unwrap();
    assert_eq!(store.reads().topics().unwrap()[0].stories, 1);
}
