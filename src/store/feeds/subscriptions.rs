//! Subscriptions: making and changing them, and how a poll leaves its mark on a feed. Which feeds may be asked is `claims`.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension, params};

use crate::model::{FeedId, FeedRow, Time};
use crate::store::feeds::feed_settings::{FeedChange, NewFeed, Subscribed};
use crate::store::feeds::secrets;
use crate::store::hubs::websub;
use crate::store::sequence;
use crate::store::sql::{Sql, json, millis};
use crate::text::plain;

pub(in crate::store) fn subscribe(
    conn: &Connection,
    feeds: &[NewFeed],
    now: Time,
) -> Sql<Vec<Subscribed>> {
    feeds
        .iter()
        .map(|feed| subscribe_one(conn, feed, now))
        .collect()
}

fn subscribe_one(conn: &Connection, feed: &NewFeed, now: Time) -> Sql<Subscribed> {
    let url = feed.url.without_fragment();
    let id = FeedId::of(url);
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
        sequence::next(conn)?; // whoever lists the feeds must look again
    }
    match known {
        Some((row, id, subscribed)) => {
            if !subscribed {
                conn.prepare_cached(
                    "UPDATE feeds SET subscribed = 1, gone = 0, failures = 0, last_error = NULL, last_kind = NULL, backlog = NULL,
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
            let row = FeedRow::new(conn.last_insert_rowid());
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
                keep_boilerplate = ?14, outline = coalesce(?15, outline), secrets_for = ?16
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
        s.keep_boilerplate,
        (!s.outline.is_empty()).then(|| json(&s.outline)),
        secrets::origin_of(s, &feed.url),
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

pub(in crate::store) fn unsubscribe(conn: &Connection, feed: FeedRow, now: Time) -> Sql<()> {
    sequence::next(conn)?;
    // Without validators the next document must be read even if its body is the same.
    conn.execute(
        "UPDATE feeds SET subscribed = 0, declared = 0, auth_user = NULL, auth_password = NULL, headers = '[]',
                secrets_for = NULL, holder = NULL,
                body_digest = NULL, archive = NULL, next_at = NULL, lease = lease + 1, leased_until = NULL WHERE feed = ?1",
        [feed],
    )?;
    conn.execute("DELETE FROM validators WHERE feed = ?1", [feed])?;
    websub::leave(conn, feed, now)
}

pub(in crate::store) fn change(
    conn: &Connection,
    feed: FeedRow,
    change: &FeedChange,
    now: Time,
) -> Sql<()> {
    sequence::next(conn)?;
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
    let switch = |column: &str, value: Option<bool>| -> Sql<()> {
        if let Some(value) = value {
            conn.execute(
                &format!("UPDATE feeds SET {column} = ?2 WHERE feed = ?1"),
                params![feed, value],
            )?;
        }
        Ok(())
    };
    switch("full_text", change.full_text)?;
    switch("near_dedup", change.near_dedup)?;
    switch("keep_boilerplate", change.keep_boilerplate)?;
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
pub(in crate::store) fn reconcile(
    conn: &Connection,
    declared: &[NewFeed],
    now: Time,
) -> Sql<Vec<FeedRow>> {
    let mut rows = Vec::with_capacity(declared.len());
    let mut renamed = Vec::new();
    let urls: HashSet<&str> = declared.iter().map(|f| f.url.without_fragment()).collect();
    for feed in declared {
        let row = subscribe_one(conn, feed, now)?.row;
        // A feed that has moved may stand in the file under both URLs: what is said of the present one holds.
        let present: String = conn
            .prepare_cached("SELECT url FROM feeds WHERE feed = ?1")?
            .query_row([row], |r| r.get(0))?;
        if feed.url.without_fragment() != present && urls.contains(present.as_str()) {
            rows.push(row);
            continue;
        }
        if renames(conn, row, || describe(conn, row, feed))? {
            renamed.push(row);
        }
        rows.push(row);
    }
    let mut stale = conn.prepare("SELECT feed FROM feeds WHERE declared = 1 AND subscribed = 1")?;
    let stale: Vec<FeedRow> = stale
        .query_map([], |r| r.get(0))?
        .collect::<Sql<Vec<FeedRow>>>()?;
    let kept: HashSet<FeedRow> = rows.iter().copied().collect();
    for row in stale.into_iter().filter(|row| !kept.contains(row)) {
        unsubscribe(conn, row, now)?;
    }
    Ok(renamed)
}

/// Does `write`; tells whether the feed is called or filed otherwise since.
pub(in crate::store) fn renames(
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

/// Whether a feed is subscribed to.
pub(in crate::store) fn is_subscribed(conn: &Connection, feed: FeedRow) -> Sql<bool> {
    conn.prepare_cached("SELECT EXISTS (SELECT 1 FROM feeds WHERE feed = ?1 AND subscribed = 1)")?
        .query_row([feed], |r| r.get(0))
}
