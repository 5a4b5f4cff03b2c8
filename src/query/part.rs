//! One part of a text as expressions and the word index use it: its folded words, followed by derived words: joined words
//! (Wi-Fi is also `wifi`) and emoji. These are separated by [`BREAK`]s, which no phrase crosses, so that they do not change
//! the positions of words.

use std::collections::HashSet;
use std::ops::Range;

use unicode_normalization::UnicodeNormalization;

use super::{emoji, joined};
use crate::text::characters::{is_accent, is_spaceless, is_word};
use crate::text::fold::{BREAK, fold_into};

/// The most derived words of one part, repeats included.
const DERIVED_MAX: usize = 10_000;

/// A part of a text.
#[derive(Debug, Clone)]
pub struct Part {
    text: String,
    /// Bytes of `text` that are the words as written.
    words: usize,
    joined: Vec<Joined>,
}

/// A joined word, and the position of its components.
#[derive(Debug, Clone)]
struct Joined {
    /// The position of the first, in tokens.
    at: u32,
    /// How many tokens they are.
    len: u32,
    /// The range of the joined word in the text.
    word: Range<u32>,
}

impl Default for Part {
    fn default() -> Self {
        Builder::default().part()
    }
}

impl Part {
    /// Folds texts; no phrase crosses from one to the next.
    pub(super) fn of(texts: &[&str]) -> Self {
        Builder::of(texts).part()
    }

    /// The words as written and the derived words: what is indexed, and searched for literals.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether there are joined words or emoji.
    pub(super) fn has_derived(&self) -> bool {
        self.words < self.text.len()
    }

    /// The words as written.
    pub fn words(&self) -> &str {
        self.text.get(..self.words).unwrap_or_default()
    }

    /// The derived words, each once.
    pub(super) fn derived(&self) -> &str {
        self.text.get(self.words..).unwrap_or_default()
    }

    /// The occurrences of this joined word: position and length in tokens, in no order.
    pub(super) fn places<'p>(&'p self, word: &'p str) -> impl Iterator<Item = (usize, usize)> + 'p {
        let is_it = move |j: &&Joined| {
            let range = j.word.start as usize..j.word.end as usize;
            self.text.get(range) == Some(word)
        };
        let joined = self.joined.iter().filter(is_it);
        joined.map(|j| (j.at as usize, j.len as usize))
    }
}

/// A part under construction.
#[derive(Debug)]
pub(super) struct Builder {
    /// Folded, with a space before, between and after.
    words: String,
    tokens: usize,
    derived: Vec<DerivedWord>,
    run: emoji::Run,
}

#[derive(Debug)]
struct DerivedWord {
    /// `None` for emoji.
    place: Option<(usize, usize)>,
    word: String,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            words: " ".to_owned(),
            tokens: 0,
            derived: Vec::new(),
            run: emoji::Run::default(),
        }
    }
}

impl Builder {
    /// Reads texts; no phrase crosses from one to the next.
    pub(super) fn of(texts: &[&str]) -> Self {
        let mut builder = Self::default();
        for (i, text) in texts.iter().enumerate() {
            if i > 0 {
                builder.words.push_str(BREAK);
                builder.tokens += 1;
            }
            text.split_ascii_whitespace()
                .for_each(|piece| builder.read(piece));
            builder.end_run();
        }
        builder
    }

    /// Folded words.
    pub(super) fn words(&self) -> &str {
        &self.words
    }

    /// The number of words.
    pub(super) fn tokens(&self) -> usize {
        self.tokens
    }

    /// Runs of emoji, each a list of them.
    pub(super) fn emoji(&self) -> impl Iterator<Item = Vec<String>> {
        let runs = self.derived.iter().filter(|b| b.place.is_none());
        runs.map(|run| run.word.split(' ').map(str::to_owned).collect())
    }

    /// Whether this part contains everything of another one.
    pub(super) fn contains(&self, other: &Self) -> bool {
        let own: HashSet<&str> = self.derived.iter().map(|b| b.word.as_str()).collect();
        self.words.contains(&other.words)
            && other.derived.iter().all(|b| own.contains(b.word.as_str()))
    }

    /// Appends another part; no phrase crosses into it.
    pub(super) fn followed_by(mut self, other: Self) -> Self {
        let shift = self.tokens + 1;
        self.words.push_str(BREAK);
        self.words.push_str(other.words.trim_start());
        self.tokens = shift + other.tokens;
        self.derived
            .extend(other.derived.into_iter().map(|b| DerivedWord {
                place: b.place.map(|(at, len)| (at + shift, len)),
                ..b
            }));
        self.derived.truncate(DERIVED_MAX);
        self
    }

    /// The finished part.
    pub(super) fn part(self) -> Part {
        let mut text = self.words;
        let words = text.len();
        let mut known: std::collections::HashMap<&str, Range<u32>> = Default::default();
        let mut joined = Vec::new();
        for DerivedWord { place, word } in &self.derived {
            let range = known.entry(word).or_insert_with(|| {
                text.push_str(BREAK);
                let start = text.len();
                text.push_str(word);
                let range = as_u32(start)..as_u32(text.len());
                text.push(' ');
                range
            });
            joined.extend(place.map(|(at, len)| Joined {
                at: as_u32(at),
                len: as_u32(len),
                word: range.clone(),
            }));
        }
        Part {
            text,
            words,
            joined,
        }
    }

    /// Reads the text between two spaces.
    fn read(&mut self, piece: &str) {
        let before = self.tokens;
        let has_emoji = !piece.is_ascii() && piece.chars().any(emoji::is_emoji);
        if has_emoji {
            self.read_emoji(piece);
        }
        // The words of an address are not one word.
        let tokens = if has_joint(piece) && !piece.contains("://") {
            self.read_joined(piece)
        } else {
            self.fold(piece);
            Vec::new()
        };
        let derived = &mut self.derived;
        joined::each(&tokens, before, &mut |word, at, len| {
            if derived.len() < DERIVED_MAX {
                let place = Some((at, len));
                // A user who omits the joint gets the characters beside it composed.
                let word = match word.is_ascii() {
                    true => word,
                    false => word.nfc().collect(),
                };
                derived.push(DerivedWord { place, word });
            }
        });
        if self.tokens > before && !has_emoji {
            self.end_run();
        }
    }

    /// Folds the segments between joints, and returns the tokens.
    fn read_joined(&mut self, piece: &str) -> Vec<joined::Token> {
        let mut tokens: Vec<joined::Token> = Vec::new();
        let mut start = 0;
        let mut joint = None;
        let mut was_single = false;
        for (at, c) in piece.char_indices().chain([(piece.len(), '\0')]) {
            let is_end = at == piece.len();
            if !is_end && !joined::is_joint(c) {
                continue;
            }
            let segment = piece.get(start..at).unwrap_or_default();
            let begins = segment.chars().next().is_some_and(is_inside);
            let from = self.words.len();
            self.fold(segment);
            let folded = self.words.get(from..).unwrap_or_default();
            for token in folded.split_ascii_whitespace() {
                // Half-width kana become kana only by folding.
                let is_single = token.starts_with(is_spaceless);
                let joint = joint.take().filter(|_| begins && !is_single && !was_single);
                tokens.push(joined::Token::new(token, joint));
                was_single = is_single;
            }
            let ends = segment.chars().next_back().is_some_and(is_inside);
            joint = Some(c).filter(|_| ends);
            start = at + c.len_utf8();
        }
        tokens
    }

    /// Appends folded words.
    fn fold(&mut self, text: &str) {
        let from = self.words.len();
        if text.is_ascii() {
            for c in text.chars() {
                if c.is_ascii_alphanumeric() {
                    self.words.push(c.to_ascii_lowercase());
                } else if !self.words.ends_with(' ') {
                    self.words.push(' ');
                }
            }
            if !self.words.ends_with(' ') {
                self.words.push(' ');
            }
        } else {
            fold_into(&mut self.words, text);
        }
        let added = self.words.get(from..).unwrap_or_default();
        self.tokens += added.bytes().filter(|b| *b == b' ').count();
    }

    fn read_emoji(&mut self, piece: &str) {
        for c in piece.chars() {
            let is_in_word = is_word(c) && !is_accent(c);
            if is_in_word || self.run.read(c) {
                self.end_run();
            }
        }
        self.run.end_piece();
    }

    fn end_run(&mut self) {
        if let Some(word) = self.run.end()
            && self.derived.len() < DERIVED_MAX
        {
            self.derived.push(DerivedWord { place: None, word });
        }
    }
}

/// Whether a text may contain joined words: a joint between two words.
fn has_joint(text: &str) -> bool {
    let mut before = [false, false];
    text.chars().any(|c| {
        let [is_before, is_joint] = before;
        let is_inside = is_inside(c);
        let found = is_joint && is_inside || joined::is_silent(c);
        before = [is_inside, is_before && joined::is_joint(c)];
        found
    })
}

/// Whether a character belongs to a word, so that a joint beside it joins.
fn is_inside(c: char) -> bool {
    (is_word(c) || is_accent(c)) && !is_spaceless(c)
}

fn as_u32(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::fold::fold;
    use proptest::prelude::*;

    /// The derived words of a text.
    fn derived(text: &str) -> Vec<String> {
        let part = Part::of(&[text]);
        let words = part
            .derived()
            .split(BREAK)
            .map(|word| word.trim().to_owned());
        words.filter(|word| !word.is_empty()).collect()
    }

    #[test]
    fn words_with_joints_are_derived() {
        for (text, words) in [
            ("Wi-Fi e\u{2011}mail", "wifi email"),
            (
                "COVID-19, (F-35) non-COVID-19's",
                "covid19 f35 noncovid noncovid19 noncovid19s covid19s 19s",
            ),
            ("U.S. U.S.S.R.-made N.A.T.O.", "us ussr nato"),
            ("anti-U.S. Node.js-based", "us antius nodejs nodejsbased"),
            (
                "O'Brien’s l'homme aujourd’hui",
                "obrien obriens briens lhomme aujourdhui",
            ),
            ("Жан-Жак Київ’ян об\u{2bc}єкт", "жанжак киівян обєкт"),
            ("צה״ל ארה\"ב col·lecció", "צהל ארהב colleccio"),
            (
                "3,000 10.000 1'234'567 10\u{a0}000 10\u{202f}000",
                "3000 10000 1234567",
            ),
            (
                "10,00,000 3,000-strong 3,000km",
                "1000000 3000 3000strong 3000km",
            ),
            ("Ｗｉ－Ｆｉ ＢＢＣ．co", "wifi bbcco"),
            ("\u{1100}'\u{1161}", "가"),
        ] {
            let expected: Vec<&str> = words.split(' ').collect();
            let found = derived(text);
            let found: HashSet<&str> = found.iter().map(String::as_str).collect();
            assert_eq!(found, expected.into_iter().collect(), "{text}");
        }
    }

    #[test]
    fn words_without_joints_are_not_joined() {
        for text in [
            "3.5 3-2 2024-25 1,2 12,34 1,2345 30.11.2026 10:30",
            "end. The rest, and 'so' -on- a--b a.-b a - b wi -fi",
            "https://www.example.org/a-b.c?d=e-f",
            "東京-大阪 ｦ-a a-ｦ a/b a&b a_b C++",
            "1234,567",
        ] {
            assert_eq!(derived(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn emoji_are_derived_in_runs() {
        for (text, runs) in [
            ("Lift-off 🚀 today", "liftoff|🚀"),
            ("a🚀b", "🚀"),
            ("🚀🔥, 🔥 x 🔥", "🚀 🔥 🔥|🔥"),
            ("👍🏽 ❤️ ☕\u{fe0e}", "👍 ❤ ☕"),
            ("🇺🇦🇫🇷 🇺 🇦", "🇺🇦 🇫🇷 🇺 🇦"),
            ("👩\u{200d}🚀🚀", "👩\u{200d}🚀 🚀"),
            ("1️⃣ ① ™ 🄰", ""),
        ] {
            let expected: Vec<&str> = runs.split('|').filter(|run| !run.is_empty()).collect();
            assert_eq!(derived(text), expected, "{text}");
        }
    }

    #[test]
    fn sec_21_derived_words_are_bounded_in_number_and_size() {
        let many: String = (0..10_000)
            .map(|n| format!("a{n}x-b{n}x-c{n}x-d{n}x "))
            .collect();
        let long = "a-".repeat(100_000) + &"b.c".repeat(50_000) + &"1.23".repeat(50_000);
        let wide = format!("{}-{}", "a".repeat(100_000), "b".repeat(100_000));
        let joiners = "👩\u{200d}".repeat(100_000) + &"🚀".repeat(100_000);
        let started = std::time::Instant::now();
        for text in [many, long, wide, joiners] {
            let part = Part::of(&[&text]);
            let derived = part.as_str().len() - part.words().len();
            assert!(derived < DERIVED_MAX * 80, "{derived}");
            assert!(part.joined.len() <= DERIVED_MAX);
        }
        // Quadratic, this takes minutes.
        assert!(started.elapsed().as_secs() < 60);
    }

    proptest! {
        #[test]
        fn the_words_of_a_part_are_what_folding_gives(
            pieces in prop::collection::vec(prop_oneof![
                "\\PC{0,6}",
                prop::sample::select(vec![
                    "-", ".", "'", "’", ",", " ", "\u{a0}", "a", "Б", "1", "234", "東", "🚀", "🇺", "\u{200d}", "\u{301}",
                    "\u{fe0f}", "ﬁ", "\"", "א", "\n", "://", "ŉ", "\u{2bc}",
                ]).prop_map(str::to_owned),
            ], 0..12),
        ) {
            let text = pieces.concat();
            let part = Part::of(&[&text]);
            prop_assert_eq!(part.words(), fold(&text));
            let tokens = Builder::of(&[&text]).tokens();
            prop_assert_eq!(tokens, part.words().split_ascii_whitespace().count());
            // Each derived word is found again when it is typed.
            for word in derived(&text) {
                let typed = Builder::of(&[&word]);
                let words = typed.words().trim().to_owned();
                let emoji: Vec<String> = typed.emoji().map(|run| run.join(" ")).collect();
                prop_assert!(words == word && emoji.is_empty() || emoji == [word.clone()] && words.is_empty());
            }
        }
    }
}
