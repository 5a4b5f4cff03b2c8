//! The rules of each origin, cached for a day (ET-47; RFC 9309 section 2.4). Limited in bytes; equal rules are stored once
//! (SEC-24). Makes no requests.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use super::rules::Rules;
use crate::model::{Time, WebUrl};

/// How long rules are used (section 2.4).
const TTL: Duration = Duration::from_secs(24 * 3600);
/// How long a failed request for rules counts. Meanwhile the origin allows nothing.
const FAILURE_TTL: Duration = Duration::from_secs(3600);
/// Most bytes of all rules together. Above this the largest are evicted first, so that a few hostile files do not displace many
/// honest ones.
const BYTES_MAX: usize = 4 << 20;
/// Most origins in the cache.
const ORIGINS_MAX: usize = 4000;

/// The rules of origins. One for each fetcher.
#[derive(Debug, Default)]
pub struct RobotsCache {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    origins: HashMap<String, Entry>,
    /// Each distinct set of rules, however many origins have it.
    rules: HashSet<Arc<Rules>>,
    /// Size of everything in `rules`.
    bytes: usize,
    request_locks: HashMap<String, Weak<RequestLock>>,
}

/// Held by the visit that requests the rules of an origin.
pub type RequestLock = tokio::sync::Mutex<()>;

#[derive(Debug)]
struct Entry {
    expires: Time,
    rules: Arc<Rules>,
}

impl RobotsCache {
    /// The rules of the origin of `url`, if they are cached and have not expired.
    pub fn get(&self, url: &WebUrl, now: Time) -> Option<Arc<Rules>> {
        let state = self.state();
        let entry = state.origins.get(&url.origin())?;
        (now < entry.expires).then(|| Arc::clone(&entry.rules))
    }

    /// The lock under which the rules of the origin of `url` are requested.
    pub fn request_lock(&self, url: &WebUrl) -> Arc<RequestLock> {
        let mut state = self.state();
        let origin = url.origin();
        if let Some(lock) = state.request_locks.get(&origin).and_then(Weak::upgrade) {
            return lock;
        }
        state
            .request_locks
            .retain(|_, lock| lock.strong_count() > 0);
        let lock = Arc::default();
        state.request_locks.insert(origin, Arc::downgrade(&lock));
        lock
    }

    /// Stores rules that were received at `now`.
    pub fn insert(&self, url: &WebUrl, rules: Rules, now: Time) -> Arc<Rules> {
        let ttl = match rules {
            Rules::DisallowAll => FAILURE_TTL,
            _ => TTL,
        };
        let mut state = self.state();
        let rules = state.deduplicated(rules);
        let entry = Entry {
            expires: now.plus(ttl),
            rules: Arc::clone(&rules),
        };
        let old = state.origins.insert(url.origin(), entry);
        if old.is_some() {
            drop(old);
            state.drop_unused();
        }
        state.evict(now);
        rules
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The stored copy of equal rules, or these.
    fn deduplicated(&mut self, rules: Rules) -> Arc<Rules> {
        if let Some(stored) = self.rules.get(&rules) {
            return Arc::clone(stored);
        }
        let rules = Arc::new(rules);
        self.bytes = self.bytes.saturating_add(rules.bytes());
        self.rules.insert(Arc::clone(&rules));
        rules
    }

    /// Brings the cache below its limits. Each pass over all origins removes many, so that most insertions need none.
    fn evict(&mut self, now: Time) {
        if self.bytes <= BYTES_MAX && self.origins.len() <= ORIGINS_MAX {
            return;
        }
        self.remove(|entry| now >= entry.expires);
        if self.origins.len() > ORIGINS_MAX {
            let mut expiries: Vec<Time> = self.origins.values().map(|e| e.expires).collect();
            expiries.sort();
            let median = expiries.get(expiries.len() / 2).copied().unwrap_or(now);
            self.remove(|entry| entry.expires <= median);
        }
        while self.bytes > BYTES_MAX && !self.origins.is_empty() {
            let largest = self.origins.values().map(|e| e.rules.bytes()).max();
            let large = largest.unwrap_or(0).div_ceil(2);
            self.remove(|entry| entry.rules.bytes() >= large);
        }
    }

    fn remove(&mut self, is_evicted: impl Fn(&Entry) -> bool) {
        self.origins.retain(|_, entry| !is_evicted(entry));
        self.drop_unused();
    }

    /// Drops rules that no origin has any longer.
    fn drop_unused(&mut self) {
        self.rules.retain(|rules| Arc::strong_count(rules) > 1);
        let bytes = self.rules.iter().map(|rules| rules.bytes());
        self.bytes = bytes.fold(0, usize::saturating_add);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(n: usize) -> WebUrl {
        WebUrl::parse(&format!("https://h{n}.example/")).unwrap()
    }

    fn rules(n: usize, lines: usize) -> Rules {
        let lines: String = (0..lines)
            .map(|l| format!("Disallow: /{n}/{l}\n"))
            .collect();
        Rules::parse(format!("User-agent: *\n{lines}").as_bytes())
    }

    const START: Time = Time::EPOCH;

    fn after(hours: u64) -> Time {
        START.plus(Duration::from_secs(hours * 3600))
    }

    #[test]
    fn et_47_rules_are_cached_for_a_day_and_a_failure_for_an_hour() {
        let robots = RobotsCache::default();
        robots.insert(&url(1), Rules::AllowAll, START);
        robots.insert(&url(2), Rules::DisallowAll, START);
        assert!(robots.get(&url(1), after(23)).is_some());
        assert!(robots.get(&url(1), after(24)).is_none());
        assert!(robots.get(&url(2), after(0)).is_some());
        assert!(robots.get(&url(2), after(1)).is_none());
    }

    #[test]
    fn sec_24_hostile_rules_displace_one_another_and_never_the_small_ones() {
        let robots = RobotsCache::default();
        robots.insert(&url(0), rules(0, 10), START);
        for n in 1..100 {
            robots.insert(&url(n), rules(n, 10_000), START);
            let state = robots.state();
            assert!(state.bytes <= BYTES_MAX);
            let kept: usize = state.rules.iter().map(|rules| rules.bytes()).sum();
            assert_eq!(kept, state.bytes);
        }
        assert!(robots.get(&url(0), START).is_some());
    }

    #[test]
    fn sec_24_equal_rules_are_stored_once_and_dropped_with_their_last_origin() {
        let robots = RobotsCache::default();
        for n in 0..1000 {
            robots.insert(&url(n), rules(7, 5000), START);
        }
        assert_eq!(robots.state().rules.len(), 1);
        assert!(robots.get(&url(0), START).is_some());
        for n in 0..1000 {
            robots.insert(&url(n), Rules::AllowAll, START);
        }
        assert_eq!(robots.state().rules.len(), 1, "only AllowAll");
        assert_eq!(robots.state().bytes, 0);
    }

    #[test]
    fn memory_of_origins_is_bounded() {
        let robots = RobotsCache::default();
        for n in 0..ORIGINS_MAX + 10 {
            robots.insert(&url(n), Rules::AllowAll, START);
            drop(robots.request_lock(&url(n)));
        }
        let state = robots.state();
        assert!(state.origins.len() <= ORIGINS_MAX && state.request_locks.len() <= 1);
    }
}
