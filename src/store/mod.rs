//! L2: the store. SQL lives here and nowhere else; no rusqlite type leaves.
//! (signatures; the lead fills the bodies)

pub mod records;
pub mod select;

pub use records::*;
pub use select::{Order, RiverPlace, Selection};

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::clock::Clock;
use crate::model::{ArticleId, ArticleView, Feed, FeedRow, Seq, StoryId, StoryView, Time};

/// How the store is opened.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// The database file.
    pub path: PathBuf,
    /// Whether every commit is synced to disk (`full`) or only checkpoints (`normal`).
    pub synchronous_full: bool,
    /// How long a story may gather copies.
    pub dedup_window: Duration,
    /// Whether near copies are joined.
    pub dedup_near: bool,
}

/// Why the store cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Unreadable, corrupt, newer, full, read-only: exit 74.
    #[error("store {path}: {reason}")]
    Unusable {
        /// Which file.
        path: PathBuf,
        /// What is wrong and what to do.
        reason: String,
    },
    /// Somebody else writes for too long: exit 75.
    #[error("the store is busy: {0}")]
    Busy(String),
    /// A query or bug: exit 70.
    #[error("store: {0}")]
    Internal(String),
}

/// Read-only access, cheap to clone; every call blocks for one query.
#[derive(Clone, Debug)]
pub struct Reads;

#[allow(unused_variables)]
impl Reads {
    /// Opens an existing store for reading only; never creates or migrates.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        unimplemented!()
    }
    /// Stories.
    pub fn stories(&self, selection: &Selection) -> Result<Vec<StoryView>, StoreError> {
        unimplemented!()
    }
    /// Articles (copies).
    pub fn articles(&self, selection: &Selection) -> Result<Vec<ArticleView>, StoreError> {
        unimplemented!()
    }
    /// One story with its body, by its id or the id of any of its copies.
    pub fn story(&self, id: StoryId) -> Result<Option<StoryView>, StoreError> {
        unimplemented!()
    }
    /// The copies of a story, first seen first, with bodies.
    pub fn copies(&self, id: StoryId) -> Result<Vec<ArticleView>, StoreError> {
        unimplemented!()
    }
    /// The story that holds an article with this URL (as published or canonical).
    pub fn story_by_url(&self, url: &str) -> Result<Option<StoryId>, StoreError> {
        unimplemented!()
    }
    /// Where an article's identity and its join come from.
    pub fn lineage(&self, id: ArticleId) -> Result<Option<Lineage>, StoreError> {
        unimplemented!()
    }
    /// All feeds, by title.
    pub fn feeds(&self) -> Result<Vec<Feed>, StoreError> {
        unimplemented!()
    }
    /// One feed in full.
    pub fn feed(&self, row: FeedRow) -> Result<Option<FeedDetail>, StoreError> {
        unimplemented!()
    }
    /// All topics, by name.
    pub fn topics(&self) -> Result<Vec<TopicInfo>, StoreError> {
        unimplemented!()
    }
    /// The store in numbers.
    pub fn status(&self, now: Time) -> Result<Status, StoreError> {
        unimplemented!()
    }
    /// The last sequence given.
    pub fn sequence(&self) -> Result<Seq, StoreError> {
        unimplemented!()
    }
    /// A number that changes with every commit of anybody (PRAGMA data_version), for noticing other writers.
    pub fn change_counter(&self) -> Result<i64, StoreError> {
        unimplemented!()
    }
    /// Integrity check; empty if all is well.
    pub fn verify(&self) -> Result<Vec<String>, StoreError> {
        unimplemented!()
    }
}

/// The store with its writer thread. Every write blocks until it is committed.
#[derive(Debug)]
pub struct Store;

#[allow(unused_variables)]
impl Store {
    /// Opens or creates, migrates, starts the writer.
    pub fn open(options: &StoreOptions, clock: Clock) -> Result<Self, StoreError> {
        unimplemented!()
    }
    /// Read access.
    pub fn reads(&self) -> &Reads {
        unimplemented!()
    }
    /// Subscribes; all or nothing. A feed that is there stays as it is.
    pub fn subscribe(&self, feeds: Vec<NewFeed>) -> Result<Vec<Subscribed>, StoreError> {
        unimplemented!()
    }
    /// Unsubscribes; the articles stay.
    pub fn unsubscribe(&self, feed: FeedRow) -> Result<(), StoreError> {
        unimplemented!()
    }
    /// Changes a subscription.
    pub fn change_feed(&self, feed: FeedRow, change: FeedChange) -> Result<(), StoreError> {
        unimplemented!()
    }
    /// Makes the declared feeds those of the file: subscribes, updates, unsubscribes.
    pub fn reconcile(&self, declared: Vec<NewFeed>) -> Result<(), StoreError> {
        unimplemented!()
    }
    /// Makes these the topics in force; re-tags what is stored where a definition changed. Returns how many
    /// definitions changed.
    pub fn set_topics(&self, topics: Vec<TopicDefinition>) -> Result<usize, StoreError> {
        unimplemented!()
    }
    /// Leases up to `limit` feeds.
    pub fn claim(
        &self,
        now: Time,
        scope: ClaimScope,
        limit: usize,
    ) -> Result<(Vec<Claim>, Vec<Skipped>), StoreError> {
        unimplemented!()
    }
    /// Commits one poll.
    pub fn commit(&self, commit: PollCommit) -> Result<Committed, StoreError> {
        unimplemented!()
    }
    /// Removes what retention no longer keeps (`keep` none: for ever), in small batches.
    pub fn prune(
        &self,
        keep: Option<Duration>,
        keep_max_per_feed: u64,
        dry_run: bool,
    ) -> Result<Pruned, StoreError> {
        unimplemented!()
    }
    /// Online backup into a new file.
    pub fn backup(&self, to: &Path) -> Result<(), StoreError> {
        unimplemented!()
    }
}
