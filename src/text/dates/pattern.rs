//! Whether a pattern of [`super::shapes`] fits, and the numbers that it finds. Its letters are explained there.

use super::tokens::Token;
use super::words;

/// The parts of a pattern, in order.
#[derive(Debug, PartialEq)]
pub(super) enum Element {
    /// One number: the letters of its digits, or of the whole if it is a single letter.
    Number(&'static str),
    Month,
    Word(&'static str),
    Half,
    Fraction,
    PlusMinus,
    Sign(char),
    Rest,
}

/// The elements of a pattern, in order.
pub(super) fn elements(pattern: &'static str) -> impl Iterator<Item = Element> {
    let mut rest = pattern;
    std::iter::from_fn(move || {
        rest = rest.trim_start();
        let (element, length) = first_element(rest)?;
        rest = rest.get(length..)?;
        Some(element)
    })
}

/// The first element and how many bytes it takes.
fn first_element(pattern: &'static str) -> Option<(Element, usize)> {
    if pattern.starts_with("Mon") {
        return Some((Element::Month, 3));
    }
    if let Some(quoted) = pattern.strip_prefix('\'') {
        let (word, _) = quoted.split_once('\'')?;
        return Some((Element::Word(word), word.len() + 2));
    }
    let is_digit = |c: char| "YyMDwhms".contains(c);
    let digits = pattern.find(|c| !is_digit(c)).unwrap_or(pattern.len());
    if digits > 0 {
        return Some((Element::Number(pattern.get(..digits)?), digits));
    }
    let sign = pattern.chars().next()?;
    let element = match sign {
        'T' => Element::Word("t"),
        'W' => Element::Word("w"),
        'a' => Element::Half,
        'f' => Element::Fraction,
        '±' => Element::PlusMinus,
        '…' => Element::Rest,
        other => Element::Sign(other),
    };
    Some((element, sign.len_utf8()))
}

/// The values of a shape; 0 for those that it does not have.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
pub(super) struct Fields {
    pub year: Option<i64>,
    pub month: Option<i64>,
    pub day: Option<i64>,
    pub day_of_year: Option<i64>,
    pub week: Option<i64>,
    pub hours: i64,
    pub minutes: i64,
    pub seconds: i64,
    pub millis: i64,
    pub is_negative: bool,
}

impl Fields {
    /// Takes a number for these letters; None if it does not fit them.
    pub(super) fn take(&mut self, letters: &str, value: i64, digits: usize) -> Option<()> {
        if letters.len() == 1 {
            let fits = match letters {
                "y" => digits <= 4,
                "Y" => digits <= 4 && (digits >= 3 || value > 31),
                _ => digits <= 2,
            };
            return fits.then(|| self.set(letters, value, digits)).flatten();
        }
        if letters.len() != digits {
            return None;
        }
        // From the last digit on.
        let (mut letters, mut value) = (letters, value);
        while let Some(letter) = letters.get(letters.len().checked_sub(1)?..) {
            let before = letters.trim_end_matches(letter);
            let part = letters.get(before.len()..)?;
            let scale = 10_i64.checked_pow(u32::try_from(part.len()).ok()?)?;
            self.set(part, value % scale, part.len())?;
            (letters, value) = (before, value / scale);
            if letters.is_empty() {
                break;
            }
        }
        Some(())
    }

    fn set(&mut self, letters: &str, value: i64, digits: usize) -> Option<()> {
        match letters {
            "YYYY" => self.year = Some(value),
            "YY" | "Y" | "y" => self.year = Some(full_year(value, digits)),
            "MM" | "M" if (1..=12).contains(&value) => self.month = Some(value),
            "DD" | "D" if (1..=31).contains(&value) => self.day = Some(value),
            "DDD" => self.day_of_year = Some(value),
            "w" => self.week = Some(value),
            "hh" | "h" => self.hours = value,
            "mm" | "m" => self.minutes = value,
            "ss" | "s" => self.seconds = value,
            _ => return None,
        }
        Some(())
    }
}

/// Years of up to three digits as RFC 5322 section 4.3 reads them.
fn full_year(value: i64, digits: usize) -> i64 {
    match digits {
        1 | 2 if value < 50 => value + 2000,
        1..=3 => value + 1900,
        _ => value,
    }
}

/// The values that the pattern reads from the beginning of `tokens`, and how many tokens it used. `None` if it does not fit.
pub(super) fn fit_beginning(pattern: &'static str, tokens: &[Token]) -> Option<(Fields, usize)> {
    let mut fields = Fields::default();
    let mut rest = tokens;
    for element in elements(pattern) {
        let used = match (&element, rest) {
            (Element::Number(letters), [Token::Number { value, digits }, ..]) => {
                fields.take(letters, *value, *digits)?;
                1
            }
            (Element::Word(word), [Token::Word(written), ..])
                if word.eq_ignore_ascii_case(written) =>
            {
                1
            }
            (Element::Sign(sign), [Token::Sign(written), ..]) if sign == written => 1,
            (Element::PlusMinus, [Token::Sign(sign @ ('+' | '-')), ..]) => {
                fields.is_negative = *sign == '-';
                1
            }
            // Read separately, because it may also come before the time; in `25 오후 11:23` the time follows.
            (Element::Half, _) => {
                half_of_day(rest)?;
                let is_behind = matches!(rest, [_, Token::Number { .. }, Token::Sign(':'), ..]);
                (!is_behind).then_some(0)?
            }
            (Element::Fraction, [Token::Sign('.' | ','), Token::Number { value, digits }, ..]) => {
                let scale = u32::try_from(*digits)
                    .ok()
                    .and_then(|d| 10_i64.checked_pow(d));
                fields.millis = scale.map_or(0, |scale| value.saturating_mul(1000) / scale);
                2
            }
            (Element::Fraction, _) => 0,
            _ => return None,
        };
        rest = rest.get(used..)?;
    }
    Some((fields, tokens.len() - rest.len()))
}

/// Whether the tokens begin with a word for the afternoon.
pub(super) fn half_of_day(tokens: &[Token]) -> Option<bool> {
    let (Token::Word(word), rest) = tokens.split_first()? else {
        return None;
    };
    let is_dotted = matches!(rest, [Token::Sign('.'), Token::Word(m), ..] if m == "m");
    match word.as_str() {
        "a" if is_dotted => Some(false),
        "p" if is_dotted => Some(true),
        word => words::half_of_day(word),
    }
}

/// A number or the name of the month, in the order of the text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Part {
    Number {
        value: i64,
        digits: usize,
        /// The sign directly before it.
        sign: Option<char>,
        /// Whether `T` follows.
        before_t: bool,
    },
    Month(i8),
    Week,
}

/// The values that the pattern reads from all parts of a date. `None` if it does not fit.
pub(super) fn fit_parts(pattern: &'static str, parts: &[Part]) -> Option<Fields> {
    let mut fields = Fields::default();
    let mut rest = parts.iter();
    let mut asked_signs: Option<[char; 2]> = None;
    let mut is_before_t = false;
    for element in elements(pattern) {
        match element {
            Element::Number(letters) => {
                let Part::Number {
                    value,
                    digits,
                    sign,
                    before_t,
                } = rest.next()?
                else {
                    return None;
                };
                let is_signed = sign_fits(asked_signs.take(), *sign);
                is_signed
                    .then(|| fields.take(letters, *value, *digits))
                    .flatten()?;
                is_before_t = *before_t;
            }
            Element::Month => {
                let Part::Month(month) = rest.next()? else {
                    return None;
                };
                fields.month = Some(i64::from(*month));
            }
            Element::Word("w") => matches!(rest.next()?, Part::Week).then_some(())?,
            Element::Word("t") => is_before_t.then_some(())?,
            Element::Sign(sign) => asked_signs = Some([sign, sign]),
            Element::PlusMinus => asked_signs = Some(['+', '-']),
            Element::Rest => return Some(fields),
            Element::Word(_) | Element::Half | Element::Fraction => {
                return None;
            }
        }
    }
    rest.next().is_none().then_some(fields)
}

fn sign_fits(asked: Option<[char; 2]>, written: Option<char>) -> bool {
    asked.is_none_or(|asked| written.is_some_and(|sign| asked.contains(&sign)))
}
