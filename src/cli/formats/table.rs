//! A table for people. Each row of a search is followed by the passage that matches.

use std::time::Duration;

use super::{Printer, Setup};
use crate::cli::columns::{Column, INDENT};
use crate::cli::exit::Failure;
use crate::cli::item::{self, Item};
use crate::cli::output::Out;
use crate::cli::table::Table;
use crate::cli::times::{ARRIVED, Times};
use crate::cli::{lookup, snippet};
use crate::model::Time;
use crate::query::highlight::Highlighter;

/// A story that arrived this much later than it was published needs an explanation.
const LATE: Duration = Duration::from_secs(3600);

/// Width below which a headline is shrunk only if no other column can be.
const TITLE_KEPT: usize = 36;

/// Prints a table.
struct TablePrinter {
    table: Table,
    fields: Option<Vec<&'static str>>,
    times: Times,
    marks: Option<Highlighter>,
    /// Whether a row was printed that arrived long after it was published.
    has_late_rows: bool,
}

/// The printer of `table`.
pub fn table(setup: Setup) -> Box<dyn Printer> {
    let times = setup.times;
    let table = match &setup.fields {
        None => Table::new([
            Column::value("ID").dimmed(),
            Column::value(times.heading("ARRIVED")),
            Column::text("FEED").at_most(20),
            Column::number("×"),
            Column::text("TITLE").keeping(TITLE_KEPT),
        ]),
        Some(fields) => {
            let columns = fields.iter().map(|name| column(name, &times));
            Table::new(columns.collect::<Vec<_>>())
        }
    };
    Box::new(TablePrinter {
        table,
        fields: setup.fields,
        times,
        marks: setup.marks,
        has_late_rows: false,
    })
}

impl TablePrinter {
    /// The text of a chosen field.
    fn cell(&self, name: &str, text: String, is_terminal: bool) -> String {
        match Time::parse_rfc3339(&text) {
            Some(time) if item::is_time(name) => self.times.cell(time),
            _ if is_id(name) && is_terminal => lookup::short(&text).to_owned(),
            _ => text,
        }
    }
}

impl Printer for TablePrinter {
    fn item(&mut self, out: &mut Out, item: Item) -> Result<(), Failure> {
        let value = item.value();
        let text = |name: &str| item::cell(item::field(&value, name));
        let cells = match &self.fields {
            Some(fields) => fields
                .iter()
                .map(|name| self.cell(name, text(name), out.is_terminal()))
                .collect(),
            None => {
                self.has_late_rows |= is_late(&value);
                vec![
                    lookup::short(&text("id")).to_owned(),
                    self.cell("arrived", text("arrived"), false),
                    text("feed.title"),
                    text("copies"),
                    text("title"),
                ]
            }
        };
        let passage = match (&self.marks, out.width) {
            (Some(marks), Some(width)) => {
                let body = text("content_text");
                snippet::of(&body, marks, width.saturating_sub(INDENT.len()), out.color)
            }
            _ => None,
        };
        self.table.row_over(out, cells, passage)
    }

    fn pause(&mut self, out: &mut Out) -> Result<(), Failure> {
        self.table.finish(out)
    }

    fn end(&mut self, out: &mut Out) -> Result<(), Failure> {
        self.table.finish(out)?;
        if self.has_late_rows {
            out.remark(&format!("ARRIVED: {ARRIVED}"))?;
        }
        Ok(())
    }
}

fn is_id(name: &str) -> bool {
    matches!(name, "id" | "story_id" | "feed.id")
}

/// Whether an item arrived long after it was published.
fn is_late(item: &serde_json::Value) -> bool {
    let time = |name| Time::parse_rfc3339(&item::cell(item::field(item, name)));
    match (time("arrived"), time("published")) {
        (Some(arrived), Some(published)) => arrived.since(published) >= LATE,
        _ => false,
    }
}

/// The column of a chosen field.
fn column(name: &'static str, times: &Times) -> Column {
    match name {
        "url" | "feed_url" | "canonical_url" | "image" | "feed.url" | "feed.site" => {
            Column::place(name)
        }
        name if is_id(name) => Column::value(name),
        name if item::is_time(name) => Column::value(times.heading(name)),
        name => Column::text(name),
    }
}
