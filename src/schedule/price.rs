//! The one price that all feeds share: what a poll costs, in article-seconds of waiting. It is solved from what the
//! feeds are worth so that the budget is met, and corrected now and then by what was really spent.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::rates::kindness;
use super::{HOUR, Policy};

const DAY_S: f64 = 86_400.0;
/// A feed of so many articles a day gets the mean of the budget while no price is known.
const TYPICAL: f64 = 3.0;
/// How much of the difference between spent and budget is corrected at once.
const GAIN: f64 = 1.0;
/// What a correction may come to: beyond, something else is wrong.
const CORRECTION: (f64, f64) = (0.4, 2.5);
/// However often courtesy lets a feed be asked, the price is that of a world where all may be asked this often:
/// what is not spent on a feed that publishes all the time is not wasted on one that sleeps.
const LEAST: Duration = Duration::from_secs(300);

/// What one feed asks of the budget.
#[derive(Debug, Clone, PartialEq)]
pub struct Demand {
    /// Articles a day, weighted, over how dear a poll of it is.
    pub worth: f64,
    /// The least interval that floors and courtesy leave.
    pub least: Duration,
    /// The most.
    pub most: Duration,
}

/// A price, and what is needed to correct it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Price {
    /// Article-seconds a poll: [`Policy::price`].
    pub article_seconds: f64,
    /// Polls of the flat law over polls really made, as far as known.
    pub correction: f64,
    /// Polls a feed and day that are expected at this price; less than the budget where floors hold feeds back.
    pub expected: f64,
}

impl Price {
    /// Solves the price for a budget of `polls_per_day` a feed; to be called about once a day. `before` is the
    /// price that was. `spent` is how many polls a feed and day were really made, in the mean over the seven days
    /// before; to be given once a week, for weekends differ, and not in the first. Without feeds or with an absurd
    /// budget the answer is finite all the same.
    pub fn solve(
        demands: &[Demand],
        polls_per_day: f64,
        before: Option<Self>,
        spent: Option<f64>,
    ) -> Self {
        let correction = match (before, spent) {
            (Some(price), Some(spent)) if price.expected > 0.0 => {
                // A form whose fixed point is that the mean of spent is the budget.
                let missing = 1.0 - (spent / price.expected).min(2.0);
                price.correction * (1.0 + GAIN * missing)
            }
            (Some(price), _) => price.correction,
            (None, _) => 1.0,
        };
        let correction = correction.max(CORRECTION.0).min(CORRECTION.1);
        let goal = polls_per_day * correction;
        // The mean of polls falls as the price grows: bisection on its logarithm.
        let (mut low, mut high) = (-10.0_f64, 40.0_f64);
        for _ in 0..50 {
            let middle = f64::midpoint(low, high);
            if mean_polls(demands, middle.exp(), |d| d.least.min(LEAST)) > goal {
                low = middle;
            } else {
                high = middle;
            }
        }
        let article_seconds = high.exp();
        let free = mean_polls(demands, article_seconds, |d| d.least.min(LEAST));
        let held = mean_polls(demands, article_seconds, |d| d.least);
        Self {
            article_seconds,
            correction,
            expected: polls_per_day * if free > 0.0 { held / free } else { 1.0 },
        }
    }
}

/// Polls a day at this price in the mean over the feeds, by the flat law within bounds.
fn mean_polls(demands: &[Demand], price: f64, least: impl Fn(&Demand) -> Duration) -> f64 {
    let polls = demands.iter().map(|d| {
        let most = DAY_S / least(d).as_secs_f64().max(1.0);
        let fewest = DAY_S / d.most.max(d.least).as_secs_f64().max(1.0);
        let worth = d.worth.max(0.0) / DAY_S;
        (DAY_S * (worth / (2.0 * price)).sqrt())
            .max(fewest)
            .min(most)
    });
    let count = demands.len().max(1) as f64;
    polls.sum::<f64>() / count
}

/// The price while none was solved: at it a typical feed is asked as often as the budget says.
pub fn guess(policy: &Policy) -> f64 {
    let usual = DAY_S / policy.polls_per_day.max(1e-3);
    let usual = usual.max(HOUR.as_secs_f64() / 60.0);
    (TYPICAL + kindness(policy)) / DAY_S * usual * usual / 2.0
}
