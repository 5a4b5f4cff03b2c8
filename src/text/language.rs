//! The language of an article: what the feed or the document declares, unless a long text clearly contradicts it. Never
//! guesses from a few words.

mod codes;
mod sample;
mod votes;

use std::borrow::Cow;
use std::collections::HashMap;

use whatlang::Script;

use super::fold::{fold, fold_into};
pub use codes::of_tag;
use codes::{are_kin, is_detected, primary};
use sample::{LETTERS_MIN, Sample, letters_of};
pub use votes::Votes;
use votes::vote;

/// How many samples must agree before a document contradicts what it declares.
const CONTRADICTING_MIN: usize = 3;

/// What is known about the language before an article is read.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Prior {
    /// The dominant language of the feed, and its script.
    dominant: Option<(String, Script)>,
    /// Whether enough texts are in it to contradict what the document declares.
    is_clear: bool,
}

impl Prior {
    /// The prior of a feed whose newest texts are so.
    #[must_use]
    pub fn of(votes: &Votes) -> Self {
        let is_one_more =
            votes.samples().len() < CONTRADICTING_MIN && letters_of(votes.rest()) >= LETTERS_MIN;
        let last = is_one_more.then(|| vote(votes.rest(), None));
        let samples = votes.samples().iter().chain(&last);
        let mut votes: HashMap<&(String, Script), usize> = HashMap::new();
        let mut all = 0;
        for sample in samples {
            all += 1;
            if let Some(vote) = sample {
                *votes.entry(vote).or_default() += 1;
            }
        }
        let Some((dominant, count)) = votes.into_iter().max_by_key(|(_, count)| *count) else {
            return Self::default();
        };
        // Two thirds: a feed in two languages has no dominant one.
        let is_dominant = count * 3 >= all * 2;
        Self {
            dominant: is_dominant.then(|| dominant.clone()),
            is_clear: is_dominant && count >= CONTRADICTING_MIN,
        }
    }

    /// The language of a text. `declared` is what its document declares.
    #[must_use]
    pub fn language(&self, declared: Option<&str>, text: &str) -> Option<String> {
        let sample = Sample::of(text);
        if let Some(declared) = declared.and_then(primary) {
            if !is_detected(&declared) || sample.is_plainly(&declared) {
                return Some(declared);
            }
            let dominant = self.dominant.as_ref().filter(|_| self.is_clear);
            let dominant = dominant.map(|(language, _)| language.clone());
            let other = sample.clear_guess().map(|guess| guess.language);
            let other = other.or(dominant);
            let other = other.filter(|other| !are_kin(&declared, other));
            return Some(other.unwrap_or(declared));
        }
        let Some((dominant, script)) = &self.dominant else {
            return sample.guess().map(|guess| guess.language);
        };
        if sample.is_plainly(dominant) {
            return Some(dominant.clone());
        }
        let clear = sample.clear_guess();
        if let Some(clear) = clear.filter(|guess| !are_kin(dominant, &guess.language)) {
            return Some(clear.language);
        }
        match whatlang::detect_script(&sample.head) {
            Some(written) if !is_written_in(dominant, *script, written) => {
                sample.guess().map(|guess| guess.language)
            }
            _ => Some(dominant.clone()),
        }
    }
}

/// The text that shows an article's language: headline and text, or one of them if it repeats the other.
#[must_use]
pub fn evidence<'a>(title: &'a str, text: &'a str) -> Cow<'a, str> {
    let bare = |text: &str| {
        fold(text)
            .trim_matches(|c: char| !c.is_alphanumeric())
            .to_owned()
    };
    let text_head: String = text.chars().take(title.chars().count() + 1).collect();
    let (short, long) = (bare(title), bare(&text_head));
    if long.starts_with(&short) {
        Cow::Borrowed(text)
    } else if begins(&short, text) {
        Cow::Borrowed(title)
    } else {
        Cow::Owned(format!("{title}\n{text}"))
    }
}

/// Whether a folded text begins with all of another, which is read no further than it has to be.
fn begins(folded: &str, text: &str) -> bool {
    let bare = |text: &str| text.trim_matches(|c: char| !c.is_alphanumeric()).to_owned();
    let mut beginning = String::from(" ");
    for word in text.split_whitespace() {
        fold_into(&mut beginning, word);
        if beginning.len() > folded.len() + 2 && bare(&beginning).len() > folded.len() {
            return false;
        }
    }
    folded.starts_with(&bare(&beginning))
}

/// Whether a text in the script `written` can be in a language whose texts are mostly in `usual`.
fn is_written_in(language: &str, usual: Script, written: Script) -> bool {
    let is_japanese = matches!(
        written,
        Script::Hiragana | Script::Katakana | Script::Mandarin
    );
    written == usual || language == "ja" && is_japanese
}

#[cfg(test)]
mod tests;
