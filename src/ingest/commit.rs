//! Commits polls and logs what came of each: one event a poll, quiet if nothing is new, a warning when a feed begins to fail.

use super::context::Ingest;
use super::read::ReadyPoll;
use crate::model::{Outcome, Poll};
use crate::store::{Committed, StoreError};

/// A poll that is committed.
#[derive(Debug)]
pub(super) struct CommittedVisit {
    /// The feed as subscribed.
    pub(super) url: String,
    /// Whether the feed is on another machine, so that an answer proves that there is a network.
    pub(super) is_remote: bool,
    /// The poll; a document that could not be read is a failure here.
    pub(super) poll: Poll,
    /// What changed in the store.
    pub(super) committed: Committed,
}

/// Commits a poll.
///
/// # Errors
/// [`StoreError`] if it was not written.
pub(super) async fn commit(
    ingest: &Ingest,
    ready: ReadyPoll,
) -> Result<CommittedVisit, StoreError> {
    let committed = ingest.store.commit_soon(ready.commit).await?;
    let duration = ready.poll.finished.since(ready.poll.started);
    ingest.durations.observe(duration.as_secs_f64());
    // An outage of the network is logged once and not for every feed (ET-30).
    if !ready.offline {
        log(
            &ready.url,
            &ready.title,
            &ready.poll,
            &committed,
            ready.failures_before,
        );
    }
    Ok(CommittedVisit {
        is_remote: ready.is_remote,
        url: ready.url,
        poll: ready.poll,
        committed,
    })
}

fn log(url: &str, title: &str, poll: &Poll, committed: &Committed, failures_before: u32) {
    // tracing writes a u64 as a number and a u128 as text.
    let elapsed = poll.finished.since(poll.started).as_millis();
    let elapsed_ms = u64::try_from(elapsed).unwrap_or(u64::MAX);
    let status = poll.status;
    match &poll.outcome {
        Outcome::Failed(f) if failures_before == 0 => {
            tracing::warn!(
                feed.url = url,
                http.status = status,
                poll.outcome = f.kind.as_str(),
                elapsed_ms,
                "feed \"{title}\": {}",
                f.message
            );
        }
        Outcome::Failed(f) => {
            tracing::debug!(
                feed.url = url,
                http.status = status,
                poll.outcome = f.kind.as_str(),
                elapsed_ms,
                "feed \"{title}\": {} ({} times now)",
                f.message,
                failures_before + 1
            );
        }
        _ if failures_before > 0 => {
            tracing::info!(
                feed.url = url,
                http.status = status,
                articles.new = committed.new,
                elapsed_ms,
                "feed \"{title}\" works again"
            );
        }
        _ if committed.new > 0 || committed.withdrawn > 0 => {
            let withdrawn = match committed.withdrawn {
                0 => String::new(),
                n => format!(", {n} withdrawn by the publisher"),
            };
            tracing::info!(
                feed.url = url,
                http.status = status,
                articles.new = committed.new,
                articles.joined = committed.joined,
                articles.withdrawn = committed.withdrawn,
                elapsed_ms,
                "feed \"{title}\": {} new{withdrawn}",
                committed.new
            );
        }
        _ => {
            tracing::debug!(
                feed.url = url,
                http.status = status,
                articles.changed = committed.changed,
                elapsed_ms,
                "feed \"{title}\": nothing new"
            );
        }
    }
}
