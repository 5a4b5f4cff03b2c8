//! L1: stories into feeds that other readers take: Atom 1.0, RSS 2.0, JSON Feed 1.1, and subscriptions into OPML 2.0 and
//! back. Pure and canonical: the same content gives the same bytes; never the time of rendering, never a host of a
//! request.

use crate::model::{StoryView, Time};

/// A merged feed: what it says about itself, and its stories, newest first, with bodies.
#[derive(Debug, Clone, Default)]
pub struct Channel {
    /// An IRI that never changes.
    pub id: String,
    /// Its title.
    pub title: String,
    /// What it is about, in a line.
    pub description: String,
    /// Where this document is.
    pub self_url: Option<String>,
    /// The page for people that shows the same.
    pub home_url: Option<String>,
    /// RFC 5005 section 3: the first page, if this is not it.
    pub first_url: Option<String>,
    /// RFC 5005 section 3: the page with the stories before these.
    pub next_url: Option<String>,
    /// A WebSub hub that is told of changes.
    pub hub_url: Option<String>,
    /// When the channel last changed; the newest story's change where a story is newer.
    pub updated: Time,
    /// The stories.
    pub stories: Vec<StoryView>,
}
