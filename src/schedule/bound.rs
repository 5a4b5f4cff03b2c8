//! One constraint on the time of the next poll: when, of which kind, and for which reason. The texts here are what
//! `newswire feeds --why-next --json` prints; the stored form holds the values, never the texts.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::Time;
use crate::model::span;

/// Which side a constraint comes from. A later kind overrides an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BoundKind {
    /// What newswire would do by itself: its own plan, the user's interval, or the wait after a failure.
    Proposal,
    /// A minimum that newswire sets itself; `max_interval` and the user's interval override it.
    Courtesy,
    /// The longest wait that the operator allows.
    Cap,
    /// A minimum that the publisher asks for: overrides everything.
    Publisher,
}

/// A poll is not made before `at`; for a [`BoundKind::Cap`], not after it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bound {
    /// Which side it comes from.
    pub kind: BoundKind,
    /// The limit.
    #[serde(with = "epoch_ms")]
    pub at: Time,
    /// Why it is there.
    pub reason: Reason,
}

/// How long newswire would wait if no other constraint applied.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// The wait.
    pub wait: Duration,
    /// Why.
    pub reason: Reason,
    /// The longest wait that jitter and courtesy may turn it into, and the rule that says so.
    pub max: Option<(Duration, Reason)>,
}

/// Why a bound is where it is. The stored form: a variant may be added, but none may be renamed or removed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The wait at which a poll is worth its cost.
    Cost {
        /// Articles a day at present.
        rate: f64,
        /// Articles a day in the long term.
        usual_rate: f64,
        /// The intensity of publishing in the half-hour of the poll; 1 on average.
        intensity: f64,
        /// That half-hour of the day (UTC), 0 to 47.
        half_hour: usize,
        /// What a poll costs, in article-minutes of waiting.
        cost_min: f64,
    },
    /// The user's own interval for this feed.
    UserInterval(Span),
    /// No article was seen yet.
    NothingPublished,
    /// A hub notifies newswire of changes (ET-51).
    Hub,
    /// 429 or 503 without Retry-After (ET-27).
    Throttled {
        /// Failures in a row.
        failures: u16,
    },
    /// 401, 403, 404 or 451 (ET-32, ET-34).
    Refused {
        /// The first of them.
        #[serde(with = "epoch_ms")]
        since: Time,
    },
    /// The document lists no items, although earlier ones did.
    Empty,
    /// 410, once (ET-33).
    Withdrawn {
        /// When it was answered.
        #[serde(with = "epoch_ms")]
        at: Time,
    },
    /// Any other failure (ET-29).
    Backoff {
        /// Failures in a row.
        failures: u16,
        /// The interval that is doubled.
        base: Span,
    },
    /// `schedule.min_interval`.
    MinInterval(Span),
    /// Less than `schedule.min_interval`, because the server allows it (ET-18).
    Allowed {
        /// The interval.
        interval: Span,
        /// What allows it.
        by: Permission,
    },
    /// The feed can only be sent whole: no validator and no freshness (ET-19).
    NoValidator(Span),
    /// The period of the syndication module (ET-16).
    UpdatePeriod(Span),
    /// Cache-Control max-age less Age (ET-11).
    Fresh {
        /// What counts of it (ET-14).
        counted: Span,
        /// What the server sent.
        sent: Span,
    },
    /// RSS ttl.
    Ttl(Span),
    /// Retry-After, or the reset of a rate limit (ET-25, ET-28).
    RetryAfter(Span),
    /// `schedule.max_interval`.
    MaxInterval(Span),
    /// The longest wait after failures (ET-29).
    FailingMax(Span),
}

/// What allows a shorter interval than the usual hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// Cache-Control.
    MaxAge,
    /// RSS ttl.
    Ttl,
}

/// A span in whole milliseconds, as it is stored. Displayed in one unit: `63.2 min`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Span(u64);

impl From<Duration> for Span {
    fn from(span: Duration) -> Self {
        Self(u64::try_from(span.as_millis()).unwrap_or(u64::MAX))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&span::decimal(Duration::from_millis(self.0)))
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MaxAge => "max-age",
            Self::Ttl => "ttl",
        })
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cost {
                rate,
                usual_rate,
                intensity,
                half_hour,
                cost_min,
            } => write!(
                f,
                "cost of waiting: {rate:.1} articles a day (usually {usual_rate:.1}), x{intensity:.1} about \
                 {:02}:{:02}; a poll costs {cost_min:.0} article-min",
                half_hour / 2,
                half_hour % 2 * 30,
            ),
            Self::UserInterval(span) => write!(f, "the user's interval, {span}"),
            Self::NothingPublished => f.write_str("nothing published yet"),
            Self::Hub => f.write_str("a hub notifies of changes; polled once a day as well"),
            Self::Throttled { failures } => write!(f, "throttled, failure {failures} in a row"),
            Self::Refused { since } => write!(f, "refused since {since}"),
            Self::Empty => f.write_str("the feed lists no items"),
            Self::Withdrawn { at } => {
                write!(f, "withdrawn (410) at {at}: polled once more after 24 h")
            }
            Self::Backoff { failures, base } => {
                write!(f, "failure {failures} in a row, doubling from {base}")
            }
            Self::MinInterval(span) => write!(f, "courtesy {span}"),
            Self::Allowed { interval, by } => write!(f, "courtesy {interval}, as {by} allows"),
            Self::NoValidator(span) => write!(f, "courtesy {span}: no validator, no freshness"),
            Self::UpdatePeriod(span) => write!(f, "sy:updatePeriod {span}"),
            Self::Fresh { counted, sent } if counted < sent => {
                write!(f, "fresh for {counted} of {sent} (max-age less Age)")
            }
            Self::Fresh { counted, .. } => write!(f, "fresh for {counted} (max-age less Age)"),
            Self::Ttl(span) => write!(f, "ttl {span}"),
            Self::RetryAfter(span) => write!(f, "the server asks to wait {span}"),
            Self::MaxInterval(span) => write!(f, "max_interval {span}"),
            Self::FailingMax(span) => write!(f, "a failing feed is tried at least every {span}"),
        }
    }
}

/// Times in the stored form: milliseconds since the epoch, because the text form of [`Time`] has whole seconds only.
pub mod epoch_ms {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::model::Time;

    /// Writes it.
    pub fn serialize<S: Serializer>(time: &Time, to: S) -> Result<S::Ok, S::Error> {
        time.millis().serialize(to)
    }

    /// Reads it; what is out of range is clamped.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Time, D::Error> {
        i64::deserialize(from).map(Time::from_millis)
    }
}
