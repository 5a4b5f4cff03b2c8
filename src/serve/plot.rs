//! Small plots as inline SVG, without scripts and requests. Their colours are in the style sheet, which knows the dark mode. Each has
//! a text label for screen readers.

use std::fmt::Write;
use std::time::Duration;

use super::times::Times;
use crate::model::{Time, span};
use crate::store::PollRecord;

/// Height of a plot in its own units; the width follows the page.
const HEIGHT: f64 = 40.0;

/// Number of polls shown.
const POLLS: usize = 20;

/// A bar per day, the newest last. `unit` is the plural of what is counted.
pub fn days(counts: &[u64], unit: &str) -> String {
    let most = counts.iter().copied().max().unwrap_or(0).max(1);
    let total: u64 = counts.iter().sum();
    let label = format!(
        "{unit} per day over {} days: {total} in total, at most {most}",
        counts.len()
    );
    let mut svg = open(counts.len() as f64 * 8.0, &label);
    for (n, count) in counts.iter().enumerate() {
        let height =
            (*count as f64 / most as f64 * (HEIGHT - 2.0)).max(if *count > 0 { 1.5 } else { 0.5 });
        let class = if *count > 0 { "bar" } else { "none" };
        let ago = counts.len() - 1 - n;
        let _ = write!(
            svg,
            "<rect class=\"{class}\" x=\"{}\" y=\"{:.1}\" width=\"6\" height=\"{height:.1}\" rx=\"1\"><title>{}: {count}</title></rect>",
            n * 8 + 1,
            HEIGHT - height,
            match ago {
                0 => "today".to_owned(),
                1 => "yesterday".to_owned(),
                days => format!("{days} days ago"),
            }
        );
    }
    close(svg)
}

/// A dot per article: the horizontal axis is the time at which it was seen, the vertical axis its delay, logarithmic from a minute
/// to a week.
pub fn delays(delays: &[(Time, u64)], from: Time, until: Time) -> String {
    const WIDTH: f64 = 240.0;
    const LEAST_MS: f64 = 60_000.0;
    const MOST_MS: f64 = 7.0 * 86_400_000.0;
    let mut sorted: Vec<u64> = delays.iter().map(|(_, late)| *late).collect();
    sorted.sort_unstable();
    let median = sorted.get(sorted.len() / 2).copied().unwrap_or(0);
    let label = format!(
        "delay after publication for {} articles: median {}",
        delays.len(),
        span::in_words(Duration::from_millis(median))
    );
    let mut svg = open(WIDTH, &label);
    let height_of = |late: f64| {
        let share = (late.clamp(LEAST_MS, MOST_MS) / LEAST_MS).ln() / (MOST_MS / LEAST_MS).ln();
        HEIGHT - 2.0 - share * (HEIGHT - 4.0)
    };
    for late in [3_600_000.0, 86_400_000.0] {
        let y = height_of(late);
        let _ = write!(
            svg,
            "<line class=\"rule\" x1=\"0\" x2=\"{WIDTH}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>"
        );
    }
    let whole = until.since(from).as_secs_f64().max(1.0);
    for (seen, late) in delays {
        let x = seen.since(from).as_secs_f64() / whole * (WIDTH - 4.0) + 2.0;
        let y = height_of(*late as f64);
        let _ = write!(
            svg,
            "<circle class=\"dot\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"1.6\"/>"
        );
    }
    close(svg)
}

/// A square per poll, the newest last; its colour shows failures and polls without new articles.
pub fn polls(newest_first: &[PollRecord], times: &Times) -> String {
    let failed = newest_first.iter().filter(|p| p.error.is_some()).count();
    let label = format!("the last {} polls: {failed} failed", newest_first.len());
    let mut svg = open(POLLS as f64 * 12.0, &label);
    for (n, poll) in newest_first.iter().take(POLLS).rev().enumerate() {
        let class = match (&poll.error, poll.new) {
            (Some(_), _) => "bad",
            (None, 0) => "quiet",
            (None, _) => "bar",
        };
        let _ = write!(
            svg,
            "<rect class=\"{class}\" x=\"{}\" y=\"15\" width=\"10\" height=\"10\" rx=\"2\"><title>{}: {}, {} new</title></rect>",
            n * 12 + 1,
            html_escape::encode_text(&times.exact(&poll.at)),
            html_escape::encode_text(&poll.outcome),
            poll.new
        );
    }
    close(svg)
}

fn open(width: f64, label: &str) -> String {
    let label = html_escape::encode_double_quoted_attribute(label);
    format!(
        "<svg class=\"plot\" role=\"img\" aria-label=\"{label}\" viewBox=\"0 0 {width} {HEIGHT}\" preserveAspectRatio=\"none\">"
    )
}

fn close(mut svg: String) -> String {
    svg.push_str("</svg>");
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plot_has_a_text_label() {
        let svg = days(&[0, 3, 1], "articles");
        assert!(
            svg.contains("aria-label=\"articles per day over 3 days: 4 in total, at most 3\""),
            "{svg}"
        );
        assert_eq!(svg.matches("<rect").count(), 3);
        assert!(svg.contains("yesterday: 3"));
        let late = delays(
            &[(Time::from_seconds(50), 7_200_000)],
            Time::EPOCH,
            Time::from_seconds(100),
        );
        assert!(
            late.contains("median 2 h") && late.contains("cx=\"120.0\""),
            "{late}"
        );
        let times = Times::new(Time::EPOCH, jiff::tz::TimeZone::UTC);
        assert!(days(&[], "x").starts_with("<svg") && polls(&[], &times).contains("0 failed"));
    }
}
