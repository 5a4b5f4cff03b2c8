//! What stands behind a field, in NEAR(…) and in comparisons, and words themselves.

use std::ops::Range;

use super::super::ast::{Compare, Expr, Fact, Measure, Name, Pattern, Scope, When};
use super::super::part::Builder;
use super::operators::flatten;
use super::{DEPTH_MAX, Field, Reader};
use crate::text::fold::tokens;
use crate::text::nearest::nearest;

/// Longest name of a field that is compared with the right ones, in bytes.
const NAME_BYTES_MAX: usize = 32;

/// Largest distance in `NEAR`.
const NEAR_MAX: u32 = 1000;

const FIELDS: [&str; 13] = [
    "title", "body", "author", "category", "agency", "feed", "tag", "url", "site", "lang", "topic",
    "since", "until",
];

const NOTHING_TO_LOOK_FOR: &str = "there is no letter, digit or emoji in this: nothing to look for";

impl Reader<'_> {
    pub(super) fn field(&mut self, name: &str, value: &str, start: usize) -> Option<Expr> {
        let span = start..start + name.len();
        let Some(field) = Field::of(&name.to_ascii_lowercase()) else {
            let name = name.get(..NAME_BYTES_MAX).unwrap_or(name);
            let near = nearest(name, FIELDS.into_iter());
            let hint = near.map_or_else(
                || format!("fields are {}", FIELDS.join(", ")),
                |n| format!("did you mean {n}:?"),
            );
            self.fail(
                span,
                format!("there is no field {name}: - {hint} (for the text itself, quote it)"),
            );
            self.at += value.len();
            return None;
        };
        match self.peek() {
            None | Some('|') => {}
            Some(c) if c.is_whitespace() || c == ')' => {}
            Some('(' | '-') => return self.group(field),
            Some(_) if self.left().starts_with("NEAR(") => return self.group(field),
            Some('"' | '/') => return self.values(field),
            Some(_) if !value.is_empty() => return self.values(field),
            Some(_) => {}
        }
        self.fail(start..self.at, format!("a value is missing after {name}:"));
        None
    }

    /// More than a value: `title:(a OR b)`, `title:-a`, `title:NEAR(a b, 5)`.
    fn group(&mut self, field: Field) -> Option<Expr> {
        let start = self.at;
        let expr = self.one(field);
        if self.bar_before_value().is_some() {
            self.fail(
                start..self.at + 1,
                "put all that the field should match into one group: title:(a OR b)",
            );
        }
        expr
    }

    /// A value, or several: what follows a `|` without a space is a value of the field too, as in `lang:en|de`.
    fn values(&mut self, field: Field) -> Option<Expr> {
        let mut list: Vec<Expr> = self.one_value(field).into_iter().collect();
        while let Some(len) = self.bar_before_value() {
            let start = self.at;
            // Written again, these stand in parentheses.
            if self.depth >= DEPTH_MAX {
                self.give_up(
                    start..start + len,
                    format!("nested deeper than {DEPTH_MAX}"),
                );
                return None;
            }
            self.at += len;
            list.extend(self.one_value(field));
        }
        flatten(list, Expr::Or)
    }

    fn one_value(&mut self, field: Field) -> Option<Expr> {
        let start = self.at;
        match self.peek() {
            Some('"') => self.quoted_value(field),
            Some('/') => self.regex(field),
            _ => {
                let value = self.bare();
                self.at += value.len();
                match value.strip_suffix('*') {
                    Some(beginning) => self.value(field, beginning, true, start),
                    None => self.value(field, value, false, start),
                }
            }
        }
    }

    /// The length of a `|` or `||` that a further value of the same field follows at once.
    fn bar_before_value(&self) -> Option<usize> {
        let left = self.left();
        let behind = left.strip_prefix("||").or_else(|| left.strip_prefix('|'))?;
        let next = word_of(behind);
        let is_other_field = next
            .split_once(':')
            .is_some_and(|(name, _)| Field::of(&name.to_ascii_lowercase()).is_some());
        let is_count = next.split_once(['<', '>', '=']).is_some_and(|(name, _)| {
            Measure::ALL
                .iter()
                .any(|(n, _)| n.eq_ignore_ascii_case(name))
        });
        let is_value = behind.starts_with('"')
            || !(next.is_empty() || is_other_field || is_count || next.starts_with('-'));
        is_value.then(|| left.len() - behind.len())
    }

    /// Parses `copies>=3`; the errors of a comparison are reported here.
    pub(super) fn comparison(&mut self, word: &str, start: usize) -> Comparison {
        let Some((name, sign, compare, number)) = split_comparison(word) else {
            return Comparison::None;
        };
        let span = start..start + word.len();
        self.at = span.end;
        let measure = Measure::ALL
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name));
        let rest = word.get(name.len()..).unwrap_or_default();
        match (measure, number.parse::<u64>()) {
            (Some((_, measure)), Ok(n)) => {
                let fact = Expr::Fact(Fact::Count(*measure, compare, n));
                let is_paid = self.spend(span, |budget| budget.words(1));
                is_paid.map_or(Comparison::Bad, |()| Comparison::Good(fact))
            }
            (Some((name, _)), Err(_)) => {
                let sign = match rest.get(..2) {
                    Some("=>") => ">=",
                    Some("=<") => "<=",
                    Some("==") => "=",
                    _ => sign,
                };
                self.fail(span, format!("write it with a whole number: {name}{sign}3"));
                Comparison::Bad
            }
            (None, _) => {
                self.fail(
                    span,
                    "only copies, feeds and words can be compared, as in copies>=3",
                );
                Comparison::Bad
            }
        }
    }

    pub(super) fn near(&mut self, field: Field, start: usize) -> Option<Expr> {
        let Some(end) = self.left().find(')') else {
            self.fail(start..self.at, "this NEAR( is never closed; add )");
            self.at = self.text.len();
            return None;
        };
        let inside = self.left().get(..end).unwrap_or_default();
        self.at += end + 1;
        let span = start..self.at;
        let (terms, distance) = match inside.rsplit_once(',') {
            Some((terms, n)) => (
                terms,
                n.trim().parse::<u32>().ok().filter(|n| *n <= NEAR_MAX),
            ),
            None => (inside, Some(10)),
        };
        let phrases: Vec<Vec<String>> = split_terms(terms).iter().map(|t| tokens(t)).collect();
        if phrases.iter().any(Vec::is_empty) {
            let has_emoji = Builder::of(&[terms]).emoji().next().is_some();
            self.fail(
                span,
                match has_emoji {
                    true => "NEAR counts words, and an emoji is none: write it beside NEAR(…)",
                    false => NOTHING_TO_LOOK_FOR,
                },
            );
            return None;
        }
        match (field, distance) {
            (Field::Text(scope), Some(distance)) if phrases.len() >= 2 => {
                let words = phrases.iter().map(Vec::len).sum();
                self.spend(span, |budget| {
                    budget.near(phrases.len())?;
                    budget.words(words)
                })?;
                Some(Expr::Text(scope, Pattern::Near(phrases, distance)))
            }
            _ => {
                self.fail(
                    span,
                    format!("write NEAR(a b, 5): two or more words, and a distance of at most {NEAR_MAX}"),
                );
                None
            }
        }
    }

    /// A word or quoted text as a value of a field.
    pub(super) fn value(
        &mut self,
        field: Field,
        text: &str,
        beginning: bool,
        start: usize,
    ) -> Option<Expr> {
        let span = start..self.at;
        let text = text.trim();
        let fact = match field {
            Field::Text(scope) => return self.text_value(scope, text, beginning, span),
            _ if text.is_empty() => {
                self.fail(span, "this value is empty");
                return None;
            }
            _ if beginning => {
                self.fail(
                    span,
                    "a * is possible for words only; use a regular expression: /^begin/",
                );
                return None;
            }
            // No words would be words of every title.
            Field::Feed if tokens(text).is_empty() => {
                self.fail(span, NOTHING_TO_LOOK_FOR);
                return None;
            }
            Field::Feed => Fact::Feed(Name::Is(text.to_owned())),
            Field::Tag => Fact::Tag(Name::Is(text.to_owned())),
            Field::Url => Fact::Url(Name::Is(text.to_owned())),
            Field::Topic => Fact::Topic(text.to_owned()),
            Field::Lang => Fact::Lang(text.to_lowercase()),
            Field::Site => match host(text) {
                Some(host) => Fact::Site(host),
                None => {
                    self.fail(span, "there is no host in this: write one like example.org");
                    return None;
                }
            },
            Field::Since | Field::Until => match When::read(text) {
                Some(when) if field == Field::Since => Fact::Since(when),
                Some(when) => Fact::Until(when),
                None => {
                    self.fail(
                        span,
                        "write a span like 24h, 7d, 2w, a day like today, yesterday, monday, or a date like 2026-11-01",
                    );
                    return None;
                }
            },
        };
        self.spend(start..self.at, |budget| budget.words(1))?;
        Some(Expr::Fact(fact))
    }

    /// Words are one phrase; emoji shift no word, so that they are looked for beside it.
    fn text_value(
        &mut self,
        scope: Scope,
        text: &str,
        beginning: bool,
        span: Range<usize>,
    ) -> Option<Expr> {
        let read = Builder::of(&[text]);
        let words: Vec<String> = read.words().split_whitespace().map(str::to_owned).collect();
        let words = Some(words).filter(|words| !words.is_empty());
        let mut phrases: Vec<Vec<String>> = words.into_iter().chain(read.emoji()).collect();
        if phrases.is_empty() {
            self.fail(span, NOTHING_TO_LOOK_FOR);
            return None;
        }
        // Written again, several stand in parentheses.
        if phrases.len() > 1 && self.depth >= DEPTH_MAX {
            self.give_up(span, format!("nested deeper than {DEPTH_MAX}"));
            return None;
        }
        let count = phrases.iter().map(Vec::len).sum();
        self.spend(span, |budget| {
            if beginning {
                budget.prefix()?;
            }
            budget.words(count)
        })?;
        let first = phrases.remove(0);
        let first = match beginning {
            true => Pattern::Prefix(first),
            false => Pattern::Phrase(first),
        };
        let patterns = std::iter::once(first).chain(phrases.into_iter().map(Pattern::Phrase));
        let list = patterns.map(|pattern| Expr::Text(scope, pattern)).collect();
        flatten(list, Expr::And)
    }
}

/// The host in an address or a part of one, without `www.`; none: there is none.
fn host(text: &str) -> Option<String> {
    let text = text.to_lowercase();
    let host = text.split("://").last().unwrap_or_default();
    let host = host.split('/').next().unwrap_or_default();
    let host = host.trim_start_matches("www.");
    let is_host = host.contains(char::is_alphanumeric) && !host.contains(char::is_whitespace);
    is_host.then(|| host.to_owned())
}

/// A word that may be a comparison.
pub(super) enum Comparison {
    /// It is none.
    None,
    /// `copies>=3`.
    Good(Expr),
    /// One with an error, which is reported.
    Bad,
}

/// Name, operator and number of `copies>=3`. Without a name (`<b>`) it is no comparison.
fn split_comparison(word: &str) -> Option<(&str, &'static str, Compare, &str)> {
    let end = word.find(['<', '>', '=']).filter(|end| *end > 0)?;
    let (name, rest) = word.split_at_checked(end)?;
    let (sign, compare) = Compare::ALL.iter().find(|(s, _)| rest.starts_with(s))?;
    Some((name, *sign, *compare, rest.strip_prefix(*sign)?))
}

/// The word that a text begins with: up to a space, a parenthesis, a quote or an operator.
pub(super) fn word_of(text: &str) -> &str {
    let ends = |c: char| c.is_whitespace() || matches!(c, '(' | ')' | '"' | '|');
    let word = text.split(ends).next().unwrap_or_default();
    word.split("&&").next().unwrap_or_default()
}

/// Words and quoted phrases.
fn split_terms(text: &str) -> Vec<String> {
    text.split('"')
        .enumerate()
        .flat_map(|(i, piece)| {
            if i % 2 == 1 {
                vec![piece.to_owned()]
            } else {
                piece.split_whitespace().map(str::to_owned).collect()
            }
        })
        .collect()
}
