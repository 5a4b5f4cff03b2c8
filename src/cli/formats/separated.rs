//! Tables for spreadsheets: values separated by commas or tabs. No cell may become a formula (SEC-15).

use super::{Printer, Setup};
use crate::cli::exit::Failure;
use crate::cli::item::{self, Item};
use crate::cli::output::Out;
use crate::cli::terminal_escape;

/// The columns, unless `--fields` is given.
const COLUMNS: [&str; 9] = [
    "id",
    "arrived",
    "published",
    "feed.title",
    "title",
    "url",
    "authors",
    "topics",
    "copies",
];

/// The printer of `csv` (RFC 4180).
pub fn csv(setup: Setup) -> Box<dyn Printer> {
    separated(setup, ",", csv_cell)
}

/// The printer of `tsv`.
pub fn tsv(setup: Setup) -> Box<dyn Printer> {
    separated(setup, "\t", tsv_cell)
}

fn separated(
    setup: Setup,
    separator: &'static str,
    escape: fn(&str) -> String,
) -> Box<dyn Printer> {
    Box::new(Separated {
        columns: setup.fields.unwrap_or_else(|| COLUMNS.to_vec()),
        separator,
        escape,
    })
}

struct Separated {
    columns: Vec<&'static str>,
    separator: &'static str,
    escape: fn(&str) -> String,
}

impl Separated {
    fn line<S: AsRef<str>>(&self, cells: impl Iterator<Item = S>) -> Vec<u8> {
        let cells: Vec<String> = cells.map(|cell| (self.escape)(cell.as_ref())).collect();
        (cells.join(self.separator) + "\n").into_bytes()
    }
}

impl Printer for Separated {
    fn begin(&mut self, out: &mut Out) -> Result<(), Failure> {
        out.raw(&self.line(self.columns.iter()))
    }

    fn item(&mut self, out: &mut Out, item: Item) -> Result<(), Failure> {
        let value = item.value();
        let cells = self.columns.iter();
        out.raw(&self.line(cells.map(|name| item::cell(item::field(&value, name)))))
    }
}

/// Prefixes a cell that a spreadsheet would evaluate as a formula (SEC-15).
fn inert(cell: &str) -> String {
    let cell = cell.trim();
    let is_formula = cell.starts_with(['=', '+', '-', '@']);
    format!("{}{cell}", if is_formula { "'" } else { "" })
}

fn csv_cell(cell: &str) -> String {
    let cell = inert(&terminal_escape::lines(cell));
    if cell.contains(['"', ',', '\n']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell
    }
}

fn tsv_cell(cell: &str) -> String {
    inert(&terminal_escape::line(cell))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_15_a_cell_is_never_a_formula() {
        assert_eq!(csv_cell("=1+1"), "'=1+1");
        assert_eq!(csv_cell("-5 degrees"), "'-5 degrees");
        assert_eq!(csv_cell("\t\r\u{1b}=1+1"), "'=1+1");
        assert_eq!(tsv_cell("@SUM(A1)"), "'@SUM(A1)");
        assert_eq!(tsv_cell("a\tb\nc"), "a b c");
        assert_eq!(csv_cell("a \"b\", c"), "\"a \"\"b\"\", c\"");
        assert_eq!(csv_cell("plain"), "plain");
    }
}
