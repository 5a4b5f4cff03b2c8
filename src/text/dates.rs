//! Dates as publishers write them: RFC 822 with all its common deviations, ISO 8601 in full and in part (W3C NOTE-datetime),
//! asctime, numbers with any separator, month names of many languages, zones by name, epoch seconds. Never guesses a year.
//!
//! The grammar is the table in [`shapes`], which also says how to extend it. This file combines what the table finds.

mod pattern;
mod shapes;
mod tokens;
mod words;
mod zones;

use jiff::civil;
use jiff::tz::TimeZone;

use self::pattern::{Fields, Part, fit_beginning, fit_parts, half_of_day};
use self::shapes::{GRAMMAR, Grammar, Place, Shape};
use self::tokens::{Token, tokens};
use crate::model::Time;

/// Before this year a date is a program's zero (`0001-01-01`), not a day on which something was published.
const YEAR_MIN: i64 = 1000;
/// Most numbers of a date; a phone number has more.
const NUMBERS_MAX: usize = 4;
/// Largest offset, in hours and minutes.
const OFFSET_MAX: (i64, i64) = (15, 59);
/// Korean time, in seconds east of Greenwich.
const KOREA_S: i64 = 9 * 3600;

/// The moment that `text` names, or `None` if it names none. A time without a zone is UTC.
pub fn read(text: &str) -> Option<Time> {
    read_by(&GRAMMAR, text)
}

fn read_by(grammar: &Grammar<'_>, text: &str) -> Option<Time> {
    let named = zones::take(text);
    let text = named.as_ref().map_or(text, |(rest, _)| rest);
    let tokens = tokens(text);
    if let Some(time) = epoch(&tokens) {
        return Some(time);
    }
    let mut found = Found::default();
    let mut at = 0;
    while at < tokens.len() {
        at += found.take(grammar, tokens.get(at..)?)?;
    }
    let mut shapes = grammar.dates.iter();
    let fields = shapes.find_map(|shape| fit_parts(shape.pattern, &found.parts))?;
    found.time(day(fields)?, named.map(|(_, zone)| zone))
}

/// As [`read`], for a text that must begin with its date: a number, a month or a weekday.
pub fn read_bare(text: &str) -> Option<Time> {
    let tokens = tokens(text);
    let (first, rest) = tokens.split_first()?;
    let begins = match first {
        Token::Number { .. } => true,
        Token::Word(word) if words::is_weekday(word) => true,
        // Jan is also a person: a day follows, and no other month.
        Token::Word(word) => {
            let next = rest.iter().find(|t| !matches!(t, Token::Sign(_)));
            let is_other = |t: &Token| matches!(t, Token::Word(w) if words::month(w).is_some());
            words::month(word).is_some()
                && matches!(next, Some(Token::Number { .. }))
                && !rest.iter().any(is_other)
        }
        Token::Sign(_) => false,
    };
    begins.then(|| read(text)).flatten()
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

/// What has been found so far, from the first token on.
#[derive(Debug, Default)]
struct Found {
    /// Numbers and month of the date.
    parts: Vec<Part>,
    /// Hours to milliseconds.
    clock: Option<Fields>,
    afternoon: Option<bool>,
    offset_s: Option<i64>,
    /// The sign directly before.
    sign: Option<char>,
    /// The year before the Japanese era that was named: the next number counts from it.
    before_era: Option<i64>,
    is_korean: bool,
}

impl Found {
    /// Takes what begins at the first of `tokens`; how many tokens that was. None if it cannot be a date.
    fn take(&mut self, grammar: &Grammar<'_>, tokens: &[Token]) -> Option<usize> {
        if let Some(used) = self
            .take_time(grammar, tokens)
            .or_else(|| self.take_offset(grammar, tokens))
        {
            self.sign = None;
            return Some(used);
        }
        let before = self.sign.take();
        match tokens.first()? {
            Token::Number { value, digits } => self.take_number(*value, *digits, before)?,
            Token::Word(word) => {
                self.take_word(word);
                self.afternoon = half_of_day(tokens).or(self.afternoon);
            }
            // ISO 8601 of 1988: `--12-31` has no year.
            Token::Sign('-') if before == Some('-') && self.parts.is_empty() => return None,
            Token::Sign(sign) => self.sign = Some(*sign),
        }
        Some(1)
    }

    fn take_time(&mut self, grammar: &Grammar<'_>, tokens: &[Token]) -> Option<usize> {
        if self.clock.is_some() {
            return None;
        }
        let stands_right = |shape: &Shape| match shape.place {
            Place::Anywhere => true,
            Place::BehindDate => self.is_dated(),
            Place::BeforeDate => self.numbers() == 0,
        };
        let mut shapes = grammar.times.iter().filter(|shape| stands_right(shape));
        let (fields, used) = shapes.find_map(|shape| fit_beginning(shape.pattern, tokens))?;
        if matches!(tokens.first(), Some(Token::Word(_))) {
            self.mark_t();
        }
        if let (Some(year), Some(month), Some(day)) = (fields.year, fields.month, fields.day) {
            let sign = self.sign;
            self.take_number(year * 10_000 + month * 100 + day, 8, sign)?;
        }
        self.clock = Some(fields);
        Some(used)
    }

    fn take_offset(&mut self, grammar: &Grammar<'_>, tokens: &[Token]) -> Option<usize> {
        // `GMT+2`: the offset after the name is used.
        if self.clock.is_none() || self.offset_s.is_some_and(|offset| offset != 0) {
            return None;
        }
        let mut shapes = grammar.offsets.iter();
        let (fields, used) = shapes.find_map(|shape| fit_beginning(shape.pattern, tokens))?;
        if fields.hours > OFFSET_MAX.0 || fields.minutes > OFFSET_MAX.1 {
            return None;
        }
        let seconds = fields.hours * 3600 + fields.minutes * 60;
        self.offset_s = Some(if fields.is_negative {
            -seconds
        } else {
            seconds
        });
        Some(used)
    }

    fn take_number(&mut self, value: i64, digits: usize, sign: Option<char>) -> Option<()> {
        let (value, digits) = match self.before_era.take() {
            Some(before) => (before + value, 4),
            None => (value, digits),
        };
        let is_room = self.numbers() < NUMBERS_MAX;
        is_room.then(|| {
            self.parts.push(Part::Number {
                value,
                digits,
                sign,
                before_t: false,
            });
        })
    }

    fn take_word(&mut self, word: &str) {
        if word == "t" {
            self.mark_t();
        } else if word == "w" && self.numbers() == 1 {
            self.parts.push(Part::Week);
        } else if let Some(before) = words::before_era(word) {
            self.before_era = Some(before);
            if word.ends_with("元年") {
                // The first year of an era is not counted but named.
                let _ = self.take_number(1, 1, None);
            }
        } else if words::is_korean(word) {
            self.is_korean = true;
        } else if let Some(offset) = words::zone(word)
            && self.clock.is_some()
        {
            self.offset_s = Some(offset);
        } else if let Some(month) = words::month(word) {
            // `mar. 6 sept.` is a Tuesday: the last name that can be a month is the month.
            self.parts.retain(|part| !matches!(part, Part::Month(_)));
            self.parts.push(Part::Month(month));
        }
    }

    /// A `T` came after the last number.
    fn mark_t(&mut self) {
        if let Some(Part::Number { before_t, .. }) = self.parts.last_mut() {
            *before_t = true;
        }
    }

    fn numbers(&self) -> usize {
        let is_number = |part: &&Part| matches!(part, Part::Number { .. });
        self.parts.iter().filter(is_number).count()
    }

    /// Whether day, month and year are there.
    fn is_dated(&self) -> bool {
        self.parts.len() >= 3
    }

    fn time(&self, date: civil::Date, named: Option<TimeZone>) -> Option<Time> {
        let clock = self.clock.unwrap_or_default();
        let hour = match self.afternoon {
            Some(true) if clock.hours < 12 => clock.hours + 12,
            Some(false) if clock.hours == 12 => 0,
            _ => clock.hours,
        };
        if i64::from(date.year()) < YEAR_MIN
            || hour > 24
            || clock.minutes > 59
            || clock.seconds > 60
        {
            return None;
        }
        let seconds = hour * 3600 + clock.minutes * 60 + clock.seconds.min(59);
        let local = date
            .at(0, 0, 0, 0)
            .checked_add(jiff::Span::new().seconds(seconds));
        let local = local.ok()?;
        let zone = named.filter(|_| self.clock.is_some() && self.offset_s.is_none());
        let usual = if self.is_korean && self.clock.is_some() {
            KOREA_S
        } else {
            0
        };
        let seconds = match zone {
            Some(zone) => zone.to_timestamp(local).ok()?.as_second(),
            None => {
                let utc = TimeZone::UTC.to_timestamp(local).ok()?;
                utc.as_second() - self.offset_s.unwrap_or(usual)
            }
        };
        Some(Time::from_millis(seconds.checked_mul(1000)? + clock.millis))
    }
}

/// The day that a shape gives: by month and day, by week, or by the day of the year. A year alone is its first day.
fn day(fields: Fields) -> Option<civil::Date> {
    let year = i16::try_from(fields.year?).ok()?;
    let small = |value: i64| i8::try_from(value).ok();
    if let Some(week) = fields.week {
        let weekday = small(fields.day.unwrap_or(1))?;
        let weekday = civil::Weekday::from_monday_one_offset(weekday).ok()?;
        let week = civil::ISOWeekDate::new(year, small(week)?, weekday);
        return week.map(|week| week.date()).ok();
    }
    if let Some(ordinal @ 1..=366) = fields.day_of_year {
        let first = civil::Date::new(year, 1, 1).ok()?;
        return first.checked_add(jiff::Span::new().days(ordinal - 1)).ok();
    }
    if fields.day_of_year.is_some() {
        return None;
    }
    let (month, day) = (fields.month.unwrap_or(1), fields.day.unwrap_or(1));
    civil::Date::new(year, small(month)?, small(day)?).ok()
}

#[cfg(test)]
mod tests;
