//! How a store is opened.

use std::path::PathBuf;
use std::time::Duration;

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
