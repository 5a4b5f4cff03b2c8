//! What the integration tests share. Nothing here asserts but how a run of the binary ended; tests do.
// Every test program compiles all of this and uses a part; `tests/layers/helpers.rs` finds what no program uses.
#![allow(dead_code, unused_imports)]

pub mod atom_grammar;
pub mod browser;
pub mod cli_home;
pub mod comes_back;
pub mod end_to_end;
pub mod feeds;
pub mod follower;
pub mod internet;
pub mod naive;
pub mod naive_words;
pub mod preload;
pub mod process;
pub mod properties;
pub mod schema;
pub mod sequences;
pub mod server_fixture;
pub mod store_fixture;
pub mod tree;

pub use end_to_end::EndToEnd;
pub use feeds::{Item, rss};
pub use internet::{Framing, Internet, Reply};
