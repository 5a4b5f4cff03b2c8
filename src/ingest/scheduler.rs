//! Polls feeds as they become due, for as long as the daemon runs. Every second it reads what is due from the store and claims
//! what can be started; it must never keep a plan in memory (ET-21).

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout_at};
use tokio_util::sync::CancellationToken;

use super::context::Ingest;
use super::poll_all::PollAll;
use super::poll_batch::{PollBatch, TaskResult};
use super::report::PassReport;
use super::scheduler_state::SchedulerState;
use crate::model::FeedRow;
use crate::store::{ClaimScope, StoreError};

/// How often the store is asked for due feeds. A feed that another process adds is noticed this soon.
const TICK: Duration = Duration::from_secs(1);
/// A feed is put off if the queue of its host is longer than this, which is well below its lease.
const QUEUE_WAIT_MAX: Duration = Duration::from_secs(120);
/// How long polls wait for other feeds to show whether the network is down.
const AWAIT_NETWORK_MAX: Duration = Duration::from_secs(30);
/// How long visits in progress may finish when the scheduler is stopped.
pub const DRAIN: Duration = Duration::from_secs(3);

/// A request to the running scheduler.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SchedulerRequest {
    /// Poll now every feed that may be polled (SIGUSR1).
    PollAll,
}

/// What the scheduler reports at every tick.
#[derive(Debug, Clone, Copy)]
pub struct SchedulerStatus<'a> {
    /// Why nothing can be stored.
    pub store_error: Option<&'a StoreError>,
    /// How long the oldest visit has been in progress.
    pub oldest_visit: Duration,
}

impl Ingest {
    /// Runs until `cancel`. `report` is called at every tick, which proves progress to the watchdog.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be used any longer. The scheduler waits while the disk is full or the store is busy
    /// (REL-02), and goes on after a fault in one visit or one command (REL-12).
    pub async fn run(
        self: &Arc<Self>,
        cancel: CancellationToken,
        mut requests: mpsc::Receiver<SchedulerRequest>,
        report: &(dyn Fn(SchedulerStatus<'_>) + Sync),
    ) -> Result<(), StoreError> {
        let stop = CancellationToken::new();
        let mut batch = PollBatch::new(self, stop.clone(), QUEUE_WAIT_MAX);
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut state = SchedulerState::default();
        let (now, websub) = (self.clock.now(), self.options.websub.as_ref());
        let callback = websub.map(|w| w.callback.to_string());
        let reach = self.with_store(move |store| store.reach_by(callback, now).map(|_| ()));
        state.tolerate(reach.await)?;
        loop {
            tokio::select! {
                () = cancel.cancelled() => break,
                _ = ticks.tick() => {
                    let done = self.tick(&mut state, &mut batch).await;
                    let store_error = done.as_ref().err();
                    report(SchedulerStatus { store_error, oldest_visit: batch.oldest() });
                    state.tolerate(done)?;
                }
                Some(SchedulerRequest::PollAll) = requests.recv() => {
                    let done = self.poll_all(&mut state, &mut batch).await;
                    state.tolerate(done)?;
                }
                Some(ended) = batch.next_ended(), if batch.len() > 0 => {
                    let done = self.finish_ended(&mut state, &mut batch, ended).await;
                    state.tolerate(done)?;
                }
            }
            if batch.awaiting_for().is_some_and(|t| t > AWAIT_NETWORK_MAX) {
                state.tolerate(batch.stop_awaiting().await)?;
            }
        }
        self.stop(state, batch, stop).await
    }

    /// Ends the visits in progress and commits what they brought.
    async fn stop(
        &self,
        mut state: SchedulerState,
        mut batch: PollBatch,
        cancel: CancellationToken,
    ) -> Result<(), StoreError> {
        let deadline = Instant::now() + DRAIN;
        while let Ok(Some(ended)) = timeout_at(deadline, batch.next_ended()).await {
            state.tolerate(batch.finish(ended, &mut []).await)?;
        }
        cancel.cancel();
        self.stopping.cancel();
        while let Some(ended) = batch.next_ended().await {
            state.tolerate(batch.finish(ended, &mut []).await)?;
        }
        state.tolerate(batch.stop_awaiting().await)?;
        self.pushes.close();
        self.pushes.wait().await;
        state.tolerate(batch.commit_not_stored().await)
    }

    /// Commits what could not be stored before, then claims due feeds and starts their visits. In this order, because no server
    /// should be asked for what could not be stored either.
    async fn tick(
        self: &Arc<Self>,
        state: &mut SchedulerState,
        batch: &mut PollBatch,
    ) -> Result<(), StoreError> {
        if state.store_failed {
            // There may be nothing else to write for hours, and so nothing that would show whether writing works again.
            let now = self.clock.now().to_string();
            self.with_store(move |store| store.remember("probe", now))
                .await?;
            state.store_failed = false;
        }
        self.follow_clock().await?;
        self.free_dead_leases().await?;
        self.start_hub_requests(&batch.cancel).await?;
        // The report is for passes. Here it would grow for as long as the daemon runs.
        batch.report = PassReport::default();
        batch.commit_not_stored().await?;
        batch.renew_leases().await?;
        state.refresh(self, batch).await?;
        state.probe = self.is_offline() && state.is_probe_due(batch);
        self.start_visits(state, batch).await
    }

    /// A visit has ended, and perhaps more have meanwhile: others take their places.
    async fn finish_ended(
        self: &Arc<Self>,
        state: &mut SchedulerState,
        batch: &mut PollBatch,
        ended: TaskResult,
    ) -> Result<(), StoreError> {
        let mut next = Some(ended);
        while let Some(ended) = next {
            let mut queues = vec![&mut state.due];
            queues.extend(state.all.as_mut().map(|all| &mut all.candidates));
            batch.finish(ended, &mut queues).await?;
            next = batch.try_next_ended();
        }
        // What the store did not take has to be stored first. The next tick tries that.
        match batch.has_not_stored() {
            true => Ok(()),
            false => self.start_visits(state, batch).await,
        }
    }

    /// Begins to poll every feed that may be polled. A second request starts again.
    async fn poll_all(
        self: &Arc<Self>,
        state: &mut SchedulerState,
        batch: &mut PollBatch,
    ) -> Result<(), StoreError> {
        self.follow_clock().await?;
        let manual_interval = self.options.manual_interval;
        let (now, scope) = (self.clock.now(), ClaimScope::All { manual_interval });
        let (feeds, skipped) = self
            .with_store(move |store| store.reads().claimable(now, &scope))
            .await?;
        let last = state.last_request.replace(self.clock.moment());
        state.all = Some(PollAll::begin(feeds, &skipped, &self.clock, last));
        batch.commit_not_stored().await?;
        self.start_visits(state, batch).await
    }

    /// Starts visits to due feeds, then to requested ones. While the network is down, only one feed at a time is tried (ET-30).
    async fn start_visits(
        self: &Arc<Self>,
        state: &mut SchedulerState,
        batch: &mut PollBatch,
    ) -> Result<(), StoreError> {
        let probe = std::mem::take(&mut state.probe);
        let most = match self.is_offline() {
            true if probe => 1,
            true => return Ok(()),
            false => usize::MAX,
        };
        let started = batch.start(&mut state.due, most, &ClaimScope::StillDue);
        let started = started.await?;
        let Some(all) = &mut state.all else {
            return Ok(());
        };
        all.polled_meanwhile.extend(started.feeds);
        if probe {
            return Ok(());
        }
        // A feed that any process polled since the request is not polled again for it.
        let since = self.clock.elapsed(all.begun);
        let manual_interval = self.options.manual_interval.max(since);
        let polled = &all.polled_meanwhile;
        let scope_of = |feeds: Vec<FeedRow>| ClaimScope::These {
            feeds: feeds.into_iter().filter(|f| !polled.contains(f)).collect(),
            manual_interval,
        };
        let started = batch.start(&mut all.candidates, most, &scope_of).await?;
        all.note(&started);
        if all.log_if_done() {
            state.all = None;
        }
        Ok(())
    }
}
