//! Many feeds at once: each visit a task of its own, and one verdict on the network over all of them. A visit that could
//! not reach its host waits for that verdict before it is committed, so that an outage blames nobody (ET-30).

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::sync::{AcquireError, OwnedSemaphorePermit};
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Ingest;
use super::outage::Verdict;
use super::report::{PassReport, Progress};
use super::visit::{self, Read, Settled, Visited};
use crate::model::{FeedRow, Outcome, Poll};
use crate::store::{Claim, ClaimScope, Skipped, StoreError};

/// Feeds of one pass by command at most; a store holds fewer.
const CLAIMS_MAX: usize = 100_000;
/// Feeds on their way at once in a pass by command, most of them waiting for their host's turn.
const FLIGHT_MAX: usize = 512;
/// Feeds leased at a time by a pass by command.
const CHUNK: usize = 64;
/// A feed whose host has no turn for so long is given back rather than waited for.
const PATIENCE: Duration = Duration::from_secs(600);
/// Documents that wait for a store that takes nothing, in bytes.
const STUCK_BYTES_MAX: usize = 64 << 20;

/// Leave to read a document; none if the process ends.
pub(super) type Place = Result<OwnedSemaphorePermit, AcquireError>;

/// What became of one claimed feed.
pub(super) enum Done {
    Settled(Box<Settled>),
    /// Its host could not be reached: whose fault it is, the others must tell.
    Held(Arc<Visited>),
    /// The store did not take it; it may later.
    Stuck(Arc<Visited>, bool, StoreError),
    /// Given back unasked.
    Left(Skipped),
    /// The pass was stopped on the way.
    Stopped,
}

/// How a visit's task ended.
pub(super) type Landed = Result<Result<Done, StoreError>, JoinError>;

/// Feeds in flight.
pub(super) struct Flight {
    ingest: Arc<Ingest>,
    pub(super) cancel: CancellationToken,
    tasks: JoinSet<Result<Done, StoreError>>,
    held: Vec<Arc<Visited>>,
    stuck: Vec<(Arc<Visited>, bool)>,
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
        self.follow_clock().await?;
        let mut flight = Flight::new(self, cancel.clone(), PATIENCE);
        let manual_interval = match &scope {
            ClaimScope::Due | ClaimScope::Pushed(_) => Duration::ZERO,
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
            } else if let Some(landed) = flight.land().await {
                flight.take(landed).await?;
            } else {
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
    pub(super) async fn try_visit(
        &self,
        claim: &Arc<Claim>,
        cancel: &CancellationToken,
        patience: Duration,
    ) -> Result<Done, StoreError> {
        let claim = Arc::clone(claim);
        let wait = self.fetcher.wait(&claim.url);
        if wait > patience {
            return self.put_off(claim, wait).await.map(Done::Left);
        }
        let request = visit::request_of(&claim);
        #[cfg(test)]
        crate::faults::at("request", claim.url.host())?;
        let (poll, held) = self.fetcher.poll(&request, cancel).await;
        #[cfg(test)]
        crate::faults::at("answer", claim.url.host())?;
        if cancel.is_cancelled() && matches!(poll.outcome, Outcome::Failed(_)) {
            // One that was asked is not asked again before its lease is over: that would be a second request.
            if poll.is_unasked() {
                self.ask(move |store| store.give_back(&claim)).await?;
            }
            return Ok(Done::Stopped);
        }
        // The host went to rest while this feed waited for its turn.
        if poll.is_unasked() {
            let rest = poll.hints.retry_after.unwrap_or_default();
            return self.put_off(claim, rest).await.map(Done::Left);
        }
        let is_network = matches!(&poll.outcome, Outcome::Failed(f) if f.kind.is_network());
        let verdict = self.verdict(&poll, claim.url.host());
        let visited = Visited::new(claim, poll, held, &self.clock);
        if is_network && verdict == Verdict::Unknown {
            return Ok(Done::Held(visited));
        }
        let offline = is_network && verdict == Verdict::Down;
        match self.settle(&visited, offline, cancel).await {
            Ok(settled) => Ok(Done::Settled(Box::new(settled))),
            Err(e) if e.may_pass() => Ok(Done::Stuck(visited, offline, e)),
            Err(e) => Err(e),
        }
    }

    async fn put_off(&self, claim: Arc<Claim>, wait: Duration) -> Result<Skipped, StoreError> {
        let until = self.clock.now().plus(wait);
        let host = claim.url.host().to_owned();
        let reason = format!("not before {until}: {host} has no turn for it sooner");
        let why = reason.clone();
        let url = claim.url.to_string();
        self.ask(move |store| store.defer(&claim, until, &why))
            .await?;
        Ok(Skipped { url, reason })
    }

    /// Reads and commits; in between, the pages are asked for that full text wants. A document is read on a thread that
    /// may block; most visits bring none, and are not worth the way there.
    pub(super) async fn try_settle(
        &self,
        visited: &Arc<Visited>,
        offline: bool,
        cancel: &CancellationToken,
        alone: bool,
    ) -> Result<Settled, StoreError> {
        if visited.has_document() {
            let (read, place) = self.read(visited, offline).await?;
            return self.finish(visited, read, place, cancel, alone).await;
        }
        let policy = self.pricing.apply(&self.options.policy);
        let read = visit::read(&self.store, &policy, visited, offline)?;
        let ready = read.ready(&self.store, visited, &self.clock);
        visit::commit(self, if alone { ready.alone() } else { ready }).await
    }

    /// Reads and plans, when it is its turn; the place is kept until the reading is over.
    pub(super) async fn read(
        &self,
        visited: &Arc<Visited>,
        offline: bool,
    ) -> Result<(Read, Place), StoreError> {
        let policy = self.pricing.apply(&self.options.policy);
        let place = self.place(visited).await;
        let what = Arc::clone(visited);
        let read = self
            .ask(move |store| visit::read(store, &policy, &what, offline))
            .await?;
        Ok((read, place))
    }

    /// Asks for the pages and the archive that are wanted, and commits.
    pub(super) async fn finish(
        &self,
        visited: &Arc<Visited>,
        read: Read,
        mut place: Place,
        cancel: &CancellationToken,
        alone: bool,
    ) -> Result<Settled, StoreError> {
        if !read.wanted().is_empty() || read.archive().is_some() {
            drop(place);
            let ask = || self.pages(visited.claim.url.as_str(), read.wanted(), cancel);
            visited.pages.get_or_init(ask).await;
            if let Some(url) = read.archive() {
                let ask = || self.archive(visited, url, cancel);
                visited.archive.get_or_try_init(ask).await?;
            }
            place = self.place(visited).await;
        }
        let (what, clock) = (Arc::clone(visited), self.clock.clone());
        let ready = self
            .ask(move |store| Ok(read.ready(store, &what, &clock)))
            .await?;
        // Others may read while this one waits for the disk: what waits together is committed together. But not all: a
        // visit that is read takes much more memory than its document, and a large one is the only one of its kind.
        let _turn = Arc::clone(&self.committing).acquire_owned().await;
        if !visited.is_large() {
            drop(place);
        }
        visit::commit(self, if alone { ready.alone() } else { ready }).await
    }

    /// A large document takes some hundred megabytes while it is read: one at a time, and apart from the others, so that
    /// hostile ones hold up their like only (SEC-05, REL-04).
    async fn place(&self, visited: &Visited) -> Place {
        let places = match visited.is_large() {
            true => &self.reading_large,
            false => &self.reading,
        };
        Arc::clone(places).acquire_owned().await
    }
}

impl Flight {
    pub(super) fn new(ingest: &Arc<Ingest>, cancel: CancellationToken, patience: Duration) -> Self {
        Self {
            ingest: Arc::clone(ingest),
            cancel,
            tasks: JoinSet::new(),
            held: Vec::new(),
            stuck: Vec::new(),
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

    /// Waits for one feed to land; none if none is on its way. It may be dropped while it waits; what it gave has to be
    /// [taken](Self::take).
    pub(super) async fn land(&mut self) -> Option<Landed> {
        self.tasks.join_next().await
    }

    /// Notes how a feed landed.
    pub(super) async fn take(&mut self, landed: Landed) -> Result<(), StoreError> {
        match landed {
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
                Done::Held(visited) => self.held.push(visited),
                Done::Stuck(visited, offline, e) => {
                    self.stick(visited, offline);
                    return Err(e);
                }
                Done::Left(skipped) => self.report.skip(vec![skipped]),
                Done::Stopped => {}
            },
            // Its lease runs out by itself; the panic was logged where it happened.
            Err(e) => tracing::error!("a visit ended without a result: {e}"),
        }
        Ok(())
    }

    /// Commits what waited for a verdict on the network.
    async fn release(&mut self, offline: bool) -> Result<(), StoreError> {
        while let Some(visited) = self.held.pop() {
            self.commit(visited, offline).await?;
        }
        Ok(())
    }

    /// Tries again what the store did not take: nobody is asked twice because a disk was full (REL-02).
    pub(super) async fn retry(&mut self) -> Result<(), StoreError> {
        while let Some((visited, offline)) = self.stuck.pop() {
            self.commit(visited, offline).await?;
        }
        Ok(())
    }

    async fn commit(&mut self, visited: Arc<Visited>, offline: bool) -> Result<(), StoreError> {
        match self.ingest.settle(&visited, offline, &self.cancel).await {
            Ok(settled) => {
                self.report.count(&settled);
                Ok(())
            }
            Err(e) => {
                if e.may_pass() {
                    self.stick(visited, offline);
                }
                Err(e)
            }
        }
    }

    /// Keeps what the store did not take, within a limit: the lease of what is too much runs out by itself, and it is
    /// asked for again.
    fn stick(&mut self, visited: Arc<Visited>, offline: bool) {
        let kept: usize = self.stuck.iter().map(|(v, _)| v.bytes()).sum();
        if kept.saturating_add(visited.bytes()) <= STUCK_BYTES_MAX {
            // The limit here stands for it: other bodies must not wait for the disk.
            visited.give_room();
            self.stuck.push((visited, offline));
        }
    }

    /// For how long the oldest visit has waited for a verdict.
    pub(super) fn held_for(&self) -> Option<Duration> {
        let clock = &self.ingest.clock;
        self.held.iter().map(|visited| visited.age(clock)).max()
    }

    /// Everything has landed: no further host will speak for the network.
    pub(super) async fn finish(&mut self) -> Result<(), StoreError> {
        let offline = self.ingest.is_offline();
        self.release(offline).await
    }
}
