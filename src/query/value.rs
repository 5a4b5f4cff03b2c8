//! Values in expressions: spans of time, dates, and comparisons.

use std::fmt;
use std::time::Duration;

use crate::model::{Time, span};

/// A time as written: `7d` counts back from now, `2026-11-01` is that midnight UTC, `yesterday` the midnight UTC at which
/// yesterday began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum When {
    /// A span before now.
    Ago(Duration),
    /// The beginning of a day.
    Day(Day),
    /// A point in time.
    At(Time),
}

/// A day by its name. Days begin at midnight UTC, as dates do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Day {
    /// Today.
    Today,
    /// The day before.
    Yesterday,
    /// The last such weekday, today included; Monday is 0.
    Weekday(u8),
}

const WEEKDAYS: [&str; 7] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];

const DAY_MS: i64 = 86_400_000;

impl Day {
    /// Reads `today`, `yesterday`, `monday` or `mon`, in any case.
    fn read(text: &str) -> Option<Self> {
        let text = text.to_ascii_lowercase();
        match text.as_str() {
            "today" => return Some(Self::Today),
            "yesterday" => return Some(Self::Yesterday),
            _ => {}
        }
        let mut names = WEEKDAYS.iter();
        let number = names.position(|name| text == *name || name.get(..3) == Some(&text))?;
        u8::try_from(number).ok().map(Self::Weekday)
    }

    /// Its beginning, relative to `now`.
    fn begins(self, now: Time) -> Time {
        let today = now.millis().div_euclid(DAY_MS);
        let ago = match self {
            Self::Today => 0,
            Self::Yesterday => 1,
            // 1 January 1970 was a Thursday.
            Self::Weekday(day) => (today + 3 - i64::from(day)).rem_euclid(7),
        };
        Time::from_millis((today - ago).saturating_mul(DAY_MS))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Today => "today",
            Self::Yesterday => "yesterday",
            Self::Weekday(day) => WEEKDAYS.get(usize::from(*day)).copied().unwrap_or("monday"),
        })
    }
}

impl When {
    /// Reads `30m`, `24h`, `7d`, `2w`, a day (`today`, `yesterday`, `monday`), a date, or an RFC 3339 time.
    pub fn read(text: &str) -> Option<Self> {
        if let Some(day) = Day::read(text) {
            return Some(Self::Day(day));
        }
        if let Some(t) = Time::parse_rfc3339(text) {
            return Some(Self::At(t));
        }
        if let Ok(date) = text.parse::<jiff::civil::Date>() {
            return Time::parse_rfc3339(&format!("{date}T00:00:00Z")).map(Self::At);
        }
        let ago = span::parse(text).ok()?;
        // Written without a unit below the second, so that it reads back.
        (ago.subsec_nanos() == 0).then_some(Self::Ago(ago))
    }

    /// The point in time at `now`.
    pub fn at(&self, now: Time) -> Time {
        match self {
            Self::Ago(span) => now.minus(*span),
            Self::Day(day) => day.begins(now),
            Self::At(time) => *time,
        }
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(time) => write!(f, "{time}"),
            Self::Day(day) => write!(f, "{day}"),
            Self::Ago(ago) => f.write_str(&span::one_unit(*ago)),
        }
    }
}

/// A comparison operator.
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
    /// The operators, longer ones first.
    pub const ALL: [(&'static str, Self); 5] = [
        (">=", Self::AtLeast),
        ("<=", Self::AtMost),
        (">", Self::Above),
        ("<", Self::Below),
        ("=", Self::Equal),
    ];

    /// The result of the comparison.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_by_name_begin_at_the_last_such_midnight_utc() {
        for (now, day, begins) in [
            ("2026-11-30T12:46:29Z", "today", "2026-11-30"), // a Monday
            ("2026-11-30T00:00:00Z", "today", "2026-11-30"),
            ("2026-11-30T12:46:29Z", "yesterday", "2026-11-29"),
            ("2026-03-01T23:59:59Z", "yesterday", "2026-02-28"),
            ("2028-03-01T00:00:00Z", "Yesterday", "2028-02-29"),
            ("2026-11-30T00:00:00Z", "monday", "2026-11-30"),
            ("2026-11-30T12:46:29Z", "TUESDAY", "2026-11-24"),
            ("2026-11-30T12:46:29Z", "sun", "2026-11-29"),
            ("2026-12-06T23:59:59Z", "Mon", "2026-11-30"),
            ("2026-12-06T23:59:59Z", "sunday", "2026-12-06"),
            ("2030-01-02T08:00:00Z", "thu", "2029-12-27"),
            ("1969-12-31T08:00:00Z", "tuesday", "1969-12-30"),
        ] {
            let at = When::read(day)
                .unwrap()
                .at(Time::parse_rfc3339(now).unwrap());
            let midnight = Time::parse_rfc3339(&format!("{begins}T00:00:00Z")).unwrap();
            assert_eq!(at, midnight, "{day} at {now}");
        }
    }

    #[test]
    fn what_is_no_day_stays_unread_and_days_are_written_as_they_are_read() {
        for text in [
            "mo", "mond", "tues day", "tomorrow", "day", "", "montag", "monday ",
        ] {
            assert_eq!(When::read(text), None, "{text:?}");
        }
        for text in ["today", "yesterday", "monday", "wednesday", "sunday"] {
            assert_eq!(When::read(text).unwrap().to_string(), text);
        }
    }
}
