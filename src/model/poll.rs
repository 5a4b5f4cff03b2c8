//! One poll of a feed. Its result is always a value: a failed poll is data, not an error.

use std::time::Duration;

use super::{FeedRow, Time, WebUrl};

/// The validators of one URL, byte for byte as the server sent them (RFC 9110 section 8.8; ET-02, ET-03).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Validators {
    /// The ETag with its quotes and `W/`.
    pub etag: Option<Vec<u8>>,
    /// The Last-Modified date as written.
    pub last_modified: Option<Vec<u8>>,
}

impl Validators {
    /// Longer ones are neither kept nor sent back, in bytes: real ones have some 40.
    pub const BYTES_MAX: u16 = 4096;

    /// Whether there is nothing to send.
    pub fn is_empty(&self) -> bool {
        self.etag.is_none() && self.last_modified.is_none()
    }
}

/// What server and document say about when to poll again, and further facts from the headers.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Hints {
    /// Cache-Control max-age less Age (RFC 9111 section 4.2).
    pub fresh_for: Option<Duration>,
    /// `no-cache` or `no-store` was sent too: no floor from `fresh_for` (ET-13).
    pub no_cache: bool,
    /// Retry-After of a 429 or 503, or a rate limit's reset, as a span from the response.
    pub retry_after: Option<Duration>,
    /// RSS ttl, in minutes.
    pub ttl_minutes: Option<u32>,
    /// `sy:updatePeriod` over `sy:updateFrequency`, in seconds.
    pub update_period_s: Option<u32>,
    /// RSS skipHours: bit h set means hour h (GMT) is skipped.
    pub skip_hours: u32,
    /// RSS skipDays: bit d set means that day is skipped, Monday is bit 0.
    pub skip_days: u8,
    /// The WebSub hub that notifies of changes, so that fewer polls are needed (ET-50).
    pub hub: Option<WebUrl>,
    /// The URL by which the feed names itself and its hub knows it.
    pub topic: Option<WebUrl>,
    /// The feeds that Link headers name, in their order.
    pub alternates: Vec<NamedFeed>,
    /// A Content-Encoding that does not exist; the body was read unchanged.
    pub unknown_coding: Option<String>,
}

/// A feed that a page or its headers name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedFeed {
    /// Where it is.
    pub url: WebUrl,
    /// What it is called there.
    pub title: Option<String>,
}

/// How much of a feed a document holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Extent {
    /// All that the feed shows at present.
    #[default]
    Whole,
    /// The entries that are new since the validators that were sent (RFC 3229, `226 IM Used`; ET-10).
    Delta,
    /// A hub delivered it; no request was made.
    Push,
}

/// One poll of one feed.
#[derive(Debug, Clone, PartialEq)]
pub struct Poll {
    /// Which feed.
    pub feed: FeedRow,
    /// When the first request was sent.
    pub started: Time,
    /// When the answer was complete, or the poll was given up.
    pub finished: Time,
    /// The URL that answered, after redirects; the subscribed one if there was no answer.
    pub final_url: Option<WebUrl>,
    /// Whether every redirect on the way was permanent (301, 308), and there was one.
    pub moved_permanently: bool,
    /// The last HTTP status, if a server answered.
    pub status: Option<u16>,
    /// Bytes read from the network for bodies, before decoding.
    pub bytes_wire: u64,
    /// When to poll again, by the headers alone.
    pub hints: Hints,
    /// How much of the feed the document holds, if there is one.
    pub extent: Extent,
    /// The result.
    pub outcome: Outcome,
}

impl Poll {
    /// Whether no request was sent to the feed's server: the host is resting or its queue is long, or the poll was cancelled
    /// before its turn. `hints.retry_after` is how long to wait.
    pub fn is_unasked(&self) -> bool {
        matches!(self.outcome, Outcome::Failed(_))
            && self.status.is_none()
            && self.hints.retry_after.is_some()
    }

    /// Whether newswire itself was short of memory or slots, which says nothing about the feed.
    pub fn is_busy(&self) -> bool {
        matches!(&self.outcome, Outcome::Failed(f) if f.kind == FailureKind::Busy)
    }
}

/// The result of a poll.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// A complete document; its body is passed beside the poll.
    Document {
        /// The Content-Type header as written.
        content_type: Option<String>,
        /// The validators of the document: stored together with its articles or not at all (ET-08).
        validators: Validators,
    },
    /// 304 to a conditional request. Validators that the 304 brought replace the stored ones (ET-06).
    NotModified {
        /// The validators of the 304.
        validators: Validators,
    },
    /// No document.
    Failed(Failure),
}

/// Why a poll gave no document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The kind, for the schedule and for scripts.
    pub kind: FailureKind,
    /// One line for a person: what, why; never a secret.
    pub message: String,
}

impl Failure {
    /// A failure with its text.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { kind, message }
    }
}

/// The kinds of failure; [`FailureKind::as_str`] is what JSON and the store hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailureKind {
    /// The name could not be resolved.
    Dns,
    /// No connection.
    Connect,
    /// The TLS handshake failed.
    Tls,
    /// Over the total time limit.
    Timeout,
    /// The address guard refused (SEC-06).
    Blocked,
    /// Too many redirects, a loop, or a target that is not followed.
    Redirect,
    /// The body is over the size limit.
    TooLarge,
    /// The body could not be decoded, was cut off, or the framing is bad.
    Body,
    /// 404.
    NotFound,
    /// 410.
    Gone,
    /// 401, 403, 451.
    Forbidden,
    /// 429 or 503.
    Throttled,
    /// Any other 4xx or unexpected status.
    Status,
    /// 5xx.
    Server,
    /// It is a page or something else, not a feed (ET-35).
    NotAFeed,
    /// It claims to be a feed, but nothing could be read.
    Parse,
    /// The feed had items before and lists none: it is empty now, or broken in an undetected way.
    Empty,
    /// newswire was short of memory, or the host's queue was too long: this says nothing about the feed.
    Busy,
    /// A bug of newswire.
    Internal,
}

impl FailureKind {
    /// Every kind.
    pub const ALL: [Self; 19] = [
        Self::Dns,
        Self::Connect,
        Self::Tls,
        Self::Timeout,
        Self::Blocked,
        Self::Redirect,
        Self::TooLarge,
        Self::Body,
        Self::NotFound,
        Self::Gone,
        Self::Forbidden,
        Self::Throttled,
        Self::Status,
        Self::Server,
        Self::NotAFeed,
        Self::Parse,
        Self::Empty,
        Self::Busy,
        Self::Internal,
    ];

    /// The stable name, in JSON and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::Blocked => "blocked",
            Self::Redirect => "redirect",
            Self::TooLarge => "too_large",
            Self::Body => "body",
            Self::NotFound => "not_found",
            Self::Gone => "gone",
            Self::Forbidden => "forbidden",
            Self::Throttled => "throttled",
            Self::Status => "status",
            Self::Server => "server",
            Self::NotAFeed => "not_a_feed",
            Self::Parse => "parse",
            Self::Empty => "empty",
            Self::Busy => "busy",
            Self::Internal => "internal",
        }
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.as_str() == name)
    }

    /// Whether this says something about the network rather than about the feed (ET-30).
    pub fn is_network(self) -> bool {
        matches!(self, Self::Dns | Self::Connect)
    }
}
