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
    let pushed = matches!(seen.seen, Seen::Pushed { .. });
    let is_first = !failed && state.last.is_none();
    state.said.observe(seen);
    let moved_to = state.moving.observe(seen);
    state.pushes.observe(state.last, seen);
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
    // A push says nothing about the feed's own server.
    if !failed && !pushed {
        state.health.succeeded(account.due.since(seen.at));
    }
    let mut why = account.to_string();
    if let Some(note) = state.moving.note(seen, moved_to.as_ref()) {
        why.push_str("\n  moved    ");
        why.push_str(&note);
    }
    let plan = Plan {
        next_at: Some(account.due),
        floor,
        why,
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
    if let Some(wish) = state.pushes.wish(seen, policy) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{FailureKind, Hints, Time};
    use crate::schedule::support::*;
    use crate::schedule::{DAY, HOUR};
    use proptest::prelude::*;

    /// The due times of feeds over two days, imported at the rate of one a second.
    fn two_days(install: u64, feeds: u64) -> Vec<Time> {
        let policy = Policy {
            install,
            ..policy()
        };
        let mut polls = Vec::new();
        for feed in 0..feeds {
            let mut at = noon().plus(Duration::from_secs(feed));
            let mut state = State::default();
            while at < noon().plus(DAY * 2) {
                polls.push(at);
                let new = if state == State::default() { 20 } else { 1 };
                let seen = Observation {
                    feed: feed * 977,
                    ..document(at, new)
                };
                let plan;
                (state, plan) = next(&state, &seen, &policy);
                at = plan.next_at.unwrap();
            }
        }
        polls
    }

    #[test]
    fn et_23_no_minute_of_the_hour_holds_more_than_three_times_its_share() {
        let polls = two_days(1, 200);
        let mut minutes = [0_usize; 60];
        for at in &polls {
            minutes[usize::try_from(at.seconds().rem_euclid(3600) / 60).unwrap()] += 1;
        }
        let most = *minutes.iter().max().unwrap() as f64 * 60.0 / polls.len() as f64;
        assert!(most <= 3.0, "{most} {minutes:?}");
        assert_ne!(two_days(1, 2), two_days(2, 2));
    }

    #[test]
    fn et_18_a_feed_on_its_own_is_never_asked_more_than_hourly() {
        let (_, waits) = follow(State::default(), noon(), 60, &policy(), |at| {
            document(at, 15)
        });
        assert!(waits.iter().all(|w| *w >= HOUR), "{waits:?}");
    }

    #[test]
    fn a_word_of_more_than_max_interval_wins() {
        let mut seen = document(noon(), 1);
        seen.hints.ttl_minutes = Some(600);
        let short = Policy {
            max_interval: HOUR * 2,
            ..policy()
        };
        assert!(wait_after(&[seen], &short) >= HOUR * 10);
    }

    #[test]
    fn the_same_facts_give_the_same_plan() {
        let seen = document(noon(), 5);
        let state = after(std::slice::from_ref(&seen), &policy()).0;
        let again = not_modified(noon().plus(HOUR));
        assert_eq!(
            next(&state, &again, &policy()),
            next(&state, &again, &policy())
        );
    }

    fn any_kind() -> impl Strategy<Value = FailureKind> {
        proptest::sample::select(FailureKind::ALL.to_vec())
    }

    fn any_span() -> impl Strategy<Value = Duration> {
        prop_oneof![
            (0..200_000_u64).prop_map(Duration::from_secs),
            any::<u64>().prop_map(Duration::from_millis),
            Just(Duration::ZERO),
            Just(Duration::MAX),
        ]
    }

    fn any_time() -> impl Strategy<Value = Time> {
        prop_oneof![
            (0..10_000_000_i64).prop_map(|s| noon().plus(Duration::from_secs(s.unsigned_abs()))),
            // Years 1 to 9000.
            (-62_135_596_800_000..221_845_392_000_000_i64).prop_map(Time::from_millis),
        ]
    }

    fn any_hints() -> impl Strategy<Value = Hints> {
        let freshness = (
            proptest::option::of(any_span()),
            any::<bool>(),
            proptest::option::weighted(0.2, any_span()),
        );
        let document = (
            proptest::option::of(any::<u32>()),
            proptest::option::of(any::<u32>()),
            prop_oneof![Just(0), any::<u32>()],
            prop_oneof![Just(0), any::<u8>()],
        );
        (freshness, document).prop_map(|(f, d)| Hints {
            fresh_for: f.0,
            no_cache: f.1,
            retry_after: f.2,
            ttl_minutes: d.0,
            update_period_s: d.1,
            skip_hours: d.2,
            skip_days: d.3,
            ..Hints::default()
        })
    }

    fn any_seen() -> impl Strategy<Value = Seen> {
        let document = (
            proptest::collection::vec(proptest::option::of(any_time()), 0..30),
            any::<u16>(),
            any::<bool>(),
            any::<bool>(),
        );
        prop_oneof![
            document.prop_map(|(new, window, window_full, validators)| Seen::Document {
                new,
                window: window.into(),
                window_full,
                validators
            }),
            Just(Seen::NotModified),
            proptest::collection::vec(proptest::option::of(any_time()), 0..30)
                .prop_map(|new| Seen::Pushed { new }),
            any_kind().prop_map(Seen::Failed),
        ]
    }

    fn any_observation() -> impl Strategy<Value = Observation> {
        let rest = (
            proptest::option::weighted(0.3, any_span()),
            any::<u64>(),
            proptest::bool::weighted(0.1),
            proptest::option::weighted(0.3, any_time()),
        );
        (any_time(), any_seen(), any_hints(), rest).prop_map(|(at, seen, hints, rest)| {
            Observation {
                at,
                seen,
                hints,
                interval: rest.0,
                bytes: rest.1,
                offline: rest.2,
                leased: rest.3,
                ..document(at, 0)
            }
        })
    }

    fn any_policy() -> impl Strategy<Value = Policy> {
        let price = proptest::option::of(prop_oneof![
            0.0..1e9_f64,
            Just(f64::NAN),
            Just(f64::INFINITY),
            Just(-1.0)
        ]);
        let budget = prop_oneof![0.01..1440.0_f64, Just(f64::NAN), Just(0.0), Just(1e300)];
        (budget, any_span(), any_span(), any::<bool>(), price).prop_map(
            |(b, min, max, strict, price)| Policy {
                polls_per_day: b,
                min_interval: min,
                max_interval: max,
                strict,
                install: 1,
                price,
            },
        )
    }

    proptest! {
        // A case is some plans, each of thousands of steps.
        #![proptest_config(ProptestConfig::with_cases(100))]

        #[test]
        fn rel_07_whatever_is_seen_the_plan_is_later_and_above_every_word(
            seen in proptest::collection::vec(any_observation(), 1..6),
            policy in any_policy(),
        ) {
            let mut state = State::default();
            for one in seen {
                let before = state.clone();
                let plan;
                (state, plan) = next(&before, &one, &policy);
                let bytes = state.to_bytes();
                prop_assert!(bytes.len() <= 300);
                prop_assert_eq!(&State::from_bytes(&bytes), &state);
                prop_assert!(!plan.why.is_empty());
                let Some(due) = plan.next_at else { continue };
                prop_assert!(due > one.at);
                if let Some((floor, _)) = &plan.floor {
                    prop_assert!(due >= *floor);
                    prop_assert!(*floor <= one.at.plus(DAY * 7));
                }
                if let (Some(wait), false) = (one.hints.retry_after, one.offline) {
                    prop_assert!(due >= one.at.plus(wait.min(DAY * 7)));
                }
            }
        }

        #[test]
        fn without_a_word_nothing_is_put_off_beyond_max_interval(
            times in proptest::collection::vec(0..400_000_u64, 1..20),
            news in 0..20_usize,
            max in 60..200_000_u64,
            min in 0..200_000_u64,
        ) {
            let policy = Policy {
                min_interval: Duration::from_secs(min),
                max_interval: Duration::from_secs(max),
                ..policy()
            };
            let mut state = State::default();
            let mut at = noon();
            for s in times {
                let plan;
                (state, plan) = next(&state, &document(at, news), &policy);
                let due = plan.next_at.unwrap();
                prop_assert!(due <= at.plus(policy.max_interval));
                prop_assert!(due >= at.plus(policy.min_interval.min(policy.max_interval)));
                at = at.plus(Duration::from_secs(s));
            }
        }

        #[test]
        fn any_bytes_are_a_state(bytes in proptest::collection::vec(any::<u8>(), 0..320)) {
            let mut versioned = after(&[document(noon(), 3)], &policy()).0.to_bytes();
            for (to, from) in versioned.iter_mut().skip(1).zip(&bytes) {
                *to = *from;
            }
            for state in [State::from_bytes(&bytes), State::from_bytes(&versioned)] {
                let (_, plan) = next(&state, &document(noon(), 2), &policy());
                prop_assert!(plan.next_at.unwrap() > noon());
            }
        }
    }
}
