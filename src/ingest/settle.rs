//! From a poll to its commit: read, request pages and archive, prepare, commit. A poll that failed together with others is
//! repeated in a transaction of its own, so that one feed's fault costs no other feed's articles (REL-12).

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::commit::{CommittedVisit, commit};
use super::context::Ingest;
use super::panics::caught;
use super::read::{self, ReadPoll};
use super::reading::ReadingSlot;
use super::visited::Visited;
use crate::store::StoreError;

impl Ingest {
    /// Reads and commits a poll.
    ///
    /// # Errors
    /// [`StoreError`] only if it concerns the store as a whole; any other error is committed as the feed's failure.
    pub(super) async fn settle(
        &self,
        visited: &Arc<Visited>,
        offline: bool,
        cancel: &CancellationToken,
    ) -> Result<CommittedVisit, StoreError> {
        let mut tried = caught(self.try_settle(visited, offline, cancel, false)).await;
        if matches!(tried, Err(StoreError::Shared(_))) {
            tried = caught(self.try_settle(visited, offline, cancel, true)).await;
        }
        match tried {
            Err(e) if !e.is_of_store() => self.commit_fault(visited, &e).await,
            done => done,
        }
    }

    async fn try_settle(
        &self,
        visited: &Arc<Visited>,
        offline: bool,
        cancel: &CancellationToken,
        alone: bool,
    ) -> Result<CommittedVisit, StoreError> {
        if visited.has_document() {
            let (read, slot) = self.read(visited, offline).await?;
            return self.complete(visited, read, slot, cancel, alone).await;
        }
        // Without a document there is little to do, and a blocking thread would cost more than it.
        let policy = self.poll_cost.apply(&self.options.policy);
        let read = read::read(&self.store, &policy, visited, offline)?;
        let ready = read.prepare(&self.store, visited, &self.clock);
        commit(self, if alone { ready.alone() } else { ready }).await
    }

    /// Reads a document on a blocking thread, when there is a slot. The slot is returned with the result.
    pub(super) async fn read(
        &self,
        visited: &Arc<Visited>,
        offline: bool,
    ) -> Result<(ReadPoll, ReadingSlot), StoreError> {
        let policy = self.poll_cost.apply(&self.options.policy);
        let _request_slot = visited.take_slot();
        let slot = self.reading_slot(visited.is_large()).await;
        let what = Arc::clone(visited);
        let read = self
            .with_store(move |store| read::read(store, &policy, &what, offline))
            .await?;
        Ok((read, slot))
    }

    /// Requests pages and archive as needed, and commits.
    pub(super) async fn complete(
        &self,
        visited: &Arc<Visited>,
        read: ReadPoll,
        mut slot: ReadingSlot,
        cancel: &CancellationToken,
        alone: bool,
    ) -> Result<CommittedVisit, StoreError> {
        if !read.pages().is_empty() || read.archive().is_some() {
            // Not held while waiting for servers.
            drop(slot);
            let pages = || self.pages(visited.claim.url.as_str(), read.pages(), cancel);
            visited.pages.get_or_init(pages).await;
            if let Some(url) = read.archive() {
                let archive = || self.archive(visited.claim.feed, url, cancel);
                visited.archive.get_or_try_init(archive).await?;
            }
            slot = self.reading_slot(visited.is_large()).await;
        }
        let (what, clock) = (Arc::clone(visited), self.clock.clone());
        let ready = self
            .with_store(move |store| Ok(read.prepare(store, &what, &clock)))
            .await?;
        // Other documents are read while this poll waits for the writer, so that polls share transactions. Their number is
        // limited, because a poll that is read takes much more memory than its document.
        let turn = Arc::clone(&self.committing).acquire_owned().await;
        let ready = ready.holding(turn);
        // A large document keeps its slot, so that it is the only one of its kind.
        let permit = slot.into_permit();
        let permit = visited.is_large().then_some(permit);
        let committed = commit(self, if alone { ready.alone() } else { ready }).await;
        drop(permit);
        committed
    }
}
