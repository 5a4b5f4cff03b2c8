//! Polls feeds as they fall due, for as long as the daemon runs. What is due stands in the store; this loop looks every
//! second, claims what can be started, and notes what is done. Never holds a plan in memory (ET-21).

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout_at};
use tokio_util::sync::CancellationToken;

use super::Ingest;
use super::candidates::Candidates;
use super::flight::{FLIGHT_MAX, Flight, Landed};
use super::poll_all::PollAll;
use super::report::PassReport;
use crate::clock::Moment;
use crate::fetch::site_of;
use crate::model::FeedRow;
use crate::store::{ClaimScope, DueLimits, StoreError};

/// How often the store is asked for due feeds: also how soon a feed added by another process is seen.
const TICK: Duration = Duration::from_secs(1);
/// Due feeds that are looked for at a time: more than can be started before the next look, of all sites and of one.
const DUE_LIMITS: DueLimits = DueLimits {
    all: 4 * FLIGHT_MAX,
    site: 128,
    site_of,
};
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

/// What the scheduler tells at every look.
#[derive(Debug, Clone, Copy)]
pub struct Beat<'a> {
    /// What keeps the store from taking anything.
    pub trouble: Option<&'a StoreError>,
    /// For how long the oldest visit has been under way.
    pub oldest: Duration,
}

impl Ingest {
    /// Runs until `cancel`. `beat` is called at every look: the watchdog's proof of progress.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be used for good; a full disk or a busy store is waited out (REL-02), and a fault
    /// in one visit or one command ends nothing (REL-12).
    pub async fn run(
        self: &Arc<Self>,
        cancel: CancellationToken,
        mut wishes: mpsc::Receiver<Wish>,
        beat: &(dyn Fn(Beat<'_>) + Sync),
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
                    beat(Beat { trouble: done.as_ref().err(), oldest: flight.oldest() });
                    look.outcome(done)?;
                }
                Some(Wish::PollAll) = wishes.recv() => {
                    let done = self.poll_all(&mut look, &mut flight).await;
                    look.outcome(done)?;
                }
                Some(landed) = flight.land(), if flight.len() > 0 => {
                    let done = self.landed(&mut look, &mut flight, landed).await;
                    look.outcome(done)?;
                }
            }
            if flight.held_for().is_some_and(|time| time > DOUBT) {
                look.outcome(flight.finish().await)?;
            }
        }
        let deadline = Instant::now() + DRAIN;
        while let Ok(Some(landed)) = timeout_at(deadline, flight.land()).await {
            look.outcome(flight.take(landed, &mut []).await)?;
        }
        stop.cancel();
        self.stopping.cancel();
        while let Some(landed) = flight.land().await {
            look.outcome(flight.take(landed, &mut []).await)?;
        }
        look.outcome(flight.finish().await)?;
        self.pushes.close();
        self.pushes.wait().await;
        look.outcome(flight.retry().await)
    }

    /// Claims what is due and sends it off, if the clock can be trusted. But first what could not be stored: no server is
    /// asked for what could not be stored either.
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
        self.free_dead_leases().await?;
        self.tend_hubs(&flight.cancel).await?;
        // The report is a pass's; here it would grow for as long as the daemon runs.
        flight.report = PassReport::default();
        flight.retry().await?;
        flight.renew().await?;
        look.refresh(self, flight).await?;
        look.probe = self.is_offline() && look.is_time_to_probe(flight);
        self.take_off(look, flight).await
    }

    /// A visit has ended: others take its place. Those that have ended meanwhile are taken together.
    async fn landed(
        self: &Arc<Self>,
        look: &mut Look,
        flight: &mut Flight,
        landed: Landed,
    ) -> Result<(), StoreError> {
        let mut next = Some(landed);
        while let Some(landed) = next {
            let mut queues = vec![&mut look.due];
            queues.extend(look.all.as_mut().map(|all| &mut all.candidates));
            flight.take(landed, &mut queues).await?;
            next = flight.landed();
        }
        // What the store did not take has to be stored first, and that is tried at the next look.
        match flight.is_stuck() {
            true => Ok(()),
            false => self.take_off(look, flight).await,
        }
    }

    /// Every feed that may be polled is to be asked once; a signal during another one starts again.
    async fn poll_all(
        self: &Arc<Self>,
        look: &mut Look,
        flight: &mut Flight,
    ) -> Result<(), StoreError> {
        self.follow_clock().await?;
        let manual_interval = self.options.manual_interval;
        let (now, scope) = (self.clock.now(), ClaimScope::All { manual_interval });
        let (feeds, skipped) = self
            .ask(move |store| store.reads().claimable(now, &scope, site_of))
            .await?;
        let last = look.last_signal.replace(self.clock.moment());
        look.all = Some(PollAll::begin(feeds, &skipped, &self.clock, last));
        flight.retry().await?;
        self.take_off(look, flight).await
    }

    /// Sends off what is due, then what else is wished. While the network is down, one feed at a time as a probe (ET-30).
    async fn take_off(
        self: &Arc<Self>,
        look: &mut Look,
        flight: &mut Flight,
    ) -> Result<(), StoreError> {
        let probe = std::mem::take(&mut look.probe);
        let most = match self.is_offline() {
            true if probe => 1,
            true => return Ok(()),
            false => usize::MAX,
        };
        let due = flight.take_off(&mut look.due, most, &ClaimScope::StillDue);
        let due = due.await?;
        let Some(all) = &mut look.all else {
            return Ok(());
        };
        all.asked_meanwhile.extend(due.sent);
        if probe {
            return Ok(());
        }
        // What was asked since the signal came, by any process, is not asked again for it.
        let since = self.clock.elapsed(all.begun);
        let manual_interval = self.options.manual_interval.max(since);
        let asked = &all.asked_meanwhile;
        let scope_of = |feeds: Vec<FeedRow>| ClaimScope::These {
            feeds: feeds.into_iter().filter(|f| !asked.contains(f)).collect(),
            manual_interval,
        };
        let done = flight
            .take_off(&mut all.candidates, most, &scope_of)
            .await?;
        all.note(&done);
        if all.is_over() {
            look.all = None;
        }
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
    /// Feeds that were due at the last look.
    due: Candidates,
    /// What is left of the feeds that a signal asked for.
    all: Option<PollAll>,
    /// When the last signal came.
    last_signal: Option<Moment>,
    /// The network is down, and one feed may be asked to see whether it still is.
    probe: bool,
}

/// An unusable store is complained about so often (REL-02).
const COMPLAINT: Duration = Duration::from_secs(60);

impl Look {
    /// Reads which feeds are due, and recomputes the cost of a poll when that is due.
    async fn refresh(&mut self, ingest: &Arc<Ingest>, flight: &Flight) -> Result<(), StoreError> {
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
        if ingest.poll_cost.is_due(now) {
            let (poll_cost, policy) =
                (Arc::clone(&ingest.poll_cost), ingest.options.policy.clone());
            let set = ingest.ask(move |store| poll_cost.set(store, &policy, now));
            if let Err(e) = set.await {
                tracing::debug!("the cost of a poll was not computed: {e}");
            }
        }
        if flight.len() < FLIGHT_MAX {
            let due = ingest.ask(move |store| store.reads().due(now, &DUE_LIMITS));
            self.due = Candidates::new(due.await?);
        }
        Ok(())
    }

    /// While the network is down one feed is tried now and then, nothing else being under way (ET-30).
    fn is_time_to_probe(&mut self, flight: &Flight) -> bool {
        let is_time = self.last_probe.is_none_or(|at| at.elapsed() >= PROBE);
        let is_time = is_time && flight.len() == 0;
        if is_time {
            self.last_probe = Some(Instant::now());
        }
        is_time
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
