//! What a plan is made from: the operator's policy and one observed poll.

use std::time::Duration;

use crate::model::{FailureKind, Hints, Time, WebUrl};

/// What the operator set for all feeds.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// Mean polls a feed and day.
    pub polls_per_day: f64,
    /// Least time between two planned polls, unless the server or the user allow less.
    pub min_interval: Duration,
    /// Longest time between two planned polls, unless the publisher asks for more.
    pub max_interval: Duration,
    /// Hints that most programs ignore are followed to the letter (ET-19).
    pub strict: bool,
    /// Distinguishes this installation's minutes from another's (ET-23).
    pub install: u64,
    /// What one poll may cost, in article-seconds of waiting. `None`: not known yet; an estimate from `polls_per_day` is
    /// used.
    pub poll_cost: Option<f64>,
}

/// The result of a poll, as far as the plan depends on it.
#[derive(Debug, Clone, PartialEq)]
pub enum PollResult {
    /// A document, read or recognized by its digest.
    Document {
        /// The claimed dates of the new articles; `None` for those without a date.
        new: Vec<Option<Time>>,
        /// How many articles the document holds.
        window: usize,
        /// Whether all of them were new although earlier polls had found some: more may have been missed.
        window_full: bool,
        /// Whether it came with an ETag or Last-Modified.
        validators: bool,
    },
    /// 304.
    NotModified,
    /// A hub delivered new articles: their dates as above. No request was made (ET-51).
    Pushed {
        /// The claimed dates of the new articles.
        new: Vec<Option<Time>>,
    },
    /// No document.
    Failed(FailureKind),
}

/// One poll, and what is known about its feed.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// When the answer was complete.
    pub at: Time,
    /// The result.
    pub result: PollResult,
    /// Hints of headers and document together. After a 304 or a failure the document's part is empty, because the state
    /// remembers it; so it is for a document that was recognized by its digest and not read.
    pub hints: Hints,
    /// The target of redirects that were all permanent, if the document there was read (ET-36).
    pub moved_to: Option<WebUrl>,
    /// Whether the subscription is under https: then it never moves to http (ET-36).
    pub https: bool,
    /// The user's own interval for this feed.
    pub interval: Option<Duration>,
    /// Bytes of the body as transferred.
    pub bytes: u64,
    /// Since when a hub notifies of changes to this feed, if it does (ET-51).
    pub leased: Option<Time>,
    /// The whole network is down: the failure says nothing about this feed (ET-30).
    pub offline: bool,
    /// Distinguishes this feed's minutes from another's.
    pub feed: u64,
}
