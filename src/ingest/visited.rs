//! A poll with all that it brought. Kept until the store has it, so that no server is asked twice because a disk was full
//! (REL-02). It is never changed by reading, so that reading can be repeated.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::OnceCell;

use super::archive::ArchiveResult;
use super::reading::is_large;
use crate::clock::{Clock, Moment};
use crate::fetch::RequestSlot;
use crate::memory::{Body, Reserved};
use crate::model::{Outcome, Poll, Time};
use crate::normalize::page::Page;
use crate::store::Claim;

/// A feed that was polled.
pub(super) struct Visited {
    pub(super) claim: Arc<Claim>,
    pub(super) poll: Poll,
    /// The body of its document.
    pub(super) body: Option<Body>,
    /// The slot of its request, until the document is read.
    slot: Mutex<Option<RequestSlot>>,
    /// When the poll ended, by the monotonic clock and by the system clock.
    pub(super) ended: (Moment, Time),
    /// Articles from their pages with their positions in the document, once requested.
    pub(super) pages: OnceCell<Vec<(usize, Reserved<Page>)>>,
    /// The archive document, once requested.
    pub(super) archive: OnceCell<ArchiveResult>,
}

impl Visited {
    /// A poll of which nothing is read yet.
    pub(super) fn new(
        claim: impl Into<Arc<Claim>>,
        poll: Poll,
        body: Option<Body>,
        clock: &Clock,
    ) -> Arc<Self> {
        let moment = clock.moment();
        Arc::new(Self {
            ended: (moment, clock.at(moment)),
            claim: claim.into(),
            poll,
            body,
            slot: Mutex::default(),
            pages: OnceCell::new(),
            archive: OnceCell::new(),
        })
    }

    /// Keeps the slot of the request until the document is read, so that documents do not arrive faster than they are read:
    /// they would wait in memory. Large ones wait for each other and must not delay others, so they keep none.
    pub(super) fn keep_slot(&self, slot: Option<RequestSlot>) {
        let slot = slot.filter(|_| self.has_document() && !self.is_large());
        *self.slot.lock().unwrap_or_else(PoisonError::into_inner) = slot;
    }

    /// The slot, if it was kept.
    pub(super) fn take_slot(&self) -> Option<RequestSlot> {
        let mut slot = self.slot.lock().unwrap_or_else(PoisonError::into_inner);
        slot.take()
    }

    /// How long ago the poll ended.
    pub(super) fn age(&self, clock: &Clock) -> Duration {
        clock.elapsed(self.ended.0)
    }

    /// Whether there is a document to read.
    pub(super) fn has_document(&self) -> bool {
        matches!(self.poll.outcome, Outcome::Document { .. })
    }

    /// Whether the document, together with its archive document, is large.
    pub(super) fn is_large(&self) -> bool {
        is_large(self.document_bytes())
    }

    /// Bytes in memory.
    pub(super) fn bytes(&self) -> usize {
        let pages = self.pages.get().into_iter().flatten();
        let pages: usize = pages.map(|(_, page)| page.html.len()).sum();
        self.document_bytes() + pages
    }

    fn document_bytes(&self) -> usize {
        let document = self.body.as_ref().map_or(0, |body| body.len());
        let archive = self.archive.get().and_then(ArchiveResult::page);
        document + archive.map_or(0, |page| page.body.len())
    }
}
