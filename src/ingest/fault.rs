//! Faults of newswire itself while a feed is polled (REL-12): whatever stage returns an error or panics, nothing of the poll is
//! stored but the failure, which is shown in the feed's health and backed off. Only an error of the store as a whole leaves
//! here as an error.

use std::sync::Arc;
use std::time::Duration;

use super::commit::{CommittedVisit, commit};
use super::context::Ingest;
use super::outage::is_this_machine;
use super::panics::caught;
use super::read;
use super::visited::Visited;
use crate::model::{Extent, Failure, FailureKind, Hints, Outcome, Poll};
use crate::store::{Claim, Committed, StoreError};
use crate::text::plain;

/// Time limit of one visit in addition to `fetch.timeout`, from the claim to the commit (REL-13). Each wait has its own limit;
/// this one limits their sum, and any wait whose limit was forgotten.
pub const VISIT_MAX: Duration = Duration::from_secs(15 * 60);

/// How long a feed is not polled if not even its failure could be planned; doubled each time, up to [`BACKOFF_MAX`].
const BACKOFF: Duration = Duration::from_secs(3600);
const BACKOFF_MAX: Duration = Duration::from_secs(86_400);
/// Longest part of an error that is shown, in characters.
const MESSAGE_MAX: usize = 300;

impl Ingest {
    /// Commits that newswire failed on this feed. If that fails too, stores as little as says so.
    pub(super) async fn commit_fault(
        &self,
        visited: &Arc<Visited>,
        error: &StoreError,
    ) -> Result<CommittedVisit, StoreError> {
        let claim = &visited.claim;
        let message = message(error);
        tracing::error!(
            feed.url = claim.url.as_str(),
            "feed \"{}\": {message}",
            claim.title
        );
        let poll = Poll {
            outcome: Outcome::Failed(Failure::new(FailureKind::Internal, message.clone())),
            extent: Extent::Whole,
            ..visited.poll.clone()
        };
        let policy = self.poll_cost.apply(&self.options.policy);
        let committed = async {
            let ready = read::failed(&self.store, &policy, visited, poll.clone(), &self.clock);
            commit(self, ready.alone()).await
        };
        match caught(committed).await {
            Err(e) if !e.is_of_store() => {}
            done => return done,
        }
        let now = self.clock.now();
        let until = now.plus(backoff(claim.failures));
        let claimed = Arc::clone(claim);
        let noted = self
            .with_store(move |store| store.note_fault(&claimed, message, until, now))
            .await;
        match noted {
            Err(e) if e.is_of_store() => return Err(e),
            // The lease expires by itself.
            Err(e) => tracing::error!(
                feed.url = claim.url.as_str(),
                "the failure could not be stored: {e}"
            ),
            Ok(()) => {}
        }
        Ok(CommittedVisit {
            url: claim.url.to_string(),
            is_remote: !is_this_machine(claim.url.host()),
            poll,
            committed: Committed::default(),
        })
    }

    /// The poll of a visit that ended before there was an answer. Its message is written by [`Self::commit_fault`].
    pub(super) fn unfinished_poll(&self, claim: &Claim) -> Poll {
        let now = self.clock.now();
        Poll {
            feed: claim.feed,
            started: now,
            finished: now,
            final_url: None,
            moved_permanently: false,
            status: None,
            bytes_wire: 0,
            hints: Hints::default(),
            extent: Extent::Whole,
            outcome: Outcome::Failed(Failure::new(FailureKind::Internal, "")),
        }
    }
}

/// The text in the feed's health.
fn message(error: &StoreError) -> String {
    let what = match error {
        StoreError::Internal(what) | StoreError::Shared(what) => what.clone(),
        other => other.to_string(),
    };
    let what: String = plain::line(&what).chars().take(MESSAGE_MAX).collect();
    format!(
        "newswire itself failed on this feed ({what}); nothing of it was stored; please report it"
    )
}

fn backoff(failures: u32) -> Duration {
    BACKOFF
        .saturating_mul(1 << failures.min(5))
        .min(BACKOFF_MAX)
}
