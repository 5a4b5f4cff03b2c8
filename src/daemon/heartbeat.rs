//! The heartbeat of the scheduler, for `/readyz` and the watchdog: it looks for due feeds, and its visits end. Uses the monotonic
//! clock, so that setting the wall clock changes nothing (REL-07).

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::ingest::VISIT_MAX;
use crate::ingest::scheduler::SchedulerStatus;
use crate::store::StoreError;

/// Time without a heartbeat after which the scheduler is stuck.
const STUCK_AFTER: Duration = Duration::from_secs(30);

/// A visit that runs this long after its time limit shows a bug: its feed, and those that wait for it, are not polled (REL-13).
/// The daemon is then not ready.
const OVERDUE_AFTER: Duration = Duration::from_secs(60);

/// After this further time the watchdog restarts the daemon. It is long because a restart ends all running visits, and a loaded
/// machine may only be slow.
const RESTART_AFTER: Duration = Duration::from_secs(45 * 60);

/// The last heartbeat of the scheduler.
#[derive(Debug)]
pub(super) struct Heartbeat {
    start: Instant,
    /// Maximum duration of a visit, with [`OVERDUE_AFTER`].
    visit_max: Duration,
    last_ms: AtomicU64,
    /// The duration of the longest running visit at that time.
    oldest_ms: AtomicU64,
    /// Why the store accepts no writes.
    store_error: Mutex<Option<String>>,
}

impl Heartbeat {
    /// `timeout` is the time limit for the servers of one visit.
    pub(super) fn new(timeout: Duration) -> Self {
        Self {
            start: Instant::now(),
            visit_max: VISIT_MAX
                .saturating_add(OVERDUE_AFTER)
                .saturating_add(timeout),
            last_ms: AtomicU64::new(0),
            oldest_ms: AtomicU64::new(0),
            store_error: Mutex::default(),
        }
    }

    /// Records a heartbeat.
    pub(super) fn note(&self, status: SchedulerStatus<'_>) {
        self.last_ms
            .store(millis(self.start.elapsed()), Ordering::Relaxed);
        self.oldest_ms
            .store(millis(status.oldest_visit), Ordering::Relaxed);
        // Without the path of the store, because the response is public.
        let error = status.store_error.map(|e| match e {
            StoreError::Unusable { reason, .. } => format!("the store accepts no writes: {reason}"),
            _ => "the store accepts no writes at present".to_owned(),
        });
        *self.lock_error() = error;
    }

    /// Whether the scheduler runs, its visits end, and the store accepts writes.
    ///
    /// # Errors
    /// The reason for people, without local paths.
    pub(super) fn check(&self) -> Result<(), String> {
        let silence = self.silence();
        if silence >= STUCK_AFTER {
            return Err(format!(
                "the scheduler has not run for {} s",
                silence.as_secs()
            ));
        }
        let oldest = self.oldest();
        if oldest >= self.visit_max {
            return Err(format!(
                "a poll of a feed has run for {} s, longer than the limit of {} s; this is a bug of newswire: please report it, and \
                 restart the daemon",
                oldest.as_secs(),
                self.visit_max.as_secs()
            ));
        }
        self.lock_error().clone().map_or(Ok(()), Err)
    }

    /// Whether only a restart helps: the scheduler has stopped, or a visit has run for very long.
    pub(super) fn is_stuck(&self) -> bool {
        self.silence() >= STUCK_AFTER
            || self.oldest() >= self.visit_max.saturating_add(RESTART_AFTER)
    }

    fn lock_error(&self) -> MutexGuard<'_, Option<String>> {
        self.store_error
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn silence(&self) -> Duration {
        let last = Duration::from_millis(self.last_ms.load(Ordering::Relaxed));
        self.start.elapsed().saturating_sub(last)
    }

    fn oldest(&self) -> Duration {
        Duration::from_millis(self.oldest_ms.load(Ordering::Relaxed))
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(30);

    fn status(store_error: Option<&StoreError>, oldest_visit: Duration) -> SchedulerStatus<'_> {
        SchedulerStatus {
            store_error,
            oldest_visit,
        }
    }

    #[test]
    fn rel_13_endless_visits_are_reported_and_later_need_a_restart() {
        let heart = Heartbeat::new(TIMEOUT);
        let limit = VISIT_MAX + OVERDUE_AFTER + TIMEOUT;
        heart.note(status(None, limit - Duration::from_secs(1)));
        assert_eq!(heart.check(), Ok(()));
        heart.note(status(None, limit));
        assert!(heart.check().unwrap_err().contains("has run for 990 s"));
        assert!(!heart.is_stuck(), "too early for a restart");
        heart.note(status(None, limit + RESTART_AFTER));
        assert!(heart.is_stuck());
        heart.note(status(None, Duration::ZERO));
        assert_eq!(heart.check(), Ok(()));
    }

    #[test]
    fn rel_08_a_scheduler_without_heartbeat_is_stuck_until_the_next_one() {
        let mut heart = Heartbeat::new(TIMEOUT);
        assert_eq!(heart.check(), Ok(()));
        heart.start = Instant::now().checked_sub(STUCK_AFTER).unwrap();
        assert!(heart.is_stuck());
        assert!(heart.check().unwrap_err().contains("30 s"));
        heart.note(status(None, Duration::ZERO));
        assert!(!heart.is_stuck());
        assert_eq!(heart.check(), Ok(()));
    }

    #[test]
    fn rel_02_a_store_that_takes_no_writes_is_not_ready_and_its_path_is_not_shown() {
        let heart = Heartbeat::new(TIMEOUT);
        let full = StoreError::Unusable {
            path: "/var/lib/newswire/newswire.db".into(),
            reason: "the disk is full".to_owned(),
        };
        heart.note(status(Some(&full), Duration::ZERO));
        let reason = heart.check().unwrap_err();
        assert!(
            reason.contains("the disk is full") && !reason.contains("/var"),
            "{reason}"
        );
        assert!(!heart.is_stuck());
    }
}
