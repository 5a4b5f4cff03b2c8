//! ET-17: RSS skipHours and skipDays. A poll that falls into them waits for the first hour that is not skipped.

use std::time::Duration;

use crate::model::Time;

const HOUR_S: i64 = 3600;
const DAY_S: i64 = 86_400;
/// 1970-01-05, a Monday, counted from the epoch.
const MONDAY_S: i64 = 4 * DAY_S;
const ALL_HOURS: u32 = 0x00ff_ffff;
const ALL_DAYS: u8 = 0x7f;

/// The first time from `at` on that is in no skipped hour (GMT) and on no skipped day. Hours that cover the whole day are
/// ignored, and so are days that cover the whole week.
pub fn first_allowed(at: Time, hours: u32, days: u8) -> Time {
    let hours = Some(hours & ALL_HOURS).filter(|&h| h != ALL_HOURS);
    let days = Some(days & ALL_DAYS).filter(|&d| d != ALL_DAYS);
    let (hours, days) = (hours.unwrap_or(0), days.unwrap_or(0));
    let mut allowed = at;
    // At most six skipped days and 23 skipped hours lie between two allowed hours.
    for _ in 0..=24 * 7 {
        let (day, hour) = (weekday(allowed), hour_of(allowed));
        if days >> day & 1 == 0 && hours >> hour & 1 == 0 {
            break;
        }
        let into = allowed.seconds().rem_euclid(HOUR_S);
        allowed = Time::from_seconds(allowed.seconds() - into).plus(Duration::from_secs(3600));
    }
    allowed
}

/// Monday is 0.
fn weekday(at: Time) -> i64 {
    (at.seconds() - MONDAY_S).rem_euclid(7 * DAY_S) / DAY_S
}

fn hour_of(at: Time) -> i64 {
    at.seconds().rem_euclid(DAY_S) / HOUR_S
}

#[cfg(test)]
mod tests {
    use super::*;

    fn out(at: &str, hours: u32, days: u8) -> String {
        first_allowed(Time::parse_rfc3339(at).unwrap(), hours, days).to_string()
    }

    #[test]
    fn et_17_a_skipped_hour_ends_at_the_next_full_hour() {
        assert_eq!(
            out("2026-03-10T13:35:00Z", 1 << 14, 0),
            "2026-03-10T13:35:00Z"
        );
        assert_eq!(
            out("2026-03-10T13:35:00Z", 1 << 13, 0),
            "2026-03-10T14:00:00Z"
        );
        assert_eq!(
            out("2026-03-10T23:59:59Z", 1 << 23 | 1, 0),
            "2026-03-11T01:00:00Z"
        );
    }

    #[test]
    fn et_17_skipped_days_and_hours_add_up() {
        let weekend = 0b110_0000;
        assert_eq!(
            out("2026-03-14T10:00:00Z", 0, weekend),
            "2026-03-16T00:00:00Z"
        );
        assert_eq!(
            out("2026-03-14T10:00:00Z", 0xff, weekend),
            "2026-03-16T08:00:00Z"
        );
    }

    #[test]
    fn et_17_what_covers_everything_is_ignored() {
        assert_eq!(
            out("2026-03-14T10:00:00Z", u32::MAX, 0x7f),
            "2026-03-14T10:00:00Z"
        );
        assert_eq!(
            out("2026-03-14T10:00:00Z", u32::MAX, 1 << 5),
            "2026-03-15T00:00:00Z"
        );
    }

    #[test]
    fn et_17_a_single_allowed_hour_in_the_week_is_found() {
        let all_but_sunday = 0x3f;
        let all_but_seven = !(1 << 7);
        assert_eq!(
            out("2026-03-15T08:00:00Z", all_but_seven, all_but_sunday),
            "2026-03-22T07:00:00Z"
        );
    }
}
