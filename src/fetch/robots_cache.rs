//! The rules of every origin that was asked, for a day (ET-47; RFC 9309 section 2.4). Bounded in bytes, and equal rules are
//! kept once (SEC-24). Makes no request.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use super::robots::Rules;
use crate::model::{Time, WebUrl};

/// How long an answer holds (section 2.4).
const FRESH: Duration = Duration::from_secs(24 * 3600);
/// How long it holds that there was none: an unreachable server forbids everything until it is asked again.
const UNREACHED: Duration = Duration::from_secs(3600);
/// Most bytes of all rules together. Above this the largest are forgotten first, so that a few hostile files do not displace
/// many honest ones.
const BYTES_MAX: usize = 4 << 20;
/// Most origins remembered.
const ORIGINS_MAX: usize = 4000;

/// What is known of origins. One for a fetcher.
#[derive(Debug, Default)]
pub struct Robots {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    known: HashMap<String, Known>,
    /// Each once, whatever the number of origins that have it.
    rules: HashSet<Arc<Rules>>,
    /// Of all in `rules`.
    bytes: usize,
    asking: HashMap<String, Weak<Asking>>,
}

/// Its holder asks the origin.
pub type Asking = tokio::sync::Mutex<()>;

#[derive(Debug)]
struct Known {
    until: Time,
    rules: Arc<Rules>,
}

impl Robots {
    /// The rules of the origin of `url`, if they are known and still hold.
    pub fn known(&self, url: &WebUrl, now: Time) -> Option<Arc<Rules>> {
        let state = self.state();
        let known = state.known.get(&url.origin())?;
        (now < known.until).then(|| Arc::clone(&known.rules))
    }

    /// Leave to ask the origin of `url`, for one at a time.
    pub fn asking(&self, url: &WebUrl) -> Arc<Asking> {
        let mut state = self.state();
        let origin = url.origin();
        if let Some(asking) = state.asking.get(&origin).and_then(Weak::upgrade) {
            return asking;
        }
        state.asking.retain(|_, asking| asking.strong_count() > 0);
        let asking = Arc::default();
        state.asking.insert(origin, Arc::downgrade(&asking));
        asking
    }

    /// Remembers rules that came at `now`.
    pub fn keep(&self, url: &WebUrl, rules: Rules, now: Time) -> Arc<Rules> {
        let span = match rules {
            Rules::Closed => UNREACHED,
            _ => FRESH,
        };
        let mut state = self.state();
        let rules = state.shared(rules);
        let known = Known {
            until: now.plus(span),
            rules: Arc::clone(&rules),
        };
        let old = state.known.insert(url.origin(), known);
        if old.is_some() {
            drop(old);
            state.sweep();
        }
        state.make_room(now);
        rules
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The same rules as others have, if any have.
    fn shared(&mut self, rules: Rules) -> Arc<Rules> {
        if let Some(known) = self.rules.get(&rules) {
            return Arc::clone(known);
        }
        let rules = Arc::new(rules);
        self.bytes = self.bytes.saturating_add(rules.bytes());
        self.rules.insert(Arc::clone(&rules));
        rules
    }

    fn make_room(&mut self, now: Time) {
        if !self.is_over() {
            return;
        }
        self.forget(|known| now >= known.until);
        if self.known.len() > ORIGINS_MAX {
            let mut ends: Vec<Time> = self.known.values().map(|known| known.until).collect();
            ends.sort();
            let middle = ends.get(ends.len() / 2).copied().unwrap_or(now);
            self.forget(|known| known.until <= middle);
        }
        while self.bytes > BYTES_MAX && !self.known.is_empty() {
            let largest = self.known.values().map(|known| known.rules.bytes()).max();
            // Half of that size and more: one look at all origins makes room for many.
            let large = largest.unwrap_or(0).div_ceil(2);
            self.forget(|known| known.rules.bytes() >= large);
        }
    }

    fn is_over(&self) -> bool {
        self.bytes > BYTES_MAX || self.known.len() > ORIGINS_MAX
    }

    fn forget(&mut self, is_to_go: impl Fn(&Known) -> bool) {
        self.known.retain(|_, known| !is_to_go(known));
        self.sweep();
    }

    /// Forgets rules that no origin has any more.
    fn sweep(&mut self) {
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
        Rules::read(format!("User-agent: *\n{lines}").as_bytes())
    }

    const START: Time = Time::EPOCH;

    fn after(hours: u64) -> Time {
        START.plus(Duration::from_secs(hours * 3600))
    }

    #[test]
    fn et_47_an_answer_holds_for_a_day_and_a_failure_for_an_hour() {
        let robots = Robots::default();
        robots.keep(&url(1), Rules::Free, START);
        robots.keep(&url(2), Rules::Closed, START);
        assert!(robots.known(&url(1), after(23)).is_some());
        assert!(robots.known(&url(1), after(24)).is_none());
        assert!(robots.known(&url(2), after(0)).is_some());
        assert!(robots.known(&url(2), after(1)).is_none());
    }

    #[test]
    fn sec_24_hostile_rules_displace_one_another_and_never_the_small_ones() {
        let robots = Robots::default();
        robots.keep(&url(0), rules(0, 10), START);
        for n in 1..100 {
            robots.keep(&url(n), rules(n, 10_000), START);
            let state = robots.state();
            assert!(state.bytes <= BYTES_MAX);
            let kept: usize = state.rules.iter().map(|rules| rules.bytes()).sum();
            assert_eq!(kept, state.bytes);
        }
        assert!(robots.known(&url(0), START).is_some());
    }

    #[test]
    fn sec_24_equal_rules_are_kept_once_and_forgotten_with_their_last_origin() {
        let robots = Robots::default();
        for n in 0..1000 {
            robots.keep(&url(n), rules(7, 5000), START);
        }
        assert_eq!(robots.state().rules.len(), 1);
        assert!(robots.known(&url(0), START).is_some());
        for n in 0..1000 {
            robots.keep(&url(n), Rules::Free, START);
        }
        assert_eq!(robots.state().rules.len(), 1, "Free alone");
        assert_eq!(robots.state().bytes, 0);
    }

    #[test]
    fn memory_of_origins_is_bounded() {
        let robots = Robots::default();
        for n in 0..ORIGINS_MAX + 10 {
            robots.keep(&url(n), Rules::Free, START);
            drop(robots.asking(&url(n)));
        }
        let state = robots.state();
        assert!(state.known.len() <= ORIGINS_MAX && state.asking.len() <= 1);
    }
}
