//! Words for people: why a poll is planned for its moment. All times are UTC.

use std::time::Duration;

use crate::model::Time;

/// The account of a feed that is never asked again.
pub fn never(at: Time) -> String {
    format!("never: withdrawn by its publisher (410 again at {at})")
}

/// What stands in for the plan while the network is down.
pub fn offline(due: Time) -> String {
    format!("next poll {due}: no network; nothing is held against the feed")
}

/// The time of day if it is near, the day too if not.
pub fn clock(t: Time, near: Time) -> String {
    let form = if t.since(near) < Duration::from_secs(20 * 3600) {
        "%H:%M:%S"
    } else {
        "%m-%d %H:%M"
    };
    t.jiff().strftime(form).to_string()
}

/// A span in the unit that a person would use.
pub fn span(d: Duration) -> String {
    let s = d.as_secs_f64();
    let (n, unit) = match s {
        _ if s < 120.0 => (s, "s"),
        _ if s < 7200.0 => (s / 60.0, "min"),
        _ if s < 172_800.0 => (s / 3600.0, "h"),
        _ => (s / 86_400.0, "d"),
    };
    let text = format!("{n:.1}");
    format!("{} {unit}", text.strip_suffix(".0").unwrap_or(&text))
}
