//! What the integration tests share. Nothing here asserts but how a run of the binary ended; tests do.

pub mod atom_grammar;
pub mod browser;
pub mod comes_back;
pub mod feeds;
pub mod home;
pub mod house;
pub mod internet;
pub mod naive;
pub mod naive_words;
pub mod preload;
pub mod process;
pub mod properties;
pub mod sequences;
pub mod shelf;
pub mod site;
pub mod tree;

pub use feeds::{Item, rss};
pub use house::House;
pub use internet::{Framing, Internet, Reply};
