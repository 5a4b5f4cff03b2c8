//! The parser of expressions: reports every error with its position and what would be right.

mod operators;
#[cfg(test)]
mod tests;
mod values;

use std::ops::Range;

use values::Comparison;

use super::ast::{Expr, Fact, Name, Pattern, Regex, Scope};
use super::budget::Budget;
use super::syntax_error::{SyntaxError, SyntaxErrors};

/// The longest expression, in bytes.
pub const EXPR_BYTES_MAX: usize = 64 * 1024;

/// The deepest nesting of parentheses and negations.
const DEPTH_MAX: usize = 64;

/// The most errors that are reported; the rest of the expression is not parsed.
const ERRORS_MAX: usize = 10;

/// Parses an expression.
///
/// # Errors
/// All errors at once, each with its position.
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

/// The field of a value.
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

    /// Reports an error and stops parsing.
    fn give_up(&mut self, span: Range<usize>, message: impl Into<String>) {
        self.fail(span, message);
        self.at = self.text.len();
    }

    /// Takes from the budget; `None` if it is exceeded, and parsing stops.
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

    /// The next word.
    fn bare(&self) -> &'a str {
        values::word_of(self.left())
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

    /// Reports whatever follows a complete expression as an error.
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
                // Every other character begins a term, so this is not reached.
                self.at = self.text.len();
            }
        }
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
            if self.ends_here() || self.operator().is_some() {
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
            return self.quoted_value(field);
        }
        if self.peek() == Some('/') {
            return self.regex(field);
        }
        self.word(field, start)
    }

    fn quoted_value(&mut self, field: Field) -> Option<Expr> {
        let start = self.at;
        let text = self.quoted();
        let beginning = self.eat('*');
        self.value(field, &text, beginning, start)
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
        let (left, word) = (self.left(), self.bare());
        let len = word.len();
        if word == "NEAR" && left.get(len..).is_some_and(|rest| rest.starts_with('(')) {
            self.at += len + 1;
            return self.near(field, start);
        }
        match self.comparison(word, start) {
            Comparison::None => {}
            Comparison::Good(expr) => return Some(expr),
            Comparison::Bad => return None,
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
}
