//! Fits the cells of a table to a terminal: which columns are shrunk, in which order, and which one goes to a line of its own.
//! Never prints.

use unicode_width::UnicodeWidthStr;

use super::columns::{Column, Fit, INDENT, SHRUNK_MIN};
use super::lines::{broken, cut, cut_middle};

/// Maximum padding of a column in a pipe; longer cells are not cut.
const PADDED_MAX: usize = 40;

/// Minimum width of an address or a sentence in the last column; if there is less, it gets a line of its own.
const BESIDE_MIN: usize = 24;

const GAP: &str = "  ";

/// The widths of the columns of a table.
#[derive(Debug, PartialEq, Eq)]
pub struct Layout {
    /// The widths of the columns that are printed side by side.
    widths: Vec<usize>,
    /// The width of the terminal; `None` if nothing is cut.
    terminal: Option<usize>,
    /// Whether the schemes of addresses are omitted.
    bare: bool,
}

impl Layout {
    /// A layout for these rows, for a terminal of that width or for a pipe.
    pub fn of(columns: &[Column], rows: &[&[String]], terminal: Option<usize>) -> Self {
        let whole = widths(columns, rows, false);
        let Some(width) = terminal else {
            return Self {
                widths: whole.into_iter().map(|w| w.min(PADDED_MAX)).collect(),
                terminal,
                bare: false,
            };
        };
        let fits =
            |widths: &[usize]| widths.iter().sum::<usize>() <= available(width, widths.len());
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

    /// The heading line.
    pub fn heading(&self, columns: &[Column]) -> String {
        let titles: Vec<String> = columns.iter().map(|c| c.title.to_string()).collect();
        self.aligned(columns, &titles, false)
    }

    /// A row, as one or more lines.
    pub fn row(&self, columns: &[Column], cells: &[String], color: bool) -> String {
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
        // The column that did not fit beside the others.
        if let (Some(column), Some(cell)) =
            (columns.get(self.widths.len()), cells.get(self.widths.len()))
        {
            let width_left = terminal.saturating_sub(INDENT.len());
            let is_whole = column.fit == Fit::Middle && cell.width() <= width_left;
            let lines = if is_whole {
                vec![cell.clone()]
            } else {
                self.fitted(column, cell, width_left)
            };
            for line in lines.into_iter().filter(|line| !line.is_empty()) {
                text.push_str(INDENT);
                text.push_str(&column.styled(line, color));
                text.push('\n');
            }
        }
        text
    }

    /// A cell as lines of this width.
    fn fitted(&self, column: &Column, cell: &str, width: usize) -> Vec<String> {
        match column.fit {
            Fit::Wrap => broken(cell, width),
            Fit::Middle => vec![cut_middle(if self.bare { bare(cell) } else { cell }, width)],
            Fit::Whole | Fit::End => vec![cut(cell, width)],
        }
    }

    /// One line of the columns that are printed side by side.
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

/// The width of each column without any cut.
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

/// The width available for the cells of that many columns.
fn available(terminal: usize, columns: usize) -> usize {
    terminal.saturating_sub(GAP.len() * columns.saturating_sub(1))
}

/// Shrinks the columns until the line fits, if possible. The widest column is shrunk first, down to the next widest, so that short
/// columns are not cut.
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
        .saturating_sub(available(terminal, widths.len()));
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
