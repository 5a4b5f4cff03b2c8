//! The plan of one feed by the price: what [`super::plan`] is asked, and what it answered in words.

use std::time::Duration;

use super::intensity::Intensity;
use super::next::Proposal;
use super::plan::{WaitProblem, best_wait};
use super::profile::WeekSlot;
use crate::model::Time;

/// All that is needed to plan a feed's next poll, and to say why.
#[derive(Debug)]
pub struct CostModel {
    /// When it publishes.
    pub intensity: Intensity,
    /// The last poll.
    pub at: Time,
    /// Articles a day as things are, and as usual.
    pub rates: (f64, f64),
    /// What a poll may cost, in article-seconds.
    pub poll_cost: f64,
    /// The same over the feed's worth, in s²; see [`WaitProblem::poll_cost`].
    pub relative_cost: f64,
    /// Seconds of the feed's own time until its window is too full.
    pub capacity_s: f64,
    /// Its own places in the crowd; see [`WaitProblem::offsets`].
    pub offsets: [f64; 2],
    /// However often it publishes, not sooner.
    pub min_wait: Duration,
    /// `max_interval`.
    pub max_wait: Duration,
    /// While nothing was ever seen: not later.
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

    /// What we would do if no floor held us back.
    pub fn propose(&self) -> Proposal {
        let wait = self.wait(self.min_wait);
        let reason = if self.initial_wait_max.is_some_and(|p| p <= wait) {
            "nothing published yet".to_owned()
        } else {
            self.cost_reason(wait)
        };
        Proposal {
            wait,
            reason,
            max: Some((self.max_wait, "max_interval")),
        }
    }

    fn cost_reason(&self, wait: Duration) -> String {
        let slot = WeekSlot::of(self.at.plus(wait));
        let (now, usual) = self.rates;
        format!(
            "priced waiting: {now:.1} articles a day (usually {usual:.1}), x{:.1} about {:02}:{:02}; a poll costs {:.0} article-min",
            self.intensity.of_half_hour(slot),
            slot.half_hour / 2,
            slot.half_hour % 2 * 30,
            self.poll_cost / 60.0,
        )
    }
}
