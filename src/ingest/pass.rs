//! One pass over many feeds, to its end: each visit is a task, and ended visits make room for others, so that a slow host
//! delays only its own feeds.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::candidates::Candidates;
use super::context::Ingest;
use super::poll_batch::PollBatch;
use super::report::{PassReport, Progress};
use crate::store::{ClaimScope, StoreError};

/// A feed is put off if the queue of its host is longer than this.
const QUEUE_WAIT_MAX: Duration = Duration::from_secs(600);
/// How often a pass checks whether leases have to be renewed.
const RENEW_CHECK_INTERVAL: Duration = Duration::from_secs(30);

impl Ingest {
    /// Polls the feeds of `scope` once. `cancel` ends the pass early; visits in progress are dropped.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be used; the failure of a feed is not an error.
    pub async fn pass(
        self: &Arc<Self>,
        scope: ClaimScope,
        cancel: &CancellationToken,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Result<PassReport, StoreError> {
        let begun = Instant::now();
        self.follow_clock().await?;
        self.free_dead_leases().await?;
        let mut batch = PollBatch::new(self, cancel.clone(), QUEUE_WAIT_MAX);
        let manual_interval = match &scope {
            ClaimScope::Due | ClaimScope::StillDue(_) | ClaimScope::Pushed(_) => Duration::ZERO,
            ClaimScope::All { manual_interval }
            | ClaimScope::These {
                manual_interval, ..
            } => *manual_interval,
        };
        let now = self.clock.now();
        let is_due = matches!(scope, ClaimScope::Due);
        let (feeds, skipped) = self
            .with_store(move |store| store.reads().claimable(now, &scope))
            .await?;
        let total = feeds.len();
        batch.report.feeds = total + skipped.len();
        batch.report.skip(skipped);
        let mut candidates = Candidates::new(feeds);
        let scope_of = move |feeds| match is_due {
            true => ClaimScope::StillDue(feeds),
            false => ClaimScope::These {
                feeds,
                manual_interval,
            },
        };
        let mut renew_checks = interval(RENEW_CHECK_INTERVAL);
        renew_checks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            if !cancel.is_cancelled() {
                let started = batch.start(&mut candidates, usize::MAX, &scope_of).await?;
                batch.report.skip(started.skipped);
            }
            tokio::select! {
                ended = batch.next_ended() => match ended {
                    Some(ended) => batch.finish(ended, &mut [&mut candidates]).await?,
                    None => break,
                },
                _ = renew_checks.tick() => batch.renew_leases().await?,
            }
            while let Some(ended) = batch.try_next_ended() {
                batch.finish(ended, &mut [&mut candidates]).await?;
            }
            progress(batch.report.progress(total));
        }
        batch.stop_awaiting().await?;
        let mut report = batch.report;
        report.offline = self.is_offline();
        report.seconds = begun.elapsed().as_secs_f64();
        Ok(report)
    }
}
