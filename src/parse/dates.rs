//! Dates as publishers write them: RFC 822 with every sloppiness, ISO 8601 whole and in part (W3C NOTE-datetime),
//! asctime, numbers with any separator, month names of a dozen and a half languages, epoch seconds. Never guesses a
//! date that is not there: without a year there is none.

use jiff::civil;
use unicode_normalization::UnicodeNormalization;

use super::date_words::{month, zone};
use crate::model::Time;

/// Longest text looked at, in characters.
const DATE_CHARS_MAX: usize = 100;
/// Before this year a date is a program's zero (`0001-01-01`), not a day on which something was published.
const YEAR_MIN: i64 = 1000;
/// Korean time, in seconds east of Greenwich.
const KOREA_S: i64 = 9 * 3600;

/// The moment that `text` names; a time without a zone is UTC. None if it names none.
pub fn read(text: &str) -> Option<Time> {
    let tokens = tokens(text);
    if let Some(time) = epoch(&tokens) {
        return Some(time);
    }
    let mut found = Found::default();
    let mut at = 0;
    while at < tokens.len() {
        at += found.take(tokens.get(at..)?)?;
    }
    found.time()
}

/// The same for a text that begins with its date: a number, a month or a weekday. None if other words stand before it.
pub fn read_bare(text: &str) -> Option<Time> {
    let tokens = tokens(text);
    let (first, rest) = tokens.split_first()?;
    let begins = match first {
        Token::Number { .. } => true,
        Token::Word(word) if is_weekday(word) => true,
        // Months are known by how they begin, and so do Maria and Dublin: a day follows, and no other month.
        Token::Word(word) => {
            let next = rest.iter().find(|t| !matches!(t, Token::Sign(_)));
            let is_other = |t: &Token| matches!(t, Token::Word(w) if month(w).is_some());
            month(word).is_some()
                && matches!(next, Some(Token::Number { .. }))
                && !rest.iter().any(is_other)
        }
        Token::Sign(_) => false,
    };
    begins.then(|| read(text)).flatten()
}

/// A day of the week in English, whole or shortened; `sunil` is none.
fn is_weekday(word: &str) -> bool {
    const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    DAYS.iter().any(|day| {
        word.strip_prefix(day)
            .is_some_and(|rest| matches!(rest, "" | "s" | "r" | "rs") || rest.ends_with("day"))
    })
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Number { value: i64, digits: usize },
    Word(String),
    Sign(char),
}

/// Digits, letters (lower case, without marks) and signs; white space is left out.
fn tokens(text: &str) -> Vec<Token> {
    let mut out: Vec<Token> = Vec::new();
    let mut joins = false;
    for c in text.trim().chars().take(DATE_CHARS_MAX) {
        match digit(c) {
            Some(d) => match out.last_mut() {
                Some(Token::Number { value, digits }) if joins && *digits < 18 => {
                    *value = *value * 10 + i64::from(d);
                    *digits += 1;
                }
                _ => out.push(Token::Number {
                    value: i64::from(d),
                    digits: 1,
                }),
            },
            None if c.is_alphabetic() => {
                let folded = std::iter::once(c)
                    .nfd()
                    .filter(|c| c.is_alphabetic())
                    .flat_map(char::to_lowercase)
                    .nfc();
                match out.last_mut() {
                    Some(Token::Word(word)) if joins => word.extend(folded),
                    _ => out.push(Token::Word(folded.collect())),
                }
            }
            None if c.is_whitespace() => {}
            None => out.push(Token::Sign(if c == '−' { '-' } else { c })),
        }
        joins = !c.is_whitespace();
    }
    out
}

/// A decimal digit: ASCII, full-width, Arabic, Persian, Devanagari, Bengali, Thai.
fn digit(c: char) -> Option<u32> {
    const ZEROS: [char; 7] = ['0', '０', '٠', '۰', '०', '০', '๐'];
    ZEROS
        .iter()
        .filter_map(|zero| u32::from(c).checked_sub(u32::from(*zero)))
        .find(|value| *value < 10)
}

/// Seconds or milliseconds since 1970, alone.
fn epoch(tokens: &[Token]) -> Option<Time> {
    let [Token::Number { value, digits }] = tokens else {
        return None;
    };
    match digits {
        9 | 10 => Some(Time::from_seconds(*value)),
        13 => Some(Time::from_millis(*value)),
        _ => None,
    }
}

#[derive(Debug, Default)]
struct Found {
    /// Numbers of the date in order, with their digits and the sign before them.
    numbers: Vec<(i64, usize, Option<char>)>,
    /// The month by name, and how many numbers stood before it.
    month: Option<(i8, usize)>,
    clock: Option<(i64, i64, i64)>,
    millis: i64,
    afternoon: Option<bool>,
    offset_s: Option<i64>,
    sign: Option<char>,
    after_t: bool,
    /// The year before the Japanese era that was named: the next number counts from it.
    before_era: Option<i64>,
    /// Korea has one zone and Korean no other country.
    is_korean: bool,
    /// A time behind `T`: the date before it is in the order of ISO 8601.
    is_iso: bool,
    /// `W`: the second number is a week (ISO 8601).
    is_by_week: bool,
}

impl Found {
    /// Takes what begins at the first of `tokens`; how many tokens that was. None if it cannot be a date.
    fn take(&mut self, tokens: &[Token]) -> Option<usize> {
        let before = self.sign.take();
        let after_t = std::mem::take(&mut self.after_t);
        match tokens {
            // 10:14, 10:14:55, 10:14:55.25
            [
                Token::Number {
                    value: h,
                    digits: 1..=2,
                },
                Token::Sign(':'),
                Token::Number {
                    value: m,
                    digits: 1..=2,
                },
                rest @ ..,
            ] if self.clock.is_none() => {
                let (seconds, used) = match rest {
                    [
                        Token::Sign(':'),
                        Token::Number {
                            value: s,
                            digits: 1..=2,
                        },
                        ..,
                    ] => (*s, 2),
                    _ => (0, 0),
                };
                self.clock = Some((*h, *m, seconds));
                Some(3 + used + self.fraction(rest.get(used..)?))
            }
            // 7pm, 7 p.m.
            [
                Token::Number {
                    value,
                    digits: 1..=2,
                },
                rest @ ..,
            ] if self.clock.is_none()
                && half_of_day_at(rest).is_some()
                // `25 오후 11:23`: the clock comes behind.
                && !matches!(rest, [_, Token::Number { .. }, Token::Sign(':'), ..]) =>
            {
                self.clock = Some((*value, 0, 0));
                Some(1)
            }
            // 19.48, 19h48: only behind the whole date, where it can be nothing else.
            [
                Token::Number {
                    value: h,
                    digits: 1..=2,
                },
                Token::Sign('.'),
                Token::Number {
                    value: m,
                    digits: 2,
                },
                ..,
            ] if self.clock.is_none() && self.is_dated() => {
                self.clock = Some((*h, *m, 0));
                Some(3)
            }
            [
                Token::Number {
                    value: h,
                    digits: 1..=2,
                },
                Token::Word(word),
                Token::Number {
                    value: m,
                    digits: 2,
                },
                ..,
            ] if word == "h" && self.clock.is_none() && self.is_dated() => {
                self.clock = Some((*h, *m, 0));
                Some(3)
            }
            // 20031231101455, 200312311014
            [
                Token::Number {
                    value,
                    digits: digits @ (12 | 14),
                },
                rest @ ..,
            ] if self.numbers.is_empty() => {
                let value = if *digits == 12 { value * 100 } else { *value };
                self.number(value / 1_000_000, 8, before)?;
                let clock = value % 1_000_000;
                self.clock = Some((clock / 10_000, clock / 100 % 100, clock % 100));
                Some(1 + self.fraction(rest))
            }
            // -0500, +02:00, GMT+2
            [
                Token::Sign(sign @ ('+' | '-')),
                Token::Number {
                    value,
                    digits: 1..=4,
                },
                rest @ ..,
            ] if self.clock.is_some() && self.offset_s.is_none_or(|o| o == 0) => {
                let (digits, value) = match tokens.get(1) {
                    Some(Token::Number { digits, .. }) => (*digits, *value),
                    _ => (0, 0),
                };
                let (hours, minutes, used) = match rest {
                    [
                        Token::Sign(':'),
                        Token::Number {
                            value: m,
                            digits: 2,
                        },
                        ..,
                    ] if digits <= 2 => (value, *m, 4),
                    _ if digits <= 2 => (value, 0, 2),
                    _ => (value / 100, value % 100, 2),
                };
                if hours > 15 || minutes > 59 {
                    // A year after the clock: `08:49-1994` is no offset.
                    return self.number(value, digits, Some(*sign)).map(|()| 2);
                }
                let seconds = hours * 3600 + minutes * 60;
                self.offset_s = Some(if *sign == '-' { -seconds } else { seconds });
                Some(used)
            }
            // 20031231T101455
            [
                Token::Number {
                    value,
                    digits: digits @ (4 | 6),
                },
                rest @ ..,
            ] if after_t && self.clock.is_none() => {
                let value = if *digits == 4 { value * 100 } else { *value };
                self.clock = Some((value / 10_000, value / 100 % 100, value % 100));
                Some(1 + self.fraction(rest))
            }
            // 2003-12-31T10
            [Token::Number { value, digits: 2 }, ..] if after_t && self.clock.is_none() => {
                self.clock = Some((*value, 0, 0));
                Some(1)
            }
            [Token::Number { value, digits }, ..] => {
                self.number(*value, *digits, before).map(|()| 1)
            }
            [Token::Word(word), ..] => {
                self.word(word);
                if let Some(afternoon) = half_of_day_at(tokens) {
                    self.afternoon = Some(afternoon);
                }
                Some(1)
            }
            // ISO 8601 of 1988: `--12-31` has no year.
            [Token::Sign('-'), ..] if before == Some('-') && self.numbers.is_empty() => None,
            [Token::Sign(sign), ..] => {
                self.sign = Some(*sign);
                Some(1)
            }
            [] => Some(1),
        }
    }

    fn number(&mut self, value: i64, digits: usize, sign: Option<char>) -> Option<()> {
        if let Some(before) = self.before_era.take() {
            self.numbers.push((before + value, 4, sign));
            return Some(());
        }
        // A phone number is no date.
        (self.numbers.len() < 4).then(|| self.numbers.push((value, digits, sign)))
    }

    fn fraction(&mut self, rest: &[Token]) -> usize {
        match rest {
            [Token::Sign('.' | ','), Token::Number { value, digits }, ..] => {
                let scale = 10_i64.checked_pow(u32::try_from(*digits).unwrap_or(0));
                self.millis = scale.map_or(0, |s| value.saturating_mul(1000) / s);
                2
            }
            _ => 0,
        }
    }

    fn word(&mut self, word: &str) {
        if word == "t" {
            self.after_t = true;
            self.is_iso = self.numbers.len() == 3;
        } else if word == "w" && self.numbers.len() == 1 {
            self.is_by_week = true;
        } else if let Some(before) = before_era(word) {
            self.before_era = Some(before);
            if word.ends_with("元年") {
                // The first year of an era is not counted but named.
                let _ = self.number(1, 1, None);
            }
        } else if matches!(word, "년" | "오전" | "오후") {
            self.is_korean = true;
        } else if let Some(offset) = zone(word)
            && self.clock.is_some()
        {
            self.offset_s = Some(offset);
        } else if let Some(month) = month(word) {
            // `mar. 6 sept.` is a Tuesday: the last name that can be a month is the month.
            self.month = Some((month, self.numbers.len()));
        }
    }

    fn time(&self) -> Option<Time> {
        let (year, month, day) = self.date()?;
        let (mut hour, minute, second) = self.clock.unwrap_or_default();
        match self.afternoon {
            Some(true) if hour < 12 => hour += 12,
            Some(false) if hour == 12 => hour = 0,
            _ => {}
        }
        if year < YEAR_MIN || hour > 24 || minute > 59 || second > 60 {
            return None;
        }
        let date = civil::Date::new(i16::try_from(year).ok()?, month, day).ok()?;
        let midnight = jiff::tz::Offset::UTC
            .to_timestamp(date.at(0, 0, 0, 0))
            .ok()?
            .as_second();
        let usual = if self.is_korean && self.clock.is_some() {
            KOREA_S
        } else {
            0
        };
        let seconds = hour * 3600 + minute * 60 + second.min(59) - self.offset_s.unwrap_or(usual);
        Some(Time::from_millis(
            (midnight + seconds).checked_mul(1000)? + self.millis,
        ))
    }

    /// Whether day, month and year are there.
    fn is_dated(&self) -> bool {
        self.numbers.len() + usize::from(self.month.is_some()) >= 3
    }

    /// Year, month, day.
    fn date(&self) -> Option<(i64, i8, i8)> {
        let n = |i: usize| self.numbers.get(i).copied();
        if let Some((month, before)) = self.month {
            return self.date_by_name(month, before);
        }
        let (first, digits, sign) = n(0)?;
        if self.is_by_week {
            return of_week(first, n(1)?.0, n(2).map_or(1, |day| day.0));
        }
        match (digits, n(1), n(2)) {
            // ISO 8601 of 1988 lets the century go: -0312, -03-12, -03, 03335, 03-335, 031231.
            (2, None, _) if sign == Some('-') => Some((full_year(first, 2)?, 1, 1)),
            (4, None, _) if sign == Some('-') => {
                Some((full_year(first / 100, 2)?, small(first % 100)?, 1))
            }
            (2, Some((month, 2, _)), None) if sign == Some('-') => {
                Some((full_year(first, 2)?, small(month)?, 1))
            }
            (5, None, _) => of_ordinal(full_year(first / 1000, 2)?, first % 1000),
            (2, Some((ordinal, 3, _)), None) => of_ordinal(full_year(first, 2)?, ordinal),
            // A year and a month are never written together there, so that this is no year and month if it can help it.
            (6, ..) if is_month_and_day(first / 100 % 100, first % 100) => Some((
                full_year(first / 10_000, 2)?,
                small(first / 100 % 100)?,
                small(first % 100)?,
            )),
            (8, ..) => Some((
                first / 10_000,
                small(first / 100 % 100)?,
                small(first % 100)?,
            )),
            (4, None, _) => Some((first, 1, 1)),
            (4, Some((ordinal, 3, _)), None) => of_ordinal(first, ordinal),
            (7, None, _) => of_ordinal(first / 1000, first % 1000),
            (6, None, _) => Some((first / 100, small(first % 100)?, 1)),
            (4, Some((month, 1..=2, _)), day) => {
                let day = day.filter(|d| d.1 <= 2).map_or(1, |d| d.0);
                Some((first, small(month)?, small(day)?))
            }
            (2, Some((month, 2, Some('-'))), Some((day, 2, _))) if self.is_iso => {
                Some((full_year(first, 2)?, small(month)?, small(day)?))
            }
            (1..=2, Some((second, 1..=2, sign)), Some((year, digits, _))) => {
                let year = full_year(year, digits)?;
                let is_american = sign == Some('/') && first <= 12;
                let (day, month) = if is_american || second > 12 {
                    (second, first)
                } else {
                    (first, second)
                };
                Some((year, small(month)?, small(day)?))
            }
            _ => None,
        }
    }

    fn date_by_name(&self, month: i8, before: usize) -> Option<(i64, i8, i8)> {
        let is_year = |(value, digits): (i64, usize)| digits >= 3 || value > 31;
        let numbers: Vec<(i64, usize)> = self.numbers.iter().map(|n| (n.0, n.1)).collect();
        match *numbers.as_slice() {
            [year] if is_year(year) => Some((full_year(year.0, year.1)?, month, 1)),
            [a, b, ..] => {
                // `6 Sep 03` and `Sep 6, 03` have the day first; `2003 Sep 6` and `03-Sep-06` (ISO order) the year.
                let year_first = is_year(a) && !is_year(b) && before > 0;
                let (year, day) = if year_first { (a, b) } else { (b, a) };
                Some((full_year(year.0, year.1)?, month, small(day.0)?))
            }
            _ => None,
        }
    }
}

fn small(value: i64) -> Option<i8> {
    i8::try_from(value).ok()
}

fn is_month_and_day(month: i64, day: i64) -> bool {
    (1..=12).contains(&month) && (1..=31).contains(&day)
}

/// The day of a week of a year (ISO 8601).
fn of_week(year: i64, week: i64, day: i64) -> Option<(i64, i8, i8)> {
    let weekday = civil::Weekday::from_monday_one_offset(small(day)?).ok()?;
    let date = civil::ISOWeekDate::new(i16::try_from(year).ok()?, small(week)?, weekday).ok()?;
    let date = date.date();
    Some((i64::from(date.year()), date.month(), date.day()))
}

fn of_ordinal(year: i64, ordinal: i64) -> Option<(i64, i8, i8)> {
    let first = civil::Date::new(i16::try_from(year).ok()?, 1, 1).ok()?;
    if !(1..=366).contains(&ordinal) {
        return None;
    }
    let date = first
        .checked_add(jiff::Span::new().days(ordinal - 1))
        .ok()?;
    Some((i64::from(date.year()), date.month(), date.day()))
}

/// The year before the Japanese era of that name began.
fn before_era(word: &str) -> Option<i64> {
    let eras = [("令和", 2018), ("平成", 1988), ("昭和", 1925)];
    let (_, before) = eras.iter().find(|(name, _)| word.starts_with(name))?;
    Some(*before)
}

/// Years of two and three digits as RFC 5322 section 4.3 reads them.
fn full_year(value: i64, digits: usize) -> Option<i64> {
    match digits {
        1 | 2 if value < 50 => Some(value + 2000),
        1..=3 => Some(value + 1900),
        4 => Some(value),
        _ => None,
    }
}

/// Whether the afternoon is meant, if these tokens begin with what says so.
fn half_of_day_at(tokens: &[Token]) -> Option<bool> {
    let (Token::Word(word), rest) = tokens.split_first()? else {
        return None;
    };
    let is_dotted = matches!(rest, [Token::Sign('.'), Token::Word(m), ..] if m == "m");
    match word.as_str() {
        "am" | "오전" | "上午" | "午前" => Some(false),
        "pm" | "오후" | "下午" | "午後" => Some(true),
        "a" if is_dotted => Some(false),
        "p" if is_dotted => Some(true),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{read, read_bare};

    #[track_caller]
    fn reads(text: &str, expected: &str) {
        assert_eq!(
            read(text).map(|t| t.to_string()).as_deref(),
            Some(expected),
            "{text}"
        );
    }

    #[test]
    fn rfc_822_with_its_sloppiness() {
        reads("Fri, 21 Oct 2022 10:00:00 GMT", "2022-10-21T10:00:00Z");
        reads("21 Oct 22 10:00 +0200", "2022-10-21T08:00:00Z");
        reads("Friday, 21-Oct-22 10:00:00 EDT", "2022-10-21T14:00:00Z");
        reads("Fri Oct 21 10:00:00 2022", "2022-10-21T10:00:00Z");
        reads("Oct 21, 2022 10:00 PM PST", "2022-10-22T06:00:00Z");
        reads("Fri, 21 Oct 2022", "2022-10-21T00:00:00Z");
        reads("Fri, 21 Oct 2022 24:00:00 GMT", "2022-10-22T00:00:00Z");
        reads("Fri, 21 Oct 2022 10:00:00 GMT+2", "2022-10-21T08:00:00Z");
    }

    #[test]
    fn iso_8601_whole_and_in_part() {
        reads("2022-10-21T10:00:00.5+02:00", "2022-10-21T08:00:00Z");
        reads("2022-10-21 10:00:00", "2022-10-21T10:00:00Z");
        reads("2022-10", "2022-10-01T00:00:00Z");
        reads("2022", "2022-01-01T00:00:00Z");
        reads("2022-294", "2022-10-21T00:00:00Z");
        reads("20221021T100000Z", "2022-10-21T10:00:00Z");
        reads("2022-10-21T10:00-05:00", "2022-10-21T15:00:00Z");
    }

    #[test]
    fn other_countries() {
        reads("21.10.2022 10:00", "2022-10-21T10:00:00Z");
        reads("10/21/2022", "2022-10-21T00:00:00Z");
        reads("21/10/2022", "2022-10-21T00:00:00Z");
        reads(
            "Fr, 21 Dezember 2022 10:00:00 +0100",
            "2022-12-21T09:00:00Z",
        );
        reads("mar., 6 sept. 2022 10:00:00 +0000", "2022-09-06T10:00:00Z");
        reads("Пт, 21 окт 2022 10:00:00 +0300", "2022-10-21T07:00:00Z");
        reads("Παρ, 21 Οκτ 2022 10:00:00 EEST", "2022-10-21T07:00:00Z");
        reads("2022년 10월 21일 오후 1:00", "2022-10-21T04:00:00Z");
        reads("2022-10-21 오후 1:00:30", "2022-10-21T04:00:30Z");
        reads("2022년 10월 21일", "2022-10-21T00:00:00Z");
        reads("令和4年10月21日", "2022-10-21T00:00:00Z");
        reads("平成元年10月21日", "1989-10-21T00:00:00Z");
        reads("٢١ أكتوبر ٢٠٢٢", "2022-10-21T00:00:00Z");
        reads("２０２２年１０月２１日", "2022-10-21T00:00:00Z");
        reads("1666346400", "2022-10-21T10:00:00Z");
    }

    #[test]
    fn iso_8601_without_its_century_and_by_weeks() {
        for text in ["-0312", "-03-12", "03335", "03-335", "031201"] {
            reads(text, "2003-12-01T00:00:00Z");
        }
        reads("-03", "2003-01-01T00:00:00Z");
        reads("03-12-01T10:00:00Z", "2003-12-01T10:00:00Z");
        reads("202210", "2022-10-01T00:00:00Z");
        reads("2022-W42-5", "2022-10-21T00:00:00Z");
        reads("2004-W01", "2003-12-29T00:00:00Z");
        reads("20221021100000", "2022-10-21T10:00:00Z");
        reads("202210211000", "2022-10-21T10:00:00Z");
    }

    #[test]
    fn hours_as_people_write_them() {
        reads("Oct 21, 2022 7pm", "2022-10-21T19:00:00Z");
        reads("Oct 21, 2022 at 7:30 p.m. ET", "2022-10-22T00:30:00Z");
        reads("21.10.2022 kl. 19.48", "2022-10-21T19:48:00Z");
        reads("21 octobre 2022, 19h48", "2022-10-21T19:48:00Z");
        reads("Fri, 21 Oct 2022 10:00:00 PT", "2022-10-21T18:00:00Z");
    }

    #[test]
    fn months_of_other_languages() {
        for text in [
            "13. července 2022",
            "13 iulie 2022",
            "13 юли 2022",
            "13 يوليو 2022",
            "13 יולי 2022",
            "13 juillet 2022",
            "13 lipca 2022",
            "13 липня 2022",
            "13 Temmuz 2022",
            "2022. július 13.",
            "2022年7月13日",
        ] {
            reads(text, "2022-07-13T00:00:00Z");
        }
        reads("13. června 2022", "2022-06-13T00:00:00Z");
        reads("13 أكتوبر 2022", "2022-10-13T00:00:00Z");
    }

    #[test]
    fn sec_04_nonsense_is_no_date() {
        for text in [
            "",
            "yesterday",
            "31 Feb 2022",
            "3 days ago",
            "99:99",
            "+49 30 1234 5678 90",
            "12:00",
            "0001-01-01T00:00:00Z",
            "Thu, 01 Jan 0000 00:00:00 GMT",
            "--12-31",
            "--1231",
            "-335",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(read(&"9".repeat(400)), None);
        assert_eq!(read("٣٣:٣٣"), None);
    }

    #[test]
    fn words_before_a_date_are_no_date() {
        for text in [
            "News Desk October 21, 2022",
            "By Ann 21 Oct 2022",
            "Maria Jan 5, 2022",
            "Mark 21 Oct 2022",
            "Sunil Rao Oct 21, 2022",
            "in 2014",
        ] {
            assert_eq!(read_bare(text), None, "{text}");
        }
        for text in ["October 21, 2022", "Friday, 21 Oct 2022", "2022-10-21"] {
            let day = read_bare(text).map(|t| t.to_string());
            assert_eq!(day.as_deref(), Some("2022-10-21T00:00:00Z"), "{text}");
        }
    }
}
