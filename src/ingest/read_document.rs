//! Reads the document of a poll: what it contains for the commit, for the plan and for the hub. A document that cannot be read,
//! or that makes newswire panic, is the feed's failure (REL-04). Blocks; makes no requests.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::document::{self, Document, Normalized};
use crate::model::{Extent, Failure, FailureKind, Hints, Poll, Time, WebUrl};
use crate::parse::{ParseContext, ParseError};
use crate::store::{Claim, DocumentCommit, Store, StoreError};
use crate::text::hash::sha256;

/// What a poll's document contains. All empty if there was none.
#[derive(Default)]
pub(super) struct Contents {
    /// `None`: the same bytes as at the last poll (ET-09).
    pub(super) document: Option<DocumentCommit>,
    /// The dates of articles that are new.
    pub(super) new: Vec<Option<Time>>,
    /// How many items a whole document has.
    pub(super) window: usize,
    /// What the document says about later polls and its hub.
    pub(super) hints: Hints,
    /// Whether the document broke off. Its validators may be those of the whole document and are not stored then, so that the
    /// next request is unconditional. If the same bytes come again, the document is what it is.
    pub(super) breaks_off: bool,
    /// The archive document that has what dropped out of the feed, if it overflowed.
    pub(super) archive: Option<WebUrl>,
}

impl Contents {
    /// Whether all items are new although the feed was polled before: then more may have been missed.
    pub(super) fn overflowed(&self, claim: &Claim) -> bool {
        claim.last_poll.is_some() && self.window > 0 && self.new.len() == self.window
    }
}

/// Reads the body of a document.
///
/// # Errors
/// [`StoreError`] if the store cannot be used; inside, the [`Failure`] of a document that cannot be used.
pub(super) fn read_document(
    store: &Store,
    claim: &Claim,
    poll: &Poll,
    body: &[u8],
    content_type: Option<String>,
) -> Result<Result<Contents, Failure>, StoreError> {
    let body_digest = sha256(body);
    let is_whole = poll.extent == Extent::Whole;
    if is_whole && claim.body_digest.as_ref() == Some(&body_digest) {
        return Ok(Ok(Contents::default()));
    }
    let context = ParseContext {
        url: poll.final_url.clone(),
        content_type,
    };
    // Without votes on the language, as after an upgrade, the next whole document is normalized as a whole once. A part, which
    // lists what is new, says nothing about the rest.
    let normalized = match (&claim.votes, is_whole) {
        (None, true) => Normalized::All,
        _ => Normalized::Unknown,
    };
    let read = catch_unwind(AssertUnwindSafe(|| {
        #[cfg(test)]
        crate::faults::panic_at("parse", claim.url.host());
        document::read(store, claim, body, &context, normalized)
    }));
    let read = match read {
        Ok(read) => match read? {
            Ok(read) => read,
            Err(e) => return Ok(Err(parse_failure(claim, &e))),
        },
        Err(_) => {
            let text = "newswire failed to read this document; please report the feed";
            return Ok(Err(Failure::new(FailureKind::Internal, text)));
        }
    };
    tracing::debug!(
        feed.url = claim.url.as_str(),
        items = read.items,
        normalized = read.normalized,
        "document read"
    );
    #[cfg(test)]
    crate::faults::at("known", claim.url.host())?;
    if is_whole
        && read.items == 0
        && let Some(failure) = empty_failure(store, claim, &read)?
    {
        return Ok(Err(failure));
    }
    Ok(Ok(contents(claim, poll, read, body_digest)))
}

/// The failure of a document without items, unless the feed never had any. Neither validators nor the digest are stored then,
/// so that the feed recovers as soon as the publisher or newswire is fixed.
fn empty_failure(
    store: &Store,
    claim: &Claim,
    read: &Document,
) -> Result<Option<Failure>, StoreError> {
    if read.feed.lost_entries {
        let unreadable = ParseError::Unreadable("none of its items can be read".to_owned());
        return Ok(Some(parse_failure(claim, &unreadable)));
    }
    if !store.reads().has_articles(claim.feed)? {
        return Ok(None);
    }
    let text = format!(
        "{} sent a feed without items; it had some before",
        claim.url.host()
    );
    Ok(Some(Failure::new(FailureKind::Empty, text)))
}

fn contents(claim: &Claim, poll: &Poll, read: Document, body_digest: Vec<u8>) -> Contents {
    let is_whole = poll.extent == Extent::Whole;
    let feed = &read.feed;
    let mut contents = Contents {
        new: read.new.clone(),
        window: if is_whole { read.items } else { 0 },
        breaks_off: feed.breaks_off,
        hints: Hints {
            hub: feed.hub.clone(),
            topic: feed.feed_url.clone(),
            ..feed.hints.clone()
        },
        ..Contents::default()
    };
    let archive = match contents.overflowed(claim) {
        true => feed.prev_archive.clone(),
        false => None,
    };
    let missed = claim.archive.as_deref().filter(|_| is_whole);
    let base = poll.final_url.as_ref().unwrap_or(&claim.url);
    contents.archive = archive
        .or_else(|| missed.and_then(|url| WebUrl::parse(url).ok()))
        .filter(|url| url.origin() == base.origin());
    let mut document = document_commit(read, body_digest);
    document.is_complete &= is_whole;
    if claim.votes.is_none() && !is_whole {
        document.votes = None;
    }
    if let Some(coding) = &poll.hints.unknown_coding {
        document.repairs.push(format!(
            "its Content-Encoding {coding:?} is unknown; the document was read as it came"
        ));
    }
    if poll.extent == Extent::Push {
        // The hub's title for the feed may differ from the feed's own.
        document.title = None;
        document.site = None;
    }
    contents.document = Some(document);
    contents
}

fn document_commit(read: Document, body_digest: Vec<u8>) -> DocumentCommit {
    let Document {
        feed,
        drafted,
        listed,
        items,
        ..
    } = read;
    DocumentCommit {
        // A list without its items, or one that needed repair, is an accident and withdraws nothing.
        is_complete: feed.is_complete && feed.warnings.is_empty() && items > 0,
        drafts: drafted.drafts,
        listed,
        votes: Some(drafted.votes),
        title: feed.title.filter(|t| !t.is_empty()),
        site: feed.link,
        digest: body_digest,
        repairs: feed.warnings,
        archive: None,
        paragraphs: drafted.paragraphs,
    }
}

fn parse_failure(claim: &Claim, error: &ParseError) -> Failure {
    let (kind, problem, what) = match error {
        ParseError::NotAFeed(what) => (
            FailureKind::NotAFeed,
            "sent something that is not a feed",
            what,
        ),
        ParseError::Unreadable(what) => {
            (FailureKind::Parse, "sent a feed that cannot be read", what)
        }
    };
    let text = format!("{} {problem}: {what}", claim.url.host());
    Failure::new(kind, text)
}
