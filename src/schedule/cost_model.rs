//! The best wait of one feed by the cost of a poll: the inputs of [`super::wait`], and the reason for its result.

use std::time::Duration;

use super::bound::{Proposal, Reason};
use super::intensity::Intensity;
use super::profile::WeekSlot;
use super::wait::{WaitProblem, best_wait};
use crate::model::Time;

/// All that the wait of a feed depends on.
#[derive(Debug)]
pub struct CostModel {
    /// When it publishes.
    pub intensity: Intensity,
    /// The last poll.
    pub at: Time,
    /// Articles a day: at present, and in the long term.
    pub rates: (f64, f64),
    /// What a poll may cost, in article-seconds.
    pub poll_cost: f64,
    /// The same over the value of the feed, in s²; see [`WaitProblem::poll_cost`].
    pub relative_cost: f64,
    /// Seconds of the feed's own time until its document overflows.
    pub capacity_s: f64,
    /// See [`WaitProblem::offsets`].
    pub offsets: [f64; 2],
    /// The shortest wait, however often it publishes.
    pub min_wait: Duration,
    /// `max_interval`.
    pub max_wait: Duration,
    /// The longest wait before any article was seen.
    pub initial_wait_max: Option<Duration>,
}

impl CostModel {
    /// The best wait of at least `min_wait`.
    pub fn wait(&self, min_wait: Duration) -> Duration {
        let wait = best_wait(&WaitProblem {
            intensity: &self.intensity,
            at: self.at,
            poll_cost: self.relative_cost,
            min_s: min_wait.as_secs_f64(),
            max_s: self.max_wait.as_secs_f64(),
            capacity_s: self.capacity_s,
            offsets: self.offsets,
        });
        // Whole milliseconds, as all times are.
        let wait = Duration::try_from_secs_f64((wait * 1000.0).round() / 1000.0);
        let wait = wait.unwrap_or(self.max_wait);
        match self.initial_wait_max {
            Some(initial_wait_max) => wait.min(initial_wait_max.max(min_wait)),
            None => wait,
        }
    }

    /// The best wait if no floor applied.
    pub fn propose(&self) -> Proposal {
        let wait = self.wait(self.min_wait);
        let reason = match self.initial_wait_max {
            Some(max) if max <= wait => Reason::NothingPublished,
            _ => self.cost_reason(wait),
        };
        Proposal {
            wait,
            reason,
            max: Some((self.max_wait, Reason::MaxInterval(self.max_wait.into()))),
        }
    }

    fn cost_reason(&self, wait: Duration) -> Reason {
        let slot = WeekSlot::of(self.at.plus(wait));
        let (rate, usual_rate) = self.rates;
        // JSON knows no infinity.
        let finite = |x: f64| x.clamp(f64::MIN, f64::MAX);
        Reason::Cost {
            rate: finite(rate),
            usual_rate: finite(usual_rate),
            intensity: finite(self.intensity.of_half_hour(slot)),
            half_hour: slot.half_hour,
            cost_min: finite(self.poll_cost / 60.0),
        }
    }
}
