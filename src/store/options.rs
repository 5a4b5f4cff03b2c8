//! How a store is opened.

use std::path::PathBuf;
use std::time::Duration;

use crate::dedup::Limits;

/// Copies in one story at most.
pub(super) const COPIES_MAX: usize = 1000;

/// How near copies are judged: `[dedup]` of the configuration, or what is tried instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DedupSettings {
    /// How long a story may gather copies.
    pub window: std::time::Duration,
    /// Whether near copies are joined too, not only equal ones.
    pub near: bool,
}

/// How the store is opened.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// The database file.
    pub path: PathBuf,
    /// Whether every commit is synced to disk (`full`) or only checkpoints (`normal`).
    pub synchronous_full: bool,
    /// How long a story may gather copies.
    pub dedup_window: Duration,
    /// Whether near copies are joined too, not only equal ones.
    pub dedup_near: bool,
}

impl DedupSettings {
    /// The bounds of stories under these settings.
    pub(super) fn limits(self) -> Limits {
        Limits {
            window: self.window,
            copies_max: COPIES_MAX,
            near: self.near,
        }
    }
}
