//! L1: when a feed is asked again. A pure function of what is known and what was seen: no clock, no I/O, no
//! randomness but a hash of names. Never undercuts a server's word.
//!
//! [`next`] is the one decision. What it weighs: `floors` (servers' words and courtesy), `backoff` (failures),
//! `rates`, `profile` and `intensity` (how a feed publishes), `push` (whether a hub tells us), `plan` (when asking is worth its price), `skip` and `spread`
//! (which minute); `explanation` settles it and writes it down. [`Budget`] keeps the one [`PollCost`] that all feeds share;
//! [`simulate`] runs it all on a trace. [`remedy`] says what an operator can do about a feed that fails.

mod backoff;
mod budget;
mod bytes;
mod cost_model;
mod explain;
mod explanation;
mod floors;
mod intensity;
mod moved;
mod next;
mod plan;
mod poll_cost;
mod profile;
mod push;
mod rates;
pub mod remedy;
pub mod simulate;
mod skip;
mod spread;
mod state;
#[cfg(test)]
mod support;

use std::time::Duration;

use crate::model::{FailureKind, Hints, Time, WebUrl};

pub use budget::Budget;
pub use next::next;
pub use poll_cost::{Demand, PollCost};
pub use state::State;

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);
const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);

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
    /// What one poll may cost, in article-seconds of waiting; none: not known yet, a guess from `polls_per_day` is
    /// used.
    pub poll_cost: Option<f64>,
}

/// What came of a visit, as far as the plan cares.
#[derive(Debug, Clone, PartialEq)]
pub enum PollResult {
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
    /// A hub told of news: the dates as above. Nobody was asked (ET-51).
    Pushed {
        /// The claimed dates of the articles that were not there before.
        new: Vec<Option<Time>>,
    },
    /// No document.
    Failed(FailureKind),
}

/// One visit and what is known around it.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// When the answer was complete.
    pub at: Time,
    /// What came of it.
    pub result: PollResult,
    /// Headers' and document's word together. After a 304 or a failure the document's part is empty: the state
    /// remembers it. It does so too where a document without anything new is silent, for one known by its digest
    /// is not read.
    pub hints: Hints,
    /// Where permanent redirects only led, and the document there was read (ET-36).
    pub moved_to: Option<WebUrl>,
    /// Whether the subscription is under https: then it never moves to http (ET-36).
    pub https: bool,
    /// The user's own interval for this feed.
    pub interval: Option<Duration>,
    /// Bytes of the body on the wire.
    pub bytes: u64,
    /// Since when a hub tells of this feed's news, if it does (ET-51).
    pub leased: Option<Time>,
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
