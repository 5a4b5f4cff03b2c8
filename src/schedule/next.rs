//! The decision: what is learned from a poll, and when the next one is due.

use std::time::Duration;

use super::account::{Account, Bound, Whose};
use super::explain::{self, span};
use super::floors::Said;
use super::priced::Priced;
use super::{Observation, Plan, Policy, Seen, State, floors, spread};

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

/// Takes note of a poll and plans the next one. The same arguments give the same answer, always.
pub fn next(state: &State, seen: &Observation, policy: &Policy) -> (State, Plan) {
    if seen.offline {
        return (state.clone(), probe(seen, policy));
    }
    let mut state = state.clone();
    let failed = matches!(seen.seen, Seen::Failed(_));
    let is_first = !failed && state.last.is_none();
    state.said.observe(seen);
    let moved_to = state.moving.observe(seen);
    if !failed {
        state.rates.observe(state.last, seen);
        state.last = Some(seen.at);
    }
    let Some((wish, priced)) = wish(&mut state, seen, policy) else {
        let plan = Plan {
            why: explain::never(seen.at),
            ..Plan::default()
        };
        return (state, plan);
    };
    let words = words(&state, seen);
    let floor = floors::strongest(&words);
    let mut account = Account::of(seen.at, bounds(wish, words, &state.said, seen, policy));
    if let Some(priced) = priced.filter(|_| account.is_held()) {
        let wait = priced.wait(account.due.since(seen.at));
        account.best_after(seen.at.plus(wait));
    }
    let wait = account.due.since(seen.at);
    let jitter = spread::jitter(policy.install, seen, wait, is_first);
    account.spread(jitter, state.said.skips());
    if !failed {
        state.health.succeeded(account.due.since(seen.at));
    }
    let plan = Plan {
        next_at: Some(account.due),
        floor,
        why: account.to_string(),
        moved_to,
    };
    (state, plan)
}

/// What we would do by ourselves, and the plan behind it if it is priced; none: never ask again.
fn wish(state: &mut State, seen: &Observation, policy: &Policy) -> Option<(Wish, Option<Priced>)> {
    if let Seen::Failed(kind) = seen.seen {
        return state.health.failed(kind, seen, policy).map(|w| (w, None));
    }
    if let Some(wait) = seen.interval {
        let wish = Wish {
            wait,
            words: format!("the user's interval, {}", span(wait)),
            most: None,
        };
        return Some((wish, None));
    }
    let priced = state.rates.priced(seen, policy);
    Some((priced.wish(), Some(priced)))
}

/// Everything that has a say, in the order in which each wins over those before.
fn bounds(
    wish: Wish,
    words: Vec<Bound>,
    said: &Said,
    seen: &Observation,
    policy: &Policy,
) -> Vec<Bound> {
    let cap = wish.most.map(|(most, by)| Bound {
        whose: Whose::Cap,
        at: seen.at.plus(most),
        words: format!("{by} {}", span(most)),
    });
    let mut bounds = vec![Bound {
        whose: Whose::Wish,
        at: seen.at.plus(wish.wait),
        words: wish.words,
    }];
    if seen.interval.is_none() {
        let failed = matches!(seen.seen, Seen::Failed(_));
        bounds.extend(floors::courtesy(said, seen.at, failed, policy));
    }
    bounds.extend(cap);
    bounds.extend(words);
    bounds
}

/// The publisher's words. A failure speaks for itself only (ET-15): what was said before it is over.
fn words(state: &State, seen: &Observation) -> Vec<Bound> {
    let gap = state.rates.mean_gap();
    let mut words = match seen.seen {
        Seen::Failed(_) => floors::words(&Said::of(&seen.hints), seen.at, gap),
        _ => floors::words(&state.said, seen.at, gap),
    };
    words.extend(floors::retry_after(&seen.hints, seen.at));
    words
}

/// No count grows and nothing is learned: the next probe is soon (ET-30).
fn probe(seen: &Observation, policy: &Policy) -> Plan {
    let jitter = spread::jitter(policy.install, seen, OFFLINE, false);
    let due = seen.at.plus(OFFLINE).plus(jitter);
    Plan {
        next_at: Some(due),
        why: explain::offline(due),
        ..Plan::default()
    }
}
