//! How times are displayed. Machine formats do not use it: their times are RFC 3339 in UTC.
//!
//! A column of stories shows local times, with the time zone in the heading (`ARRIVED (CET)`); a column of polls shows relative
//! times (`3 h ago`, `in 20 min`); a sentence shows both. `--time` selects one style for all three.

use std::time::Duration;

use clap::ValueEnum;
use jiff::tz::TimeZone;

use crate::model::Time;

const DAY: Duration = Duration::from_secs(86_400);

/// From this distance on, the date is shown instead.
const DISTANCE_MAX: Duration = Duration::from_secs(60 * 86_400);

/// The meaning of `arrived`.
pub const ARRIVED: &str = "a story arrives when it is published, but never before the feed's previous poll \
                           and never after newswire first saw it";

/// The values of `--time`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Style {
    /// In the time zone of the system, or of TZ.
    Local,
    /// In UTC.
    Utc,
    /// Relative to now.
    Relative,
}

/// How this run of the program displays times.
#[derive(Debug, Clone)]
pub struct Times {
    style: Option<Style>,
    zone: TimeZone,
    /// The time that relative times refer to.
    pub now: Time,
}

impl Times {
    /// Without a style, columns and sentences have their own. The time zone is that of `TZ` or else of the system; UTC if it cannot
    /// be determined.
    pub fn new(style: Option<Style>, now: Time) -> Self {
        let zone = match style {
            Some(Style::Utc) => TimeZone::UTC,
            _ => TimeZone::system(),
        };
        Self::in_zone(style, zone, now)
    }

    fn in_zone(style: Option<Style>, zone: TimeZone, now: Time) -> Self {
        let zone = if zone.is_unknown() {
            TimeZone::UTC
        } else {
            zone
        };
        Self { style, zone, now }
    }

    /// The heading of a column of [`Times::cell`]s, with the time zone.
    pub fn heading(&self, title: &str) -> String {
        match self.style {
            Some(Style::Relative) => title.to_owned(),
            _ => format!("{title} ({})", self.zone_at(self.now)),
        }
    }

    /// A time in a column of stories.
    pub fn cell(&self, time: Time) -> String {
        match self.style {
            Some(Style::Relative) => self.distance(time),
            _ => self.bare(time),
        }
    }

    /// The heading of a column of [`Times::near`]s.
    pub fn near_heading(&self, title: &str) -> String {
        match self.style {
            Some(Style::Local | Style::Utc) => self.heading(title),
            _ => title.to_owned(),
        }
    }

    /// A time in a column of polls: relative by default. `none` is the text for no time.
    pub fn near(&self, time: Option<Time>, none: &str) -> String {
        match (time, self.style) {
            (None, _) => none.to_owned(),
            (Some(time), Some(Style::Local | Style::Utc)) => self.bare(time),
            (Some(time), _) => self.distance(time),
        }
    }

    /// The time of a planned poll: `due` if it has passed.
    pub fn ahead(&self, time: Option<Time>, none: &str) -> String {
        match (time, self.style) {
            (Some(time), None | Some(Style::Relative)) if time <= self.now => "due".to_owned(),
            _ => self.near(time, none),
        }
    }

    /// A time in a sentence: `2030-01-10 14:00 CET (3 h ago)`.
    pub fn full(&self, time: Time) -> String {
        match self.style {
            Some(Style::Relative) => self.distance(time),
            Some(Style::Local | Style::Utc) => self.exact(time),
            None if self.is_far(time) => self.exact(time),
            None => format!("{} ({})", self.exact(time), self.distance(time)),
        }
    }

    /// A time with its time zone, in a list without headings: `2030-01-10 14:00 CET`.
    pub fn exact(&self, time: Time) -> String {
        match self.style {
            Some(Style::Relative) => self.distance(time),
            _ => format!("{} {}", self.digits(time), self.zone_at(time)),
        }
    }

    /// To the minute; with the time zone only if it differs from the heading's, as in summer.
    fn bare(&self, time: Time) -> String {
        let zone = self.zone_at(time);
        if zone == self.zone_at(self.now) {
            self.digits(time)
        } else {
            format!("{} {zone}", self.digits(time))
        }
    }

    fn digits(&self, time: Time) -> String {
        let zoned = time.jiff().to_zoned_datetime(self.zone.clone());
        zoned.strftime("%Y-%m-%d %H:%M").to_string()
    }

    /// `CET`, or `UTC+03` if the time zone has no abbreviation.
    fn zone_at(&self, time: Time) -> String {
        let info = self.zone.to_offset_info(time.jiff());
        match info.abbreviation() {
            name if name.starts_with(['+', '-']) => format!("UTC{name}"),
            name => name.to_owned(),
        }
    }

    fn is_far(&self, time: Time) -> bool {
        self.now.since(time).max(time.since(self.now)) >= DISTANCE_MAX
    }

    /// `3 h ago`, `in 20 min`, `now`; the date if it is far away.
    fn distance(&self, time: Time) -> String {
        let (ago, ahead) = (self.now.since(time), time.since(self.now));
        let span = ago.max(ahead);
        let minutes = span.as_secs() / 60;
        let amount = match span {
            _ if minutes == 0 => return "now".to_owned(),
            _ if minutes < 120 => format!("{minutes} min"),
            _ if span < 2 * DAY => format!("{} h", minutes / 60),
            _ if span < DISTANCE_MAX => format!("{} d", minutes / 1440),
            _ => return self.date(time),
        };
        if ahead.is_zero() {
            format!("{amount} ago")
        } else {
            format!("in {amount}")
        }
    }

    fn date(&self, time: Time) -> String {
        let zoned = time.jiff().to_zoned_datetime(self.zone.clone());
        zoned.strftime("%Y-%m-%d").to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Time {
        Time::parse_rfc3339(text).unwrap()
    }

    fn times(style: Option<Style>, zone: &str) -> Times {
        let zone = TimeZone::posix(zone).unwrap();
        Times::in_zone(style, zone, at("2030-01-10T12:00:00Z"))
    }

    const BERLIN: &str = "CET-1CEST,M3.5.0,M10.5.0/3";

    #[test]
    fn a_column_of_news_is_local_and_its_heading_names_the_zone() {
        let times = times(None, BERLIN);
        assert_eq!(times.heading("ARRIVED"), "ARRIVED (CET)");
        assert_eq!(times.cell(at("2030-01-10T11:30:00Z")), "2030-01-10 12:30");
        let summer = times.cell(at("2029-07-01T11:30:00Z"));
        assert_eq!(summer, "2029-07-01 13:30 CEST", "not the heading's zone");
        assert_eq!(times.near_heading("LAST POLL"), "LAST POLL");
        let nameless = self::times(None, "<+03>-3");
        assert_eq!(nameless.heading("ARRIVED"), "ARRIVED (UTC+03)");
    }

    #[test]
    fn a_distance_is_in_one_unit_and_far_away_a_date() {
        let times = times(None, "UTC0");
        for (time, near) in [
            ("2030-01-10T11:59:01Z", "now"),
            ("2030-01-10T12:00:59Z", "now"),
            ("2030-01-10T11:59:00Z", "1 min ago"),
            ("2030-01-10T13:59:59Z", "in 119 min"),
            ("2030-01-10T14:00:00Z", "in 2 h"),
            ("2030-01-10T09:00:00Z", "3 h ago"),
            ("2030-01-08T13:00:00Z", "47 h ago"),
            ("2030-01-13T12:00:00Z", "in 3 d"),
            ("2029-10-01T00:00:00Z", "2029-10-01"),
        ] {
            assert_eq!(times.near(Some(at(time)), "-"), near, "{time}");
        }
        assert_eq!(times.near(None, "never"), "never");
        assert_eq!(times.ahead(Some(times.now), "-"), "due");
        assert_eq!(times.ahead(None, "-"), "-");
    }

    #[test]
    fn a_sentence_has_the_zone_and_the_distance() {
        let (three, long_ago) = (at("2030-01-10T09:00:00Z"), at("2020-01-10T09:00:00Z"));
        let full = |style, time| times(style, BERLIN).full(time);
        assert_eq!(full(None, three), "2030-01-10 10:00 CET (3 h ago)");
        assert_eq!(full(None, long_ago), "2020-01-10 10:00 CET");
        assert_eq!(full(Some(Style::Local), three), "2030-01-10 10:00 CET");
        assert_eq!(full(Some(Style::Relative), three), "3 h ago");
    }

    #[test]
    fn one_style_may_hold_everywhere() {
        let three = at("2030-01-10T09:00:00Z");
        let utc = Times::new(Some(Style::Utc), at("2030-01-10T12:00:00Z"));
        assert_eq!(utc.heading("ARRIVED"), "ARRIVED (UTC)");
        assert_eq!(utc.near_heading("LAST POLL"), "LAST POLL (UTC)");
        assert_eq!(utc.cell(three), "2030-01-10 09:00");
        assert_eq!(utc.near(Some(three), "-"), "2030-01-10 09:00");
        let relative = times(Some(Style::Relative), BERLIN);
        assert_eq!(relative.heading("ARRIVED"), "ARRIVED");
        assert_eq!(relative.cell(three), "3 h ago");
    }
}
