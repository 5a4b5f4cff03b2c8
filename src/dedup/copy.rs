//! A stored copy as grouping sees it, and how one is found to be of a story.

use std::time::Duration;

use crate::model::{ArticleRow, FeedRow, StoryRow, Time};

/// How a copy was found to belong to its story; the weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Signal {
    /// One contains most of the other, or reports it under the same long headline.
    Near,
    /// Both have the same text.
    Text,
    /// Both name the same page.
    Url,
    /// A user joined them (`newswire join`, `newswire split`).
    User,
}

impl Signal {
    /// The stable name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Url => "url",
            Self::Text => "text",
            Self::Near => "near",
            Self::User => "user",
        }
    }
}

/// A stored copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredCopy {
    /// Its row.
    pub article: ArticleRow,
    /// Its story's row.
    pub story: StoryRow,
    /// Its feed's row.
    pub feed: FeedRow,
    /// When it arrived.
    pub at: Time,
    /// When it was first seen.
    pub seen: Time,
    /// Whether its publisher dated it.
    pub dated: bool,
    /// Whether its page is on its feed's own host, so that its statement about the page can be trusted (SEC-13).
    pub own_page: bool,
}

impl StoredCopy {
    /// The time between two copies. For one without a date, the time of its first sighting is used. One with a day but no
    /// hour could be of any time of that day.
    #[must_use]
    pub fn apart(&self, other: &Self) -> Duration {
        if !(self.dated && other.dated) {
            return apart(self.seen, other.seen);
        }
        match (self.day(), other.day()) {
            (Some(day), None) => apart(day.clamp(other.at), other.at),
            (None, Some(day)) => apart(day.clamp(self.at), self.at),
            (Some(day), Some(other)) => apart(day.0, other.0),
            _ => apart(self.at, other.at),
        }
    }

    /// The day of its date, if there is no hour: midnight is what remains of a date without one. Items of one document with
    /// the same date are some milliseconds apart.
    fn day(&self) -> Option<Day> {
        let since_midnight = self.at.millis().rem_euclid(DAY_MS);
        let midnight = Time::from_millis(self.at.millis() - since_midnight);
        (since_midnight < SAME_DATE_MS).then_some(Day(midnight))
    }
}

const DAY_MS: i64 = 86_400_000;
/// How far apart items with one date may be: a millisecond for each entry of a document.
const SAME_DATE_MS: i64 = 10_000;

/// A day, by its beginning.
struct Day(Time);

impl Day {
    /// The moment of the day that is next to `time`.
    fn clamp(&self, time: Time) -> Time {
        time.clamp(self.0, self.0.plus(Duration::from_secs(86_400)))
    }
}

/// The time between two moments, whichever came first.
pub(super) fn apart(a: Time, b: Time) -> Duration {
    a.since(b).max(b.since(a))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copy(hour: i64, seen: i64, dated: bool) -> StoredCopy {
        StoredCopy {
            article: ArticleRow::default(),
            story: StoryRow::default(),
            feed: FeedRow::default(),
            at: Time::from_seconds(hour * 3600),
            seen: Time::from_seconds(seen * 3600),
            dated,
            own_page: true,
        }
    }

    #[test]
    fn a_day_without_an_hour_is_any_hour_of_it() {
        let hours = |a: StoredCopy, b: StoredCopy| {
            assert_eq!(a.apart(&b), b.apart(&a));
            a.apart(&b).as_secs() / 3600
        };
        let day = copy(48, 99, true);
        assert_eq!(hours(day, copy(67, 99, true)), 0);
        assert_eq!(hours(day, copy(47, 99, true)), 1);
        assert_eq!(hours(day, copy(75, 99, true)), 3);
        assert_eq!(hours(day, copy(72, 99, true)), 24, "two days are two days");
        assert_eq!(hours(day, copy(50, 90, false)), 9, "by the sightings");
        let beside = StoredCopy {
            at: day.at.moved(9_999),
            ..day
        };
        assert_eq!(
            hours(beside, copy(67, 99, true)),
            0,
            "another item of that date"
        );
        assert_eq!(hours(beside, copy(72, 99, true)), 24);
    }
}
