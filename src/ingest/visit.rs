//! One visit to one claimed feed, within a time limit: poll it, then commit the poll, unless the host could not be reached and
//! other feeds have to show whether the network is down (ET-30). A fault here is that feed's failure (REL-12).

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::commit::CommittedVisit;
use super::context::Ingest;
use super::fault::VISIT_MAX;
use super::outage::Verdict;
use super::panics::caught;
use super::poll_request;
use super::visited::Visited;
use crate::model::{Outcome, Poll};
use crate::store::{Claim, Rest, Skipped, StoreError};

/// How long a feed is put off that was not polled because newswire was busy.
const BUSY_WAIT: Duration = Duration::from_secs(60);

/// What became of one claimed feed.
pub(super) enum VisitResult {
    /// The poll is committed.
    Committed(Box<CommittedVisit>),
    /// The host could not be reached. The poll is committed when it is known whether the network is down.
    AwaitsNetwork(Arc<Visited>),
    /// The store did not take the poll, but it may do so later. The flag says whether the network was down.
    NotStored(Arc<Visited>, bool, StoreError),
    /// It was not polled.
    Skipped(Skipped),
    /// The visit was cancelled.
    Cancelled,
}

impl Ingest {
    /// Visits a feed. `queue_wait_max` is the longest acceptable wait in the queue of its host.
    pub(super) async fn visit(
        self: Arc<Self>,
        claim: Claim,
        cancel: CancellationToken,
        queue_wait_max: Duration,
    ) -> Result<VisitResult, StoreError> {
        let claim = Arc::new(claim);
        let limit = VISIT_MAX.saturating_add(self.fetcher.timeout_total());
        // Boxed because it is large, and would be moved with each future around it.
        let visit = Box::pin(self.try_visit(&claim, &cancel, queue_wait_max));
        let visit = timeout(limit, visit);
        let visit = visit.map(|ended| ended.unwrap_or_else(|_| Err(overdue(limit))));
        match caught(visit).await {
            Err(e) if !e.is_of_store() => {
                let poll = self.unfinished_poll(&claim);
                let visited = Visited::new(claim, poll, None, &self.clock);
                match self.commit_fault(&visited, &e).await {
                    Ok(visit) => Ok(VisitResult::Committed(Box::new(visit))),
                    Err(e) if e.may_pass() => Ok(VisitResult::NotStored(visited, false, e)),
                    Err(e) => Err(e),
                }
            }
            done => done,
        }
    }

    async fn try_visit(
        &self,
        claim: &Arc<Claim>,
        cancel: &CancellationToken,
        queue_wait_max: Duration,
    ) -> Result<VisitResult, StoreError> {
        let claim = Arc::clone(claim);
        let wait = self.fetcher.queue_wait(&claim.url);
        if wait > queue_wait_max {
            let why = format!("too many requests wait for {}", claim.url.host());
            let skipped = self.put_off(claim, wait, &why).await;
            return skipped.map(VisitResult::Skipped);
        }
        self.log_withheld_secrets(&claim);
        let request = poll_request::of_claim(&claim);
        #[cfg(test)]
        crate::faults::at("request", claim.url.host())?;
        let (poll, body, slot) = self.fetcher.poll_with_slot(&request, cancel).await;
        #[cfg(test)]
        crate::faults::wait_at("answer", claim.url.host()).await?;
        if cancel.is_cancelled() && matches!(poll.outcome, Outcome::Failed(_)) {
            // If a request was made, the feed keeps its lease, so that it does not get a second one.
            if poll.is_unasked() {
                self.with_store(move |store| store.give_back(&claim))
                    .await?;
            }
            return Ok(VisitResult::Cancelled);
        }
        // The server asked for a pause while this feed waited for its turn, or a redirect led to a host with a long queue.
        if let Outcome::Failed(failure) = &poll.outcome
            && poll.is_unasked()
        {
            let wait = poll.hints.retry_after.unwrap_or_default();
            let skipped = self.put_off(claim, wait, &failure.message).await;
            return skipped.map(VisitResult::Skipped);
        }
        if poll.is_busy() {
            let skipped = self.put_off_busy(claim, &poll).await;
            return skipped.map(VisitResult::Skipped);
        }
        let is_network = matches!(&poll.outcome, Outcome::Failed(f) if f.kind.is_network());
        let verdict = self.network_verdict(&poll, claim.url.host());
        self.store_network().await;
        let visited = Visited::new(claim, poll, body, &self.clock);
        visited.keep_slot(slot);
        if is_network && verdict == Verdict::Unknown {
            return Ok(VisitResult::AwaitsNetwork(visited));
        }
        let offline = is_network && verdict == Verdict::Down;
        match self.settle(&visited, offline, cancel).await {
            Ok(visit) => Ok(VisitResult::Committed(Box::new(visit))),
            Err(e) if e.may_pass() => Ok(VisitResult::NotStored(visited, offline, e)),
            Err(e) => Err(e),
        }
    }

    /// newswire lacked resources. That is not the feed's fault; but if a request was made, the next one is no sooner than usual
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
        let stored_reason = reason.clone();
        let url = claim.url.to_string();
        self.with_store(move |store| store.defer(&claim, until, &stored_reason))
            .await?;
        Ok(Skipped {
            url,
            reason,
            rest: Rest::Host,
        })
    }

    /// Logs, once for each feed, that its secrets are not sent to its present address, and what to do (SEC-23).
    fn log_withheld_secrets(&self, claim: &Claim) {
        let Some(origin) = &claim.secrets_withheld else {
            return;
        };
        let mut logged = self
            .withheld_logged
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if logged.insert(claim.feed) {
            tracing::warn!(
                feed.url = claim.url.as_str(),
                "feed \"{}\" has moved to {}: its credentials and headers were given for {origin} and are not sent there. \
                 If they are meant for it, give them with that address",
                claim.title,
                claim.url
            );
        }
    }
}

fn overdue(limit: Duration) -> StoreError {
    let text = format!("the visit did not end within {} s", limit.as_secs());
    StoreError::Internal(text)
}
