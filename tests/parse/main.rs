//! Documents of every dialect, well and badly written: what is read out of them (REL-05), and what is printed is read back.
// In a test a panic is the message.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice
)]

mod clean;
mod dialects;
mod emit;
mod fields;
mod files;
mod seeds;
mod sequences;
#[path = "../support/mod.rs"]
mod support;
mod trouble;
mod unclosed;
mod values;

use newswire::model::{ParsedEntry, ParsedFeed, WebUrl};
use newswire::parse::{ParseContext, parse};

/// What is read out of a document found at `https://paper.example/news/feed.xml`.
fn read(document: impl AsRef<[u8]>) -> ParsedFeed {
    read_as(document, None)
}

/// The same with a Content-Type.
fn read_as(document: impl AsRef<[u8]>, content_type: Option<&str>) -> ParsedFeed {
    let context = ParseContext {
        url: WebUrl::parse("https://paper.example/news/feed.xml").ok(),
        content_type: content_type.map(str::to_owned),
    };
    parse(document.as_ref(), &context).unwrap()
}

/// The entry of an RSS 2.0 feed that holds these elements.
fn rss_entry(elements: &str) -> ParsedEntry {
    let document = format!(
        r#"<rss version="2.0"
            xmlns:a10="http://www.w3.org/2005/Atom"
            xmlns:content="http://purl.org/rss/1.0/modules/content/"
            xmlns:dc="http://purl.org/dc/elements/1.1/"
            xmlns:dcterms="http://purl.org/dc/terms/"
            xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"
            xmlns:media="http://search.yahoo.com/mrss/">
        <channel><title>Paper</title><link>https://paper.example/</link><item>{elements}</item></channel></rss>"#
    );
    only(read(document))
}

/// The entry of an Atom 1.0 feed that holds these elements.
fn atom_entry(elements: &str) -> ParsedEntry {
    let document = format!(
        r#"<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://paper.example/a/"><title>Paper</title><entry>{elements}</entry></feed>"#
    );
    only(read(document))
}

fn only(feed: ParsedFeed) -> ParsedEntry {
    assert_eq!(feed.entries.len(), 1, "{:?}", feed.warnings);
    feed.entries.into_iter().next().unwrap()
}

fn titles(feed: &ParsedFeed) -> Vec<&str> {
    let titles = feed.entries.iter().map(|e| e.title.as_deref());
    titles.map(Option::unwrap_or_default).collect()
}

fn url(entry: &ParsedEntry) -> Option<&str> {
    entry.url.as_ref().map(WebUrl::as_str)
}
