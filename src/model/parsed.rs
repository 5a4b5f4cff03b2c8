//! A parsed document, as `newswire parse` prints it.
//!
//! `parse` fills it. Every text here is already safe: `*_html` is sanitized, plain fields are one line without control
//! characters, every URL is absolute. The order of fields is that of the output.

use schemars::JsonSchema;
use serde::Serialize;

use super::poll::Hints;
use super::{Time, WebUrl};

/// An author or contributor.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, JsonSchema, serde::Deserialize)]
#[serde(default)]
pub struct Person {
    /// The name, one line.
    pub name: Option<String>,
    /// The e-mail address.
    pub email: Option<String>,
    /// The person's page; absolute http(s).
    #[schemars(extend("format" = "uri"))]
    pub url: Option<String>,
}

/// A publisher's own label.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, JsonSchema, serde::Deserialize)]
#[serde(default)]
pub struct Category {
    /// The label as a machine reads it.
    pub term: String,
    /// The label for people, if it differs.
    pub label: Option<String>,
    /// Which vocabulary `term` belongs to.
    pub scheme: Option<String>,
}

/// A file that belongs to an article.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, JsonSchema, serde::Deserialize)]
#[serde(default)]
pub struct Enclosure {
    /// Where it is; absolute http(s).
    #[schemars(extend("format" = "uri"))]
    pub url: String,
    /// Its media type, as declared.
    #[serde(rename = "type")]
    pub mime: Option<String>,
    /// Its size in bytes, as declared.
    pub length: Option<u64>,
}

/// The origin of an entry (atom:source, RSS source).
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, serde::Deserialize, JsonSchema)]
#[serde(default)]
pub struct Source {
    /// The source's title.
    pub title: Option<String>,
    /// Its feed or site.
    pub url: Option<String>,
    /// Its atom:id.
    pub id: Option<String>,
}

/// One parsed document.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ParsedFeed {
    /// `rss2`, `rss1`, `rss09x`, `atom`, `atom03` or `json`.
    pub format: &'static str,
    /// The feed's own id, as written.
    pub id: Option<String>,
    /// Its name.
    pub title: Option<String>,
    /// The site.
    pub link: Option<WebUrl>,
    /// The feed's own URL (rel=self).
    pub feed_url: Option<WebUrl>,
    /// Its description.
    pub description: Option<String>,
    /// A BCP 47 tag, as written.
    pub language: Option<String>,
    /// When it last changed, as claimed.
    pub updated: Option<Time>,
    /// When it was published, as claimed.
    pub published: Option<Time>,
    /// Who writes it.
    pub authors: Vec<Person>,
    /// Who contributes.
    pub contributors: Vec<Person>,
    /// The publisher's labels.
    pub categories: Vec<Category>,
    /// Copyright line.
    pub rights: Option<String>,
    /// The program that made it.
    pub generator: Option<String>,
    /// A small square picture.
    pub icon: Option<WebUrl>,
    /// A larger picture.
    pub image: Option<WebUrl>,
    /// A WebSub hub.
    pub hub: Option<WebUrl>,
    /// The archive page with earlier entries (RFC 5005).
    #[serde(skip)]
    pub prev_archive: Option<WebUrl>,
    /// Whether it declares itself complete: entries that it does not list are not part of it (RFC 5005 section 2).
    #[serde(skip)]
    pub is_complete: bool,
    /// The ttl, in minutes.
    pub ttl_minutes: Option<u32>,
    /// The items, in document order.
    pub entries: Vec<ParsedEntry>,
    /// Repairs and omissions, one line each.
    pub warnings: Vec<String>,
    /// Whether the document has tags of items but no item could be read: it is broken beyond repair.
    #[serde(skip)]
    pub lost_entries: bool,
    /// Whether the document ends before the feed does: items may be missing.
    #[serde(skip)]
    pub breaks_off: bool,
    /// When to poll again, by the document (ttl, skipHours, skipDays, sy:*).
    #[serde(skip)]
    pub hints: Hints,
}

/// One parsed item of a document.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ParsedEntry {
    /// guid or atom:id or rdf:about, as written.
    pub id: Option<String>,
    /// The page of the item.
    pub url: Option<WebUrl>,
    /// The literal link, if it is not `url`: escaped twice, or a placeholder. Keys and digests use it, so that a change of how
    /// newswire reads links does not change stored articles.
    #[serde(skip)]
    pub written_url: Option<WebUrl>,
    /// The headline, plain.
    pub title: Option<String>,
    /// RSS description or atom:summary.
    pub summary_html: Option<String>,
    /// content:encoded, atom:content and the like.
    pub content_html: Option<String>,
    /// The readable text of the body (content, else summary).
    pub content_text: Option<String>,
    /// First publication, as claimed.
    pub published: Option<Time>,
    /// Last change, as claimed.
    pub updated: Option<Time>,
    /// Who wrote it.
    pub authors: Vec<Person>,
    /// Who contributed.
    pub contributors: Vec<Person>,
    /// The publisher's labels.
    pub categories: Vec<Category>,
    /// Its files.
    pub enclosures: Vec<Enclosure>,
    /// A BCP 47 tag, if the entry has its own.
    pub language: Option<String>,
    /// The page with its comments.
    pub comments_url: Option<WebUrl>,
    /// A picture.
    pub image: Option<WebUrl>,
    /// Copyright line.
    pub rights: Option<String>,
    /// Where it was taken from.
    pub source: Option<Source>,
    /// A digest of what the publisher sent, before cleaning: a different one is an edit.
    #[serde(skip)]
    pub source_digest: [u8; 16],
    /// Whether the document ends within it: fields may be missing; those that it has are complete.
    #[serde(skip)]
    pub is_partial: bool,
}

impl ParsedEntry {
    /// The link that keys and digests use.
    #[must_use]
    pub fn link_of_key(&self) -> Option<&WebUrl> {
        self.written_url.as_ref().or(self.url.as_ref())
    }
}
