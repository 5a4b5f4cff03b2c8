//! How alike two copies are, as people and programs read it: the figures of the decision, and words that show them.

use std::time::Duration;

use serde::Serialize;

use super::humanize::rough;
use crate::dedup::{Ground, Verdict, shared};
use crate::model::ArticleView;

/// What comparing two copies comes to.
#[derive(Debug, Serialize)]
pub struct Alike {
    /// Why they are one piece, or are not: [`Ground::as_str`].
    pub ground: &'static str,
    /// Shares, 0 to 1, of what the shorter copy has: its runs of four words, …
    pub runs: f64,
    /// … those of them behind its beginning, …
    pub runs_behind: f64,
    /// … the words of its beginning, …
    pub words: f64,
    /// … those of its headline, …
    pub headline: f64,
    /// … the numbers of its beginning.
    pub numbers: f64,
    /// How far apart they were printed.
    pub apart_seconds: u64,
    /// The longest passages of both texts.
    pub passages: Vec<String>,
    /// The words of both headlines.
    pub headline_words: Vec<String>,
    #[serde(skip)]
    of: Ground,
}

impl Alike {
    /// From the figures and from the two copies with their bodies.
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
            of: verdict.ground,
        }
    }

    /// Whether the two alone would be one story.
    pub fn is_one_piece(&self) -> bool {
        self.of.is_one_piece()
    }

    /// As lines of a table of facts: why, and the words in common.
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

    /// The shares are of what the shorter copy has.
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
            in_words(self.of),
            shares.join(", "),
            rough(Duration::from_secs(self.apart_seconds))
        )
    }
}

fn in_words(ground: Ground) -> &'static str {
    match ground {
        Ground::SamePage => "both name one page",
        Ground::SameText => "both have one text",
        Ground::SameHeadline => "both have one long headline, or nearly",
        Ground::Contained => "one holds most of the other",
        Ground::Rewritten => "the words of one stand in the other, with other turns between them",
        Ground::UnderAnotherLead => "one text under another beginning",
        Ground::TooFarApart => "too long between them",
        Ground::OnlyEquality => "near copies are not joined here, only equal ones",
        Ground::AnotherOfItsSeries => {
            "headlines of one feed that differ in a number, weekday or month"
        }
        Ground::OtherNumbers => "one form with other numbers",
        Ground::OtherSubject => "one form, filled in for another subject",
        Ground::TooShort => "too few words to tell",
        Ground::TooLittleForSoLong => {
            "enough in common for an hour, too little for so long between them"
        }
        Ground::TooLittle => "too little in common",
    }
}
