//! Durations and sizes with units: `30m`, `1h 30m`, `10MiB`. Also used for `--since`.
//!
//! There are no fractions and no months, so that every text has exactly one meaning.

use std::time::Duration;

const MS_A_SECOND: u64 = 1_000;
const MS_A_MINUTE: u64 = 60 * MS_A_SECOND;
const MS_A_HOUR: u64 = 60 * MS_A_MINUTE;
const MS_A_DAY: u64 = 24 * MS_A_HOUR;

/// Maximum duration, a hundred years. A longer one is a typing error.
pub const DURATION_MAX: Duration = Duration::from_secs(100 * 365 * 86_400);

/// Parses `90s`, `30m`, `1h 30m`, `2d`, `1w`.
///
/// # Errors
/// What is wrong, in a few words.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
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
            "s" | "sec" | "second" | "seconds" => MS_A_SECOND,
            "m" | "min" | "minute" | "minutes" => MS_A_MINUTE,
            "h" | "hr" | "hour" | "hours" => MS_A_HOUR,
            "d" | "day" | "days" => MS_A_DAY,
            "w" | "week" | "weeks" => 7 * MS_A_DAY,
            "" if number == 0 => 0,
            "" => {
                return Err(format!(
                    "the unit is missing: write {number}s, {number}m, {number}h or {number}d"
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
        _ if total > DURATION_MAX => Err(too_long()),
        _ => Ok(total),
    }
}

fn too_long() -> String {
    "longer than a hundred years".to_owned()
}

/// The shortest text for a duration, in whole milliseconds.
pub fn show_duration(duration: Duration) -> String {
    let mut left = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let mut parts = Vec::new();
    for (unit, ms) in [
        ("d", MS_A_DAY),
        ("h", MS_A_HOUR),
        ("m", MS_A_MINUTE),
        ("s", MS_A_SECOND),
        ("ms", 1),
    ] {
        if left >= ms {
            parts.push(format!("{}{unit}", left / ms));
            left %= ms;
        }
    }
    if parts.is_empty() {
        "0s".to_owned()
    } else {
        parts.join(" ")
    }
}

/// Parses `4096`, `16 KiB`, `10MiB`, `5MB`, `1G`. Units are powers of two except `kB`, `MB` and `GB`.
///
/// # Errors
/// What is wrong, in a few words.
pub fn parse_size(text: &str) -> Result<u64, String> {
    let (number, unit) = split_number(text.trim());
    let number: u64 = number
        .parse()
        .map_err(|_| "expected a number of bytes, as in \"10MiB\"".to_owned())?;
    let factor: u64 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kib" => 1 << 10,
        "m" | "mib" => 1 << 20,
        "g" | "gib" => 1 << 30,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        _ => return Err("the units are KiB, MiB, GiB, kB, MB and GB".to_owned()),
    };
    number
        .checked_mul(factor)
        .ok_or_else(|| "the size is too large".to_owned())
}

/// The shortest text for a size, in powers of two.
pub fn show_size(bytes: u64) -> String {
    for (unit, factor) in [("GiB", 1u64 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)] {
        if bytes >= factor && bytes.is_multiple_of(factor) {
            return format!("{}{unit}", bytes / factor);
        }
    }
    bytes.to_string()
}

/// The leading ASCII digits, and the rest.
fn split_number(text: &str) -> (&str, &str) {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_sums_of_units() {
        for (text, seconds) in [
            ("30m", 1800),
            ("1h 30m", 5400),
            ("1h30m", 5400),
            ("2 days", 172_800),
            ("1w", 604_800),
            ("0s", 0),
            ("0", 0),
        ] {
            assert_eq!(
                parse_duration(text),
                Ok(Duration::from_secs(seconds)),
                "{text}"
            );
        }
    }

    #[test]
    fn a_duration_without_a_unit_is_refused_with_examples() {
        assert!(parse_duration("30").unwrap_err().contains("30m"));
        assert!(parse_duration("").is_err());
        assert!(parse_duration("-5m").is_err());
        assert!(parse_duration("1.5h").is_err());
        assert!(parse_duration("5 parsecs").unwrap_err().contains("units"));
    }

    #[test]
    fn sec_04_a_duration_never_overflows() {
        assert!(parse_duration("99999999999999999999w").is_err());
        assert!(parse_duration("9999999999999999w").is_err());
        assert!(parse_duration("101w 36500d").is_err());
    }

    #[test]
    fn shown_durations_can_be_parsed_again() {
        for text in ["30m", "1h 30m", "180d", "0s", "1d 250ms"] {
            assert_eq!(show_duration(parse_duration(text).unwrap()), text);
        }
    }

    #[test]
    fn size_units_are_powers_of_two_except_kb_mb_and_gb() {
        assert_eq!(parse_size("10MiB"), Ok(10 << 20));
        assert_eq!(parse_size("10 M"), Ok(10 << 20));
        assert_eq!(parse_size("5MB"), Ok(5_000_000));
        assert_eq!(parse_size("512"), Ok(512));
        assert!(parse_size("10 MiBs").is_err());
        assert!(parse_size("99999999999999999 GiB").is_err());
        assert_eq!(show_size(16 << 20), "16MiB");
        assert_eq!(show_size(1000), "1000");
    }
}
