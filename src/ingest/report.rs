//! What a pass did, as `newswire fetch --json` prints it (contract.md), and how far it is.

use serde::Serialize;

use crate::model::{FailureKind, Outcome};
use crate::store::Skipped;

use super::visit::Settled;

/// A pass in numbers. The fields up to `failures` are the contract's.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct PassReport {
    /// Feeds looked at.
    pub feeds: usize,
    /// Feeds that answered with a document.
    pub fetched: usize,
    /// Feeds that answered 304.
    pub not_modified: usize,
    /// Feeds that failed.
    pub failed: usize,
    /// Feeds left alone, for a reason.
    pub skipped: usize,
    /// Articles that were not there before.
    pub articles_new: usize,
    /// Articles that changed.
    pub articles_changed: usize,
    /// Bytes of bodies on the wire.
    pub bytes: u64,
    /// How long the pass took.
    pub seconds: f64,
    /// Who failed, and how.
    pub failures: Vec<PassFailure>,
    /// Who was left alone, and why.
    pub skipped_feeds: Vec<Skipped>,
    /// Whether the network was down: no failure was counted against its feed.
    pub offline: bool,
}

/// One failure of a pass.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PassFailure {
    /// The feed as subscribed, without userinfo.
    pub url: String,
    /// The kind's stable name.
    pub kind: &'static str,
    /// What happened, in one line.
    pub error: String,
}

/// How far a pass is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Feeds done.
    pub done: usize,
    /// Feeds to do.
    pub total: usize,
    /// Feeds that failed.
    pub failed: usize,
    /// New articles.
    pub new: usize,
}

impl PassReport {
    /// How far the pass is.
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

    pub(super) fn count(&mut self, settled: &Settled) {
        self.bytes = self.bytes.saturating_add(settled.poll.bytes_wire);
        self.articles_new += settled.committed.new;
        self.articles_changed += settled.committed.changed;
        match &settled.poll.outcome {
            Outcome::Document { .. } => self.fetched += 1,
            Outcome::NotModified { .. } => self.not_modified += 1,
            Outcome::Failed(f) => self.fail(&settled.url, f.kind, &f.message),
        }
    }

    pub(super) fn fail(&mut self, url: &str, kind: FailureKind, error: &str) {
        self.failed += 1;
        self.failures.push(PassFailure {
            url: url.to_owned(),
            kind: kind.as_str(),
            error: error.to_owned(),
        });
    }
}
