//! The pieces of a date: numbers, words and signs, in any script. Knows nothing of what they mean.

use unicode_normalization::UnicodeNormalization;

/// Longest text looked at, in characters.
const DATE_CHARS_MAX: usize = 100;
/// Longest number that is put together; more digits begin another one.
const DIGITS_MAX: usize = 18;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Number { value: i64, digits: usize },
    Word(String),
    Sign(char),
}

/// Digits, letters (folded) and signs; white space is left out.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut out: Vec<Token> = Vec::new();
    let mut joins = false;
    for c in text.trim().chars().take(DATE_CHARS_MAX) {
        match digit(c) {
            Some(d) => match out.last_mut() {
                Some(Token::Number { value, digits }) if joins && *digits < DIGITS_MAX => {
                    *value = *value * 10 + i64::from(d);
                    *digits += 1;
                }
                _ => out.push(Token::Number {
                    value: i64::from(d),
                    digits: 1,
                }),
            },
            None if c.is_alphabetic() => match out.last_mut() {
                Some(Token::Word(word)) if joins => word.extend(folded(c)),
                _ => out.push(Token::Word(folded(c).collect())),
            },
            None if c.is_whitespace() => {}
            None => out.push(Token::Sign(if c == '−' { '-' } else { c })),
        }
        joins = !c.is_whitespace();
    }
    out
}

/// Lower case without marks, as [`tokens`] gives words.
pub(super) fn fold(word: &str) -> String {
    word.chars().flat_map(folded).collect()
}

fn folded(c: char) -> impl Iterator<Item = char> {
    std::iter::once(c)
        .nfd()
        .filter(|c| c.is_alphabetic())
        .flat_map(char::to_lowercase)
        .nfc()
}

/// A decimal digit: ASCII, full-width, Arabic, Persian, Devanagari, Bengali, Thai.
fn digit(c: char) -> Option<u32> {
    const ZEROS: [char; 7] = ['0', '０', '٠', '۰', '०', '০', '๐'];
    ZEROS
        .iter()
        .filter_map(|zero| u32::from(c).checked_sub(u32::from(*zero)))
        .find(|value| *value < 10)
}
