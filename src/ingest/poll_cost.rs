//! The cost of a poll, which all plans share: computed once a day from the states of all feeds, and kept in the store.

use std::sync::{Mutex, PoisonError};

use crate::model::Time;
use crate::schedule::{Budget, Demand, Policy, State};
use crate::store::{Store, StoreError};

/// The name under which the store keeps the budget.
const NAME: &str = "budget";

/// The current cost of a poll.
#[derive(Debug, Default)]
pub(super) struct SharedPollCost(Mutex<Budget>);

impl SharedPollCost {
    /// Reads the stored value; without a readable value no cost is known yet, and it is computed again.
    pub(super) fn load(store: &Store) -> Result<Self, StoreError> {
        let kept = store.reads().remembered(NAME)?;
        let budget = kept.map_or_else(Budget::default, |text| {
            serde_json::from_str(&text).unwrap_or_else(|e| {
                tracing::warn!(
                    "the stored cost of a poll cannot be read and is computed again ({e})"
                );
                Budget::default()
            })
        });
        Ok(Self(Mutex::new(budget)))
    }

    /// The policy with the current cost.
    pub(super) fn apply(&self, policy: &Policy) -> Policy {
        Policy {
            poll_cost: self.budget().article_seconds(),
            ..policy.clone()
        }
    }

    pub(super) fn is_due(&self, now: Time) -> bool {
        self.budget().is_due(now)
    }

    /// Computes the cost again. Blocks.
    pub(super) fn set(&self, store: &Store, policy: &Policy, now: Time) -> Result<(), StoreError> {
        let reads = store.reads();
        let demands: Vec<Demand> = reads
            .schedules()?
            .iter()
            .map(|state| State::from_bytes(state).demand(policy))
            .collect();
        if demands.is_empty() {
            return Ok(());
        }
        let mut budget = self.budget().clone();
        budget.set(now, &demands, policy.polls_per_day, reads.polls_ever()?);
        let text = serde_json::to_string(&budget).unwrap_or_default();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = budget;
        store.remember(NAME, text)
    }

    fn budget(&self) -> std::sync::MutexGuard<'_, Budget> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
