//! The daemon as a process, and over days: signals, kills, clocks, failing disks, load.
// In a test a panic is the message.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice
)]

mod clock;
mod daemon;
mod disk;
mod idle;
mod kills;
mod siege;
mod soak;
mod stops;
#[path = "../support/mod.rs"]
mod support;
