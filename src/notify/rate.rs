//! Messages per hour: a sliding window over the times of those that were sent.

use std::collections::VecDeque;
use std::time::Duration;

use crate::model::Time;

const HOUR: Duration = Duration::from_secs(3600);

/// The messages that a target was sent in the last hour.
#[derive(Debug, Clone, Default)]
pub struct Rate {
    sent: VecDeque<Time>,
}

impl Rate {
    /// Messages that were sent before, in any order.
    pub fn of(sent: impl IntoIterator<Item = Time>) -> Self {
        let mut sent: Vec<Time> = sent.into_iter().collect();
        sent.sort_unstable();
        Self { sent: sent.into() }
    }

    /// A message was sent.
    pub fn note(&mut self, at: Time) {
        self.sent.push_back(at);
    }

    /// How long the next message has to wait so that no hour has more than `per_hour`; `None`: not at all.
    pub fn wait(&mut self, per_hour: u32, now: Time) -> Option<Duration> {
        // What was sent in the future was sent before the clock was set back.
        self.sent.retain(|at| *at <= now && now.since(*at) < HOUR);
        let most = usize::try_from(per_hour).unwrap_or(usize::MAX).max(1);
        let first = self.sent.len().checked_sub(most)?;
        let oldest = self.sent.get(first)?;
        Some(
            HOUR.saturating_sub(now.since(*oldest))
                .max(Duration::from_millis(1)),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_hour_has_more_messages_than_allowed() {
        let (mut rate, mut now) = (Rate::default(), Time::from_seconds(1_900_000_000));
        let mut sent = Vec::new();
        for _ in 0..50 {
            if let Some(wait) = rate.wait(3, now) {
                now = now.plus(wait);
            }
            assert_eq!(rate.wait(3, now), None);
            rate.note(now);
            sent.push(now);
            now = now.plus(Duration::from_secs(7));
        }
        for (n, at) in sent.iter().enumerate() {
            let within = sent[n..].iter().filter(|t| t.since(*at) < HOUR).count();
            assert!(within <= 3, "{n}");
        }
    }

    #[test]
    fn a_clock_that_is_set_back_blocks_nothing() {
        let now = Time::from_seconds(1_900_000_000);
        let mut rate = Rate::of([now.plus(HOUR * 48), now.plus(HOUR * 49)]);
        assert_eq!(rate.wait(1, now), None);
    }
}
