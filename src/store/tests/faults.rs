//! An error or a panic in one write is that write's own (REL-12).

use std::sync::mpsc;

use rusqlite::Connection;

use super::*;
use crate::faults::{self, Kind};
use crate::store::sql::Sql;
use crate::store::writer::command::{Request, WriteCommand, WriteContext};

/// A command that does what a test wants.
struct Step<F>(F);

impl<F: FnOnce(&Connection) -> Sql<()> + Send + 'static> WriteCommand for Step<F> {
    type Output = ();

    fn apply(self, context: &mut WriteContext<'_>) -> Sql<()> {
        (self.0)(context.conn)
    }
}

fn step<F: FnOnce(&Connection) -> Sql<()> + Send + 'static>(work: F) -> Step<F> {
    Step(work)
}

/// Lets the writer wait until the result is dropped: what is sent meanwhile is one group.
fn hold(house: &House) -> mpsc::Sender<()> {
    let (go, signal) = mpsc::channel();
    let wait = step(move |_| {
        let _ = signal.recv();
        Ok(())
    });
    let request = Request::write(wait, Box::new(|_| {}));
    house.store.send(request).unwrap();
    go
}

fn ready(house: &House, feed: FeedRow, drafts: Vec<Draft>) -> ReadyCommit {
    house
        .store
        .prepare(house.commit_of(house.claim(feed), drafts))
}

#[test]
fn rel_12_a_panic_in_a_command_is_its_own_error_and_nothing_of_it_stays() {
    let house = House::new();
    let feed = house.subscribe("a.example");
    let panics: Result<(), StoreError> = house.store.ask(step(|conn| {
        conn.execute("INSERT INTO meta VALUES ('half', 'done')", [])?;
        panic!("on purpose");
    }));
    let told = panics.unwrap_err();
    assert!(
        !told.is_of_store() && told.to_string().contains("on purpose"),
        "{told}"
    );
    assert_eq!(house.store.reads().remembered("half").unwrap(), None);
    assert!(house.store.is_alive());
    assert_eq!(house.poll(feed, vec![boat(1)]).new, 1);
}

#[tokio::test]
async fn rel_12_polls_that_are_committed_together_land_without_the_one_that_fails() {
    for (kind, name) in [(Kind::Error, "togethere"), (Kind::Panic, "togetherp")] {
        let house = House::new();
        let hosts = ["a.example", &format!("{name}.example"), "c.example"].map(str::to_owned);
        let feeds: Vec<FeedRow> = hosts.iter().map(|host| house.subscribe(host)).collect();
        let wires = feeds.iter().zip(&hosts);
        let all: Vec<_> = wires
            .map(|(feed, host)| ready(&house, *feed, vec![draft(host, 1, "Boats", &wire())]))
            .collect();
        faults::arm("tag", name, kind);
        let held = hold(&house);
        let answers: Vec<_> = all
            .into_iter()
            .map(|r| house.store.commit_soon(r))
            .collect();
        drop(held);
        let mut done = Vec::new();
        for answer in answers {
            done.push(answer.await);
        }
        assert!(!done[1].as_ref().unwrap_err().is_of_store());
        let landed = [&done[0], &done[2]].map(|d| d.as_ref().unwrap().new);
        assert_eq!(landed, [1, 1]);
        assert_eq!(house.river()[0].copies, 2, "no trace of the third copy");
        faults::disarm(name);
        house.clock.advance(16 * MINUTE); // its lease is over
        let again = house.poll(feeds[1], vec![draft(&hosts[1], 1, "Boats", &wire())]);
        assert_eq!((again.new, again.joined), (1, 1));
        assert_eq!(house.store.reads().verify().unwrap(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn rel_12_a_failing_poll_without_articles_is_undone_with_its_group_and_retried() {
    for (kind, name) in [(Kind::Error, "emptye"), (Kind::Panic, "emptyp")] {
        let house = House::new();
        let hosts = ["a.example", &format!("{name}.example"), "c.example"].map(str::to_owned);
        let feeds = hosts.each_ref().map(|host| house.subscribe(host));
        let claims = feeds.map(|feed| house.claim(feed));
        let ready = |n: usize, drafts| {
            let commit = house.commit_of(claims[n].clone(), drafts);
            house.store.prepare(commit)
        };
        let all = [
            ready(0, vec![boat(1)]),
            ready(1, Vec::new()),
            ready(2, Vec::new()),
        ];
        faults::arm("recorded", name, kind);
        let held = hold(&house);
        let [first, fails, last] = all.map(|r| house.store.commit_soon(r));
        drop(held);
        assert!(matches!(first.await, Err(StoreError::Shared(_))));
        assert!(matches!(fails.await, Err(StoreError::Internal(_))));
        assert!(!last.await.unwrap().lease_lost, "it came behind the fault");
        assert!(house.river().is_empty());
        let alone = house.store.commit(ready(0, vec![boat(1)]).alone());
        assert_eq!(alone.unwrap().new, 1);
        faults::disarm(name);
    }
}

#[tokio::test]
async fn rel_12_a_poll_that_fails_takes_no_words_of_others_along() {
    let house = House::new();
    let (a, b) = (
        house.subscribe("a.example"),
        house.subscribe("manywords.example"),
    );
    let first = ready(&house, a, vec![boat(1)]);
    let long = "harbour ".repeat(1_200_000);
    let second = ready(
        &house,
        b,
        vec![draft("manywords.example", 1, "Much", &long)],
    );
    faults::arm("articles", "manywords", Kind::Error);
    let held = hold(&house);
    let (first, second) = (
        house.store.commit_soon(first),
        house.store.commit_soon(second),
    );
    drop(held);
    assert_eq!(first.await.unwrap().new, 1);
    assert!(second.await.is_err());
    assert_eq!(house.stories("boat").len(), 1);
    assert!(house.stories("harbour").is_empty());
}

#[tokio::test]
async fn rel_12_what_fails_with_the_words_of_a_group_lands_or_fails_by_itself() {
    let house = House::new();
    let hosts = ["a.example", "groupwords.example"];
    let feeds = hosts.map(|host| house.subscribe(host));
    let of = |n: usize| {
        vec![draft(
            hosts[n],
            1,
            &format!("Boats of {}", hosts[n]),
            "Ships.",
        )]
    };
    let all = [0, 1].map(|n| ready(&house, feeds[n], of(n)));
    faults::arm("flush", "groupwords", Kind::Panic);
    let held = hold(&house);
    let answers = all.map(|r| house.store.commit_soon(r));
    drop(held);
    for answer in answers {
        assert!(matches!(answer.await, Err(StoreError::Shared(_))));
    }
    assert!(house.river().is_empty());
    house.clock.advance(16 * MINUTE); // their leases are over
    let alone = [0, 1].map(|n| house.store.commit(ready(&house, feeds[n], of(n)).alone()));
    assert_eq!(alone[0].as_ref().unwrap().new, 1);
    assert!(matches!(alone[1], Err(StoreError::Internal(_))));
    faults::disarm("groupwords");
}

#[test]
fn rel_12_retention_goes_on_beside_an_article_that_cannot_be_removed() {
    let house = House::new();
    let feed = house.subscribe("stays.example");
    let drafts = (0..9).map(|n| draft("stays.example", n, &format!("Boat {n}"), "Came."));
    house.poll(feed, drafts.collect());
    house.clock.advance(30 * DAY);
    faults::arm("remove", "stays.example/4", Kind::Panic);
    let pruned = house.store.prune(Some(DAY), 1000, false).unwrap();
    assert_eq!(pruned.articles, 8);
    faults::disarm("stays.example/4");
    assert_eq!(
        house.store.prune(Some(DAY), 1000, false).unwrap().articles,
        1
    );
}
