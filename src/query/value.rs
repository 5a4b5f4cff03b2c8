//! Values in expressions: spans of time, dates, and comparisons.

use std::fmt;
use std::time::Duration;

use crate::model::Time;

/// A moment as written: `7d` counts back from now, `2026-11-01` is that midnight UTC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum When {
    /// So long ago.
    Ago(Duration),
    /// Then.
    At(Time),
}

impl When {
    /// Reads `30m`, `24h`, `7d`, `2w`, a date, or an RFC 3339 time.
    pub fn read(text: &str) -> Option<Self> {
        if let Some(t) = Time::parse_rfc3339(text) {
            return Some(Self::At(t));
        }
        if let Ok(date) = text.parse::<jiff::civil::Date>() {
            return Time::parse_rfc3339(&format!("{date}T00:00:00Z")).map(Self::At);
        }
        let unit = text.chars().last()?;
        let number: u64 = text.strip_suffix(unit)?.parse().ok()?;
        let seconds = match unit {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            'w' => 7 * 86_400,
            _ => return None,
        };
        number
            .checked_mul(seconds)
            .map(|s| Self::Ago(Duration::from_secs(s)))
    }

    /// The moment it means at `now`.
    pub fn at(&self, now: Time) -> Time {
        match self {
            Self::Ago(span) => now.minus(*span),
            Self::At(time) => *time,
        }
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(time) => write!(f, "{time}"),
            Self::Ago(span) => match span.as_secs() {
                s if s > 0 && s % 86_400 == 0 => write!(f, "{}d", s / 86_400),
                s if s > 0 && s % 3600 == 0 => write!(f, "{}h", s / 3600),
                s => write!(f, "{s}s"),
            },
        }
    }
}

/// How a number is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compare {
    /// `>=`
    AtLeast,
    /// `>`
    Above,
    /// `<=`
    AtMost,
    /// `<`
    Below,
    /// `=`
    Equal,
}

impl Compare {
    /// As written, the longer ones first.
    pub const ALL: [(&'static str, Self); 5] = [
        (">=", Self::AtLeast),
        ("<=", Self::AtMost),
        (">", Self::Above),
        ("<", Self::Below),
        ("=", Self::Equal),
    ];

    /// Whether `a` compares so with `b`.
    pub fn holds(self, a: u64, b: u64) -> bool {
        match self {
            Self::AtLeast => a >= b,
            Self::Above => a > b,
            Self::AtMost => a <= b,
            Self::Below => a < b,
            Self::Equal => a == b,
        }
    }
}

impl fmt::Display for Compare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = Self::ALL
            .iter()
            .find(|(_, c)| c == self)
            .map_or("=", |(s, _)| s);
        f.write_str(sign)
    }
}
