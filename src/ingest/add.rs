//! A new subscription: its URL is asked once; if a page answers, the feed that it names is asked instead. One request
//! beyond the page (ET-20), and one more for each feed that turns out to be broken, up to [`TRIES_MAX`]. Never a
//! subscription to what is no feed.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::Ingest;
use super::visit::{self, Visited};
use crate::memory::Body;
use crate::model::{FailureKind, FeedId, NamedFeed, Outcome, ParsedFeed, Poll, WebUrl};
use crate::normalize::discover::{discover, well_known};
use crate::parse::charset::page_to_text;
use crate::parse::{self, ParseContext};
use crate::store::{Claim, NewFeed, StoreError};

/// Most feeds of one page that are asked, if the first of them are broken.
const TRIES_MAX: usize = 5;

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
    /// Its document was read, but there is something wrong with it as a whole.
    pub doubt: Option<&'static str>,
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
        candidates: Vec<NamedFeed>,
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
        let first = self.first_poll(&feed, cancel).await;
        let Some(candidates) = candidates(&feed.url, &first) else {
            return self.subscribe(feed, first, cancel).await;
        };
        let page = first
            .0
            .final_url
            .clone()
            .unwrap_or_else(|| feed.url.clone());
        if candidates.len() > 1 && !take_first {
            return Err(AddError::Several { page, candidates });
        }
        let (is_page, bare_reason) = match first.1.as_deref().map(|body| body.trim_ascii()) {
            None | Some([]) => (
                false,
                "the answer is empty; a feed is an XML or JSON document",
            ),
            Some(text) => (
                text.contains(&b'<'),
                "it is neither a feed nor a page that could link to one",
            ),
        };
        drop(first);
        if candidates.is_empty() {
            if !is_page {
                return Err(no_feed(&feed.url, bare_reason));
            }
            let Some(url) = well_known(&page) else {
                return Err(no_feed(&feed.url, "it is no feed and names none"));
            };
            let found = self.add_found(&feed, url, cancel).await?;
            return found.map_err(|_| {
                let reason =
                    "this page links to no feed; look for an RSS or Atom link on it and add that";
                no_feed(&feed.url, reason)
            });
        }
        let mut why = None;
        for named in candidates.iter().take(TRIES_MAX) {
            match self.add_found(&feed, named.url.clone(), cancel).await? {
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
                "; of the {all} feeds that it names, the first {} do not work",
                all.min(TRIES_MAX)
            ),
        };
        Err(no_feed(&feed.url, &format!("{why}{others}")))
    }

    /// Subscribes to a feed that the page at `feed.url` names; else what is wrong with it.
    async fn add_found(
        self: &Arc<Self>,
        feed: &NewFeed,
        url: WebUrl,
        cancel: &CancellationToken,
    ) -> Result<Result<Added, String>, AddError> {
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
            return Ok(Ok(known));
        }
        let came = self.first_poll(&found, cancel).await;
        let url = &found.url;
        match &came.0.outcome {
            Outcome::Document { .. } if is_feed(&came) => {
                self.subscribe(found, came, cancel).await.map(Ok)
            }
            Outcome::Failed(f) => Ok(Err(format!(
                "it names the feed {url}, but that failed: {}",
                f.message
            ))),
            _ => Ok(Err(format!("it names the feed {url}, but that is none"))),
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
                doubt: None,
            }))
        })
        .await
    }

    async fn first_poll(&self, feed: &NewFeed, cancel: &CancellationToken) -> Came {
        let request = visit::first_request(0, feed.url.clone(), &feed.settings);
        self.fetcher.poll(&request, cancel).await
    }

    /// Writes the subscription and what its first poll brought.
    async fn subscribe(
        self: &Arc<Self>,
        feed: NewFeed,
        came: Came,
        cancel: &CancellationToken,
    ) -> Result<Added, AddError> {
        let doubt = doubt(&came);
        let (poll, body) = came;
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
            doubt,
        };
        match lease {
            Ok(claim) => {
                let poll = Poll {
                    feed: claim.feed,
                    ..poll
                };
                self.settle_first(claim, (poll, body), &mut added, cancel)
                    .await?;
            }
            Err(left) => added.skipped = Some(left.reason),
        }
        Ok(added)
    }

    async fn settle_first(
        self: &Arc<Self>,
        claim: Claim,
        (poll, body): Came,
        added: &mut Added,
        cancel: &CancellationToken,
    ) -> Result<(), StoreError> {
        let row = claim.feed;
        let settled = self
            .settle(&Visited::new(claim, poll, body, &self.clock), false, cancel)
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

/// A first poll, and the body of its document.
type Came = (Poll, Option<Body>);

/// The feeds that a page names; none if what came is a feed or failed.
fn candidates(asked: &WebUrl, came: &Came) -> Option<Vec<NamedFeed>> {
    let (content_type, body) = document(came)?;
    if is_feed(came) {
        return None;
    }
    let base = came.0.final_url.as_ref().unwrap_or(asked);
    let page = page_to_text(body, content_type);
    Some(discover(&page, base, &came.0.hints.alternates))
}

fn is_feed(came: &Came) -> bool {
    parsed(came).is_some()
}

fn parsed(came: &Came) -> Option<ParsedFeed> {
    let (content_type, body) = document(came)?;
    let context = ParseContext {
        url: came.0.final_url.clone(),
        content_type: content_type.map(str::to_owned),
    };
    parse::parse(body, &context).ok()
}

/// What is wrong with a document as a whole that can be read all the same.
fn doubt(came: &Came) -> Option<&'static str> {
    let feed = parsed(came)?;
    if feed.breaks_off {
        return Some(
            "the document breaks off; the readable part was stored, and the next poll reads it again",
        );
    }
    feed.entries
        .is_empty()
        .then_some("the feed lists no articles")
}

fn document((poll, body): &Came) -> Option<(Option<&str>, &[u8])> {
    match &poll.outcome {
        Outcome::Document { content_type, .. } => Some((content_type.as_deref(), body.as_ref()?)),
        _ => None,
    }
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
