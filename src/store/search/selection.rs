//! What a reader asks the store for: plain data, no SQL.

use crate::model::{FeedRow, Seq, StoryId, Time};
use crate::query::Expr;

/// Which stories or articles, in which order. The default is everything, newest first, without bodies.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Only what this expression matches. For stories: any copy of which it matches.
    pub expr: Option<Expr>,
    /// Only members of this topic, by name.
    pub topic: Option<String>,
    /// Only this feed's.
    pub feed: Option<FeedRow>,
    /// Only these feeds'.
    pub feeds: Option<Vec<FeedRow>>,
    /// Only what arrived at or after.
    pub since: Option<Time>,
    /// Only what arrived before.
    pub until: Option<Time>,
    /// Only what was first seen at or after.
    pub seen_since: Option<Time>,
    /// Only what its publisher dates at or after; what bears no date is left out.
    pub published_since: Option<Time>,
    /// Only what changed after this sequence, oldest change first (implies [`Order::Sequence`]).
    pub after: Option<Seq>,
    /// Only what stands below this place in the river (keyset paging; stories only).
    pub before: Option<RiverPlace>,
    /// At most so many.
    pub limit: Option<usize>,
    /// The order.
    pub order: Order,
    /// Whether `content_html` and `content_text` are filled.
    pub bodies: bool,
    /// The moment that relative times in `expr` (`since:7d`) count from.
    pub now: Time,
}

/// The order of an answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Order {
    /// By `arrived`, newest first: the river.
    #[default]
    River,
    /// Best match first (bm25 over the newest matches), recent first among equals.
    Best,
    /// By claimed publication, newest first.
    Published,
    /// By sequence, oldest first.
    Sequence,
}

/// A place in the river: the key of the last story of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RiverPlace {
    /// Its `arrived`.
    pub arrived: Time,
    /// Its id, which parts stories of one moment.
    pub story: StoryId,
}
