//! Proof that the scheduler makes progress. Monotonic: a jump of the wall clock is no standstill (REL-07).

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::store::StoreError;

/// A scheduler that has not looked for so long is stuck.
const STUCK: Duration = Duration::from_secs(30);

/// When the scheduler last looked for due feeds, and whether the store took what came.
#[derive(Debug)]
pub(super) struct Pulse {
    begun: Instant,
    last_ms: AtomicU64,
    /// What keeps the store from it.
    trouble: Mutex<Option<String>>,
}

impl Pulse {
    pub(super) fn new() -> Self {
        Self {
            begun: Instant::now(),
            last_ms: AtomicU64::new(0),
            trouble: Mutex::default(),
        }
    }

    pub(super) fn beat(&self, trouble: Option<&StoreError>) {
        self.last_ms.store(self.now_ms(), Ordering::Relaxed);
        // Who asks may be anybody: the path stays here.
        let told = trouble.map(|e| match e {
            StoreError::Unusable { reason, .. } => format!("the store takes nothing: {reason}"),
            _ => "the store takes nothing at present".to_owned(),
        });
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = told;
    }

    /// Whether the scheduler is on time and the store takes what it brings, else why not.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.is_stuck() {
            return Err(format!(
                "the scheduler has not looked for {} s",
                self.silent().as_secs()
            ));
        }
        let trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        trouble.clone().map_or(Ok(()), Err)
    }

    /// Whether the scheduler has stopped looking: a restart would help.
    pub(super) fn is_stuck(&self) -> bool {
        self.silent() >= STUCK
    }

    fn silent(&self) -> Duration {
        let last_ms = self.last_ms.load(Ordering::Relaxed);
        Duration::from_millis(self.now_ms().saturating_sub(last_ms))
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rel_08_a_scheduler_that_looks_no_more_is_stuck_until_it_looks_again() {
        let mut pulse = Pulse::new();
        assert_eq!(pulse.check(), Ok(()));
        pulse.begun = Instant::now().checked_sub(STUCK).unwrap();
        assert!(pulse.is_stuck());
        assert!(pulse.check().unwrap_err().contains("30 s"));
        pulse.beat(None);
        assert!(!pulse.is_stuck());
        assert_eq!(pulse.check(), Ok(()));
    }

    #[test]
    fn rel_02_a_store_that_takes_nothing_is_not_ready_but_not_stuck_and_its_path_stays_here() {
        let pulse = Pulse::new();
        pulse.beat(Some(&StoreError::Unusable {
            path: "/var/lib/newswire/newswire.db".into(),
            reason: "the disk is full".to_owned(),
        }));
        let told = pulse.check().unwrap_err();
        assert!(
            told.contains("the disk is full") && !told.contains("/var"),
            "{told}"
        );
        assert!(!pulse.is_stuck());
    }
}
