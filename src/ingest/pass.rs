//! Many feeds at once: each visit a task of its own, and one verdict on the network over all of them. A visit that could
//! not reach its host waits for that verdict before it is committed, so that an outage blames nobody (ET-30).

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{AcquireError, OwnedSemaphorePermit};
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::Ingest;
use super::candidates::Candidates;
use super::flight::Flight;
use super::outage::{self, Verdict};
use super::report::{PassReport, Progress};
use super::visit::{self, Read, Settled, Visited};
use crate::fetch::site_of;
use crate::model::{Outcome, Poll};
use crate::store::{Claim, ClaimScope, OnItsWay, Rest, Skipped, StoreError};

/// A feed whose host has no turn for so long is given back rather than waited for.
const PATIENCE: Duration = Duration::from_secs(600);
/// A feed that was not asked because newswire was busy is put off for so long.
const BUSY_WAIT: Duration = Duration::from_secs(60);
/// How often a pass looks whether leases are to be renewed.
const LOOK: Duration = Duration::from_secs(30);

/// Leave to read a document, while the store waits for it.
pub(super) struct Place {
    /// None if the process ends.
    permit: Result<OwnedSemaphorePermit, AcquireError>,
    _coming: OnItsWay,
}

impl Place {
    /// The store need not wait any more.
    fn into_permit(self) -> Result<OwnedSemaphorePermit, AcquireError> {
        self.permit
    }
}

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
        self.free_dead_leases().await?;
        let mut flight = Flight::new(self, cancel.clone(), PATIENCE);
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
            .ask(move |store| store.reads().claimable(now, &scope, site_of))
            .await?;
        let total = feeds.len();
        flight.report.feeds = total + skipped.len();
        flight.report.skip(skipped);
        let mut candidates = Candidates::new(feeds);
        let scope_of = move |feeds| match is_due {
            true => ClaimScope::StillDue(feeds),
            false => ClaimScope::These {
                feeds,
                manual_interval,
            },
        };
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            // As visits end, others take their places: one slow host holds up its own feeds only.
            if !cancel.is_cancelled() {
                let done = flight
                    .take_off(&mut candidates, usize::MAX, &scope_of)
                    .await?;
                flight.report.skip(done.left);
            }
            tokio::select! {
                landed = flight.land() => match landed {
                    Some(landed) => flight.take(landed, &mut [&mut candidates]).await?,
                    None => break,
                },
                _ = looks.tick() => flight.renew().await?,
            }
            while let Some(landed) = flight.landed() {
                flight.take(landed, &mut [&mut candidates]).await?;
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
        self.outage().is_offline()
    }

    /// What this visit says about the network; one to this machine says nothing, and its failure is its own.
    fn verdict(&self, poll: &Poll, host: &str) -> Verdict {
        if outage::is_this_machine(host) {
            return Verdict::Up;
        }
        let mut outage = self.outage();
        match &poll.outcome {
            Outcome::Failed(f) if f.kind.is_network() => outage.unreached(host, poll.finished),
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
            let why = format!("{} has no turn for it sooner", claim.url.host());
            return self.put_off(claim, wait, &why).await.map(Done::Left);
        }
        self.tell_withheld(&claim);
        let request = visit::request_of(&claim);
        #[cfg(test)]
        crate::faults::at("request", claim.url.host())?;
        let (poll, body, turn) = self.fetcher.poll_in_turn(&request, cancel).await;
        #[cfg(test)]
        crate::faults::wait_at("answer", claim.url.host()).await?;
        if cancel.is_cancelled() && matches!(poll.outcome, Outcome::Failed(_)) {
            // One that was asked is not asked again before its lease is over: that would be a second request.
            if poll.is_unasked() {
                self.ask(move |store| store.give_back(&claim)).await?;
            }
            return Ok(Done::Stopped);
        }
        // The host went to rest while this feed waited for its turn, or redirects led to a host whose queue is long.
        if let Outcome::Failed(failure) = &poll.outcome
            && poll.is_unasked()
        {
            let rest = poll.hints.retry_after.unwrap_or_default();
            let left = self.put_off(claim, rest, &failure.message).await;
            return left.map(Done::Left);
        }
        if poll.is_busy() {
            return self.put_off_busy(claim, &poll).await.map(Done::Left);
        }
        let is_network = matches!(&poll.outcome, Outcome::Failed(f) if f.kind.is_network());
        let verdict = self.verdict(&poll, claim.url.host());
        self.tell_network().await;
        let visited = Visited::new(claim, poll, body, &self.clock);
        visited.keep(turn);
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

    /// newswire was short of something itself: the feed is not blamed, and not asked again sooner than usual if it was asked
    /// (ET-18).
    async fn put_off_busy(&self, claim: Arc<Claim>, poll: &Poll) -> Result<Skipped, StoreError> {
        let usual = self.options.policy.min_interval;
        let wait = match poll.status {
            Some(_) => claim.settings.interval.unwrap_or(usual),
            None => BUSY_WAIT,
        };
        let why = match &poll.outcome {
            Outcome::Failed(failure) => failure.message.clone(),
            _ => String::new(),
        };
        self.put_off(claim, wait, &why).await
    }

    async fn put_off(
        &self,
        claim: Arc<Claim>,
        wait: Duration,
        why: &str,
    ) -> Result<Skipped, StoreError> {
        let until = self.clock.now().plus(wait);
        let reason = format!("not before {until}: {why}");
        let why = reason.clone();
        let url = claim.url.to_string();
        self.ask(move |store| store.defer(&claim, until, &why))
            .await?;
        Ok(Skipped {
            url,
            reason,
            rest: Rest::Host,
        })
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
        let policy = self.poll_cost.apply(&self.options.policy);
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
        let policy = self.poll_cost.apply(&self.options.policy);
        let _turn = visited.turn();
        let place = self.place(visited.is_large()).await;
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
            place = self.place(visited.is_large()).await;
        }
        let (what, clock) = (Arc::clone(visited), self.clock.clone());
        let ready = self
            .ask(move |store| Ok(read.ready(store, &what, &clock)))
            .await?;
        // Others may read while this one waits for the disk: what waits together is committed together. But not all: a
        // visit that is read takes much more memory than its document, and a large one is the only one of its kind.
        let turn = Arc::clone(&self.committing).acquire_owned().await;
        let ready = ready.holding(turn);
        // The store need not wait for it any more. Only a large document keeps its permit.
        let permit = place.into_permit();
        let permit = visited.is_large().then_some(permit);
        let settled = visit::commit(self, if alone { ready.alone() } else { ready }).await;
        drop(permit);
        settled
    }

    /// A large document takes some hundred megabytes while it is read: one at a time, and apart from the others, so that
    /// hostile ones hold up their like only (SEC-05, REL-04).
    pub(super) async fn place(&self, is_large: bool) -> Place {
        let places = match is_large {
            true => &self.reading_large,
            false => &self.reading,
        };
        Place {
            permit: Arc::clone(places).acquire_owned().await,
            _coming: self.store.is_coming(),
        }
    }
}
