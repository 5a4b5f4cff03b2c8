//! The part of a text that shows its language, and what a detector says about it.

use whatlang::Script;

use super::codes::{are_kin, short};
use crate::text::function_words;

/// Fewest letters that a guess is made from.
pub(super) const LETTERS_MIN: usize = 60;
/// Minimum number of letters in a text whose detected language overrides that of its document.
pub(super) const CLEAR_LETTERS_MIN: usize = 200;
/// Most characters of one text that a guess looks at.
const CHARS_MAX: usize = 300;

pub(super) struct Guess {
    pub(super) language: String,
    pub(super) script: Script,
    pub(super) confidence: f64,
    pub(super) letters: usize,
}

impl Guess {
    fn is_clear(&self) -> bool {
        self.letters >= CLEAR_LETTERS_MIN && self.confidence >= 1.0
    }
}

/// The part of a text that is examined.
pub(super) struct Sample {
    pub(super) head: String,
    pub(super) letters: usize,
}

impl Sample {
    pub(super) fn of(text: &str) -> Self {
        let head = head(text);
        Self {
            letters: letters_of(&head),
            head,
        }
    }

    /// Whether a long text is so plainly in a language that the detector need not be asked.
    pub(super) fn is_plainly(&self, language: &str) -> bool {
        self.letters >= CLEAR_LETTERS_MIN && function_words::are_of(language, &self.head, are_kin)
    }

    /// The language that a long text is clearly in.
    pub(super) fn clear_guess(&self) -> Option<Guess> {
        let is_long = self.letters >= CLEAR_LETTERS_MIN;
        let guess = is_long.then(|| self.guess()).flatten();
        guess.filter(Guess::is_clear)
    }

    /// The language that a text is reliably in (ISO 639-1 where it has a code).
    pub(super) fn guess(&self) -> Option<Guess> {
        if self.letters < LETTERS_MIN {
            return None;
        }
        #[cfg(test)]
        GUESSES.with(|n| n.set(n.get() + 1));
        let info = whatlang::detect(&self.head).filter(whatlang::Info::is_reliable)?;
        Some(Guess {
            language: short(info.lang().code()).to_owned(),
            script: info.script(),
            confidence: info.confidence(),
            letters: self.letters,
        })
    }
}

#[cfg(test)]
thread_local! {
    /// How often the detector was asked.
    pub(super) static GUESSES: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// The first words of a text, without addresses: these are in no language.
pub(super) fn head(text: &str) -> String {
    let is_address = |word: &&str| word.contains("://") || word.starts_with("www.");
    let mut head = String::new();
    let mut room = CHARS_MAX;
    for word in text.split_whitespace().filter(|word| !is_address(word)) {
        let word: String = word.chars().take(room).collect();
        room = room.saturating_sub(word.chars().count() + 1);
        head.push_str(&word);
        head.push(' ');
        if room == 0 {
            break;
        }
    }
    head
}

pub(super) fn letters_of(text: &str) -> usize {
    text.chars().filter(|c| c.is_alphabetic()).count()
}
