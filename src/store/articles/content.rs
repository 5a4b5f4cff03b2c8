//! The stored texts of an article: its body, compressed; what is shown but never asked for by SQL; and both folded as topics
//! and searches see them.

use std::cell::RefCell;

use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use zstd::bulk::{Compressor, Decompressor};

use crate::model::{Category, Enclosure, Person, Source};
use crate::normalize;
use crate::normalize::boilerplate::Boilerplate;
use crate::query::{Folded, Text};
use crate::store::sql::Sql;
use crate::store::stored_json::{JsonColumn, StoredValue};
use crate::text::body::Body;
use crate::text::html_text;

/// Compression of bodies: the default is a good trade for two-kilobyte texts.
const ZSTD_LEVEL: i32 = 3;

/// Largest body that is unpacked, in bytes: SEC-12 keeps larger ones out.
const BODY_BYTES_MAX: usize = 8 << 20;

/// The part of an article that is shown and never used in SQL, stored as JSON. A field that an older version did not store has
/// its default: without that, a new field would hide all others of every stored article.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(in crate::store) struct ArticleFacts {
    pub(in crate::store) authors: Vec<Person>,
    pub(in crate::store) agencies: Vec<String>,
    pub(in crate::store) categories: Vec<Category>,
    pub(in crate::store) enclosures: Vec<Enclosure>,
    pub(in crate::store) image: Option<String>,
    pub(in crate::store) comments_url: Option<String>,
    pub(in crate::store) rights: Option<String>,
    pub(in crate::store) source: Option<Source>,
}

/// The facts of all articles.
pub(in crate::store) static FACTS: JsonColumn<ArticleFacts> = JsonColumn::new("articles", "facts");

/// The bodies of all articles.
static BODIES: StoredValue = StoredValue::new("articles", "content");

/// A stored article as it is shown.
pub(in crate::store) struct Readable {
    /// Its body.
    pub(in crate::store) html: String,
    /// The text of that.
    pub(in crate::store) text: String,
    /// The paragraphs of the stored body that are left out as boilerplate.
    pub(in crate::store) removed: Vec<String>,
}

/// Folds the text of an article as topics, searches and the word index see it.
pub(in crate::store) fn fold(
    title: &str,
    summary: &str,
    body: &str,
    facts: &ArticleFacts,
) -> Folded {
    let labels = (&*facts.authors, &*facts.categories, &*facts.agencies);
    with_text((title, summary, body), labels, Folded::of)
}

/// The same only as printed, for regular expressions.
pub(in crate::store) fn unfolded(
    title: &str,
    summary: &str,
    body: &str,
    facts: &ArticleFacts,
) -> Folded {
    let labels = (&*facts.authors, &*facts.categories, &*facts.agencies);
    with_text((title, summary, body), labels, Folded::raw_only)
}

pub(in crate::store) fn with_text<T>(
    (title, summary, body): (&str, &str, &str),
    (authors, categories, agencies): (&[Person], &[Category], &[String]),
    read: impl FnOnce(&Text<'_>) -> T,
) -> T {
    let authors: Vec<&str> = authors.iter().filter_map(|a| a.name.as_deref()).collect();
    let categories: Vec<&str> = categories
        .iter()
        .flat_map(|c| std::iter::once(c.term.as_str()).chain(c.label.as_deref()))
        .collect();
    let agencies: Vec<&str> = agencies.iter().map(String::as_str).collect();
    read(&Text {
        title,
        summary,
        body,
        authors: &authors,
        categories: &categories,
        agencies: &agencies,
    })
}

/// A body as it is stored.
pub(in crate::store) fn pack(html: &str) -> Vec<u8> {
    thread_local! {
        // Setting one up costs more than packing an article.
        static PACKER: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    }
    PACKER
        .with_borrow_mut(|packer| {
            if packer.is_none() {
                *packer = Compressor::new(ZSTD_LEVEL).ok();
            }
            let mut packed = packer.as_mut()?.compress(html.as_bytes()).ok()?;
            packed.shrink_to_fit();
            Some(packed)
        })
        .unwrap_or_default()
}

/// The body of a stored article. One that cannot be unpacked is reported, and empty.
pub(in crate::store) fn unpack(content: &[u8]) -> String {
    BODIES.or_default(try_unpack(content))
}

/// What `newswire verify` says of bodies that cannot be unpacked.
pub(in crate::store) fn verify_bodies(conn: &Connection) -> Sql<Option<String>> {
    BODIES.verify(conn, |value| {
        value
            .as_blob()
            .is_ok_and(|content| try_unpack(content).is_ok())
    })
}

fn try_unpack(content: &[u8]) -> Result<String, String> {
    thread_local! {
        static UNPACKER: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
    }
    if content.is_empty() {
        return Ok(String::new());
    }
    let unpacked = UNPACKER.with_borrow_mut(|unpacker| {
        let unpacker = match unpacker {
            Some(unpacker) => unpacker,
            none => none.insert(Decompressor::new()?),
        };
        unpacker.decompress(content, BODY_BYTES_MAX)
    });
    String::from_utf8(unpacked.map_err(|e| e.to_string())?).map_err(|e| e.to_string())
}

/// A stored body without what is known as boilerplate.
pub(in crate::store) fn readable(html: &str, boilerplate: &Boilerplate) -> Readable {
    let (cleaned, removed) = normalize::boilerplate::separate(html, boilerplate);
    Readable {
        text: html_text::from_html(&cleaned),
        html: cleaned.into_owned(),
        removed,
    }
}

/// The text of a stored body without what is known as boilerplate.
pub(in crate::store) fn text(html: &str, boilerplate: &Boilerplate) -> String {
    normalize::boilerplate::text_without(&Body::read(html.to_owned()), boilerplate).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rel_14_facts_of_an_older_version_keep_what_they_have() {
        let older =
            r#"{"authors":[{"name":"Ada Spar"}],"categories":[{}],"source":{"title":"The Argus"}}"#;
        let facts: ArticleFacts = serde_json::from_str(older).unwrap();
        assert_eq!((facts.authors.len(), facts.categories.len()), (1, 1));
        assert_eq!(
            facts.source.and_then(|s| s.title).as_deref(),
            Some("The Argus")
        );
    }
}
