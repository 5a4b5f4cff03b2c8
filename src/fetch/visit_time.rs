//! How long one visit may take: what its servers take, and what it waits for in our own process, each within a limit of its
//! own (SEC-05, REL-13). A server is never blamed for our waiting, and our waiting always ends.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::failure::{self, fail};
use crate::memory::Busy;
use crate::model::{Failure, FailureKind};

/// By default the longest time that one visit waits for our own memory, decoding turns and lookup threads, over all of its requests. Waiting
/// for the turn of a host is not in it: see [`TURN_MAX`].
pub(super) const OWN_WAIT_MAX: Duration = Duration::from_secs(20);

/// Longest wait of one visit for the turns of its hosts, over all redirects: each may lead to a host whose queue is long.
pub(super) const TURN_MAX: Duration = Duration::from_secs(600);

/// The time of one visit.
#[derive(Debug)]
pub(super) struct VisitTime {
    /// What is left for the servers, while no request is on its way.
    left: Duration,
    /// When that is used up, while one is.
    until: Instant,
    /// What is left for our own waiting.
    waits: Duration,
    /// What is left for waiting for the turns of hosts.
    turns: Duration,
}

impl VisitTime {
    /// A visit whose servers may take so long in all, and that may wait so long for ourselves.
    pub(super) fn new(servers: Duration, waits: Duration) -> Self {
        Self {
            left: servers,
            until: Instant::now() + servers,
            waits,
            turns: TURN_MAX,
        }
    }

    /// Waits for the turn of a host, while no request is on its way. None if it did not come in time.
    pub(super) async fn turn<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        let begun = Instant::now();
        let done = timeout_at(begun + self.turns, work).await;
        self.turns = self.turns.saturating_sub(begun.elapsed());
        done.ok()
    }

    /// A request leaves.
    pub(super) fn go_on(&mut self) {
        self.until = Instant::now() + self.left;
    }

    /// Its answer is complete.
    pub(super) fn pause(&mut self) {
        self.left = self.until.saturating_duration_since(Instant::now());
    }

    /// When the servers' time is up.
    pub(super) fn until(&self) -> Instant {
        self.until
    }

    /// Waits for a server.
    pub(super) async fn server<T>(
        &self,
        host: &str,
        work: impl Future<Output = T>,
    ) -> Result<T, Failure> {
        let done = timeout_at(self.until, work).await;
        done.map_err(|_| failure::timeout(host))
    }

    /// Waits for something of our own. The servers' time stands still meanwhile.
    pub(super) async fn own<T>(&mut self, work: impl Future<Output = T>) -> Result<T, Failure> {
        let begun = Instant::now();
        let done = timeout_at(begun + self.waits, work).await;
        let waited = begun.elapsed();
        self.waits = self.waits.saturating_sub(waited);
        self.until += waited;
        done.map_err(|_| Busy.into())
    }

    /// When our own waiting has to end.
    pub(super) fn patience(&self) -> Instant {
        Instant::now() + self.waits
    }
}

impl From<Busy> for Failure {
    fn from(busy: Busy) -> Self {
        fail(FailureKind::Busy, busy.to_string())
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::sleep;

    use super::*;

    const S: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn sec_05_our_own_waiting_costs_a_server_nothing_of_its_time() {
        let mut time = VisitTime::new(30 * S, OWN_WAIT_MAX);
        time.own(sleep(OWN_WAIT_MAX / 2)).await.unwrap();
        assert!(time.server("a.example", sleep(29 * S)).await.is_ok());
        let more = time.server("a.example", sleep(2 * S)).await;
        assert_eq!(more.unwrap_err().kind, FailureKind::Timeout);
    }

    #[tokio::test(start_paused = true)]
    async fn rel_13_our_own_waiting_ends_however_often_it_is_interrupted() {
        let (mut time, begun) = (VisitTime::new(30 * S, OWN_WAIT_MAX), Instant::now());
        let busy = loop {
            if let Err(failure) = time.own(sleep(3 * S)).await {
                break failure;
            }
        };
        assert_eq!(busy.kind, FailureKind::Busy);
        assert_eq!(begun.elapsed(), OWN_WAIT_MAX);
    }

    #[tokio::test(start_paused = true)]
    async fn rel_13_waiting_for_turns_ends_however_many_hosts_a_visit_is_led_to() {
        let (mut time, begun) = (VisitTime::new(30 * S, OWN_WAIT_MAX), Instant::now());
        while time.turn(sleep(TURN_MAX / 4 + S)).await.is_some() {}
        assert_eq!(begun.elapsed(), TURN_MAX);
    }
}
