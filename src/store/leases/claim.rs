//! A claim: a feed leased to one process, and why a feed is left alone. Plain data.

use std::time::Duration;

use serde::Serialize;

use crate::model::{FeedId, FeedRow, Time, Validators, WebUrl};
use crate::normalize::boilerplate::Boilerplate;
use crate::store::feeds::feed_settings::FeedSettings;
use crate::store::hubs::websub::HubLease;
use crate::text::language::Votes;

/// A feed that may be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Which.
    pub feed: FeedRow,
    /// The site that its host belongs to.
    pub site: String,
}

/// How many due feeds are looked for.
#[derive(Debug, Clone, Copy)]
pub struct DueLimits {
    /// Of all sites together.
    pub all: usize,
    /// Of one site.
    pub site: usize,
}

/// Which feeds a claim may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClaimScope {
    /// Those that are due.
    Due,
    /// Those of these that are due.
    StillDue(Vec<FeedRow>),
    /// All that no server's floor and no earlier manual poll holds back.
    All {
        /// `schedule.manual_interval`.
        manual_interval: Duration,
    },
    /// These, under the same condition.
    These {
        /// Which.
        feeds: Vec<FeedRow>,
        /// `schedule.manual_interval`.
        manual_interval: Duration,
    },
    /// This one, of which a hub tells: nobody is asked, so no floor holds it back, but a poll on its way does.
    Pushed(FeedRow),
}

/// A feed leased to one worker: the lease moved its due time forward, so nobody else takes it.
#[derive(Debug, Clone)]
pub struct Claim {
    /// Which feed.
    pub feed: FeedRow,
    /// Its id.
    pub id: FeedId,
    /// Where to ask.
    pub url: WebUrl,
    /// Whether other feeds are subscribed at the same origin.
    pub has_neighbours: bool,
    /// Its title, for messages.
    pub title: String,
    /// The fencing number: a commit with an older one is discarded.
    pub lease: i64,
    /// When it was due before it was claimed.
    pub due: Option<Time>,
    /// The validators by URL.
    pub validators: Vec<(String, Validators)>,
    /// The SHA-256 of the last body that was read.
    pub body_digest: Option<Vec<u8>>,
    /// What is known as boilerplate.
    pub boilerplate: Boilerplate,
    /// What the feed's articles are in; none: they were not asked yet.
    pub votes: Option<Votes>,
    /// The schedule's state.
    pub schedule: Vec<u8>,
    /// The user's settings, without secrets that belong to another origin.
    pub settings: FeedSettings,
    /// Where the secrets belong that were left out of them, if any were: the feed has moved since they were given.
    pub secrets_withheld: Option<String>,
    /// When the last poll was, if any.
    pub last_poll: Option<Time>,
    /// Failures in a row so far.
    pub failures: u32,
    /// The hub that is to tell of its news.
    pub hub: Option<HubLease>,
    /// An archive page that is wanted and could not be had so far.
    pub archive: Option<String>,
}

/// What a claim left alone, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Skipped {
    /// Which feed.
    pub url: String,
    /// Why, in words.
    pub reason: String,
    /// Why, to be counted.
    #[serde(skip)]
    pub rest: Rest,
}

/// Why a feed is left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rest {
    /// Its user paused it.
    Paused,
    /// Its server said that it is gone for good.
    Gone,
    /// It is being polled.
    Leased,
    /// Its server asks to wait.
    Floor,
    /// It was polled a moment ago.
    Polled,
    /// Its host has no turn for it.
    Host,
    /// What is stored of it cannot be read.
    Fault,
}

impl Rest {
    /// What is said of feeds that rest so, behind their number.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Paused => "paused",
            Self::Gone => "withdrawn by their publishers (410)",
            Self::Leased => "being polled by another process",
            Self::Floor => "whose servers asked for more time",
            Self::Polled => "polled less than schedule.manual_interval ago",
            Self::Host => "whose hosts have no free turn",
            Self::Fault => "postponed after an internal error",
        }
    }
}
