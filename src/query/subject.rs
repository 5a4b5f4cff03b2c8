//! An article as expressions use it: its text, folded once, and the facts about it.

use super::ast::Scope;
use super::part::{Builder, Part};
use crate::model::Time;
use crate::text::fold::BREAK;

/// The text of an article as its parts, before folding.
#[derive(Debug, Clone, Copy, Default)]
pub struct Text<'a> {
    /// The headline.
    pub title: &'a str,
    /// The standfirst.
    pub summary: &'a str,
    /// The body's text.
    pub body: &'a str,
    /// Names of authors.
    pub authors: &'a [&'a str],
    /// The publisher's labels.
    pub categories: &'a [&'a str],
    /// Agencies credited.
    pub agencies: &'a [&'a str],
}

/// The text of an article, folded: computed once, matched by every topic.
#[derive(Debug, Clone, Default)]
pub struct Folded {
    /// The headline.
    pub title: Part,
    /// Standfirst and body.
    pub body: Part,
    /// Authors.
    pub author: Part,
    /// Labels.
    pub category: Part,
    /// Agencies.
    pub agency: Part,
    /// Tokens of the body.
    pub words: u64,
    pub(crate) raw: Raw,
}

/// The unfolded text, for regular expressions.
#[derive(Debug, Clone, Default)]
pub(crate) struct Raw {
    title: String,
    body: String,
    author: String,
    category: String,
    agency: String,
}

/// What is known about an article besides its text.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// The feed's id.
    pub feed_id: String,
    /// The feed's title.
    pub feed_title: String,
    /// The feed's URL.
    pub feed_url: String,
    /// The feed's folder and tags.
    pub tags: Vec<String>,
    /// Hosts: of the page, and of the feed's site.
    pub hosts: Vec<String>,
    /// The page.
    pub url: Option<String>,
    /// A language tag.
    pub language: Option<String>,
    /// Its position in the river.
    pub arrived: Time,
    /// Copies of its story.
    pub copies: u64,
    /// Feeds that carry its story.
    pub feeds: u64,
    /// Topics it belongs to.
    pub topics: Vec<String>,
}

impl Folded {
    /// Folds the parts of an article.
    pub fn of(text: &Text<'_>) -> Self {
        let mut body = Builder::of(&[text.body]);
        let words = body.tokens() as u64;
        if !text.summary.is_empty() {
            let summary = Builder::of(&[text.summary]);
            // A summary that the body contains adds nothing.
            if !body.contains(&summary) {
                body = summary.followed_by(body);
            }
        }
        Self {
            title: Part::of(&[text.title]),
            body: body.part(),
            author: Part::of(text.authors),
            category: Part::of(text.categories),
            agency: Part::of(text.agencies),
            words,
            ..Self::raw_only(text)
        }
    }

    /// Only the unfolded text, for an expression without words: nothing is folded, and no word matches.
    pub fn raw_only(text: &Text<'_>) -> Self {
        Self {
            raw: Raw {
                title: text.title.to_owned(),
                body: format!("{}\n{}", text.summary, text.body),
                author: text.authors.join("\n"),
                category: text.categories.join("\n"),
                agency: text.agencies.join("\n"),
            },
            ..Self::default()
        }
    }

    /// Adds the unfolded text, for regular expressions.
    pub(crate) fn set_raw(&mut self, text: &Text<'_>) {
        self.raw = Self::raw_only(text).raw;
    }

    /// Drops the parts as printed: a regular expression finds nothing in them from now on.
    pub(crate) fn drop_raw(&mut self) {
        self.raw = Raw::default();
    }

    /// The folded words of the body, without those of a standfirst before it.
    #[must_use]
    pub fn body_words(&self) -> &str {
        self.body.words().rsplit(BREAK).next().unwrap_or_default()
    }

    /// The folded parts that a scope means.
    pub fn parts(&self, scope: Scope) -> impl Iterator<Item = &Part> {
        let (first, second): (&Part, Option<&Part>) = match scope {
            Scope::Any => (&self.title, Some(&self.body)),
            Scope::Title => (&self.title, None),
            Scope::Body => (&self.body, None),
            Scope::Author => (&self.author, None),
            Scope::Category => (&self.category, None),
            Scope::Agency => (&self.agency, None),
        };
        std::iter::once(first).chain(second)
    }

    /// Whether there are joined words or emoji in any part.
    pub fn has_derived(&self) -> bool {
        let labels = [&self.author, &self.category, &self.agency];
        let mut parts = [&self.title, &self.body].into_iter().chain(labels);
        parts.any(Part::has_derived)
    }

    /// The parts as printed that a scope means.
    pub fn raw(&self, scope: Scope) -> impl Iterator<Item = &str> {
        let (first, second): (&str, Option<&str>) = match scope {
            Scope::Any => (&self.raw.title, Some(&self.raw.body)),
            Scope::Title => (&self.raw.title, None),
            Scope::Body => (&self.raw.body, None),
            Scope::Author => (&self.raw.author, None),
            Scope::Category => (&self.raw.category, None),
            Scope::Agency => (&self.raw.agency, None),
        };
        std::iter::once(first).chain(second)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body_of(summary: &str, body: &str) -> String {
        let text = Text {
            summary,
            body,
            ..Text::default()
        };
        Folded::of(&text).body.words().to_owned()
    }

    #[test]
    fn a_summary_is_left_out_only_if_all_its_words_stand_in_the_body() {
        assert_eq!(body_of("A red fox…", "A red fox came."), " a red fox came ");
        let text = Text {
            summary: "Of a fox.",
            body: "A red fox came.",
            ..Text::default()
        };
        assert_eq!(Folded::of(&text).body_words().trim(), "a red fox came");
        let cut = body_of("A red fo…", "A red fox came.");
        assert!(cut.contains(" fo ") && cut.contains(" fox "), "{cut:?}");
    }
}
