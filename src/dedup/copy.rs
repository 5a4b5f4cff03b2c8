//! A stored copy as grouping sees it, and how one is found to be of a story.

use std::time::Duration;

use crate::model::{ArticleRow, FeedRow, StoryRow, Time};

/// How a copy was found to belong to its story; the weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Signal {
    /// One contains most of the other, or tells it under the same long headline.
    Near,
    /// Both have the same text.
    Text,
    /// Both name the same page.
    Url,
}

impl Signal {
    /// The stable name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Url => "url",
            Self::Text => "text",
            Self::Near => "near",
        }
    }
}

/// A stored copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredCopy {
    /// Its row.
    pub article: ArticleRow,
    /// Its story's row.
    pub story: StoryRow,
    /// Its feed's row.
    pub feed: FeedRow,
    /// When it arrived.
    pub at: Time,
    /// When it was first seen.
    pub seen: Time,
    /// Whether its publisher dated it.
    pub dated: bool,
    /// Whether its page is on its feed's own host: then what it says of the page is to be believed (SEC-13).
    pub own_page: bool,
}

impl StoredCopy {
    /// How far apart two copies are. One without a date could be of any time: then by when they were seen.
    #[must_use]
    pub fn apart(&self, other: &Self) -> Duration {
        if self.dated && other.dated {
            apart(self.at, other.at)
        } else {
            apart(self.seen, other.seen)
        }
    }
}

/// The time between two moments, whichever came first.
pub(super) fn apart(a: Time, b: Time) -> Duration {
    a.since(b).max(b.since(a))
}
