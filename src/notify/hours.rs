//! Times of day in a named zone: quiet hours, and when a digest is due. Zones change their offset, so every answer is computed from
//! the civil date.

use jiff::civil;
use jiff::tz::TimeZone;

use crate::model::Time;

/// A part of every day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quiet {
    /// Its first minute.
    pub from: civil::Time,
    /// The first minute after it; the next day's if it is not later than `from`.
    pub until: civil::Time,
    /// The zone of both.
    pub zone: TimeZone,
}

/// When a digest is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Every {
    /// At every full hour.
    Hour,
    /// Once a day at this time.
    Day(civil::Time),
}

impl Quiet {
    /// Reads `22:00-07:00`.
    pub fn parse(text: &str, zone: TimeZone) -> Option<Self> {
        let (from, until) = text.split_once('-')?;
        let (from, until) = (time_of_day(from)?, time_of_day(until)?);
        (from != until).then_some(Self { from, until, zone })
    }

    /// When the quiet hours around `now` end; `None` outside of them.
    pub fn ends(&self, now: Time) -> Option<Time> {
        let here = self.zone.to_datetime(now.jiff());
        let time = here.time();
        let is_overnight = self.from > self.until;
        let is_inside = match is_overnight {
            true => time >= self.from || time < self.until,
            false => time >= self.from && time < self.until,
        };
        if !is_inside {
            return None;
        }
        let today = here.date();
        let day = match is_overnight && time >= self.from {
            true => today.tomorrow().unwrap_or(today),
            false => today,
        };
        let ends = moments(day, self.until, &self.zone);
        ends.into_iter().flatten().find(|end| *end > now)
    }
}

impl Every {
    /// The first due time after `now`.
    pub fn next(&self, now: Time, zone: &TimeZone) -> Time {
        let here = zone.to_datetime(now.jiff());
        let soon = now.plus(std::time::Duration::from_secs(3600));
        match self {
            Self::Hour => {
                // Every offset in use is a multiple of a minute, so hours of the zone begin at a full minute.
                let into = i64::from(here.minute()) * 60_000
                    + i64::from(here.second()) * 1000
                    + i64::from(here.millisecond());
                soon.moved(-into)
            }
            Self::Day(at) => {
                let today = here.date();
                let days = [Some(today), today.tomorrow().ok()];
                let first = |day| moments(day, *at, zone).into_iter().flatten().next();
                let mut next = days
                    .into_iter()
                    .flatten()
                    .filter_map(first)
                    .filter(|due| *due > now);
                next.next().unwrap_or(soon)
            }
        }
    }
}

/// Reads `07:00`.
pub fn time_of_day(text: &str) -> Option<civil::Time> {
    let (hour, minute) = text.trim().split_once(':')?;
    let number = |text: &str| {
        let is_plain = (1..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        text.parse::<i8>().ok().filter(|_| is_plain)
    };
    civil::Time::new(number(hour)?, number(minute)?, 0, 0).ok()
}

/// The moments of this civil time. One that is skipped when clocks go forward is an hour later; one that occurs twice has two.
fn moments(day: civil::Date, time: civil::Time, zone: &TimeZone) -> [Option<Time>; 2] {
    let at = zone.to_ambiguous_timestamp(day.to_datetime(time));
    let time = |moment: jiff::Timestamp| Time::from_millis(moment.as_millisecond());
    [at.compatible().ok().map(time), at.later().ok().map(time)]
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).unwrap()
    }

    fn at(text: &str) -> Time {
        Time::parse_rfc3339(text).unwrap()
    }

    #[test]
    fn quiet_hours_may_span_midnight() {
        let night = Quiet::parse("22:00-07:00", zone("Europe/Kyiv")).unwrap();
        for (now, end) in [
            ("2030-01-10T19:59:59Z", None),
            ("2030-01-10T20:00:00Z", Some("2030-01-11T05:00:00Z")),
            ("2030-01-11T04:59:59Z", Some("2030-01-11T05:00:00Z")),
            ("2030-01-11T05:00:00Z", None),
        ] {
            assert_eq!(night.ends(at(now)), end.map(at), "{now}");
        }
        let lunch = Quiet::parse("12:00-13:30", TimeZone::UTC).unwrap();
        assert_eq!(
            lunch.ends(at("2030-01-10T13:00:00Z")),
            Some(at("2030-01-10T13:30:00Z"))
        );
        assert_eq!(lunch.ends(at("2030-01-10T13:30:00Z")), None);
    }

    #[test]
    fn what_is_no_window_is_refused() {
        for text in [
            "22:00",
            "22-7",
            "24:00-07:00",
            "22:00-22:00",
            "22:60-07:00",
            "-1:00-2:00",
            "a:b-c:d",
            "022:00-07:00",
        ] {
            assert_eq!(Quiet::parse(text, TimeZone::UTC), None, "{text}");
        }
    }

    #[test]
    fn quiet_hours_end_although_clocks_are_changed() {
        // Berlin: 31 March 2030 has no 02:30, 27 October 2030 has it twice.
        for text in ["01:00-02:30", "22:00-02:30", "02:30-03:00", "02:15-02:30"] {
            let quiet = Quiet::parse(text, zone("Europe/Berlin")).unwrap();
            for begin in ["2030-03-30T20:00:00Z", "2030-10-26T20:00:00Z"] {
                for minute in 0..600 {
                    let now = at(begin).plus(Duration::from_secs(60 * minute));
                    if let Some(end) = quiet.ends(now) {
                        assert!(
                            end > now && end.since(now) < Duration::from_secs(6 * 3600),
                            "{text} {now}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn a_daily_digest_is_due_once_a_day_of_the_zone() {
        for name in [
            "Europe/Berlin",
            "America/New_York",
            "UTC",
            "Australia/Lord_Howe",
            "Pacific/Apia",
        ] {
            for time in ["07:00", "02:30", "00:00", "23:59"] {
                let every = Every::Day(time_of_day(time).unwrap());
                let (mut now, mut days) = (at("2030-01-01T12:00:00Z"), Vec::new());
                for _ in 0..370 {
                    now = every.next(now, &zone(name));
                    days.push(zone(name).to_datetime(now.jiff()).date());
                }
                let all = days
                    .windows(2)
                    .all(|two| two[0].tomorrow().unwrap() == two[1]);
                assert!(all, "{name} {time} {days:?}");
            }
        }
    }

    #[test]
    fn an_hourly_digest_is_due_at_full_hours_of_the_zone() {
        for (name, first) in [
            ("UTC", "2030-01-10T13:00:00Z"),
            ("Asia/Kolkata", "2030-01-10T12:30:00Z"),
        ] {
            let next = Every::Hour.next(at("2030-01-10T12:00:00Z"), &zone(name));
            assert_eq!(next, at(first));
            let again = Every::Hour.next(next, &zone(name));
            assert_eq!(again.since(next), Duration::from_secs(3600));
        }
    }
}
