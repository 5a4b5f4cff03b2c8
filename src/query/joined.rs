//! Words that people write without what joins them: Wi-Fi is also `wifi`, U.S. `us`, O'Brien `obrien`, 3,000 `3000`.
//!
//! Dots make one word of all that they join (`U.S.S.R.` is no `us`), separators of thousands one number. Hyphens and
//! apostrophes join up to four of those, each with its neighbours: in `non-COVID-19` stands `covid19`. Between two digits
//! nothing joins but a separator of thousands: `3-2` is no `32`, and `3.5` no `35`.

/// Units that hyphens and apostrophes join at most.
const UNITS_MAX: usize = 4;

/// Groups of digits in one number at most.
const GROUPS_MAX: usize = 8;

/// Longest joined word, in bytes.
const WORD_BYTES_MAX: usize = 64;

/// A folded word, and the character between it and the word before, if it stands at once between both.
#[derive(Debug)]
pub(super) struct Token {
    text: String,
    joint: Option<Joint>,
    /// As printed: separators of one number are all alike.
    sign: Option<char>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Joint {
    Hyphen,
    Dot,
    Apostrophe,
    /// Joins digits only.
    Separator,
    /// The gershayim as it is typed: joins Hebrew letters.
    Quote,
}

impl Token {
    pub(super) fn new(text: &str, sign: Option<char>) -> Self {
        Self {
            text: text.to_owned(),
            joint: sign.and_then(joint),
            sign,
        }
    }

    fn digits(&self) -> usize {
        self.text.chars().take_while(|c| c.is_numeric()).count()
    }

    fn is_number(&self) -> bool {
        self.text.chars().all(char::is_numeric)
    }
}

fn joint(c: char) -> Option<Joint> {
    Some(match c {
        '-' | '\u{2010}' | '\u{2011}' | '\u{FE63}' | '\u{FF0D}' => Joint::Hyphen,
        '.' | '\u{FF0E}' => Joint::Dot,
        '\'' | '\u{2018}' | '\u{2019}' | '\u{FF07}' | '`' | '\u{B4}' => Joint::Apostrophe,
        // Catalan col·lecció, Hebrew geresh.
        '\u{B7}' | '\u{5F3}' => Joint::Apostrophe,
        ',' | '\u{A0}' | '\u{2007}' | '\u{2009}' | '\u{202F}' | '\u{66C}' => Joint::Separator,
        '"' | '\u{5F4}' => Joint::Quote,
        _ => return None,
    })
}

/// Whether a character may join words.
pub(super) fn is_joint(c: char) -> bool {
    joint(c).is_some()
}

/// Letters that look like an apostrophe and that people leave out.
pub(super) fn is_silent(c: char) -> bool {
    matches!(c, '\u{2B9}' | '\u{2BB}' | '\u{2BC}')
}

/// Tokens that are one word.
struct Unit {
    at: usize,
    len: usize,
    text: String,
    /// Whether a hyphen or an apostrophe joins it with the one before.
    is_joined: bool,
    /// Whether it is another word than the tokens that it is made of.
    is_new: bool,
}

/// Hands every joined word to `take`, with its place and length in tokens; the first token stands at `first`.
pub(super) fn each(tokens: &[Token], first: usize, take: &mut dyn FnMut(String, usize, usize)) {
    let units = units(tokens);
    for (n, unit) in units.iter().enumerate() {
        if unit.is_new && unit.text.len() <= WORD_BYTES_MAX {
            take(unit.text.clone(), first + unit.at, unit.len);
        }
        let mut word = unit.text.clone();
        let mut len = unit.len;
        let next = units.iter().skip(n + 1).take(UNITS_MAX - 1);
        for next in next.take_while(|u| u.is_joined) {
            word.push_str(&next.text);
            len += next.len;
            if word.len() > WORD_BYTES_MAX {
                break;
            }
            take(word.clone(), first + unit.at, len);
        }
    }
}

fn units(tokens: &[Token]) -> Vec<Unit> {
    let mut units = Vec::new();
    let mut at = 0;
    while let Some(left) = tokens.get(at..).filter(|left| !left.is_empty()) {
        let len = number(left).unwrap_or_else(|| name(left));
        let text = left.iter().take(len).flat_map(|t| t.text.chars());
        let text: String = text.filter(|c| !is_silent(*c)).collect();
        let is_joined = at > 0
            && left.first().is_some_and(|t| {
                matches!(t.joint, Some(Joint::Hyphen | Joint::Apostrophe))
                    && !are_digits(tokens.get(at - 1), Some(t))
            });
        units.push(Unit {
            at,
            len,
            is_joined,
            is_new: len > 1 || left.first().is_some_and(|t| t.text != text),
            text,
        });
        at += len;
    }
    units
}

/// How many tokens are one number, in groups of three digits, or of two and at last three (10,00,000); none: not several.
fn number(tokens: &[Token]) -> Option<usize> {
    let (first, rest) = tokens.split_first()?;
    if !first.is_number() || first.digits() > 3 {
        return None;
    }
    let sign = rest
        .first()
        .filter(|t| t.joint.is_some_and(separates))?
        .sign;
    let mut len = None;
    for (n, token) in rest.iter().take(GROUPS_MAX).enumerate() {
        let digits = token.digits();
        if token.sign != sign || !(digits == 3 || digits == 2 && token.is_number()) {
            break;
        }
        if digits == 3 {
            len = Some(n + 2);
        }
        if !token.is_number() {
            break; // a word hangs on it: 3,000km
        }
    }
    len
}

fn separates(joint: Joint) -> bool {
    matches!(joint, Joint::Separator | Joint::Dot | Joint::Apostrophe)
}

/// How many tokens dots make one word of: Node.js, U.S.S.R.
fn name(tokens: &[Token]) -> usize {
    let pairs = tokens.iter().zip(tokens.iter().skip(1)).enumerate();
    let joined = pairs.take_while(|(n, (a, b))| match b.joint {
        Some(Joint::Dot) => {
            !are_digits(Some(a), Some(b)) && tokens.get(n + 1..).and_then(number).is_none()
        }
        Some(Joint::Quote) => is_hebrew(&a.text) && is_hebrew(&b.text),
        _ => false,
    });
    joined.count() + 1
}

/// Whether digits stand on both sides of a joint.
fn are_digits(before: Option<&Token>, after: Option<&Token>) -> bool {
    let last = before.and_then(|t| t.text.chars().next_back());
    let next = after.and_then(|t| t.text.chars().next());
    last.is_some_and(char::is_numeric) && next.is_some_and(char::is_numeric)
}

fn is_hebrew(text: &str) -> bool {
    text.chars().all(|c| matches!(c, '\u{5D0}'..='\u{5EA}'))
}
