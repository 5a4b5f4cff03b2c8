//! A fault of newswire itself while one feed is visited is that feed's failure (REL-12): whatever stage returns an error or
//! panics, nothing of the visit is stored but the failure, which is shown in the feed's health and backed off. Only what
//! concerns the store as a whole leaves here as an error.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::Ingest;
use super::outage::is_this_machine;
use super::pass::Done;
use super::visit::{self, Settled, Visited};
use crate::model::{Extent, Failure, FailureKind, Hints, Outcome, Poll};
use crate::store::{Claim, Committed, StoreError};
use crate::text::plain;

/// Longest time of one visit beside `fetch.timeout`, from the claim to the commit and whatever it waits for (REL-13). Every
/// wait has an end of its own; this bounds their sum, and a wait whose end was forgotten.
pub const VISIT_MAX: Duration = Duration::from_secs(15 * 60);

/// How long a feed is left alone of which not even the failure could be planned; doubled with each, up to [`WAIT_MAX`].
const WAIT: Duration = Duration::from_secs(3600);
const WAIT_MAX: Duration = Duration::from_secs(86_400);
/// Longest part of an error that is shown, in characters.
const MESSAGE_MAX: usize = 300;

/// Runs `work`; a panic in it is an error.
pub(super) async fn caught<T>(
    work: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    match AssertUnwindSafe(work).catch_unwind().await {
        Ok(done) => done,
        Err(panic) => Err(StoreError::Internal(said(&*panic))),
    }
}

impl Ingest {
    /// One feed, from the claim to the commit.
    pub(super) async fn visit(
        self: Arc<Self>,
        claim: Claim,
        cancel: CancellationToken,
        patience: Duration,
    ) -> Result<Done, StoreError> {
        let claim = Arc::new(claim);
        let limit = VISIT_MAX.saturating_add(self.fetcher.timeout_total());
        // On the heap, for it is large, and each future around it would be moved with it.
        let visit = Box::pin(self.try_visit(&claim, &cancel, patience));
        let visit = timeout(limit, visit);
        let visit = visit.map(|ended| ended.unwrap_or_else(|_| Err(overdue(limit))));
        match caught(visit).await {
            Err(e) if !e.is_of_store() => {
                let poll = self.unfinished(&claim);
                let visited = Visited::new(claim, poll, None, &self.clock);
                match self.give_up(&visited, &e).await {
                    Ok(settled) => Ok(Done::Settled(Box::new(settled))),
                    Err(e) if e.may_pass() => Ok(Done::Stuck(visited, false, e)),
                    Err(e) => Err(e),
                }
            }
            done => done,
        }
    }

    /// Reads and commits a visit. What was committed together with others and failed with them is tried once more by
    /// itself, so that one feed's fault costs no other feed's news.
    pub(super) async fn settle(
        &self,
        visited: &Arc<Visited>,
        offline: bool,
        cancel: &CancellationToken,
    ) -> Result<Settled, StoreError> {
        let mut tried = caught(self.try_settle(visited, offline, cancel, false)).await;
        if matches!(tried, Err(StoreError::Shared(_))) {
            tried = caught(self.try_settle(visited, offline, cancel, true)).await;
        }
        match tried {
            Err(e) if !e.is_of_store() => self.give_up(visited, &e).await,
            done => done,
        }
    }

    /// Commits that newswire failed on this feed; if that fails too, as little as tells it.
    async fn give_up(
        &self,
        visited: &Arc<Visited>,
        error: &StoreError,
    ) -> Result<Settled, StoreError> {
        let claim = &visited.claim;
        let message = message(error);
        tracing::error!(
            feed.url = claim.url.as_str(),
            "feed \"{}\": {message}",
            claim.title
        );
        let poll = Poll {
            outcome: Outcome::Failed(Failure {
                kind: FailureKind::Internal,
                message: message.clone(),
            }),
            extent: Extent::Whole,
            ..visited.poll.clone()
        };
        let policy = self.poll_cost.apply(&self.options.policy);
        let commit = async {
            let ready = visit::failed(&self.store, &policy, visited, poll.clone(), &self.clock);
            visit::commit(self, ready.alone()).await
        };
        match caught(commit).await {
            Err(e) if !e.is_of_store() => {}
            done => return done,
        }
        let now = self.clock.now();
        let until = now.plus(wait(claim.failures));
        let claimed = Arc::clone(claim);
        let noted = self
            .ask(move |store| store.note_fault(&claimed, message, until, now))
            .await;
        match noted {
            Err(e) if e.is_of_store() => return Err(e),
            // Its lease ends by itself.
            Err(e) => tracing::error!(
                feed.url = claim.url.as_str(),
                "the failure could not be stored: {e}"
            ),
            Ok(()) => {}
        }
        Ok(Settled {
            url: claim.url.to_string(),
            is_remote: !is_this_machine(claim.url.host()),
            poll,
            committed: Committed::default(),
        })
    }

    /// A visit that ended before there was an answer.
    fn unfinished(&self, claim: &Claim) -> Poll {
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
            outcome: Outcome::Failed(Failure {
                kind: FailureKind::Internal,
                message: String::new(), // the commit says it
            }),
        }
    }
}

fn overdue(limit: Duration) -> StoreError {
    StoreError::Internal(format!(
        "the visit did not end within {} s",
        limit.as_secs()
    ))
}

/// What a panic said; it was logged with its place where it happened.
pub(super) fn said(panic: &(dyn Any + Send)) -> String {
    let said = panic.downcast_ref::<&str>().copied();
    let said = said.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("panic: {}", said.unwrap_or("no message"))
}

/// What the feed's health says.
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

fn wait(failures: u32) -> Duration {
    WAIT.saturating_mul(1 << failures.min(5)).min(WAIT_MAX)
}
