//! Archive documents (RFC 5005): if a feed overflowed, its newest archive document has what dropped out of it (ET-53). One
//! request to the feed's own origin; older archives are never walked. The result is committed together with the feed's
//! document, so that an error in between loses nothing.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::context::Ingest;
use super::document;
use crate::fetch::{ACCEPT_FEEDS, Page};
use crate::model::{FailureKind, FeedRow, WebUrl};
use crate::normalize::Drafted;
use crate::normalize::boilerplate::Boilerplate;
use crate::parse::ParseContext;
use crate::store::{ArchiveCommit, DocumentCommit, StoreError};

/// Time limit for the request, the turns of hosts included: redirects may lead to a host with a long queue (REL-13). Together
/// with the turns of the feed's own hosts, the pages of articles and local waits it stays below `fault::VISIT_MAX`.
const TIME_MAX: Duration = Duration::from_secs(60);

/// The result of requesting an archive document.
pub(super) enum ArchiveResult {
    /// It was read or given up before; no request was made.
    Known,
    /// It was received.
    Received(Page),
    /// The request failed, and another one would fail too.
    Rejected,
    /// The request failed for now.
    Failed,
}

impl ArchiveResult {
    /// The document, if it was received.
    pub(super) fn page(&self) -> Option<&Page> {
        match self {
            Self::Received(page) => Some(page),
            Self::Known | Self::Rejected | Self::Failed => None,
        }
    }
}

impl Ingest {
    /// Requests an archive document, unless it was read before.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be used. A failed request is not an error.
    pub(super) async fn archive(
        &self,
        feed: FeedRow,
        url: &WebUrl,
        cancel: &CancellationToken,
    ) -> Result<ArchiveResult, StoreError> {
        let name = url.to_string();
        let is_done = self.with_store(move |store| store.reads().is_archive_done(feed, &name));
        if is_done.await? {
            return Ok(ArchiveResult::Known);
        }
        let request = self.fetcher.get(url, ACCEPT_FEEDS, usize::MAX, cancel);
        let Ok(result) = timeout(TIME_MAX, request).await else {
            return Ok(ArchiveResult::Failed);
        };
        #[cfg(test)]
        crate::faults::at("archive", url.host())?;
        match result {
            Ok(page) => Ok(ArchiveResult::Received(page)),
            Err(failure) => {
                tracing::debug!(archive.url = %url, "no archive: {}", failure.message);
                Ok(match is_temporary(failure.kind) {
                    true => ArchiveResult::Failed,
                    false => ArchiveResult::Rejected,
                })
            }
        }
    }
}

/// Whether another request may succeed.
fn is_temporary(kind: FailureKind) -> bool {
    matches!(
        kind,
        FailureKind::Dns
            | FailureKind::Connect
            | FailureKind::Tls
            | FailureKind::Timeout
            | FailureKind::Body
            | FailureKind::Throttled
            | FailureKind::Server
            | FailureKind::Busy
            | FailureKind::Internal
    )
}

/// Adds the articles that only the archive document at `url` has, and what became of the request. An archive document that
/// cannot be read adds no articles (REL-04).
pub(super) fn add(
    document: &mut DocumentCommit,
    (url, result): (&WebUrl, &ArchiveResult),
    boilerplate: &Boilerplate,
) {
    let url = url.to_string();
    document.archive = Some(match result {
        ArchiveResult::Known | ArchiveResult::Rejected => ArchiveCommit::Done(url),
        ArchiveResult::Failed => ArchiveCommit::Missed(url),
        ArchiveResult::Received(page) => {
            add_articles(document, page, boilerplate);
            ArchiveCommit::Done(url)
        }
    });
}

fn add_articles(document: &mut DocumentCommit, page: &Page, boilerplate: &Boilerplate) {
    let context = ParseContext {
        url: Some(page.url.clone()),
        content_type: page.content_type.clone(),
    };
    let read = catch_unwind(AssertUnwindSafe(|| {
        document::drafts_of(&page.body, &context, boilerplate)
    }));
    let Ok(Ok(Drafted {
        drafts, paragraphs, ..
    })) = read
    else {
        return;
    };
    let keys = document.drafts.iter().map(|d| &d.key);
    let keys = keys.chain(document.listed.iter().map(|l| &l.key));
    let known: HashSet<String> = keys.cloned().collect();
    // There are paragraphs for all drafts or for none.
    document
        .paragraphs
        .resize(document.drafts.len(), Vec::new());
    let mut paragraphs = paragraphs.into_iter();
    for draft in drafts {
        let own = paragraphs.next().unwrap_or_default();
        if !known.contains(&draft.key) {
            document.drafts.push(draft);
            document.paragraphs.push(own);
        }
    }
}
