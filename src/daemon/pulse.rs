//! Proof that the scheduler makes progress. Monotonic: a jump of the wall clock is no standstill (REL-07).

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A scheduler that has not looked for so long is stuck.
const STUCK: Duration = Duration::from_secs(30);

/// When the scheduler last looked for due feeds.
#[derive(Debug)]
pub(super) struct Pulse {
    begun: Instant,
    last_ms: AtomicU64,
}

impl Pulse {
    pub(super) fn new() -> Self {
        Self {
            begun: Instant::now(),
            last_ms: AtomicU64::new(0),
        }
    }

    pub(super) fn beat(&self) {
        self.last_ms.store(self.now_ms(), Ordering::Relaxed);
    }

    /// Whether the scheduler is on time, else why not.
    pub(super) fn check(&self) -> Result<(), String> {
        let silent_ms = self
            .now_ms()
            .saturating_sub(self.last_ms.load(Ordering::Relaxed));
        if Duration::from_millis(silent_ms) < STUCK {
            Ok(())
        } else {
            Err(format!(
                "the scheduler has not looked for {} s",
                silent_ms / 1000
            ))
        }
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}
