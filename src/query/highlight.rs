//! The positions in a text of the words that an expression searches for, to highlight them. Never decides what matches;
//! where the two could differ, fewer words are highlighted.

use std::ops::Range;

use super::ast::{Expr, Pattern, Scope};
use super::regex::Regex;
use crate::text::characters::{is_accent, is_spaceless, is_word};
use crate::text::fold::fold;

/// The most words that are joined into one: `u.s.s.r.`.
const JOINED_MAX: usize = 4;

/// The most positions that are highlighted in a text.
const PLACES_MAX: usize = 200;

/// The patterns that an expression searches for.
#[derive(Debug, Clone, Default)]
pub struct Highlighter {
    phrases: Vec<Phrase>,
    regexes: Vec<(Scope, Regex)>,
}

/// Consecutive words.
#[derive(Debug, Clone)]
struct Phrase {
    scope: Scope,
    words: Vec<String>,
    /// Whether the last word is a prefix.
    is_open: bool,
}

/// A word of a text: its byte range and its folded form.
struct Word {
    place: Range<usize>,
    folded: String,
}

impl Highlighter {
    /// The patterns of `expr`, without those that it excludes.
    pub fn of(expr: &Expr) -> Self {
        let mut highlighter = Self::default();
        highlighter.collect(expr);
        highlighter
    }

    fn collect(&mut self, expr: &Expr) {
        match expr {
            Expr::And(list) | Expr::Or(list) => list.iter().for_each(|e| self.collect(e)),
            Expr::Not(_) | Expr::Fact(_) => {}
            Expr::Text(scope, pattern) => {
                let phrase = |words: &Vec<String>, is_open| Phrase {
                    scope: *scope,
                    words: words.clone(),
                    is_open,
                };
                match pattern {
                    Pattern::Phrase(words) => self.phrases.push(phrase(words, false)),
                    Pattern::Prefix(words) => self.phrases.push(phrase(words, true)),
                    Pattern::Near(phrases, _) => {
                        self.phrases
                            .extend(phrases.iter().map(|w| phrase(w, false)));
                    }
                    Pattern::Regex(regex) => self.regexes.push((*scope, regex.clone())),
                }
            }
        }
    }

    /// The byte ranges in `text`, in order and without overlap. `part` says which part of the article the text is.
    pub fn places(&self, text: &str, part: Scope) -> Vec<Range<usize>> {
        let concerns = |scope: Scope| scope == part || scope == Scope::Any;
        let words = words_of(text);
        let mut places: Vec<Range<usize>> = Vec::new();
        for phrase in self.phrases.iter().filter(|p| concerns(p.scope)) {
            places
                .extend((0..words.len()).filter_map(|at| phrase.range_at(text, words.get(at..)?)));
        }
        for (_, regex) in self.regexes.iter().filter(|(scope, _)| concerns(*scope)) {
            places.extend(regex.ranges(text, PLACES_MAX));
        }
        merged(places)
    }
}

impl Phrase {
    /// Its range, if `words` begin with it.
    fn range_at(&self, text: &str, words: &[Word]) -> Option<Range<usize>> {
        let first = words.first()?;
        let (last, before) = self.words.split_last()?;
        let is_so = words.len() >= self.words.len()
            && before.iter().zip(words).all(|(a, b)| *a == b.folded);
        let end = words.get(before.len()).filter(|word| {
            is_so && (*last == word.folded || (self.is_open && word.folded.starts_with(last)))
        });
        match end {
            Some(end) => Some(first.place.start..end.place.end),
            None if before.is_empty() && !self.is_open => joined(last, text, words),
            None => None,
        }
    }
}

/// The range of a word that is written with joints: `wifi` as `Wi-Fi`.
fn joined(wanted: &str, text: &str, words: &[Word]) -> Option<Range<usize>> {
    let mut rest = wanted;
    let mut end: Option<usize> = None;
    let first = words.first()?;
    for word in words.iter().take(JOINED_MAX) {
        if let Some(end) = end {
            let between = text.get(end..word.place.start)?;
            if between.chars().count() != 1 || between.contains(char::is_whitespace) {
                return None;
            }
        }
        rest = rest.strip_prefix(word.folded.as_str())?;
        end = Some(word.place.end);
        if rest.is_empty() {
            return Some(first.place.start..word.place.end);
        }
    }
    None
}

/// The words of a text as [`fold`] splits them.
fn words_of(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut open: Option<Range<usize>> = None;
    let mut close = |open: &mut Option<Range<usize>>| {
        if let Some(place) = open.take() {
            let folded = fold(text.get(place.clone()).unwrap_or_default());
            let folded = folded.trim().to_owned();
            words.push(Word { place, folded });
        }
    };
    for (at, c) in text.char_indices() {
        let end = at + c.len_utf8();
        if is_spaceless(c) {
            close(&mut open);
            open = Some(at..end);
            close(&mut open);
        } else if is_word(c) || (is_accent(c) && open.is_some()) {
            open = Some(open.map_or(at, |place| place.start)..end);
        } else {
            close(&mut open);
        }
    }
    close(&mut open);
    words
}

fn merged(mut places: Vec<Range<usize>>) -> Vec<Range<usize>> {
    places.retain(|place| !place.is_empty());
    places.sort_unstable_by_key(|place| (place.start, place.end));
    let mut merged: Vec<Range<usize>> = Vec::new();
    for place in places {
        match merged.last_mut() {
            Some(last) if place.start <= last.end => last.end = last.end.max(place.end),
            _ => merged.push(place),
        }
    }
    merged.truncate(PLACES_MAX);
    merged
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query;

    fn marked(expr: &str, text: &str) -> Vec<String> {
        let marks = Highlighter::of(&query::parse(expr).unwrap());
        let places = marks.places(text, Scope::Body);
        let written = |place: Range<usize>| text.get(place).unwrap().to_owned();
        places.into_iter().map(written).collect()
    }

    #[test]
    fn what_an_expression_finds_is_marked_as_it_is_written() {
        for (expr, text, found) in [
            ("kyiv", "In KYIV, and Kyiv's port", &["KYIV", "Kyiv"][..]),
            (
                "\"armed forces\"",
                "the armed  forces of",
                &["armed  forces"],
            ),
            (
                "nuclear*",
                "Nuclearity and nuclear power",
                &["Nuclearity", "nuclear"],
            ),
            ("caffe OR zurich", "Zürich, un caffè", &["Zürich", "caffè"]),
            ("wifi us", "a Wi-Fi of the U.S. army", &["Wi-Fi", "U.S"]),
            ("東京", "私は東京都に", &["東京"]),
            ("NEAR(red fox, 3)", "a fox, a red one", &["fox", "red"]),
            ("/r.d/", "red rod", &["red", "rod"]),
            ("fox -red site:a.example", "a red fox", &["fox"]),
            ("body:fox title:red", "a red fox", &["fox"]),
            ("strasse", "die Straße", &["Straße"]),
            ("fox", "", &[]),
        ] {
            assert_eq!(marked(expr, text), found, "{expr} in {text:?}");
        }
    }

    #[test]
    fn places_that_touch_or_overlap_are_one() {
        assert_eq!(marked("\"red fox\" OR fox*", "red foxes"), ["foxes"]);
        assert_eq!(
            marked("\"red fox\" \"fox den\"", "red fox den"),
            ["red fox den"]
        );
    }

    proptest::proptest! {
        #[test]
        fn places_are_in_order_and_between_characters(text in "\\PC{0,60}") {
            let marks = Highlighter::of(&query::parse("a* OR e OR /o./ OR 東").unwrap());
            let mut end = 0;
            for place in marks.places(&text, Scope::Title) {
                assert!(place.start >= end && text.get(place.clone()).is_some(), "{place:?}");
                end = place.end;
            }
        }
    }
}
