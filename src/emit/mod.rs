//! L1: stories as feeds for other readers (Atom 1.0, RSS 2.0, JSON Feed 1.1), and subscriptions to and from OPML 2.0. Pure and
//! canonical: the same content gives the same bytes; never the time of rendering, never the host of a request.
//!
//! | file | |
//! |---|---|
//! | [`item`] | the content of a story, validated once for all formats |
//! | [`atom`](fn@atom), [`rss`](fn@rss), [`json_feed`](fn@json_feed) | one format each |
//! | [`media`] | pictures and files in Media RSS, which Atom and RSS share |
//! | [`text`] | the characters that a document may contain |
//! | [`xml`] | a writer whose documents are always well-formed |
//! | [`opml`] | subscription lists, out and in |

mod atom;
mod item;
mod json_feed;
mod media;
pub mod opml;
mod rss;
#[cfg(test)]
mod tests;
mod text;
mod xml;

pub use atom::atom;
pub use json_feed::json_feed;
pub use rss::rss;

use crate::model::{StoryView, Time};

/// The scheme of a category that is a topic of newswire (atom:category, RSS category domain).
pub const TOPIC_SCHEME: &str = "urn:newswire:topic";

/// The namespace of `fh:archive` (RFC 5005 section 4).
const HISTORY: &str = "http://purl.org/syndication/history/1.0";

/// A merged feed: its metadata and its stories, newest first, with bodies.
#[derive(Debug, Clone, Default)]
pub struct Channel {
    /// An IRI that never changes.
    pub id: String,
    /// Its title.
    pub title: String,
    /// What it is about, in a line.
    pub description: String,
    /// The URL of this document.
    pub self_url: Option<String>,
    /// The web page with the same content.
    pub home_url: Option<String>,
    /// RFC 5005 section 3: the first page, if this is not it.
    pub first_url: Option<String>,
    /// RFC 5005 section 3: the page with the stories before these.
    pub next_url: Option<String>,
    /// RFC 5005 section 4: the archive document with the stories before these.
    pub archive_url: Option<String>,
    /// RFC 5005 section 4: the newest page, if this is an archive document.
    pub current_url: Option<String>,
    /// Whether this is an archive document that stays as it is.
    pub is_archive: bool,
    /// A WebSub hub that is notified of changes.
    pub hub_url: Option<String>,
    /// When the channel last changed; the arrival of the newest story if that is later.
    pub updated: Time,
    /// The stories. A story that is listed twice is written once.
    pub stories: Vec<StoryView>,
}

/// The formats of a merged feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Atom 1.0 (RFC 4287).
    Atom,
    /// RSS 2.0 by the profile of the RSS Advisory Board.
    Rss,
    /// JSON Feed 1.1.
    Json,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 3] = [Self::Atom, Self::Rss, Self::Json];

    /// The format of that name or extension: `atom`, `rss`, `json` (also `jsonfeed`).
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "atom" => Some(Self::Atom),
            "rss" => Some(Self::Rss),
            "json" | "jsonfeed" => Some(Self::Json),
            _ => None,
        }
    }

    /// The name, which is also the extension of a file or path, without the dot.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Atom => "atom",
            Self::Rss => "rss",
            Self::Json => "json",
        }
    }

    /// The Content-Type header.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Atom => "application/atom+xml; charset=utf-8",
            Self::Rss => "application/rss+xml; charset=utf-8",
            // RFC 8259 section 11: JSON has no charset parameter; it is UTF-8.
            Self::Json => "application/feed+json",
        }
    }

    /// The media type alone, for links to a feed.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        self.content_type().split(';').next().unwrap_or_default()
    }
}

/// The channel in that format.
#[must_use]
pub fn render(channel: &Channel, format: Format) -> String {
    match format {
        Format::Atom => atom(channel),
        Format::Rss => rss(channel),
        Format::Json => json_feed(channel),
    }
}
