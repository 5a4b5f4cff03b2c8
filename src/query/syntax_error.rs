//! Syntax errors for people: the message, and an excerpt of the expression with a caret. Never shows all of a long
//! expression.

use std::fmt;
use std::ops::Range;

/// Characters of the expression that are shown on either side of the position.
const CONTEXT_CHARS: usize = 60;

/// One error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    /// Where, in bytes of the expression.
    pub span: Range<usize>,
    /// What is wrong and what would be right.
    pub message: String,
}

/// The errors of an expression, in their order.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct SyntaxErrors {
    source_text: String,
    errors: Vec<SyntaxError>,
}

impl SyntaxErrors {
    /// The errors of this expression.
    pub(super) fn new(source_text: &str, errors: Vec<SyntaxError>) -> Self {
        Self {
            source_text: source_text.to_owned(),
            errors,
        }
    }

    /// The errors.
    pub fn errors(&self) -> &[SyntaxError] {
        &self.errors
    }

    /// Every error with its position in the expression and a caret below it. `origin` says where the expression is from.
    pub fn render(&self, origin: &str) -> String {
        let mut out = String::new();
        for e in &self.errors {
            let excerpt = self.excerpt(e).replace('\n', "\n  ");
            out.push_str(&format!("{origin}: {}\n  {excerpt}\n", e.message));
        }
        out
    }

    /// The part of the expression around an error, and carets below the error: two lines.
    pub fn excerpt(&self, error: &SyntaxError) -> String {
        let (line, before, marked) = self.place(&error.span);
        format!("{line}\n{}{}", " ".repeat(before), "^".repeat(marked))
    }

    /// The part of a line around a mistake, how many characters of it stand before the mistake, and how many are it.
    fn place(&self, span: &Range<usize>) -> (String, usize, usize) {
        let start = span.start.min(self.source_text.len());
        let (before, after) = self.source_text.split_at_checked(start).unwrap_or_default();
        let head = before.rsplit('\n').next().unwrap_or_default();
        let tail = after.split('\n').next().unwrap_or_default();
        let from = head.char_indices().rev().nth(CONTEXT_CHARS - 1);
        let head = from.and_then(|(at, _)| head.get(at..)).unwrap_or(head);
        let is_cut = head.len() < before.rsplit('\n').next().unwrap_or_default().len();
        let until = tail.char_indices().nth(CONTEXT_CHARS);
        let shown = until.and_then(|(at, _)| tail.get(..at)).unwrap_or(tail);
        let (first, last) = (
            if is_cut { "…" } else { "" },
            if until.is_some() { "…" } else { "" },
        );
        let marked = after.get(..span.len()).unwrap_or_default().chars().count();
        (
            format!("{first}{head}{shown}{last}").replace('\t', " "),
            first.chars().count() + head.chars().count(),
            marked.min(shown.chars().count()).max(1),
        )
    }
}

impl fmt::Display for SyntaxErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.render("bad expression").trim_end())
    }
}
