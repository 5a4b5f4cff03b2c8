//! All integration tests in one binary: one link, one fake internet to learn.
// In a test a panic is the message.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice
)]

mod add;
mod api;
mod archive;
mod boilerplate;
mod cli;
mod clock;
mod crowds;
mod cuts;
mod daemon;
mod delta;
mod disk;
mod docs;
mod emit;
mod etiquette;
mod failing;
mod feeds;
mod fetch;
mod formats;
mod full_text;
mod growth;
mod hints;
mod hubs;
mod idle;
mod kills;
mod known;
mod memory;
mod moves;
mod order;
mod pages;
mod parse;
mod path;
mod query;
mod readers;
mod sample;
mod secrets;
mod seeds;
mod sequences;
mod serve;
mod siege;
mod soak;
mod stops;
mod stories;
mod support;
mod topics;
mod upgrades;
mod websub;
