//! Tables for people: columns that line up, whatever the script; fitted to the terminal, whole in a pipe.
//!
//! Rows go out as they come: the first ones are held back to measure the columns, so a table of a million rows needs no
//! more memory than one of two hundred.

use std::borrow::Cow;

use anstyle::Style;
use unicode_width::UnicodeWidthStr;

use super::exit::Failure;
use super::lines::{broken, cut, cut_middle};
use super::output::Out;
use super::safe;

/// Rows that are measured before the first is printed.
const MEASURED: usize = 200;

/// Widest column that the others make room for in a pipe; longer cells stick out.
const PADDED_MAX: usize = 40;

/// Narrowest that a column is made to fit a terminal.
const SHRUNK_MIN: usize = 8;

/// Narrowest that an address or a reason stands in the last column; below that it gets a line of its own.
const BESIDE_MIN: usize = 24;

const GAP: &str = "  ";

/// In front of a line that belongs to the row above it.
pub const INDENT: &str = "    ";

/// What happens to a cell where the terminal is narrow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fit {
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
    right: bool,
    fit: Fit,
    /// Widest on a terminal, in columns.
    most: usize,
    /// The width that it keeps for as long as others can give way.
    kept: usize,
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

    fn styled(&self, text: String, color: bool) -> String {
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

/// How the cells of a table fit the terminal.
#[derive(Debug, PartialEq, Eq)]
struct Layout {
    /// Of the columns that stand side by side.
    widths: Vec<usize>,
    /// The columns of the terminal; none: nothing is cut.
    terminal: Option<usize>,
    /// Whether addresses stand without their schemes.
    bare: bool,
}

impl Layout {
    fn of(columns: &[Column], rows: &[&[String]], terminal: Option<usize>) -> Self {
        let whole = widths(columns, rows, false);
        let Some(width) = terminal else {
            return Self {
                widths: whole.into_iter().map(|w| w.min(PADDED_MAX)).collect(),
                terminal,
                bare: false,
            };
        };
        let fits = |widths: &[usize]| widths.iter().sum::<usize>() <= room(width, widths.len());
        let bare = !fits(&whole);
        let natural = if bare {
            widths(columns, rows, true)
        } else {
            whole
        };
        let mut fitted = shrunk(columns, &natural, width);
        if let (Some((last, columns)), Some(now), Some(wanted)) =
            (columns.split_last(), fitted.last(), natural.last())
            && matches!(last.fit, Fit::Middle | Fit::Wrap)
            && *now < BESIDE_MIN.min(*wanted)
            && !columns.is_empty()
        {
            fitted = shrunk(columns, natural.get(..columns.len()).unwrap_or(&[]), width);
        }
        Self {
            widths: fitted,
            terminal,
            bare,
        }
    }

    fn heading(&self, columns: &[Column]) -> String {
        let titles: Vec<String> = columns.iter().map(|c| c.title.to_string()).collect();
        self.aligned(columns, &titles, false)
    }

    /// A row with its line ends.
    fn row(&self, columns: &[Column], cells: &[String], color: bool) -> String {
        let Some(terminal) = self.terminal else {
            return self.aligned(columns, cells, color) + "\n";
        };
        let mut parts: Vec<Vec<String>> = columns
            .iter()
            .zip(&self.widths)
            .zip(cells)
            .map(|((column, &width), cell)| self.fitted(column, cell, width))
            .collect();
        let height = parts.iter().map(Vec::len).max().unwrap_or(1);
        let mut text = String::new();
        for n in 0..height {
            let cells: Vec<String> = parts
                .iter_mut()
                .map(|lines| lines.get_mut(n).map(std::mem::take).unwrap_or_default())
                .collect();
            text.push_str(&self.aligned(columns, &cells, color));
            text.push('\n');
        }
        // The column that had no room beside the others.
        if let (Some(column), Some(cell)) =
            (columns.get(self.widths.len()), cells.get(self.widths.len()))
        {
            let room = terminal.saturating_sub(INDENT.len());
            let is_whole = column.fit == Fit::Middle && cell.width() <= room;
            let lines = if is_whole {
                vec![cell.clone()]
            } else {
                self.fitted(column, cell, room)
            };
            for line in lines.into_iter().filter(|line| !line.is_empty()) {
                text.push_str(INDENT);
                text.push_str(&column.styled(line, color));
                text.push('\n');
            }
        }
        text
    }

    /// The lines of a cell of this width.
    fn fitted(&self, column: &Column, cell: &str, width: usize) -> Vec<String> {
        match column.fit {
            Fit::Wrap => broken(cell, width),
            Fit::Middle => vec![cut_middle(if self.bare { bare(cell) } else { cell }, width)],
            Fit::Whole | Fit::End => vec![cut(cell, width)],
        }
    }

    /// One line of the columns that stand side by side.
    fn aligned(&self, columns: &[Column], cells: &[String], color: bool) -> String {
        let mut line = String::new();
        let last = self.widths.len().saturating_sub(1);
        for (i, ((column, &width), cell)) in columns.iter().zip(&self.widths).zip(cells).enumerate()
        {
            if i > 0 {
                line.push_str(GAP);
            }
            let pad = " ".repeat(width.saturating_sub(cell.width()));
            let styled = column.styled(cell.clone(), color);
            match (column.right, i == last) {
                (true, _) => line.extend([pad, styled]),
                (false, false) => line.extend([styled, pad]),
                (false, true) => line.push_str(&styled),
            }
        }
        line.truncate(line.trim_end().len());
        line
    }
}

/// How wide each column would be with all its cells whole.
fn widths(columns: &[Column], rows: &[&[String]], is_bare: bool) -> Vec<usize> {
    let mut widths: Vec<usize> = columns.iter().map(|c| c.title.width()).collect();
    for cells in rows {
        for ((width, cell), column) in widths.iter_mut().zip(*cells).zip(columns) {
            let shown = if is_bare && column.fit == Fit::Middle {
                bare(cell)
            } else {
                cell
            };
            *width = (*width).max(shown.width());
        }
    }
    widths
}

/// What so many columns have of the terminal.
fn room(terminal: usize, columns: usize) -> usize {
    terminal.saturating_sub(GAP.len() * columns.saturating_sub(1))
}

/// How wide each column is, so that the line fits if it can: the widest gives way first, down to the next widest, so that
/// short columns stay whole.
fn shrunk(columns: &[Column], natural: &[usize], terminal: usize) -> Vec<usize> {
    let mut widths: Vec<usize> = natural.to_vec();
    for (width, column) in widths.iter_mut().zip(columns) {
        *width = (*width).min(column.most);
    }
    let least = [
        columns.iter().map(|c| c.kept).collect::<Vec<_>>(),
        vec![SHRUNK_MIN; columns.len()],
    ];
    let mut excess = widths
        .iter()
        .sum::<usize>()
        .saturating_sub(room(terminal, widths.len()));
    for least in least {
        while excess > 0 {
            let mut shrinking: Vec<(&mut usize, usize)> = widths
                .iter_mut()
                .zip(columns)
                .zip(&least)
                .filter(|((width, column), least)| column.fit != Fit::Whole && **width > **least)
                .map(|((width, _), least)| (width, *least))
                .collect();
            shrinking.sort_unstable_by(|a, b| b.0.cmp(&a.0));
            let next = shrinking.get(1).map_or(0, |(w, _)| **w);
            let Some((widest, least)) = shrinking.into_iter().next() else {
                break;
            };
            let floor = next.max(least).min(*widest);
            let step = (*widest - floor).clamp(1, excess);
            *widest -= step;
            excess -= step;
        }
    }
    widths
}

/// An address without `https://`.
fn bare(address: &str) -> &str {
    ["https://", "http://"]
        .iter()
        .find_map(|scheme| address.strip_prefix(scheme))
        .unwrap_or(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_widest_column_gives_way() {
        let columns = [
            Column::value("ID"),
            Column::text("FEED"),
            Column::text("TITLE"),
        ];
        let row = vec![
            "12345678".to_owned(),
            "The Argus".to_owned(),
            "x".repeat(90),
        ];
        let rows = [row.as_slice()];
        assert_eq!(Layout::of(&columns, &rows, Some(60)).widths, [8, 9, 39]);
        assert_eq!(Layout::of(&columns, &rows, None).widths, [8, 9, PADDED_MAX]);
        let [id, feed, title] = columns;
        let columns = [id, feed, title.keeping(48)];
        let widths = Layout::of(&columns, &rows, Some(62)).widths;
        assert_eq!(widths, [8, 8, 42], "others give way before what is kept");
    }

    fn shown(columns: &[Column], cells: &[&str], terminal: usize) -> String {
        let cells: Vec<String> = cells.iter().map(|c| (*c).to_owned()).collect();
        let layout = Layout::of(columns, &[cells.as_slice()], Some(terminal));
        layout.row(columns, &cells, false)
    }

    #[test]
    fn an_address_loses_its_scheme_first_and_then_its_middle() {
        let columns = [Column::place("URL"), Column::text("TITLE").keeping(20)];
        let row = ["https://www.argus.example/feed.xml", "A title of 20 column"];
        let at = |terminal| shown(&columns, &row, terminal);
        assert_eq!(at(56), format!("{}  {}\n", row[0], row[1]));
        assert_eq!(at(48), "www.argus.example/feed.xml  A title of 20 column\n");
        assert_eq!(at(42), "www.argus.…/feed.xml  A title of 20 column\n");
    }

    #[test]
    fn a_reason_is_never_cut_and_has_a_line_of_its_own_where_there_is_little_room() {
        let columns = [Column::value("POLLED"), Column::reason("WHY")];
        let row = ["3 h ago", "the server asks to wait for as long as an hour"];
        assert_eq!(
            shown(&columns, &row, 40),
            "3 h ago  the server asks to wait for as\n         long as an hour\n"
        );
        let wide = Column::value("TITLE OF THE FEED");
        let columns = [columns[0].clone(), wide, columns[1].clone()];
        let row = [row[0], "The Argus", row[1]];
        assert_eq!(
            shown(&columns, &row, 40),
            "3 h ago  The Argus\n    the server asks to wait for as long\n    as an hour\n"
        );
    }
}
