//! What is removed from the outbox: events that were done a month ago, targets that the configuration has not named for a week, and
//! what is known of stories that are gone.

use rusqlite::{Connection, params};

use crate::model::Time;
use crate::store::sql::Sql;

/// How long the log keeps events that were sent or failed.
const LOG_KEPT: std::time::Duration = std::time::Duration::from_secs(30 * 86_400);

/// How long a target that the configuration no longer names is kept with its events.
const REMOVED_KEPT: std::time::Duration = std::time::Duration::from_secs(7 * 86_400);

/// Maximum number of rows of a kind that one step removes.
const ROWS_MAX: i64 = 2000;

/// Where a walk over what is known of stories continues: target and id of the story.
pub type UpkeepPlace = (i64, Vec<u8>);

/// Removes a part. Returns where the next one begins; `None` at the end.
pub(in crate::store) fn remove(
    conn: &Connection,
    place: &UpkeepPlace,
    now: Time,
) -> Sql<Option<UpkeepPlace>> {
    conn.prepare_cached(
        "DELETE FROM notify_events WHERE event IN (SELECT event FROM notify_events WHERE done_at < ?1 LIMIT ?2)",
    )?
    .execute(params![now.minus(LOG_KEPT).millis(), ROWS_MAX])?;
    remove_targets(conn, now)?;
    let next: Vec<UpkeepPlace> = conn
        .prepare_cached("SELECT target, story FROM notify_known WHERE (target, story) > (?1, ?2) ORDER BY target, story LIMIT ?3")?
        .query_map(params![place.0, place.1, ROWS_MAX], |r| Ok((r.get(0)?, r.get(1)?)))?
        .collect::<Sql<_>>()?;
    let mut forget = conn.prepare_cached(
        "DELETE FROM notify_known WHERE target = ?1 AND story = ?2
           AND NOT EXISTS (SELECT 1 FROM stories WHERE id = ?2)
           AND NOT EXISTS (SELECT 1 FROM articles WHERE id = ?2)
           AND NOT EXISTS (SELECT 1 FROM story_ids WHERE id = ?2)",
    )?;
    for (target, story) in &next {
        forget.execute(params![target, story])?;
    }
    let is_full = i64::try_from(next.len()).is_ok_and(|n| n == ROWS_MAX);
    Ok(next.last().filter(|_| is_full).cloned())
}

fn remove_targets(conn: &Connection, now: Time) -> Sql<()> {
    let old = "SELECT target FROM notify_targets WHERE removed_at < ?1";
    for table in ["notify_events", "notify_known", "notify_digests"] {
        conn.prepare_cached(&format!("DELETE FROM {table} WHERE target IN ({old})"))?
            .execute([now.minus(REMOVED_KEPT).millis()])?;
    }
    conn.prepare_cached("DELETE FROM notify_targets WHERE removed_at < ?1")?
        .execute([now.minus(REMOVED_KEPT).millis()])?;
    Ok(())
}
