//! From an entry of a feed to a draft: clean text, one identity. Pure; never fetches, never reads the store.

pub mod agency;
pub mod boilerplate;
pub mod byline;
pub mod discover;
pub mod draft;
pub mod headline;
pub mod identity;
pub mod links;
pub mod page;
pub mod session;

pub use draft::{Context, Drafted, Entry, drafts, drafts_of};
