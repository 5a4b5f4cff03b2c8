//! The store about itself: feeds and their health, topics with counts, numbers, integrity.

use rusqlite::Connection;
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use crate::model::{FeedId, Network, Seq, Time, WebUrl};
use crate::store::connections::Reads;
use crate::store::error::StoreError;
use crate::store::feeds::plans::next_poll;
use crate::store::feeds::{activity, secrets};
use crate::store::hosts::{HOSTS, HostStatus, hosts};
use crate::store::sequence;
use crate::store::settings::network;
use crate::store::sql::{Sql, count};
use crate::store::stories::decisions::{self, DecisionCounts};

/// Days told of in a status.
const DAYS: usize = 14;
const DAY_MS: i64 = 86_400_000;

/// The store in numbers. The first six fields are the contract's.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct Status {
    /// Subscriptions.
    pub feeds: u64,
    /// Copies stored.
    pub articles: u64,
    /// Stories.
    pub stories: u64,
    /// Topics.
    pub topics: u64,
    /// The last sequence given.
    pub sequence: Seq,
    /// Bytes of the database file.
    pub db_bytes: u64,
    /// Bytes of the write-ahead log.
    pub wal_bytes: u64,
    /// Feeds whose last poll failed.
    pub feeds_failing: u64,
    /// Feeds that were never read yet, and have not failed.
    pub feeds_new: u64,
    /// Feeds that are paused.
    pub feeds_paused: u64,
    /// Feeds whose credentials are not sent, for they were given for another origin (SEC-23).
    pub feeds_without_credentials: u64,
    /// Feeds that are gone.
    pub feeds_gone: u64,
    /// Feeds that are due now.
    pub feeds_due: u64,
    /// Articles first seen in the last 24 hours.
    pub articles_today: u64,
    /// Of these, those that joined a story.
    pub joined_today: u64,
    /// What the user decided about stories.
    pub decisions: DecisionCounts,
    /// When the next feed is due.
    pub next_poll: Option<Time>,
    /// When a feed last answered with a document or a 304.
    pub last_success: Option<Time>,
}

/// A [`Status`], and what takes longer to find out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct Overview {
    /// The numbers.
    #[serde(flatten)]
    pub status: Status,
    /// Whether the network can be reached.
    pub network: Network,
    /// Articles that arrived on each of the last 14 days (UTC), today last.
    pub articles_daily: Vec<u64>,
    /// Of these, those that joined a story.
    pub joined_daily: Vec<u64>,
    /// Politeness by host, the busiest first, at most twenty.
    pub hosts: Vec<HostStatus>,
    /// How many hosts there are beside these.
    pub hosts_more: u64,
}

impl Reads {
    /// The store in numbers.
    pub fn status(&self, now: Time) -> Result<Status, StoreError> {
        self.read(|conn| {
            let (db_bytes, wal_bytes) = self.file_bytes();
            Ok(Status {
                db_bytes,
                wal_bytes,
                ..status(conn, now)?
            })
        })
    }

    /// The size of the database file and of its log.
    pub fn file_bytes(&self) -> (u64, u64) {
        let bytes = |suffix: &str| {
            let mut path = self.path().as_os_str().to_owned();
            path.push(suffix);
            std::fs::metadata(path).map_or(0, |m| m.len())
        };
        (bytes(""), bytes("-wal"))
    }

    /// The same, with the last days and the hosts.
    pub fn overview(&self, now: Time) -> Result<Overview, StoreError> {
        let status = self.status(now)?;
        self.read(|conn| overview(conn, status, now))
    }
}

pub(super) fn status(conn: &Connection, now: Time) -> Sql<Status> {
    let one = |sql: &str| -> Sql<u64> { conn.prepare_cached(sql)?.query_row([], |r| count(r, 0)) };
    let (articles_today, joined_today) = seen_since(conn, now.millis() - DAY_MS)?;
    // One walk over the feeds: their rows are long.
    let of_feeds = conn
        .prepare_cached(
            "SELECT count(*), count(*) FILTER (WHERE failures > 0 AND paused = 0 AND gone = 0),
               count(*) FILTER (WHERE last_success IS NULL AND failures = 0 AND paused = 0 AND gone = 0),
               count(*) FILTER (WHERE paused = 1), count(*) FILTER (WHERE gone = 1),
               count(*) FILTER (WHERE paused = 0 AND gone = 0 AND next_at <= ?1), max(last_success)
             FROM feeds WHERE subscribed = 1",
        )?
        .query_row([now.millis()], |r| {
            Ok(Status {
                feeds: count(r, 0)?,
                feeds_failing: count(r, 1)?,
                feeds_new: count(r, 2)?,
                feeds_paused: count(r, 3)?,
                feeds_gone: count(r, 4)?,
                feeds_due: count(r, 5)?,
                last_success: r.get::<_, Option<i64>>(6)?.map(Time::from_millis),
                ..Status::default()
            })
        })?;
    Ok(Status {
        articles: one("SELECT count(*) FROM articles")?,
        stories: one("SELECT count(*) FROM stories")?,
        topics: one("SELECT count(*) FROM topics")?,
        sequence: sequence::current(conn)?,
        feeds_without_credentials: withheld(conn)?,
        decisions: decisions::counts(conn)?,
        articles_today,
        joined_today,
        next_poll: next_poll(conn)?,
        ..of_feeds
    })
}

/// How many feeds have secrets that are not sent to where they are now.
fn withheld(conn: &Connection) -> Sql<u64> {
    let mut with_secrets = conn.prepare_cached(
        "SELECT id, url, secrets_for FROM feeds
         WHERE subscribed = 1 AND (auth_user IS NOT NULL OR headers <> '[]')",
    )?;
    let mut rows = with_secrets.query([])?;
    let mut count = 0;
    while let Some(r) = rows.next()? {
        let (id, url) = (FeedId(Uuid::from_bytes(r.get(0)?)), r.get::<_, String>(1)?);
        let given_for: Option<String> = r.get(2)?;
        let url = WebUrl::parse(&url).ok();
        count += u64::from(
            url.is_some_and(|url| secrets::withheld(given_for.as_deref(), id, &url).is_some()),
        );
    }
    Ok(count)
}

/// Adds what is looked at by people only, not at every reading of the metrics.
pub(super) fn overview(conn: &Connection, status: Status, now: Time) -> Sql<Overview> {
    let (articles_daily, joined_daily) = activity::daily_of_all(conn, DAYS, now)?;
    Ok(Overview {
        status,
        network: network(conn)?,
        articles_daily,
        joined_daily,
        hosts: hosts(conn)?,
        hosts_more: conn
            .prepare_cached("SELECT max(0, count(*) - ?1) FROM hosts")?
            .query_row([HOSTS], |r| count(r, 0))?,
    })
}

/// How many articles were seen since, and how many of them joined a story: read off an index, for the articles of a day
/// may be all there are, and their bodies stand in the way.
fn seen_since(conn: &Connection, since: i64) -> Sql<(u64, u64)> {
    conn.prepare_cached("SELECT count(*), count(signal) FROM articles WHERE first_seen >= ?1")?
        .query_row([since], |r| Ok((count(r, 0)?, count(r, 1)?)))
}

/// What to tell the operator of a store of so many bytes, log included, if these are more than `limit` (0: no limit).
#[must_use]
pub fn size_warning(bytes: u64, limit: u64) -> Option<String> {
    (limit > 0 && bytes > limit).then(|| {
        format!(
            "the store has {} MiB, more than store.size_warning ({} MiB); keep less (store.keep, store.keep_max_per_feed), \
             or raise it",
            bytes >> 20,
            limit >> 20
        )
    })
}
