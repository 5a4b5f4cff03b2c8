//! The result of comparing two copies, with the reason and the figures. Decisions are based on it, and `newswire explain`
//! prints it.

use std::time::Duration;

use super::copy::Signal;
use super::fingerprint::Fingerprint;
use super::sketch::{Sketch, is_number};

/// Words of the shorter copy's beginning that are looked for, and of the other in which.
const LEAD_SOUGHT: usize = 40;
const LEAD_SEARCHED: usize = 60;
/// The number of grams after the lead that is sufficient for a decision.
const REST_MIN: usize = 24;

/// The result of comparing two copies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Verdict {
    /// The reason.
    pub ground: Ground,
    /// How similar they are.
    pub likeness: Likeness,
    /// How far apart they were printed.
    pub apart: Duration,
}

/// Why two copies are the same article, or are not as far as can be decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ground {
    /// The same: both name one page.
    SamePage,
    /// The same: one text.
    SameText,
    /// The same: one long headline, within a day, in two feeds; or nearly, over texts with something in common.
    SameHeadline,
    /// The same: one holds most of the other.
    Contained,
    /// The same: one contains the words of the other, with different phrases between them.
    Rewritten,
    /// The same: one text under another beginning.
    UnderAnotherLead,
    /// Not the same: too long between them.
    TooFarApart,
    /// Unknown: only equal copies are joined here.
    OnlyEquality,
    /// Not the same: headlines of one feed that differ in a number, a weekday or a month.
    AnotherOfItsSeries,
    /// Not the same: the numbers of one are not those of the other.
    OtherNumbers,
    /// Not the same: one form, filled in for another subject.
    OtherSubject,
    /// Undecided: too few words.
    TooShort,
    /// Not the same: enough in common for an hour, too little for such a long time.
    TooLittleForSoLong,
    /// Not the same: too little in common.
    TooLittle,
}

impl Ground {
    /// The stable name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SamePage => "same_page",
            Self::SameText => "same_text",
            Self::SameHeadline => "same_headline",
            Self::Contained => "contained",
            Self::Rewritten => "rewritten",
            Self::UnderAnotherLead => "under_another_lead",
            Self::TooFarApart => "too_far_apart",
            Self::OnlyEquality => "only_equality",
            Self::AnotherOfItsSeries => "another_of_its_series",
            Self::OtherNumbers => "other_numbers",
            Self::OtherSubject => "other_subject",
            Self::TooShort => "too_short",
            Self::TooLittleForSoLong => "too_little_for_so_long",
            Self::TooLittle => "too_little",
        }
    }

    /// Whether this is a reason for, not against.
    #[must_use]
    pub fn is_one_piece(self) -> bool {
        matches!(
            self,
            Self::SamePage
                | Self::SameText
                | Self::SameHeadline
                | Self::Contained
                | Self::Rewritten
                | Self::UnderAnotherLead
        )
    }
}

impl Verdict {
    /// The signal and the score, 0 to 1, by which the two are the same; `None` if they are not.
    #[must_use]
    pub fn join(&self) -> Option<(Signal, f64)> {
        let Likeness {
            grams, words, rest, ..
        } = self.likeness;
        match self.ground {
            Ground::SamePage => Some((Signal::Url, 1.0)),
            Ground::SameText => Some((Signal::Text, 1.0)),
            Ground::SameHeadline => Some((Signal::Near, grams.max(0.45 + words / 10.0))),
            Ground::Contained => Some((Signal::Near, grams)),
            Ground::Rewritten => Some((Signal::Near, (grams + words) / 2.0 * 0.9)),
            Ground::UnderAnotherLead => Some((Signal::Near, rest * 0.9)),
            _ => None,
        }
    }
}

/// The similarity of two copies: shares from 0 to 1 of the shorter one.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Likeness {
    /// The share of its 4-word runs that the other's sketch has (containment, Broder 1997).
    pub grams: f64,
    /// The same for the text after its beginning; 0 if that is too short.
    pub rest: f64,
    /// The share of the first words of its text that the beginning of the other has.
    pub words: f64,
    /// Of the words of the shorter headline, those of the other.
    pub title: f64,
    /// The share of the numbers among its first words that the other has; 1 if either has none.
    pub numbers: f64,
}

impl Likeness {
    /// Measures two copies, in either order: of two that are equally long, the words decide which one is the shorter.
    #[must_use]
    pub fn of(p: &Fingerprint, q: &Fingerprint) -> Self {
        let (short, long) = if (p.words, &p.sketch) <= (q.words, &q.sketch) {
            (&p.sketch, &q.sketch)
        } else {
            (&q.sketch, &p.sketch)
        };
        let (a, b) = (short.title(), long.title());
        let among = long.grams();
        Self {
            grams: share(&short.grams(), &among),
            rest: if short.rest().len() < REST_MIN {
                0.0
            } else {
                share(short.rest(), &among)
            },
            words: share(
                first(short.words(), LEAD_SOUGHT),
                first(long.words(), LEAD_SEARCHED),
            ),
            title: if a.len() <= b.len() {
                share(a, b)
            } else {
                share(b, a)
            },
            numbers: numbers(short, long),
        }
    }
}

/// Forms differ in numbers and little else.
fn numbers(short: &Sketch, long: &Sketch) -> f64 {
    let of = |words: &[u16]| -> Vec<u16> {
        let numbers = words.iter().copied();
        numbers.filter(|word| is_number(*word)).collect()
    };
    let sought = of(first(short.words(), LEAD_SOUGHT));
    let searched = of(long.words());
    if sought.is_empty() || searched.is_empty() {
        1.0
    } else {
        share(&sought, &searched)
    }
}

fn first(words: &[u16], n: usize) -> &[u16] {
    words.get(..n).unwrap_or(words)
}

/// Share of the different values of `of` that are among `among`; nothing holds nothing. Quadratic over at most a hundred
/// short values, which beats building sets.
fn share(of: &[u16], among: &[u16]) -> f64 {
    let (mut different, mut held) = (0_u32, 0_u32);
    for (at, value) in of.iter().enumerate() {
        if of.get(..at).is_some_and(|before| before.contains(value)) {
            continue;
        }
        different += 1;
        held += u32::from(among.contains(value));
    }
    if different == 0 {
        0.0
    } else {
        f64::from(held) / f64::from(different)
    }
}
