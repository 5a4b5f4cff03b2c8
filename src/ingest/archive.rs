//! RFC 5005: when a feed overflowed, its newest archive page holds what fell out of it since (ET-53). One page, of the feed's
//! own origin, once; no archive is walked for its own sake. What comes of it is stored with the document that led there.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use tokio_util::sync::CancellationToken;

use super::Ingest;
use super::visit::Visited;
use crate::fetch::{ACCEPT_FEEDS, Page};
use crate::model::WebUrl;
use crate::normalize::{self, Drafted};
use crate::parse::{self, ParseContext};
use crate::store::{DocumentCommit, StoreError};

impl Ingest {
    /// Asks for an archive page, unless it was asked for before; none: there is nothing to add.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be used; that the page fails is none.
    pub(super) async fn archive(
        &self,
        visited: &Visited,
        url: &WebUrl,
        cancel: &CancellationToken,
    ) -> Result<Option<Page>, StoreError> {
        let (feed, name) = (visited.claim.feed, url.to_string());
        if !self
            .ask(move |store| store.claim_archive(feed, name))
            .await?
        {
            return Ok(None);
        }
        #[cfg(test)]
        crate::faults::at("archive", url.host())?;
        match self
            .fetcher
            .get(url, ACCEPT_FEEDS, usize::MAX, cancel)
            .await
        {
            Ok(page) => Ok(Some(page)),
            Err(failure) => {
                tracing::debug!(archive.url = %url, "no archive: {}", failure.message);
                Ok(None)
            }
        }
    }
}

/// Adds what the archive page holds beyond the document. A page that cannot be read adds nothing (REL-04).
pub(super) fn add(document: &mut DocumentCommit, page: &Page, with: &normalize::Context<'_>) {
    let context = ParseContext {
        url: Some(page.url.clone()),
        content_type: page.content_type.clone(),
    };
    let read = catch_unwind(AssertUnwindSafe(|| {
        let feed = parse::parse(&page.body, &context).ok()?;
        Some(normalize::drafts(&feed, with))
    }));
    let Ok(Some(Drafted { drafts, paragraphs })) = read else {
        return;
    };
    let known: HashSet<String> = document.drafts.iter().map(|d| d.key.clone()).collect();
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
