//! What the scheduler remembers between two ticks. Everything here can be lost: plans are in the store.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::candidates::Candidates;
use super::context::Ingest;
use super::poll_all::PollAll;
use super::poll_batch::{PollBatch, VISITS_MAX};
use crate::clock::Moment;
use crate::store::{DueLimits, StoreError};

/// How many due feeds are read: more than can be started before the next tick, of all sites and of one.
const DUE_LIMITS: DueLimits = DueLimits {
    all: 4 * VISITS_MAX,
    site: 128,
};
/// While the network is down, one feed is tried at this interval (ET-30).
const PROBE_INTERVAL: Duration = Duration::from_secs(60);
/// After a longer gap between two ticks (suspend, a stopped process), overdue feeds are spread (ET-22).
const GAP: Duration = Duration::from_secs(300);
/// How often the log says that the store cannot be used (REL-02).
const LOG_INTERVAL: Duration = Duration::from_secs(60);

/// The scheduler's state.
#[derive(Default)]
pub(super) struct SchedulerState {
    last_tick: Option<Moment>,
    last_probe: Option<Instant>,
    last_logged: Option<Instant>,
    /// Something could not be stored, and nothing was stored since.
    pub(super) store_failed: bool,
    /// Feeds that were due at the last tick.
    pub(super) due: Candidates,
    /// The feeds of a [`SchedulerRequest::PollAll`](super::scheduler::SchedulerRequest) that are left.
    pub(super) all: Option<PollAll>,
    /// When the last such request came.
    pub(super) last_request: Option<Moment>,
    /// The network is down, and one feed may be tried.
    pub(super) probe: bool,
}

impl SchedulerState {
    /// Reads which feeds are due, and recomputes the cost of a poll when that is due.
    pub(super) async fn refresh(
        &mut self,
        ingest: &Arc<Ingest>,
        batch: &PollBatch,
    ) -> Result<(), StoreError> {
        let (now, moment) = (ingest.clock.now(), ingest.clock.moment());
        let last = self.last_tick.replace(moment);
        if last.is_none_or(|last| ingest.clock.elapsed(last) > GAP) {
            let spread = ingest.with_store(move |store| store.spread_overdue(now));
            match spread.await {
                Ok(n) if n > 1 => tracing::info!(
                    feeds = n,
                    "{n} feeds are overdue; they are polled one after another"
                ),
                Ok(_) => {}
                Err(e) => tracing::debug!("overdue feeds were not spread: {e}"),
            }
        }
        if ingest.poll_cost.is_due(now) {
            let (poll_cost, policy) =
                (Arc::clone(&ingest.poll_cost), ingest.options.policy.clone());
            let set = ingest.with_store(move |store| poll_cost.set(store, &policy, now));
            if let Err(e) = set.await {
                tracing::debug!("the cost of a poll was not computed: {e}");
            }
        }
        if batch.len() < VISITS_MAX {
            let due = ingest.with_store(move |store| store.reads().due(now, &DUE_LIMITS));
            self.due = Candidates::new(due.await?);
        }
        Ok(())
    }

    /// Whether a feed should be tried while the network is down: now and then, and only if nothing else is in progress (ET-30).
    pub(super) fn is_probe_due(&mut self, batch: &PollBatch) -> bool {
        let is_due = self
            .last_probe
            .is_none_or(|at| at.elapsed() >= PROBE_INTERVAL);
        let is_due = is_due && batch.len() == 0;
        if is_due {
            self.last_probe = Some(Instant::now());
        }
        is_due
    }

    /// Logs an error that may pass (a store that is full, read-only or busy) and lets the next tick try again. Only an error
    /// that will not pass is returned.
    pub(super) fn tolerate(&mut self, result: Result<(), StoreError>) -> Result<(), StoreError> {
        match result {
            Err(e) if e.may_pass() || !e.is_of_store() => {
                self.store_failed = true;
                if self
                    .last_logged
                    .is_none_or(|at| at.elapsed() > LOG_INTERVAL)
                {
                    self.last_logged = Some(Instant::now());
                    tracing::error!("nothing can be stored at present: {e}");
                }
                Ok(())
            }
            other => other,
        }
    }
}
