//! Votes of a feed's newest texts for its language, kept with the feed.

use std::borrow::Cow;
use std::collections::VecDeque;

use whatlang::Script;

use super::sample::{CLEAR_LETTERS_MIN, Sample, head, letters_of};

/// Most samples of a document that a guess is made from.
const SAMPLES_MAX: usize = 50;

/// The languages of the newest texts of a feed. They are stored with the feed, because of most documents only the new
/// articles are read, and one short text is no evidence.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Votes {
    /// One vote per sample, the newest first; `None` if no language was detected reliably.
    samples: VecDeque<Option<(String, Script)>>,
    /// Texts that are no sample yet, because they are too short.
    rest: String,
}

impl Votes {
    /// No votes.
    #[must_use]
    pub const fn none() -> Self {
        Self {
            samples: VecDeque::new(),
            rest: String::new(),
        }
    }

    /// The votes, the newest first.
    pub(super) fn samples(&self) -> &VecDeque<Option<(String, Script)>> {
        &self.samples
    }

    /// The texts of the unfinished sample.
    pub(super) fn rest(&self) -> &str {
        &self.rest
    }

    /// Adds texts that are newer than all before, the newest first.
    pub fn add<'a>(&mut self, texts: impl IntoIterator<Item = Cow<'a, str>>) {
        let mut new = VecDeque::new();
        let mut sample = std::mem::take(&mut self.rest);
        let mut letters = letters_of(&sample);
        let mut last = self.samples.iter().flatten().next().cloned();
        for text in texts {
            let head = head(&text);
            letters += letters_of(&head);
            sample.push_str(&head);
            sample.push('\n');
            if letters >= CLEAR_LETTERS_MIN {
                let vote = vote(&sample, last.as_ref());
                last = vote.clone().or(last);
                new.push_back(vote);
                sample.clear();
                letters = 0;
                if new.len() == SAMPLES_MAX {
                    break;
                }
            }
        }
        self.rest = sample;
        new.append(&mut self.samples);
        new.truncate(SAMPLES_MAX);
        self.samples = new;
    }

    /// The stored form: the votes, run-length encoded, and the unfinished sample on the next line.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut votes: Vec<(&Option<(String, Script)>, usize)> = Vec::new();
        for vote in &self.samples {
            match votes.last_mut() {
                Some((last, count)) if *last == vote => *count += 1,
                _ => votes.push((vote, 1)),
            }
        }
        let votes: Vec<String> = votes
            .into_iter()
            .map(|(vote, count)| match vote {
                Some((language, script)) => format!("{language}/{script}*{count}"),
                None => format!("?*{count}"),
            })
            .collect();
        format!("{}\n{}", votes.join(" "), self.rest)
    }

    /// Reads the stored form. Whatever cannot be read is left out.
    #[must_use]
    pub fn of_text(kept: &str) -> Self {
        let (votes, rest) = kept.split_once('\n').unwrap_or((kept, ""));
        let votes = votes.split(' ').filter_map(|written| {
            let (vote, count) = written.split_once('*')?;
            let vote = match vote.split_once('/') {
                Some((language, script)) => Some((language.to_owned(), script.parse().ok()?)),
                None => None,
            };
            Some(std::iter::repeat_n(vote, count.parse().ok()?))
        });
        Self {
            samples: votes.flatten().take(SAMPLES_MAX).collect(),
            rest: rest.to_owned(),
        }
    }
}

/// The language that a sample is reliably in. `last` is tried first, without the detector.
pub(super) fn vote(sample: &str, last: Option<&(String, Script)>) -> Option<(String, Script)> {
    let sample = Sample::of(sample);
    let is_as_last = |(language, script): &&(String, Script)| {
        sample.is_plainly(language) && whatlang::detect_script(&sample.head) == Some(*script)
    };
    if let Some(last) = last.filter(is_as_last) {
        return Some(last.clone());
    }
    sample.guess().map(|guess| (guess.language, guess.script))
}
