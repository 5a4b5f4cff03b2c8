//! The columns of a table for people: heading, alignment, and what happens to their cells on a narrow terminal.

use std::borrow::Cow;

use anstyle::Style;

/// Narrowest that a column is made to fit a terminal.
pub const SHRUNK_MIN: usize = 8;

/// In front of a line that belongs to the row above it.
pub const INDENT: &str = "    ";

/// What happens to a cell where the terminal is narrow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// It stays whole.
    Whole,
    /// Its end is cut off.
    End,
    /// An address: it loses its scheme, then its middle, for both ends tell it from others.
    Middle,
    /// Its words go on in the next line.
    Wrap,
}

/// A column.
#[derive(Debug, Clone)]
pub struct Column {
    /// Its heading.
    pub title: Cow<'static, str>,
    /// Whether it holds numbers, which stand to the right.
    pub right: bool,
    /// What happens where the terminal is narrow.
    pub fit: Fit,
    /// Widest on a terminal, in columns.
    pub most: usize,
    /// The width that it keeps for as long as others can give way.
    pub kept: usize,
    /// How its cells are set off.
    style: Style,
}

impl Column {
    /// A column of texts that may be cut.
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

    /// A column of short values that are shown whole.
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

    /// A column of sentences, which nothing is cut off.
    pub fn reason(title: impl Into<Cow<'static, str>>) -> Self {
        Self {
            fit: Fit::Wrap,
            ..Self::text(title)
        }
    }

    /// The same, at most so wide on a terminal.
    #[must_use]
    pub fn at_most(mut self, columns: usize) -> Self {
        self.most = columns;
        self
    }

    /// The same, which gives way below this width only when no other column can.
    #[must_use]
    pub fn keeping(mut self, columns: usize) -> Self {
        self.kept = columns;
        self
    }

    /// The same, less prominent.
    #[must_use]
    pub fn dimmed(mut self) -> Self {
        self.style = Style::new().dimmed();
        self
    }

    /// A cell of it, set off where there is colour.
    pub fn styled(&self, text: String, color: bool) -> String {
        if !color || self.style == Style::new() || text.is_empty() {
            return text;
        }
        format!("{}{text}{}", self.style.render(), self.style.render_reset())
    }
}
