//! The cost of a poll in article-seconds of waiting, which all feeds share. It is solved from the feeds' demands so that the
//! budget is met, and corrected now and then by the polls that were made.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::input::Policy;
use crate::model::span::HOUR;

const DAY_S: f64 = 86_400.0;
/// While no cost is known, a feed of so many articles a day gets the mean of the budget.
const TYPICAL_RATE: f64 = 3.0;
/// A feed counts as if it published this many more articles a day for each poll of the budget: by its articles alone a
/// rare feed would hardly be polled.
const RARE_FEED_BONUS: f64 = 1.0 / 28.0;
/// The share of the difference between polls made and budget that one correction makes up for.
const GAIN: f64 = 1.0;
/// The range of the correction: outside of it, something else is wrong.
const CORRECTION: (f64, f64) = (0.4, 2.5);
/// The cost is computed as if every feed might be polled this often, whatever courtesy allows: polls that a busy feed
/// cannot have are not wasted on one that rarely publishes.
const MIN_INTERVAL: Duration = Duration::from_secs(300);

/// What one feed demands of the budget.
#[derive(Debug, Clone, PartialEq)]
pub struct Demand {
    /// Articles a day, weighted, over the relative cost of a poll.
    pub value: f64,
    /// The shortest interval that floors and courtesy allow.
    pub min_interval: Duration,
    /// The longest interval.
    pub max_interval: Duration,
}

/// A cost, and what is needed to correct it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PollCost {
    /// [`Policy::poll_cost`], in article-seconds.
    pub article_seconds: f64,
    /// Polls by the square-root law over polls made, as far as known.
    pub correction: f64,
    /// Polls a feed and day expected at this cost: fewer than the budget where floors hold feeds back.
    pub expected: f64,
}

impl Default for PollCost {
    /// Nothing is known: no correction.
    fn default() -> Self {
        Self {
            article_seconds: 0.0,
            correction: 1.0,
            expected: 0.0,
        }
    }
}

impl PollCost {
    /// Solves the cost for a budget of `polls_per_day` a feed; to be called about once a day. `before` is the last cost.
    /// `spent` is the mean of polls a feed and day that were made in the last seven days; it is given once a week, because
    /// weekends differ, and not in the first week. The result is finite even without feeds or with an absurd budget.
    pub fn solve(
        demands: &[Demand],
        polls_per_day: f64,
        before: Option<Self>,
        spent: Option<f64>,
    ) -> Self {
        let correction = match (before, spent) {
            (Some(poll_cost), Some(spent)) if poll_cost.expected > 0.0 => {
                // The fixed point of this form: the mean of `spent` is the budget.
                let missing = 1.0 - (spent / poll_cost.expected).min(2.0);
                poll_cost.correction * (1.0 + GAIN * missing)
            }
            (Some(poll_cost), _) => poll_cost.correction,
            (None, _) => 1.0,
        };
        let correction = correction.max(CORRECTION.0).min(CORRECTION.1);
        let goal = polls_per_day * correction;
        // The mean of polls falls as the cost grows: bisection on its logarithm.
        let (mut low, mut high) = (-10.0_f64, 40.0_f64);
        for _ in 0..50 {
            let middle = f64::midpoint(low, high);
            if mean_polls(demands, middle.exp(), |d| d.min_interval.min(MIN_INTERVAL)) > goal {
                low = middle;
            } else {
                high = middle;
            }
        }
        let article_seconds = high.exp();
        let free = mean_polls(demands, article_seconds, |d| {
            d.min_interval.min(MIN_INTERVAL)
        });
        let held = mean_polls(demands, article_seconds, |d| d.min_interval);
        Self {
            article_seconds,
            correction,
            expected: polls_per_day * if free > 0.0 { held / free } else { 1.0 },
        }
    }
}

/// The mean of polls a feed and day at this cost, by the square-root law within the bounds of each feed.
fn mean_polls(
    demands: &[Demand],
    poll_cost: f64,
    min_interval: impl Fn(&Demand) -> Duration,
) -> f64 {
    let polls = demands.iter().map(|d| {
        let most = DAY_S / min_interval(d).as_secs_f64().max(1.0);
        let fewest = DAY_S / d.max_interval.max(d.min_interval).as_secs_f64().max(1.0);
        let value = d.value.max(0.0) / DAY_S;
        (DAY_S * (value / (2.0 * poll_cost)).sqrt())
            .max(fewest)
            .min(most)
    });
    let count = demands.len().max(1) as f64;
    polls.sum::<f64>() / count
}

/// See [`RARE_FEED_BONUS`]: articles a day.
pub fn rare_feed_bonus(policy: &Policy) -> f64 {
    policy.polls_per_day.max(0.0) * RARE_FEED_BONUS
}

/// The cost before one was solved: at it a typical feed is polled as often as the budget says.
pub fn initial_estimate(policy: &Policy) -> f64 {
    let usual = DAY_S / policy.polls_per_day.max(1e-3);
    let usual = usual.max(HOUR.as_secs_f64() / 60.0);
    (TYPICAL_RATE + rare_feed_bonus(policy)) / DAY_S * usual * usual / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::support::*;

    fn feeds(value: impl Iterator<Item = f64>, min_interval: Duration) -> Vec<Demand> {
        let demand = |value| Demand {
            value,
            min_interval,
            max_interval: HOUR * 24,
        };
        value.map(demand).collect()
    }

    fn mean(demands: &[Demand], poll_cost: PollCost) -> f64 {
        mean_polls(demands, poll_cost.article_seconds, |d| d.min_interval)
    }

    #[test]
    fn the_cost_meets_the_budget() {
        let demands = feeds((0..100).map(|i| f64::from(i * i) / 50.0), MINUTE * 5);
        for budget in [2.0, 4.0, 24.0, 100.0] {
            let poll_cost = PollCost::solve(&demands, budget, None, None);
            assert!((mean(&demands, poll_cost) / budget - 1.0).abs() < 1e-3);
            assert!((poll_cost.expected / budget - 1.0).abs() < 1e-3);
        }
    }

    #[test]
    fn spending_is_corrected_until_it_is_the_budget() {
        let demands = feeds((0..100).map(f64::from), MINUTE * 5);
        let mut poll_cost = PollCost::solve(&demands, 24.0, None, None);
        for _ in 0..5 {
            // Feeds that need a fifth less than the square-root law says.
            let spent = 0.8 * mean(&demands, poll_cost);
            poll_cost = PollCost::solve(&demands, 24.0, Some(poll_cost), Some(spent));
        }
        assert!((0.8 * mean(&demands, poll_cost) / 24.0 - 1.0).abs() < 0.01);
        let same = PollCost::solve(&demands, 24.0, Some(poll_cost), None);
        assert_eq!(same.correction, poll_cost.correction);
    }

    #[test]
    fn polls_that_courtesy_prevents_do_not_go_to_rare_feeds() {
        let half_busy = (0..100).map(|i| if i % 2 == 0 { 100.0 } else { 0.1 });
        let free = feeds(half_busy.clone(), MINUTE * 5);
        let held = feeds(half_busy, HOUR);
        let (a, b) = (
            PollCost::solve(&free, 24.0, None, None),
            PollCost::solve(&held, 24.0, None, None),
        );
        assert_eq!(a.article_seconds, b.article_seconds);
        assert!(b.expected < 16.0, "{b:?}");
    }

    #[test]
    fn rel_07_absurd_budgets_and_feeds_have_a_finite_cost() {
        let odd = [0.0, f64::MAX, f64::NAN, -1.0].into_iter();
        for demands in [Vec::new(), feeds(odd, Duration::ZERO)] {
            for budget in [0.0, 1e-9, 1e12, f64::NAN, f64::INFINITY] {
                let poll_cost = PollCost::solve(&demands, budget, None, Some(f64::NAN));
                assert!(poll_cost.article_seconds.is_finite() && poll_cost.article_seconds > 0.0);
                let again = PollCost::solve(&demands, budget, Some(poll_cost), Some(f64::NAN));
                assert!((0.4..=2.5).contains(&again.correction));
            }
        }
        let mut policy = policy();
        for budget in [0.0, f64::MIN_POSITIVE, f64::MAX, f64::NAN] {
            policy.polls_per_day = budget;
            assert!(initial_estimate(&policy) > 0.0);
        }
    }
}
