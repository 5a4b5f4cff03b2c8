//! Times on pages, as `<time>` elements: relative if recent, else a date; with the exact time in the server's time zone as the
//! title, and in UTC for programs.
//!
//! Relative times change in steps at full minutes, so that the bytes of a page stay the same between two steps.
//! [`Times::changed`] is the time of the last step, for `Last-Modified`. Never reads a clock.

use std::cell::Cell;
use std::fmt::Write;

use jiff::tz::TimeZone;

use crate::model::Time;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Times further away than this are shown as a date.
const DAYS_MAX: i64 = 30;

/// The steps of relative times: the step and the end of its range in milliseconds, the unit, and its name.
const STEPS: [(i64, i64, i64, &str); 4] = [
    (MINUTE, 10 * MINUTE, MINUTE, "min"),
    (5 * MINUTE, HOUR, MINUTE, "min"),
    (HOUR, DAY, HOUR, "h"),
    (DAY, DAYS_MAX * DAY, DAY, "day"),
];

/// The times of one page.
pub struct Times {
    now: Time,
    zone: TimeZone,
    /// When a relative time of the page last changed.
    changed: Cell<Option<Time>>,
}

/// A relative time, and since when its text is the same.
struct Relative {
    text: String,
    since: Time,
}

impl Times {
    /// The times of a page that is rendered at `now` by a server in `zone`.
    pub fn new(now: Time, zone: TimeZone) -> Self {
        Self {
            now,
            zone,
            changed: Cell::new(None),
        }
    }

    /// When one of the relative times printed so far last changed.
    pub fn changed(&self) -> Option<Time> {
        self.changed.get()
    }

    /// The name of the time zone and its current abbreviation.
    pub fn zone(&self) -> String {
        let short = self.abbreviation(self.now);
        match self.zone.iana_name() {
            Some(name) if name != short && !["Etc/UTC", "Etc/Unknown"].contains(&name) => {
                format!("{name} ({short})")
            }
            _ => short,
        }
    }

    /// How long ago, or in how long; the date if it is more than a month away.
    pub fn ago(&self, t: &Time) -> String {
        self.relative_or(*t, DAYS_MAX * DAY, "%-d %b %Y")
    }

    /// How long ago; the hour and minute if it is more than a day, for lists grouped by day.
    pub fn within_days(&self, t: &Time) -> String {
        self.relative_or(*t, DAY, "%H:%M")
    }

    /// In how long; "due now" if it is past.
    pub fn due(&self, t: &Time) -> String {
        if *t > self.now {
            return self.ago(t);
        }
        self.note_change(*t);
        self.element(*t, "due now", &self.exact(t))
    }

    /// The exact time, and how long ago if that is less than a day.
    pub fn full(&self, t: &Time) -> String {
        let exact = self.exact(t);
        match self.relative(*t, DAY) {
            Some(relative) => {
                let text = format!("{exact} ({relative})");
                self.element(*t, &text, &exact)
            }
            None => self.element(*t, &exact, &exact),
        }
    }

    /// The exact time with the abbreviation of the server's time zone.
    pub fn exact(&self, t: &Time) -> String {
        format!(
            "{} {}",
            self.local(*t, "%-d %b %Y, %H:%M"),
            self.abbreviation(*t)
        )
    }

    /// The day in the server's time zone: in ISO 8601, and in words.
    pub fn day(&self, t: &Time) -> (String, String) {
        (self.local(*t, "%Y-%m-%d"), self.local(*t, "%A, %-d %B %Y"))
    }

    fn relative_or(&self, t: Time, within: i64, format: &str) -> String {
        let text = self.relative(t, within);
        let text = text.unwrap_or_else(|| self.local(t, format));
        self.element(t, &text, &self.exact(&t))
    }

    /// The relative time, if it is less than `within` away, which is a day or [`DAYS_MAX`] days.
    fn relative(&self, t: Time, within: i64) -> Option<String> {
        let minute = minute_before(self.now.millis());
        let is_past = t <= self.now;
        let away = match is_past {
            true => (minute - t.millis()).max(0),
            false => t.millis() - minute,
        };
        if away >= within {
            // A past time was relative until then.
            self.note_change(Time::from_millis(minute_after(
                t.millis().saturating_add(within),
            )));
            return None;
        }
        let relative = relative(t, is_past, away)?;
        self.note_change(relative.since);
        Some(relative.text)
    }

    fn note_change(&self, change: Time) {
        if change <= self.now {
            self.changed.set(self.changed.get().max(Some(change)));
        }
    }

    fn element(&self, t: Time, text: &str, exact: &str) -> String {
        let mut html = String::new();
        let _ = write!(
            html,
            "<time datetime=\"{t}\" title=\"{}\">{}</time>",
            html_escape::encode_double_quoted_attribute(exact),
            html_escape::encode_text(text)
        );
        html
    }

    fn local(&self, t: Time, format: &str) -> String {
        let local = t.jiff().to_zoned_datetime(self.zone.clone());
        local.strftime(format).to_string()
    }

    /// `CET`, or `UTC-03` for zones without abbreviations.
    fn abbreviation(&self, t: Time) -> String {
        let info = self.zone.to_offset_info(t.jiff());
        match info.abbreviation() {
            number if number.starts_with(['+', '-']) => format!("UTC{number}"),
            name => name.to_owned(),
        }
    }
}

/// The text for a time `away` milliseconds before or after the current full minute; `None` if it is too far away.
fn relative(t: Time, is_past: bool, away: i64) -> Option<Relative> {
    let (step, _, unit, name) = STEPS.iter().find(|(_, end, ..)| away < *end)?;
    let steps = away / step;
    let count = steps * step / unit;
    let plural = if *name == "day" && count > 1 { "s" } else { "" };
    let text = match (is_past, count) {
        (true, 0) => "just now".to_owned(),
        (false, 0) => "in a moment".to_owned(),
        (true, _) => format!("{count} {name}{plural} ago"),
        (false, _) => format!("in {count} {name}{plural}"),
    };
    // The first full minute at which this number of steps had passed, or was left.
    let since = match (is_past, count) {
        (true, 0) => t,
        (true, _) => Time::from_millis(minute_after(t.millis() + steps * step)),
        (false, _) => Time::from_millis(minute_before(t.millis() - (steps + 1) * step) + MINUTE),
    };
    Some(Relative { text, since })
}

/// The last full minute at or before a time.
fn minute_before(ms: i64) -> i64 {
    ms - ms.rem_euclid(MINUTE)
}

/// The first full minute at or after a time.
fn minute_after(ms: i64) -> i64 {
    minute_before(ms.saturating_add(MINUTE - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn t(text: &str) -> Time {
        Time::parse_rfc3339(text).unwrap()
    }

    fn at(now: &str, zone: &str) -> Times {
        Times::new(t(now), TimeZone::get(zone).unwrap())
    }

    /// The text of the element.
    fn text(html: &str) -> &str {
        html.split(['<', '>']).nth(2).unwrap()
    }

    #[test]
    fn a_recent_time_is_relative() {
        let times = at("2026-11-30T12:00:30Z", "UTC");
        for (then, expected) in [
            ("2026-11-30T12:00:30Z", "just now"),
            ("2026-11-30T11:59:10Z", "just now"),
            ("2026-11-30T11:53:00Z", "7 min ago"),
            ("2026-11-30T11:21:00Z", "35 min ago"),
            ("2026-11-30T09:00:01Z", "2 h ago"),
            ("2026-11-29T12:00:00Z", "1 day ago"),
            ("2026-11-19T13:00:00Z", "10 days ago"),
            ("2026-10-31T12:00:00Z", "31 Oct 2026"),
            ("2026-11-30T12:00:50Z", "in a moment"),
            ("2026-11-30T12:25:00Z", "in 25 min"),
            ("2026-12-02T13:00:00Z", "in 2 days"),
        ] {
            assert_eq!(text(&times.ago(&t(then))), expected, "{then}");
        }
        assert_eq!(
            text(&times.within_days(&t("2026-11-29T08:05:00Z"))),
            "08:05"
        );
        assert_eq!(text(&times.due(&t("2026-11-30T12:00:00Z"))), "due now");
    }

    #[test]
    fn the_exact_time_is_in_the_time_zone_of_the_server() {
        let times = at("2026-11-30T23:30:00Z", "Europe/Berlin");
        assert_eq!(times.zone(), "Europe/Berlin (CET)");
        assert_eq!(
            times.full(&t("2026-11-30T20:30:00Z")),
            "<time datetime=\"2026-11-30T20:30:00Z\" title=\"30 Nov 2026, 21:30 CET\">30 Nov 2026, 21:30 CET (3 h ago)</time>"
        );
        // Summer time has its own abbreviation, and its own hour.
        let summer = times.ago(&t("2026-07-01T12:00:00Z"));
        assert!(
            summer.contains("title=\"1 Jul 2026, 14:00 CEST\""),
            "{summer}"
        );
        assert_eq!(times.day(&t("2026-11-30T23:10:00Z")).0, "2026-12-01");
        assert_eq!(at("2026-11-30T12:00:00Z", "UTC").zone(), "UTC");
        let numbers = at("2026-11-30T12:00:00Z", "America/Sao_Paulo");
        assert_eq!(numbers.zone(), "America/Sao_Paulo (UTC-03)");
        let posix = TimeZone::posix("<x\">4")
            .or_else(|_| TimeZone::posix("XYZ4"))
            .unwrap();
        let html = Times::new(t("2026-11-30T12:00:00Z"), posix).ago(&Time::EPOCH);
        assert_eq!(html.matches('"').count(), 4, "{html}");
    }

    #[test]
    fn changed_is_exactly_the_time_at_which_a_text_changed() {
        let then = t("2026-11-30T12:34:56.789Z");
        let texts = |now: Time| {
            let times = Times::new(now, TimeZone::UTC);
            let html = [times.ago(&then), times.within_days(&then), times.due(&then)];
            (html, times.changed())
        };
        let (mut last, mut changed) = texts(then.minus(std::time::Duration::from_secs(90_000)));
        // From a day before to two months after, in steps of 47 s and then of an hour.
        let near = (-90_000..90_000).step_by(47);
        for s in near.chain((90_000..5_184_000).step_by(3600)) {
            let now = then.moved(s * 1000);
            let (html, since) = texts(now);
            assert!(since.is_none_or(|s| s <= now), "{now}: {since:?}");
            if html == last {
                assert_eq!(since, changed, "{now}: {html:?}");
            } else {
                assert!(since > changed, "{now}: {html:?} after {last:?}");
            }
            (last, changed) = (html, since);
        }
    }
}
