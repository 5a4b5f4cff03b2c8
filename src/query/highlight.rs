//! Where in a text the words stand that an expression looks for: to mark them for people. Never decides what matches; where
//! the two could differ, fewer words are marked.

use std::ops::Range;

use super::ast::{Expr, Pattern, Scope};
use super::regex::Regex;
use crate::text::characters::{is_accent, is_spaceless, is_word};
use crate::text::fold::fold;

/// Most words that are joined to one: `u.s.s.r.`.
const JOINED_MAX: usize = 4;

/// Most places that are marked in a text.
const PLACES_MAX: usize = 200;

/// What an expression looks for in texts.
#[derive(Debug, Clone, Default)]
pub struct Highlighter {
    phrases: Vec<Phrase>,
    regexes: Vec<(Scope, Regex)>,
}

/// Words one after the other.
#[derive(Debug, Clone)]
struct Phrase {
    scope: Scope,
    words: Vec<String>,
    /// Whether the last word is only a beginning.
    is_open: bool,
}

/// A word of a text: its place in bytes, and how it folds.
struct Word {
    place: Range<usize>,
    folded: String,
}

impl Highlighter {
    /// What `expr` wants to find; nothing of what it excludes.
    pub fn of(expr: &Expr) -> Self {
        let mut marks = Self::default();
        marks.collect(expr);
        marks
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

    /// The places in `text`, in bytes, in order and apart from one another. `part` is what the text is of its article.
    pub fn places(&self, text: &str, part: Scope) -> Vec<Range<usize>> {
        let concerns = |scope: Scope| scope == part || scope == Scope::Any;
        let words = words_of(text);
        let mut places: Vec<Range<usize>> = Vec::new();
        for phrase in self.phrases.iter().filter(|p| concerns(p.scope)) {
            places
                .extend((0..words.len()).filter_map(|at| phrase.stands_at(text, words.get(at..)?)));
        }
        for (_, regex) in self.regexes.iter().filter(|(scope, _)| concerns(*scope)) {
            places.extend(regex.places(text, PLACES_MAX));
        }
        merged(places)
    }
}

impl Phrase {
    /// Where it stands, if `words` begin with it.
    fn stands_at(&self, text: &str, words: &[Word]) -> Option<Range<usize>> {
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

/// Where a word stands in parts: `wifi` as `Wi-Fi`.
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

/// The words of a text as [`fold`] parts them.
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
