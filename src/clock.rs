//! The one place that reads the wall clock, so that tests and `--now` can hold it.
//!
//! Never call `SystemTime::now` elsewhere. Timers (sleeps, deadlines) stay tokio's and are monotonic.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use crate::model::Time;

/// Where "now" comes from.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The machine's wall clock.
    System,
    /// A clock that stands still until it is moved: tests, and the hidden `--now`.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at `at`.
    pub fn manual(at: Time) -> Self {
        Self::Manual(Arc::new(AtomicI64::new(at.millis())))
    }

    /// The present moment.
    #[allow(clippy::disallowed_methods)] // this is the one place
    pub fn now(&self) -> Time {
        match self {
            Self::System => {
                let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
                Time::from_millis(
                    since.map_or(0, |d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX)),
                )
            }
            Self::Manual(at) => Time::from_millis(at.load(Ordering::SeqCst)),
        }
    }

    /// Moves a manual clock forward; does nothing to the system clock.
    pub fn advance(&self, by: Duration) {
        if let Self::Manual(at) = self {
            let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
            at.fetch_add(by, Ordering::SeqCst);
        }
    }

    /// Sets a manual clock; does nothing to the system clock.
    pub fn set(&self, to: Time) {
        if let Self::Manual(at) = self {
            at.store(to.millis(), Ordering::SeqCst);
        }
    }
}
