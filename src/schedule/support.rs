//! Builders for the tests of this module.

use std::time::Duration;

use super::{Observation, Plan, Policy, PollResult, State, next};
use crate::model::span::{DAY, HOUR};
use crate::model::{FailureKind, Hints, Time};

pub const MINUTE: Duration = Duration::from_secs(60);
/// The most that jitter may add.
pub const CHANCE: Duration = Duration::from_secs(120);

pub fn policy() -> Policy {
    Policy {
        polls_per_day: 24.0,
        min_interval: HOUR,
        max_interval: DAY,
        strict: false,
        install: 7,
        poll_cost: None,
    }
}

/// A Tuesday, 13:35 UTC.
pub fn noon() -> Time {
    Time::parse_rfc3339("2026-03-10T13:35:00Z").unwrap()
}

/// A document with a validator and `new` articles of the last hours.
pub fn document(at: Time, new: usize) -> Observation {
    let gap = Duration::from_secs(1800);
    Observation {
        at,
        result: PollResult::Document {
            new: (0..new)
                .map(|i| Some(at.minus(gap * u32::try_from(i + 1).unwrap())))
                .collect(),
            window: 20,
            window_full: false,
            validators: true,
        },
        hints: Hints::default(),
        moved_to: None,
        https: true,
        interval: None,
        bytes: 20_000,
        leased: None,
        offline: false,
        feed: 3,
    }
}

pub fn not_modified(at: Time) -> Observation {
    Observation {
        result: PollResult::NotModified,
        bytes: 0,
        ..document(at, 0)
    }
}

pub fn failed(at: Time, kind: FailureKind) -> Observation {
    Observation {
        result: PollResult::Failed(kind),
        ..not_modified(at)
    }
}

/// Observes in order; returns the last state and plan.
pub fn after(observation: &[Observation], policy: &Policy) -> (State, Plan) {
    let mut state = State::default();
    let mut plan = Plan::default();
    for one in observation {
        (state, plan) = next(&state, one, policy);
        assert_eq!(State::from_bytes(&state.to_bytes()), state);
    }
    (state, plan)
}

/// How long after the last of them the next poll is.
pub fn wait_after(observation: &[Observation], policy: &Policy) -> Duration {
    let (_, plan) = after(observation, policy);
    let at = observation.last().unwrap().at;
    let due = plan.next_at.unwrap();
    assert!(due > at);
    due.since(at)
}

/// A feed polled `times` times at its own due times, with `answer` each time; the waits.
pub fn follow(
    mut state: State,
    from: Time,
    times: usize,
    policy: &Policy,
    answer: impl Fn(Time) -> Observation,
) -> (State, Vec<Duration>) {
    let mut at = from;
    let mut waits = Vec::new();
    for _ in 0..times {
        let plan;
        (state, plan) = next(&state, &answer(at), policy);
        let Some(due) = plan.next_at else { break };
        waits.push(due.since(at));
        at = due;
    }
    (state, waits)
}
