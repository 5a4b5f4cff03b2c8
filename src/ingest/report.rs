//! The result of a pass, as `newswire fetch --json` prints it, and its progress. Its fields are part of the user-facing
//! contract.

use serde::Serialize;

use super::commit::CommittedVisit;
use crate::model::{FailureKind, Outcome};
use crate::store::Skipped;

/// The result of a pass.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct PassReport {
    /// Feeds in scope.
    pub feeds: usize,
    /// Feeds that answered with a document.
    pub fetched: usize,
    /// Feeds that answered 304.
    pub not_modified: usize,
    /// Feeds that failed.
    pub failed: usize,
    /// Feeds that were not polled.
    pub skipped: usize,
    /// New articles.
    pub articles_new: usize,
    /// Edited articles.
    pub articles_changed: usize,
    /// Bytes of bodies as sent.
    pub bytes: u64,
    /// Duration of the pass.
    pub seconds: f64,
    /// The feeds that failed.
    pub failures: Vec<PassFailure>,
    /// The feeds that were not polled, with reasons.
    pub skipped_feeds: Vec<Skipped>,
    /// Whether the network was down; then no failure counts against its feed.
    pub offline: bool,
}

/// One failure of a pass.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PassFailure {
    /// The feed as subscribed, without userinfo.
    pub url: String,
    /// Stable name of the kind of failure.
    pub kind: &'static str,
    /// What happened, in one line.
    pub error: String,
}

/// The progress of a pass.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Feeds that were polled.
    pub done: usize,
    /// Feeds to poll.
    pub total: usize,
    /// Feeds that failed.
    pub failed: usize,
    /// New articles.
    pub new: usize,
}

impl PassReport {
    /// The progress of the pass, of which `total` feeds are to be polled.
    #[must_use]
    pub fn progress(&self, total: usize) -> Progress {
        Progress {
            done: self.fetched + self.not_modified + self.failed,
            total,
            failed: self.failed,
            new: self.articles_new,
        }
    }

    pub(super) fn skip(&mut self, skipped: Vec<Skipped>) {
        self.skipped += skipped.len();
        self.skipped_feeds.extend(skipped);
    }

    pub(super) fn count(&mut self, visit: &CommittedVisit) {
        self.bytes = self.bytes.saturating_add(visit.poll.bytes_wire);
        self.articles_new += visit.committed.new;
        self.articles_changed += visit.committed.changed;
        match &visit.poll.outcome {
            Outcome::Document { .. } => self.fetched += 1,
            Outcome::NotModified { .. } => self.not_modified += 1,
            Outcome::Failed(f) => self.fail(&visit.url, f.kind, &f.message),
        }
    }

    fn fail(&mut self, url: &str, kind: FailureKind, error: &str) {
        self.failed += 1;
        self.failures.push(PassFailure {
            url: url.to_owned(),
            kind: kind.as_str(),
            error: error.to_owned(),
        });
    }
}
