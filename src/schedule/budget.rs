//! The cost of a poll over time: computed once a day, corrected once a week by the polls that were made, and kept in the
//! store between runs. While the feeds are new it is computed every hour, because the first days change it by factors.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::poll_cost::{Demand, PollCost};
use crate::model::Time;
use crate::model::span::{DAY, HOUR, WEEK};

/// The current cost of a poll, and what is needed to correct it. Stored as JSON: a field that an older version did not store
/// has its default.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Budget {
    /// Stored under an earlier name.
    #[serde(rename = "price")]
    poll_cost: Option<PollCost>,
    #[serde(rename = "priced_ms")]
    computed_ms: i64,
    counted_from_ms: i64,
    /// Polls ever made, when counting began.
    polls_then: u64,
    /// Whether a whole week has been counted; the first does not count, because the feeds are not known yet.
    is_settled: bool,
}

impl Budget {
    /// [`super::input::Policy::poll_cost`].
    #[must_use]
    pub fn article_seconds(&self) -> Option<f64> {
        self.poll_cost.map(|p| p.article_seconds)
    }

    /// Whether the cost is to be computed again; also if the clock was set back.
    #[must_use]
    pub fn is_due(&self, now: Time) -> bool {
        let computed = Time::from_millis(self.computed_ms);
        let every = if self.is_settled { DAY } else { HOUR };
        self.poll_cost.is_none() || now.since(computed) >= every || now < computed
    }

    /// Computes the cost for `polls_per_day` a feed. `polls` is the number of all polls ever made.
    pub fn set(&mut self, now: Time, demands: &[Demand], polls_per_day: f64, polls: u64) {
        let counted_from = Time::from_millis(self.counted_from_ms);
        let counted = now.since(counted_from);
        let is_first = self.poll_cost.is_none();
        let is_week = !is_first && (counted >= WEEK || now < counted_from);
        let spent = (is_week && self.is_settled).then(|| {
            mean(
                polls.saturating_sub(self.polls_then),
                demands.len(),
                counted,
            )
        });
        if is_first || is_week {
            self.is_settled = is_week;
            self.counted_from_ms = now.millis();
            self.polls_then = polls;
        }
        self.computed_ms = now.millis();
        self.poll_cost = Some(PollCost::solve(
            demands,
            polls_per_day,
            self.poll_cost,
            spent,
        ));
    }
}

/// Polls a feed and day.
fn mean(polls: u64, feeds: usize, span: Duration) -> f64 {
    let days = (span.as_secs_f64() / DAY.as_secs_f64()).max(1.0);
    polls as f64 / feeds.max(1) as f64 / days
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(n: i64) -> Time {
        Time::from_seconds(n * 86_400)
    }

    fn demands() -> Vec<Demand> {
        (1..=10)
            .map(|n| Demand {
                value: f64::from(n),
                min_interval: Duration::from_secs(3600),
                max_interval: DAY,
            })
            .collect()
    }

    #[test]
    fn the_cost_is_computed_daily_and_corrected_after_the_second_week() {
        let mut budget = Budget::default();
        assert!(budget.is_due(day(0)) && budget.article_seconds().is_none());
        budget.set(day(0), &demands(), 8.0, 0);
        let first = budget.article_seconds().unwrap();
        assert!(!budget.is_due(day(0)) && budget.is_due(day(1)));
        for n in 1..=7 {
            budget.set(day(n), &demands(), 8.0, 9999);
        }
        assert_eq!(
            budget.article_seconds(),
            Some(first),
            "the first week does not count"
        );
        for n in 8..=14 {
            budget.set(day(n), &demands(), 8.0, 9999 + 10 * 7 * 16);
        }
        assert!(
            budget.article_seconds().unwrap() > first,
            "more polls than the budget: the cost rises"
        );
        assert!(budget.is_due(day(13)), "a clock that was set back");
    }

    #[test]
    fn the_stored_form_reads_back() {
        let mut budget = Budget::default();
        budget.set(day(3), &demands(), 24.0, 7);
        let text = serde_json::to_string(&budget).unwrap();
        assert_eq!(serde_json::from_str::<Budget>(&text).unwrap(), budget);
    }
}
