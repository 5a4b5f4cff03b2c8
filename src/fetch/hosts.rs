//! How gently each host is asked (ET-26, ET-45): few requests in flight, time between starts, rest after 429. Hosts of one
//! registrable domain (publicsuffix.org), a site, are one host here; hosts of one address are not, for networks that serve
//! half the web share their addresses. Knows how long each site's queue is, so that the caller can keep it short (REL-16).
//! Keeps time by tokio's monotonic clock; knows nothing of HTTP.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until};

/// Hosts remembered; above this the idle ones are forgotten.
const HOSTS_MAX: usize = 10_000;
/// A host that sent 429 rests at least this long, and is then asked at most this often (ET-26, ET-45).
const THROTTLED_MIN: Duration = Duration::from_secs(60);
/// Spacing is doubled by every further 429 up to this.
const SPACING_MAX: Duration = Duration::from_secs(3600);

/// So many times the limit of all requests may be slow ones that have stepped aside.
const ASIDE: usize = 8;

/// A site may have as many visits under way as it can start within this time (REL-16).
const AHEAD: Duration = Duration::from_secs(10);
/// The same as a number, for sites without spacing.
const AHEAD_MAX: usize = 32;

/// The permits of all hosts.
#[derive(Debug)]
pub struct Hosts {
    global: Arc<Semaphore>,
    aside: Arc<Semaphore>,
    concurrency: usize,
    per_host: usize,
    delay: Duration,
    slow: Vec<(String, Duration)>,
    known: Mutex<HashMap<String, Arc<Host>>>,
}

/// Leave to make one request; given back when dropped.
#[derive(Debug)]
pub struct Permit {
    _slot: OwnedSemaphorePermit,
    global: Option<OwnedSemaphorePermit>,
    aside: Arc<Semaphore>,
    host: Arc<Host>,
    begun: Instant,
}

/// One of the requests that may be under way at once over all hosts; given back when dropped.
#[derive(Debug)]
pub struct Turn {
    _place: OwnedSemaphorePermit,
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.host.state().note_held(self.begun.elapsed());
    }
}

impl Permit {
    /// The answer is slow to come: others may ask meanwhile, so that servers which never answer hold up nobody but
    /// themselves (REL-04). Not all at once: beyond a limit the permit stays as it is.
    pub fn step_aside(&mut self) {
        if let Ok(place) = Arc::clone(&self.aside).try_acquire_owned() {
            self.global = Some(place);
        }
    }

    /// The request is over, and its host may be asked again. What came still counts as a request over all hosts until the turn
    /// is dropped.
    pub fn end(mut self) -> Option<Turn> {
        self.global.take().map(|place| Turn { _place: place })
    }
}

/// Requests under way over all hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HostsLoad {
    /// In flight, those excepted that have stepped aside.
    pub requests: usize,
    /// In flight and stepped aside.
    pub aside: usize,
    /// Hosts with a request in flight or next in turn.
    pub busy: usize,
    /// Waiting for the turn of their host.
    pub waiting: usize,
}

fn aside_max(permits: usize) -> usize {
    permits.saturating_mul(ASIDE).min(Semaphore::MAX_PERMITS)
}

/// The host cannot be asked for this much longer: it asked to be left alone, or its queue is that long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resting(pub Duration);

/// How one host is doing, for the status page.
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
    /// How long the host still rests.
    pub resting: Duration,
}

#[derive(Debug)]
struct Host {
    slots: Arc<Semaphore>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Time between starts when nothing is wrong.
    usual: Duration,
    /// Time between starts at present.
    spacing: Duration,
    /// No start before.
    next_start: Instant,
    /// The server's word: no start before.
    rest_until: Instant,
    /// Requests that wait for a slot.
    waiting: u32,
    /// How long a request usually holds its slot.
    held: Duration,
    /// Requests that found the queue too long were put off one after the other, the last one to this time.
    promised: Instant,
    requests: u64,
    throttled: u64,
}

/// One request in the queue of its host; it leaves the queue when this is dropped.
struct Waiting<'a>(&'a Host);

impl<'a> Waiting<'a> {
    fn new(host: &'a Host) -> Self {
        let mut state = host.state();
        state.waiting = state.waiting.saturating_add(1);
        drop(state);
        Self(host)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.waiting = state.waiting.saturating_sub(1);
    }
}

impl Hosts {
    /// `concurrency` and `per_host` count at least 1. A `delay` of zero switches our own spacing off, the slow table
    /// included.
    pub fn new(
        concurrency: usize,
        per_host: usize,
        delay: Duration,
        slow: Vec<(String, Duration)>,
    ) -> Self {
        let permits = concurrency.clamp(1, Semaphore::MAX_PERMITS);
        Self {
            global: Arc::new(Semaphore::new(permits)),
            aside: Arc::new(Semaphore::new(aside_max(permits))),
            concurrency: permits,
            per_host: per_host.clamp(1, Semaphore::MAX_PERMITS),
            delay,
            slow,
            known: Mutex::default(),
        }
    }

    /// Waits until `host` may be asked. Refused at once if the host rests: waiting could take days. Dropping
    /// the future gives everything back but its place in the spacing.
    pub async fn acquire(&self, host: &str) -> Result<Permit, Resting> {
        self.acquire_within(host, Duration::MAX).await
    }

    /// The same, but refused at once if the queue of `host` is longer than `patience`. Each request that is refused so is
    /// told another time to come back, as far apart as the host is asked.
    pub async fn acquire_within(&self, host: &str, patience: Duration) -> Result<Permit, Resting> {
        let known = self.host(host);
        known.check_rest()?;
        known.check_queue(self.per_host, patience)?;
        // The host's slot first: waiting for it must not hold up other hosts.
        let slot = {
            let _waiting = Waiting::new(&known);
            closed_never(Arc::clone(&known.slots).acquire_owned().await)
        };
        let start = {
            let mut state = known.state();
            let start = state.next_start.max(Instant::now());
            state.next_start = start + state.spacing;
            start
        };
        sleep_until(start).await;
        let global = closed_never(Arc::clone(&self.global).acquire_owned().await);
        known.check_rest()?;
        let mut state = known.state();
        // A start delayed by the global limit moves the next one too.
        state.next_start = state.next_start.max(Instant::now() + state.spacing);
        state.requests = state.requests.saturating_add(1);
        drop(state);
        match (slot, global) {
            (Some(slot), Some(global)) => Ok(Permit {
                _slot: slot,
                global: Some(global),
                aside: Arc::clone(&self.aside),
                host: known,
                begun: Instant::now(),
            }),
            _ => Err(Resting(Duration::ZERO)),
        }
    }

    /// A 429 came: all of the host rests for `retry_after`, at least 60 s, then spacing doubles until it succeeds.
    pub fn throttled(&self, host: &str, retry_after: Option<Duration>) {
        let host = self.host(host);
        let mut state = host.state();
        state.throttled = state.throttled.saturating_add(1);
        let told = retry_after.unwrap_or_default();
        if self.delay.is_zero() {
            state.rest(told);
        } else {
            state.rest(told.max(THROTTLED_MIN));
            let doubled = state.spacing.saturating_mul(2);
            state.spacing = doubled.clamp(THROTTLED_MIN, SPACING_MAX.max(state.usual));
        }
    }

    /// The host's rate limit is used up: it rests until the reset (ET-28).
    pub fn rest(&self, host: &str, span: Duration) {
        self.host(host).state().rest(span);
    }

    /// The host answered well: usual spacing again.
    pub fn succeeded(&self, host: &str) {
        let host = self.host(host);
        let mut state = host.state();
        state.spacing = state.usual;
    }

    /// How much longer `host` wants to be left alone, if it does.
    pub fn resting(&self, host: &str) -> Option<Duration> {
        let known = self.known().get(site_of(host)).cloned()?;
        known.check_rest().err().map(|Resting(left)| left)
    }

    /// How long a request to `host` that came now would wait for its turn, those counted that wait already.
    pub fn wait(&self, host: &str) -> Duration {
        let Some(known) = self.known().get(site_of(host)).cloned() else {
            return Duration::ZERO;
        };
        known.state().wait(self.per_host)
    }

    /// How many visits to the site of `host` may be under way at once, waiting ones included: at least one, and no more
    /// than it can start within some seconds. More would only take the places of other sites (REL-16).
    pub fn allowance(&self, host: &str) -> usize {
        let site = site_of(host);
        let known = self.known().get(site).cloned();
        let pace = match known {
            Some(known) => known.state().pace(self.per_host),
            None => self.usual_spacing(site),
        };
        let startable = AHEAD.as_millis().checked_div(pace.as_millis());
        let startable = startable.and_then(|n| usize::try_from(n).ok());
        startable
            .unwrap_or(AHEAD_MAX)
            .min(AHEAD_MAX)
            .max(self.per_host)
    }

    /// All hosts remembered, by name.
    pub fn stats(&self) -> Vec<HostStats> {
        let mut stats: Vec<_> = self
            .known()
            .iter()
            .map(|(name, host)| {
                let state = host.state();
                HostStats {
                    host: name.clone(),
                    requests: state.requests,
                    in_flight: self.per_host.saturating_sub(host.slots.available_permits()),
                    throttled: state.throttled,
                    spacing: state.spacing,
                    resting: state.rest_until.saturating_duration_since(Instant::now()),
                }
            })
            .collect();
        stats.sort_by(|a, b| a.host.cmp(&b.host));
        stats
    }

    /// What is under way.
    pub fn load(&self) -> HostsLoad {
        let aside = aside_max(self.concurrency);
        let mut load = HostsLoad {
            requests: self
                .concurrency
                .saturating_sub(self.global.available_permits()),
            aside: aside.saturating_sub(self.aside.available_permits()),
            ..HostsLoad::default()
        };
        for host in self.known().values() {
            let is_busy = host.slots.available_permits() < self.per_host;
            let waiting = usize::try_from(host.state().waiting).unwrap_or(usize::MAX);
            load.busy = load.busy.saturating_add(usize::from(is_busy));
            load.waiting = load.waiting.saturating_add(waiting);
        }
        load
    }

    fn known(&self) -> MutexGuard<'_, HashMap<String, Arc<Host>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn host(&self, name: &str) -> Arc<Host> {
        let name = site_of(name);
        let mut known = self.known();
        if let Some(host) = known.get(name) {
            return Arc::clone(host);
        }
        if known.len() >= HOSTS_MAX {
            forget(&mut known);
        }
        let now = Instant::now();
        let usual = self.usual_spacing(name);
        let host = Arc::new(Host {
            slots: Arc::new(Semaphore::new(self.per_host)),
            state: Mutex::new(State {
                usual,
                spacing: usual,
                next_start: now,
                rest_until: now,
                waiting: 0,
                held: Duration::ZERO,
                promised: now,
                requests: 0,
                throttled: 0,
            }),
        });
        known.insert(name.to_owned(), Arc::clone(&host));
        host
    }

    fn usual_spacing(&self, name: &str) -> Duration {
        if self.delay.is_zero() {
            return Duration::ZERO;
        }
        let listed = self.slow.iter().find(|(slow, _)| {
            name.strip_suffix(slow.as_str())
                .is_some_and(|sub| sub.is_empty() || sub.ends_with('.'))
        });
        listed.map_or(self.delay, |(_, delay)| self.delay.max(*delay))
    }
}

/// The registrable domain of a host, or the host itself where it has none: an address, a name of one's own network.
pub fn site_of(host: &str) -> &str {
    let is_address = host.starts_with('[') || host.parse::<std::net::IpAddr>().is_ok();
    if is_address {
        return host;
    }
    psl::domain_str(host).unwrap_or(host)
}

/// Drops hosts that nobody waits for and that owe no pause; if all owe one, the one that owes least.
fn forget(known: &mut HashMap<String, Arc<Host>>) {
    let now = Instant::now();
    let idle = |host: &Arc<Host>| Arc::strong_count(host) == 1;
    known.retain(|_, host| !(idle(host) && host.state().free_at() <= now));
    if known.len() >= HOSTS_MAX {
        let least = known
            .iter()
            .filter(|(_, host)| idle(host))
            .min_by_key(|(_, host)| host.state().free_at())
            .map(|(name, _)| name.clone());
        if let Some(name) = least {
            known.remove(&name);
        }
    }
}

/// Our semaphores are never closed; were one, the request is refused rather than made.
fn closed_never<T, E>(permit: Result<T, E>) -> Option<T> {
    permit.ok()
}

impl Host {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn check_rest(&self) -> Result<(), Resting> {
        let left = self
            .state()
            .rest_until
            .saturating_duration_since(Instant::now());
        if left.is_zero() {
            Ok(())
        } else {
            Err(Resting(left))
        }
    }

    fn check_queue(&self, per_host: usize, patience: Duration) -> Result<(), Resting> {
        let mut state = self.state();
        let wait = state.wait(per_host);
        if wait <= patience {
            return Ok(());
        }
        let now = Instant::now();
        let turn = state.promised.max(now + wait);
        state.promised = turn + state.pace(per_host);
        Err(Resting(turn.saturating_duration_since(now)))
    }
}

impl State {
    /// Time between two starts as it comes out: the spacing, or how long requests take where that is more.
    fn pace(&self, per_host: usize) -> Duration {
        let per_host = u32::try_from(per_host).unwrap_or(u32::MAX).max(1);
        self.spacing.max(self.held / per_host)
    }

    fn wait(&self, per_host: usize) -> Duration {
        let start = self.free_at().saturating_duration_since(Instant::now());
        start.saturating_add(self.pace(per_host).saturating_mul(self.waiting))
    }

    /// A moving average: a quarter of it is the last request.
    fn note_held(&mut self, held: Duration) {
        self.held = (self.held * 3 + held) / 4;
    }

    fn rest(&mut self, span: Duration) {
        self.rest_until = self.rest_until.max(Instant::now() + span);
    }

    fn free_at(&self) -> Instant {
        self.next_start.max(self.rest_until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::advance;

    const S: Duration = Duration::from_secs(1);

    fn hosts(concurrency: usize, delay: Duration) -> Hosts {
        Hosts::new(
            concurrency,
            1,
            delay,
            vec![("reddit.com".to_owned(), 60 * S)],
        )
    }

    #[tokio::test(start_paused = true)]
    async fn et_45_two_seconds_between_starts_to_one_host() {
        let hosts = hosts(8, 2 * S);
        let t0 = Instant::now();
        for expected in [0, 2, 4] {
            drop(hosts.acquire("a.example").await.unwrap());
            assert_eq!(t0.elapsed().as_secs(), expected);
        }
        drop(hosts.acquire("b.example").await.unwrap());
        assert_eq!(t0.elapsed().as_secs(), 4, "another host does not wait");
    }

    #[test]
    fn et_45_hosts_of_one_registrable_domain_are_one() {
        assert_eq!(site_of("feeds.bbci.co.uk"), "bbci.co.uk");
        assert_eq!(site_of("www.example.com"), "example.com");
        assert_eq!(site_of("ann.github.io"), "ann.github.io", "each its own");
        assert_eq!(site_of("localhost"), "localhost");
        assert_eq!(site_of("192.0.2.7"), "192.0.2.7");
        assert_eq!(site_of("[2001:db8::1]"), "[2001:db8::1]");
    }

    #[tokio::test(start_paused = true)]
    async fn et_45_slow_hosts_wait_a_minute() {
        let hosts = hosts(8, 2 * S);
        let t0 = Instant::now();
        drop(hosts.acquire("www.reddit.com").await.unwrap());
        drop(hosts.acquire("www.reddit.com").await.unwrap());
        assert_eq!(t0.elapsed().as_secs(), 60);
        assert_eq!(hosts.usual_spacing("notreddit.com"), 2 * S);
        assert_eq!(hosts.usual_spacing("reddit.com"), 60 * S);
    }

    #[tokio::test(start_paused = true)]
    async fn et_45_one_request_in_flight_per_host() {
        let hosts = Arc::new(hosts(8, Duration::ZERO));
        let first = hosts.acquire("a.example").await.unwrap();
        let second = tokio::time::timeout(10 * S, hosts.acquire("a.example")).await;
        assert!(second.is_err(), "the second waits for the first");
        assert_eq!(hosts.stats()[0].in_flight, 1);
        drop(first);
        assert!(hosts.acquire("a.example").await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn concurrency_is_limited_over_all_hosts() {
        let hosts = hosts(1, Duration::ZERO);
        let first = hosts.acquire("a.example").await.unwrap();
        assert!(
            tokio::time::timeout(S, hosts.acquire("b.example"))
                .await
                .is_err()
        );
        drop(first);
        assert!(hosts.acquire("b.example").await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn rel_04_slow_requests_step_aside_within_a_limit() {
        let hosts = hosts(1, Duration::ZERO);
        let mut slow = Vec::new();
        for n in 0..=ASIDE {
            let host = format!("slow{n}.example");
            let mut permit = hosts.acquire(&host).await.unwrap();
            permit.step_aside();
            slow.push(permit);
        }
        let one_more = tokio::time::timeout(S, hosts.acquire("b.example")).await;
        assert!(one_more.is_err(), "the last one had no place aside");
        slow.clear();
        assert!(hosts.acquire("b.example").await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn et_26_a_429_holds_the_host_back_and_widens_its_spacing_until_success() {
        let hosts = hosts(8, 2 * S);
        drop(hosts.acquire("a.example").await.unwrap());
        hosts.throttled("a.example", Some(5 * S));
        assert_eq!(
            hosts.acquire("a.example").await.unwrap_err(),
            Resting(60 * S)
        );
        assert_eq!(hosts.resting("a.example"), Some(60 * S));
        advance(60 * S).await;
        drop(hosts.acquire("a.example").await.unwrap());
        assert_eq!(hosts.stats()[0].spacing, 60 * S);
        hosts.throttled("a.example", Some(300 * S));
        assert_eq!(hosts.resting("a.example"), Some(300 * S));
        assert_eq!(hosts.stats()[0].spacing, 120 * S);
        hosts.succeeded("a.example");
        assert_eq!(hosts.stats()[0].spacing, 2 * S);
        assert_eq!(hosts.stats()[0].throttled, 2);
    }

    #[tokio::test(start_paused = true)]
    async fn et_28_a_used_up_rate_limit_rests_until_reset_even_without_spacing() {
        let hosts = hosts(8, Duration::ZERO);
        hosts.rest("a.example", 42 * S);
        assert_eq!(hosts.resting("a.example"), Some(42 * S));
        advance(42 * S).await;
        assert!(hosts.acquire("a.example").await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn rel_16_a_site_may_have_as_many_visits_as_it_can_start_soon() {
        let hosts = hosts(8, 2 * S);
        assert_eq!(hosts.allowance("www.a.example"), 5);
        assert_eq!(hosts.allowance("reddit.com"), 1);
        hosts.throttled("b.example", None);
        assert_eq!(hosts.allowance("b.example"), 1, "asked once a minute now");
        for _ in 0..20 {
            let permit = hosts.acquire("a.example").await.unwrap();
            advance(10 * S).await;
            drop(permit);
        }
        assert_eq!(hosts.allowance("a.example"), 1, "its server is slow");
        let unspaced = Hosts::new(8, 1, Duration::ZERO, Vec::new());
        assert_eq!(unspaced.allowance("a.example"), AHEAD_MAX);
    }

    #[tokio::test(start_paused = true)]
    async fn rel_16_a_queue_is_counted_and_a_long_one_refuses_at_different_times() {
        let hosts = Arc::new(hosts(8, 2 * S));
        let first = hosts.acquire("a.example").await.unwrap();
        for n in 1..=4 {
            assert_eq!(hosts.wait("a.example"), 2 * n * S);
            let hosts = Arc::clone(&hosts);
            tokio::spawn(async move { hosts.acquire("a.example").await.map(drop) });
            tokio::task::yield_now().await;
        }
        let refused = |patience| hosts.acquire_within("a.example", patience);
        assert_eq!(refused(9 * S).await.unwrap_err(), Resting(10 * S));
        assert_eq!(refused(9 * S).await.unwrap_err(), Resting(12 * S));
        drop(first);
        assert!(refused(10 * S).await.is_ok(), "patience enough");
        assert_eq!(hosts.wait("a.example"), 2 * S, "nothing waits any more");
    }

    #[tokio::test(start_paused = true)]
    async fn memory_of_hosts_is_bounded_and_keeps_those_at_rest() {
        let hosts = hosts(8, Duration::ZERO);
        hosts.rest("resting.example", 3600 * S);
        for n in 0..HOSTS_MAX + 50 {
            drop(hosts.acquire(&format!("h{n}.example")).await.unwrap());
        }
        assert!(hosts.stats().len() <= HOSTS_MAX);
        assert!(hosts.resting("resting.example").is_some());
    }
}
