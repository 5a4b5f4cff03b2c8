//! All integration tests in one binary: one link, one fake internet to learn.
// In a test a panic is the message.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod add;
mod cli;
mod emit;
mod fetch;
mod path;
mod serve;
mod stories;
mod support;
