//! The output formats of `list` and `search`, one file each.
//!
//! To add a format, write a [`Printer`] in a new file and add a row to [`FORMATS`]: the help, the completion and the messages are
//! derived from it. A printer should print each item at once, so that a long list needs no more memory than a short one.

mod feed;
mod json;
mod lines;
mod markdown;
mod separated;
mod table;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use super::exit::Failure;
use super::item::Item;
use super::output::Out;
use super::times::Times;
use crate::model::Time;
use crate::query::highlight::Highlighter;

/// Prints items in one format.
pub trait Printer {
    /// Prints what comes before the first item.
    fn begin(&mut self, _out: &mut Out) -> Result<(), Failure> {
        Ok(())
    }

    /// Prints one item.
    fn item(&mut self, out: &mut Out, item: Item) -> Result<(), Failure>;

    /// Prints what is kept back, before `--follow` waits for the next item.
    fn pause(&mut self, _out: &mut Out) -> Result<(), Failure> {
        Ok(())
    }

    /// Prints what comes after the last item.
    fn end(&mut self, _out: &mut Out) -> Result<(), Failure> {
        Ok(())
    }
}

/// What a printer may depend on.
pub struct Setup {
    /// The fields chosen with `--fields`.
    pub fields: Option<Vec<&'static str>>,
    /// How times are displayed.
    pub times: Times,
    /// The title of the list as a feed.
    pub title: String,
    /// When the store was created: the date of a feed without items.
    pub created: Time,
    /// Highlighter the matches in the passage that is shown of each body, if one is shown.
    pub marks: Option<Highlighter>,
}

/// A format, and the options that it can be combined with.
#[derive(Debug)]
pub struct ListFormat {
    /// The value of `--format`.
    pub name: &'static str,
    /// The description in the help.
    help: &'static str,
    /// Whether `--fields` can be used.
    pub has_fields: bool,
    /// Whether `--follow` can be used: each item is printed at once.
    pub is_streamed: bool,
    /// Whether bodies are always included.
    pub has_bodies: bool,
    /// Creates a printer of this format.
    pub printer: fn(Setup) -> Box<dyn Printer>,
}

/// The default format.
pub const TABLE: &str = "table";

/// The format that `--json` stands for.
pub const JSON_LINES: &str = "jsonl";

/// The formats, in the order of the help.
pub static FORMATS: [ListFormat; 12] = [
    streamed(TABLE, "Aligned columns", table::table).with_fields(),
    streamed(JSON_LINES, "One JSON object per line", json::lines).with_fields(),
    collected("json", "A JSON array", json::array).with_fields(),
    streamed("csv", "Comma-separated values (RFC 4180)", separated::csv).with_fields(),
    streamed("tsv", "Tab-separated values", separated::tsv).with_fields(),
    collected("atom", "An Atom feed", feed::atom).with_bodies(),
    collected("rss", "An RSS feed", feed::rss).with_bodies(),
    collected("jsonfeed", "A JSON Feed", feed::json_feed).with_bodies(),
    collected("opml", "The feeds of the results, as OPML", feed::opml),
    streamed("ids", "Ids, one per line", lines::ids),
    streamed("urls", "URLs, one per line", lines::urls),
    streamed("md", "A Markdown list", markdown::markdown),
];

const fn streamed(
    name: &'static str,
    help: &'static str,
    printer: fn(Setup) -> Box<dyn Printer>,
) -> ListFormat {
    ListFormat {
        is_streamed: true,
        ..collected(name, help, printer)
    }
}

const fn collected(
    name: &'static str,
    help: &'static str,
    printer: fn(Setup) -> Box<dyn Printer>,
) -> ListFormat {
    ListFormat {
        name,
        help,
        has_fields: false,
        is_streamed: false,
        has_bodies: false,
        printer,
    }
}

impl ListFormat {
    const fn with_fields(mut self) -> Self {
        self.has_fields = true;
        self
    }

    const fn with_bodies(mut self) -> Self {
        self.has_bodies = true;
        self
    }

    /// The format of that name.
    pub fn named(name: &str) -> Option<&'static Self> {
        FORMATS.iter().find(|format| format.name == name)
    }
}

/// The parser of `--format`.
pub fn parser() -> impl TypedValueParser<Value = &'static ListFormat> {
    let values = FORMATS
        .iter()
        .map(|format| PossibleValue::new(format.name).help(format.help));
    PossibleValuesParser::new(values)
        .try_map(|name| ListFormat::named(&name).ok_or("unknown format"))
}

/// The names of the formats that can be combined with an option, for an error: `table, jsonl or csv`.
pub fn names(can: impl Fn(&ListFormat) -> bool) -> String {
    let names = FORMATS.iter().filter(|format| can(format));
    let names: Vec<&str> = names.map(|format| format.name).collect();
    match names.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_formats_for_an_option_are_listed_as_a_sentence() {
        assert_eq!(names(|f| f.name == "md"), "md");
        assert_eq!(names(|f| f.has_fields), "table, jsonl, json, csv or tsv");
    }
}
