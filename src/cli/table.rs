//! Tables for people: columns that line up, whatever the script; cut to the terminal's width, whole in a pipe.
//!
//! Rows go out as they come: the first ones are held back to measure the columns, so a table of a million rows needs no
//! more memory than one of two hundred.

use anstyle::Style;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::exit::Failure;
use super::output::Out;
use super::safe;

/// Rows that are measured before the first is printed.
const MEASURED: usize = 200;

/// Widest column that the others make room for in a pipe; longer cells stick out.
const PADDED_MAX: usize = 40;

/// Narrowest that a column is made to fit a terminal.
const SHRUNK_MIN: usize = 8;

const GAP: &str = "  ";

/// A column.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Its heading.
    pub title: &'static str,
    /// Whether it holds numbers, which stand to the right.
    pub right: bool,
    /// Whether it may be cut where the terminal is narrow.
    pub shrinks: bool,
    /// Widest on a terminal, in columns.
    pub most: usize,
    /// How its cells are set off.
    pub style: Style,
}

impl Column {
    /// A column of texts that may be cut.
    pub const fn text(title: &'static str) -> Self {
        Self {
            title,
            right: false,
            shrinks: true,
            most: usize::MAX,
            style: Style::new(),
        }
    }

    /// A column of short values that are shown whole.
    pub const fn value(title: &'static str) -> Self {
        Self {
            shrinks: false,
            ..Self::text(title)
        }
    }

    /// A column of numbers.
    pub const fn number(title: &'static str) -> Self {
        Self {
            right: true,
            ..Self::value(title)
        }
    }

    /// The same, at most so wide on a terminal.
    #[must_use]
    pub const fn at_most(mut self, columns: usize) -> Self {
        self.most = columns;
        self
    }

    /// The same, less prominent.
    #[must_use]
    pub const fn dimmed(mut self) -> Self {
        self.style = Style::new().dimmed();
        self
    }
}

/// A table on its way out.
#[derive(Debug)]
pub struct Table {
    columns: Vec<Column>,
    held: Vec<Vec<String>>,
    widths: Option<Vec<usize>>,
}

impl Table {
    /// A table without rows.
    pub fn new(columns: impl Into<Vec<Column>>) -> Self {
        Self {
            columns: columns.into(),
            held: Vec::new(),
            widths: None,
        }
    }

    /// Adds a row of as many cells as there are columns, and prints what can be printed.
    pub fn row(&mut self, out: &mut Out, cells: Vec<String>) -> Result<(), Failure> {
        let cells: Vec<String> = cells.iter().map(|c| safe::line(c).into_owned()).collect();
        match self.widths.take() {
            Some(widths) => {
                let printed = self.print(out, &widths, &cells);
                self.widths = Some(widths);
                printed
            }
            None => {
                self.held.push(cells);
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
        let widths = fitted(&self.columns, &held, out.width);
        let heading: Vec<String> = self.columns.iter().map(|c| c.title.to_owned()).collect();
        let line = aligned(&self.columns, &widths, &heading, out.width.is_some(), None);
        out.heading(&line)?;
        for cells in &held {
            self.print(out, &widths, cells)?;
        }
        self.widths = Some(widths);
        Ok(())
    }

    fn print(&self, out: &mut Out, widths: &[usize], cells: &[String]) -> Result<(), Failure> {
        let line = aligned(
            &self.columns,
            widths,
            cells,
            out.width.is_some(),
            Some(out.color),
        );
        out.raw(line.as_bytes())?;
        out.raw(b"\n")
    }
}

/// How wide each column is, so that the line fits if it can.
fn fitted(columns: &[Column], rows: &[Vec<String>], terminal: Option<usize>) -> Vec<usize> {
    let mut widths: Vec<usize> = columns.iter().map(|c| c.title.width()).collect();
    for cells in rows {
        for (width, cell) in widths.iter_mut().zip(cells) {
            *width = (*width).max(cell.width());
        }
    }
    let Some(terminal) = terminal else {
        return widths.into_iter().map(|w| w.min(PADDED_MAX)).collect();
    };
    for (width, column) in widths.iter_mut().zip(columns) {
        *width = (*width).min(column.most);
    }
    let room = terminal.saturating_sub(GAP.len() * columns.len().saturating_sub(1));
    let mut excess = widths.iter().sum::<usize>().saturating_sub(room);
    while excess > 0 {
        // The widest gives way first, down to the next widest, so that short columns stay whole.
        let mut shrinking: Vec<&mut usize> = widths
            .iter_mut()
            .zip(columns)
            .filter(|(width, column)| column.shrinks && **width > SHRUNK_MIN)
            .map(|(width, _)| width)
            .collect();
        shrinking.sort_unstable_by(|a, b| b.cmp(a));
        let next = shrinking.get(1).map_or(SHRUNK_MIN, |w| **w);
        let Some(widest) = shrinking.into_iter().next() else {
            break;
        };
        let step = (*widest - next.min(*widest)).clamp(1, excess);
        *widest -= step;
        excess -= step;
    }
    widths
}

/// One line. Without a colour it is a heading.
fn aligned(
    columns: &[Column],
    widths: &[usize],
    cells: &[String],
    cut_to_fit: bool,
    color: Option<bool>,
) -> String {
    let mut line = String::new();
    let last = columns.len().saturating_sub(1);
    for (i, ((column, &width), cell)) in columns.iter().zip(widths).zip(cells).enumerate() {
        if i > 0 {
            line.push_str(GAP);
        }
        let shown = if cut_to_fit {
            cut(cell, width)
        } else {
            cell.clone()
        };
        let pad = " ".repeat(width.saturating_sub(shown.width()));
        let styled = if color == Some(true) && column.style != Style::new() {
            format!(
                "{}{shown}{}",
                column.style.render(),
                column.style.render_reset()
            )
        } else {
            shown
        };
        match (column.right, i == last) {
            (true, _) => line.extend([pad, styled]),
            (false, false) => line.extend([styled, pad]),
            (false, true) => line.push_str(&styled),
        }
    }
    line.truncate(line.trim_end().len());
    line
}

/// At most `width` columns, cut between graphemes; `…` tells the cut.
pub fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut used = 1;
    for grapheme in text.graphemes(true) {
        used += grapheme.width();
        if used > width {
            break;
        }
        out.push_str(grapheme);
    }
    out.push('…');
    out
}

/// Text in lines of at most `width` columns, broken at spaces.
pub fn wrapped(text: &str, width: usize, indent: &str) -> String {
    let mut out = String::new();
    for (i, paragraph) in text.lines().enumerate() {
        if i > 0 {
            out.push('\n');
        }
        let mut used = 0;
        for word in paragraph.split_whitespace() {
            if used > 0 && used + 1 + word.width() > width {
                out.push('\n');
                used = 0;
            }
            if used == 0 {
                out.push_str(indent);
                used = indent.width();
            } else {
                out.push(' ');
                used += 1;
            }
            out.push_str(word);
            used += word.width();
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_counts_columns_not_characters() {
        assert_eq!(cut("東京都の話", 6), "東京…");
        assert_eq!(cut("東京", 4), "東京");
        assert_eq!(cut("boats", 5), "boats");
        assert_eq!(cut("boats", 4), "boa…");
    }

    #[test]
    fn the_widest_column_gives_way() {
        let columns = [
            Column::value("ID"),
            Column::text("FEED"),
            Column::text("TITLE"),
        ];
        let rows = [vec![
            "12345678".to_owned(),
            "The Argus".to_owned(),
            "x".repeat(90),
        ]];
        let widths = fitted(&columns, &rows, Some(60));
        assert_eq!(widths, [8, 9, 39]);
        assert_eq!(fitted(&columns, &rows, None), [8, 9, PADDED_MAX]);
    }

    #[test]
    fn lines_are_wrapped_at_spaces() {
        assert_eq!(
            wrapped("one two three\nfour", 8, ""),
            "one two\nthree\nfour"
        );
        assert_eq!(wrapped("a b", 80, "  "), "  a b");
    }
}
