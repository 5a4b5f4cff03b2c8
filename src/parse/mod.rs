//! L1: bytes into what the document says ([`ParsedFeed`]). Pure: never fetches, never asks the clock or the store,
//! and gives up on a value before an entry, on an entry before a feed.
//!
//! | file | idea |
//! |---|---|
//! | [`charset`], [`damaged_utf8`] | bytes to text |
//! | [`mend`] | marks that begin or end nothing put right
//! | [`xml`], [`element`] | text to small bounded trees, one for each child of the feed, whatever is broken |
//! | [`balance`], [`fields`] | what the document never closes, and what ends it |
//! | [`vocabulary`] | which namespace a name means |
//! | [`addresses`] | URLs escaped twice; links that say there is none |
//! | [`escaped`], [`plain_body`] | bodies that were escaped twice; bodies without markup: their lines and lists |
//! | [`constructs`] | title, body, link: the shapes in which XML dialects say things |
//! | [`head`], [`entry`], [`media`] | what a child of the feed, of an entry, of a media group says |
//! | [`Raw`] | a document whose bodies are not read yet |
//! | [`source_digest`] | what tells an edit |
//! | [`guid`], [`people`] | the values that publishers spell in a hundred ways |
//! | [`json_text`] | JSON as far as it goes, bounded |
//! | [`json_feed`] | JSON Feed, mended and read by feed-rs |

mod addresses;
mod balance;
pub mod charset;
mod constructs;
mod damaged_utf8;
mod element;
mod entry;
mod escaped;
mod fields;
mod guid;
mod head;
mod json_feed;
mod json_text;
mod media;
mod mend;
pub mod people;
mod plain_body;
mod raw;
mod source_digest;
mod vocabulary;
mod xml;

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::model::{ParsedEntry, ParsedFeed, Time, WebUrl};

use raw::Bodies;
pub use raw::Raw;

/// Most entries taken from one document, the newest (SEC-03, SEC-12).
pub const ENTRIES_MAX: usize = 10_000;
/// Most values of one repeated field of an entry (SEC-03).
pub const REPEATS_MAX: usize = 64;
/// How much may stand before a feed, in bytes.
/// The warning of a document that ends before its end tags do.
pub const BREAKS_OFF: &str = "the document breaks off";
const PREAMBLE_BYTES_MAX: usize = 4096;
/// Most warnings kept for one document.
pub const WARNINGS_MAX: usize = 50;

/// What is known about a document beside its bytes.
#[derive(Debug, Clone, Default)]
pub struct ParseContext {
    /// Where it was found, after redirects: the base of relative URLs.
    pub url: Option<WebUrl>,
    /// The Content-Type header as written.
    pub content_type: Option<String>,
}

/// Why a document gave nothing at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// It is something else: a page, an image, nothing.
    #[error("not a feed: {0}")]
    NotAFeed(String),
    /// It claims to be a feed and cannot be read.
    #[error("unreadable feed: {0}")]
    Unreadable(String),
}

/// Reads a document of any format (contract.md, "newswire parse").
///
/// # Errors
/// [`ParseError`] if it is no feed; a broken feed gives what can be read of it, with warnings.
pub fn parse(bytes: &[u8], context: &ParseContext) -> Result<ParsedFeed, ParseError> {
    guarded(|| Ok(read(bytes, context)?.finish()))
}

/// Reads a document without the bodies of its entries, which are read when they are asked for.
///
/// # Errors
/// [`ParseError`], as [`parse`] does.
pub fn raw(bytes: &[u8], context: &ParseContext) -> Result<Raw, ParseError> {
    guarded(|| read(bytes, context))
}

/// SEC-01: a bug of ours or of a library on these bytes is this feed's failure.
fn guarded<T>(work: impl FnOnce() -> Result<T, ParseError>) -> Result<T, ParseError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        Err(ParseError::Unreadable(
            "the parser gave up on it; please report this feed".to_owned(),
        ))
    })
}

fn read(bytes: &[u8], context: &ParseContext) -> Result<Raw, ParseError> {
    let mut warnings = Warnings::default();
    let text = charset::to_text(bytes, context.content_type.as_deref(), &mut warnings);
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}' || c == '\0');
    let mut raw = match text.chars().next() {
        None => return Err(ParseError::NotAFeed("the document is empty".to_owned())),
        Some('{') => Raw::of(json_feed::read(text, context, &mut warnings)?, |bodies| {
            Bodies::Json(Box::new(bodies))
        }),
        Some(_) => match head::read(text, context, &mut warnings) {
            Err(ParseError::NotAFeed(why)) => match behind_preamble(text) {
                Some(text) => {
                    warnings.add("there is something before the feed");
                    Raw::of(head::read(text, context, &mut warnings)?, Bodies::Xml)
                }
                None => return Err(ParseError::NotAFeed(why)),
            },
            read => Raw::of(read?, Bodies::Xml),
        },
    };
    raw.drop_blank(&mut warnings);
    raw.warnings = warnings;
    Ok(raw)
}

fn is_blank(entry: &ParsedEntry) -> bool {
    entry.title.as_ref().is_none_or(String::is_empty)
        && entry.summary_html.is_none()
        && entry.content_html.is_none()
        && entry.id.is_none()
        && entry.url.is_none()
        && entry.published.is_none()
        && entry.updated.is_none()
        && entry.enclosures.is_empty()
}

/// The feed behind a short text that does not belong to it: the warning of a program that printed it, HTTP headers.
fn behind_preamble(text: &str) -> Option<&str> {
    let head = text.get(1..text.floor_char_boundary(PREAMBLE_BYTES_MAX))?;
    let beginnings = ["<?xml", "<rss", "<feed", "<rdf:RDF"];
    let at = beginnings.iter().filter_map(|b| head.find(b)).min()?;
    text.get(at + 1..)
}

/// What was repaired or dropped, bounded and without repeats.
#[derive(Debug, Default)]
pub struct Warnings(Vec<String>);

impl Warnings {
    /// Notes a repair.
    pub fn add(&mut self, warning: impl Into<String>) {
        let warning = warning.into();
        if self.0.len() < WARNINGS_MAX && !self.0.contains(&warning) {
            self.0.push(warning);
        }
    }
}

/// The best of several ways to say one thing: the lowest rank wins, the first among equals.
#[derive(Debug)]
struct Best<T>(Option<(u8, T)>);

impl<T> Default for Best<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Best<T> {
    fn offer(&mut self, rank: u8, value: Option<T>) {
        if let Some(value) = value
            && self.0.as_ref().is_none_or(|(r, _)| rank < *r)
        {
            self.0 = Some((rank, value));
        }
    }

    /// The same, but the last among equals wins: where a dialect repeats a value, the later one is meant.
    fn offer_last(&mut self, rank: u8, value: Option<T>) {
        if let Some(value) = value
            && self.0.as_ref().is_none_or(|(r, _)| rank <= *r)
        {
            self.0 = Some((rank, value));
        }
    }

    /// Whether a value of this rank would be taken.
    fn is_open_to(&self, rank: u8) -> bool {
        self.0.as_ref().is_none_or(|(r, _)| rank < *r)
    }

    fn is_none(&self) -> bool {
        self.0.is_none()
    }

    fn take(self) -> Option<T> {
        self.0.map(|(_, value)| value)
    }
}

impl Best<String> {
    /// The same for a line: one without words is worse than any with some.
    fn offer_line(&mut self, rank: u8, value: Option<String>) {
        let has_words = value.as_ref().is_some_and(|v| !v.is_empty());
        self.offer(if has_words { rank } else { u8::MAX }, value);
    }
}

/// The newest entries of a document, at most [`ENTRIES_MAX`], however many come. Undated ones give way first, among equals
/// the later.
#[derive(Debug)]
struct Newest<T> {
    kept: Vec<(usize, Option<Time>, T)>,
    seen: usize,
}

impl<T> Default for Newest<T> {
    fn default() -> Self {
        Self {
            kept: Vec::new(),
            seen: 0,
        }
    }
}

impl<T> Newest<T> {
    fn push(&mut self, date: Option<Time>, entry: T) {
        self.kept.push((self.seen, date, entry));
        self.seen += 1;
        if self.kept.len() >= 2 * ENTRIES_MAX {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        self.kept.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
        self.kept.truncate(ENTRIES_MAX);
    }

    fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// In document order.
    fn into_vec(mut self, warnings: &mut Warnings) -> Vec<T> {
        if self.seen > ENTRIES_MAX {
            self.drop_oldest();
            self.kept.sort_by_key(|(at, ..)| *at);
            warnings.add(format!(
                "only the newest {ENTRIES_MAX} entries were taken; {} were left out",
                self.seen - ENTRIES_MAX
            ));
        }
        self.kept.into_iter().map(|(.., entry)| entry).collect()
    }
}

/// Adds a value that is not there yet, up to [`REPEATS_MAX`].
fn push_new<T: PartialEq>(list: &mut Vec<T>, value: T) {
    if list.len() < REPEATS_MAX && !list.contains(&value) {
        list.push(value);
    }
}
