//! New subscriptions: requests the URL, and if it is a page, the feed that the page links to (ET-20). If that feed is broken,
//! the page's next ones are tried, up to [`TRIES_MAX`]. Never subscribes to something that is not a feed.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::context::Ingest;
use super::first_poll::FirstPoll;
use super::poll_request;
use super::visited::Visited;
use crate::model::{FailureKind, FeedId, FeedRow, NamedFeed, Outcome, Poll, WebUrl};
use crate::normalize::discover::well_known;
use crate::store::{Claim, NewFeed, StoreError};

/// Most feeds of one page that are requested, if the first ones are broken.
const TRIES_MAX: usize = 5;

/// A subscription.
#[derive(Debug, Clone, PartialEq)]
pub struct Added {
    /// Its id.
    pub id: FeedId,
    /// Its URL; if the user gave the URL of a page, that of the feed.
    pub url: WebUrl,
    /// Its title, given by the feed or the user.
    pub title: String,
    /// Whether it is a new one.
    pub new: bool,
    /// Articles of its first poll.
    pub articles: usize,
    /// Why the first poll failed; it will be tried again.
    pub failure: Option<String>,
    /// Why it is not polled now.
    pub skipped: Option<String>,
    /// What is wrong with its document, although it was read.
    pub doubt: Option<&'static str>,
}

/// Why there is no subscription.
#[derive(Debug, thiserror::Error)]
pub enum AddError {
    /// The page links to several feeds.
    #[error("{page} links to {} feeds; add one of them by its URL, or take the first with --first", .candidates.len())]
    Several {
        /// The page.
        page: WebUrl,
        /// Its feeds.
        candidates: Vec<NamedFeed>,
    },
    /// Neither a feed nor a page that links to one.
    #[error("{url}: {reason}")]
    NoFeed {
        /// The given URL.
        url: WebUrl,
        /// What it is instead, and what to do.
        reason: String,
    },
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Ingest {
    /// Subscribes to the feed at `feed.url`, or to the one that the page there links to, and polls it once.
    ///
    /// # Errors
    /// [`AddError`] if there is no feed, or the page links to several and `take_first` is not set.
    pub async fn add(
        self: &Arc<Self>,
        feed: NewFeed,
        take_first: bool,
        cancel: &CancellationToken,
    ) -> Result<Added, AddError> {
        if let Some(known) = self.known(&feed.url).await? {
            return Ok(known);
        }
        let first = self.first_poll(&feed, cancel).await;
        let Some(candidates) = first.linked_feeds(&feed.url) else {
            return self.subscribe(feed, first, cancel).await;
        };
        let page = first.poll.final_url.clone();
        let page = page.unwrap_or_else(|| feed.url.clone());
        if candidates.len() > 1 && !take_first {
            return Err(AddError::Several { page, candidates });
        }
        let not_a_page = first.why_not_a_page();
        drop(first);
        if candidates.is_empty() {
            return match not_a_page {
                Some(reason) => Err(no_feed(&feed.url, reason)),
                None => self.add_well_known(&feed, &page, cancel).await,
            };
        }
        let mut why = None;
        for linked in candidates.iter().take(TRIES_MAX) {
            match self.add_linked(&feed, linked.url.clone(), cancel).await? {
                Ok(added) => return Ok(added),
                Err(broken) => {
                    why.get_or_insert(broken);
                }
            }
        }
        let why = why.unwrap_or_default();
        let others = match candidates.len() {
            1 => String::new(),
            all => format!(
                "; of the {all} feeds that it links to, the first {} do not work",
                all.min(TRIES_MAX)
            ),
        };
        Err(no_feed(&feed.url, &format!("{why}{others}")))
    }

    /// Subscribes to the feed of a page without links to feeds, if its site is known to have one.
    async fn add_well_known(
        self: &Arc<Self>,
        feed: &NewFeed,
        page: &WebUrl,
        cancel: &CancellationToken,
    ) -> Result<Added, AddError> {
        let Some(url) = well_known(page) else {
            let reason = "it is not a feed and links to none";
            return Err(no_feed(&feed.url, reason));
        };
        let added = self.add_linked(feed, url, cancel).await?;
        added.map_err(|_| {
            let reason =
                "this page links to no feed; look for an RSS or Atom link on it and add that";
            no_feed(&feed.url, reason)
        })
    }

    /// Subscribes to a feed that the page at `feed.url` links to; the inner error says what is wrong with that feed.
    async fn add_linked(
        self: &Arc<Self>,
        feed: &NewFeed,
        url: WebUrl,
        cancel: &CancellationToken,
    ) -> Result<Result<Added, String>, AddError> {
        let mut found = NewFeed {
            url,
            ..feed.clone()
        };
        // A page may link to a feed anywhere. Secrets stay at the origin that they were given for (SEC-23).
        if found.url.origin() != feed.url.origin() && found.settings.drop_secrets() {
            tracing::warn!(
                "credentials are not sent to {}, because they were given for {}",
                found.url,
                feed.url
            );
        }
        if let Some(known) = self.known(&found.url).await? {
            return Ok(Ok(known));
        }
        let first = self.first_poll(&found, cancel).await;
        let url = &found.url;
        match &first.poll.outcome {
            Outcome::Document { .. } if first.is_feed() => {
                self.subscribe(found, first, cancel).await.map(Ok)
            }
            Outcome::Failed(f) => Ok(Err(format!(
                "it links to the feed {url}, but that failed: {}",
                f.message
            ))),
            _ => Ok(Err(format!("it links to {url}, but that is not a feed"))),
        }
    }

    /// The existing subscription to a URL.
    async fn known(&self, url: &WebUrl) -> Result<Option<Added>, StoreError> {
        let url = url.clone();
        self.with_store(move |store| {
            let feeds = store.reads().feeds()?;
            let id = FeedId::of(url.without_fragment());
            let known = feeds
                .into_iter()
                .find(|f| f.id == id || f.url == url.without_fragment());
            Ok(known.map(|f| Added {
                id: f.id,
                url,
                title: f.title,
                new: false,
                articles: 0,
                failure: None,
                skipped: None,
                doubt: None,
            }))
        })
        .await
    }

    async fn first_poll(&self, feed: &NewFeed, cancel: &CancellationToken) -> FirstPoll {
        let request = poll_request::of_new(FeedRow::default(), feed.url.clone(), &feed.settings);
        let (poll, body) = self.fetcher.poll(&request, cancel).await;
        FirstPoll { poll, body }
    }

    /// Stores the subscription and its first poll.
    async fn subscribe(
        self: &Arc<Self>,
        feed: NewFeed,
        first: FirstPoll,
        cancel: &CancellationToken,
    ) -> Result<Added, AddError> {
        if let Outcome::Failed(f) = &first.poll.outcome
            && is_permanent(f.kind)
        {
            return Err(no_feed(
                &feed.url,
                &format!("{}; nothing was subscribed", f.message),
            ));
        }
        let url = feed.url.clone();
        let now = self.clock.now();
        let (made, lease) = self
            .with_store(move |store| store.subscribe_asked(feed, now))
            .await?;
        let mut added = Added {
            id: made.id,
            title: url.host().to_owned(),
            url,
            new: made.new,
            articles: 0,
            failure: None,
            skipped: None,
            doubt: first.doubt(),
        };
        match lease {
            Ok(claim) => self.settle_first(claim, first, &mut added, cancel).await?,
            Err(skipped) => added.skipped = Some(skipped.reason),
        }
        Ok(added)
    }

    async fn settle_first(
        self: &Arc<Self>,
        claim: Claim,
        first: FirstPoll,
        added: &mut Added,
        cancel: &CancellationToken,
    ) -> Result<(), StoreError> {
        let row = claim.feed;
        let poll = Poll {
            feed: row,
            ..first.poll
        };
        let visited = Visited::new(claim, poll, first.body, &self.clock);
        let visit = self.settle(&visited, false, cancel).await?;
        added.articles = visit.committed.new;
        if let Outcome::Failed(f) = visit.poll.outcome {
            added.failure = Some(f.message);
        }
        if let Some(detail) = self
            .with_store(move |store| store.reads().feed(row))
            .await?
        {
            added.title = detail.feed.title;
        }
        Ok(())
    }
}

/// Whether the failure would recur: most likely the URL is wrong.
fn is_permanent(kind: FailureKind) -> bool {
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
