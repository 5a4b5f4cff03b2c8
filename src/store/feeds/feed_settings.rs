//! What a user sets for a feed, and how it is stored.

use std::time::Duration;

use rusqlite::Row;

use crate::model::{FeedId, FeedRow, Secret, WebUrl};
use crate::store::sql::Sql;
use crate::store::stored_json::JsonColumn;

/// A subscription to make, or to bring up to date.
#[derive(Debug, Clone)]
pub struct NewFeed {
    /// Where; userinfo goes to `auth`.
    pub url: WebUrl,
    /// The user's title.
    pub title: Option<String>,
    /// The folder; `a/b` if nested.
    pub folder: Option<String>,
    /// The user's tags.
    pub tags: Vec<String>,
    /// The user's settings.
    pub settings: FeedSettings,
    /// Whether the configuration file declares it.
    pub declared: bool,
}

/// What a user can set for one feed.
#[derive(Debug, Clone, PartialEq)]
pub struct FeedSettings {
    /// Basic credentials for the feed's own origin.
    pub auth: Option<(String, Secret)>,
    /// The user's interval.
    pub interval: Option<Duration>,
    /// Another User-Agent.
    pub user_agent: Option<String>,
    /// More request headers.
    pub headers: Vec<(String, String)>,
    /// Whether it is paused.
    pub paused: bool,
    /// Whether its articles may be joined as near copies; equal ones always are.
    pub near_dedup: bool,
    /// Whether the bodies of its articles are read off their pages.
    pub full_text: bool,
    /// Whether nothing is left out of its articles as boilerplate.
    pub keep_boilerplate: bool,
    /// Attributes of its OPML outline that are not ours: kept for the next export. None: what is known already stays.
    pub outline: Vec<(String, String)>,
}

impl Default for FeedSettings {
    fn default() -> Self {
        Self {
            auth: None,
            interval: None,
            user_agent: None,
            headers: Vec::new(),
            paused: false,
            near_dedup: true,
            full_text: false,
            keep_boilerplate: false,
            outline: Vec::new(),
        }
    }
}

impl FeedSettings {
    /// Forgets credentials and headers; whether there were any.
    pub fn drop_secrets(&mut self) -> bool {
        let had_any = self.auth.is_some() || !self.headers.is_empty();
        self.auth = None;
        self.headers.clear();
        had_any
    }
}

/// A change of a subscription by command; none leaves a value as it is.
#[derive(Debug, Clone, Default)]
pub struct FeedChange {
    /// The user's title; empty: back to the feed's own.
    pub title: Option<String>,
    /// The folder; empty: none.
    pub folder: Option<String>,
    /// The tags.
    pub tags: Option<Vec<String>>,
    /// The interval; zero: back to the plan.
    pub interval: Option<Duration>,
    /// Paused or not.
    pub paused: Option<bool>,
    /// Whether bodies are read off the articles' pages.
    pub full_text: Option<bool>,
    /// Whether its articles may be joined as near copies.
    pub near_dedup: Option<bool>,
    /// Whether nothing is left out of its articles as boilerplate.
    pub keep_boilerplate: Option<bool>,
}

/// What `subscribe` made of one [`NewFeed`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscribed {
    /// The row.
    pub row: FeedRow,
    /// The id.
    pub id: FeedId,
    /// Whether it was not there before.
    pub new: bool,
}

/// Header fields that are sent with every request of a feed: without those that the user set, it must not be requested.
pub(in crate::store) static HEADERS: JsonColumn<Vec<(String, String)>> =
    JsonColumn::new("feeds", "headers");

/// The user's tags.
pub(in crate::store) static TAGS: JsonColumn<Vec<String>> = JsonColumn::new("feeds", "tags");

/// Attributes of OPML outlines.
pub(in crate::store) static OUTLINES: JsonColumn<Vec<(String, String)>> =
    JsonColumn::new("feeds", "outline");

/// The settings of a feed, from a row with these columns under their own names.
pub(in crate::store) fn settings(r: &Row<'_>) -> Sql<FeedSettings> {
    let user: Option<String> = r.get("auth_user")?;
    let password: Option<String> = r.get("auth_password")?;
    let interval: Option<i64> = r.get("interval_ms")?;
    Ok(FeedSettings {
        auth: user.map(|u| (u, Secret::new(password.unwrap_or_default()))),
        interval: interval.map(|ms| Duration::from_millis(ms.max(0).cast_unsigned())),
        user_agent: r.get("user_agent")?,
        headers: HEADERS.required(r)?,
        paused: r.get("paused")?,
        near_dedup: r.get("near_dedup")?,
        full_text: r.get("full_text")?,
        keep_boilerplate: r.get("keep_boilerplate")?,
        outline: outline(r.get("outline")?),
    })
}

/// Attributes of an OPML outline.
pub(in crate::store) fn outline(kept: Option<String>) -> Vec<(String, String)> {
    kept.map_or_else(Vec::new, |kept| OUTLINES.shown(&kept))
}
