//! What one entry of a feed becomes: clean text, one identity. Pure; never fetches, never asks the store.

pub mod agency;
mod allowed;
pub mod blocks;
pub mod boilerplate;
pub mod byline;
pub mod discover;
pub mod draft;
mod embedded;
mod embedded_frame;
#[cfg(test)]
mod embedded_tests;
mod gate;
pub mod headline;
mod headline_html;
pub mod html;
pub mod identity;
pub mod language;
pub mod links;
mod mojibake;
pub mod page;
pub mod plain;
pub mod references;
pub mod session;
pub mod settle;
mod tame;
pub mod text;
pub(crate) mod tokens;

pub use draft::{Context, Drafted, Entry, drafts, drafts_of};
