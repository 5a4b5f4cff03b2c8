//! From the network into the store: requests, robots.txt, archives, hubs, full text, and what is stored of each visit.
// In a test a panic is the message.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice
)]

mod add;
mod archive;
mod boilerplate;
mod crowds;
mod cuts;
mod delta;
mod etiquette;
mod fetch;
mod full_text;
mod growth;
mod hints;
mod hubs;
mod known;
mod memory;
mod moves;
mod path;
mod secrets;
#[path = "../support/mod.rs"]
mod support;
mod websub;
