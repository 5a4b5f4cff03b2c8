//! What can go wrong in one write, a panic included: a value, so that it stays the failure of what was asked (REL-12).

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use crate::store::error::StoreError;

/// Longest part of a panic's message that is shown, in characters.
const MESSAGE_MAX: usize = 200;

/// Why a write failed.
#[derive(Debug)]
pub(in crate::store) enum Fault {
    /// SQLite said no.
    Sql(rusqlite::Error),
    /// The code panicked, with this message.
    Panic(String),
}

/// Does `work`. Whoever calls it rolls back what a failed `work` has written, and drops what it may have left half done
/// in memory.
pub(in crate::store) fn guarded<T>(work: impl FnOnce() -> rusqlite::Result<T>) -> Result<T, Fault> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(done) => done.map_err(Fault::Sql),
        Err(panic) => Err(Fault::of_panic(&*panic)),
    }
}

impl Fault {
    /// What a panic said; it was logged with its place where it happened.
    pub(in crate::store) fn of_panic(panic: &(dyn Any + Send)) -> Self {
        let said = panic.downcast_ref::<&str>().copied();
        let said = said.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        let said = said.unwrap_or("no message");
        Self::Panic(said.chars().take(MESSAGE_MAX).collect())
    }

    /// Itself, unless it concerns the store as a whole: then that is an error of whoever asks.
    pub(in crate::store) fn unless_of_store(self) -> rusqlite::Result<Self> {
        match self {
            Self::Sql(e) if StoreError::from_sqlite(Path::new(""), &e).is_of_store() => Err(e),
            fault => Ok(fault),
        }
    }

    /// The same for the user; `path` is the store's.
    pub(in crate::store) fn told(&self, path: &Path) -> StoreError {
        match self {
            Self::Sql(e) => StoreError::from_sqlite(path, e),
            Self::Panic(_) => StoreError::Internal(self.to_string()),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sql(e) => e.fmt(f),
            Self::Panic(what) => write!(f, "panic: {what}"),
        }
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(e: rusqlite::Error) -> Self {
        Self::Sql(e)
    }
}
