//! Characters that fold independently of their neighbours: nearly all text consists of them and needs no Unicode
//! normalization. Everything else is folded by the standard's algorithm.

use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;

use crate::text::characters::{is_accent, is_spaceless, is_word, lower_into};

/// What a character folds to.
#[derive(Debug, Clone, Copy)]
pub(super) enum Simple {
    /// A character of a word.
    Word(char),
    /// Several.
    Words(&'static str),
    /// A word by itself.
    Alone(char),
    /// The end of a word.
    Gap,
    /// Nothing, without ending the word.
    Nothing,
}

/// Latin to Arabic, more of Latin and Greek, punctuation: the character and what it folds to.
const RANGES: [(u32, u32); 2] = [(0, 0x800), (0x1e00, 0x2070)];

static TABLE: LazyLock<Vec<Option<Simple>>> = LazyLock::new(|| {
    let codes = RANGES.iter().flat_map(|(from, to)| *from..*to);
    codes
        .map(|code| char::from_u32(code).and_then(folded))
        .collect()
});

/// What a character of the table folds to; `None` if it depends on its neighbours or has several results.
fn folded(c: char) -> Option<Simple> {
    let plain: String = c.nfkd().filter(|c| !is_accent(*c)).nfc().collect();
    let is_mark = |c: char| canonical_combining_class(c) != 0;
    if plain.chars().any(|c| is_mark(c) || is_spaceless(c)) {
        return None;
    }
    if plain.is_empty() {
        return Some(Simple::Nothing);
    }
    if !plain.contains(is_word) {
        return Some(Simple::Gap);
    }
    if !plain.chars().all(is_word) {
        return None;
    }
    let mut lower = String::new();
    plain.chars().for_each(|c| lower_into(&mut lower, c));
    let mut letters = lower.chars();
    Some(match (letters.next(), letters.next()) {
        (None, _) => Simple::Nothing,
        (Some(c), None) => Simple::Word(c),
        // A few hundred bytes, made once.
        (Some(_), Some(_)) => Simple::Words(lower.leak()),
    })
}

fn in_table(c: char) -> Option<Simple> {
    let code = u32::from(c);
    let [(_, first), (second, end)] = RANGES;
    let at = match code {
        code if code < first => code,
        code if (second..end).contains(&code) => code - second + first,
        _ => return None,
    };
    TABLE.get(usize::try_from(at).ok()?).copied().flatten()
}

/// What a character folds to before the text `behind`; `None` if the two do not decide it.
pub(super) fn of(c: char, behind: &str) -> Option<Simple> {
    match c {
        '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' => Some(Simple::Alone(c)),
        '\u{3000}'..='\u{3002}' | '\u{300c}' | '\u{300d}' => Some(Simple::Gap),
        // Full-width ASCII.
        '\u{ff01}'..='\u{ff5e}' => in_table(char::from_u32(u32::from(c) - 0xfee0)?),
        // A voicing mark or a final consonant may follow.
        _ if is_kana(c) || is_hangul(c) => {
            let is_whole = behind.chars().next().is_none_or(is_beginning);
            let folded = match is_kana(c) {
                true => Simple::Alone(c),
                false => Simple::Word(c),
            };
            is_whole.then_some(folded)
        }
        _ => in_table(c),
    }
}

/// How long the text at the beginning is that has to be read as a whole; at least one character.
pub(super) fn tangled_len(text: &str) -> usize {
    let mut chars = text.char_indices();
    chars.next();
    let end = chars.find(|(_, c)| is_beginning(*c));
    end.map_or(text.len(), |(at, _)| at)
}

/// Whether a character combines with nothing before it, and separates what follows from it.
fn is_beginning(c: char) -> bool {
    is_kana(c) || is_hangul(c) || !matches!(of(c, ""), None | Some(Simple::Nothing))
}

fn is_kana(c: char) -> bool {
    matches!(c, '\u{3041}'..='\u{3096}' | '\u{30a1}'..='\u{30fa}' | '\u{30fc}')
}

fn is_hangul(c: char) -> bool {
    matches!(c, '\u{ac00}'..='\u{d7a3}')
}
