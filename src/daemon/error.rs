//! Why the daemon could not start, or ended without a signal.

use std::path::PathBuf;

use super::lock::LockError;
use crate::fetch::FetchSetupError;
use crate::serve::BindError;
use crate::store::StoreError;

/// Why the daemon could not start, or ended unasked.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// Another one runs.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The fetcher cannot be set up.
    #[error(transparent)]
    Fetch(#[from] FetchSetupError),
    /// An address cannot be listened on.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// `--sample` was given for a store that holds something else.
    #[error(
        "{} holds feeds of your own, so it cannot be the sample's store; leave out --db (and unset NEWSWIRE_DB), or name a \
         file that does not exist yet",
        .0.display()
    )]
    NotASample(PathBuf),
    /// A task ended that never ends.
    #[error("{task} ended: {reason}")]
    Ended {
        /// Which.
        task: &'static str,
        /// Why.
        reason: String,
    },
}
