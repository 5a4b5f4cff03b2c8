//! L0: data types that several layers share. Nothing here does I/O or depends on another module.
//!
//! [`parsed`] is a document as read, [`article`] a cleaned entry, [`story`] what a reader is shown, [`poll`] one request for
//! a feed, [`feed`] a subscription, [`span`] how spans of time are read and written.

pub mod article;
pub mod daemon;
pub mod feed;
pub mod ids;
pub mod language;
pub mod network;
pub mod parsed;
pub mod poll;
pub mod push;
pub mod secret;
pub mod site;
pub mod span;
pub mod story;
pub mod time;
pub mod unicode;
pub mod web_url;

pub use article::Draft;
pub use daemon::DaemonInfo;
pub use feed::{Feed, FeedState};
pub use ids::{ArticleId, ArticleRow, FeedId, FeedRow, Seq, StoryId, StoryRow};
pub use network::Network;
pub use parsed::{Category, Enclosure, ParsedEntry, ParsedFeed, Person, Source};
pub use poll::{Extent, Failure, FailureKind, Hints, NamedFeed, Outcome, Poll, Validators};
pub use push::{HubCall, HubReply};
pub use secret::Secret;
pub use story::{Alternate, ArticleView, Content, FeedRef, SameAs, StoryView};
pub use time::Time;
pub use web_url::{WebUrl, WebUrlError};
