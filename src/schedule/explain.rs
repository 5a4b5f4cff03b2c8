//! Why a poll is planned for its moment: every constraint on a line, the binding one marked. Stored with the
//! plan, printed by `newswire feeds --why-next`. All times are UTC.

use std::fmt::Write as _;
use std::time::Duration;

use crate::model::Time;

/// Whose constraint it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// What we want: the plan, the user's interval, or waiting after a failure.
    Wish,
    /// What we owe by our own rules; `max_interval` and the user's interval win.
    Ours,
    /// The most that the operator allows.
    Cap,
    /// The publisher's word: wins over everything.
    Word,
}

/// Not before this, or for [`Whose::Cap`] not after it.
#[derive(Debug, Clone, PartialEq)]
pub struct Bound {
    /// Whose.
    pub whose: Whose,
    /// When.
    pub at: Time,
    /// Why.
    pub words: String,
}

impl Bound {
    /// A publisher's word.
    pub fn word(at: Time, words: String) -> Self {
        let whose = Whose::Word;
        Self { whose, at, words }
    }

    /// A rule of ours.
    pub fn ours(at: Time, words: String) -> Self {
        let whose = Whose::Ours;
        Self { whose, at, words }
    }
}

/// The whole account: the due time, the bounds with the `binding` one marked, then what moved it within them.
pub fn account(
    at: Time,
    due: Time,
    bounds: &[Bound],
    binding: usize,
    skipped: bool,
    jitter: Duration,
) -> String {
    let mut text = format!("next poll {due}, {} after the last", span(due.since(at)));
    for (i, bound) in bounds.iter().enumerate() {
        let label = match bound.whose {
            Whose::Wish => "wanted",
            Whose::Ours | Whose::Word => "floor",
            Whose::Cap => "cap",
        };
        let (mark, note) = if i == binding {
            (">", "  <- binding")
        } else {
            (" ", "")
        };
        let when = clock(bound.at, at);
        let _ = write!(
            text,
            "\n  {label:<6} {mark} {when:<11} {}{note}",
            bound.words
        );
    }
    let skip = if skipped { "moved on" } else { "none" };
    let _ = write!(text, "\n  skip     {skip}   jitter +{}", span(jitter));
    text
}

/// The account of a feed that is never asked again.
pub fn never(at: Time) -> String {
    format!("never: withdrawn by its publisher (410 again at {at})")
}

/// What stands in for the plan while the network is down.
pub fn offline(due: Time) -> String {
    format!("next poll {due}: no network; nothing is held against the feed")
}

/// The hour if it is near, the day too if not.
fn clock(t: Time, near: Time) -> String {
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
