//! The HTTP server through sockets: merged feeds, their formats and archives, pages, access.
// In a test a panic is the message.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice
)]

mod api;
mod controls;
mod feeds;
mod formats;
mod mcp;
mod order;
mod pages;
mod readers;
mod serve;
#[path = "../support/mod.rs"]
mod support;
