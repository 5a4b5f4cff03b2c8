//! A document whose bodies are not read yet. A body is most of what an entry costs, and of most documents nearly all entries
//! are known: what they are called and dated, and a digest of what their publisher sent, tells that without their bodies.
//! Must give the same entry whichever others are completed, as long as sanitizing stays within its bounds.

use super::constructs::Scope;
use super::warnings::Warnings;
use super::{entry_bodies, json_feed};
use crate::model::{ParsedEntry, ParsedFeed};
use crate::text::body;

/// A document, read as far as its bodies.
#[derive(Debug)]
pub struct Raw {
    /// The document. Its entries have neither summaries nor contents, nor the pictures that only these show, until they are
    /// [completed](Self::complete).
    pub feed: ParsedFeed,
    /// Of each entry; none once it is complete.
    bodies: Vec<Option<Bodies>>,
    scope: Scope,
    pub(super) warnings: Warnings,
}

/// The bodies of an entry as they were sent.
#[derive(Debug)]
pub(super) enum Bodies {
    Xml(entry_bodies::Bodies),
    Json(Box<json_feed::Bodies>),
}

impl Raw {
    pub(super) fn of<B>(
        (feed, bodies, scope): (ParsedFeed, Vec<B>, Scope),
        kind: fn(B) -> Bodies,
    ) -> Self {
        let mut raw = Self {
            bodies: bodies.into_iter().map(|b| Some(kind(b))).collect(),
            feed,
            scope,
            warnings: Warnings::default(),
        };
        // What has neither a name nor a page is known by what it says.
        for at in 0..raw.feed.entries.len() {
            let entry = raw.feed.entries.get(at);
            if entry.is_some_and(|e| e.id.is_none() && e.url.is_none()) {
                raw.complete(at);
            }
        }
        raw
    }

    /// Drops entries that have nothing to be shown, dated or found by, unless all are so.
    pub(super) fn drop_blank(&mut self, warnings: &mut Warnings) {
        let entries = &mut self.feed.entries;
        let read = entries.len();
        if entries.iter().any(|e| !is_blank(e)) {
            let mut is_kept = entries.iter().map(|e| !is_blank(e));
            self.bodies.retain(|_| is_kept.next().unwrap_or(true));
            drop(is_kept);
            entries.retain(|e| !is_blank(e));
        }
        if entries.len() < read {
            warnings.add("an entry without content was dropped");
        }
    }

    /// Drops the entry within which the document ends if another entry has its name, or might have it when both are whole: nothing
    /// would tell them apart, and the other one would be named otherwise because of it.
    pub fn drop_ambiguous(&mut self) {
        let Some((last, others)) = self.feed.entries.split_last() else {
            return;
        };
        let has_its_name = |e: &ParsedEntry| match &last.id {
            Some(id) => e.id.as_ref() == Some(id),
            None => e.id.is_none() && e.link_of_key() == last.link_of_key(),
        };
        if last.is_partial && others.iter().any(has_its_name) {
            self.feed.entries.pop();
            self.bodies.pop();
        }
    }

    /// Reads the bodies of the entry at this place, if they are not read yet.
    pub fn complete(&mut self, at: usize) {
        let bodies = self.bodies.get_mut(at).and_then(Option::take);
        if let (Some(bodies), Some(entry)) = (bodies, self.feed.entries.get_mut(at)) {
            match bodies {
                Bodies::Xml(bodies) => bodies.complete(entry),
                Bodies::Json(bodies) => bodies.complete(entry),
            }
        }
    }

    /// Reads the bodies of the entry at this place for somebody else: the entry is left without them, but with its picture.
    /// `None` if it has them.
    pub fn bodies(&mut self, at: usize) -> Option<body::Bodies> {
        let bodies = self.bodies.get_mut(at).and_then(Option::take)?;
        let image = &mut self.feed.entries.get_mut(at)?.image;
        Some(match bodies {
            Bodies::Xml(bodies) => bodies.read(image),
            Bodies::Json(bodies) => bodies.read(image),
        })
    }

    /// Drops the bodies of the entry at this place: nothing will ask for them.
    pub fn skip(&mut self, at: usize) {
        self.bodies.get_mut(at).map(Option::take);
    }

    /// The document with what was warned of so far. Entries that were not completed stay as they are.
    #[must_use]
    pub fn into_feed(mut self) -> ParsedFeed {
        self.scope.tell(&mut self.warnings);
        self.feed.warnings = self.warnings.into_vec();
        self.feed
    }

    /// The whole document.
    pub(super) fn finish(mut self) -> ParsedFeed {
        (0..self.feed.entries.len()).for_each(|at| self.complete(at));
        self.into_feed()
    }
}

/// Whether an entry has nothing to be shown, dated or found by.
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
