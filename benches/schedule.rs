//! What a decision costs: when to ask a feed again, after a poll without news and after one with, for feeds that publish
//! seldom, by day, and all the time: `cargo bench --bench schedule`.
// A bench that cannot go on ends: a panic is the message.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use newswire::model::{Hints, Time};
use newswire::schedule::{Observation, Policy, PollResult, State, next};

const MINUTE: u64 = 60;
/// How long a feed is known.
const LEARNED_MINUTES: u64 = 60 * 24 * 60;

/// Articles of the minutes in `after..=until`: one every `every` minutes, between eight and twenty o'clock if `by_day`.
fn articles(after: u64, until: u64, (every, by_day): (u64, bool)) -> Vec<Option<Time>> {
    (after + 1..=until)
        .filter(|minute| minute % every == 0)
        .filter(|minute| !by_day || (8 * 60..20 * 60).contains(&(minute % (24 * 60))))
        .map(|minute| Some(at(minute)))
        .collect()
}

fn at(minute: u64) -> Time {
    Time::from_seconds(i64::try_from(1_900_000_000 / 86_400 * 86_400 + minute * MINUTE).unwrap())
}

fn observation(minute: u64, new: Vec<Option<Time>>) -> Observation {
    Observation {
        at: at(minute),
        result: if new.is_empty() {
            PollResult::NotModified
        } else {
            PollResult::Document {
                new,
                window: 20,
                window_full: false,
                validators: true,
            }
        },
        hints: Hints::default(),
        moved_to: None,
        https: true,
        interval: None,
        bytes: 20_000,
        leased: None,
        offline: false,
        feed: 7,
    }
}

fn decisions(c: &mut Criterion) {
    let policy = Policy {
        polls_per_day: 24.0,
        min_interval: Duration::from_secs(300),
        max_interval: Duration::from_secs(86_400),
        strict: false,
        install: 7,
        poll_cost: Some(20_000.0),
    };
    let kinds = [
        ("seldom", (7 * 24 * 60, false)),
        ("by day", (40, true)),
        ("all the time", (5, false)),
    ];
    for (name, rhythm) in kinds {
        let (mut state, mut minute) = (State::default(), 0);
        while minute < LEARNED_MINUTES {
            let before = minute.saturating_sub(60);
            let new = articles(before, minute, rhythm);
            state = next(&state, &observation(minute, new), &policy).0;
            minute += 60;
        }
        println!("{name}: a state of {} bytes", state.to_bytes().len());
        let stored = state.to_bytes();
        for (what, new) in [
            ("without news", Vec::new()),
            (
                "with news",
                vec![Some(at(minute - 30)), Some(at(minute - 3))],
            ),
        ] {
            let seen = observation(minute, new);
            c.bench_function(&format!("{name}, {what}"), |b| {
                b.iter(|| next(black_box(&state), black_box(&seen), &policy));
            });
        }
        c.bench_function(&format!("{name}, the state out of its stored form"), |b| {
            b.iter(|| State::from_bytes(black_box(&stored)));
        });
    }
}

criterion_group!(benches, decisions);
criterion_main!(benches);
