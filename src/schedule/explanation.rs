//! Why a feed is polled next when it is: a value with a stored form, formatted where it is shown. All times are UTC.
//!
//! The stored form is JSON with a version. Any other text is kept as it is: earlier versions stored the account as text,
//! and other parts of the store write sentences.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize, Serializer};

use super::bound::{Bound, BoundKind, Reason, Span, epoch_ms};
use crate::model::Time;

/// The layout of the stored form.
const VERSION: u8 = 1;

/// Times nearer to the last poll than this are shown without their day.
const NEAR: Duration = Duration::from_secs(20 * 3600);

/// Columns that a time takes in an account that was stored as text.
const TEXT_TIME_COLUMNS: usize = 12;

/// Why the next poll is when it is.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanExplanation {
    basis: Basis,
    /// By how many ms the machine's clock was set since, each time: the times in `basis` are those of the old clock.
    clock_shifts: Vec<i64>,
}

/// What the plan rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Constraints, the usual case.
    Bounds(Box<Constraints>),
    /// The network is down (ET-30).
    Offline {
        /// When it is tried again.
        #[serde(with = "epoch_ms")]
        due: Time,
    },
    /// Answered 410 twice: never polled again (ET-33).
    Withdrawn {
        /// The second time.
        #[serde(with = "epoch_ms")]
        at: Time,
    },
    /// A sentence, or an account that an earlier version stored as text.
    Text(String),
}

/// All constraints on one poll, and what became of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Constraints {
    /// When the next poll is due.
    #[serde(with = "epoch_ms")]
    pub due: Time,
    /// The last poll.
    #[serde(with = "epoch_ms")]
    pub last: Time,
    /// Each overrides those before it.
    #[serde(default)]
    pub bounds: Vec<Bound>,
    /// The index of the one that decides.
    #[serde(default)]
    pub binding: usize,
    /// A better moment after the floor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best_after: Option<Moment>,
    /// Random delay (ET-23).
    #[serde(default)]
    pub jitter: Span,
    /// Whether skipHours or skipDays put it off (ET-17).
    #[serde(default)]
    pub is_skipped: bool,
    /// Where the feed is moving, if it is (ET-36).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirect: Option<RedirectNote>,
}

/// A time that may be absent in the stored form.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Moment(#[serde(with = "epoch_ms")] pub Time);

/// A permanent redirect of the feed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RedirectNote {
    /// The subscription has moved there.
    Taken {
        /// The new URL.
        to: String,
    },
    /// It moves there if more polls confirm it.
    Pending {
        /// The target.
        to: String,
        /// Polls that led there.
        polls: u8,
        /// The first of them.
        #[serde(with = "epoch_ms")]
        since: Time,
        /// How many are needed.
        polls_min: u8,
        /// Over at least so long.
        span_min: Span,
    },
}

#[derive(Serialize)]
struct StoredRef<'a> {
    version: u8,
    basis: &'a Basis,
    #[serde(skip_serializing_if = "<[i64]>::is_empty")]
    clock_shifts: &'a [i64],
}

#[derive(Deserialize)]
struct Stored {
    version: u8,
    basis: Basis,
    #[serde(default)]
    clock_shifts: Vec<i64>,
}

/// The constraint that decides.
#[derive(Debug, PartialEq)]
pub enum Binding<'a> {
    /// A bound, with its kind.
    Bound(BoundKind, &'a Reason),
    /// No bound is known: the explanation in words.
    Text(String),
}

impl PlanExplanation {
    /// An explanation by these constraints.
    pub fn of(constraints: Constraints) -> Self {
        Basis::Bounds(Box::new(constraints)).into()
    }

    /// Reads the stored form. Any other text is kept as it is.
    pub fn from_stored(text: &str) -> Self {
        let stored = serde_json::from_str::<Stored>(text).ok();
        match stored.filter(|stored| stored.version == VERSION) {
            Some(stored) => Self {
                basis: stored.basis,
                clock_shifts: stored.clock_shifts,
            },
            None => Basis::Text(text.to_owned()).into(),
        }
    }

    /// The stored form. A text without changes stays a text.
    pub fn to_stored(&self) -> String {
        match &self.basis {
            Basis::Text(text) if self.clock_shifts.is_empty() => text.clone(),
            basis => {
                let stored = StoredRef {
                    version: VERSION,
                    basis,
                    clock_shifts: &self.clock_shifts,
                };
                serde_json::to_string(&stored).unwrap_or_else(|_| self.to_string())
            }
        }
    }

    /// What the plan rests on.
    pub fn basis(&self) -> &Basis {
        &self.basis
    }

    /// The same after the machine's clock was set by `ms` (ET-24).
    #[must_use]
    pub fn clock_moved(mut self, ms: i64) -> Self {
        self.clock_shifts.push(ms);
        self
    }

    /// The constraint that decides.
    pub fn binding(&self) -> Binding<'_> {
        match &self.basis {
            Basis::Bounds(all) => match all.bounds.get(all.binding) {
                Some(bound) => Binding::Bound(bound.kind, &bound.reason),
                None => Binding::Text(self.to_string()),
            },
            Basis::Text(text) => Binding::Text(binding_of_text(text)),
            other => Binding::Text(other.to_string()),
        }
    }
}

impl Default for PlanExplanation {
    /// Nothing is planned yet: an empty text.
    fn default() -> Self {
        Basis::Text(String::new()).into()
    }
}

impl From<Basis> for PlanExplanation {
    fn from(basis: Basis) -> Self {
        Self {
            basis,
            clock_shifts: Vec::new(),
        }
    }
}

/// The words of the constraint that decides, out of an account that was stored as text; any other text whole, on one line.
fn binding_of_text(text: &str) -> String {
    let marked = text
        .lines()
        .find_map(|line| line.strip_suffix("<- binding"));
    // "wanted > 14:31:00    the words"
    let words = marked
        .and_then(|line| line.split_once('>'))
        .and_then(|(_, rest)| rest.trim_start().get(TEXT_TIME_COLUMNS..));
    match words {
        Some(words) => words.trim().to_owned(),
        None => text.lines().map(str::trim).collect::<Vec<_>>().join("; "),
    }
}

impl Serialize for PlanExplanation {
    /// As text, for `--json`.
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl fmt::Display for PlanExplanation {
    /// One constraint a line, the deciding one marked.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.basis)?;
        for ms in &self.clock_shifts {
            let way = if *ms < 0 { "back" } else { "on" };
            let seconds = ms.unsigned_abs() / 1000;
            write!(
                f,
                "\n  clock    moved {way} by {seconds} s: the machine's clock was set"
            )?;
        }
        Ok(())
    }
}

impl fmt::Display for Binding<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bound(_, reason) => write!(f, "{reason}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}

impl fmt::Display for Basis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bounds(constraints) => write!(f, "{constraints}"),
            Self::Offline { due } => write!(
                f,
                "next poll {due}: no network; the feed is not blamed for it"
            ),
            Self::Withdrawn { at } => {
                write!(f, "never: withdrawn by its publisher (410 again at {at})")
            }
            Self::Text(text) => f.write_str(text),
        }
    }
}

impl fmt::Display for Constraints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let after = Span::from(self.due.since(self.last));
        write!(f, "next poll {}, {after} after the last", self.due)?;
        for (i, bound) in self.bounds.iter().enumerate() {
            let label = match bound.kind {
                BoundKind::Proposal => "wanted",
                BoundKind::Courtesy | BoundKind::Publisher => "floor",
                BoundKind::Cap => "cap",
            };
            let is_binding = i == self.binding;
            let mark = if is_binding { '>' } else { ' ' };
            let when = clock(bound.at, self.last);
            write!(f, "\n  {label:<6} {mark} {when:<11} {}", bound.reason)?;
            if is_binding {
                f.write_str("  <- binding")?;
            }
        }
        if let Some(Moment(best)) = self.best_after {
            let when = clock(best, self.last);
            write!(f, "\n  then     {when:<11} the best moment after the floor")?;
        }
        let skipped = match self.is_skipped {
            true => "moved out of skipHours and skipDays",
            false => "none",
        };
        write!(f, "\n  skip     {skipped}, jitter {}", self.jitter)?;
        if let Some(redirect) = &self.redirect {
            write!(f, "\n  moved    {redirect}")?;
        }
        Ok(())
    }
}

impl fmt::Display for RedirectNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Taken { to } => write!(f, "the subscription is {to} from now on"),
            Self::Pending {
                to,
                polls,
                since,
                polls_min,
                span_min,
            } => write!(
                f,
                "permanently redirected to {to}: the subscription moves there after {polls_min} polls over {span_min} \
                 that confirm it (poll {polls} since {since})"
            ),
        }
    }
}

/// The time of day, with the day if it is not within [`NEAR`] of `near`.
fn clock(t: Time, near: Time) -> String {
    let form = match t.since(near) < NEAR {
        true => "%H:%M:%S",
        false => "%m-%d %H:%M",
    };
    t.jiff().strftime(form).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FailureKind;
    use crate::schedule::support::*;
    use crate::schedule::{Plan, Policy};

    /// What an earlier version stored.
    const OLD: &str = "next poll 2030-01-10T17:12:37Z, 63 min after the last\n  wanted   17:00:00    nothing published yet\n  \
                       floor  > 17:09:15    ttl 60 min  <- binding\n  skip     none, jitter 5 s";

    fn stored(plan: &Plan) -> PlanExplanation {
        PlanExplanation::from_stored(&plan.explanation.to_stored())
    }

    #[test]
    fn the_stored_form_of_every_plan_reads_back_and_is_shown_alike() {
        let mut results = vec![
            document(noon(), 9),
            document(noon(), 0),
            not_modified(noon()),
        ];
        results.extend(FailureKind::ALL.map(|kind| failed(noon(), kind)));
        let interval = Some(std::time::Duration::from_secs(7));
        let mut own = document(noon(), 3);
        own.interval = interval;
        results.push(own);
        let mut offline = not_modified(noon());
        offline.offline = true;
        results.push(offline);
        let strict = Policy {
            strict: true,
            ..policy()
        };
        for result in results {
            let (_, plan) = after(std::slice::from_ref(&result), &strict);
            let text = plan.explanation.to_stored();
            assert!(text.starts_with("{\"version\":1,"), "{text}");
            assert_eq!(stored(&plan), plan.explanation, "{text}");
            assert_eq!(stored(&plan).to_string(), plan.explanation.to_string());
        }
    }

    #[test]
    fn a_text_of_an_older_version_is_kept_whole() {
        let old = PlanExplanation::from_stored(OLD);
        assert_eq!(
            (old.to_string(), old.to_stored()),
            (OLD.to_owned(), OLD.to_owned())
        );
        assert_eq!(old.binding(), Binding::Text("ttl 60 min".to_owned()));
        let moved = PlanExplanation::from_stored(&old.clock_moved(-90_000).to_stored());
        assert!(moved.to_string().starts_with(OLD));
        assert!(
            moved
                .to_string()
                .ends_with("moved back by 90 s: the machine's clock was set")
        );
        let sentence = PlanExplanation::from_stored("404 <Not> Found");
        assert_eq!(
            sentence.binding(),
            Binding::Text("404 <Not> Found".to_owned())
        );
        let far = "next poll x\n  wanted > 03-10 14:35 failure 2 in a row  <- binding";
        let far = PlanExplanation::from_stored(far);
        assert_eq!(
            far.binding(),
            Binding::Text("failure 2 in a row".to_owned())
        );
    }

    #[test]
    fn a_form_of_a_later_version_is_shown_as_it_is() {
        let later = r#"{"version":2,"basis":{"text":"x"}}"#;
        assert_eq!(PlanExplanation::from_stored(later).to_string(), later);
    }

    #[test]
    fn a_plan_lists_every_constraint_and_marks_the_deciding_one() {
        let (_, plan) = after(&[document(noon(), 5)], &policy());
        let text = plan.explanation.to_string();
        let mut lines = text.lines();
        assert!(
            lines.next().unwrap().starts_with("next poll 2026-03-10T"),
            "{text}"
        );
        let labels: Vec<&str> = lines
            .map(|line| line.trim().split(' ').next().unwrap())
            .collect();
        assert_eq!(labels, ["wanted", "floor", "cap", "then", "skip"], "{text}");
        assert_eq!(text.matches("<- binding").count(), 1, "{text}");
    }
}
