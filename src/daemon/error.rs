//! Why the daemon cannot start, or why it ended without a signal.

use std::path::PathBuf;

use super::lock::LockError;
use super::task::Task;
use crate::fetch::FetchSetupError;
use crate::serve::BindError;
use crate::store::StoreError;

/// Why the daemon cannot start, or why it ended without a signal.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// Another daemon uses the store, or the lock file cannot be used.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The fetcher cannot be set up.
    #[error(transparent)]
    Fetch(#[from] FetchSetupError),
    /// The server cannot listen on an address.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// `--sample` was given for a store with feeds of the user.
    #[error(
        "{} has feeds of your own, so it cannot be used for the sample; leave out --db (and unset NEWSWIRE_DB), or name a file \
         that does not exist yet",
        .0.display()
    )]
    NotASample(PathBuf),
    /// The store could not be opened because of a bug.
    #[error("the store could not be opened: {0}")]
    Opening(String),
    /// A task ended that runs until the daemon stops.
    #[error("{} ended unexpectedly: {reason}", .task.map_or("a task", Task::name))]
    Ended {
        /// The task; `None` if it panicked.
        task: Option<Task>,
        /// The reason.
        reason: String,
    },
}
