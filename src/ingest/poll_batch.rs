//! Visits in progress: their tasks, their sites and their leases. A site never has more visits than can start soon, and no
//! lease expires during a long visit (REL-16).

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::candidates::{Candidates, Taken};
use super::context::Ingest;
use super::pending::PendingPolls;
use super::report::PassReport;
use super::visit::VisitResult;
use crate::clock::Moment;
use crate::model::FeedRow;
use crate::store::{Claim, ClaimScope, Skipped, Store, StoreError};

/// Visits in progress at once; most of them wait for their host's turn or for an answer.
pub(super) const VISITS_MAX: usize = 512;
/// Most feeds claimed in one transaction.
const CHUNK: usize = 64;
/// A lease is renewed at this age, a third of its duration.
const RENEW_AFTER: Duration = Duration::from_secs(300);

/// How the task of a visit ended.
pub(super) type TaskResult = Result<(Id, Result<VisitResult, StoreError>), JoinError>;

/// Visits in progress.
pub(super) struct PollBatch {
    ingest: Arc<Ingest>,
    pub(super) cancel: CancellationToken,
    tasks: JoinSet<Result<VisitResult, StoreError>>,
    visits: HashMap<Id, Visit>,
    /// Visits in progress by site, without zeros.
    sites: HashMap<Arc<str>, usize>,
    pending: PendingPolls,
    queue_wait_max: Duration,
    pub(super) report: PassReport,
}

/// One visit in progress.
struct Visit {
    site: Arc<str>,
    lease: (FeedRow, i64),
    begun: Instant,
    /// When its lease was last renewed, by the clock that runs on while the machine sleeps.
    renewed: Moment,
}

/// What [`PollBatch::start`] did.
#[derive(Debug, Default)]
pub(super) struct Started {
    /// Feeds whose visits were started.
    pub(super) feeds: Vec<FeedRow>,
    /// Feeds that must not be polled yet.
    pub(super) skipped: Vec<Skipped>,
}

/// The scope in which candidates are claimed.
pub(super) type ScopeOf<'a> = &'a (dyn Fn(Vec<FeedRow>) -> ClaimScope + Sync);

impl PollBatch {
    pub(super) fn new(
        ingest: &Arc<Ingest>,
        cancel: CancellationToken,
        queue_wait_max: Duration,
    ) -> Self {
        Self {
            ingest: Arc::clone(ingest),
            cancel,
            tasks: JoinSet::new(),
            visits: HashMap::new(),
            sites: HashMap::new(),
            pending: PendingPolls::default(),
            queue_wait_max,
            report: PassReport::default(),
        }
    }

    /// Visits in progress.
    pub(super) fn len(&self) -> usize {
        self.tasks.len()
    }

    /// Claims candidates that can be visited soon, at most `most` and as many as there is room for, and starts their visits.
    pub(super) async fn start(
        &mut self,
        candidates: &mut Candidates,
        most: usize,
        scope_of: ScopeOf<'_>,
    ) -> Result<Started, StoreError> {
        let mut started = Started::default();
        loop {
            let wanted = most.saturating_sub(started.feeds.len());
            let free = VISITS_MAX.saturating_sub(self.len()).min(wanted);
            // One transaction for each visit that ends would be many.
            let is_worth_it = free >= CHUNK.min(wanted) || candidates.open_sites() < CHUNK;
            if free == 0 || !is_worth_it {
                break;
            }
            let chunk = self.take(candidates, free.min(CHUNK));
            if chunk.is_empty() {
                break;
            }
            let scope = scope_of(chunk.iter().map(|taken| taken.feed).collect());
            let now = self.ingest.clock.now();
            let claim = move |store: &Store| store.claim(now, scope, CHUNK);
            let (claims, skipped) = match self.ingest.with_store(claim).await {
                Ok(claimed) => claimed,
                Err(e) => {
                    for taken in chunk.into_iter().rev() {
                        self.release_site(&taken.site);
                        candidates.put_back(taken);
                    }
                    return Err(e);
                }
            };
            started.skipped.extend(skipped);
            let sites = chunk.into_iter().map(|taken| (taken.feed, taken.site));
            let mut unclaimed: HashMap<FeedRow, Arc<str>> = sites.collect();
            for claim in claims {
                if let Some(site) = unclaimed.remove(&claim.feed) {
                    started.feeds.push(claim.feed);
                    self.spawn(claim, site);
                }
            }
            for site in unclaimed.values() {
                self.release_site(site);
                candidates.reopen(site);
            }
        }
        Ok(started)
    }

    /// Takes candidates and counts them as visits of their sites.
    fn take(&mut self, candidates: &mut Candidates, most: usize) -> Vec<Taken> {
        let mut chunk: Vec<Taken> = Vec::new();
        while chunk.len() < most {
            let (ingest, sites) = (&self.ingest, &self.sites);
            let visits_of = |site: &str| sites.get(site).copied().unwrap_or(0);
            let may_start = |site: &str| visits_of(site) < ingest.fetcher.visits_max(site);
            let Some(next) = candidates.take(may_start) else {
                break;
            };
            if chunk.iter().all(|taken| taken.feed != next.feed) {
                *self.sites.entry(Arc::clone(&next.site)).or_default() += 1;
                chunk.push(next);
            }
        }
        chunk
    }

    fn spawn(&mut self, claim: Claim, site: Arc<str>) {
        let ingest = Arc::clone(&self.ingest);
        let visit = Visit {
            site,
            lease: (claim.feed, claim.lease),
            begun: Instant::now(),
            renewed: ingest.clock.moment(),
        };
        let task = ingest.visit(claim, self.cancel.clone(), self.queue_wait_max);
        self.visits.insert(self.tasks.spawn(task).id(), visit);
    }

    /// A visit of the site has ended, or did not start.
    fn release_site(&mut self, site: &Arc<str>) {
        if let Some(count) = self.sites.get_mut(site) {
            *count -= 1;
            if *count == 0 {
                self.sites.remove(site);
            }
        }
    }

    /// Waits for a visit to end; `None` if there is none. May be dropped while it waits; the result has to be passed to
    /// [`Self::finish`].
    pub(super) async fn next_ended(&mut self) -> Option<TaskResult> {
        self.tasks.join_next_with_id().await
    }

    /// A visit that has ended already. The result has to be passed to [`Self::finish`].
    pub(super) fn try_next_ended(&mut self) -> Option<TaskResult> {
        self.tasks.try_join_next_with_id()
    }

    /// Handles the end of a visit. In each of `queues` its site may have another visit.
    pub(super) async fn finish(
        &mut self,
        ended: TaskResult,
        queues: &mut [&mut Candidates],
    ) -> Result<(), StoreError> {
        let id = match &ended {
            Ok((id, _)) => *id,
            Err(e) => e.id(),
        };
        if let Some(visit) = self.visits.remove(&id) {
            self.release_site(&visit.site);
            for candidates in queues {
                candidates.reopen(&visit.site);
            }
        }
        let (_, result) = match ended {
            Ok(ended) => ended,
            Err(e) => {
                // Its lease expires by itself; a panic was logged where it happened.
                tracing::error!("a visit ended without a result: {e}");
                return Ok(());
            }
        };
        match result? {
            VisitResult::Committed(visit) => {
                let is_up = visit.poll.status.is_some() && visit.is_remote;
                self.report.count(&visit);
                if is_up {
                    self.commit_awaiting(false).await?;
                } else if self.ingest.is_offline() {
                    self.commit_awaiting(true).await?;
                }
            }
            VisitResult::AwaitsNetwork(visited) => self.pending.await_network(visited),
            VisitResult::NotStored(visited, offline, e) => {
                self.pending.keep(visited, offline);
                return Err(e);
            }
            VisitResult::Skipped(skipped) => self.report.skip(vec![skipped]),
            VisitResult::Cancelled => {}
        }
        Ok(())
    }

    /// Commits the polls that wait to learn about the network, by what is known now: no more hosts will answer soon.
    pub(super) async fn stop_awaiting(&mut self) -> Result<(), StoreError> {
        let offline = self.ingest.is_offline();
        self.commit_awaiting(offline).await
    }

    async fn commit_awaiting(&mut self, offline: bool) -> Result<(), StoreError> {
        let (ingest, cancel, report) = (&self.ingest, &self.cancel, &mut self.report);
        self.pending
            .commit_awaiting(ingest, offline, cancel, report)
            .await
    }

    /// Commits again what the store did not take.
    pub(super) async fn commit_not_stored(&mut self) -> Result<(), StoreError> {
        let (ingest, cancel, report) = (&self.ingest, &self.cancel, &mut self.report);
        self.pending.commit_not_stored(ingest, cancel, report).await
    }

    /// Whether there are polls that the store did not take.
    pub(super) fn has_not_stored(&self) -> bool {
        self.pending.has_not_stored()
    }

    /// How long the oldest poll has waited to learn about the network.
    pub(super) fn awaiting_for(&self) -> Option<Duration> {
        self.pending.awaiting_for(&self.ingest)
    }

    /// How long the oldest visit has been in progress.
    pub(super) fn oldest(&self) -> Duration {
        let ages = self.visits.values().map(|visit| visit.begun.elapsed());
        ages.max().unwrap_or_default()
    }

    /// Renews the leases of long visits, so that their feeds are not visited a second time meanwhile. Call it before claiming
    /// feeds.
    pub(super) async fn renew_leases(&mut self) -> Result<(), StoreError> {
        let clock = self.ingest.clock.clone();
        let is_old = |visit: &&mut Visit| clock.elapsed(visit.renewed) >= RENEW_AFTER;
        let old: Vec<&mut Visit> = self.visits.values_mut().filter(is_old).collect();
        if old.is_empty() {
            return Ok(());
        }
        let (now, leases) = (clock.now(), old.iter().map(|visit| visit.lease).collect());
        self.ingest
            .with_store(move |store| store.renew(leases, now))
            .await?;
        for visit in old {
            visit.renewed = clock.moment();
        }
        Ok(())
    }
}
