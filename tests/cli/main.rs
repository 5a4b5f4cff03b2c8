//! The commands: exit codes, what is printed of a store that the library filled, and the documents (docs/contract.md).
// In a test a panic is the message.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice
)]

mod api;
mod changes;
mod docs;
mod ends;
mod failing;
mod lists;
mod mcp;
mod mistypes;
mod parse;
mod reads;
mod regroup;
mod sample;
mod shapes;
mod shell;
mod subscriptions;
#[path = "../support/mod.rs"]
mod support;
mod surface;
mod terminal;
mod times;
mod upkeep;

use std::time::Duration;

use newswire::clock::Clock;
use newswire::store::Store;

use crate::support::cli_home::{CliHome, draft, poll, subscribe, time, topics};

/// A headline with everything in it that a terminal or a spreadsheet could be tricked with (SEC-14, SEC-15).
const HOSTILE: &str = "=cmd\u{1b}]0;owned\u{7}\u{9b}2J\u{202e}|\"x\", y";

/// A wire text that is long enough to be told by its words alone.
fn wire() -> String {
    let words: Vec<String> = (0..60).map(|n| format!("word{n}")).collect();
    words.join(" ")
}

/// A home whose store has two feeds, five articles and four stories; "Boats come in" stands in both feeds.
fn filled() -> CliHome {
    let home = CliHome::empty();
    let clock = Clock::manual(time("2030-01-10T08:00:00Z"));
    fill(&home.store(&clock), &clock);
    home
}

fn fill(store: &Store, clock: &Clock) {
    topics(store, &[("sea", "boats"), ("war", "ukraine -sport")]);
    let argus = subscribe(store, "argus.example", "The Argus");
    let herald = subscribe(store, "herald.example", "The Herald");
    let hour = Duration::from_secs(3600);
    poll(
        store,
        clock,
        argus,
        vec![draft("argus.example", 1, "Boats come in", &wire())],
    );
    clock.advance(hour);
    poll(
        store,
        clock,
        herald,
        vec![
            draft("herald.example", 7, "Boats come in", &wire()),
            draft("herald.example", 8, HOSTILE, "A headline to be wary of."),
        ],
    );
    clock.advance(hour);
    let more = vec![
        draft(
            "argus.example",
            2,
            "Ukraine talks",
            "They talked in Kyiv until late.",
        ),
        draft(
            "argus.example",
            3,
            "Ukraine wins the cup",
            "A day of sport in Lviv.",
        ),
    ];
    poll(store, clock, argus, more);
}
