//! Proof that the scheduler makes progress: it looks for due feeds, and the visits that it sends off end. Monotonic: a jump
//! of the wall clock is no standstill (REL-07).

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::ingest::VISIT_MAX;
use crate::ingest::scheduler::Beat;
use crate::store::StoreError;

/// A scheduler that has not looked for so long is stuck.
const STUCK: Duration = Duration::from_secs(30);

/// How long after its deadline a visit has met a fault of newswire's own: its feed, and those behind it, are not polled
/// (REL-13). The daemon is not ready then.
const OVERDUE: Duration = Duration::from_secs(60);

/// So long after that only a restart helps: the watchdog is not fed any more. Much later, for a restart costs all the visits
/// under way, and a machine under load may be slow.
const VISIT_LOST: Duration = Duration::from_secs(45 * 60);

/// When the scheduler last looked for due feeds, and how it fared.
#[derive(Debug)]
pub(super) struct Heartbeat {
    begun: Instant,
    /// No visit takes longer.
    visit_max: Duration,
    last_ms: AtomicU64,
    /// For how long the oldest visit had been under way then.
    oldest_ms: AtomicU64,
    /// What keeps the store from taking anything.
    trouble: Mutex<Option<String>>,
}

impl Heartbeat {
    /// `timeout` is how long the servers of one visit may take.
    pub(super) fn new(timeout: Duration) -> Self {
        Self {
            begun: Instant::now(),
            visit_max: VISIT_MAX.saturating_add(OVERDUE).saturating_add(timeout),
            last_ms: AtomicU64::new(0),
            oldest_ms: AtomicU64::new(0),
            trouble: Mutex::default(),
        }
    }

    /// Notes a look of the scheduler.
    pub(super) fn note(&self, beat: Beat<'_>) {
        self.last_ms
            .store(millis(self.begun.elapsed()), Ordering::Relaxed);
        self.oldest_ms.store(millis(beat.oldest), Ordering::Relaxed);
        // Without the path of the store: the answer is public.
        let told = beat.trouble.map(|e| match e {
            StoreError::Unusable { reason, .. } => format!("the store takes nothing: {reason}"),
            _ => "the store takes nothing at present".to_owned(),
        });
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = told;
    }

    /// Whether the scheduler is on time, its visits end, and the store takes what they bring; else why not.
    pub(super) fn check(&self) -> Result<(), String> {
        let silent = self.silent();
        if silent >= STUCK {
            return Err(format!(
                "the scheduler has not looked for {} s",
                silent.as_secs()
            ));
        }
        let oldest = self.oldest();
        if oldest >= self.visit_max {
            return Err(format!(
                "a visit to a feed has not ended for {} s, and none may take longer than {} s; that is a fault of \
                 newswire: please report it, and restart the daemon",
                oldest.as_secs(),
                self.visit_max.as_secs()
            ));
        }
        let trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        trouble.clone().map_or(Ok(()), Err)
    }

    /// Whether a restart would help: the scheduler has stopped looking, or visits have not ended for very long.
    pub(super) fn is_stuck(&self) -> bool {
        self.silent() >= STUCK || self.oldest() >= self.visit_max.saturating_add(VISIT_LOST)
    }

    fn silent(&self) -> Duration {
        let last = Duration::from_millis(self.last_ms.load(Ordering::Relaxed));
        self.begun.elapsed().saturating_sub(last)
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

    fn beat(trouble: Option<&StoreError>, oldest: Duration) -> Beat<'_> {
        Beat { trouble, oldest }
    }

    #[test]
    fn rel_13_visits_that_do_not_end_are_told_and_after_long_a_restart_is_due() {
        let heart = Heartbeat::new(TIMEOUT);
        let most = VISIT_MAX + OVERDUE + TIMEOUT;
        heart.note(beat(None, most - Duration::from_secs(1)));
        assert_eq!(heart.check(), Ok(()));
        heart.note(beat(None, most));
        assert!(heart.check().unwrap_err().contains("not ended for 990 s"));
        assert!(!heart.is_stuck(), "nothing that a restart has to mend yet");
        heart.note(beat(None, most + VISIT_LOST));
        assert!(heart.is_stuck());
        heart.note(beat(None, Duration::ZERO));
        assert_eq!(heart.check(), Ok(()));
    }

    #[test]
    fn rel_08_a_scheduler_that_looks_no_more_is_stuck_until_it_looks_again() {
        let mut heart = Heartbeat::new(TIMEOUT);
        assert_eq!(heart.check(), Ok(()));
        heart.begun = Instant::now().checked_sub(STUCK).unwrap();
        assert!(heart.is_stuck());
        assert!(heart.check().unwrap_err().contains("30 s"));
        heart.note(beat(None, Duration::ZERO));
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
        heart.note(beat(Some(&full), Duration::ZERO));
        let told = heart.check().unwrap_err();
        assert!(
            told.contains("the disk is full") && !told.contains("/var"),
            "{told}"
        );
        assert!(!heart.is_stuck());
    }
}
