//! Tables for people: columns that line up, whatever the script; fitted to the terminal, whole in a pipe.
//!
//! Rows go out as they come: the first ones are held back to measure the columns, so a table of a million rows needs no
//! more memory than one of two hundred.

use std::borrow::Cow;

use anstyle::Style;

use super::exit::Failure;
use super::layout::Layout;
use super::output::Out;
use super::safe;

/// Rows that are measured before the first is printed.
const MEASURED: usize = 200;

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

/// A table on its way out.
#[derive(Debug)]
pub struct Table {
    columns: Vec<Column>,
    held: Vec<(Vec<String>, Option<String>)>,
    layout: Option<Layout>,
}

impl Table {
    /// A table without rows.
    pub fn new(columns: impl Into<Vec<Column>>) -> Self {
        Self {
            columns: columns.into(),
            held: Vec::new(),
            layout: None,
        }
    }

    /// Adds a row of as many cells as there are columns, and prints what can be printed.
    pub fn row(&mut self, out: &mut Out, cells: Vec<String>) -> Result<(), Failure> {
        self.row_over(out, cells, None)
    }

    /// The same with a line below it, which is printed as it is.
    pub fn row_over(
        &mut self,
        out: &mut Out,
        cells: Vec<String>,
        below: Option<String>,
    ) -> Result<(), Failure> {
        let cells: Vec<String> = cells.iter().map(|c| safe::line(c).into_owned()).collect();
        match &self.layout {
            Some(layout) => print(out, layout, &self.columns, &cells, below.as_deref()),
            None => {
                self.held.push((cells, below));
                if self.held.len() < MEASURED {
                    return Ok(());
                }
                self.finish(out)
            }
        }
    }

    /// Prints what was held back; a table without rows has no heading either.
    pub fn finish(&mut self, out: &mut Out) -> Result<(), Failure> {
        if self.held.is_empty() {
            return Ok(());
        }
        let held = std::mem::take(&mut self.held);
        let rows: Vec<&[String]> = held.iter().map(|(cells, _)| cells.as_slice()).collect();
        let layout = Layout::of(&self.columns, &rows, out.width);
        out.heading(&layout.heading(&self.columns))?;
        for (cells, below) in &held {
            print(out, &layout, &self.columns, cells, below.as_deref())?;
        }
        self.layout = Some(layout);
        Ok(())
    }
}

fn print(
    out: &mut Out,
    layout: &Layout,
    columns: &[Column],
    cells: &[String],
    below: Option<&str>,
) -> Result<(), Failure> {
    out.raw(layout.row(columns, cells, out.color).as_bytes())?;
    match below {
        Some(below) => out.raw(format!("{INDENT}{below}\n").as_bytes()),
        None => Ok(()),
    }
}
