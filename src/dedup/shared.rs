//! What two copies have in common, as text for a person. It illustrates a decision; [`super::verdict`] makes it.

use std::collections::HashSet;

use crate::text::fold;

/// Passages shown at most, the longest first.
const PASSAGES_MAX: usize = 3;
/// Words of the shortest passage shown.
const PASSAGE_WORDS_MIN: usize = 4;
/// Words of a passage shown at most.
const PASSAGE_WORDS_MAX: usize = 40;
/// Words of each text that are looked through: time goes with their product.
const WORDS_MAX: usize = 1500;

/// The longest runs of words that both texts contain, compared without case, marks and accents.
#[must_use]
pub fn passages(a: &str, b: &str) -> Vec<String> {
    let (a, b) = (words(a), words(b));
    let mut runs = runs(&a, &b);
    runs.sort_by_key(|run| std::cmp::Reverse(run.len()));
    let mut taken: Vec<std::ops::Range<usize>> = Vec::new();
    for run in runs {
        let is_apart =
            |other: &std::ops::Range<usize>| run.end <= other.start || other.end <= run.start;
        if taken.len() < PASSAGES_MAX && taken.iter().all(is_apart) {
            taken.push(run);
        }
    }
    let shown = taken.into_iter().filter_map(|run| a.get(run));
    shown.map(joined).collect()
}

/// The words that both headlines contain, in the order of the first.
#[must_use]
pub fn headline_words(a: &str, b: &str) -> Vec<String> {
    let others: HashSet<String> = fold::tokens(b).into_iter().collect();
    let mut seen = HashSet::new();
    fold::tokens(a)
        .into_iter()
        .filter(|word| others.contains(word) && seen.insert(word.clone()))
        .collect()
}

fn words(text: &str) -> Vec<String> {
    let mut words = fold::tokens(text);
    words.truncate(WORDS_MAX);
    words
}

/// The runs of `a` that occur in `b` and cannot be extended on either side.
fn runs(a: &[String], b: &[String]) -> Vec<std::ops::Range<usize>> {
    let mut runs = Vec::new();
    // How many words up to here agree, for the word of `a` before this one and each of `b`.
    let mut before = vec![0; b.len() + 1];
    for (at, word) in a.iter().enumerate() {
        let mut here = vec![0; b.len() + 1];
        for (of, other) in b.iter().enumerate() {
            if word != other {
                continue;
            }
            let len = before.get(of).copied().unwrap_or(0) + 1;
            if let Some(cell) = here.get_mut(of + 1) {
                *cell = len;
            }
            let goes_on = a
                .get(at + 1)
                .is_some_and(|next| b.get(of + 1) == Some(next));
            if len >= PASSAGE_WORDS_MIN && !goes_on {
                runs.push(at + 1 - len..at + 1);
            }
        }
        before = here;
    }
    runs
}

/// Words as a line; those of scripts without spaces are joined directly.
fn joined(words: &[String]) -> String {
    let is_letter = |word: &str| word.chars().count() == 1 && !word.is_ascii();
    let mut line = String::new();
    let mut was_letter = true;
    for word in words.iter().take(PASSAGE_WORDS_MAX) {
        if !(was_letter && is_letter(word) || line.is_empty()) {
            line.push(' ');
        }
        line.push_str(word);
        was_letter = is_letter(word);
    }
    if words.len() > PASSAGE_WORDS_MAX {
        line.push_str(" …");
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_passages_are_shown_once_each() {
        let a = "The harbour masters of Aldmouth and Kessport met on Friday. They agreed on buoys, and on little else.";
        let b = "On Friday the harbour masters of Aldmouth and Kessport met. “They agreed on buoys,” a clerk said.";
        assert_eq!(
            passages(a, b),
            [
                "the harbour masters of aldmouth and kessport met",
                "they agreed on buoys"
            ]
        );
        assert!(passages(a, "Nothing of the kind.").is_empty());
    }

    #[test]
    fn scripts_without_spaces_are_printed_without() {
        assert_eq!(
            passages("港湾当局は月曜日に発表した", "東京の港湾当局は発表した"),
            ["港湾当局は", "発表した"]
        );
    }

    #[test]
    fn headlines_share_words() {
        assert_eq!(
            headline_words("Lighthouse to be lit again", "Again: Old lighthouse, lit"),
            ["lighthouse", "lit", "again"]
        );
    }
}
