//! Names of the IANA time zone database in dates: `Europe/Helsinki`, `[America/New_York]`, `Japan`. The database is jiff's
//! own copy, so that a date means the same on every machine.

use jiff::tz::{TimeZone, TimeZoneDatabase};

use super::words;

/// Shortest name looked up, in bytes: `GB`.
const NAME_BYTES_MIN: usize = 2;
/// Longest name looked up, in bytes; the longest that there is has 32.
const NAME_BYTES_MAX: usize = 40;

/// The text without the first zone name in it, and that zone. `None` if it names no zone.
pub(super) fn take(text: &str) -> Option<(String, TimeZone)> {
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '-' | '+');
    let mut at = 0;
    for run in text.split(|c| !is_of_name(c)) {
        let end = at + run.len();
        if let Some(zone) = zone(run) {
            let (before, after) = (text.get(..at)?, text.get(end..)?);
            return Some((format!("{before} {after}"), zone));
        }
        // The separator is one character, which may have several bytes.
        at = end + text.get(end..)?.chars().next().map_or(0, char::len_utf8);
    }
    None
}

/// The zone of that name. Names that are primarily an abbreviation or a month are excluded: `EST`, `CET`.
fn zone(name: &str) -> Option<TimeZone> {
    let is_plausible = (NAME_BYTES_MIN..=NAME_BYTES_MAX).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphabetic());
    if !is_plausible {
        return None;
    }
    let folded = name.to_ascii_lowercase();
    if words::zone(&folded).is_some() || words::month(&folded).is_some() {
        return None;
    }
    TimeZoneDatabase::bundled().get(name).ok()
}
