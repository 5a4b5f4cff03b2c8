//! What the fetcher has under way at a moment: for metrics, and to prove that every visit gives back what it took (SEC-24).
//! Never changes anything.

use super::client::Fetcher;

/// What is taken at a moment; all zero while no visit is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Load {
    /// Memory set aside for what was read off the network, in bytes.
    pub memory_bytes: usize,
    /// Requests in flight, slow ones excepted, and documents that wait to be read.
    pub requests: usize,
    /// Requests in flight whose servers are slow.
    pub requests_slow: usize,
    /// Hosts with a request in flight or next in turn.
    pub hosts: usize,
    /// Requests that wait for the turn of their host.
    pub waiting: usize,
    /// Bodies that are being decoded off the async threads.
    pub decoding: usize,
    /// Names that are being looked up, or wait for it.
    pub lookups: usize,
}

impl Fetcher {
    /// What is under way now.
    pub fn load(&self) -> Load {
        let hosts = self.hosts.load();
        Load {
            memory_bytes: self.memory().used(),
            requests: hosts.requests,
            requests_slow: hosts.aside,
            hosts: hosts.busy,
            waiting: hosts.waiting,
            decoding: self.intake.decoding(),
            lookups: self.resolver.lookups(),
        }
    }
}
