//! Reading an expression: every mistake is found, each with its place and what would be right.

use std::ops::Range;

use super::ast::{Compare, Expr, Fact, Measure, Name, Pattern, Regex, Scope, When};
use super::budget::Budget;
use super::fold::tokens;
use super::mistakes::{SyntaxError, SyntaxErrors};

/// Longest expression, in bytes.
pub const EXPR_BYTES_MAX: usize = 64 * 1024;

/// Deepest nesting of parentheses and negations.
const DEPTH_MAX: usize = 64;

/// Most mistakes that are reported: with so many the rest is not read.
const ERRORS_MAX: usize = 10;

/// Longest name of a field that is compared with the right ones, in bytes.
const NAME_BYTES_MAX: usize = 32;

/// Largest distance in `NEAR`.
const NEAR_MAX: u32 = 1000;

const FIELDS: [&str; 13] = [
    "title", "body", "author", "category", "agency", "feed", "tag", "url", "site", "lang", "topic",
    "since", "until",
];

/// Reads an expression.
///
/// # Errors
/// All mistakes at once, each with its place.
pub fn parse(text: &str) -> Result<Expr, SyntaxErrors> {
    let mut reader = Reader {
        text,
        at: 0,
        depth: 0,
        budget: Budget::default(),
        errors: Vec::new(),
    };
    if text.len() > EXPR_BYTES_MAX {
        reader.fail(
            0..1,
            format!("the expression is longer than {EXPR_BYTES_MAX} bytes"),
        );
    }
    let expr = if reader.errors.is_empty() {
        let expr = reader.either(Field::Text(Scope::Any));
        reader.rest();
        expr
    } else {
        None
    };
    match expr {
        Some(expr) if reader.errors.is_empty() => Ok(expr),
        _ => {
            if reader.errors.is_empty() {
                let all = 0..text.len();
                reader.fail(
                    all,
                    "the expression is empty: write a word, \"a phrase\" or field:value",
                );
            }
            Err(SyntaxErrors::new(text, reader.errors))
        }
    }
}

/// What a value belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Text(Scope),
    Feed,
    Tag,
    Url,
    Site,
    Lang,
    Topic,
    Since,
    Until,
}

impl Field {
    fn of(name: &str) -> Option<Self> {
        Some(match name {
            "title" => Self::Text(Scope::Title),
            "body" => Self::Text(Scope::Body),
            "author" => Self::Text(Scope::Author),
            "category" => Self::Text(Scope::Category),
            "agency" => Self::Text(Scope::Agency),
            "feed" => Self::Feed,
            "tag" => Self::Tag,
            "url" => Self::Url,
            "site" => Self::Site,
            "lang" => Self::Lang,
            "topic" => Self::Topic,
            "since" => Self::Since,
            "until" => Self::Until,
            _ => return None,
        })
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    budget: Budget,
    errors: Vec<SyntaxError>,
}

impl<'a> Reader<'a> {
    fn fail(&mut self, span: Range<usize>, message: impl Into<String>) {
        self.errors.push(SyntaxError {
            span,
            message: message.into(),
        });
        if self.errors.len() >= ERRORS_MAX {
            self.at = self.text.len();
        }
    }

    /// A mistake behind which nothing is read.
    fn give_up(&mut self, span: Range<usize>, message: impl Into<String>) {
        self.fail(span, message);
        self.at = self.text.len();
    }

    /// Takes from the budget; none: it is spent, and what follows is not read.
    fn spend<T>(
        &mut self,
        span: Range<usize>,
        take: impl FnOnce(&mut Budget) -> Result<T, String>,
    ) -> Option<T> {
        match take(&mut self.budget) {
            Ok(taken) => Some(taken),
            Err(message) => {
                self.give_up(span, message);
                None
            }
        }
    }

    fn left(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.left().chars().next()
    }

    fn skip_space(&mut self) {
        let left = self.left();
        self.at += left.len() - left.trim_start().len();
    }

    fn eat(&mut self, c: char) -> bool {
        let found = self.peek() == Some(c);
        if found {
            self.at += c.len_utf8();
        }
        found
    }

    /// Eats a keyword that stands alone.
    fn eat_word(&mut self, word: &str) -> bool {
        let alone = self.left().strip_prefix(word).is_some_and(|rest| {
            rest.chars()
                .next()
                .is_none_or(|c| c.is_whitespace() || matches!(c, '(' | ')' | '"'))
        });
        if alone {
            self.at += word.len();
        }
        alone
    }

    /// What is left after a whole expression is a mistake.
    fn rest(&mut self) {
        loop {
            self.skip_space();
            let start = self.at;
            if self.eat(')') {
                self.fail(start..self.at, "nothing is open that this ) could close");
                self.either(Field::Text(Scope::Any));
            } else if self.left().is_empty() {
                return;
            } else {
                // Every other character begins something, so this cannot be reached without progress.
                self.at = self.text.len();
            }
        }
    }

    fn either(&mut self, field: Field) -> Option<Expr> {
        let mut list = Vec::new();
        loop {
            list.extend(self.all(field));
            self.skip_space();
            let start = self.at;
            if !self.eat_word("OR") {
                break;
            }
            self.skip_space();
            if self.left().is_empty() || self.peek() == Some(')') || list.is_empty() {
                self.fail(
                    start..start + 2,
                    "OR stands between two things: a OR b; for the word write \"or\"",
                );
            }
        }
        flatten(list, Expr::Or)
    }

    fn all(&mut self, field: Field) -> Option<Expr> {
        let mut list = Vec::new();
        loop {
            self.skip_space();
            let Some(c) = self.peek() else { break };
            if c == ')' || self.is_or() {
                break;
            }
            let start = self.at;
            if self.eat_word("AND") {
                self.skip_space();
                let is_last = self.left().is_empty() || self.peek() == Some(')') || self.is_or();
                if is_last || list.is_empty() {
                    self.fail(
                        start..start + 3,
                        "AND stands between two things: a AND b, or just a b; for the word write \"and\"",
                    );
                }
                continue;
            }
            list.extend(self.one(field));
        }
        flatten(list, Expr::And)
    }

    fn is_or(&mut self) -> bool {
        let at = self.at;
        let found = self.eat_word("OR");
        self.at = at;
        found
    }

    fn one(&mut self, field: Field) -> Option<Expr> {
        let start = self.at;
        if self.depth >= DEPTH_MAX {
            self.give_up(start..start + 1, format!("nested deeper than {DEPTH_MAX}"));
            return None;
        }
        self.depth += 1;
        let expr = self.one_nested(field, start);
        self.depth -= 1;
        expr
    }

    fn one_nested(&mut self, field: Field, start: usize) -> Option<Expr> {
        if self.eat('-') || self.eat_word("NOT") {
            self.skip_space();
            if self.left().is_empty() || self.peek() == Some(')') || self.is_or() {
                self.fail(
                    start..self.at,
                    "what should not match is missing after this",
                );
                return None;
            }
            return self.one(field).map(|e| Expr::Not(Box::new(e)));
        }
        if self.eat('(') {
            let inner = self.either(field);
            if !self.eat(')') {
                self.fail(start..start + 1, "this ( is never closed; add )");
            } else if inner.is_none() {
                self.fail(start..self.at, "there is nothing in these parentheses");
            }
            return inner;
        }
        if self.peek() == Some('"') {
            let text = self.quoted();
            let beginning = self.eat('*');
            return self.value(field, &text, beginning, start);
        }
        if self.peek() == Some('/') {
            return self.regex(field);
        }
        self.word(field, start)
    }

    /// A quoted text without its quotes; `\"` and `\\` stand for themselves.
    fn quoted(&mut self) -> String {
        let start = self.at;
        self.at += 1;
        let mut out = String::new();
        let mut escaped = false;
        for c in self.left().chars() {
            self.at += c.len_utf8();
            match c {
                '"' if !escaped => return out,
                '\\' if !escaped => escaped = true,
                c => {
                    if escaped && c != '"' && c != '\\' {
                        out.push('\\');
                    }
                    out.push(c);
                    escaped = false;
                }
            }
        }
        self.fail(start..start + 1, "this quote is never closed; add \"");
        out
    }

    fn regex(&mut self, field: Field) -> Option<Expr> {
        let start = self.at;
        self.at += 1;
        let mut escaped = false;
        let mut end = None;
        for (i, c) in self.left().char_indices() {
            match c {
                '/' if !escaped => {
                    end = Some(i);
                    break;
                }
                '\\' => escaped = !escaped,
                _ => escaped = false,
            }
        }
        let Some(end) = end else {
            self.fail(
                start..start + 1,
                "this regular expression is never closed; add /",
            );
            self.at = self.text.len();
            return None;
        };
        let source = self.left().get(..end).unwrap_or_default().to_owned();
        self.at += end + 1;
        let ignore_case = self.eat('i');
        let span = start..self.at;
        if source.is_empty() {
            self.fail(span, "there is nothing between these slashes");
            return None;
        }
        let room = self.spend(span.clone(), Budget::regex)?;
        let regex = match Regex::new(&source, ignore_case, room) {
            Ok(regex) => regex,
            Err(why) => {
                self.fail(span, format!("bad regular expression: {why}"));
                return None;
            }
        };
        self.budget.compiled(regex.bytes());
        match field {
            Field::Text(scope) => Some(Expr::Text(scope, Pattern::Regex(regex))),
            Field::Feed => Some(Expr::Fact(Fact::Feed(Name::Like(regex)))),
            Field::Tag => Some(Expr::Fact(Fact::Tag(Name::Like(regex)))),
            Field::Url => Some(Expr::Fact(Fact::Url(Name::Like(regex)))),
            _ => {
                self.fail(
                    start..self.at,
                    "a regular expression is possible for words, feed:, tag: and url: only",
                );
                None
            }
        }
    }

    /// A bare word, `field:value`, `copies>=3`, `NEAR(…)`.
    fn word(&mut self, field: Field, start: usize) -> Option<Expr> {
        let left = self.left();
        let len = left
            .find(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '"'))
            .unwrap_or(left.len());
        let word = left.get(..len).unwrap_or_default();
        if word == "NEAR" && left.get(len..).is_some_and(|rest| rest.starts_with('(')) {
            self.at += len + 1;
            return self.near(field, start);
        }
        if let Some(expr) = self.comparison(word, start) {
            return expr;
        }
        if let Some((name, value)) = word.split_once(':')
            && !name.is_empty()
            && name.chars().all(|c| c.is_ascii_alphabetic())
            && field == Field::Text(Scope::Any)
        {
            self.at = start + name.len() + 1;
            return self.field(name, value, start);
        }
        self.at += len;
        if let Some((name, _)) = word.split_once(':')
            && Field::of(name).is_some()
        {
            self.fail(
                start..self.at,
                "a field cannot stand inside another field's value",
            );
            return None;
        }
        match word.strip_suffix('*') {
            Some(beginning) => self.value(field, beginning, true, start),
            None => self.value(field, word, false, start),
        }
    }

    fn field(&mut self, name: &str, value: &str, start: usize) -> Option<Expr> {
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
            None => {}
            Some(c) if c.is_whitespace() || c == ')' => {}
            Some('"' | '(' | '/' | '-') => return self.one(field),
            Some(_) if self.left().starts_with("NEAR(") => return self.one(field),
            Some(_) => {
                let at = self.at;
                self.at += value.len();
                return match value.strip_suffix('*') {
                    Some(beginning) => self.value(field, beginning, true, at),
                    None => self.value(field, value, false, at),
                };
            }
        }
        self.fail(start..self.at, format!("a value is missing after {name}:"));
        None
    }

    /// `copies>=3`; none if it is nothing of the kind.
    fn comparison(&mut self, word: &str, start: usize) -> Option<Option<Expr>> {
        let end = word.find(['<', '>', '='])?;
        let (name, rest) = word.split_at_checked(end)?;
        if name.is_empty() {
            return None; // <b> compares nothing
        }
        let (sign, compare) = Compare::ALL.iter().find(|(s, _)| rest.starts_with(s))?;
        let span = start..start + word.len();
        self.at = span.end;
        let measure = Measure::ALL
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name));
        let number = rest.strip_prefix(sign).and_then(|n| n.parse::<u64>().ok());
        Some(match (measure, number) {
            (Some((_, measure)), Some(n)) => {
                let fact = Expr::Fact(Fact::Count(*measure, *compare, n));
                self.spend(span, |budget| budget.words(1)).map(|()| fact)
            }
            (Some((name, _)), None) => {
                let sign = match rest.get(..2) {
                    Some("=>") => ">=",
                    Some("=<") => "<=",
                    Some("==") => "=",
                    _ => sign,
                };
                self.fail(span, format!("write it with a whole number: {name}{sign}3"));
                None
            }
            (None, _) => {
                self.fail(
                    span,
                    "only copies, feeds and words can be compared, as in copies>=3",
                );
                None
            }
        })
    }

    fn near(&mut self, field: Field, start: usize) -> Option<Expr> {
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
            self.fail(span, NOTHING_TO_LOOK_FOR);
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
    fn value(&mut self, field: Field, text: &str, beginning: bool, start: usize) -> Option<Expr> {
        let span = start..self.at;
        let text = text.trim();
        let fact = match field {
            Field::Text(scope) => {
                let words = tokens(text);
                if words.is_empty() {
                    self.fail(span, NOTHING_TO_LOOK_FOR);
                    return None;
                }
                self.spend(span, |budget| {
                    if beginning {
                        budget.prefix()?;
                    }
                    budget.words(words.len())
                })?;
                let pattern = if beginning {
                    Pattern::Prefix(words)
                } else {
                    Pattern::Phrase(words)
                };
                return Some(Expr::Text(scope, pattern));
            }
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
                        "write a span like 24h, 7d, 2w or a date like 2026-11-01",
                    );
                    return None;
                }
            },
        };
        self.spend(start..self.at, |budget| budget.words(1))?;
        Some(Expr::Fact(fact))
    }
}

const NOTHING_TO_LOOK_FOR: &str = "there is no letter or digit in this: nothing to look for";

/// The host in an address or a part of one, without `www.`; none: there is none.
fn host(text: &str) -> Option<String> {
    let text = text.to_lowercase();
    let host = text.split("://").last().unwrap_or_default();
    let host = host.split('/').next().unwrap_or_default();
    let host = host.trim_start_matches("www.");
    let is_host = host.contains(char::is_alphanumeric) && !host.contains(char::is_whitespace);
    is_host.then(|| host.to_owned())
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

fn flatten(mut list: Vec<Expr>, make: fn(Vec<Expr>) -> Expr) -> Option<Expr> {
    if list.len() > 1 {
        Some(make(list))
    } else {
        list.pop()
    }
}

/// The nearest of some names, if one is near enough to be meant.
fn nearest<'n>(name: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let name = name.to_ascii_lowercase();
    names
        .map(|n| (strsim::damerau_levenshtein(&name, n), n))
        .filter(|(d, n)| *d <= 1 + n.len() / 4)
        .min()
        .map(|(_, n)| n)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn complaints(text: &str) -> Vec<(Range<usize>, String)> {
        parse(text)
            .unwrap_err()
            .errors()
            .iter()
            .map(|e| (e.span.clone(), e.message.clone()))
            .collect()
    }

    #[test]
    fn the_forms_of_the_contract_are_read() {
        for text in [
            r#"ukraine (defence OR "armed forces") -sport"#,
            "nuclear*",
            "/re.?gex/i",
            "NEAR(a b, 5)",
            "title:(shoygu OR austin)",
            r#"feed:"The Daily" tag:world/europe category:politics lang:en site:example.org"#,
            "agency:reuters url:/2026/ topic:ukraine since:7d until:2026-01-01",
            "copies>=3 feeds>=3 words>=200",
            "title:NEAR(a b, 5)",
            "a AND NOT b",
            "東京 OR kyïv",
        ] {
            let expr = parse(text).unwrap_or_else(|e| panic!("{text}: {e}"));
            assert_eq!(
                parse(&expr.to_string()).as_ref(),
                Ok(&expr),
                "{text} -> {expr}"
            );
        }
    }

    #[test]
    fn a_field_of_words_near_each_other_is_one_question() {
        let words = ["a", "b"].map(|w| vec![w.to_owned()]);
        let near = Expr::Text(Scope::Title, Pattern::Near(words.to_vec(), 2));
        assert_eq!(parse("title:NEAR(a b, 2)"), Ok(near.clone()));
        assert_eq!(parse("title:(NEAR(a b, 2))"), Ok(near));
        assert!(
            complaints("feed:NEAR(a b, 2)")[0]
                .1
                .contains("write NEAR(a b, 5)")
        );
    }

    #[test]
    fn what_is_written_is_never_nested_deeper_than_what_was_read() {
        // AND, OR and NOT by turns, down to the last level that is read.
        let nest =
            |levels: usize| "a b OR c -(d OR ".repeat(levels) + "e" + &") OR f".repeat(levels);
        let deepest = (1..)
            .take_while(|n| parse(&nest(*n)).is_ok())
            .last()
            .unwrap();
        let expr = parse(&nest(deepest)).unwrap();
        assert!(deepest > 5);
        assert_eq!(parse(&expr.to_string()), Ok(expr));
    }

    #[test]
    fn an_error_names_its_place_and_what_would_be_right() {
        let e = complaints("titel:war copies>=many (a OR b");
        assert_eq!(e[0].0, 0..5);
        assert!(e[0].1.contains("did you mean title:?"), "{}", e[0].1);
        assert!(e[1].1.contains("copies>=3"), "{}", e[1].1);
        assert!(e[2].1.contains("never closed"), "{}", e[2].1);
        let shown = parse("a OR (b \"c").unwrap_err().render("topic \"x\"");
        assert!(
            shown.contains("topic \"x\": this quote is never closed"),
            "{shown}"
        );
        assert!(shown.contains("a OR (b \"c\n          ^\n"), "{shown}");
    }

    #[test]
    fn every_kind_of_mistake_is_told() {
        for (text, part) in [
            ("", "is empty"),
            ("a OR", "between two things"),
            ("OR a", "between two things"),
            ("a AND", "between two things"),
            ("AND a", "between two things"),
            ("a AND OR b", "between two things"),
            ("a )", "nothing is open"),
            ("()", "nothing in these"),
            ("-", "missing after this"),
            ("!!!", "nothing to look for"),
            ("/(/", "regular expression"),
            ("/abc", "never closed"),
            ("since:soon", "24h"),
            ("title:", "missing after title:"),
            ("title:(feed:x)", "inside another"),
            ("NEAR(a, 5)", "two or more"),
            ("size>3", "only copies"),
            ("feed:ab*", "words only"),
            ("site:\"://\"", "no host"),
            ("site:www.", "no host"),
            ("site:\"a b\"", "no host"),
            ("feed:\"—\"", "nothing to look for"),
            ("author:!", "nothing to look for"),
            ("title:\"\u{301}\"", "nothing to look for"),
            ("NEAR(a - b, 5)", "nothing to look for"),
            ("tag:\" \"", "is empty"),
            ("url:\"\"", "is empty"),
            ("lang:\"\"", "is empty"),
            ("//", "nothing between"),
            ("tag://i", "nothing between"),
        ] {
            let e = parse(text).unwrap_err().to_string();
            assert!(e.contains(part), "{text}: {e}");
        }
    }

    #[test]
    fn sec_15_depth_length_and_regex_size_are_bounded() {
        assert!(parse(&"(".repeat(5000)).is_err());
        assert!(parse(&"-".repeat(5000)).is_err());
        assert!(parse(&"a ".repeat(50_000)).is_err());
        assert!(parse("/(a{1000}){1000}/").is_err());
    }

    #[test]
    fn sec_21_every_kind_of_cost_has_one_limit_and_a_caret_where_it_is_passed() {
        let many = |one: &str, n: usize| format!("{one} ").repeat(n);
        for (within, beyond, what) in [
            (many("boat", 1000), many("boat", 1001), "too many words"),
            (
                many("lang:en", 1000),
                many("lang:en", 1001),
                "too many words",
            ),
            (
                format!("\"{}\"", many("a", 1000)),
                format!("\"{}\"", many("a", 1001)),
                "too many words",
            ),
            (
                many("nuclear*", 100),
                many("nuclear*", 101),
                "too many beginnings",
            ),
            (
                many("NEAR(a b, 1)", 32),
                many("NEAR(a b, 1)", 33),
                "too many NEAR",
            ),
            (
                format!("NEAR({}, 1)", many("a", 16)),
                format!("NEAR({}, 1)", many("a", 17)),
                "in this NEAR",
            ),
            (many("/a/", 32), many("url:/a/", 33), "too many regular"),
            (many("/[a-z]{3}\\d/", 10), many("/\\w{10}/", 4), "too large"),
        ] {
            assert!(parse(&within).is_ok(), "{what}: {:?}", parse(&within));
            let e = parse(&beyond).unwrap_err();
            let told = e.render("q");
            assert!(
                told.contains(what) && told.lines().count() == 3,
                "{what}: {told}"
            );
            assert!(
                e.errors()[0].span.end > beyond.len() / 2,
                "{what}: where it is passed"
            );
        }
    }

    #[test]
    fn an_error_shows_a_window_around_its_place() {
        let words = format!("{} ", "boat".repeat(15)).repeat(490);
        let e = parse(&format!("{words}titel:x {words}")).unwrap_err();
        let told = e.render("q");
        assert!(told.len() < 1000, "{told}");
        let lines: Vec<&str> = told.lines().collect();
        let caret = lines[2].chars().position(|c| c == '^').unwrap();
        let below: String = lines[1].chars().skip(caret).take(5).collect();
        assert_eq!(
            (below.as_str(), lines[2].matches('^').count()),
            ("titel", 5)
        );
        assert!(lines[1].starts_with("  …") && lines[1].ends_with('…'));
        // One mistake that is all of a long text, and very many of them.
        let told = parse(&"x".repeat(64 << 10).replace('x', "!"))
            .unwrap_err()
            .render("q");
        assert!(told.len() < 1000, "{told}");
        let told = parse(&")".repeat(50_000)).unwrap_err().render("q");
        assert!(
            told.len() < 5000 && told.lines().count() == 3 * ERRORS_MAX,
            "{told}"
        );
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_without_panic(text in "\\PC{0,60}") {
            if let Err(e) = parse(&text) {
                prop_assert!(!e.errors().is_empty());
                let _ = e.render("x");
            }
        }

        #[test]
        fn soup_of_tokens_is_read_or_refused(
            words in prop::collection::vec(
                prop::sample::select(vec!["(", ")", "-", "OR", "AND", "NOT", "\"", "a", "title:", "/", "*", "NEAR(",
                    ",", "5", "copies", ">=", "since:7d", "東"]), 0..14)
        ) {
            let text = words.concat();
            if let Ok(expr) = parse(&text) {
                prop_assert_eq!(parse(&expr.to_string()), Ok(expr));
            }
        }
    }
}
