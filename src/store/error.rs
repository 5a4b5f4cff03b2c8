//! Why the store cannot do what it was asked, and what an error of SQLite or of the file system means for the user: what is
//! wrong and what to do. Must never let an error of rusqlite out of the store.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::ErrorCode;

/// How long a write waits for another process that writes.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(20);

/// Why the store cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no file yet: exit 66.
    #[error("there is no store at {} yet; `newswire add URL` or `newswire run` makes one", .0.display())]
    Missing(PathBuf),
    /// Unreadable, corrupt, newer, full, read-only: exit 74.
    #[error("store {}: {reason}", .path.display())]
    Unusable {
        /// Which file.
        path: PathBuf,
        /// What is wrong and what to do.
        reason: String,
    },
    /// Another process has been writing for too long: exit 75.
    #[error("the store is busy: {0}")]
    Busy(String),
    /// A query or bug: exit 70. Only this request failed; nothing else is affected.
    #[error("store: {0}")]
    Internal(String),
    /// A write failed together with others of its transaction; alone it may succeed: exit 70.
    #[error("store: {0}")]
    Shared(String),
    /// The writer has ended, and nothing can be written any more: exit 70.
    #[error("store: the writer has stopped")]
    Stopped,
}

impl StoreError {
    /// Whether the same may work later: the disk is full or read-only, or another process writes.
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Unusable { .. } | Self::Busy(_))
    }

    /// Whether it concerns the store as a whole, and not only what was asked (REL-12).
    pub fn is_of_store(&self) -> bool {
        !matches!(self, Self::Internal(_) | Self::Shared(_))
    }

    /// What an error of SQLite means for the user of the store at `path`.
    pub(super) fn from_sqlite(path: &Path, e: &rusqlite::Error) -> Self {
        let unusable = |reason: &str| Self::Unusable {
            path: path.to_owned(),
            reason: format!("{reason} ({e})"),
        };
        match e.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy(format!(
                "another process has been writing to {} for more than {} s; try again",
                path.display(),
                BUSY_TIMEOUT.as_secs()
            )),
            Some(ErrorCode::DiskFull) => {
                unusable("the disk is full; free some space, nothing stored is lost")
            }
            Some(ErrorCode::NotADatabase) => unusable("it is no newswire store; give another --db"),
            Some(ErrorCode::DatabaseCorrupt) => Self::damaged(path, &e.to_string()),
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
                unusable(
                    "it cannot be opened or written; check owner and permissions of file and directory",
                )
            }
            Some(ErrorCode::SystemIoFailure) => unusable("the disk failed"),
            Some(ErrorCode::OutOfMemory) => unusable("there is not enough memory"),
            Some(ErrorCode::OperationInterrupted) => {
                Self::Busy("the query took too long; narrow it".to_owned())
            }
            // Without the path: the message is stored as a feed's failure, and every reader of the status page sees it.
            _ => Self::Internal(e.to_string()),
        }
    }

    /// The file at `path` has faults in it; `fault` is what SQLite found.
    pub(super) fn damaged(path: &Path, fault: &str) -> Self {
        Self::Unusable {
            path: path.to_owned(),
            reason: format!(
                "it is damaged; stop the daemon, keep the file, restore a `newswire backup` or start a new one ({})",
                fault.lines().next().unwrap_or_default()
            ),
        }
    }
}

/// What an error of the file system means for the user, and what to do.
pub fn io_reason(error: &std::io::Error) -> String {
    use std::io::ErrorKind::{PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    match error.kind() {
        StorageFull => "the disk is full; free some space (or inodes, see `df -i`)".to_owned(),
        QuotaExceeded => "the disk quota is used up; free some space".to_owned(),
        ReadOnlyFilesystem => "the file system is read-only; name a store elsewhere".to_owned(),
        PermissionDenied => format!("{error}; check owner and permissions of the directory"),
        _ => error.to_string(),
    }
}

#[cfg(test)]
impl From<crate::faults::Injected> for StoreError {
    fn from(_: crate::faults::Injected) -> Self {
        Self::Internal("injected".to_owned())
    }
}
