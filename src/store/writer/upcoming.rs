//! Polls on their way to the writer. What is committed together costs less, so the writer waits a moment for a poll that is
//! being prepared, and for nothing else: a poll that comes alone is committed at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::{Duration, Instant};

/// Longest wait for the next one.
const PATIENCE: Duration = Duration::from_millis(20);

/// How many polls are being prepared.
#[derive(Debug, Default)]
pub(in crate::store) struct UpcomingPolls(AtomicUsize);

impl UpcomingPolls {
    /// The next command for a transaction that is open until `until`; none: it is to be committed. For `polls` it waits while
    /// others are coming.
    pub(in crate::store) fn next<T>(
        &self,
        requests: &Receiver<T>,
        until: Instant,
        polls: bool,
    ) -> Option<T> {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return None;
        }
        match requests.try_recv() {
            Ok(command) => Some(command),
            Err(TryRecvError::Empty) if polls && self.0.load(Ordering::Relaxed) > 0 => {
                requests.recv_timeout(left.min(PATIENCE)).ok()
            }
            Err(_) => None,
        }
    }
}

/// A poll that is being prepared, until this is dropped.
#[derive(Debug)]
pub struct OnItsWay(Arc<UpcomingPolls>);

impl OnItsWay {
    pub(in crate::store) fn new(coming: &Arc<UpcomingPolls>) -> Self {
        coming.0.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(coming))
    }
}

impl Drop for OnItsWay {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}
