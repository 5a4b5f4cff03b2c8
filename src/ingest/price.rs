//! The one price that all plans share, set once a day from what every feed's state says, and kept in the store.

use std::sync::{Mutex, PoisonError};

use crate::model::Time;
use crate::schedule::{Budget, Demand, Policy, State};
use crate::store::{Store, StoreError};

/// Under this name the store remembers the budget.
const NAME: &str = "budget";

/// The price in force.
#[derive(Debug, Default)]
pub(super) struct Pricing(Mutex<Budget>);

impl Pricing {
    /// What the store remembers; nothing readable: no price yet.
    pub(super) fn load(store: &Store) -> Result<Self, StoreError> {
        let kept = store.reads().remembered(NAME)?;
        let budget = kept.and_then(|text| serde_json::from_str(&text).ok());
        Ok(Self(Mutex::new(budget.unwrap_or_default())))
    }

    /// The policy with the price in force.
    pub(super) fn apply(&self, policy: &Policy) -> Policy {
        Policy {
            price: self.budget().article_seconds(),
            ..policy.clone()
        }
    }

    pub(super) fn is_due(&self, now: Time) -> bool {
        self.budget().is_due(now)
    }

    /// Sets the price anew. Blocks.
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
