//! Articles: each copy as one feed printed it.

pub(super) mod article_views;
pub(super) mod content;
pub(super) mod removal;
pub(super) mod standings;
pub(super) mod tombstones;
pub(super) mod writing;
