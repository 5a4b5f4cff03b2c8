//! Why there is no merged feed. Each variant is what a caller must tell apart: HTTP statuses and exit codes are chosen there.

use crate::store::StoreError;

/// Why there is no merged feed.
#[derive(Debug, thiserror::Error)]
pub enum MergedError {
    /// A query parameter is wrong. The text names it and says what is right.
    #[error("{0}")]
    Parameter(String),
    /// There is no topic of that name.
    #[error("there is no topic \"{name}\"")]
    NoSuchTopic {
        /// The name that was asked for.
        name: String,
        /// The names of all topics, in no order.
        topics: Vec<String>,
    },
    /// The stories of the page do not fit into the memory that is left ([`super::PageMemory`]).
    #[error("there is not enough memory for the stories of this page")]
    NoMemory,
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}
