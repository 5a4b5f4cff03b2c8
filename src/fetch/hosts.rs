//! Permits to contact hosts (ET-26, ET-45): few requests in flight, time between starts, pauses after 429. All hosts of one
//! registrable domain count as one host here. Hosts that share an address do not, because large networks share theirs. Tells
//! how long each queue is, so that the caller can keep it short (REL-16). Knows nothing of HTTP.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until};

use super::host_queue::{Backoff, HostQueue};
use crate::model::site::site_of;

/// Most hosts in memory; above this idle ones are evicted.
const HOSTS_MAX: usize = 10_000;
/// Slow requests are counted apart, up to this many times the limit of all requests.
const SLOW_FACTOR: usize = 8;
/// A site may have as many visits in progress as it can start within this time (REL-16).
const START_WINDOW: Duration = Duration::from_secs(10);
/// Most visits in progress for one site, whatever its spacing.
pub const VISITS_OF_SITE_MAX: usize = 32;

/// The permits of all hosts.
#[derive(Debug)]
pub struct Hosts {
    pub(super) normal: Arc<Semaphore>,
    pub(super) slow: Arc<Semaphore>,
    pub(super) concurrency: usize,
    pub(super) per_host: usize,
    delay: Duration,
    slow_hosts: Vec<(String, Duration)>,
    known: Mutex<HashMap<String, Arc<Host>>>,
}

/// The right to make one request; returned when dropped.
#[derive(Debug)]
pub struct Permit {
    _slot: OwnedSemaphorePermit,
    /// `None` once it was taken out by [`Self::release_host`].
    global: Option<OwnedSemaphorePermit>,
    slow: Arc<Semaphore>,
    host: Arc<Host>,
    begun: Instant,
}

/// One of the requests that may be in flight at once over all hosts; returned when dropped.
#[derive(Debug)]
pub struct RequestSlot {
    _permit: OwnedSemaphorePermit,
}

/// One host.
#[derive(Debug)]
pub(super) struct Host {
    pub(super) slots: Arc<Semaphore>,
    queue: Mutex<HostQueue>,
}

/// One request in the queue of its host; it leaves the queue when this is dropped.
struct Waiting<'a>(&'a Host);

impl Permit {
    /// The answer is slow: other requests may start meanwhile, so that servers which never answer delay only themselves
    /// (REL-04). Does nothing if there are too many slow requests already.
    pub fn mark_slow(&mut self) {
        if let Ok(slow) = Arc::clone(&self.slow).try_acquire_owned() {
            self.global = Some(slow);
        }
    }

    /// The request is over, so its host may be contacted again. Its answer counts as a request over all hosts until the slot is
    /// dropped.
    pub fn release_host(mut self) -> Option<RequestSlot> {
        let permit = self.global.take()?;
        Some(RequestSlot { _permit: permit })
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.host.queue().note_service_time(self.begun.elapsed());
    }
}

impl Hosts {
    /// `concurrency` and `per_host` count as at least 1. A `delay` of zero switches off our own spacing, including that of
    /// `slow_hosts`.
    pub fn new(
        concurrency: usize,
        per_host: usize,
        delay: Duration,
        slow_hosts: Vec<(String, Duration)>,
    ) -> Self {
        let permits = concurrency.clamp(1, Semaphore::MAX_PERMITS);
        Self {
            normal: Arc::new(Semaphore::new(permits)),
            slow: Arc::new(Semaphore::new(slow_max(permits))),
            concurrency: permits,
            per_host: per_host.clamp(1, Semaphore::MAX_PERMITS),
            delay,
            slow_hosts,
            known: Mutex::default(),
        }
    }

    /// Waits until `host` may be contacted. Refuses at once if its server asked for a pause, which could take days. Dropping
    /// the future returns everything except its place in the spacing.
    pub async fn acquire(&self, host: &str) -> Result<Permit, Backoff> {
        self.acquire_within(host, Duration::MAX).await
    }

    /// The same, but refuses at once if the queue of `host` is longer than `wait_max`. Requests that are refused for this
    /// reason get different times to return at.
    pub async fn acquire_within(&self, host: &str, wait_max: Duration) -> Result<Permit, Backoff> {
        let host = self.host(host);
        {
            let mut queue = host.queue();
            queue.check_backoff()?;
            queue.check_wait(wait_max)?;
        }
        // The host's slot first: waiting for it must not occupy a global permit.
        let slot = {
            let _waiting = Waiting::new(&host);
            Arc::clone(&host.slots).acquire_owned().await
        };
        let start = host.queue().reserve_start();
        sleep_until(start).await;
        let global = Arc::clone(&self.normal).acquire_owned().await;
        {
            let mut queue = host.queue();
            queue.check_backoff()?;
            queue.note_start();
        }
        match (slot, global) {
            (Ok(slot), Ok(global)) => Ok(Permit {
                _slot: slot,
                global: Some(global),
                slow: Arc::clone(&self.slow),
                host,
                begun: Instant::now(),
            }),
            // The semaphores are never closed; if one were, no request would be made.
            _ => Err(Backoff(Duration::ZERO)),
        }
    }

    /// The host answered 429: it is not contacted for `retry_after`, and for at least 60 s if our own spacing is on. Spacing
    /// doubles until a request succeeds.
    pub fn throttled(&self, host: &str, retry_after: Option<Duration>) {
        let adapts = !self.delay.is_zero();
        let host = self.host(host);
        host.queue()
            .note_throttled(retry_after.unwrap_or_default(), adapts);
    }

    /// The host's rate limit is exhausted: it is not contacted until the reset (ET-28).
    pub fn back_off(&self, host: &str, span: Duration) {
        self.host(host).queue().back_off(span);
    }

    /// The host answered well: normal spacing again.
    pub fn succeeded(&self, host: &str) {
        self.host(host).queue().note_success();
    }

    /// How much longer `host` must not be contacted, if its server asked for a pause.
    pub fn backoff(&self, host: &str) -> Option<Duration> {
        let host = self.known().get(site_of(host)).cloned()?;
        let left = host.queue().check_backoff();
        left.err().map(|Backoff(left)| left)
    }

    /// How long a request to `host` that came now would wait for its turn.
    pub fn queue_wait(&self, host: &str) -> Duration {
        let host = self.known().get(site_of(host)).cloned();
        host.map_or(Duration::ZERO, |host| host.queue().wait())
    }

    /// How many visits to the site of `host` may be in progress at once, including those that wait: at least one, and no more
    /// than can start soon. More would only take the slots of other sites (REL-16).
    pub fn visits_max(&self, host: &str) -> usize {
        let site = site_of(host);
        let known = self.known().get(site).cloned();
        let interval = match known {
            Some(host) => host.queue().interval(),
            None => self.normal_spacing(site),
        };
        let startable = START_WINDOW.as_millis().checked_div(interval.as_millis());
        let startable = startable.and_then(|n| usize::try_from(n).ok());
        startable
            .unwrap_or(VISITS_OF_SITE_MAX)
            .min(VISITS_OF_SITE_MAX)
            .max(self.per_host)
    }

    pub(super) fn known(&self) -> MutexGuard<'_, HashMap<String, Arc<Host>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn host(&self, name: &str) -> Arc<Host> {
        let name = site_of(name);
        let mut known = self.known();
        if let Some(host) = known.get(name) {
            return Arc::clone(host);
        }
        if known.len() >= HOSTS_MAX {
            evict(&mut known);
        }
        let queue = HostQueue::new(self.per_host, self.normal_spacing(name));
        let host = Arc::new(Host {
            slots: Arc::new(Semaphore::new(self.per_host)),
            queue: Mutex::new(queue),
        });
        known.insert(name.to_owned(), Arc::clone(&host));
        host
    }

    fn normal_spacing(&self, name: &str) -> Duration {
        if self.delay.is_zero() {
            return Duration::ZERO;
        }
        let listed = self.slow_hosts.iter().find(|(slow, _)| {
            name.strip_suffix(slow.as_str())
                .is_some_and(|sub| sub.is_empty() || sub.ends_with('.'))
        });
        listed.map_or(self.delay, |(_, delay)| self.delay.max(*delay))
    }
}

impl Host {
    pub(super) fn queue(&self) -> MutexGuard<'_, HostQueue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<'a> Waiting<'a> {
    fn new(host: &'a Host) -> Self {
        let mut queue = host.queue();
        queue.waiting = queue.waiting.saturating_add(1);
        drop(queue);
        Self(host)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut queue = self.0.queue();
        queue.waiting = queue.waiting.saturating_sub(1);
    }
}

pub(super) fn slow_max(permits: usize) -> usize {
    permits
        .saturating_mul(SLOW_FACTOR)
        .min(Semaphore::MAX_PERMITS)
}

/// Drops hosts that no request waits for and that may be contacted now; if there are none, the one that may be contacted first.
fn evict(known: &mut HashMap<String, Arc<Host>>) {
    let now = Instant::now();
    let is_idle = |host: &Arc<Host>| Arc::strong_count(host) == 1;
    known.retain(|_, host| !(is_idle(host) && host.queue().free_at() <= now));
    if known.len() >= HOSTS_MAX {
        let first = known
            .iter()
            .filter(|(_, host)| is_idle(host))
            .min_by_key(|(_, host)| host.queue().free_at())
            .map(|(name, _)| name.clone());
        if let Some(name) = first {
            known.remove(&name);
        }
    }
}

#[cfg(test)]
mod tests;
