//! Visits under way: claims that were sent off, their sites and their leases, and what waits to be committed. A site never
//! has more of them than it can start soon, and no lease runs out under a visit that takes long (REL-16).

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Ingest;
use super::candidates::{Candidates, Taken};
use super::pass::Done;
use super::report::PassReport;
use super::visit::Visited;
use crate::clock::Moment;
use crate::model::FeedRow;
use crate::store::{Claim, ClaimScope, Skipped, Store, StoreError};

/// Visits under way at once, most of them waiting for their host's turn or for an answer.
pub(super) const FLIGHT_MAX: usize = 512;
/// Feeds leased in one transaction at most.
const CHUNK: usize = 64;
/// A lease is renewed when it is so old: a third of its time.
const RENEW_AFTER: Duration = Duration::from_secs(300);
/// Documents that wait for a store that takes nothing, in bytes.
const STUCK_BYTES_MAX: usize = 64 << 20;

/// How a visit's task ended.
pub(super) type Landed = Result<(Id, Result<Done, StoreError>), JoinError>;

/// Visits under way.
pub(super) struct Flight {
    ingest: Arc<Ingest>,
    pub(super) cancel: CancellationToken,
    tasks: JoinSet<Result<Done, StoreError>>,
    aboard: HashMap<Id, Aboard>,
    /// How many of each site, for those that have any.
    sites: HashMap<Arc<str>, usize>,
    held: Vec<Arc<Visited>>,
    stuck: Vec<(Arc<Visited>, bool)>,
    patience: Duration,
    pub(super) report: PassReport,
}

/// One visit under way.
struct Aboard {
    site: Arc<str>,
    lease: (FeedRow, i64),
    /// Since when it is under way, by the timers' clock.
    since: Instant,
    /// When its lease was last renewed, by the clock that runs on while the machine sleeps.
    renewed: Moment,
}

/// What [`Flight::take_off`] did.
#[derive(Debug, Default)]
pub(super) struct TakeOff {
    /// Feeds that were sent off.
    pub(super) sent: Vec<FeedRow>,
    /// Feeds that were left alone, and why.
    pub(super) left: Vec<Skipped>,
}

/// Under which condition candidates are claimed.
pub(super) type ScopeOf<'a> = &'a (dyn Fn(Vec<FeedRow>) -> ClaimScope + Sync);

impl Flight {
    pub(super) fn new(ingest: &Arc<Ingest>, cancel: CancellationToken, patience: Duration) -> Self {
        Self {
            ingest: Arc::clone(ingest),
            cancel,
            tasks: JoinSet::new(),
            aboard: HashMap::new(),
            sites: HashMap::new(),
            held: Vec::new(),
            stuck: Vec::new(),
            patience,
            report: PassReport::default(),
        }
    }

    /// Visits under way.
    pub(super) fn len(&self) -> usize {
        self.tasks.len()
    }

    /// Claims candidates that can be started soon, at most `most` and as far as there are places, and sends them off.
    pub(super) async fn take_off(
        &mut self,
        candidates: &mut Candidates,
        most: usize,
        scope_of: ScopeOf<'_>,
    ) -> Result<TakeOff, StoreError> {
        let mut done = TakeOff::default();
        loop {
            let wanted = most.saturating_sub(done.sent.len());
            let free = FLIGHT_MAX.saturating_sub(self.len()).min(wanted);
            // A transaction for every place that becomes free would be many.
            let is_worth_it = free >= CHUNK.min(wanted) || candidates.open_sites() < CHUNK;
            if free == 0 || !is_worth_it {
                break;
            }
            let chunk = self.reserve(candidates, free.min(CHUNK));
            if chunk.is_empty() {
                break;
            }
            let scope = scope_of(chunk.iter().map(|taken| taken.feed).collect());
            let now = self.ingest.clock.now();
            let claim = move |store: &Store| store.claim(now, scope, CHUNK);
            let (claims, skipped) = match self.ingest.ask(claim).await {
                Ok(claimed) => claimed,
                Err(e) => {
                    for taken in chunk.into_iter().rev() {
                        self.leave(&taken.site);
                        candidates.put_back(taken);
                    }
                    return Err(e);
                }
            };
            done.left.extend(skipped);
            let sites = chunk.into_iter().map(|taken| (taken.feed, taken.site));
            let mut unclaimed: HashMap<FeedRow, Arc<str>> = sites.collect();
            for claim in claims {
                if let Some(site) = unclaimed.remove(&claim.feed) {
                    done.sent.push(claim.feed);
                    self.start(claim, site);
                }
            }
            for site in unclaimed.values() {
                self.leave(site);
                candidates.reopen(site);
            }
        }
        Ok(done)
    }

    /// Takes candidates, and a place for each.
    fn reserve(&mut self, candidates: &mut Candidates, most: usize) -> Vec<Taken> {
        let mut chunk: Vec<Taken> = Vec::new();
        while chunk.len() < most {
            let (ingest, sites) = (&self.ingest, &self.sites);
            let under_way = |site: &str| sites.get(site).copied().unwrap_or(0);
            let may = |site: &str| under_way(site) < ingest.fetcher.visits_max(site);
            let Some(next) = candidates.take(may) else {
                break;
            };
            if chunk.iter().all(|taken| taken.feed != next.feed) {
                *self.sites.entry(Arc::clone(&next.site)).or_default() += 1;
                chunk.push(next);
            }
        }
        chunk
    }

    fn start(&mut self, claim: Claim, site: Arc<str>) {
        let ingest = Arc::clone(&self.ingest);
        let aboard = Aboard {
            site,
            lease: (claim.feed, claim.lease),
            since: Instant::now(),
            renewed: ingest.clock.moment(),
        };
        let visit = ingest.visit(claim, self.cancel.clone(), self.patience);
        self.aboard.insert(self.tasks.spawn(visit).id(), aboard);
    }

    /// A visit to a site has ended, or did not begin.
    fn leave(&mut self, site: &Arc<str>) {
        if let Some(count) = self.sites.get_mut(site) {
            *count -= 1;
            if *count == 0 {
                self.sites.remove(site);
            }
        }
    }

    /// Waits for one visit to end; none if none is under way. It may be dropped while it waits; what it gave has to be
    /// [taken](Self::take).
    pub(super) async fn land(&mut self) -> Option<Landed> {
        self.tasks.join_next_with_id().await
    }

    /// One that has ended already.
    pub(super) fn landed(&mut self) -> Option<Landed> {
        self.tasks.try_join_next_with_id()
    }

    /// Notes how a visit ended; `to_open` are queues whose site may have another one now.
    pub(super) async fn take(
        &mut self,
        landed: Landed,
        to_open: &mut [&mut Candidates],
    ) -> Result<(), StoreError> {
        let id = match &landed {
            Ok((id, _)) => *id,
            Err(e) => e.id(),
        };
        if let Some(aboard) = self.aboard.remove(&id) {
            self.leave(&aboard.site);
            for candidates in to_open {
                candidates.reopen(&aboard.site);
            }
        }
        match landed {
            Ok((_, done)) => match done? {
                Done::Settled(settled) => {
                    let is_up = settled.poll.status.is_some() && settled.is_remote;
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

    /// Tries again what the store did not take: no server is asked twice because a disk was full (REL-02).
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
            self.stuck.push((visited, offline));
        }
    }

    /// Whether something waits for a store that takes nothing.
    pub(super) fn is_stuck(&self) -> bool {
        !self.stuck.is_empty()
    }

    /// For how long the oldest visit has waited for a verdict.
    pub(super) fn held_for(&self) -> Option<Duration> {
        let clock = &self.ingest.clock;
        self.held.iter().map(|visited| visited.age(clock)).max()
    }

    /// For how long the oldest visit has been under way.
    pub(super) fn oldest(&self) -> Duration {
        let ages = self.aboard.values().map(|aboard| aboard.since.elapsed());
        ages.max().unwrap_or_default()
    }

    /// Renews the leases of visits that take long, so that their feeds are not asked a second time meanwhile. To be called
    /// before anything is claimed.
    pub(super) async fn renew(&mut self) -> Result<(), StoreError> {
        let clock = self.ingest.clock.clone();
        let old = |aboard: &&mut Aboard| clock.elapsed(aboard.renewed) >= RENEW_AFTER;
        let old: Vec<&mut Aboard> = self.aboard.values_mut().filter(old).collect();
        if old.is_empty() {
            return Ok(());
        }
        let (now, leases) = (clock.now(), old.iter().map(|aboard| aboard.lease).collect());
        self.ingest
            .ask(move |store| store.renew(leases, now))
            .await?;
        for aboard in old {
            aboard.renewed = clock.moment();
        }
        Ok(())
    }

    /// Everything has landed: no further host will speak for the network.
    pub(super) async fn finish(&mut self) -> Result<(), StoreError> {
        let offline = self.ingest.is_offline();
        self.release(offline).await
    }
}
