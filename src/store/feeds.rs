//! Subscriptions: making and changing them, claiming the due ones, and how a poll leaves its mark on a feed.
//!
//! A claim is a lease in the table, not a timer: it moves `next_at` forward and raises a fencing number, so that
//! a restart loses nothing and a late worker cannot overwrite a newer one.

use std::collections::HashSet;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::articles::next_seq;
use super::guard::{Fault, guarded};
use super::records::{
    ArchiveCommit, Claim, ClaimScope, DocumentCommit, FeedChange, FeedSettings, NewFeed,
    PollCommit, Skipped, Subscribed,
};
use super::{events, hubs};
use crate::model::{
    Extent, FailureKind, FeedId, FeedRow, Outcome, Secret, Time, Validators, WebUrl,
};
use crate::normalize::plain;

type Sql<T> = rusqlite::Result<T>;

/// How long a claim holds a feed; a worker that died gives it back after that.
const LEASE: Duration = Duration::from_secs(15 * 60);

/// So long a feed is left alone whose row cannot be read.
const PUT_ASIDE: Duration = Duration::from_secs(86_400);

/// Polls kept in the history of a feed, and how many more until the oldest go.
const HISTORY: i64 = 50;
const HISTORY_SPARE: i64 = 8;

/// Overdue feeds are asked at most so far apart, and all within [`SPREAD_MAX_MS`] (ET-22).
const SPREAD_STEP_MS: i64 = 1000;
const SPREAD_MAX_MS: i64 = 15 * 60 * 1000;

/// An archive page that fails for a passing reason is asked for so often.
const ARCHIVE_TRIES: i64 = 3;

/// URLs of one feed whose validators are kept (a redirect chain and its past).
const VALIDATORS: i64 = 8;

/// Articles in which a paragraph must recur to be boilerplate (design.md).
const BOILERPLATE: i64 = crate::normalize::draft::RECURRING as i64;

/// Paragraph digests remembered a feed, and for how long after they were last seen.
const PARAGRAPHS: i64 = 4000;
const PARAGRAPH: Duration = Duration::from_secs(180 * 86_400);

pub(super) fn subscribe(conn: &Connection, feeds: &[NewFeed], now: Time) -> Sql<Vec<Subscribed>> {
    feeds
        .iter()
        .map(|feed| subscribe_one(conn, feed, now))
        .collect()
}

fn subscribe_one(conn: &Connection, feed: &NewFeed, now: Time) -> Sql<Subscribed> {
    let url = without_fragment(&feed.url);
    let id = FeedId::of(&url);
    // The feed that bears the id was there once and has moved (ET-36): it is the same one.
    let known: Option<(FeedRow, [u8; 16], bool)> = conn
        .prepare_cached(
            "SELECT feed, id, subscribed FROM feeds WHERE url = ?1 OR id = ?2 ORDER BY url = ?1 DESC LIMIT 1",
        )?
        .query_row(params![url, &id.0.as_bytes()[..]], |r| {
            Ok((r.get(0)?, r.get(1)?, r.get(2)?))
        })
        .optional()?;
    if known.is_none_or(|(.., subscribed)| !subscribed) {
        next_seq(conn)?; // whoever lists the feeds must look again
    }
    match known {
        Some((row, id, subscribed)) => {
            if !subscribed {
                conn.prepare_cached(
                    "UPDATE feeds SET subscribed = 1, gone = 0, failures = 0, last_error = NULL, last_kind = NULL,
                            next_at = coalesce(floor_until, ?2) WHERE feed = ?1",
                )?
                .execute(params![row, now.millis()])?;
                describe(conn, row, feed)?;
            }
            Ok(Subscribed {
                row,
                id: FeedId(uuid::Uuid::from_bytes(id)),
                new: !subscribed,
            })
        }
        None => {
            conn.prepare_cached(
                "INSERT INTO feeds (id, url, title_own, subscribed, declared, tags, headers, paused, gone, schedule,
                                    next_at, lease, failures, repairs)
                 VALUES (?1, ?2, ?4, 1, 0, '[]', '[]', 0, 0, x'', ?3, 0, 0, '[]')",
            )?
            .execute(params![&id.0.as_bytes()[..], url, now.millis(), feed.url.host()])?;
            let row = conn.last_insert_rowid();
            describe(conn, row, feed)?;
            Ok(Subscribed { row, id, new: true })
        }
    }
}

/// Writes what the user says about a feed.
fn describe(conn: &Connection, row: FeedRow, feed: &NewFeed) -> Sql<()> {
    let s = &feed.settings;
    conn.prepare_cached(
        "UPDATE feeds SET declared = ?2, title_user = ?3, folder = ?4, tags = ?5, auth_user = ?6, auth_password = ?7,
                interval_ms = ?8, user_agent = ?9, headers = ?10, paused = ?11, near_dedup = ?12, full_text = ?13,
                outline = coalesce(?14, outline)
         WHERE feed = ?1",
    )?
    .execute(params![
        row,
        feed.declared,
        feed.title.as_deref().and_then(told),
        feed.folder.as_deref().and_then(told),
        json(&tags_told(&feed.tags)),
        s.auth.as_ref().map(|(user, _)| user),
        s.auth.as_ref().map(|(_, password)| password.reveal()),
        s.interval.map(millis),
        s.user_agent,
        json(&s.headers),
        s.paused,
        s.near_dedup,
        s.full_text,
        (!s.outline.is_empty()).then(|| json(&s.outline)),
    ])?;
    Ok(())
}

/// What a user, or another reader's list, calls something: one clean line (SEC-14), or nothing.
fn told(text: &str) -> Option<String> {
    Some(plain::line(text)).filter(|line| !line.is_empty())
}

fn tags_told(tags: &[String]) -> Vec<String> {
    tags.iter().filter_map(|tag| told(tag)).collect()
}

pub(super) fn unsubscribe(conn: &Connection, feed: FeedRow, now: Time) -> Sql<()> {
    next_seq(conn)?;
    // Without validators the next document must be read even if its body is the same.
    conn.execute(
        "UPDATE feeds SET subscribed = 0, declared = 0, auth_user = NULL, auth_password = NULL, headers = '[]',
                body_digest = NULL, archive = NULL, next_at = NULL, lease = lease + 1, leased_until = NULL WHERE feed = ?1",
        [feed],
    )?;
    conn.execute("DELETE FROM validators WHERE feed = ?1", [feed])?;
    hubs::leave(conn, feed, now)
}

pub(super) fn change(conn: &Connection, feed: FeedRow, change: &FeedChange, now: Time) -> Sql<()> {
    next_seq(conn)?;
    let text = |column: &str, value: &Option<String>| -> Sql<()> {
        if let Some(value) = value {
            conn.execute(
                &format!("UPDATE feeds SET {column} = ?2 WHERE feed = ?1"),
                params![feed, told(value)],
            )?;
        }
        Ok(())
    };
    text("title_user", &change.title)?;
    text("folder", &change.folder)?;
    if let Some(tags) = &change.tags {
        conn.execute(
            "UPDATE feeds SET tags = ?2 WHERE feed = ?1",
            params![feed, json(&tags_told(tags))],
        )?;
    }
    if let Some(interval) = change.interval {
        let interval = Some(interval).filter(|i| !i.is_zero()).map(millis);
        conn.execute(
            "UPDATE feeds SET interval_ms = ?2 WHERE feed = ?1",
            params![feed, interval],
        )?;
    }
    if let Some(full_text) = change.full_text {
        conn.execute(
            "UPDATE feeds SET full_text = ?2 WHERE feed = ?1",
            params![feed, full_text],
        )?;
    }
    if let Some(paused) = change.paused {
        // A feed that was withdrawn gets another chance when its user resumes it.
        conn.execute(
            "UPDATE feeds SET paused = ?2, gone = CASE WHEN ?2 THEN gone ELSE 0 END,
                    next_at = CASE WHEN ?2 OR next_at IS NOT NULL THEN next_at ELSE coalesce(floor_until, ?3) END
             WHERE feed = ?1",
            params![feed, paused, now.millis()],
        )?;
    }
    Ok(())
}

/// Makes the declared feeds these. Gives those that are called or filed otherwise since.
pub(super) fn reconcile(conn: &Connection, declared: &[NewFeed], now: Time) -> Sql<Vec<FeedRow>> {
    let mut rows = Vec::with_capacity(declared.len());
    let mut renamed = Vec::new();
    for feed in declared {
        let row = subscribe_one(conn, feed, now)?.row;
        if renames(conn, row, || describe(conn, row, feed))? {
            renamed.push(row);
        }
        rows.push(row);
    }
    let mut stale = conn.prepare("SELECT feed FROM feeds WHERE declared = 1 AND subscribed = 1")?;
    let stale: Vec<FeedRow> = stale
        .query_map([], |r| r.get(0))?
        .collect::<Sql<Vec<FeedRow>>>()?;
    for row in stale.into_iter().filter(|row| !rows.contains(row)) {
        unsubscribe(conn, row, now)?;
    }
    Ok(renamed)
}

/// Does `write`; tells whether the feed is called or filed otherwise since.
pub(super) fn renames(
    conn: &Connection,
    row: FeedRow,
    write: impl FnOnce() -> Sql<()>,
) -> Sql<bool> {
    let name = || -> Sql<Option<String>> {
        conn.prepare_cached(
            "SELECT json_array(coalesce(title_user, title_own), url, folder, tags, site) FROM feeds WHERE feed = ?1",
        )?
        .query_row([row], |r| r.get(0))
        .optional()
    };
    let before = name()?;
    write()?;
    Ok(name()? != before)
}

/// Which feeds a scope means now, at most `limit`, and what it leaves alone.
pub(super) fn claimable(
    conn: &Connection,
    now: Time,
    scope: &ClaimScope,
    limit: usize,
) -> Sql<(Vec<FeedRow>, Vec<Skipped>)> {
    let mut skipped = Vec::new();
    let mut rows: Vec<FeedRow> = match scope {
        ClaimScope::Due => conn
            .prepare_cached(
                "SELECT feed FROM feeds WHERE subscribed = 1 AND paused = 0 AND gone = 0 AND next_at <= ?1
                 ORDER BY next_at LIMIT ?2",
            )?
            .query_map(
                params![now.millis(), i64::try_from(limit).unwrap_or(i64::MAX)],
                |r| r.get(0),
            )?
            .collect::<Sql<_>>()?,
        ClaimScope::All { manual_interval } => {
            let all: Vec<FeedRow> = conn
                .prepare_cached("SELECT feed FROM feeds WHERE subscribed = 1 ORDER BY next_at")?
                .query_map([], |r| r.get(0))?
                .collect::<Sql<_>>()?;
            free_of_floors(conn, now, &all, *manual_interval, &mut skipped)?
        }
        ClaimScope::These {
            feeds,
            manual_interval,
        } => free_of_floors(conn, now, feeds, *manual_interval, &mut skipped)?,
        ClaimScope::Pushed(feed) => conn
            .prepare_cached(
                "SELECT feed FROM feeds WHERE feed = ?1 AND subscribed = 1 AND coalesce(leased_until, 0) <= ?2",
            )?
            .query_map(params![feed, now.millis()], |r| r.get(0))?
            .collect::<Sql<_>>()?,
    };
    rows.truncate(limit);
    Ok((rows, skipped))
}

pub(super) fn claim(
    conn: &Connection,
    now: Time,
    scope: &ClaimScope,
    limit: usize,
) -> Sql<(Vec<Claim>, Vec<Skipped>)> {
    let (rows, mut skipped) = claimable(conn, now, scope, limit)?;
    let mut claims = Vec::with_capacity(rows.len());
    for row in rows {
        match guarded(|| lease(conn, row, now)) {
            Ok(claim) => claims.push(claim),
            // The others must not wait for it (REL-12).
            Err(fault) => {
                let fault = fault.unless_of_store()?;
                skipped.push(put_aside(conn, row, &fault, now)?);
            }
        }
    }
    Ok((claims, skipped))
}

/// A feed of which the store holds something that cannot be read: it is tried again in [`PUT_ASIDE`].
fn put_aside(conn: &Connection, row: FeedRow, fault: &Fault, now: Time) -> Sql<Skipped> {
    let reason = format!(
        "newswire cannot read what it has stored of this feed ({}); please report it",
        plain::line(&fault.to_string())
    );
    note_fault(conn, row, None, &reason, now.plus(PUT_ASIDE), now)?;
    let url = conn
        .prepare_cached("SELECT url FROM feeds WHERE feed = ?1")?
        .query_row([row], |r| r.get(0))?;
    Ok(Skipped { url, reason })
}

/// A fault of newswire itself while this feed was visited, told as the feed's failure without the rest of a poll. It is due
/// again at `until`. Where there is a `lease`, only if that still holds.
pub(super) fn note_fault(
    conn: &Connection,
    feed: FeedRow,
    lease: Option<i64>,
    message: &str,
    until: Time,
    now: Time,
) -> Sql<()> {
    conn.prepare_cached(
        "UPDATE feeds SET failures = failures + 1, last_error = ?3, last_kind = ?4, leased_until = NULL, next_at = ?5,
                why_next = ?3, last_poll = ?6
         WHERE feed = ?1 AND (?2 IS NULL OR lease = ?2)",
    )?
    .execute(params![
        feed,
        lease,
        message,
        FailureKind::Internal.as_str(),
        until.millis(),
        now.millis()
    ])?;
    Ok(())
}

/// Which of these feeds may be asked by hand: a server's floor and an earlier manual poll hold back.
fn free_of_floors(
    conn: &Connection,
    now: Time,
    feeds: &[FeedRow],
    manual_interval: Duration,
    skipped: &mut Vec<Skipped>,
) -> Sql<Vec<FeedRow>> {
    let mut look = conn.prepare_cached(
        "SELECT url, paused, gone, floor_until, floor_reason, last_poll, leased_until FROM feeds WHERE feed = ?1",
    )?;
    let mut free = Vec::new();
    for &feed in feeds {
        let reason = look
            .query_row([feed], |r| {
                let url: String = r.get(0)?;
                let floor: Option<i64> = r.get(3)?;
                let why: Option<String> = r.get(4)?;
                let last: Option<i64> = r.get(5)?;
                let leased: Option<i64> = r.get(6)?;
                let by_hand = last.map(|t| Time::from_millis(t).plus(manual_interval));
                let reason = if r.get(1)? {
                    Some("it is paused; newswire resume sets it going".to_owned())
                } else if r.get(2)? {
                    Some("it is gone (410); newswire resume asks once more".to_owned())
                } else if let Some(leased) = leased.filter(|&t| t > now.millis()) {
                    Some(format!(
                        "it is being polled just now (if that was killed, it is free again at {})",
                        Time::from_millis(leased)
                    ))
                } else if let Some(floor) = floor.filter(|&f| f > now.millis()) {
                    Some(format!(
                        "not before {}: {}",
                        Time::from_millis(floor),
                        why.unwrap_or_else(|| "the server asks to wait".to_owned())
                    ))
                } else {
                    by_hand.filter(|&t| t > now && !manual_interval.is_zero()).map(|t| {
                        format!(
                            "not before {t}: it was polled less than schedule.manual_interval ({} s) ago",
                            manual_interval.as_secs()
                        )
                    })
                };
                Ok(reason.map(|reason| Skipped { url, reason }))
            })
            .optional()?;
        match reason {
            Some(None) => free.push(feed),
            Some(Some(reason)) => skipped.push(reason),
            None => {}
        }
    }
    Ok(free)
}

fn lease(conn: &Connection, row: FeedRow, now: Time) -> Sql<Claim> {
    let validators = conn
        .prepare_cached("SELECT url, etag, last_modified FROM validators WHERE feed = ?1")?
        .query_map([row], |r| {
            Ok((
                r.get(0)?,
                Validators {
                    etag: r.get(1)?,
                    last_modified: r.get(2)?,
                },
            ))
        })?
        .collect::<Sql<_>>()?;
    let boilerplate = boilerplate(conn, row)?;
    let hub = hubs::lease_of(conn, row)?;
    let claim = conn
        .prepare_cached(
            "SELECT id, url, coalesce(title_user, title_own), lease + 1, body_digest, schedule, last_poll, failures,
                    next_at, auth_user, auth_password, interval_ms, user_agent, headers, paused, near_dedup, full_text,
                    outline, archive
             FROM feeds WHERE feed = ?1",
        )?
        .query_row([row], |r| {
            let url: String = r.get(1)?;
            let url = WebUrl::parse(&url).map_err(|e| wrong_type(1, &e.to_string()))?;
            Ok(Claim {
                feed: row,
                id: FeedId(uuid::Uuid::from_bytes(r.get(0)?)),
                has_neighbours: has_neighbours(conn, row, &url)?,
                url,
                title: r.get(2)?,
                lease: r.get(3)?,
                due: r.get::<_, Option<i64>>(8)?.map(Time::from_millis),
                validators,
                body_digest: r.get(4)?,
                boilerplate,
                schedule: r.get(5)?,
                last_poll: r.get::<_, Option<i64>>(6)?.map(Time::from_millis),
                failures: r.get(7)?,
                hub,
                settings: settings(r, 9)?,
                archive: r.get(18)?,
            })
        })?;
    #[cfg(test)]
    crate::faults::at("claim", claim.url.host())?;
    let until = now.plus(LEASE).millis();
    conn.prepare_cached(
        "UPDATE feeds SET lease = ?2, leased_until = ?3, next_at = max(coalesce(next_at, ?3), ?3) WHERE feed = ?1",
    )?
    .execute(params![row, claim.lease, until])?;
    Ok(claim)
}

/// Whether another feed is subscribed at the same origin. URLs are stored as they are serialized, so those of one origin
/// stand together in their index, between its `/` and what follows that character.
fn has_neighbours(conn: &Connection, row: FeedRow, url: &WebUrl) -> Sql<bool> {
    let origin = url.origin();
    conn.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM feeds WHERE url >= ?1 AND url < ?2 AND subscribed = 1 AND feed <> ?3)",
    )?
    .query_row(params![format!("{origin}/"), format!("{origin}0"), row], |r| {
        r.get(0)
    })
}

fn settings(r: &Row<'_>, at: usize) -> Sql<FeedSettings> {
    let user: Option<String> = r.get(at)?;
    let password: Option<String> = r.get(at + 1)?;
    Ok(FeedSettings {
        auth: user.map(|u| (u, Secret::new(password.unwrap_or_default()))),
        interval: r
            .get::<_, Option<i64>>(at + 2)?
            .map(|ms| Duration::from_millis(ms.max(0).cast_unsigned())),
        user_agent: r.get(at + 3)?,
        headers: from_json(&r.get::<_, String>(at + 4)?),
        paused: r.get(at + 5)?,
        near_dedup: r.get(at + 6)?,
        full_text: r.get(at + 7)?,
        outline: outline(r, at + 8)?,
    })
}

/// Attributes of an OPML outline.
pub(super) fn outline(r: &Row<'_>, at: usize) -> Sql<Vec<(String, String)>> {
    let kept: Option<String> = r.get(at)?;
    Ok(kept.map_or_else(Vec::new, |kept| from_json(&kept)))
}

/// Ends a lease without a poll. Without `why` the plan stays the one it was.
pub(super) fn give_back(
    conn: &Connection,
    (feed, lease): (FeedRow, i64),
    due: Option<Time>,
    why: Option<&str>,
) -> Sql<()> {
    conn.prepare_cached(
        "UPDATE feeds SET next_at = ?3, why_next = coalesce(?4, why_next), leased_until = NULL
         WHERE feed = ?1 AND lease = ?2",
    )?
    .execute(params![feed, lease, due.map(Time::millis), why])?;
    Ok(())
}

pub(super) fn spread_overdue(conn: &Connection, now: Time) -> Sql<usize> {
    let rows: Vec<FeedRow> = conn
        .prepare_cached(
            "SELECT feed FROM feeds WHERE subscribed = 1 AND paused = 0 AND gone = 0 AND next_at < ?1
               AND last_poll IS NOT NULL ORDER BY next_at, feed",
        )?
        .query_map([now.millis()], |r| r.get(0))?
        .collect::<Sql<_>>()?;
    let count = i64::try_from(rows.len()).unwrap_or(i64::MAX).max(1);
    let step = SPREAD_STEP_MS.min(SPREAD_MAX_MS / count);
    let mut at = now.millis();
    for row in &rows {
        conn.prepare_cached("UPDATE feeds SET next_at = ?2 WHERE feed = ?1")?
            .execute([*row, at])?;
        at += step;
    }
    Ok(rows.len())
}

/// Whether this archive page was read, or given up.
pub(super) fn is_archive_done(conn: &Connection, feed: FeedRow, url: &str) -> Sql<bool> {
    conn.prepare_cached("SELECT EXISTS (SELECT 1 FROM archives WHERE feed = ?1 AND url = ?2)")?
        .query_row(params![feed, url], |r| r.get(0))
}

/// Notes what came of the archive page of a whole document. One that was missed makes the feed's next answer a whole
/// document that is read: what fell out of the feed is not known otherwise.
fn record_archive(conn: &Connection, commit: &PollCommit, document: &DocumentCommit) -> Sql<()> {
    let feed = commit.claim.feed;
    let want = |url: Option<&str>, tries: i64| {
        conn.prepare_cached("UPDATE feeds SET archive = ?2, archive_tries = ?3 WHERE feed = ?1")?
            .execute(params![feed, url, tries])
    };
    let done = match &document.archive {
        None if commit.claim.archive.is_none() => return Ok(()),
        None => None,
        Some(ArchiveCommit::Done(url)) => Some(url),
        Some(ArchiveCommit::Missed(url)) => {
            let tries: i64 = conn
                .prepare_cached(
                    "SELECT CASE WHEN archive = ?2 THEN archive_tries ELSE 0 END FROM feeds WHERE feed = ?1",
                )?
                .query_row(params![feed, url], |r| r.get(0))?;
            if tries + 1 < ARCHIVE_TRIES {
                conn.prepare_cached("UPDATE feeds SET body_digest = NULL WHERE feed = ?1")?
                    .execute([feed])?;
                conn.prepare_cached("DELETE FROM validators WHERE feed = ?1")?
                    .execute([feed])?;
                want(Some(url), tries + 1)?;
                return Ok(());
            }
            Some(url)
        }
    };
    if let Some(url) = done {
        conn.prepare_cached("INSERT OR IGNORE INTO archives (feed, url) VALUES (?1, ?2)")?
            .execute(params![feed, url])?;
    }
    want(None, 0)?;
    Ok(())
}

/// The paragraphs of a feed that are known as boilerplate.
pub(super) fn boilerplate(conn: &Connection, feed: FeedRow) -> Sql<HashSet<u64>> {
    conn.prepare_cached("SELECT digest FROM paragraphs WHERE feed = ?1 AND articles >= ?2")?
        .query_map([feed, BOILERPLATE], |r| r.get::<_, i64>(0))?
        .map(|d| d.map(i64::cast_unsigned))
        .collect()
}

/// Whether a feed is subscribed to.
pub(super) fn is_subscribed(conn: &Connection, feed: FeedRow) -> Sql<bool> {
    conn.prepare_cached("SELECT EXISTS (SELECT 1 FROM feeds WHERE feed = ?1 AND subscribed = 1)")?
        .query_row([feed], |r| r.get(0))
}

/// Whether the lease of a poll still holds.
pub(super) fn holds(conn: &Connection, claim: &Claim) -> Sql<bool> {
    let lease: Option<i64> = conn
        .prepare_cached("SELECT lease FROM feeds WHERE feed = ?1 AND subscribed = 1")?
        .query_row([claim.feed], |r| r.get(0))
        .optional()?;
    Ok(lease == Some(claim.lease))
}

/// Writes what a poll says about the feed itself: health, validators, plan, history. `new` is how many articles
/// it brought.
pub(super) fn record(conn: &Connection, commit: &PollCommit, new: usize) -> Sql<()> {
    let poll = &commit.poll;
    let feed = commit.claim.feed;
    record_health(conn, commit)?;
    #[cfg(test)]
    crate::faults::at("record", commit.claim.url.host())?;
    let plan = &commit.plan;
    conn.prepare_cached(
        "UPDATE feeds SET schedule = ?2, why_next = ?3, next_at = ?4, floor_until = ?5, floor_reason = ?6,
                gone = ?7, leased_until = NULL, last_poll = ?8 WHERE feed = ?1",
    )?
    .execute(params![
        feed,
        plan.state,
        plan.why,
        plan.next_at.map(Time::millis),
        plan.floor.as_ref().map(|(t, _)| t.millis()),
        plan.floor.as_ref().map(|(_, why)| why),
        plan.next_at.is_none(),
        poll.finished.millis(),
    ])?;
    // ET-36, but what the user gave for the old origin does not go to another (SEC-08): then the old one is asked on.
    let settings = &commit.claim.settings;
    let has_secrets = settings.auth.is_some() || !settings.headers.is_empty();
    let may_move = |to: &WebUrl| !has_secrets || to.origin() == commit.claim.url.origin();
    if let Some(target) = plan.moved_to.as_ref().filter(|to| may_move(to)) {
        // A subscription to the target that exists already stays the one that is asked.
        conn.prepare_cached("UPDATE OR IGNORE feeds SET url = ?2 WHERE feed = ?1")?
            .execute(params![feed, without_fragment(target)])?;
    }
    if poll.extent != Extent::Push {
        record_validators(conn, commit)?;
        record_host(conn, commit)?;
    }
    if let Some(document) = commit.document.as_ref()
        && poll.extent == Extent::Whole
    {
        record_archive(conn, commit, document)?;
    }
    record_history(conn, commit, new)?;
    events::note(conn, commit, new)
}

fn record_health(conn: &Connection, commit: &PollCommit) -> Sql<()> {
    let feed = commit.claim.feed;
    match &commit.poll.outcome {
        Outcome::Failed(_) if commit.offline => {} // ET-30: the network's fault, not the feed's
        _ if commit.poll.extent == Extent::Push => {} // it says nothing of the feed's own server
        Outcome::Failed(failure) => {
            conn.prepare_cached(
                "UPDATE feeds SET failures = failures + 1, last_error = ?2, last_kind = ?3 WHERE feed = ?1",
            )?
            .execute(params![feed, failure.message, failure.kind.as_str()])?;
        }
        Outcome::Document { .. } | Outcome::NotModified { .. } => {
            conn.prepare_cached(
                "UPDATE feeds SET failures = 0, last_error = NULL, last_kind = NULL, last_success = ?2
                 WHERE feed = ?1",
            )?
            .execute(params![feed, commit.poll.finished.millis()])?;
        }
    }
    // ET-10: a part is never taken for the whole.
    let whole = commit.poll.extent == Extent::Whole;
    if let Some(document) = commit.document.as_ref().filter(|_| whole) {
        conn.prepare_cached("UPDATE feeds SET body_digest = ?2, repairs = ?3 WHERE feed = ?1")?
            .execute(params![feed, document.digest, json(&document.repairs)])?;
    }
    Ok(())
}

/// Writes what a document calls its feed: before its articles, which are tagged by it.
pub(super) fn name(conn: &Connection, feed: FeedRow, document: &DocumentCommit) -> Sql<()> {
    conn.prepare_cached(
        "UPDATE feeds SET title_own = coalesce(nullif(?2, ''), title_own), site = coalesce(?3, site) WHERE feed = ?1",
    )?
    .execute(params![
        feed,
        document.title,
        document.site.as_ref().map(WebUrl::as_str),
    ])?;
    Ok(())
}

/// ET-05, ET-06, ET-08: a document's validators replace all that was known of that URL; a 304's only what it brought.
fn record_validators(conn: &Connection, commit: &PollCommit) -> Sql<()> {
    let feed = commit.claim.feed;
    let url = commit.poll.final_url.as_ref().unwrap_or(&commit.claim.url);
    match &commit.poll.outcome {
        Outcome::Document { validators, .. } => {
            if validators.is_empty() {
                conn.prepare_cached("DELETE FROM validators WHERE feed = ?1 AND url = ?2")?
                    .execute(params![feed, url.as_str()])?;
                return Ok(());
            }
            conn.prepare_cached(
                "INSERT INTO validators (feed, url, etag, last_modified) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT DO UPDATE SET etag = excluded.etag, last_modified = excluded.last_modified",
            )?
            .execute(params![feed, url.as_str(), validators.etag, validators.last_modified])?;
        }
        Outcome::NotModified { validators } if !validators.is_empty() => {
            conn.prepare_cached(
                "UPDATE validators SET etag = coalesce(?3, etag), last_modified = coalesce(?4, last_modified)
                 WHERE feed = ?1 AND url = ?2",
            )?
            .execute(params![feed, url.as_str(), validators.etag, validators.last_modified])?;
        }
        Outcome::NotModified { .. } | Outcome::Failed(_) => return Ok(()),
    }
    conn.prepare_cached(
        "DELETE FROM validators WHERE feed = ?1 AND url <> ?2 AND
           (SELECT count(*) FROM validators WHERE feed = ?1) > ?3",
    )?
    .execute(params![feed, url.as_str(), VALIDATORS])?;
    Ok(())
}

fn record_history(conn: &Connection, commit: &PollCommit, new: usize) -> Sql<()> {
    let poll = &commit.poll;
    let feed = commit.claim.feed;
    let (outcome, error) = match &poll.outcome {
        Outcome::Document { .. } if poll.extent == Extent::Push => ("push", None),
        Outcome::Document { .. } if poll.extent == Extent::Delta => ("delta", None),
        Outcome::Document { .. } if commit.document.is_some() => ("document", None),
        Outcome::Document { .. } => ("unchanged", None),
        Outcome::NotModified { .. } => ("not_modified", None),
        Outcome::Failed(f) => (f.kind.as_str(), Some(&f.message)),
    };
    let bytes = i64::try_from(poll.bytes_wire).unwrap_or(i64::MAX);
    conn.prepare_cached(
        "INSERT INTO polls (feed, at, outcome, status, bytes, elapsed_ms, new, error)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute(params![
        feed,
        poll.finished.millis(),
        outcome,
        poll.status,
        bytes,
        millis(poll.finished.since(poll.started)),
        i64::try_from(new).unwrap_or(i64::MAX),
        error,
    ])?;
    // Now and then is enough: the history may be a little longer than HISTORY, never without bound. By the feed's own count:
    // feeds that are polled in turn would meet the same row numbers again and again.
    if commit.claim.lease % HISTORY_SPARE == 0 {
        conn.prepare_cached(
            "DELETE FROM polls WHERE feed = ?1 AND poll <=
               (SELECT poll FROM polls WHERE feed = ?1 ORDER BY poll DESC LIMIT 1 OFFSET ?2)",
        )?
        .execute([feed, HISTORY])?;
    }
    Ok(())
}

/// Counts the poll for its host, and keeps what the host asked for.
fn record_host(conn: &Connection, commit: &PollCommit) -> Sql<()> {
    let poll = &commit.poll;
    let bytes = i64::try_from(poll.bytes_wire).unwrap_or(i64::MAX);
    let failed = matches!(poll.outcome, Outcome::Failed(_));
    let throttled = poll.status == Some(429);
    // A 429 speaks for the host, and so does a rate limit that is used up; a 503 for its own document.
    let is_hosts_word = !failed || poll.status == Some(429);
    let rest = poll.hints.retry_after.filter(|_| is_hosts_word);
    conn.prepare_cached(
        "INSERT INTO hosts (host, polls, not_modified, failed, throttled, bytes, rest_until)
         VALUES (?1, 1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT DO UPDATE SET polls = polls + 1, not_modified = not_modified + excluded.not_modified,
            failed = failed + excluded.failed, throttled = throttled + excluded.throttled,
            bytes = bytes + excluded.bytes, rest_until = coalesce(excluded.rest_until, rest_until)",
    )?
    .execute(params![
        commit.claim.url.host(),
        matches!(poll.outcome, Outcome::NotModified { .. }),
        failed,
        throttled,
        bytes,
        rest.map(|rest| poll.finished.plus(rest).millis()),
    ])?;
    Ok(())
}

/// Counts the paragraphs of new articles: what recurs in enough of them is boilerplate.
pub(super) fn learn_paragraphs(
    conn: &Connection,
    feed: FeedRow,
    digests: &[u64],
    now: Time,
) -> Sql<()> {
    if digests.is_empty() {
        return Ok(());
    }
    let mut add = conn.prepare_cached(
        "INSERT INTO paragraphs (feed, digest, articles, last_seen) VALUES (?1, ?2, 1, ?3)
         ON CONFLICT DO UPDATE SET articles = articles + 1, last_seen = excluded.last_seen",
    )?;
    for digest in digests {
        add.execute(params![feed, digest.cast_signed(), now.millis()])?;
    }
    Ok(())
}

/// Forgets the paragraphs that recur too seldom, and boilerplate that the feed has given up. To be called once a document:
/// it looks at all that is known of the feed.
pub(super) fn forget_paragraphs(conn: &Connection, feed: FeedRow, now: Time) -> Sql<()> {
    conn.prepare_cached(
        "DELETE FROM paragraphs WHERE feed = ?1 AND (last_seen < ?4 OR articles < ?3 AND last_seen <
           (SELECT last_seen FROM paragraphs WHERE feed = ?1 ORDER BY last_seen DESC LIMIT 1 OFFSET ?2))",
    )?
    .execute(params![feed, PARAGRAPHS, BOILERPLATE, now.minus(PARAGRAPH).millis()])?;
    Ok(())
}

/// The form of a URL that names a feed: no fragment (ET-39).
pub(super) fn without_fragment(url: &WebUrl) -> String {
    url.as_str()
        .split('#')
        .next()
        .unwrap_or_default()
        .to_owned()
}

pub(super) fn json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned())
}

/// Reads our own JSON; what cannot be read is empty rather than an error.
pub(super) fn from_json<T: serde::de::DeserializeOwned + Default>(text: &str) -> T {
    serde_json::from_str(text).unwrap_or_default()
}

pub(super) fn millis(d: Duration) -> i64 {
    i64::try_from(d.as_millis()).unwrap_or(i64::MAX)
}

pub(super) fn wrong_type(column: usize, what: &str) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(
        column,
        rusqlite::types::Type::Text,
        what.to_owned().into(),
    )
}
