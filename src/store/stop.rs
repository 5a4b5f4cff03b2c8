//! When a read gives up: at a moment, or when whoever asked has gone. SQLite looks at it by itself every so many steps; loops
//! of our own look at it for every article.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Longest time one query may take.
const QUERY_TIME: Duration = Duration::from_secs(60);

/// When a read gives up. Clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Stop {
    until: Option<Instant>,
    is_cancelled: Arc<AtomicBool>,
}

impl Stop {
    /// After `time` from now.
    pub fn after(time: Duration) -> Self {
        Self {
            until: Instant::now().checked_add(time),
            ..Self::default()
        }
    }

    /// Now.
    pub fn cancel(&self) {
        self.is_cancelled.store(true, Ordering::Relaxed);
    }

    /// Whether to give up.
    pub fn is_reached(&self) -> bool {
        self.is_cancelled.load(Ordering::Relaxed)
            || self.until.is_some_and(|until| Instant::now() >= until)
    }

    /// The same for one query that begins now.
    pub(super) fn of_query(&self) -> Self {
        let until = Instant::now() + QUERY_TIME;
        Self {
            until: Some(self.until.map_or(until, |own| own.min(until))),
            is_cancelled: Arc::clone(&self.is_cancelled),
        }
    }

    /// The error of a query that gives up, if it does.
    pub(super) fn check(&self) -> rusqlite::Result<()> {
        if !self.is_reached() {
            return Ok(());
        }
        let interrupted = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_INTERRUPT);
        Err(rusqlite::Error::SqliteFailure(interrupted, None))
    }
}
