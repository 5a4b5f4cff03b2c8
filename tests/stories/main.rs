//! Which copies become one story: any order, restarts, and whatever one feed does to another.
// In a test a panic is the message.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice
)]

mod commands;
mod corpus;
mod hostile;
mod identity;
mod shared_links;
mod shown;
#[path = "../support/mod.rs"]
mod support;
mod switches;
mod world;

use corpus::{grouped, read, series, unseen};

const PAPERS: [&str; 12] = [
    "argus", "beacon", "courier", "dispatch", "echo", "gazette", "herald", "ledger", "mirror",
    "observer", "post", "tribune",
];

fn backwards() -> Vec<&'static str> {
    PAPERS.iter().rev().copied().collect()
}

#[tokio::test]
async fn the_corpus_is_grouped_as_it_was_written() {
    let copies = read();
    let score = grouped(&copies, &PAPERS, false).await.score(&copies);
    assert!(score.precision >= 1.0, "{:#?}", score.wrong);
    assert!(score.recall >= 0.94, "{:#?}", score.missed);
    for (kind, least) in [
        ("full", 1.0),
        ("trimmed", 1.0),
        ("teaser", 1.0),
        ("headline", 1.0),
        ("rewritten", 1.0),
        ("update", 1.0),
        ("reled", 0.75),
    ] {
        assert!(score.caught[kind] >= least, "{kind}: {:#?}", score.missed);
    }
}

#[tokio::test]
async fn forms_that_are_filled_in_again_stay_apart_and_their_copies_join() {
    let copies = series();
    let score = grouped(&copies, &PAPERS, false).await.score(&copies);
    assert!(score.precision >= 0.95, "{:#?}", score.wrong);
    assert!(score.recall >= 0.96, "{:#?}", score.missed);
}

#[tokio::test]
async fn a_corpus_written_without_a_look_at_the_rules_is_grouped() {
    let copies = unseen();
    let score = grouped(&copies, &PAPERS, false).await.score(&copies);
    assert!(score.precision >= 0.9, "{:#?}", score.wrong);
    assert!(score.recall >= 0.8, "{:#?}", score.missed);
    assert!(score.caught["full"] >= 0.99, "{:#?}", score.missed);
}

#[tokio::test]
async fn the_order_of_polls_and_restarts_change_nothing() {
    let copies = read();
    let groups = grouped(&copies, &PAPERS, false).await;
    let again = grouped(&copies, &backwards(), false).await;
    let restarted = grouped(&copies, &PAPERS, true).await;
    assert_eq!(groups.partition(), again.partition());
    assert_eq!(groups.partition(), restarted.partition());
}

#[tokio::test]
async fn every_language_has_its_stories() {
    let copies = read();
    let groups = grouped(&copies, &PAPERS, false).await;
    for language in ["en", "de", "fr", "es", "pl", "ru", "ar", "ja", "zh", "th"] {
        let of: Vec<_> = copies
            .iter()
            .filter(|c| c.language == language)
            .cloned()
            .collect();
        let score = groups.score(&of);
        assert!(score.recall >= 0.9, "{language}: {:#?}", score.missed);
    }
}
