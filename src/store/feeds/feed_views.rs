//! Subscriptions as they are read: the one place where a row becomes a feed. Changes nothing.

use rusqlite::{Connection, OptionalExtension, Row};
use serde::Serialize;
use uuid::Uuid;

use crate::model::{FailureKind, Feed, FeedId, FeedRow, FeedState, Time, Validators, WebUrl};
use crate::schedule::PlanExplanation;
use crate::store::connections::Reads;
use crate::store::error::StoreError;
use crate::store::feeds::feed_settings::{TAGS, outline};
use crate::store::feeds::secrets;
use crate::store::hosts::{HostStatus, host};
use crate::store::hubs::websub::{self, HubStatus};
use crate::store::sql::{Sql, columns, count};
use crate::store::stored_json::JsonColumn;

/// What had to be repaired in the last document of a feed.
pub(in crate::store) static REPAIRS: JsonColumn<Vec<String>> = JsonColumn::new("feeds", "repairs");

columns!(COLUMNS, Column {
    Row = "f.feed",
    Id = "f.id",
    Url = "f.url",
    Title = "coalesce(f.title_user, f.title_own)",
    Site = "f.site",
    Folder = "f.folder",
    Tags = "f.tags",
    Paused = "f.paused",
    Gone = "f.gone",
    LastPoll = "f.last_poll",
    LastSuccess = "f.last_success",
    NextAt = "f.next_at",
    Failures = "f.failures",
    LastError = "f.last_error",
    LastKind = "f.last_kind",
    Declared = "f.declared",
    IntervalMs = "f.interval_ms",
    Repairs = "f.repairs",
    Articles = "(SELECT count(*) FROM articles a WHERE a.feed = f.feed)",
    HttpStatus = "(SELECT p.status FROM polls p WHERE p.feed = f.feed ORDER BY p.poll DESC LIMIT 1)",
    Outline = "f.outline",
    HasSecrets = "f.auth_user IS NOT NULL OR f.headers <> '[]'",
    SecretsFor = "f.secrets_for",
});

/// One poll of a feed as the history keeps it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PollRecord {
    /// When.
    pub at: Time,
    /// `document`, `delta`, `push`, `unchanged`, `not_modified` or a failure's kind.
    pub outcome: String,
    /// The HTTP status.
    pub status: Option<u16>,
    /// Bytes on the wire.
    pub bytes: u64,
    /// How long it took.
    pub elapsed_ms: u64,
    /// New articles.
    pub new: u64,
    /// The failure's message.
    pub error: Option<String>,
}

/// Everything about one feed, for `newswire feed FEED`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FeedDetail {
    /// The feed.
    #[serde(flatten)]
    pub feed: Feed,
    /// Validators by URL, as text.
    pub validators: Vec<(String, Option<String>, Option<String>)>,
    /// Why it is due when it is.
    pub why_next: Option<PlanExplanation>,
    /// Before when nobody may ask, and why.
    pub floor: Option<(Time, String)>,
    /// Whether the bodies of its articles are read off their pages.
    pub full_text: bool,
    /// Whether nothing is left out of them as boilerplate.
    pub keep_boilerplate: bool,
    /// The hub that tells of its news.
    pub hub: Option<HubStatus>,
    /// How its host was treated; none: it was never asked.
    pub host: Option<HostStatus>,
    /// What the parser had to repair in the last document.
    pub repairs: Vec<String>,
    /// The last polls, newest first.
    pub polls: Vec<PollRecord>,
}

impl Reads {
    /// All feeds, by title.
    pub fn feeds(&self) -> Result<Vec<Feed>, StoreError> {
        self.read(feeds)
    }

    /// One feed in full.
    pub fn feed(&self, row: FeedRow) -> Result<Option<FeedDetail>, StoreError> {
        self.read(|conn| feed(conn, row))
    }
}

pub(in crate::store) fn feeds(conn: &Connection) -> Sql<Vec<Feed>> {
    let mut feeds: Vec<Feed> = conn
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM feeds f WHERE f.subscribed = 1"
        ))?
        .query_map([], feed_of)?
        .collect::<Sql<_>>()?;
    feeds.sort_by_cached_key(|f| (f.title.to_lowercase(), f.url.clone()));
    Ok(feeds)
}

pub(in crate::store) fn feed_of(r: &Row<'_>) -> Sql<Feed> {
    let (paused, gone): (bool, bool) = (Column::Paused.get(r)?, Column::Gone.get(r)?);
    let failures: u32 = Column::Failures.get(r)?;
    let last_success = Column::LastSuccess.time(r)?;
    let state = match (paused, gone, failures, last_success) {
        (true, ..) => FeedState::Paused,
        (_, true, ..) => FeedState::Gone,
        (_, _, 0, None) => FeedState::New,
        (_, _, 0, Some(_)) => FeedState::Ok,
        _ => FeedState::Failing,
    };
    let url: String = Column::Url.get(r)?;
    let id = FeedId(Uuid::from_bytes(Column::Id.get(r)?));
    let has_secrets: bool = Column::HasSecrets.get(r)?;
    let given_for: Option<String> = Column::SecretsFor.get(r)?;
    let withheld = WebUrl::parse(&url)
        .ok()
        .filter(|_| has_secrets)
        .and_then(|url| secrets::withheld(given_for.as_deref(), id, &url));
    let kind: Option<String> = Column::LastKind.get(r)?;
    Ok(Feed {
        row: Column::Row.get(r)?,
        id,
        title: Column::Title.get(r)?,
        site: Column::Site.get(r)?,
        folder: Column::Folder.get(r)?,
        tags: TAGS.shown(&Column::Tags.get::<String>(r)?),
        state,
        last_poll: Column::LastPoll.time(r)?,
        last_success,
        next_poll: if paused || gone {
            None
        } else {
            Column::NextAt.time(r)?
        },
        failures,
        last_error: Column::LastError.get(r)?,
        articles: Column::Articles.get::<i64>(r)?.cast_unsigned(),
        failure_kind: kind.as_deref().and_then(FailureKind::from_name),
        http_status: Column::HttpStatus.get(r)?,
        declared: Column::Declared.get(r)?,
        interval_s: Column::IntervalMs
            .get::<Option<i64>>(r)?
            .map(|ms| ms.max(0).cast_unsigned() / 1000),
        secrets_withheld_for: withheld,
        repairs: REPAIRS.shown(&Column::Repairs.get::<String>(r)?),
        outline: outline(Column::Outline.get(r)?),
        url,
    })
}

pub(in crate::store) fn feed(conn: &Connection, row: FeedRow) -> Sql<Option<FeedDetail>> {
    let found = conn
        .prepare_cached(&format!("SELECT {COLUMNS} FROM feeds f WHERE f.feed = ?1"))?
        .query_row([row], feed_of)
        .optional()?;
    let Some(feed) = found else {
        return Ok(None);
    };
    let (why_next, floor, full_text, keep_boilerplate) = conn
        .prepare_cached(
            "SELECT why_next, floor_until, coalesce(floor_reason, ''), full_text, keep_boilerplate
             FROM feeds WHERE feed = ?1",
        )?
        .query_row([row], |r| {
            let why_next: Option<String> = r.get(0)?;
            let floor: Option<i64> = r.get(1)?;
            let reason: String = r.get(2)?;
            let floor = floor.map(|t| (Time::from_millis(t), reason));
            Ok((why_next, floor, r.get(3)?, r.get(4)?))
        })?;
    let text = |bytes: Option<Vec<u8>>| bytes.map(|b| String::from_utf8_lossy(&b).into_owned());
    let validators = conn
        .prepare_cached(
            "SELECT url, iif(length(etag) <= ?2, etag, NULL), iif(length(last_modified) <= ?2, last_modified, NULL)
             FROM validators WHERE feed = ?1",
        )?
        .query_map((row, Validators::BYTES_MAX), |r| Ok((r.get(0)?, text(r.get(1)?), text(r.get(2)?))))?
        .collect::<Sql<_>>()?;
    let polls = conn
        .prepare_cached(
            "SELECT at, outcome, status, bytes, elapsed_ms, new, error FROM polls WHERE feed = ?1
             ORDER BY poll DESC LIMIT 20",
        )?
        .query_map([row], |r| {
            Ok(PollRecord {
                at: Time::from_millis(r.get(0)?),
                outcome: r.get(1)?,
                status: r.get(2)?,
                bytes: count(r, 3)?,
                elapsed_ms: count(r, 4)?,
                new: count(r, 5)?,
                error: r.get(6)?,
            })
        })?
        .collect::<Sql<_>>()?;
    let hub = websub::status(conn, row)?;
    let host = host(conn, &feed.url)?;
    Ok(Some(FeedDetail {
        hub,
        host,
        repairs: feed.repairs.clone(),
        feed,
        validators,
        why_next: why_next.map(|stored| PlanExplanation::from_stored(&stored)),
        floor,
        full_text,
        keep_boilerplate,
        polls,
    }))
}

/// The folder and the tags of a feed, as its articles carry them.
pub(in crate::store) fn tags(folder: Option<String>, tags: &str) -> Vec<String> {
    let mut all: Vec<String> = folder.into_iter().collect();
    for tag in TAGS.shown(tags) {
        if !all.contains(&tag) {
            all.push(tag);
        }
    }
    all
}
