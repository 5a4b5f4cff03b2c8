//! The schedule run on a trace, one JSON object a line, for `newswire simulate-schedule`: the same [`next`] and the
//! same [`Budget`] as the daemon's. `now` in the lines is the only clock.
//!
//! ```text
//! > {"type":"start","now":0,"budget_per_feed_day":24,"max_interval":86400,"seed":1,"feeds":[{"feed":"a","floor":300}]}
//! > {"type":"poll","now":60,"feed":"a","status":200,"first":true,"new":[10,50],"window_full":false,"window":20}
//! < {"feed":"a","next":1234.5,"why":{"next":"…","lines":["…"]}}
//! ```

use std::collections::HashMap;
use std::time::Duration;

use serde::Deserialize;

use super::budget::Budget;
use super::input::{Observation, Policy, PollResult};
use super::next::{Plan, next};
use super::spread::hash;
use super::state::State;
use crate::model::{FailureKind, Hints, Time};

/// A run: the feeds with their states, and the budget.
#[derive(Debug, Default)]
pub struct Simulation {
    feeds: HashMap<String, (State, Duration)>,
    polls_per_day: f64,
    max_interval: Duration,
    seed: u64,
    budget: Budget,
    polls: u64,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Line {
    Start {
        budget_per_feed_day: f64,
        max_interval: f64,
        #[serde(default)]
        seed: u64,
        feeds: Vec<Subscribed>,
    },
    Poll {
        now: f64,
        feed: String,
        #[serde(default)]
        status: u16,
        #[serde(default)]
        new: Vec<f64>,
        #[serde(default)]
        first: bool,
        #[serde(default)]
        window_full: bool,
        #[serde(default)]
        window: usize,
    },
}

#[derive(Deserialize)]
struct Subscribed {
    feed: String,
    #[serde(default)]
    floor: f64,
}

impl Simulation {
    /// Before the start.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads a line and answers a poll. After an `Err`, which says what is wrong with the line, the run may go on.
    pub fn line(&mut self, input: &str) -> Result<Option<String>, String> {
        if input.trim().is_empty() {
            return Ok(None);
        }
        let line: Line = serde_json::from_str(input)
            .map_err(|e| format!("not a line of the schedule's protocol: {e}"))?;
        match line {
            Line::Start {
                budget_per_feed_day,
                max_interval,
                seed,
                feeds,
            } => {
                let begin = |f: Subscribed| (f.feed, (State::default(), seconds(f.floor)));
                *self = Self {
                    feeds: feeds.into_iter().map(begin).collect(),
                    polls_per_day: budget_per_feed_day,
                    max_interval: seconds(max_interval),
                    seed,
                    ..Self::default()
                };
                Ok(None)
            }
            Line::Poll {
                now,
                feed,
                status,
                new,
                first,
                window_full,
                window,
            } => {
                let new = new.into_iter().map(|t| Some(time(t))).collect();
                let observation = match status {
                    304 => PollResult::NotModified,
                    0 | 200..=299 => PollResult::Document {
                        new,
                        window,
                        window_full: window_full && !first,
                        validators: true,
                    },
                    other => PollResult::Failed(failure(other)),
                };
                let plan = self.poll(&feed, time(now), observation)?;
                Ok(Some(answer(&feed, &plan)))
            }
        }
    }

    fn poll(&mut self, feed: &str, at: Time, result: PollResult) -> Result<Plan, String> {
        self.update_poll_cost(at);
        self.polls = self.polls.saturating_add(1);
        let Some((_, floor)) = self.feeds.get(feed) else {
            return Err(format!("feed {feed:?} was not in the start line"));
        };
        let policy = self.policy(*floor);
        let observation = Observation {
            at,
            result,
            hints: Hints::default(),
            moved_to: None,
            https: true,
            interval: None,
            bytes: 0,
            leased: None,
            offline: false,
            feed: hash(&[feed.as_bytes()]),
        };
        let Some((state, _)) = self.feeds.get_mut(feed) else {
            return Err(format!("feed {feed:?} was not in the start line"));
        };
        let (after, plan) = next(state, &observation, &policy);
        *state = after;
        Ok(plan)
    }

    fn policy(&self, floor: Duration) -> Policy {
        Policy {
            polls_per_day: self.polls_per_day,
            min_interval: floor,
            max_interval: self.max_interval,
            strict: false,
            install: self.seed,
            poll_cost: self.budget.article_seconds(),
        }
    }

    /// Computes the cost of a poll when that is due, as the daemon does.
    fn update_poll_cost(&mut self, at: Time) {
        if !self.budget.is_due(at) {
            return;
        }
        let feeds = self.feeds.values();
        let demands: Vec<_> = feeds
            .map(|(state, floor)| state.demand(&self.policy(*floor)))
            .collect();
        self.budget
            .set(at, &demands, self.polls_per_day, self.polls);
    }
}

fn answer(feed: &str, plan: &Plan) -> String {
    let next = plan.next_at.map(|t| t.millis() as f64 / 1000.0);
    let why = plan.explanation.to_string();
    let mut lines = why.lines().map(str::trim);
    let first = lines.next().unwrap_or_default();
    let lines: Vec<_> = lines.collect();
    serde_json::json!({"feed": feed, "next": next, "why": {"next": first, "lines": lines}})
        .to_string()
}

/// The kind of failure for the HTTP status of a trace.
fn failure(status: u16) -> FailureKind {
    match status {
        404 => FailureKind::NotFound,
        410 => FailureKind::Gone,
        401 | 403 | 451 => FailureKind::Forbidden,
        429 | 503 => FailureKind::Throttled,
        500.. => FailureKind::Server,
        _ => FailureKind::Status,
    }
}

fn seconds(s: f64) -> Duration {
    Duration::try_from_secs_f64(s).unwrap_or_default()
}

fn time(s: f64) -> Time {
    // Rounded up, so that no poll is too early by rounding.
    Time::from_millis((s * 1000.0 - 1e-3).ceil() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(feeds: usize, budget: f64) -> Simulation {
        let names: Vec<_> = (0..feeds)
            .map(|i| serde_json::json!({"feed": i.to_string(), "floor": 300}))
            .collect();
        let line = serde_json::json!({"type": "start", "now": 1_767_571_200, "budget_per_feed_day": budget,
            "max_interval": 86_400, "seed": 1, "feeds": names});
        let mut simulation = Simulation::new();
        assert_eq!(simulation.line(&line.to_string()), Ok(None));
        simulation
    }

    fn poll(simulation: &mut Simulation, feed: &str, now: f64, new: &[f64]) -> f64 {
        let line = serde_json::json!({"type": "poll", "now": now, "feed": feed, "status": 200, "first": false,
            "new": new, "window_full": false, "window": 20});
        let answer = simulation.line(&line.to_string()).unwrap().unwrap();
        let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(answer["feed"], feed);
        assert!(answer["why"]["lines"].as_array().unwrap().len() > 1);
        answer["next"].as_f64().unwrap()
    }

    #[test]
    fn an_answer_keeps_floor_and_max_interval() {
        let mut simulation = start(1, 24.0);
        let mut now = 1_767_571_200.123;
        for i in 0..500 {
            let new = [now - 60.0];
            let next = poll(&mut simulation, "0", now, if i < 250 { &new } else { &[] });
            assert!(
                next >= now + 300.0 && next <= now + 86_400.0,
                "{now} {next}"
            );
            now = next;
        }
    }

    #[test]
    fn the_budget_is_met_by_the_program_itself() {
        // Feed i publishes every i + 1 hours in the mean, at any moment.
        let (feeds, budget, begin) = (10_usize, 8.0, 1_767_571_200.0);
        let published: Vec<Vec<f64>> = (0..feeds)
            .map(|i| {
                let count = 35 * 24 / (i + 1);
                let times = (0..count).map(|n| {
                    let draw = hash(&[&i.to_le_bytes(), &n.to_le_bytes()]) >> 11;
                    begin + 35.0 * 86_400.0 * draw as f64 / (1_u64 << 53) as f64
                });
                times.collect()
            })
            .collect();
        let mut simulation = start(feeds, budget);
        let mut due: Vec<f64> = (0..feeds).map(|i| begin + 60.0 * i as f64).collect();
        let mut polled = due.clone();
        let mut counted = 0;
        while let Some((i, now)) = due
            .iter()
            .copied()
            .enumerate()
            .min_by(|a, b| a.1.total_cmp(&b.1))
            .filter(|(_, now)| *now < begin + 35.0 * 86_400.0)
        {
            let new: Vec<f64> = published[i]
                .iter()
                .copied()
                .filter(|t| *t > polled[i] && *t <= now)
                .collect();
            polled[i] = now;
            due[i] = poll(&mut simulation, &i.to_string(), now, &new);
            counted += usize::from(now >= begin + 21.0 * 86_400.0);
        }
        let spent = f64::from(u32::try_from(counted).unwrap()) / feeds as f64 / 14.0;
        assert!((spent / budget - 1.0).abs() < 0.04, "{spent}");
    }

    #[test]
    fn a_bad_line_says_what_is_wrong_and_the_run_goes_on() {
        let mut simulation = start(1, 24.0);
        assert!(
            simulation
                .line("nonsense")
                .unwrap_err()
                .contains("protocol")
        );
        let unknown = r#"{"type":"poll","now":1,"feed":"x","status":304,"new":[]}"#;
        assert!(simulation.line(unknown).unwrap_err().contains("\"x\""));
        assert_eq!(simulation.line("  "), Ok(None));
        poll(&mut simulation, "0", 1_767_571_300.0, &[]);
    }
}
