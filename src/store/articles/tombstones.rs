//! Tombstones: the ids of removed articles that their feeds may still list, so that these do not come back as new.

use std::time::Duration;

use rusqlite::{Connection, params};

use crate::model::{ArticleId, ArticleRow, FeedRow, Time};
use crate::store::connections::Reads;
use crate::store::error::StoreError;
use crate::store::sql::{self, Sql};

/// How long a tombstone is kept after the article was last listed.
const TOMBSTONE: Duration = Duration::from_secs(400 * 86_400);

/// That it is listed is noted so often only: a feed that lists a thousand old articles is not to cost as many writes each
/// time.
const NOTED_EVERY: Duration = Duration::from_secs(30 * 86_400);

impl Reads {
    /// The tombstones that are no longer needed.
    pub(in crate::store) fn expired_tombstones(
        &self,
        now: Time,
    ) -> Result<Vec<[u8; 16]>, StoreError> {
        self.read(|conn| expired_tombstones(conn, now))
    }
}

pub(in crate::store) fn is_tombstone(conn: &Connection, id: ArticleId) -> Sql<bool> {
    conn.prepare_cached("SELECT EXISTS (SELECT 1 FROM tombstones WHERE id = ?1)")?
        .query_row([&id.0.as_bytes()[..]], |r| r.get(0))
}

/// The ids of tombstones that nobody will ask for any more: the feed has been read since, or is read no more. One that says
/// nothing new for years still lists what it listed.
pub(in crate::store) fn expired_tombstones(conn: &Connection, now: Time) -> Sql<Vec<[u8; 16]>> {
    conn.prepare_cached(
        "SELECT id FROM tombstones t WHERE pruned < ?1 AND (
           feed IS NULL
           OR NOT EXISTS (SELECT 1 FROM feeds WHERE feed = t.feed AND subscribed = 1)
           OR EXISTS (SELECT 1 FROM articles WHERE feed = t.feed AND arrived > t.pruned + ?2))",
    )?
    .query_map(
        params![now.minus(TOMBSTONE).millis(), sql::millis(NOTED_EVERY)],
        |r| r.get(0),
    )?
    .collect()
}

/// Whether it is so long ago that a pruned article was noted as listed that it is to be noted again.
pub(in crate::store) fn is_to_be_noted(noted: Time, now: Time) -> bool {
    noted < now.minus(NOTED_EVERY)
}

/// A pruned article is listed still.
pub(in crate::store) fn note_listed(
    conn: &Connection,
    id: ArticleId,
    feed: FeedRow,
    now: Time,
) -> Sql<()> {
    conn.prepare_cached(
        "UPDATE tombstones SET pruned = ?2, feed = ?3 WHERE id = ?1 AND pruned < ?4",
    )?
    .execute(params![
        &id.0.as_bytes()[..],
        now.millis(),
        feed,
        now.minus(NOTED_EVERY).millis()
    ])?;
    Ok(())
}

/// Removes these tombstones.
pub(in crate::store) fn remove(conn: &Connection, ids: &[[u8; 16]]) -> Sql<()> {
    let mut remove = conn.prepare_cached("DELETE FROM tombstones WHERE id = ?1")?;
    for id in ids {
        remove.execute([&id[..]])?;
    }
    Ok(())
}

/// Keeps the article's id, so that the article does not come back as new.
pub(in crate::store) fn insert_tombstone(
    conn: &Connection,
    article: ArticleRow,
    now: Time,
) -> Sql<usize> {
    conn.prepare_cached(
        "INSERT OR REPLACE INTO tombstones (id, pruned, feed) SELECT id, ?2, feed FROM articles WHERE article = ?1",
    )?
    .execute(params![article, now.millis()])
}
