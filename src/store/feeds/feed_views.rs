//! Subscriptions as they are read: the one place where a row becomes a feed. Changes nothing.

use rusqlite::{Connection, OptionalExtension, Row};
use serde::Serialize;
use uuid::Uuid;

use crate::model::{FailureKind, Feed, FeedId, FeedRow, FeedState, Time, Validators, WebUrl};
use crate::schedule::PlanExplanation;
use crate::store::connections::Reads;
use crate::store::error::StoreError;
use crate::store::feeds::feed_settings::outline;
use crate::store::feeds::secrets;
use crate::store::hosts::{HostStatus, host};
use crate::store::hubs::websub::{self, HubStatus};
use crate::store::sql::{Sql, from_json};

pub(in crate::store) const COLUMNS: &str = "f.feed, f.id, f.url, coalesce(f.title_user, f.title_own), f.site, f.folder, f.tags, f.paused,
    f.gone, f.last_poll, f.last_success, f.next_at, f.failures, f.last_error, f.last_kind, f.declared, f.interval_ms,
    f.repairs, (SELECT count(*) FROM articles a WHERE a.feed = f.feed),
    (SELECT p.status FROM polls p WHERE p.feed = f.feed ORDER BY p.poll DESC LIMIT 1), f.outline,
    f.auth_user IS NOT NULL OR f.headers <> '[]', f.secrets_for";

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
    let time =
        |i: usize| -> Sql<Option<Time>> { Ok(r.get::<_, Option<i64>>(i)?.map(Time::from_millis)) };
    let (paused, gone, failures): (bool, bool, u32) = (r.get(7)?, r.get(8)?, r.get(12)?);
    let last_success = time(10)?;
    let state = match (paused, gone, failures, last_success) {
        (true, ..) => FeedState::Paused,
        (_, true, ..) => FeedState::Gone,
        (_, _, 0, None) => FeedState::New,
        (_, _, 0, Some(_)) => FeedState::Ok,
        _ => FeedState::Failing,
    };
    let url: String = r.get(2)?;
    let id = FeedId(Uuid::from_bytes(r.get(1)?));
    let (has_secrets, given_for): (bool, Option<String>) = (r.get(21)?, r.get(22)?);
    let withheld = WebUrl::parse(&url)
        .ok()
        .filter(|_| has_secrets)
        .and_then(|url| secrets::withheld(given_for.as_deref(), id, &url));
    let kind: Option<String> = r.get(14)?;
    Ok(Feed {
        row: r.get(0)?,
        id,
        title: r.get(3)?,
        site: r.get(4)?,
        folder: r.get(5)?,
        tags: from_json(&r.get::<_, String>(6)?),
        state,
        last_poll: time(9)?,
        last_success,
        next_poll: if paused || gone { None } else { time(11)? },
        failures,
        last_error: r.get(13)?,
        articles: r.get::<_, i64>(18)?.cast_unsigned(),
        failure_kind: kind.as_deref().and_then(FailureKind::from_name),
        http_status: r.get(19)?,
        declared: r.get(15)?,
        interval_s: r
            .get::<_, Option<i64>>(16)?
            .map(|ms| ms.max(0).cast_unsigned() / 1000),
        secrets_withheld_for: withheld,
        repairs: from_json(&r.get::<_, String>(17)?),
        outline: outline(r, 20)?,
        url,
    })
}

pub(in crate::store) fn feed(conn: &Connection, row: FeedRow) -> Sql<Option<FeedDetail>> {
    let found = conn
        .prepare_cached(&format!(
            "SELECT {COLUMNS}, f.why_next, f.floor_until, f.floor_reason, f.full_text, f.keep_boilerplate
             FROM feeds f WHERE f.feed = ?1"
        ))?
        .query_row([row], |r| {
            let floor: Option<i64> = r.get(24)?;
            let reason: Option<String> = r.get(25)?;
            Ok((
                feed_of(r)?,
                r.get::<_, Option<String>>(23)?,
                floor.map(|t| (Time::from_millis(t), reason.unwrap_or_default())),
                r.get::<_, bool>(26)?,
                r.get::<_, bool>(27)?,
            ))
        })
        .optional()?;
    let Some((feed, why_next, floor, full_text, keep_boilerplate)) = found else {
        return Ok(None);
    };
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
    for tag in from_json::<Vec<String>>(tags) {
        if !all.contains(&tag) {
            all.push(tag);
        }
    }
    all
}
