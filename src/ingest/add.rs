//! A new subscription: its URL is asked once; if a page answers, the feed that it names is asked instead. Never more than
//! one request beyond the page (ET-20), never a subscription to what is no feed.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::Ingest;
use super::visit::{self, Visited};
use crate::fetch::Held;
use crate::model::{FailureKind, FeedId, Outcome, Poll, WebUrl};
use crate::normalize::discover::{Candidate, discover, well_known};
use crate::parse::charset::page_to_text;
use crate::parse::{self, ParseContext};
use crate::store::{Claim, NewFeed, StoreError};

/// A subscription that stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Added {
    /// Its id.
    pub id: FeedId,
    /// Where it is: not what was typed, if that was a page.
    pub url: WebUrl,
    /// Its title, the feed's own or the user's.
    pub title: String,
    /// Whether it was not there before.
    pub new: bool,
    /// Articles that its first poll brought.
    pub articles: usize,
    /// The first poll failed for now; it will be tried again.
    pub failure: Option<String>,
    /// It is not polled just now, for this reason.
    pub skipped: Option<String>,
}

/// Why there is no subscription.
#[derive(Debug, thiserror::Error)]
pub enum AddError {
    /// The page names several feeds.
    #[error("{page} names {} feeds; add one of them by its URL, or take the first with --first", .candidates.len())]
    Several {
        /// The page.
        page: WebUrl,
        /// Its feeds.
        candidates: Vec<Candidate>,
    },
    /// Neither a feed nor a page that names one.
    #[error("{url}: {reason}")]
    NoFeed {
        /// What was asked.
        url: WebUrl,
        /// What it is instead, and what to do.
        reason: String,
    },
    /// The store cannot go on.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Ingest {
    /// Subscribes to the feed at `feed.url`, or to the one that the page there names, and polls it once.
    pub async fn add(
        self: &Arc<Self>,
        feed: NewFeed,
        take_first: bool,
        cancel: &CancellationToken,
    ) -> Result<Added, AddError> {
        if let Some(known) = self.known(&feed.url).await? {
            return Ok(known);
        }
        let poll = self.first_poll(&feed, cancel).await;
        let Some(candidates) = candidates(&feed.url, &poll) else {
            return self.subscribe(feed, poll, cancel).await;
        };
        let page = poll.final_url.clone().unwrap_or_else(|| feed.url.clone());
        if candidates.len() > 1 && !take_first {
            return Err(AddError::Several { page, candidates });
        }
        let named = candidates.into_iter().next().map(|c| c.url);
        let Some(url) = named.clone().or_else(|| well_known(&page)) else {
            return Err(no_feed(&feed.url, "it is no feed and names none"));
        };
        let mut found = NewFeed {
            url,
            ..feed.clone()
        };
        // A page may name a feed anywhere; what was given with its own address stays there (SEC-23).
        if found.url.origin() != feed.url.origin() && found.settings.drop_secrets() {
            tracing::warn!(
                "{} is not sent the credentials that were given for {}",
                found.url,
                feed.url
            );
        }
        if let Some(known) = self.known(&found.url).await? {
            return Ok(known);
        }
        let poll = self.first_poll(&found, cancel).await;
        match (&poll.outcome, named) {
            (Outcome::Document { .. }, _) if is_feed(&poll) => {
                self.subscribe(found, poll, cancel).await
            }
            (Outcome::Failed(f), Some(url)) => Err(no_feed(
                &feed.url,
                &format!("it names the feed {url}, but that failed: {}", f.message),
            )),
            (_, Some(url)) => Err(no_feed(
                &feed.url,
                &format!("it names the feed {url}, but that is none"),
            )),
            (_, None) => Err(no_feed(
                &feed.url,
                "it is a page that names no feed; look for an RSS or Atom link on it and add that",
            )),
        }
    }

    async fn known(&self, url: &WebUrl) -> Result<Option<Added>, StoreError> {
        let url = url.clone();
        self.ask(move |store| {
            let feeds = store.reads().feeds()?;
            let id = FeedId::of(bare(&url));
            let known = feeds
                .into_iter()
                .find(|f| f.id == id || f.url == bare(&url));
            Ok(known.map(|f| Added {
                id: f.id,
                url,
                title: f.title,
                new: false,
                articles: 0,
                failure: None,
                skipped: None,
            }))
        })
        .await
    }

    async fn first_poll(&self, feed: &NewFeed, cancel: &CancellationToken) -> Poll {
        let request = visit::first_request(0, feed.url.clone(), &feed.settings);
        // One by itself: nobody waits for the memory that its body takes.
        self.fetcher.poll(&request, cancel).await.0
    }

    /// Writes the subscription and what its first poll brought.
    async fn subscribe(
        self: &Arc<Self>,
        feed: NewFeed,
        poll: Poll,
        cancel: &CancellationToken,
    ) -> Result<Added, AddError> {
        if let Outcome::Failed(f) = &poll.outcome
            && is_final(f.kind)
        {
            return Err(no_feed(
                &feed.url,
                &format!("{}; nothing was subscribed", f.message),
            ));
        }
        let url = feed.url.clone();
        let now = self.clock.now();
        let (made, lease) = self
            .ask(move |store| store.subscribe_asked(feed, now))
            .await?;
        let mut added = Added {
            id: made.id,
            title: url.host().to_owned(),
            url,
            new: made.new,
            articles: 0,
            failure: None,
            skipped: None,
        };
        match lease {
            Ok(claim) => {
                let poll = Poll {
                    feed: claim.feed,
                    ..poll
                };
                self.settle_first(claim, poll, &mut added, cancel).await?;
            }
            Err(left) => added.skipped = Some(left.reason),
        }
        Ok(added)
    }

    async fn settle_first(
        self: &Arc<Self>,
        claim: Claim,
        poll: Poll,
        added: &mut Added,
        cancel: &CancellationToken,
    ) -> Result<(), StoreError> {
        let row = claim.feed;
        let settled = self
            .settle(
                &Visited::new(claim, poll, Held::default(), &self.clock),
                false,
                cancel,
            )
            .await?;
        added.articles = settled.committed.new;
        if let Outcome::Failed(f) = settled.poll.outcome {
            added.failure = Some(f.message);
        }
        if let Some(detail) = self.ask(move |store| store.reads().feed(row)).await? {
            added.title = detail.feed.title;
        }
        Ok(())
    }
}

/// The feeds that a page names; none if what came is a feed or failed.
fn candidates(asked: &WebUrl, poll: &Poll) -> Option<Vec<Candidate>> {
    let Outcome::Document {
        body, content_type, ..
    } = &poll.outcome
    else {
        return None;
    };
    if is_feed(poll) {
        return None;
    }
    let base = poll.final_url.as_ref().unwrap_or(asked);
    let page = page_to_text(body, content_type.as_deref());
    Some(discover(&page, base))
}

fn is_feed(poll: &Poll) -> bool {
    let Outcome::Document {
        body, content_type, ..
    } = &poll.outcome
    else {
        return false;
    };
    let context = ParseContext {
        url: poll.final_url.clone(),
        content_type: content_type.clone(),
    };
    parse::parse(body, &context).is_ok()
}

/// Failures that another try does not mend: most likely the URL is wrong.
fn is_final(kind: FailureKind) -> bool {
    matches!(
        kind,
        FailureKind::NotFound
            | FailureKind::Gone
            | FailureKind::Forbidden
            | FailureKind::Blocked
            | FailureKind::Redirect
            | FailureKind::TooLarge
            | FailureKind::Status
            | FailureKind::NotAFeed
            | FailureKind::Internal
    )
}

fn no_feed(url: &WebUrl, reason: &str) -> AddError {
    AddError::NoFeed {
        url: url.clone(),
        reason: reason.to_owned(),
    }
}

/// The form of a URL that names a feed.
fn bare(url: &WebUrl) -> &str {
    url.as_str().split('#').next().unwrap_or_default()
}
