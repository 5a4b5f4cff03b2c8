//! The first poll of a URL that a user wants to subscribe to: whether it is a feed, or a page and the feeds that it links to.
//! Pure.

use crate::memory::Body;
use crate::model::{NamedFeed, Outcome, ParsedFeed, Poll, WebUrl};
use crate::normalize::discover::discover;
use crate::parse::charset::page_to_text;
use crate::parse::{self, ParseContext};

/// A first poll, and the body of its document.
pub(super) struct FirstPoll {
    pub(super) poll: Poll,
    pub(super) body: Option<Body>,
}

impl FirstPoll {
    /// The feeds that the page at `url` links to; `None` if this is a feed, or the poll failed.
    pub(super) fn linked_feeds(&self, url: &WebUrl) -> Option<Vec<NamedFeed>> {
        let (content_type, body) = self.document()?;
        if self.is_feed() {
            return None;
        }
        let base = self.poll.final_url.as_ref().unwrap_or(url);
        let page = page_to_text(body, content_type);
        Some(discover(&page, base, &self.poll.hints.alternates))
    }

    /// Why the document cannot be a page; `None` if it may be one.
    pub(super) fn why_not_a_page(&self) -> Option<&'static str> {
        match self.body.as_deref().map(|body| body.trim_ascii()) {
            None | Some([]) => Some("the answer is empty; a feed is an XML or JSON document"),
            Some(text) if text.contains(&b'<') => None,
            Some(_) => Some("it is neither a feed nor a page that could link to one"),
        }
    }

    pub(super) fn is_feed(&self) -> bool {
        self.parsed().is_some()
    }

    /// What is wrong with the document of a feed, although it can be read.
    pub(super) fn doubt(&self) -> Option<&'static str> {
        let feed = self.parsed()?;
        if feed.breaks_off {
            return Some(
                "the document breaks off; the readable part was stored, and the next poll reads it again",
            );
        }
        feed.entries
            .is_empty()
            .then_some("the feed lists no articles")
    }

    fn parsed(&self) -> Option<ParsedFeed> {
        let (content_type, body) = self.document()?;
        let context = ParseContext {
            url: self.poll.final_url.clone(),
            content_type: content_type.map(str::to_owned),
        };
        parse::parse(body, &context).ok()
    }

    fn document(&self) -> Option<(Option<&str>, &[u8])> {
        match &self.poll.outcome {
            Outcome::Document { content_type, .. } => {
                Some((content_type.as_deref(), self.body.as_ref()?))
            }
            _ => None,
        }
    }
}
