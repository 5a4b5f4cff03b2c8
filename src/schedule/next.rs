//! The decision: what is learned from a poll, and when the next one is due.

use std::time::Duration;

use super::explain::{self, Bound, Whose};
use super::{Observation, Plan, Policy, Seen, State, floors, skip, spread};
use crate::model::Time;

/// Even without any rule, the next poll is later than this one.
const LEAST: Duration = Duration::from_secs(1);
/// While the network is down (ET-30).
const OFFLINE: Duration = Duration::from_secs(60);

/// What we would do by ourselves.
#[derive(Debug)]
pub struct Wish {
    /// How long to wait.
    pub wait: Duration,
    /// Why.
    pub words: String,
    /// The longest wait that chance and courtesy may make of it, and by whose rule.
    pub most: Option<(Duration, &'static str)>,
}

impl Wish {
    fn bounds(self, at: Time) -> Vec<Bound> {
        let wish = Bound {
            whose: Whose::Wish,
            at: at.plus(self.wait.max(LEAST)),
            words: self.words,
        };
        let cap = self.most.map(|(most, by)| Bound {
            whose: Whose::Cap,
            at: at.plus(most.max(LEAST)),
            words: format!("{by} {}", explain::span(most)),
        });
        std::iter::once(wish).chain(cap).collect()
    }
}

/// Takes note of a poll and plans the next one. The same arguments give the same answer, always.
pub fn next(state: &State, seen: &Observation, policy: &Policy) -> (State, Plan) {
    if seen.offline {
        return (state.clone(), probe(seen, policy));
    }
    let mut state = state.clone();
    state.said.observe(seen);
    let moved_to = state.moving.observe(seen);
    let failed = matches!(seen.seen, Seen::Failed(_));
    if !failed {
        state.rates.observe(state.last, seen);
        state.last = Some(seen.at);
    }
    let Some(wish) = wish(&mut state, seen, policy) else {
        let plan = Plan {
            why: explain::never(seen.at),
            ..Plan::default()
        };
        return (state, plan);
    };
    let mut bounds = wish.bounds(seen.at);
    if seen.interval.is_none() {
        let courtesy = floors::courtesy(&state.said, seen, policy);
        bounds.splice(1..1, courtesy);
    }
    let words = floors::words(&state.said, seen, state.rates.mean_gap());
    let floor = floors::strongest(&words);
    bounds.extend(words);
    let (due, why) = settle(&state, seen, policy, &bounds);
    if !failed {
        state.health.succeeded(due.since(seen.at));
    }
    let plan = Plan {
        next_at: Some(due),
        floor,
        why,
        moved_to,
    };
    (state, plan)
}

/// What we would do by ourselves; none: never ask again.
fn wish(state: &mut State, seen: &Observation, policy: &Policy) -> Option<Wish> {
    if let Seen::Failed(kind) = seen.seen {
        return state.health.failed(kind, seen, policy);
    }
    let (wait, words) = match seen.interval {
        Some(interval) => (interval, "the user's interval".to_owned()),
        None => state.rates.wish(policy),
    };
    let most = (policy.max_interval, "max_interval");
    Some(Wish {
        wait,
        words,
        most: seen.interval.is_none().then_some(most),
    })
}

/// One moment out of many bounds: the latest of ours, at most the cap, at least every word, then out of the
/// skipped hours and a little later by chance.
fn settle(state: &State, seen: &Observation, policy: &Policy, bounds: &[Bound]) -> (Time, String) {
    let mut due = seen.at.plus(LEAST);
    let mut binding = 0;
    for (i, bound) in bounds.iter().enumerate() {
        let binds = match bound.whose {
            Whose::Cap => bound.at <= due,
            _ => bound.at > due,
        };
        if binds {
            due = bound.at;
            binding = i;
        }
    }
    let jitter = spread::jitter(policy.install, seen.feed, seen.at, due.since(seen.at));
    let capped = bounds.get(binding).is_some_and(|b| b.whose == Whose::Cap);
    let spread_out = if capped {
        let least = bounds.iter().filter(|b| b.whose == Whose::Word);
        let least = least.map(|b| b.at).max().unwrap_or(seen.at);
        due.minus(jitter).max(least).max(seen.at.plus(LEAST))
    } else {
        due.plus(jitter)
    };
    let (hours, days) = state.said.skips();
    let free = skip::out_of(spread_out, hours, days);
    let skipped = free > spread_out;
    let due = if skipped {
        free.plus(jitter)
    } else {
        spread_out
    };
    (
        due,
        explain::account(seen.at, due, bounds, binding, skipped, jitter),
    )
}

/// No count grows and nothing is learned: the next probe is soon (ET-30).
fn probe(seen: &Observation, policy: &Policy) -> Plan {
    let due = seen.at.plus(OFFLINE);
    let due = due.plus(spread::jitter(policy.install, seen.feed, seen.at, OFFLINE));
    Plan {
        next_at: Some(due),
        why: explain::offline(due),
        ..Plan::default()
    }
}
