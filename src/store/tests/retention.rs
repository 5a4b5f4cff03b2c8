//! What is pruned stays pruned, and what remains of it does not grow without bound.

use super::*;

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
