//! Stores what hubs push: like a poll, under a lease of its own. A push that cannot be read or stored leads to a poll of the
//! feed, which then reports what is wrong (REL-12).

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::rand;
use tokio::time::sleep;

use crate::ingest::commit::CommittedVisit;
use crate::ingest::context::Ingest;
use crate::ingest::panics::caught;
use crate::ingest::visited::Visited;
use crate::memory::Body;
use crate::model::{Extent, Hints, HubReply, Outcome, Poll, Validators};
use crate::store::{ClaimScope, HubRow, StoreError};

/// While the feed is being polled, a push is tried this often and at this interval; then the hub is to retry later.
const TRIES: usize = 5;
const TRY_INTERVAL: Duration = Duration::from_secs(1);
/// A push without content leads to a poll within this many milliseconds (ET-51).
const PING_MS: u64 = 60_000;

/// The result of trying to store a push.
enum Tried {
    Done(HubReply),
    /// The feed is being polled, or another push is being stored.
    Leased(Body),
}

impl Ingest {
    pub(super) async fn store_push(
        self: &Arc<Self>,
        row: HubRow,
        content_type: Option<String>,
        mut body: Body,
    ) -> Result<HubReply, StoreError> {
        if body.is_empty() {
            return self.poll_soon(row).await;
        }
        for n in 0..TRIES {
            if n > 0 {
                sleep(TRY_INTERVAL).await;
            }
            if self.stopping.is_cancelled() {
                break;
            }
            let (ingest, row, content_type) = (Arc::clone(self), row.clone(), content_type.clone());
            // A task of its own, because hubs hang up after some seconds. If it were dropped half-way, it would keep its lease,
            // and the next try would request the same pages again.
            let task = self
                .pushes
                .spawn(async move { ingest.try_push(row, content_type, body).await });
            let tried = task.await;
            match tried.map_err(|e| StoreError::Internal(format!("a push ended early: {e}")))?? {
                Tried::Done(reply) => return Ok(reply),
                Tried::Leased(same) => body = same,
            }
        }
        Ok(HubReply::Later)
    }

    async fn try_push(
        self: Arc<Self>,
        row: HubRow,
        content_type: Option<String>,
        body: Body,
    ) -> Result<Tried, StoreError> {
        let (feed, now) = (row.feed, self.clock.now());
        let scope = ClaimScope::Pushed(feed);
        let (claims, _) = self
            .with_store(move |store| store.claim(now, scope, 1))
            .await?;
        let Some(claim) = claims.into_iter().next() else {
            return Ok(Tried::Leased(body));
        };
        let poll = Poll {
            feed,
            started: now,
            finished: now,
            final_url: Some(row.url.clone()),
            moved_permanently: false,
            status: None,
            bytes_wire: u64::try_from(body.len()).unwrap_or(u64::MAX),
            hints: Hints::default(),
            extent: Extent::Push,
            outcome: Outcome::Document {
                content_type,
                validators: Validators::default(),
            },
        };
        let visited = Visited::new(claim, poll, Some(body), &self.clock);
        let reply = match caught(self.commit_push(&visited)).await {
            Ok(Some(visit)) if visit.committed.lease_lost => HubReply::Later,
            Ok(Some(_)) => HubReply::Taken,
            Ok(None) => self.poll_instead(&visited, row).await?,
            Err(e) if !e.is_of_store() => {
                tracing::warn!(feed.url = row.url.as_str(), "a push was not stored: {e}");
                self.poll_instead(&visited, row).await?
            }
            Err(e) => return Err(e),
        };
        Ok(Tried::Done(reply))
    }

    /// Reads and commits a push; `None` if it cannot be read.
    async fn commit_push(
        &self,
        visited: &Arc<Visited>,
    ) -> Result<Option<CommittedVisit>, StoreError> {
        let cancel = &self.stopping;
        for alone in [false, true] {
            let (read, slot) = self.read(visited, false).await?;
            if read.has_failed() {
                return Ok(None);
            }
            match self.complete(visited, read, slot, cancel, alone).await {
                Err(StoreError::Shared(_)) if !alone => {}
                done => return done.map(Some),
            }
        }
        Ok(None)
    }

    async fn poll_instead(&self, visited: &Visited, row: HubRow) -> Result<HubReply, StoreError> {
        let claim = Arc::clone(&visited.claim);
        self.with_store(move |store| store.give_back(&claim))
            .await?;
        self.poll_soon(row).await
    }

    /// Plans a poll soon, unless the feed's server asked for a pause.
    async fn poll_soon(&self, row: HubRow) -> Result<HubReply, StoreError> {
        let mut bytes = [0_u8; 8];
        // Without random bytes it is polled at once.
        let _ = rand::fill(&mut bytes);
        let wait = Duration::from_millis(u64::from_le_bytes(bytes) % PING_MS);
        let at = self.clock.now().plus(wait);
        self.with_store(move |store| {
            store.poll_soon(row.feed, at, "its hub says that there is news")
        })
        .await?;
        Ok(HubReply::Taken)
    }
}
