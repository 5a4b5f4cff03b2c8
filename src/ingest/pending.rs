//! Polls that are not committed yet: those that wait until it is known whether the network is down (ET-30), and those that the
//! store did not take. Kept so that no server is asked twice (REL-02), within a limit of memory.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::context::Ingest;
use super::report::PassReport;
use super::visited::Visited;
use crate::store::StoreError;

/// Most bytes of polls that the store did not take.
const NOT_STORED_BYTES_MAX: usize = 64 << 20;

/// Polls that are not committed yet.
#[derive(Default)]
pub(super) struct PendingPolls {
    awaiting_network: Vec<Arc<Visited>>,
    /// The flag says whether the network was down.
    not_stored: Vec<(Arc<Visited>, bool)>,
}

impl PendingPolls {
    /// Keeps a poll until it is known whether the network is down.
    pub(super) fn await_network(&mut self, visited: Arc<Visited>) {
        self.awaiting_network.push(visited);
    }

    /// Keeps a poll that the store did not take. Beyond the limit it is dropped, and the feed is polled again when its lease
    /// expires.
    pub(super) fn keep(&mut self, visited: Arc<Visited>, offline: bool) {
        let kept: usize = self.not_stored.iter().map(|(v, _)| v.bytes()).sum();
        if kept.saturating_add(visited.bytes()) <= NOT_STORED_BYTES_MAX {
            self.not_stored.push((visited, offline));
        }
    }

    /// Whether there are polls that the store did not take.
    pub(super) fn has_not_stored(&self) -> bool {
        !self.not_stored.is_empty()
    }

    /// How long the oldest poll has waited to learn about the network.
    pub(super) fn awaiting_for(&self, ingest: &Ingest) -> Option<Duration> {
        let ages = self.awaiting_network.iter();
        ages.map(|visited| visited.age(&ingest.clock)).max()
    }

    /// Commits the polls that wait to learn about the network. `offline`: it is down.
    pub(super) async fn commit_awaiting(
        &mut self,
        ingest: &Ingest,
        offline: bool,
        cancel: &CancellationToken,
        report: &mut PassReport,
    ) -> Result<(), StoreError> {
        while let Some(visited) = self.awaiting_network.pop() {
            self.commit(ingest, visited, offline, cancel, report)
                .await?;
        }
        Ok(())
    }

    /// Commits again what the store did not take.
    pub(super) async fn commit_not_stored(
        &mut self,
        ingest: &Ingest,
        cancel: &CancellationToken,
        report: &mut PassReport,
    ) -> Result<(), StoreError> {
        while let Some((visited, offline)) = self.not_stored.pop() {
            self.commit(ingest, visited, offline, cancel, report)
                .await?;
        }
        Ok(())
    }

    async fn commit(
        &mut self,
        ingest: &Ingest,
        visited: Arc<Visited>,
        offline: bool,
        cancel: &CancellationToken,
        report: &mut PassReport,
    ) -> Result<(), StoreError> {
        match ingest.settle(&visited, offline, cancel).await {
            Ok(visit) => {
                report.count(&visit);
                Ok(())
            }
            Err(e) => {
                if e.may_pass() {
                    self.keep(visited, offline);
                }
                Err(e)
            }
        }
    }
}
