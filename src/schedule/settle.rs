//! One time out of many bounds. Never earlier than a floor, and never later than the cap unless the publisher asks for it.

use std::time::Duration;

use super::bound::{Bound, BoundKind, Span};
use super::explanation::{Constraints, Moment};
use super::skip;
use crate::model::Time;

/// Even without any rule, the next poll is later than this one.
const MIN_WAIT: Duration = Duration::from_secs(1);

impl Constraints {
    /// The latest of proposal and courtesy, at most the cap, at least what the publisher asks for: each bound overrides
    /// those before it. `last` is the last poll.
    pub fn settle(last: Time, bounds: Vec<Bound>) -> Self {
        let mut due = last.plus(MIN_WAIT);
        let mut binding = 0;
        for (i, bound) in bounds.iter().enumerate() {
            let is_binding = match bound.kind {
                BoundKind::Cap => bound.at <= due,
                _ => bound.at > due,
            };
            if is_binding {
                due = bound.at.max(last.plus(MIN_WAIT));
                binding = i;
            }
        }
        Self {
            due,
            last,
            bounds,
            binding,
            best_after: None,
            jitter: Span::from(Duration::ZERO),
            is_skipped: false,
            redirect: None,
        }
    }

    /// Whether a floor decides, not the proposal or the cap.
    pub fn is_held_by_floor(&self) -> bool {
        let binding = self.bounds.get(self.binding);
        binding.is_some_and(|b| matches!(b.kind, BoundKind::Courtesy | BoundKind::Publisher))
    }

    /// Waits until `best`, if that is later.
    pub fn wait_for_best(&mut self, best: Time) {
        if best > self.due {
            self.due = best;
            self.best_after = Some(Moment(best));
        }
    }

    /// Adds the jitter, or subtracts it where the cap leaves no room, but never passes a floor; then leaves the skipped
    /// hours and days.
    pub fn spread(&mut self, jitter: Duration, (hours, days): (u32, u8)) {
        self.jitter = Span::from(jitter);
        let latest = |kinds: &[BoundKind]| {
            let bounds = self.bounds.iter().filter(|b| kinds.contains(&b.kind));
            bounds.map(|b| b.at).max()
        };
        let later = self.due.plus(jitter);
        let due = match latest(&[BoundKind::Cap]) {
            Some(cap) if later > cap && self.due <= cap => {
                let floor = latest(&[BoundKind::Courtesy, BoundKind::Publisher]);
                let earliest = floor.unwrap_or(self.last).max(self.last.plus(MIN_WAIT));
                cap.minus(jitter).max(earliest.min(self.due))
            }
            _ => later,
        };
        let allowed = skip::first_allowed(due, hours, days);
        self.is_skipped = allowed > due;
        self.due = match self.is_skipped {
            true => allowed.plus(jitter),
            false => due,
        };
    }
}
