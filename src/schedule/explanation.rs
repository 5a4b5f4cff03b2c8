//! One moment out of many bounds, and the account of how it came about: every constraint on a line, the binding
//! one marked. It is stored with the plan and printed by `newswire feeds --why-next`. All times are UTC.

use std::fmt;
use std::time::Duration;

use super::explain::{clock, span};
use super::skip;
use crate::model::Time;

/// Even without any rule, the next poll is later than this one.
const MIN_WAIT: Duration = Duration::from_secs(1);

/// Whose constraint it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BoundKind {
    /// What we want: the plan, the user's interval, or waiting after a failure.
    Proposal,
    /// What we owe by our own rules; `max_interval` and the user's interval win.
    Courtesy,
    /// The most that the operator allows.
    Cap,
    /// The publisher's word: wins over everything.
    Publisher,
}

/// Not before this, or for [`BoundKind::Cap`] not after it.
#[derive(Debug, Clone, PartialEq)]
pub struct Bound {
    /// Whose.
    pub kind: BoundKind,
    /// When.
    pub at: Time,
    /// Why.
    pub reason: String,
}

/// The moment, and how it came about.
#[derive(Debug)]
pub struct PlanExplanation {
    /// When the next poll is due.
    pub due: Time,
    at: Time,
    bounds: Vec<Bound>,
    binding: usize,
    best_after: Option<Time>,
    jitter: Duration,
    skipped: bool,
}

impl PlanExplanation {
    /// The latest of what we want and owe, at most the cap, at least every word: each bound wins over those
    /// before it.
    pub fn of(at: Time, bounds: Vec<Bound>) -> Self {
        let mut due = at.plus(MIN_WAIT);
        let mut binding = 0;
        for (i, bound) in bounds.iter().enumerate() {
            let binds = match bound.kind {
                BoundKind::Cap => bound.at <= due,
                _ => bound.at > due,
            };
            if binds {
                due = bound.at.max(at.plus(MIN_WAIT));
                binding = i;
            }
        }
        Self {
            due,
            at,
            bounds,
            binding,
            best_after: None,
            jitter: Duration::ZERO,
            skipped: false,
        }
    }

    /// Whether a floor holds back what we want.
    pub fn is_held(&self) -> bool {
        matches!(
            self.binds(),
            Some(BoundKind::Courtesy | BoundKind::Publisher)
        )
    }

    fn binds(&self) -> Option<BoundKind> {
        self.bounds.get(self.binding).map(|b| b.kind)
    }

    /// After the floor there may be a better moment than at once.
    pub fn best_after(&mut self, best: Time) {
        if best > self.due {
            self.due = best;
            self.best_after = Some(best);
        }
    }

    /// A little later by chance, earlier under the cap but never before a floor; then out of the skipped hours and
    /// days.
    pub fn spread(&mut self, jitter: Duration, (hours, days): (u32, u8)) {
        self.jitter = jitter;
        let latest = |kind: &[BoundKind]| {
            let bounds = self.bounds.iter().filter(|b| kind.contains(&b.kind));
            bounds.map(|b| b.at).max()
        };
        let later = self.due.plus(jitter);
        let due = match latest(&[BoundKind::Cap]) {
            Some(cap) if later > cap && self.due <= cap => {
                let floor = latest(&[BoundKind::Courtesy, BoundKind::Publisher]).unwrap_or(self.at);
                let earliest = floor.max(self.at.plus(MIN_WAIT)).min(self.due);
                cap.minus(jitter).max(earliest)
            }
            _ => later,
        };
        let free = skip::first_allowed(due, hours, days);
        self.skipped = free > due;
        self.due = if self.skipped { free.plus(jitter) } else { due };
    }
}

impl fmt::Display for PlanExplanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let after = span(self.due.since(self.at));
        write!(f, "next poll {}, {after} after the last", self.due)?;
        for (i, bound) in self.bounds.iter().enumerate() {
            let label = match bound.kind {
                BoundKind::Proposal => "wanted",
                BoundKind::Courtesy | BoundKind::Publisher => "floor",
                BoundKind::Cap => "cap",
            };
            let binds = i == self.binding;
            let mark = if binds { '>' } else { ' ' };
            let when = clock(bound.at, self.at);
            write!(f, "\n  {label:<6} {mark} {when:<11} {}", bound.reason)?;
            if binds {
                write!(f, "  <- binding")?;
            }
        }
        if let Some(best) = self.best_after {
            let when = clock(best, self.at);
            write!(f, "\n  then     {when:<11} the best moment after the floor")?;
        }
        let skipped = if self.skipped {
            "moved out of skipHours and skipDays"
        } else {
            "none"
        };
        write!(f, "\n  skip     {skipped}, jitter {}", span(self.jitter))
    }
}
