//! What joins the parts of an expression: `OR`, `|` and `||`; `AND`, `&&`, `&` and nothing at all. OR binds weaker.

use super::super::ast::Expr;
use super::{Field, Reader};

/// What stands between two parts of an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    And,
    Or,
}

impl Reader<'_> {
    pub(super) fn either(&mut self, field: Field) -> Option<Expr> {
        let mut list = Vec::new();
        loop {
            list.extend(self.all(field));
            self.skip_space();
            let start = self.at;
            let Some((Operator::Or, len)) = self.operator() else {
                break;
            };
            self.at += len;
            self.skip_space();
            if self.ends_here() || list.is_empty() {
                self.fail_alone(start, len);
            }
        }
        flatten(list, Expr::Or)
    }

    fn all(&mut self, field: Field) -> Option<Expr> {
        let mut list = Vec::new();
        loop {
            self.skip_space();
            if self.ends_here() {
                break;
            }
            let start = self.at;
            match self.operator() {
                Some((Operator::Or, _)) => break,
                Some((Operator::And, len)) => {
                    self.at += len;
                    self.skip_space();
                    let is_last =
                        self.ends_here() || matches!(self.operator(), Some((Operator::Or, _)));
                    if is_last || list.is_empty() {
                        self.fail_alone(start, len);
                    }
                }
                None => list.extend(self.one(field)),
            }
        }
        flatten(list, Expr::And)
    }

    /// An operator without something on either side.
    fn fail_alone(&mut self, start: usize, len: usize) {
        let span = start..start + len;
        let sign = self.text.get(span.clone()).unwrap_or_default();
        let word = match sign {
            "OR" | "AND" => format!("; for the word write \"{}\"", sign.to_lowercase()),
            _ => String::new(),
        };
        self.fail(
            span,
            format!("{sign} stands between two things: a {sign} b{word}"),
        );
    }

    /// Whether the expression, or the group that is open, ends here.
    pub(super) fn ends_here(&self) -> bool {
        matches!(self.peek(), None | Some(')'))
    }

    /// The operator that comes next, and its length in bytes.
    pub(super) fn operator(&self) -> Option<(Operator, usize)> {
        let left = self.left();
        if left.starts_with("||") {
            Some((Operator::Or, 2))
        } else if left.starts_with('|') {
            Some((Operator::Or, 1))
        } else if left.starts_with("&&") {
            Some((Operator::And, 2))
        } else if self.is_alone("OR") {
            Some((Operator::Or, 2))
        } else if self.is_alone("AND") {
            Some((Operator::And, 3))
        } else if self.is_alone("&") {
            Some((Operator::And, 1))
        } else {
            None
        }
    }

    /// Eats a keyword that stands alone.
    pub(super) fn eat_word(&mut self, word: &str) -> bool {
        let is_alone = self.is_alone(word);
        if is_alone {
            self.at += word.len();
        }
        is_alone
    }

    fn is_alone(&self, word: &str) -> bool {
        let rest = self.left().strip_prefix(word);
        rest.is_some_and(|rest| {
            let mut rest = rest.chars();
            let ends = |c: char| c.is_whitespace() || matches!(c, '(' | ')' | '"' | '|');
            rest.next().is_none_or(ends)
        })
    }
}

/// A list of several as one expression; none: there is nothing in it.
pub(super) fn flatten(mut list: Vec<Expr>, make: fn(Vec<Expr>) -> Expr) -> Option<Expr> {
    if list.len() > 1 {
        Some(make(list))
    } else {
        list.pop()
    }
}
