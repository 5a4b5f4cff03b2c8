//! What a text says, word for word, told as naively as can be: the words as people type them, the words that signs join, and
//! the emoji. For holding the real folding against.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// What a text says.
#[derive(Debug, Clone, Default)]
pub struct Said {
    pub words: Vec<String>,
    /// Joined words: the first word that they are made of, and the first that they are not.
    joined: Vec<(String, usize, usize)>,
    /// Emoji between which no word stands.
    pub emoji: Vec<Vec<String>>,
}

impl Said {
    /// Whether these words stand here one after the other; of the last, perhaps, only the beginning.
    pub fn has(&self, wanted: &[String], beginning: bool) -> bool {
        let stands_in = |run: &Vec<String>| !places(run, wanted, beginning).is_empty();
        !self.places(wanted, beginning).is_empty() || self.emoji.iter().any(stands_in)
    }

    /// Where they stand. A word that stands alone may be a joined one.
    pub fn places(&self, wanted: &[String], beginning: bool) -> Vec<(usize, usize)> {
        let mut all = places(&self.words, wanted, beginning);
        if let [word] = wanted {
            let is_it = |said: &String| said == word || beginning && said.starts_with(word);
            let joined = self.joined.iter().filter(|(said, ..)| is_it(said));
            all.extend(joined.map(|(_, start, end)| (*start, *end)));
        }
        all
    }

    /// Whether all that another text says stands here too.
    pub fn says_all_of(&self, other: &Self) -> bool {
        let joined = |(word, ..): &(String, usize, usize)| self.joined.iter().any(|j| j.0 == *word);
        (other.words.is_empty() || !places(&self.words, &other.words, false).is_empty())
            && other.joined.iter().all(joined)
            && other.emoji.iter().all(|run| self.emoji.contains(run))
    }

    /// Several texts as one; the border between two of them counts as a word.
    pub fn one_after_the_other(texts: Vec<Self>) -> Self {
        let mut all = Self::default();
        for (n, text) in texts.into_iter().enumerate() {
            if n > 0 {
                all.words.push(String::new());
            }
            let shift = all.words.len();
            all.words.extend(text.words);
            let joined = text.joined.into_iter();
            all.joined
                .extend(joined.map(|(word, start, end)| (word, start + shift, end + shift)));
            all.emoji.extend(text.emoji);
        }
        all
    }
}

/// What a text says. Chinese is written without spaces: a character is a word.
pub fn said(text: &str) -> Said {
    let mut said = Said::default();
    let mut run: Vec<String> = Vec::new();
    for piece in text.split_whitespace() {
        if let Some(emoji) = emoji(piece) {
            run.extend(emoji);
            continue;
        }
        if !run.is_empty() {
            said.emoji.push(std::mem::take(&mut run));
        }
        let (words, signs) = words_and_signs(piece);
        let joined = match piece.contains("://") {
            true => Vec::new(), // an address
            false => joined(&words, &signs),
        };
        for (word, start, end) in joined {
            let shift = said.words.len();
            said.joined.push((word, start + shift, end + shift));
        }
        said.words.extend(words);
    }
    if !run.is_empty() {
        said.emoji.push(run);
    }
    said
}

/// The emoji that the tests use.
fn emoji(piece: &str) -> Option<Vec<String>> {
    let all = match piece {
        "🚀" | "🔥" => vec![piece],
        "👍🏽" => vec!["👍"],
        "❤️" => vec!["❤"],
        "👩\u{200d}🚀" => vec!["👩\u{200d}🚀"],
        "🇺🇦🇫🇷" => vec!["🇺🇦", "🇫🇷"],
        _ => return None,
    };
    Some(all.into_iter().map(str::to_owned).collect())
}

/// The words of a piece of text, and before each of them the sign that stands between it and the one before, if it is one.
fn words_and_signs(piece: &str) -> (Vec<String>, Vec<Option<char>>) {
    let plain = piece.nfkd().filter(|c| !is_combining_mark(*c));
    let plain: String = plain.collect::<String>().to_lowercase();
    let plain = plain.replace('ß', "ss").replace('ı', "i");
    let plain: Vec<char> = plain.chars().filter(|c| !is_combining_mark(*c)).collect();
    let is_han = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
    let (mut words, mut signs): (Vec<String>, Vec<Option<char>>) = Default::default();
    for (n, &c) in plain.iter().enumerate() {
        let before = |back: usize| n.checked_sub(back).map(|at| plain[at]);
        let is_inside = |c: char| c.is_alphanumeric() && !is_han(c);
        if !c.is_alphanumeric() {
            continue;
        }
        if is_inside(c) && before(1).is_some_and(is_inside) {
            words.last_mut().unwrap().push(c);
            continue;
        }
        words.push(c.to_string());
        let is_between = is_inside(c) && before(2).is_some_and(is_inside);
        signs.push(before(1).filter(|_| is_between));
    }
    (words, signs)
}

/// The words that signs join, each with where it begins and ends.
fn joined(words: &[String], signs: &[Option<char>]) -> Vec<(String, usize, usize)> {
    let text = |start: usize, end: usize| words[start..end].concat();
    // First what dots make one word of, and the separators of thousands one number.
    let mut units = Vec::new();
    let mut start = 0;
    while start < words.len() {
        let all = || (start + 2..=words.len()).rev();
        let number = all().find(|&end| is_number(&words[start..end], &signs[start + 1..end]));
        let end = number.unwrap_or_else(|| {
            let mut end = start + 1;
            while end < words.len()
                && signs[end] == Some('.')
                && !is_between_digits(words, end)
                && !(end + 2..=words.len())
                    .any(|last| is_number(&words[end..last], &signs[end + 1..last]))
            {
                end += 1;
            }
            end
        });
        units.push((start, end));
        start = end;
    }
    // Then what hyphens and apostrophes join of these.
    let mut all = Vec::new();
    for first in 0..units.len() {
        for last in first..units.len().min(first + 4) {
            let joins = |(at, _): &(usize, usize)| {
                matches!(signs[*at], Some('-' | '\'' | '’')) && !is_between_digits(words, *at)
            };
            let (start, end) = (units[first].0, units[last].1);
            if units[first + 1..=last].iter().all(joins) && end > start + 1 {
                all.push((text(start, end), start, end));
            }
        }
    }
    all
}

fn is_between_digits(words: &[String], at: usize) -> bool {
    let last = words[at - 1].chars().next_back().unwrap();
    last.is_numeric() && words[at].chars().next().unwrap().is_numeric()
}

/// Whether these words are one number with separators of thousands; something may hang on its end.
fn is_number(words: &[String], signs: &[Option<char>]) -> bool {
    let digits = |word: &String| word.chars().take_while(|c| c.is_numeric()).count();
    let is_whole = |word: &String| digits(word) == word.chars().count();
    let [first, middle @ .., last] = words else {
        return false;
    };
    is_whole(first)
        && digits(first) <= 3
        && middle
            .iter()
            .all(|w| is_whole(w) && matches!(digits(w), 2 | 3))
        && digits(last) == 3
        && signs
            .iter()
            .all(|s| *s == signs[0] && matches!(s, Some(',' | '.' | '\'' | '’')))
}

/// Where these words stand one after the other.
fn places(said: &[String], wanted: &[String], beginning: bool) -> Vec<(usize, usize)> {
    let Some(last) = wanted.len().checked_sub(1) else {
        return Vec::new();
    };
    let stands_at = |at: &usize| {
        wanted.iter().enumerate().all(|(n, word)| {
            said.get(at + n)
                .is_some_and(|s| s == word || (beginning && n == last && s.starts_with(word)))
        })
    };
    let found = (0..said.len()).filter(stands_at);
    found.map(|at| (at, at + wanted.len())).collect()
}
