//! The store: expressions and topics against a naive evaluator, and stores of earlier versions.
// In a test a panic is the message.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice
)]

mod changes;
mod query;
#[path = "../support/mod.rs"]
mod support;
mod topics;
mod upgrades;
