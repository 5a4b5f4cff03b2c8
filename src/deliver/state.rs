//! What the notifier last saw of its targets, and when: for readiness and metrics, which must not read the store.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::store::TargetStatus;

/// The notifier looks at the store at least once a minute. After this time without a look it is stuck.
const STUCK_AFTER: Duration = Duration::from_secs(600);

/// The state of the notifier. Clones are the same.
#[derive(Debug, Clone)]
pub struct NotifierState(Arc<Mutex<Seen>>);

#[derive(Debug)]
struct Seen {
    at: Instant,
    targets: Vec<TargetStatus>,
}

impl Default for NotifierState {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Seen {
            at: Instant::now(),
            targets: Vec::new(),
        })))
    }
}

impl NotifierState {
    /// The notifier has looked.
    pub(super) fn note(&self, targets: Vec<TargetStatus>) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.at = Instant::now();
        seen.targets = targets;
    }

    /// How the targets were doing at the last look.
    pub fn targets(&self) -> Vec<TargetStatus> {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.targets.clone()
    }

    /// Whether the notifier makes progress. A target that fails is no reason to be unhealthy.
    ///
    /// # Errors
    /// The reason, in one line.
    pub fn check(&self) -> Result<(), String> {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match seen.at.elapsed() {
            elapsed if elapsed < STUCK_AFTER => Ok(()),
            elapsed => Err(format!(
                "notifications have not been planned for {} s",
                elapsed.as_secs()
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_notifier_that_does_not_look_at_the_store_is_not_ready() {
        let state = NotifierState::default();
        tokio::time::advance(STUCK_AFTER / 2).await;
        assert!(state.check().is_ok());
        tokio::time::advance(STUCK_AFTER / 2).await;
        assert!(state.check().unwrap_err().contains("600 s"));
        state.note(Vec::new());
        assert!(state.check().is_ok());
    }
}
