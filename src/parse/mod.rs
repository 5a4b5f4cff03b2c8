//! L1: bytes to [`ParsedFeed`]. Pure: never fetches, never reads the clock or the store. An unreadable value costs that value, not
//! the entry; an unreadable entry costs that entry, not the feed.
//!
//! | file | idea |
//! |---|---|
//! | [`charset`], [`damaged_utf8`] | bytes to text |
//! | [`mend`] | delimiters repaired |
//! | [`xml`], [`element`] | text to small bounded trees, one for each child of the feed |
//! | [`balance`], [`fields`] | elements without an end tag, and what ends them |
//! | [`vocabulary`] | which namespace a name means |
//! | [`addresses`] | URLs escaped twice; placeholders in place of links |
//! | [`escaped`], [`plain_body`] | bodies that were escaped twice; bodies without markup: their lines and lists |
//! | [`constructs`] | title, body, link: the constructs that XML dialects share |
//! | [`context`], [`dialect`] | the input besides the bytes; the dialect of a document |
//! | [`collect`], [`warnings`] | values and entries, bounded; what was repaired |
//! | [`pictures`] | pictures of feeds and entries |
//! | [`head`], [`entry`], [`media`] | the fields of a feed, of an entry, of a media group |
//! | [`entry_bodies`], [`entry_dates`] | the bodies of an entry, read when they are needed; dates with their warnings |
//! | [`Raw`] | a document whose bodies are not read yet |
//! | [`source_digest`] | a digest that detects edits |
//! | [`guid`], [`people`] | values with many spellings |
//! | [`json_text`] | JSON up to the first error, bounded |
//! | [`json_feed`] | JSON Feed, repaired and read by feed-rs |

mod addresses;
mod balance;
pub mod charset;
mod collect;
mod constructs;
mod context;
mod damaged_utf8;
mod dialect;
mod element;
mod entry;
mod entry_bodies;
mod entry_dates;
mod escaped;
mod fields;
mod guid;
mod head;
mod json_feed;
mod json_text;
mod media;
mod mend;
pub mod people;
mod pictures;
mod plain_body;
mod raw;
mod source_digest;
mod vocabulary;
mod warnings;
mod xml;

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::model::ParsedFeed;

pub use collect::{ENTRIES_MAX, REPEATS_MAX};
pub use context::{ParseContext, ParseError};
use raw::Bodies;
pub use raw::Raw;
pub use warnings::{WARNINGS_MAX, Warnings};

/// Maximum length of text before the feed, in bytes.
const PREAMBLE_BYTES_MAX: usize = 4096;

/// Reads a document of any format (contract.md, "newswire parse").
///
/// # Errors
/// [`ParseError`] if it is not a feed; for a broken feed, everything that can be read is returned, with warnings.
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

/// SEC-01: a panic of ours or of a library on these bytes is a failure of this feed only.
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

/// The feed after a short text that does not belong to it, such as a program's warning or HTTP headers.
fn behind_preamble(text: &str) -> Option<&str> {
    let head = text.get(1..text.floor_char_boundary(PREAMBLE_BYTES_MAX))?;
    let beginnings = ["<?xml", "<rss", "<feed", "<rdf:RDF"];
    let at = beginnings.iter().filter_map(|b| head.find(b)).min()?;
    text.get(at + 1..)
}
