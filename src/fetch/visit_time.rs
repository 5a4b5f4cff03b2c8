//! Time limits of one visit: for its servers, for the turns of hosts, and for resources of our own process (SEC-05, REL-13).
//! Time that we wait for ourselves must never count against a server.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::failure;
use crate::memory::Busy;
use crate::model::Failure;

/// Default limit for waiting for memory, decoding slots and lookup threads, over all requests of a visit. Waiting for the turn
/// of a host does not count: see [`HOST_WAIT_MAX`].
pub(super) const LOCAL_WAIT_MAX: Duration = Duration::from_secs(20);

/// Limit for waiting for the turns of hosts, over all hops of a visit: each redirect may lead to a host with a long queue.
pub(super) const HOST_WAIT_MAX: Duration = Duration::from_secs(600);

/// The time that is left to one visit.
#[derive(Debug)]
pub(super) struct VisitTime {
    /// For the servers, while no request is in flight.
    server_left: Duration,
    /// When the servers' time is used up, while a request is in flight.
    server_deadline: Instant,
    /// For resources of our own process.
    local_left: Duration,
    /// For the turns of hosts.
    host_left: Duration,
}

impl VisitTime {
    /// A visit whose servers may take `server` in all, and that may wait for `local` in all for our own resources.
    pub(super) fn new(server: Duration, local: Duration) -> Self {
        Self {
            server_left: server,
            server_deadline: Instant::now() + server,
            local_left: local,
            host_left: HOST_WAIT_MAX,
        }
    }

    /// Waits for the turn of a host while no request is in flight. `None` if it did not come in time.
    pub(super) async fn host_turn<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        let begun = Instant::now();
        let done = timeout_at(begun + self.host_left, work).await;
        self.host_left = self.host_left.saturating_sub(begun.elapsed());
        done.ok()
    }

    /// A request is about to be sent.
    pub(super) fn start_server(&mut self) {
        self.server_deadline = Instant::now() + self.server_left;
    }

    /// The answer is complete.
    pub(super) fn stop_server(&mut self) {
        self.server_left = self
            .server_deadline
            .saturating_duration_since(Instant::now());
    }

    /// When the servers' time is used up.
    pub(super) fn server_deadline(&self) -> Instant {
        self.server_deadline
    }

    /// Waits for a server.
    pub(super) async fn server<T>(
        &self,
        host: &str,
        work: impl Future<Output = T>,
    ) -> Result<T, Failure> {
        let done = timeout_at(self.server_deadline, work).await;
        done.map_err(|_| failure::timeout(host))
    }

    /// Waits for a resource of our own process. The servers' time is extended accordingly.
    pub(super) async fn local<T>(&mut self, work: impl Future<Output = T>) -> Result<T, Failure> {
        let begun = Instant::now();
        let done = timeout_at(begun + self.local_left, work).await;
        let waited = begun.elapsed();
        self.local_left = self.local_left.saturating_sub(waited);
        self.server_deadline += waited;
        done.map_err(|_| Busy.into())
    }

    /// When waiting for our own resources has to end.
    pub(super) fn local_deadline(&self) -> Instant {
        Instant::now() + self.local_left
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::sleep;

    use super::*;
    use crate::model::FailureKind;

    const S: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn sec_05_local_waits_do_not_count_against_the_server() {
        let mut time = VisitTime::new(30 * S, LOCAL_WAIT_MAX);
        time.local(sleep(LOCAL_WAIT_MAX / 2)).await.unwrap();
        assert!(time.server("a.example", sleep(29 * S)).await.is_ok());
        let more = time.server("a.example", sleep(2 * S)).await;
        assert_eq!(more.unwrap_err().kind, FailureKind::Timeout);
    }

    #[tokio::test(start_paused = true)]
    async fn rel_13_local_waits_of_a_visit_are_limited_in_sum() {
        let (mut time, begun) = (VisitTime::new(30 * S, LOCAL_WAIT_MAX), Instant::now());
        let busy = loop {
            if let Err(failure) = time.local(sleep(3 * S)).await {
                break failure;
            }
        };
        assert_eq!(busy.kind, FailureKind::Busy);
        assert_eq!(begun.elapsed(), LOCAL_WAIT_MAX);
    }

    #[tokio::test(start_paused = true)]
    async fn rel_13_waits_for_hosts_are_limited_in_sum_over_all_redirects() {
        let (mut time, begun) = (VisitTime::new(30 * S, LOCAL_WAIT_MAX), Instant::now());
        while time.host_turn(sleep(HOST_WAIT_MAX / 4 + S)).await.is_some() {}
        assert_eq!(begun.elapsed(), HOST_WAIT_MAX);
    }
}
