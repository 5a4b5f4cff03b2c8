//! newswire: a news aggregator in one binary.
//!
//! The layers, lowest first. An arrow points down only; `tests/layers` fails on any other.
//!
//! | layer | modules | may use |
//! |---|---|---|
//! | L0 | [`memory`], [`model`], [`text`] | `model` may use `memory`; `text` may use `model` |
//! | L1, pure | [`parse`], [`normalize`], [`dedup`], [`schedule`], [`query`], [`emit`], [`notify`] | L0, never one another |
//! | L2 | [`clock`], [`fetch`], [`store`] | L0, L1; `fetch` and `store` never meet |
//! | L3 | [`api`], [`deliver`], [`ingest`], [`mcp`], [`merged`], [`serve`] | below; `serve` uses `api`, `mcp` and `merged`, `api` and `mcp` use `merged`; `ingest` and `deliver` never meet them |
//! | L4 | [`config`], [`daemon`], [`telemetry`] | below; nobody below sees `Config` |
//! | L5 | [`cli`] | everything |

/// The allocator of every program that uses the library, and of its C code (SQLite, zstd). `.cargo/config.toml` configures it. A
/// fuzzer has the allocator of its sanitizer.
#[cfg(not(fuzzing))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

#[cfg(test)]
mod faults;

pub mod memory;
pub mod model;
pub mod text;

pub mod dedup;
pub mod emit;
pub mod normalize;
pub mod notify;
pub mod parse;
pub mod query;
pub mod schedule;

pub mod clock;
pub mod fetch;
pub mod store;

pub mod api;
pub mod deliver;
pub mod ingest;
pub mod mcp;
pub mod merged;
pub mod serve;

pub mod config;
pub mod daemon;
pub mod telemetry;

pub mod cli;
