//! The state of hosts and their permits, for metrics and tests. Read-only.

use std::time::Duration;

use tokio::sync::Semaphore;

use super::hosts::{Hosts, slow_max};

/// Requests in progress over all hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HostsLoad {
    /// In flight, without slow ones.
    pub requests: usize,
    /// In flight and slow.
    pub slow: usize,
    /// Hosts with a request in flight or about to start.
    pub busy: usize,
    /// Waiting for the turn of their host.
    pub waiting: usize,
}

/// The state of one host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostStats {
    /// The host.
    pub host: String,
    /// Requests started.
    pub requests: u64,
    /// Requests in flight.
    pub in_flight: usize,
    /// 429 answers.
    pub throttled: u64,
    /// Time between starts at present.
    pub spacing: Duration,
    /// How much longer the host must not be contacted.
    pub backoff: Duration,
}

impl Hosts {
    /// All known hosts, by name.
    pub fn stats(&self) -> Vec<HostStats> {
        let mut stats: Vec<_> = self
            .known()
            .iter()
            .map(|(name, host)| {
                let queue = host.queue();
                HostStats {
                    host: name.clone(),
                    requests: queue.requests,
                    in_flight: self.per_host.saturating_sub(host.slots.available_permits()),
                    throttled: queue.throttled,
                    spacing: queue.spacing,
                    backoff: queue.backoff_left(),
                }
            })
            .collect();
        stats.sort_by(|a, b| a.host.cmp(&b.host));
        stats
    }

    /// What is in progress.
    pub fn load(&self) -> HostsLoad {
        let in_use = |all: usize, free: &Semaphore| all.saturating_sub(free.available_permits());
        let mut load = HostsLoad {
            requests: in_use(self.concurrency, &self.normal),
            slow: in_use(slow_max(self.concurrency), &self.slow),
            ..HostsLoad::default()
        };
        for host in self.known().values() {
            let is_busy = host.slots.available_permits() < self.per_host;
            let waiting = usize::try_from(host.queue().waiting).unwrap_or(usize::MAX);
            load.busy = load.busy.saturating_add(usize::from(is_busy));
            load.waiting = load.waiting.saturating_add(waiting);
        }
        load
    }
}
