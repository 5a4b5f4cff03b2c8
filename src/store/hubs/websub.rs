//! WebSub subscriptions: which hub tells of which feed, when it is to be asked, and what it promised (ET-50, ET-51). Knows
//! no HTTP; every step is one short transaction, so a restart goes on where it was.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;

use crate::model::{FeedRow, Secret, Time, WebUrl};
use crate::store::connections::Reads;
use crate::store::error::StoreError;
use crate::store::sql::{self, Sql};

/// A hub that does not answer, or whose answer does not come back, is asked again after this, then twice as late every
/// time up to a day.
const AGAIN_MS: i64 = 3_600_000;
const DAY_MS: i64 = 86_400_000;

/// A hub that said no is asked again after this: the publisher may have come to terms with it.
const DENIED_MS: i64 = 7 * DAY_MS;

/// A hub is asked so often to stop, then forgotten: its lease ends by itself.
const GOODBYES: i64 = 3;

/// Feeds whose lease was lost are asked within this (ET-22: not all at once).
const LOST_MS: i64 = DAY_MS / 24;

/// A lease is renewed when this much of it is over, in percent (ET-50).
const RENEW_PERCENT: i64 = 80;

/// A hub that a feed names, as claims know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubLease {
    /// The hub's address.
    pub hub: String,
    /// What the hub knows the feed by.
    pub topic: String,
    /// Whether the hub is being asked to stop.
    pub leaving: bool,
    /// Since when, and until when, it tells us; none: it does not.
    pub verified: Option<(Time, Time)>,
}

impl HubLease {
    /// Since when the hub tells us, if it does at `now`.
    pub fn since(&self, now: Time) -> Option<Time> {
        let (since, until) = self.verified?;
        (until > now && !self.leaving).then_some(since)
    }
}

/// A hub that a feed names, with what a new subscription needs.
#[derive(Debug, Clone)]
pub struct HubOffer {
    /// The hub.
    pub hub: WebUrl,
    /// What the feed calls itself.
    pub topic: WebUrl,
    /// The end of our callback's URL for it.
    pub path: String,
    /// What the hub is to sign with.
    pub secret: Secret,
}

/// A hub whose turn it is to be asked.
#[derive(Debug, Clone)]
pub struct HubAsk {
    /// Of which feed.
    pub feed: FeedRow,
    /// The hub's address.
    pub hub: String,
    /// What the hub knows the feed by.
    pub topic: String,
    /// The end of our callback's URL.
    pub path: String,
    /// What the hub is to sign with.
    pub secret: Secret,
    /// To tell us, or else to stop.
    pub subscribe: bool,
}

/// The subscription that a hub calls about.
#[derive(Debug, Clone)]
pub struct HubRow {
    /// Of which feed.
    pub feed: FeedRow,
    /// Where the feed is.
    pub url: WebUrl,
    /// What the hub signs with.
    pub secret: Secret,
    /// Whether the hub is being asked to stop.
    pub leaving: bool,
    /// Whether the user paused the feed.
    pub paused: bool,
}

/// A hub as `newswire feed FEED` shows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HubStatus {
    /// The hub's address.
    pub url: String,
    /// Since when it tells us, without a gap.
    pub verified: Option<Time>,
    /// Until when it has promised to.
    pub lease_until: Option<Time>,
    /// When it is asked next.
    pub ask_at: Option<Time>,
    /// Why it was last asked in vain.
    pub last_error: Option<String>,
}

impl Reads {
    /// The subscription whose callback ends in `path`.
    pub fn hub_at(&self, path: &str) -> Result<Option<HubRow>, StoreError> {
        self.read(|conn| by_path(conn, path))
    }

    /// Whether a hub is to be asked, or a lease has ended.
    pub fn are_hubs_due(&self, now: Time) -> Result<bool, StoreError> {
        self.read(|conn| is_anything_due(conn, now))
    }
}

/// Stores the hub that a feed names.
pub(in crate::store) fn offer(
    conn: &Connection,
    feed: FeedRow,
    new: &HubOffer,
    now: Time,
) -> Sql<()> {
    let (hub, topic) = (new.hub.as_str(), new.topic.as_str());
    let known: Option<(String, String, bool)> = conn
        .prepare_cached("SELECT hub, topic, leaving FROM hubs WHERE feed = ?1")?
        .query_row([feed], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))
        .optional()?;
    if known.is_some_and(|(h, t, leaving)| !leaving && h == hub && t == topic) {
        return Ok(());
    }
    // The old hub, if any, is not told: its calls find nobody, and its lease ends.
    conn.prepare_cached(
        "INSERT OR REPLACE INTO hubs (feed, hub, topic, path, secret, leaving, ask_at, asked)
         VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6, 0)",
    )?
    .execute(params![
        feed,
        hub,
        topic,
        new.path,
        new.secret.reveal(),
        now.millis()
    ])?;
    Ok(())
}

/// The hub is to be asked to stop.
pub(in crate::store) fn leave(conn: &Connection, feed: FeedRow, now: Time) -> Sql<()> {
    conn.prepare_cached(
        "UPDATE hubs SET leaving = 1, ask_at = ?2, asked = 0, verified_at = NULL WHERE feed = ?1 AND leaving = 0",
    )?
    .execute(params![feed, now.millis()])?;
    Ok(())
}

/// Which hubs are to be asked now. Each is claimed by being put off.
pub(in crate::store) fn asks(
    conn: &Connection,
    callback: &str,
    now: Time,
    limit: usize,
) -> Sql<Vec<HubAsk>> {
    conn.prepare_cached("DELETE FROM hubs WHERE leaving = 1 AND asked >= ?1")?
        .execute([GOODBYES])?;
    let rows = conn
        .prepare_cached(
            "SELECT h.feed, h.hub, h.topic, h.path, h.secret, h.leaving, h.asked FROM hubs h JOIN feeds f USING (feed)
             WHERE h.ask_at <= ?1 AND (h.leaving = 1 OR (f.subscribed = 1 AND f.paused = 0 AND f.gone = 0))
             ORDER BY h.ask_at LIMIT ?2",
        )?
        .query_map(
            params![now.millis(), i64::try_from(limit).unwrap_or(i64::MAX)],
            |r| Ok((ask_of(r)?, r.get::<_, i64>(6)?)),
        )?
        .collect::<Sql<Vec<(HubAsk, i64)>>>()?;
    for (ask, asked) in &rows {
        let wait = (AGAIN_MS << (*asked).clamp(0, 5)).min(DAY_MS);
        conn.prepare_cached(
            "UPDATE hubs SET callback = ?3, ask_at = ?2, asked = asked + 1 WHERE feed = ?1",
        )?
        .execute(params![ask.feed, now.millis() + wait, callback])?;
    }
    Ok(rows.into_iter().map(|(ask, _)| ask).collect())
}

fn ask_of(r: &Row<'_>) -> Sql<HubAsk> {
    Ok(HubAsk {
        feed: r.get(0)?,
        hub: r.get(1)?,
        topic: r.get(2)?,
        path: r.get(3)?,
        secret: Secret::new(r.get::<_, String>(4)?),
        subscribe: !r.get(5)?,
    })
}

/// What came of asking.
pub(in crate::store) fn asked(conn: &Connection, path: &str, error: Option<&str>) -> Sql<()> {
    conn.prepare_cached("UPDATE hubs SET last_error = ?2 WHERE path = ?1")?
        .execute(params![path, error])?;
    Ok(())
}

/// The hub asks whether we meant to subscribe: yes, if we still want it, for some hubs ask again by themselves. The lease
/// runs from now.
pub(in crate::store) fn verify(
    conn: &Connection,
    path: &str,
    topic: &str,
    lease: Duration,
    now: Time,
) -> Sql<bool> {
    let lease = i64::try_from(lease.as_millis()).unwrap_or(DAY_MS);
    let known = conn
        .prepare_cached(
            "UPDATE hubs SET verified_at = coalesce(verified_at, ?3), lease_until = ?3 + ?4, ask_at = ?3 + ?5,
                    asked = 0, last_error = NULL
             WHERE path = ?1 AND topic = ?2 AND leaving = 0",
        )?
        .execute(params![path, topic, now.millis(), lease, lease / 100 * RENEW_PERCENT])?;
    Ok(known > 0)
}

/// The hub asks whether we meant to unsubscribe: yes, if we did, and with that it is over.
pub(in crate::store) fn part(conn: &Connection, path: &str, topic: &str) -> Sql<bool> {
    let known = conn
        .prepare_cached("DELETE FROM hubs WHERE path = ?1 AND topic = ?2 AND leaving = 1")?
        .execute([path, topic])?;
    Ok(known > 0)
}

/// The hub will not, or will no longer.
pub(in crate::store) fn deny(
    conn: &Connection,
    path: &str,
    topic: &str,
    reason: &str,
    now: Time,
) -> Sql<bool> {
    let feed: Option<FeedRow> = conn
        .prepare_cached(
            "UPDATE hubs SET lease_until = ?3, ask_at = ?4, last_error = ?5
             WHERE path = ?1 AND topic = ?2 AND leaving = 0 RETURNING feed",
        )?
        .query_row(
            params![path, topic, now.millis(), now.millis() + DENIED_MS, reason],
            |r| r.get(0),
        )
        .optional()?;
    lapse(conn, now)?;
    Ok(feed.is_some())
}

/// Leases that ended: their feeds are polled by plan again, one after the other. Gives how many.
pub(in crate::store) fn lapse(conn: &Connection, now: Time) -> Sql<usize> {
    let lost = conn
        .prepare_cached(
            "UPDATE hubs SET verified_at = NULL, lease_until = NULL WHERE lease_until <= ?1 RETURNING feed",
        )?
        .query_map([now.millis()], |r| r.get(0))?
        .collect::<Sql<Vec<FeedRow>>>()?;
    for feed in &lost {
        // A large odd factor scatters the rows over the time.
        let within = feed.get().wrapping_mul(0x9E37_79B1).rem_euclid(LOST_MS);
        soon(
            conn,
            *feed,
            now.plus(Duration::from_millis(within.unsigned_abs())),
            "its hub tells of no news any more",
        )?;
    }
    Ok(lost.len())
}

/// From now on hubs reach us at `callback`, or not at all: leases that were given for elsewhere are lost. Gives how many.
pub(in crate::store) fn reach(conn: &Connection, callback: Option<&str>, now: Time) -> Sql<usize> {
    conn.prepare_cached(
        "UPDATE hubs SET lease_until = 0 WHERE verified_at IS NOT NULL AND callback IS NOT ?1",
    )?
    .execute([callback])?;
    let lost = lapse(conn, now)?;
    if callback.is_none() {
        conn.execute("DELETE FROM hubs WHERE leaving = 1", [])?;
    }
    conn.prepare_cached(
        "UPDATE hubs SET callback = ?1, ask_at = ?2, asked = 0 WHERE callback IS NOT ?1",
    )?
    .execute(params![callback, callback.map(|_| now.millis())])?;
    Ok(lost)
}

/// Makes a feed due at `at`, if it would be later; a server's floor and a poll on its way win.
pub(in crate::store) fn soon(conn: &Connection, feed: FeedRow, at: Time, why: &str) -> Sql<()> {
    conn.prepare_cached(
        "UPDATE feeds SET why_next = ?3, next_at = max(coalesce(floor_until, 0), min(next_at, ?2))
         WHERE feed = ?1 AND next_at > ?2 AND coalesce(leased_until, 0) <= ?2",
    )?
    .execute(params![feed, at.millis(), why])?;
    Ok(())
}

/// A feed's hub, from a row that has the columns of `hubs` under their own names.
pub(in crate::store) fn lease_of(r: &Row<'_>) -> Sql<Option<HubLease>> {
    let Some(hub) = r.get("hub")? else {
        return Ok(None);
    };
    let since: Option<i64> = r.get("verified_at")?;
    let until: Option<i64> = r.get("lease_until")?;
    Ok(Some(HubLease {
        hub,
        topic: r.get("topic")?,
        leaving: r.get("leaving")?,
        verified: since
            .zip(until)
            .map(|(since, until)| (Time::from_millis(since), Time::from_millis(until))),
    }))
}

/// The hub of a feed, for people.
pub(in crate::store) fn status(conn: &Connection, feed: FeedRow) -> Sql<Option<HubStatus>> {
    let time = |ms: Option<i64>| ms.map(Time::from_millis);
    conn.prepare_cached(
        "SELECT hub, verified_at, lease_until, ask_at, last_error FROM hubs WHERE feed = ?1",
    )?
    .query_row([feed], |r| {
        Ok(HubStatus {
            url: r.get(0)?,
            verified: time(r.get(1)?),
            lease_until: time(r.get(2)?),
            ask_at: time(r.get(3)?),
            last_error: r.get(4)?,
        })
    })
    .optional()
}

/// The subscription whose callback ends so.
pub(in crate::store) fn by_path(conn: &Connection, path: &str) -> Sql<Option<HubRow>> {
    conn.prepare_cached(
        "SELECT h.feed, f.url, h.secret, h.leaving, f.paused FROM hubs h JOIN feeds f USING (feed) WHERE h.path = ?1",
    )?
    .query_row([path], |r| {
        let url: String = r.get(1)?;
        Ok(HubRow {
            feed: r.get(0)?,
            url: WebUrl::parse(&url).map_err(|e| sql::wrong_type(1, &e.to_string()))?,
            secret: Secret::new(r.get::<_, String>(2)?),
            leaving: r.get(3)?,
            paused: r.get(4)?,
        })
    })
    .optional()
}

/// Whether any hub is to be asked, or any lease has ended.
pub(in crate::store) fn is_anything_due(conn: &Connection, now: Time) -> Sql<bool> {
    conn.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM hubs WHERE ask_at <= ?1 OR lease_until <= ?1)",
    )?
    .query_row([now.millis()], |r| r.get(0))
}
