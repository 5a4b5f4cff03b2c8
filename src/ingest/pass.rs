//! Many feeds at once: each visit a task of its own, and one verdict on the network over all of them. A visit that could
//! not reach its host waits for that verdict before it is committed, so that an outage blames nobody (ET-30).

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Ingest;
use super::outage::Verdict;
use super::report::{PassReport, Progress};
use super::visit::{self, Settled};
use crate::model::{FailureKind, FeedRow, Outcome, Poll, Time};
use crate::store::{Claim, ClaimScope, Skipped, StoreError};

/// Feeds of one pass by command at most; a store holds fewer.
const CLAIMS_MAX: usize = 100_000;
/// Feeds on their way at once in a pass by command, most of them waiting for their host's turn.
const FLIGHT_MAX: usize = 512;
/// Feeds leased at a time by a pass by command.
const CHUNK: usize = 64;
/// A feed whose host has no turn for so long is given back rather than waited for.
const PATIENCE: Duration = Duration::from_secs(600);

/// What became of one claimed feed.
enum Done {
    Settled(Box<Settled>),
    /// Its host could not be reached: whose fault it is, the others must tell.
    Held(Box<(Claim, Poll)>),
    /// Given back unasked.
    Left(Skipped),
    /// The pass was stopped before the feed was asked; its lease runs out by itself.
    Stopped,
}

type Outcomes = Result<Result<Done, StoreError>, JoinError>;

/// Feeds in flight.
pub(super) struct Flight {
    ingest: Arc<Ingest>,
    cancel: CancellationToken,
    tasks: JoinSet<Result<Done, StoreError>>,
    held: Vec<(Claim, Poll)>,
    patience: Duration,
    pub(super) report: PassReport,
}

impl Ingest {
    /// One pass over the feeds of `scope`, to its end. `cancel` ends it early: what is in flight is given up.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be used; no feed's failure is an error.
    pub async fn pass(
        self: &Arc<Self>,
        scope: ClaimScope,
        cancel: &CancellationToken,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Result<PassReport, StoreError> {
        let begun = Instant::now();
        let mut flight = Flight::new(self, cancel.clone(), PATIENCE);
        let manual_interval = match &scope {
            ClaimScope::Due => Duration::ZERO,
            ClaimScope::All { manual_interval }
            | ClaimScope::These {
                manual_interval, ..
            } => *manual_interval,
        };
        let now = self.clock.now();
        let (rows, skipped) = self
            .ask(move |store| store.reads().claimable(now, &scope, CLAIMS_MAX))
            .await?;
        let total = rows.len();
        flight.report.feeds = total + skipped.len();
        flight.report.skip(skipped);
        let mut chunks = rows.chunks(CHUNK);
        loop {
            // As feeds land, others take their place: one slow host holds up nobody but its own.
            if flight.len() + CHUNK <= FLIGHT_MAX
                && !cancel.is_cancelled()
                && let Some(chunk) = chunks.next()
            {
                flight.claim(chunk.to_vec(), manual_interval).await?;
            } else if !flight.land().await? {
                break;
            }
            progress(flight.report.progress(total));
        }
        flight.finish().await?;
        let mut report = flight.report;
        report.offline = self.is_offline();
        report.seconds = begun.elapsed().as_secs_f64();
        Ok(report)
    }

    pub(super) fn is_offline(&self) -> bool {
        self.outage
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_offline()
    }

    /// What this visit says about the network.
    fn verdict(&self, poll: &Poll, host: &str) -> Verdict {
        let mut outage = self.outage.lock().unwrap_or_else(PoisonError::into_inner);
        match &poll.outcome {
            Outcome::Failed(f) if f.kind.is_network() => outage.unreached(host),
            // Nobody was asked, or nobody answered in time: that says nothing about the network.
            Outcome::Failed(_) if poll.status.is_none() => Verdict::Unknown,
            _ => outage.answered(),
        }
    }

    /// One feed: ask, then read and commit unless the network is in doubt.
    async fn visit(
        self: Arc<Self>,
        claim: Claim,
        cancel: CancellationToken,
        patience: Duration,
    ) -> Result<Done, StoreError> {
        let wait = self.fetcher.wait(&claim.url);
        if wait > patience {
            return self.give_back(claim, wait).await.map(Done::Left);
        }
        let poll = self.fetcher.poll(&visit::request_of(&claim), &cancel).await;
        if cancel.is_cancelled() && matches!(poll.outcome, Outcome::Failed(_)) {
            return Ok(Done::Stopped);
        }
        // The host went to rest while this feed waited for its turn: nobody was asked.
        if let (Outcome::Failed(f), None, Some(rest)) =
            (&poll.outcome, poll.status, poll.hints.retry_after)
            && f.kind == FailureKind::Throttled
        {
            return self.give_back(claim, rest).await.map(Done::Left);
        }
        let is_network = matches!(&poll.outcome, Outcome::Failed(f) if f.kind.is_network());
        match self.verdict(&poll, claim.url.host()) {
            Verdict::Unknown if is_network => Ok(Done::Held(Box::new((claim, poll)))),
            verdict => self
                .settle(claim, poll, is_network && verdict == Verdict::Down, &cancel)
                .await
                .map(|settled| Done::Settled(Box::new(settled))),
        }
    }

    async fn give_back(&self, claim: Claim, wait: Duration) -> Result<Skipped, StoreError> {
        let until = self.clock.now().plus(wait);
        let host = claim.url.host().to_owned();
        let reason = format!("not before {until}: {host} has no turn for it sooner");
        let why = reason.clone();
        let url = claim.url.to_string();
        self.ask(move |store| store.defer(&claim, until, &why))
            .await?;
        Ok(Skipped { url, reason })
    }

    /// Reads and commits on a thread that may block; in between, the pages are asked for that full text wants.
    pub(super) async fn settle(
        &self,
        claim: Claim,
        poll: Poll,
        offline: bool,
        cancel: &CancellationToken,
    ) -> Result<Settled, StoreError> {
        let options = self.options.clone();
        let mut place = Arc::clone(&self.reading).acquire_owned().await;
        let mut read = self
            .ask(move |store| visit::read(store, &options, claim, poll, offline))
            .await?;
        let wanted = std::mem::take(&mut read.wants.pages);
        let mut pages = Vec::new();
        if !wanted.is_empty() {
            drop(place);
            pages = self.pages(read.url(), wanted, cancel).await;
            place = Arc::clone(&self.reading).acquire_owned().await;
        }
        let ready = self.ask(move |_| Ok(read.ready(pages))).await?;
        // Others may read while this one waits for the disk: what waits together is committed together.
        drop(place);
        self.ask(move |store| visit::commit(store, ready)).await
    }
}

impl Flight {
    pub(super) fn new(ingest: &Arc<Ingest>, cancel: CancellationToken, patience: Duration) -> Self {
        Self {
            ingest: Arc::clone(ingest),
            cancel,
            tasks: JoinSet::new(),
            held: Vec::new(),
            patience,
            report: PassReport::default(),
        }
    }

    /// Feeds on their way.
    pub(super) fn len(&self) -> usize {
        self.tasks.len()
    }

    /// Leases these feeds, unless somebody else has meanwhile, and sends them off.
    async fn claim(
        &mut self,
        feeds: Vec<FeedRow>,
        manual_interval: Duration,
    ) -> Result<(), StoreError> {
        let now = self.ingest.clock.now();
        let scope = ClaimScope::These {
            feeds,
            manual_interval,
        };
        let (claims, skipped) = self
            .ingest
            .ask(move |store| store.claim(now, scope, CHUNK))
            .await?;
        self.report.skip(skipped);
        claims.into_iter().for_each(|claim| self.start(claim));
        Ok(())
    }

    pub(super) fn start(&mut self, claim: Claim) {
        let ingest = Arc::clone(&self.ingest);
        self.tasks
            .spawn(ingest.visit(claim, self.cancel.clone(), self.patience));
    }

    /// Waits for one feed to be done; false if none is on its way. May be dropped while it waits.
    pub(super) async fn land(&mut self) -> Result<bool, StoreError> {
        let Some(done) = self.tasks.join_next().await else {
            return Ok(false);
        };
        self.take(done).await?;
        Ok(true)
    }

    async fn take(&mut self, done: Outcomes) -> Result<(), StoreError> {
        match done {
            Ok(done) => match done? {
                Done::Settled(settled) => {
                    let is_up = settled.poll.status.is_some();
                    self.report.count(&settled);
                    if is_up {
                        self.release(false).await?;
                    } else if self.ingest.is_offline() {
                        self.release(true).await?;
                    }
                }
                Done::Held(visit) => self.held.push(*visit),
                Done::Left(skipped) => self.report.skip(vec![skipped]),
                Done::Stopped => {}
            },
            // Its lease runs out by itself; the panic was logged where it happened.
            Err(e) => tracing::error!("a visit ended without a result: {e}"),
        }
        Ok(())
    }

    /// Commits what waited for a verdict on the network.
    pub(super) async fn release(&mut self, offline: bool) -> Result<(), StoreError> {
        for (claim, poll) in std::mem::take(&mut self.held) {
            let settled = self
                .ingest
                .settle(claim, poll, offline, &self.cancel)
                .await?;
            self.report.count(&settled);
        }
        Ok(())
    }

    /// Since when the oldest visit waits for a verdict, by its own clock.
    pub(super) fn held_since(&self) -> Option<Time> {
        self.held.iter().map(|(_, poll)| poll.finished).min()
    }

    /// Everything has landed: no further host will speak for the network.
    pub(super) async fn finish(&mut self) -> Result<(), StoreError> {
        let offline = self.ingest.is_offline();
        self.release(offline).await
    }
}
