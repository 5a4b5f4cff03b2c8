//! The decision: what is learned from a poll, and when the next one is due.

use std::time::Duration;

use super::bound::{Bound, BoundKind, Proposal, Reason};
use super::cost_model::CostModel;
use super::explanation::{Basis, Constraints, PlanExplanation};
use super::floors::{self, PublisherHints};
use super::input::{Observation, Policy, PollResult};
use super::spread;
use super::state::State;
use crate::model::{Time, WebUrl};

/// How long to wait while the network is down (ET-30).
const OFFLINE_WAIT: Duration = Duration::from_secs(60);

/// When to poll again, and why.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Plan {
    /// The next poll. `None`: never (410 twice, ET-33).
    pub next_at: Option<Time>,
    /// Not even a manual poll is made before this, because the publisher asks for it; with the reason.
    pub floor: Option<(Time, String)>,
    /// Every constraint, and the one that decides.
    pub explanation: PlanExplanation,
    /// The subscription moves there now (ET-36).
    pub moved_to: Option<WebUrl>,
}

impl Plan {
    fn without_bounds(next_at: Option<Time>, basis: Basis) -> Self {
        Self {
            next_at,
            floor: None,
            explanation: basis.into(),
            moved_to: None,
        }
    }
}

/// Takes note of a poll and plans the next one. The same arguments always give the same answer.
pub fn next(state: &State, observation: &Observation, policy: &Policy) -> (State, Plan) {
    let at = observation.at;
    if observation.offline {
        return (state.clone(), probe(observation, policy));
    }
    let mut state = state.clone();
    let failed = matches!(observation.result, PollResult::Failed(_));
    let pushed = matches!(observation.result, PollResult::Pushed { .. });
    let is_first = !failed && state.last.is_none();
    state.publisher_hints.observe(observation);
    let moved_to = state.pending_move.observe(observation);
    state.hub.observe(state.last, observation);
    if !failed {
        state.rates.observe(state.last, observation);
        state.last = Some(at);
    }
    let Some((proposal, cost_model)) = propose(&mut state, observation, policy) else {
        return (state, Plan::without_bounds(None, Basis::Withdrawn { at }));
    };
    let publisher_bounds = publisher_bounds(&state, observation);
    let floor = floors::latest(&publisher_bounds);
    let bounds = bounds(
        proposal,
        publisher_bounds,
        &state.publisher_hints,
        observation,
        policy,
    );
    let mut constraints = Constraints::settle(at, bounds);
    if let Some(cost_model) = cost_model.filter(|_| constraints.is_held_by_floor()) {
        let wait = cost_model.wait(constraints.due.since(at));
        constraints.wait_for_best(at.plus(wait));
    }
    let wait = constraints.due.since(at);
    let jitter = spread::jitter(policy.install, observation, wait, is_first);
    constraints.spread(jitter, state.publisher_hints.skips());
    // A push says nothing about the feed's own server.
    if !failed && !pushed {
        state.health.succeeded(constraints.due.since(at));
    }
    constraints.redirect = state.pending_move.note(observation, moved_to.as_ref());
    let plan = Plan {
        next_at: Some(constraints.due),
        floor,
        explanation: PlanExplanation::of(constraints),
        moved_to,
    };
    (state, plan)
}

/// What newswire would do if no other constraint applied, and the cost model if the proposal is its result. `None`: never
/// poll again.
fn propose(
    state: &mut State,
    observation: &Observation,
    policy: &Policy,
) -> Option<(Proposal, Option<CostModel>)> {
    if let PollResult::Failed(kind) = observation.result {
        let proposal = state.health.failed(kind, observation, policy)?;
        return Some((proposal, None));
    }
    if let Some(wait) = observation.interval {
        let proposal = Proposal {
            wait,
            reason: Reason::UserInterval(wait.into()),
            max: None,
        };
        return Some((proposal, None));
    }
    if let Some(proposal) = state.hub.propose(observation, policy) {
        return Some((proposal, None));
    }
    let cost_model = state.rates.cost_model(observation, policy);
    Some((cost_model.propose(), Some(cost_model)))
}

/// All constraints; each overrides those before it.
fn bounds(
    proposal: Proposal,
    publisher_bounds: Vec<Bound>,
    publisher_hints: &PublisherHints,
    observation: &Observation,
    policy: &Policy,
) -> Vec<Bound> {
    let at = observation.at;
    let cap = proposal.max.map(|(max, reason)| Bound {
        kind: BoundKind::Cap,
        at: at.plus(max),
        reason,
    });
    let mut bounds = vec![Bound {
        kind: BoundKind::Proposal,
        at: at.plus(proposal.wait),
        reason: proposal.reason,
    }];
    if observation.interval.is_none() {
        let failed = matches!(observation.result, PollResult::Failed(_));
        bounds.extend(floors::courtesy_bounds(publisher_hints, at, failed, policy));
    }
    bounds.extend(cap);
    bounds.extend(publisher_bounds);
    bounds
}

/// What the publisher asks for. A failure counts by its own headers only (ET-15): earlier hints no longer apply.
fn publisher_bounds(state: &State, observation: &Observation) -> Vec<Bound> {
    let gap = state.rates.mean_gap();
    let mut bounds = match observation.result {
        PollResult::Failed(_) => {
            floors::publisher_bounds(&PublisherHints::of(&observation.hints), observation.at, gap)
        }
        _ => floors::publisher_bounds(&state.publisher_hints, observation.at, gap),
    };
    bounds.extend(floors::retry_after(&observation.hints, observation.at));
    bounds
}

/// While the network is down no failure is counted and nothing is learned; the next try is soon (ET-30).
fn probe(observation: &Observation, policy: &Policy) -> Plan {
    let jitter = spread::jitter(policy.install, observation, OFFLINE_WAIT, false);
    let due = observation.at.plus(OFFLINE_WAIT).plus(jitter);
    Plan::without_bounds(Some(due), Basis::Offline { due })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::span::{DAY, HOUR};
    use crate::model::{FailureKind, Hints, Time};
    use crate::schedule::support::*;
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
                let observation = Observation {
                    feed: feed * 977,
                    ..document(at, new)
                };
                let plan;
                (state, plan) = next(&state, &observation, &policy);
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
        let max = *minutes.iter().max().unwrap() as f64 * 60.0 / polls.len() as f64;
        assert!(max <= 3.0, "{max} {minutes:?}");
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
        let mut observation = document(noon(), 1);
        observation.hints.ttl_minutes = Some(600);
        let short = Policy {
            max_interval: HOUR * 2,
            ..policy()
        };
        assert!(wait_after(&[observation], &short) >= HOUR * 10);
    }

    #[test]
    fn the_same_facts_give_the_same_plan() {
        let observation = document(noon(), 5);
        let state = after(std::slice::from_ref(&observation), &policy()).0;
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

    fn any_result() -> impl Strategy<Value = PollResult> {
        let document = (
            proptest::collection::vec(proptest::option::of(any_time()), 0..30),
            any::<u16>(),
            any::<bool>(),
            any::<bool>(),
        );
        prop_oneof![
            document.prop_map(
                |(new, window, window_full, validators)| PollResult::Document {
                    new,
                    window: window.into(),
                    window_full,
                    validators
                }
            ),
            Just(PollResult::NotModified),
            proptest::collection::vec(proptest::option::of(any_time()), 0..30)
                .prop_map(|new| PollResult::Pushed { new }),
            any_kind().prop_map(PollResult::Failed),
        ]
    }

    fn any_observation() -> impl Strategy<Value = Observation> {
        let rest = (
            proptest::option::weighted(0.3, any_span()),
            any::<u64>(),
            proptest::bool::weighted(0.1),
            proptest::option::weighted(0.3, any_time()),
        );
        (any_time(), any_result(), any_hints(), rest).prop_map(|(at, result, hints, rest)| {
            Observation {
                at,
                result,
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
        let poll_cost = proptest::option::of(prop_oneof![
            0.0..1e9_f64,
            Just(f64::NAN),
            Just(f64::INFINITY),
            Just(-1.0)
        ]);
        let budget = prop_oneof![0.01..1440.0_f64, Just(f64::NAN), Just(0.0), Just(1e300)];
        (budget, any_span(), any_span(), any::<bool>(), poll_cost).prop_map(
            |(b, min, max, strict, poll_cost)| Policy {
                polls_per_day: b,
                min_interval: min,
                max_interval: max,
                strict,
                install: 1,
                poll_cost,
            },
        )
    }

    proptest! {
        // A case is some plans, each of thousands of steps.
        #![proptest_config(ProptestConfig::with_cases(100))]

        #[test]
        fn rel_07_whatever_is_seen_the_plan_is_later_and_above_every_word(
            observation in proptest::collection::vec(any_observation(), 1..6),
            policy in any_policy(),
        ) {
            let mut state = State::default();
            for one in observation {
                let before = state.clone();
                let plan;
                (state, plan) = next(&before, &one, &policy);
                let bytes = state.to_bytes();
                prop_assert!(bytes.len() <= 300);
                prop_assert_eq!(&State::from_bytes(&bytes), &state);
                let stored = PlanExplanation::from_stored(&plan.explanation.to_stored());
                prop_assert_eq!(stored.to_string(), plan.explanation.to_string());
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
