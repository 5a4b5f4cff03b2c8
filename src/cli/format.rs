//! The shapes in which `list` and `search` print: each item as it comes, so that a long list needs no more memory than
//! a short one. Feeds are the exception: a feed is one document.

use std::time::Duration;

use clap::ValueEnum;

use super::columns::{Column, INDENT};
use super::exit::Failure;
use super::item::{self, Item};
use super::output::Out;
use super::table::Table;
use super::times::{ARRIVED, Times};
use super::{emit, json, lookup, snippet, terminal_escape};
use crate::emit::Format as FeedFormat;
use crate::model::{StoryView, Time};
use crate::query::Expr;
use crate::query::highlight::Highlighter;

/// The shapes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Aligned columns.
    Table,
    /// One JSON object per line.
    Jsonl,
    /// A JSON array.
    Json,
    /// Comma-separated values (RFC 4180).
    Csv,
    /// Tab-separated values.
    Tsv,
    /// An Atom feed.
    Atom,
    /// An RSS feed.
    Rss,
    /// A JSON Feed.
    Jsonfeed,
    /// The feeds of the results, as OPML.
    Opml,
    /// Ids, one per line.
    Ids,
    /// URLs, one per line.
    Urls,
    /// A Markdown list.
    Md,
}

/// So long after its publication a story's arrival needs a word of explanation.
const LATE: Duration = Duration::from_secs(3600);

/// Columns that a headline has for as long as the feed's title can give way.
const TITLE_KEPT: usize = 36;

impl Format {
    /// Whether its entries carry their bodies by nature.
    pub fn wants_bodies(self) -> bool {
        matches!(self, Self::Atom | Self::Rss | Self::Jsonfeed)
    }

    /// Whether it can go on for ever, item by item.
    pub fn is_endless(self) -> bool {
        !self.wants_bodies() && !matches!(self, Self::Json | Self::Opml)
    }

    fn takes_fields(self) -> bool {
        matches!(
            self,
            Self::Table | Self::Jsonl | Self::Json | Self::Csv | Self::Tsv
        )
    }
}

/// Prints items in one shape.
pub struct Printer {
    format: Format,
    fields: Option<Vec<&'static str>>,
    table: Table,
    times: Times,
    printed: u64,
    /// What only a whole document can hold.
    kept: Vec<StoryView>,
    title: String,
    created: Time,
    /// Whether a row was shown that arrived long after it was published.
    is_late: bool,
    /// What is marked in the place that is shown of a body.
    marks: Option<Highlighter>,
}

impl Printer {
    /// A printer. `title` names a feed made of what is printed.
    pub fn new(
        format: Format,
        fields: Option<Vec<&'static str>>,
        title: String,
        times: Times,
    ) -> Result<Self, Failure> {
        if fields.is_some() && !format.takes_fields() {
            return Err(Failure::usage(
                "--fields works only with --format table, jsonl, json, csv or tsv",
            ));
        }
        let table = match &fields {
            None => Table::new([
                Column::value("ID").dimmed(),
                Column::value(times.heading("ARRIVED")),
                Column::text("FEED").at_most(20),
                Column::number("×"),
                Column::text("TITLE").keeping(TITLE_KEPT),
            ]),
            Some(fields) => Table::new(
                fields
                    .iter()
                    .map(|name| column(name, &times))
                    .collect::<Vec<_>>(),
            ),
        };
        Ok(Self {
            format,
            fields,
            table,
            times,
            printed: 0,
            kept: Vec::new(),
            title,
            created: Time::EPOCH,
            is_late: false,
            marks: None,
        })
    }

    /// From here on the rows of a table are followed by the place in the body that `expr` found.
    pub fn mark(&mut self, expr: &Expr) {
        self.marks = Some(Highlighter::of(expr));
    }

    /// When the store was made: the date of a feed without items.
    pub fn dated(&mut self, created: Time) {
        self.created = created;
    }

    /// Prints what comes before the first item.
    pub fn begin(&mut self, out: &mut Out) -> Result<(), Failure> {
        match self.format {
            Format::Csv | Format::Tsv => out.raw(self.separated(self.names()).as_bytes()),
            _ => Ok(()),
        }
    }

    /// Prints one item.
    pub fn item(&mut self, out: &mut Out, item: Item) -> Result<(), Failure> {
        self.printed += 1;
        match self.format {
            Format::Table => self.table_row(out, &item),
            Format::Jsonl => match &self.fields {
                None => out.json(&item),
                Some(fields) => out.json(&chosen(&item, fields)),
            },
            Format::Json => {
                out.raw(if self.printed == 1 { b"[\n" } else { b",\n" })?;
                let json = match &self.fields {
                    None => json::line(&item),
                    Some(fields) => json::line(&chosen(&item, fields)),
                };
                out.raw(&json?)
            }
            Format::Csv | Format::Tsv => {
                let value = item.value();
                let cells = self
                    .names()
                    .iter()
                    .map(|name| item::cell(item::field(&value, name)));
                out.raw(self.separated(cells).as_bytes())
            }
            Format::Ids => out.line(&item.id()),
            Format::Urls => item.url().map_or(Ok(()), |url| out.line(url)),
            Format::Md => markdown(out, &item.into_story(), &self.times),
            Format::Atom | Format::Rss | Format::Jsonfeed | Format::Opml => {
                self.kept.push(item.into_story());
                Ok(())
            }
        }
    }

    /// Prints what comes after the last item.
    pub fn end(&mut self, out: &mut Out) -> Result<(), Failure> {
        let kept = std::mem::take(&mut self.kept);
        match self.format {
            Format::Table => self.end_table(out),
            Format::Json if self.printed == 0 => out.raw(b"[]\n"),
            Format::Json => out.raw(b"\n]\n"),
            Format::Atom => emit::list(out, &self.title, kept, self.created, FeedFormat::Atom),
            Format::Rss => emit::list(out, &self.title, kept, self.created, FeedFormat::Rss),
            Format::Jsonfeed => emit::list(out, &self.title, kept, self.created, FeedFormat::Json),
            Format::Opml => emit::sources(out, &self.title, &kept),
            _ => Ok(()),
        }
    }

    /// Hands on all that was printed so far, for somebody who waits for more.
    pub fn settle(&mut self, out: &mut Out) -> Result<(), Failure> {
        self.table.finish(out)?;
        out.flush()
    }

    /// How many items were printed.
    pub fn printed(&self) -> u64 {
        self.printed
    }

    /// The columns of a spreadsheet.
    fn names(&self) -> &[&'static str] {
        self.fields.as_deref().unwrap_or(&item::USUAL)
    }

    fn table_row(&mut self, out: &mut Out, item: &Item) -> Result<(), Failure> {
        let value = item.value();
        let text = |name: &str| item::cell(item::field(&value, name));
        let cells = match &self.fields {
            Some(fields) => fields
                .iter()
                .map(|name| match Time::parse_rfc3339(&text(name)) {
                    Some(time) if item::TIMES.contains(name) => self.times.cell(time),
                    // The beginning of an id is enough for a person.
                    _ if is_id(name) && out.is_terminal() => lookup::short(&text(name)).to_owned(),
                    _ => text(name),
                })
                .collect(),
            None => {
                let arrived = Time::parse_rfc3339(&text("arrived"))
                    .map(|time| self.times.cell(time))
                    .unwrap_or_default();
                let id = text("id")
                    .chars()
                    .take(super::lookup::SHORT_ID_CHARS)
                    .collect();
                self.is_late |= is_late(&value);
                vec![
                    id,
                    arrived,
                    text("feed.title"),
                    text("copies"),
                    text("title"),
                ]
            }
        };
        let place = match (&self.marks, out.width) {
            (Some(marks), Some(width)) => {
                let body = text("content_text");
                snippet::of(&body, marks, width.saturating_sub(INDENT.len()), out.color)
            }
            _ => None,
        };
        self.table.row_over(out, cells, place)
    }

    fn end_table(&mut self, out: &mut Out) -> Result<(), Failure> {
        self.table.finish(out)?;
        if self.is_late {
            out.remark(&format!("ARRIVED: {ARRIVED}"))?;
        }
        Ok(())
    }

    /// One line of cells.
    fn separated<S: AsRef<str>>(&self, cells: impl IntoIterator<Item = S>) -> String {
        let csv = self.format == Format::Csv;
        let cells: Vec<String> = cells
            .into_iter()
            .map(|cell| {
                if csv {
                    csv_cell(cell.as_ref())
                } else {
                    tsv_cell(cell.as_ref())
                }
            })
            .collect();
        let mut line = cells.join(if csv { "," } else { "\t" });
        line.push('\n');
        line
    }
}

fn is_id(name: &str) -> bool {
    matches!(name, "id" | "story_id" | "feed.id")
}

/// Whether something arrived an hour or more after it was published.
fn is_late(item: &serde_json::Value) -> bool {
    let time = |name| Time::parse_rfc3339(&item::cell(item::field(item, name)));
    match (time("arrived"), time("published")) {
        (Some(arrived), Some(published)) => arrived.since(published) >= LATE,
        _ => false,
    }
}

/// The column of a field that was asked for.
fn column(name: &'static str, times: &Times) -> Column {
    match name {
        "url" | "feed_url" | "canonical_url" | "image" | "feed.url" | "feed.site" => {
            Column::place(name)
        }
        name if is_id(name) => Column::value(name),
        name if item::TIMES.contains(&name) => Column::value(times.heading(name)),
        name => Column::text(name),
    }
}

/// The fields asked for, in that order.
fn chosen(item: &Item, fields: &[&str]) -> serde_json::Map<String, serde_json::Value> {
    let value = item.value();
    fields
        .iter()
        .map(|name| ((*name).to_owned(), item::field(&value, name).clone()))
        .collect()
}

/// A spreadsheet takes a cell that begins so for a formula, and runs it (SEC-15).
fn inert(cell: &str) -> String {
    let cell = cell.trim();
    let guard = if cell.starts_with(['=', '+', '-', '@']) {
        "'"
    } else {
        ""
    };
    format!("{guard}{cell}")
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

fn markdown(out: &mut Out, story: &StoryView, times: &Times) -> Result<(), Failure> {
    let title = markdown_text(&story.title);
    let linked = match &story.url {
        Some(url) => format!(
            "[{title}](<{}>)",
            terminal_escape::line(url).replace(['<', '>'], "")
        ),
        None => title,
    };
    let copies = if story.copies > 1 {
        format!(", {} copies", story.copies)
    } else {
        String::new()
    };
    out.line(&format!(
        "- {linked} — {}, {}{copies}",
        markdown_text(&story.feed.title),
        times.exact(story.arrived)
    ))?;
    if let Some(text) = story.content_text.as_ref().filter(|text| !text.is_empty()) {
        out.line("")?;
        for paragraph in text.lines() {
            out.line(format!("  {}", markdown_text(paragraph)).trim_end())?;
        }
        out.line("")?;
    }
    Ok(())
}

/// Text in which nothing is markup.
fn markdown_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in terminal_escape::line(text).chars() {
        if matches!(
            c,
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '&'
        ) {
            out.push('\\');
        }
        out.push(c);
    }
    out
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

    #[test]
    fn a_headline_is_no_markup() {
        assert_eq!(
            markdown_text("*a* [b](c) <d>"),
            "\\*a\\* \\[b\\](c) \\<d\\>"
        );
    }
}
