//! Spans of time as people write and read them: one parser, and one formatter for each of the forms that outputs need.

use std::time::Duration;

/// An hour.
pub const HOUR: Duration = Duration::from_secs(3600);
/// A day of 24 hours.
pub const DAY: Duration = Duration::from_secs(24 * 3600);
/// Seven days.
pub const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);

/// The longest span that is read, a hundred years: a longer one is a typing error.
pub const SPAN_MAX: Duration = Duration::from_secs(100 * 365 * 86_400);

const SECOND_MS: u64 = 1_000;
const MINUTE_MS: u64 = 60 * SECOND_MS;
const HOUR_MS: u64 = 60 * MINUTE_MS;
const DAY_MS: u64 = 24 * HOUR_MS;

/// Reads `90s`, `30m`, `1h 30m`, `2 days`, `1w`. There are no fractions and no months, so that every text has one meaning.
///
/// # Errors
/// What is wrong, in a few words.
pub fn parse(text: &str) -> Result<Duration, String> {
    let mut total_ms: u64 = 0;
    let mut parts = 0;
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (number, after) = split_number(rest);
        let Ok(number) = number.parse::<u64>() else {
            return Err(if number.is_empty() {
                "expected a number with a unit".to_owned()
            } else {
                "the number is too large".to_owned()
            });
        };
        let after = after.trim_start();
        let unit_end = after
            .find(|c: char| !c.is_alphabetic())
            .unwrap_or(after.len());
        let (unit, next) = after.split_at_checked(unit_end).unwrap_or((after, ""));
        let ms = match unit.to_ascii_lowercase().as_str() {
            "ms" => 1,
            "s" | "sec" | "second" | "seconds" => SECOND_MS,
            "m" | "min" | "minute" | "minutes" => MINUTE_MS,
            "h" | "hr" | "hour" | "hours" => HOUR_MS,
            "d" | "day" | "days" => DAY_MS,
            "w" | "week" | "weeks" => 7 * DAY_MS,
            "" if number == 0 => 0,
            "" => {
                return Err(format!(
                    "{number} what? write a unit: {number}s, {number}m, {number}h or {number}d"
                ));
            }
            _ => return Err("the units are ms, s, m, h, d and w".to_owned()),
        };
        total_ms = number
            .checked_mul(ms)
            .and_then(|ms| total_ms.checked_add(ms))
            .ok_or_else(too_long)?;
        parts += 1;
        rest = next.trim_start();
    }
    let total = Duration::from_millis(total_ms);
    match parts {
        0 => Err("it is empty".to_owned()),
        _ if total > SPAN_MAX => Err(too_long()),
        _ => Ok(total),
    }
}

fn too_long() -> String {
    "longer than a hundred years".to_owned()
}

/// The leading ASCII digits, and what follows them.
pub fn split_number(text: &str) -> (&str, &str) {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

/// All units, exact to the millisecond: `1d 2h`. [`parse`] reads it back.
pub fn exact(span: Duration) -> String {
    let mut left = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
    let mut parts = Vec::new();
    for (unit, ms) in [
        ("d", DAY_MS),
        ("h", HOUR_MS),
        ("m", MINUTE_MS),
        ("s", SECOND_MS),
        ("ms", 1),
    ] {
        if left >= ms {
            parts.push(format!("{}{unit}", left / ms));
            left %= ms;
        }
    }
    match parts.is_empty() {
        true => "0s".to_owned(),
        false => parts.join(" "),
    }
}

/// One unit, exact to the second: `7d`, `36h`, `90s`. [`parse`] reads it back.
pub fn one_unit(span: Duration) -> String {
    match span.as_secs() {
        s if s > 0 && s % DAY.as_secs() == 0 => format!("{}d", s / DAY.as_secs()),
        s if s > 0 && s % HOUR.as_secs() == 0 => format!("{}h", s / HOUR.as_secs()),
        s => format!("{s}s"),
    }
}

/// The two largest units, rounded down: `3d 4h`, `5s`.
pub fn two_units(span: Duration) -> String {
    let minutes = span.as_secs() / 60;
    match (minutes / 1440, minutes / 60 % 24, minutes % 60) {
        (0, 0, 0) => format!("{}s", span.as_secs()),
        (0, 0, m) => format!("{m}m"),
        (0, h, 0) => format!("{h}h"),
        (0, h, m) => format!("{h}h {m}m"),
        (d, 0, _) => format!("{d}d"),
        (d, h, _) => format!("{d}d {h}h"),
    }
}

/// One unit with a decimal if it is not whole: `63.2 min`, `24 h`.
pub fn decimal(span: Duration) -> String {
    let s = span.as_secs_f64();
    let (n, unit) = match s {
        _ if s < 120.0 => (s, "s"),
        _ if s < 7200.0 => (s / 60.0, "min"),
        _ if s < 172_800.0 => (s / 3600.0, "h"),
        _ => (s / 86_400.0, "d"),
    };
    let text = format!("{n:.1}");
    format!("{} {unit}", text.strip_suffix(".0").unwrap_or(&text))
}

/// One unit in words, rounded down: `less than a minute`, `5 min`, `3 days`.
pub fn in_words(span: Duration) -> String {
    match span.as_secs() / 60 {
        0 => "less than a minute".to_owned(),
        m @ 1..120 => format!("{m} min"),
        m @ 120..2880 => format!("{} h", m / 60),
        m => format!("{} days", m / 1440),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_sums_of_units() {
        for (text, seconds) in [
            ("30m", 1800),
            ("1h 30m", 5400),
            ("1h30m", 5400),
            ("2 days", 172_800),
            ("1w", 604_800),
            ("0s", 0),
            ("0", 0),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
    }

    #[test]
    fn a_span_without_unit_is_asked_back() {
        assert!(parse("30").unwrap_err().contains("30m"));
        assert!(parse("").is_err());
        assert!(parse("-5m").is_err());
        assert!(parse("1.5h").is_err());
        assert!(parse("5 parsecs").unwrap_err().contains("units"));
    }

    #[test]
    fn sec_04_a_span_never_overflows() {
        assert!(parse("99999999999999999999w").is_err());
        assert!(parse("9999999999999999w").is_err());
        assert!(parse("101w 36500d").is_err());
    }

    #[test]
    fn exact_forms_are_written_as_they_are_read() {
        for text in ["30m", "1h 30m", "180d", "0s", "1d 250ms"] {
            assert_eq!(exact(parse(text).unwrap()), text);
        }
        for text in ["7d", "36h", "90s", "0s"] {
            assert_eq!(one_unit(parse(text).unwrap()), text);
        }
    }

    #[test]
    fn forms_for_people_are_rounded() {
        for (seconds, two, point, words) in [
            (5, "5s", "5 s", "less than a minute"),
            (300, "5m", "5 min", "5 min"),
            (3792, "1h 3m", "63.2 min", "63 min"),
            (7200, "2h", "2 h", "2 h"),
            (90_000, "1d 1h", "25 h", "25 h"),
            (259_200, "3d", "3 d", "3 days"),
        ] {
            let span = Duration::from_secs(seconds);
            let forms = (two_units(span), decimal(span), in_words(span));
            assert_eq!(forms, (two.to_owned(), point.to_owned(), words.to_owned()));
        }
    }
}
