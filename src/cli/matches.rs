//! Why a copy matches an expression: the words and conditions, for `newswire explain` and `newswire topic explain`.

use std::collections::HashSet;

use serde::Serialize;

use crate::model::{ArticleView, Time, WebUrl};
use crate::query::{Expr, Facts, Folded, Text, eval};

/// A part of an expression that matches a copy: words in a field, or a condition.
#[derive(Debug, Serialize, PartialEq, Eq)]
pub struct Match {
    /// `title`, `body`, `author`, …; for a condition `tag`, `copies`, …
    pub field: &'static str,
    /// The word, phrase or regular expression; for a condition, all of it.
    pub words: String,
}

impl Match {
    /// The match as text.
    pub fn in_words(&self) -> String {
        let is_text = ["title", "body", "author", "category", "agency"].contains(&self.field);
        match is_text {
            true => format!("{} in {}", self.words, self.field),
            false => self.words.clone(),
        }
    }
}

/// A copy with all data that expressions are evaluated on.
pub struct EvaluatedCopy {
    text: Folded,
    facts: Facts,
    now: Time,
}

impl EvaluatedCopy {
    /// `copies` are all copies of its story.
    pub fn of(copy: &ArticleView, copies: &[ArticleView], now: Time) -> Self {
        let host = |url: &String| WebUrl::parse(url).ok().map(|url| url.host().to_owned());
        let feeds: HashSet<_> = copies.iter().map(|c| c.feed.id).collect();
        let facts = Facts {
            feed_id: copy.feed.id.to_string(),
            feed_title: copy.feed.title.clone(),
            feed_url: copy.feed_url.clone(),
            tags: copy.tags.clone(),
            hosts: copy
                .url
                .iter()
                .chain(&copy.feed.site)
                .filter_map(host)
                .collect(),
            url: copy.url.clone(),
            language: copy.language.clone(),
            arrived: copy.arrived,
            copies: u64::from(copy.copies),
            feeds: feeds.len() as u64,
            topics: copy.topics.clone(),
        };
        Self {
            text: folded(copy),
            facts,
            now,
        }
    }

    /// The parts of an expression that match: those that it requires, and those that it excludes.
    pub fn matches(&self, expr: &Expr) -> (Vec<Match>, Vec<Match>) {
        let found = eval::matched_terms(expr, &self.text, &self.facts, self.now);
        let (unwanted, wanted): (Vec<_>, Vec<_>) = found.into_iter().partition(|f| f.is_negated);
        let plain = |list: Vec<eval::MatchedTerm>| {
            let found = list.into_iter().map(|f| Match {
                field: f.field,
                words: f.words,
            });
            found.collect()
        };
        (plain(wanted), plain(unwanted))
    }
}

/// The folded text of a copy that has its body.
fn folded(copy: &ArticleView) -> Folded {
    let authors: Vec<&str> = copy
        .authors
        .iter()
        .filter_map(|a| a.name.as_deref())
        .collect();
    let categories: Vec<&str> = copy
        .categories
        .iter()
        .flat_map(|c| [Some(c.term.as_str()), c.label.as_deref()])
        .flatten()
        .collect();
    let agencies: Vec<&str> = copy.agencies.iter().map(String::as_str).collect();
    Folded::of(&Text {
        title: &copy.title,
        summary: &copy.summary,
        body: copy.content_text.as_deref().unwrap_or_default(),
        authors: &authors,
        categories: &categories,
        agencies: &agencies,
    })
}
