//! Reads times and formats sizes and counts for people. The display of times is in [`super::times`].

use super::exit::Failure;
use crate::model::{Time, span};
use crate::query::ast::When;

/// Parses the value of an option such as `--since`: `24h`, `1h 30m`, `yesterday`, `monday`, a date (midnight UTC) or RFC 3339.
pub fn point(option: &str, text: &str, now: Time) -> Result<Time, Failure> {
    if let Some(when) = When::read(text) {
        return Ok(when.at(now));
    }
    span::parse(text)
        .map(|ago| now.minus(ago))
        .map_err(|why| {
            let is_date = text.contains('-') && text.starts_with(|c: char| c.is_ascii_digit());
            let why = if is_date {
                "there is no such date"
            } else {
                &why
            };
            Failure::usage(format!(
                "{option} {text:?}: {why}; write 24h, 7d, yesterday, monday, 2030-01-31 or 2030-01-31T12:00:00Z"
            ))
        })
}

/// A size: `3.42 MiB`.
pub fn bytes(n: u64) -> String {
    indicatif::HumanBytes(n).to_string()
}

/// A number with its noun: `1 feed`, `2 feeds`, `3 stories`.
pub fn count(n: impl TryInto<u64>, one: &str) -> String {
    let n: u64 = n.try_into().unwrap_or(u64::MAX);
    match (n, one.strip_suffix('y')) {
        (1, _) => format!("1 {one}"),
        (_, Some(stem)) => format!("{n} {stem}ies"),
        (_, None) => format!("{n} {one}s"),
    }
}

/// Counts as a bar chart of block characters, relative to the highest: `▁▄█`. Zero is a space.
#[must_use]
pub fn sparkline(counts: &[u64]) -> String {
    const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let highest = counts.iter().copied().max().unwrap_or(0).max(1);
    let block = |n: &u64| match n {
        0 => ' ',
        n => {
            let at = usize::try_from((n * 8 - 1) / highest).unwrap_or(7);
            BLOCKS.get(at.min(7)).copied().unwrap_or('█')
        }
    };
    counts.iter().map(block).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_read_as_people_write_them() {
        let now = Time::parse_rfc3339("2030-01-10T12:00:00Z").unwrap();
        let at = |text| point("--since", text, now).unwrap().to_string();
        assert_eq!(at("24h"), "2030-01-09T12:00:00Z");
        assert_eq!(at("1h 30m"), "2030-01-10T10:30:00Z");
        assert_eq!(at("2030-01-01"), "2030-01-01T00:00:00Z");
        assert_eq!(at("2030-01-01T10:00:00+02:00"), "2030-01-01T08:00:00Z");
        assert_eq!(at("yesterday"), "2030-01-09T00:00:00Z");
        assert_eq!(at("monday"), "2030-01-07T00:00:00Z");
        assert!(point("--since", "tomorrow", now).is_err());
    }

    #[test]
    fn one_is_no_plural() {
        assert_eq!(count(1_u64, "feed"), "1 feed");
        assert_eq!(count(0_usize, "story"), "0 stories");
    }

    #[test]
    fn counts_are_blocks_of_their_share() {
        assert_eq!(sparkline(&[0, 1, 4, 8]), " ▁▄█");
        assert_eq!(sparkline(&[0, 0]), "  ");
        assert_eq!(sparkline(&[1, 1000]), "▁█");
        assert_eq!(sparkline(&[]), "");
    }
}
