//! L1: when a feed is asked again. A pure function of what is known and what was seen: no clock, no I/O, no
//! randomness but a hash of names. Never undercuts a server's word.

use std::time::Duration;

use crate::model::{FailureKind, Hints, Time, WebUrl};

/// What the operator decided for all feeds.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// Mean polls a feed and day.
    pub polls_per_day: f64,
    /// Least time between two planned polls, unless the server or the user allow less.
    pub min_interval: Duration,
    /// Most time between two planned polls, unless the server asks for more.
    pub max_interval: Duration,
    /// Hints that most programs ignore are taken to the letter (ET-19).
    pub strict: bool,
    /// What tells this installation's minutes from another's (ET-23).
    pub install: u64,
}

/// What came of a visit, as far as the plan cares.
#[derive(Debug, Clone, PartialEq)]
pub enum Seen {
    /// A document, read or known by its digest.
    Document {
        /// The claimed dates of the articles that were not there before; none for those without.
        new: Vec<Option<Time>>,
        /// How many articles the document holds.
        window: usize,
        /// Whether all of them were new although some had been seen before: more may have been missed.
        window_full: bool,
        /// Whether it came with an ETag or Last-Modified.
        validators: bool,
    },
    /// 304.
    NotModified,
    /// No document.
    Failed(FailureKind),
}

/// One visit and what is known around it.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// When the answer was complete.
    pub at: Time,
    /// What came of it.
    pub seen: Seen,
    /// Headers' and document's word together. After a 304 or a failure the document's part is empty: the state
    /// remembers it.
    pub hints: Hints,
    /// Where permanent redirects only led, and the document there was read (ET-36).
    pub moved_to: Option<WebUrl>,
    /// The user's own interval for this feed.
    pub interval: Option<Duration>,
    /// Bytes of the body on the wire.
    pub bytes: u64,
    /// Whole network down: the failure says nothing about this feed (ET-30).
    pub offline: bool,
    /// What tells this feed's minutes from another's.
    pub feed: u64,
}

/// When to ask again, and why.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Plan {
    /// The next poll; none: never (410 twice, ET-33).
    pub next_at: Option<Time>,
    /// Before when not even a manual poll may ask: a server's word, with its reason.
    pub floor: Option<(Time, String)>,
    /// Every constraint, one a line, the binding one marked.
    pub why: String,
    /// The subscription moves there now (ET-36).
    pub moved_to: Option<WebUrl>,
}
