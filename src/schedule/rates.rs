//! How a feed publishes, learned from what each poll brought.

use std::time::Duration;

use super::bytes::{Reader, Writer};
use super::{Observation, Policy, Seen};
use crate::model::Time;

const DAY_S: f64 = 86_400.0;

/// Counts and exposures with two memories.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rates {
    slow_n: f32,
    slow_days: f32,
    fast_n: f32,
    fast_days: f32,
}

impl Rates {
    /// Takes note of what a poll brought since `last`.
    pub fn observe(&mut self, last: Option<Time>, seen: &Observation) {
        let (new, window_full): (&[Option<Time>], bool) = match &seen.seen {
            Seen::Document {
                new, window_full, ..
            } => (new, *window_full),
            _ => (&[], false),
        };
        let oldest = new.iter().flatten().filter(|&&t| t < seen.at).min();
        let since_oldest = oldest.map(|t| seen.at.since(*t).as_secs_f64() / DAY_S);
        let days = match (last, since_oldest) {
            (None, None) => 1.0,
            (None, Some(d)) => d.clamp(2.0, 90.0),
            (Some(_), Some(d)) if window_full => d.max(1e-3),
            (Some(t), _) => seen.at.since(t).as_secs_f64() / DAY_S,
        };
        let n = new.len() as f64;
        let (slow, fast) = (0.5_f64.powf(days / 21.0), 0.5_f64.powf(days / 2.0));
        self.slow_n = (f64::from(self.slow_n) * slow + n) as f32;
        self.slow_days = (f64::from(self.slow_days) * slow + days) as f32;
        self.fast_n = (f64::from(self.fast_n) * fast + n) as f32;
        self.fast_days = (f64::from(self.fast_days) * fast + days) as f32;
    }

    /// Articles a day.
    fn per_day(&self) -> f64 {
        let slow = (f64::from(self.slow_n) + 0.7) / (f64::from(self.slow_days) + 0.7);
        (f64::from(self.fast_n) + 4.0) / (f64::from(self.fast_days) + 4.0 / slow)
    }

    /// The usual time between two articles.
    pub fn mean_gap(&self) -> Duration {
        Duration::try_from_secs_f64(DAY_S / self.per_day()).unwrap_or(Duration::MAX)
    }

    /// How long to wait, and why.
    pub fn wish(&self, policy: &Policy) -> (Duration, String) {
        let rate = self.per_day();
        let usual = DAY_S / policy.polls_per_day.max(0.01);
        let price = policy.price.unwrap_or(2.0 * usual * usual / DAY_S / 2.0);
        let wait = (2.0 * price / (rate.powf(0.75) / DAY_S)).sqrt();
        let wait = Duration::try_from_secs_f64(wait).unwrap_or(Duration::MAX);
        (wait, format!("priced waiting: {rate:.2} articles a day"))
    }

    /// Reads the stored form.
    pub fn read(from: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            slow_n: from.amount()?,
            slow_days: from.amount()?,
            fast_n: from.amount()?,
            fast_days: from.amount()?,
        })
    }

    /// Writes the stored form.
    pub fn write(&self, to: &mut Writer) {
        to.amount(self.slow_n);
        to.amount(self.slow_days);
        to.amount(self.fast_n);
        to.amount(self.fast_days);
    }
}
