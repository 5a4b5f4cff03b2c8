//! What has to be done before feeds are claimed: stored times follow a system clock that was set, and leases of processes that
//! died are freed. Makes no requests.

use std::sync::atomic::Ordering;

use super::context::Ingest;
use crate::clock;
use crate::store::StoreError;

impl Ingest {
    /// Checks whether the system clock was set, and moves all stored times accordingly, so that every wait keeps its length
    /// (ET-24, REL-07). Call it before claiming feeds.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be used; the next call tries again.
    pub async fn follow_clock(&self) -> Result<(), StoreError> {
        if !self.times_checked.load(Ordering::SeqCst) {
            let now = self.clock.now();
            let wrong = self.with_store(move |store| store.bound_times(now)).await?;
            self.times_checked.store(true, Ordering::SeqCst);
            if wrong > 0 {
                tracing::warn!(
                    feeds = wrong,
                    "{wrong} feeds have a last poll in the future, because the system clock was set back; their waits \
                     start now"
                );
            }
        }
        let set = self.clock.follow();
        let by = self.clock_set_by.fetch_add(set, Ordering::SeqCst) + set;
        if by.unsigned_abs() < clock::STEP_MS {
            return Ok(());
        }
        self.with_store(move |store| store.move_times(by)).await?;
        self.clock_set_by.fetch_sub(by, Ordering::SeqCst);
        let direction = if by < 0 { "back" } else { "forward" };
        let seconds = by.unsigned_abs() / 1000;
        tracing::warn!(
            "the system clock was set {direction} by {seconds} s; the plans of all feeds were moved along"
        );
        Ok(())
    }

    /// Frees, once, the feeds that a process was polling when it died, so that they do not wait for the end of their leases.
    pub(super) async fn free_dead_leases(&self) -> Result<(), StoreError> {
        if self.leases_checked.load(Ordering::SeqCst) {
            return Ok(());
        }
        let now = self.clock.now();
        let freed = self
            .with_store(move |store| store.free_dead_leases(now))
            .await?;
        self.leases_checked.store(true, Ordering::SeqCst);
        if freed > 0 {
            tracing::info!(
                feeds = freed,
                "{freed} feeds were being polled when newswire was killed; they are due again"
            );
        }
        Ok(())
    }
}
