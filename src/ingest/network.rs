//! What polls tell about the network (ET-30), and how it is stored for commands and pages. Hosts of this machine tell nothing.

use std::time::Duration;

use super::context::Ingest;
use super::outage::{Verdict, is_this_machine};
use crate::model::{Outcome, Poll};

/// How often the stored state is compared with ours: other processes write it too.
const CHECK_INTERVAL: Duration = Duration::from_secs(60);

impl Ingest {
    pub(super) fn is_offline(&self) -> bool {
        self.outage().is_offline()
    }

    /// What a poll of `host` tells about the network.
    pub(super) fn network_verdict(&self, poll: &Poll, host: &str) -> Verdict {
        if is_this_machine(host) {
            return Verdict::Up;
        }
        let mut outage = self.outage();
        match &poll.outcome {
            Outcome::Failed(f) if f.kind.is_network() => outage.unreachable(host, poll.finished),
            // No request was made, or none was answered in time: both say nothing about the network.
            Outcome::Failed(_) if poll.status.is_none() => Verdict::Unknown,
            _ => outage.answered(),
        }
    }

    /// Stores the state of the network. An error is only logged, because the next poll tries again.
    pub(super) async fn store_network(&self) {
        let mut stored = self.network_stored.lock().await;
        let current = self.outage().network();
        let is_fresh = |at| self.clock.elapsed(at) < CHECK_INTERVAL;
        if stored.is_some_and(|(network, at)| network == current && is_fresh(at)) {
            return;
        }
        let written = self.with_store(move |store| {
            if store.reads().network()? != current {
                store.note_network(current)?;
            }
            Ok(())
        });
        match written.await {
            Ok(()) => *stored = Some((current, self.clock.moment())),
            Err(e) => tracing::debug!("the state of the network was not stored: {e}"),
        }
    }
}
