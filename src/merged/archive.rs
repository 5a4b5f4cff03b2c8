//! Archive documents (RFC 5005 section 4): a reader that was away follows `prev-archive` from the newest page until it
//! reaches a document that it has, and has missed nothing. Their addresses and contents must therefore never change: each
//! document is one day (UTC).
//!
//! A day is settled when nothing more can arrive in it. A story's place is never before its feed's previous poll
//! (contract.md, `arrived`), which is at most `schedule.max_interval` ago; only a new subscription puts older ones there.
//! Newer stories are in one more document, from the end of the newest page down to the last settled day.

use std::time::Duration;

use crate::model::{StoryId, Time};
use crate::store::RiverPlace;

/// Maximum number of stories in an archive document; a day with more has several documents.
pub const ARCHIVE_MAX: usize = 500;

/// After this time nothing more arrives in a day: the default of `schedule.max_interval` plus an hour for the poll itself.
const SETTLES_AFTER: Duration = Duration::from_secs(25 * 3600);

const DAY_MS: i64 = 86_400_000;

/// The days (UTC) of a list of which the newest story arrived at a time.
#[derive(Debug, Clone, Copy)]
pub struct Days {
    /// The end of the last settled day.
    settled: Time,
}

impl Days {
    /// Computed from the newest story, not from the clock, so that the same stories make the same documents.
    pub fn until(newest: Time) -> Self {
        Self {
            settled: start_of_day(newest.minus(SETTLES_AFTER)),
        }
    }

    /// Whether the document that begins at this place never changes again.
    pub fn is_settled(self, from: RiverPlace) -> bool {
        from.arrived <= self.settled
    }

    /// Where the archive document with a story that arrived then begins: the end of its day, if the day is settled.
    pub fn end_of_day(self, arrived: Time) -> Option<RiverPlace> {
        let end = Time::from_millis(start_of_day(arrived).millis().saturating_add(DAY_MS));
        (end <= self.settled).then_some(RiverPlace {
            arrived: end,
            // Lower than every story id: the place is midnight itself.
            story: StoryId(uuid::Uuid::nil()),
        })
    }

    /// The oldest arrival in a document that begins with a story that arrived then.
    pub fn down_to(self, arrived: Time) -> Time {
        start_of_day(arrived).min(self.settled.max(Time::EPOCH))
    }
}

fn start_of_day(t: Time) -> Time {
    Time::from_millis(t.millis() - t.millis().rem_euclid(DAY_MS))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn t(text: &str) -> Time {
        Time::parse_rfc3339(text).unwrap()
    }

    #[test]
    fn a_day_is_settled_a_day_and_an_hour_after_its_end() {
        let days = Days::until(t("2026-11-03T00:59:59Z"));
        assert_eq!(days.end_of_day(t("2026-11-01T12:00:00Z")), None);
        let days = Days::until(t("2026-11-03T01:00:00Z"));
        let end = days.end_of_day(t("2026-11-01T12:00:00Z")).unwrap();
        assert_eq!(end.arrived, t("2026-11-02T00:00:00Z"));
        assert!(days.is_settled(end));
        assert_eq!(days.end_of_day(t("2026-11-02T00:00:00Z")), None);
    }

    #[test]
    fn a_document_is_a_day_and_what_is_unsettled_goes_down_to_the_last_settled_one() {
        let days = Days::until(t("2026-11-05T12:00:00Z"));
        assert_eq!(
            days.down_to(t("2026-11-01T12:00:00Z")),
            t("2026-11-01T00:00:00Z")
        );
        assert_eq!(
            days.down_to(t("2026-11-05T11:00:00Z")),
            t("2026-11-04T00:00:00Z")
        );
    }
}
