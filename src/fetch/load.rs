//! How much of the fetcher's resources is in use: for metrics, and for tests that every visit returns what it took (SEC-24).
//! Read-only.

use super::client::Fetcher;

/// Resources in use; all zero while no visit is in progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Load {
    /// Memory reserved for what was read off the network, in bytes.
    pub memory_bytes: usize,
    /// Requests in flight, without slow ones, and documents that wait to be read.
    pub requests: usize,
    /// Slow requests in flight.
    pub requests_slow: usize,
    /// Hosts with a request in flight or about to start.
    pub hosts: usize,
    /// Requests that wait for the turn of their host.
    pub waiting: usize,
    /// Bodies that are being decoded on blocking threads.
    pub decoding: usize,
    /// Queued and running name lookups.
    pub lookups: usize,
}

impl Fetcher {
    /// What is in use now.
    pub fn load(&self) -> Load {
        let hosts = self.hosts.load();
        Load {
            memory_bytes: self.memory().used(),
            requests: hosts.requests,
            requests_slow: hosts.slow,
            hosts: hosts.busy,
            waiting: hosts.waiting,
            decoding: self.bodies.decoding(),
            lookups: self.resolver.lookups(),
        }
    }
}
