//! The columns of a table: heading, alignment, and how their cells are shortened on a narrow terminal.

use std::borrow::Cow;

use anstyle::Style;

/// Minimum width of a shrunk column.
pub const SHRUNK_MIN: usize = 8;

/// Indent of a line that belongs to the row above it.
pub const INDENT: &str = "    ";

/// How a cell is shortened on a narrow terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// Not at all.
    Whole,
    /// The end is cut off.
    End,
    /// The scheme is omitted, then the middle: both ends of an address distinguish it from others.
    Middle,
    /// It is wrapped.
    Wrap,
}

/// A column.
#[derive(Debug, Clone)]
pub struct Column {
    /// The heading.
    pub title: Cow<'static, str>,
    /// Whether it is aligned to the right, as numbers are.
    pub right: bool,
    /// How its cells are shortened on a narrow terminal.
    pub fit: Fit,
    /// Maximum width on a terminal.
    pub most: usize,
    /// The width below which it is shrunk only if no other column can be.
    pub kept: usize,
    /// How its cells are styled.
    style: Style,
}

impl Column {
    /// A column of text that may be cut.
    pub fn text(title: impl Into<Cow<'static, str>>) -> Self {
        Self {
            title: title.into(),
            right: false,
            fit: Fit::End,
            most: usize::MAX,
            kept: SHRUNK_MIN,
            style: Style::new(),
        }
    }

    /// A column of short values that are never cut.
    pub fn value(title: impl Into<Cow<'static, str>>) -> Self {
        Self {
            fit: Fit::Whole,
            ..Self::text(title)
        }
    }

    /// A column of numbers.
    pub fn number(title: impl Into<Cow<'static, str>>) -> Self {
        Self {
            right: true,
            ..Self::value(title)
        }
    }

    /// A column of hosts or URLs.
    pub fn place(title: impl Into<Cow<'static, str>>) -> Self {
        Self {
            fit: Fit::Middle,
            ..Self::text(title)
        }
    }

    /// A column of sentences, which are wrapped.
    pub fn reason(title: impl Into<Cow<'static, str>>) -> Self {
        Self {
            fit: Fit::Wrap,
            ..Self::text(title)
        }
    }

    /// Sets the maximum width on a terminal.
    #[must_use]
    pub fn at_most(mut self, columns: usize) -> Self {
        self.most = columns;
        self
    }

    /// Sets the width below which the column is shrunk only if no other column can be.
    #[must_use]
    pub fn keeping(mut self, columns: usize) -> Self {
        self.kept = columns;
        self
    }

    /// Makes the cells less prominent.
    #[must_use]
    pub fn dimmed(mut self) -> Self {
        self.style = Style::new().dimmed();
        self
    }

    /// A cell, styled if colour is used.
    pub fn styled(&self, text: String, color: bool) -> String {
        if !color || self.style == Style::new() || text.is_empty() {
            return text;
        }
        format!("{}{text}{}", self.style.render(), self.style.render_reset())
    }
}
