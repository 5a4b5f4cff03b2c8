//! RFC 5005: when a feed overflowed, its newest archive page holds what fell out of it since (ET-53). One page, of the feed's
//! own origin; no archive is walked for its own sake. What comes of it is stored with the document that led there, and that
//! the page was read is noted in the same transaction: a failure in between loses nothing.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::Ingest;
use super::document;
use super::visit::Visited;
use crate::fetch::{ACCEPT_FEEDS, Page};
use crate::model::{FailureKind, WebUrl};
use crate::normalize::Drafted;
use crate::normalize::boilerplate::Boilerplate;
use crate::parse::ParseContext;
use crate::store::{ArchiveCommit, DocumentCommit, StoreError};

/// Longest time for it, the turns of hosts included: redirects may lead to a host whose queue is long (REL-13). With the
/// turns of the feed's own hosts, the pages of articles and our own waiting it stays below `fault::VISIT_MAX`.
const TIME_MAX: Duration = Duration::from_secs(60);

/// What came of asking for an archive page.
pub(super) enum Archived {
    /// It was read before, or given up: no request was made.
    Known,
    /// It is here.
    Read(Page),
    /// It will never be there.
    Refused,
    /// It could not be had for now.
    Missed,
}

impl Archived {
    /// The page, if it is here.
    pub(super) fn page(&self) -> Option<&Page> {
        match self {
            Self::Read(page) => Some(page),
            Self::Known | Self::Refused | Self::Missed => None,
        }
    }
}

impl Ingest {
    /// Asks for an archive page, unless it was read before.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be used; that the page fails is none.
    pub(super) async fn archive(
        &self,
        visited: &Visited,
        url: &WebUrl,
        cancel: &CancellationToken,
    ) -> Result<Archived, StoreError> {
        let (feed, name) = (visited.claim.feed, url.to_string());
        let is_done = self.ask(move |store| store.reads().is_archive_done(feed, &name));
        if is_done.await? {
            return Ok(Archived::Known);
        }
        let asked = self.fetcher.get(url, ACCEPT_FEEDS, usize::MAX, cancel);
        let Ok(asked) = timeout(TIME_MAX, asked).await else {
            return Ok(Archived::Missed);
        };
        #[cfg(test)]
        crate::faults::at("archive", url.host())?;
        match asked {
            Ok(page) => Ok(Archived::Read(page)),
            Err(failure) => {
                tracing::debug!(archive.url = %url, "no archive: {}", failure.message);
                Ok(match may_pass(failure.kind) {
                    true => Archived::Missed,
                    false => Archived::Refused,
                })
            }
        }
    }
}

/// Whether another try may succeed.
fn may_pass(kind: FailureKind) -> bool {
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

/// Adds what the archive page at `url` holds beyond the document, and what came of it. A page that cannot be read adds no
/// article (REL-04).
pub(super) fn add(
    document: &mut DocumentCommit,
    (url, archived): (&WebUrl, &Archived),
    boilerplate: &Boilerplate,
) {
    let url = url.to_string();
    document.archive = Some(match archived {
        Archived::Known | Archived::Refused => ArchiveCommit::Done(url),
        Archived::Missed => ArchiveCommit::Missed(url),
        Archived::Read(page) => {
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
    // Either every draft has its paragraphs, or none.
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
