//! Notifications: what fires, what is sent, and what survives kills and failing targets.

// In a test a panic is the message.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice
)]

mod commands;
mod delivery;
mod digests;
mod model;
mod planner;
#[path = "../support/mod.rs"]
mod support;

use newswire::model::Time;
use newswire::notify::firing::Rule;
use newswire::query;
use newswire::store::{OutboxEvent, OutboxTarget, Store};

/// A target that wants the stories of an expression; the empty one: all.
pub fn target(name: &str, source: &str) -> OutboxTarget {
    let expr = (!source.is_empty()).then(|| query::parse(source).unwrap());
    OutboxTarget {
        name: name.to_owned(),
        rule: Rule {
            counts_copies: expr.as_ref().is_some_and(|e| e.needs_story()),
            ..Rule::default()
        },
        expr,
        definition: source.to_owned(),
        destination: String::new(),
        is_feed: false,
    }
}

/// Decides all changes and writes what they fire.
pub fn plan(store: &Store, targets: &[OutboxTarget], now: Time) -> usize {
    let mut made = 0;
    loop {
        let due: Vec<_> = targets.iter().map(|t| (t, now)).collect();
        let plan = store.reads().plan_outbox(&due, now).unwrap();
        let is_more = plan.is_more;
        made += store.write_outbox(plan).unwrap();
        if !is_more {
            return made;
        }
    }
}

/// What of a target is due.
pub fn due(store: &Store, name: &str, now: Time) -> Vec<OutboxEvent> {
    store.reads().outbox_due(name, now, 10_000).unwrap()
}
