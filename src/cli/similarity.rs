//! How similar two copies are, for `newswire explain`: the figures of the comparison, and the words in common.

use std::time::Duration;

use serde::Serialize;

use crate::dedup::{Ground, Verdict, shared};
use crate::model::{ArticleView, span};

/// The result of comparing two copies.
#[derive(Debug, Serialize)]
pub struct Similarity {
    /// Why they are the same article or not: [`Ground::as_str`].
    pub ground: &'static str,
    /// Share, 0 to 1, of the shorter copy's sequences of four words that the other has, too.
    pub runs: f64,
    /// The same of the sequences after its beginning.
    pub runs_behind: f64,
    /// The same of the words of its beginning.
    pub words: f64,
    /// The same of the words of its headline.
    pub headline: f64,
    /// The same of the numbers of its beginning.
    pub numbers: f64,
    /// Time between their publication, in seconds.
    pub apart_seconds: u64,
    /// The longest passages that both texts contain.
    pub passages: Vec<String>,
    /// The words that both headlines contain.
    pub headline_words: Vec<String>,
    #[serde(skip)]
    reason: Ground,
}

impl Similarity {
    /// Compares two copies with their bodies; `verdict` has the figures.
    pub fn of(verdict: &Verdict, a: &ArticleView, b: &ArticleView) -> Self {
        let text = |copy: &ArticleView| copy.content_text.clone().unwrap_or_default();
        let share = |share: f64| (share * 1000.0).round() / 1000.0;
        let like = verdict.likeness;
        Self {
            ground: verdict.ground.as_str(),
            runs: share(like.grams),
            runs_behind: share(like.rest),
            words: share(like.words),
            headline: share(like.title),
            numbers: share(like.numbers),
            apart_seconds: verdict.apart.as_secs(),
            passages: shared::passages(&text(a), &text(b)),
            headline_words: shared::headline_words(&a.title, &b.title),
            reason: verdict.ground,
        }
    }

    /// Whether these two copies alone would be one story.
    pub fn is_one_piece(&self) -> bool {
        self.reason.is_one_piece()
    }

    /// The reason and the words in common, as rows of a table.
    pub fn facts(&self) -> Vec<(&'static str, String)> {
        let quoted: Vec<String> = self.passages.iter().map(|p| format!("“{p}”")).collect();
        let mut facts = vec![("because", self.because())];
        if !quoted.is_empty() {
            facts.push(("in both", quoted.join("  ")));
        }
        if !self.headline_words.is_empty() {
            facts.push(("headlines", self.headline_words.join(" ")));
        }
        facts
    }

    /// The reason with the figures.
    fn because(&self) -> String {
        let shares = [
            (self.runs, "four-word sequences"),
            (self.words, "first words"),
            (self.headline, "the headline"),
            (self.numbers, "numbers"),
        ];
        let shares: Vec<String> = shares
            .iter()
            .map(|(share, of)| format!("{:.0}% of {of}", share * 100.0))
            .collect();
        format!(
            "{}: {} in common; {} apart",
            in_words(self.reason),
            shares.join(", "),
            span::two_units(Duration::from_secs(self.apart_seconds))
        )
    }
}

fn in_words(ground: Ground) -> &'static str {
    match ground {
        Ground::SamePage => "the same page",
        Ground::SameText => "the same text",
        Ground::SameHeadline => "the same long headline, or nearly the same",
        Ground::Contained => "one contains most of the other",
        Ground::Rewritten => "one contains the words of the other, rewritten",
        Ground::UnderAnotherLead => "the same text with a different beginning",
        Ground::TooFarApart => "too far apart in time",
        Ground::OnlyEquality => "only identical copies are joined here",
        Ground::AnotherOfItsSeries => {
            "one feed's headlines that differ only in a number, weekday or month"
        }
        Ground::OtherNumbers => "the same pattern with different numbers",
        Ground::OtherSubject => "the same pattern about a different subject",
        Ground::TooShort => "too few words to compare",
        Ground::TooLittleForSoLong => {
            "enough in common for copies an hour apart, but not for copies so far apart"
        }
        Ground::TooLittle => "not enough in common",
    }
}
