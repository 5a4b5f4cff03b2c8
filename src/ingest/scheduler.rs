//! Polls feeds as they fall due, for ever. What is due stands in the store; this loop only looks every second, takes
//! what is due, and lets go of what is done. Never holds a plan in memory (ET-21).

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout_at};
use tokio_util::sync::CancellationToken;

use super::Ingest;
use super::pass::Flight;
use crate::clock::Moment;
use crate::store::{ClaimScope, Store, StoreError};

/// How often the store is asked for due feeds: also how soon a feed added by another process is seen.
const TICK: Duration = Duration::from_secs(1);
/// Feeds on their way at once, most of them waiting for their host's turn.
const FLIGHT_MAX: usize = 512;
/// A feed whose host has no turn for so long is given back: well within its lease.
const PATIENCE: Duration = Duration::from_secs(120);
/// While the network is down one feed is tried so often (ET-30).
const PROBE: Duration = Duration::from_secs(60);
/// A visit waits so long for others to tell whether the network is down.
const DOUBT: Duration = Duration::from_secs(30);
/// After a gap so long between two looks (suspend, a stopped process) what is overdue is spread (ET-22).
const GAP: Duration = Duration::from_secs(300);
/// How long feeds on their way may finish when the scheduler is stopped.
pub const DRAIN: Duration = Duration::from_secs(3);

/// What the scheduler can be told while it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// Poll everything that may be polled now (SIGUSR1).
    PollAll,
}

impl Ingest {
    /// Runs until `cancel`. `beat` is called at every look, with what keeps the store from taking anything: the
    /// watchdog's proof of progress.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be used for good; a full disk or a busy store is waited out (REL-02), and a fault
    /// in one visit or one command ends nothing (REL-12).
    pub async fn run(
        self: &Arc<Self>,
        cancel: CancellationToken,
        mut wishes: mpsc::Receiver<Wish>,
        beat: &(dyn Fn(Option<&StoreError>) + Sync),
    ) -> Result<(), StoreError> {
        let stop = CancellationToken::new();
        let mut flight = Flight::new(self, stop.clone(), PATIENCE);
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut look = Look::default();
        let (now, websub) = (self.clock.now(), self.options.websub.as_ref());
        let callback = websub.map(|w| w.callback.to_string());
        let reach = self.ask(move |store| store.reach_by(callback, now).map(|_| ()));
        look.outcome(reach.await)?;
        loop {
            tokio::select! {
                () = cancel.cancelled() => break,
                _ = ticks.tick() => {
                    let done = self.look(&mut look, &mut flight).await;
                    beat(done.as_ref().err());
                    look.outcome(done)?;
                }
                Some(Wish::PollAll) = wishes.recv() => {
                    look.outcome(self.poll_all(&mut flight).await)?;
                }
                Some(landed) = flight.land(), if flight.len() > 0 => {
                    look.outcome(flight.take(landed).await)?;
                }
            }
            if flight.held_for().is_some_and(|time| time > DOUBT) {
                look.outcome(flight.finish().await)?;
            }
        }
        let deadline = Instant::now() + DRAIN;
        while let Ok(Some(landed)) = timeout_at(deadline, flight.land()).await {
            look.outcome(flight.take(landed).await)?;
        }
        stop.cancel();
        while let Some(landed) = flight.land().await {
            look.outcome(flight.take(landed).await)?;
        }
        look.outcome(flight.finish().await)?;
        look.outcome(flight.retry().await)
    }

    /// Takes off what is due, if the clock can be trusted.
    async fn look(
        self: &Arc<Self>,
        look: &mut Look,
        flight: &mut Flight,
    ) -> Result<(), StoreError> {
        if look.is_in_trouble {
            // There may be nothing else to write for hours: whether it could be written would not be known.
            let now = self.clock.now().to_string();
            self.ask(move |store| store.remember("probe", now)).await?;
            look.is_in_trouble = false;
        }
        self.follow_clock().await?;
        self.tend_hubs(&flight.cancel).await?;
        let scope = look.tick(self, flight).await;
        self.take_off(flight, scope).await
    }

    async fn poll_all(self: &Arc<Self>, flight: &mut Flight) -> Result<(), StoreError> {
        self.follow_clock().await?;
        let manual_interval = self.options.manual_interval;
        let scope = ClaimScope::All { manual_interval };
        self.take_off(flight, Some((scope, FLIGHT_MAX))).await
    }

    /// Claims what the scope means and sends it off; but first what could not be stored: nobody else is asked for what
    /// could not be stored either.
    async fn take_off(
        self: &Arc<Self>,
        flight: &mut Flight,
        scope: Option<(ClaimScope, usize)>,
    ) -> Result<(), StoreError> {
        flight.retry().await?;
        let Some((scope, limit)) = scope else {
            return Ok(());
        };
        let now = self.clock.now();
        let claim = move |store: &Store| store.claim(now, scope, limit);
        let (claims, _) = self.ask(claim).await?;
        claims.into_iter().for_each(|claim| flight.start(claim));
        Ok(())
    }
}

/// What the loop remembers between two looks.
#[derive(Default)]
struct Look {
    last: Option<Moment>,
    last_probe: Option<Instant>,
    last_complaint: Option<Instant>,
    /// Something could not be stored, and nothing was since.
    is_in_trouble: bool,
}

/// An unusable store is complained about so often (REL-02).
const COMPLAINT: Duration = Duration::from_secs(60);

impl Look {
    /// What may be claimed at this look, and how many.
    async fn tick(&mut self, ingest: &Arc<Ingest>, flight: &Flight) -> Option<(ClaimScope, usize)> {
        let (now, moment) = (ingest.clock.now(), ingest.clock.moment());
        if self
            .last
            .is_none_or(|last| ingest.clock.elapsed(last) > GAP)
        {
            match ingest.ask(move |store| store.spread_overdue(now)).await {
                Ok(n) if n > 1 => tracing::info!(
                    feeds = n,
                    "{n} feeds are overdue; they are asked one after the other"
                ),
                Ok(_) => {}
                Err(e) => tracing::debug!("overdue feeds were not spread: {e}"),
            }
        }
        self.last = Some(moment);
        if ingest.pricing.is_due(now) {
            let (pricing, policy) = (Arc::clone(&ingest.pricing), ingest.options.policy.clone());
            let set = ingest.ask(move |store| pricing.set(store, &policy, now));
            if let Err(e) = set.await {
                tracing::debug!("the price of polls was not set anew: {e}");
            }
        }
        let free = FLIGHT_MAX.saturating_sub(flight.len());
        if ingest.is_offline() {
            let is_time = self.last_probe.is_none_or(|at| at.elapsed() >= PROBE);
            if !is_time || flight.len() > 0 {
                return None;
            }
            self.last_probe = Some(Instant::now());
            return Some((ClaimScope::Due, 1));
        }
        (free > 0).then_some((ClaimScope::Due, free))
    }

    /// A store that is full, read-only or busy is waited for, and what failed by itself is tried again at the next look; a
    /// store that can take nothing any more ends the scheduler.
    fn outcome(&mut self, outcome: Result<(), StoreError>) -> Result<(), StoreError> {
        match outcome {
            Err(e) if e.may_pass() || !e.is_of_store() => {
                self.is_in_trouble = true;
                if self
                    .last_complaint
                    .is_none_or(|at| at.elapsed() > COMPLAINT)
                {
                    self.last_complaint = Some(Instant::now());
                    tracing::error!("nothing can be stored at present: {e}");
                }
                Ok(())
            }
            other => other,
        }
    }
}
