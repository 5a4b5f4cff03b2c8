//! Tables with aligned columns, fitted to the terminal; in a pipe nothing is cut.
//!
//! The first rows are kept back to measure the columns, later ones are printed at once, so that a table of a million rows needs no
//! more memory than one of two hundred.

use super::columns::{Column, INDENT};
use super::exit::Failure;
use super::layout::Layout;
use super::output::Out;
use super::terminal_escape;

/// Number of rows that are measured before the first is printed.
const MEASURED: usize = 200;

/// A table that is being printed.
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

    /// Adds a row with one cell per column.
    pub fn row(&mut self, out: &mut Out, cells: Vec<String>) -> Result<(), Failure> {
        self.row_over(out, cells, None)
    }

    /// Adds a row with a line below it, which is printed unchanged.
    pub fn row_over(
        &mut self,
        out: &mut Out,
        cells: Vec<String>,
        below: Option<String>,
    ) -> Result<(), Failure> {
        let cells: Vec<String> = cells
            .iter()
            .map(|c| terminal_escape::line(c).into_owned())
            .collect();
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

    /// Prints the rows kept back. A table without rows has no heading.
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
