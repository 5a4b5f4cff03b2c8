//! Digests that are served as feeds: entries that never change.

use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use crate::model::Time;
use crate::store::connections::Reads;
use crate::store::error::StoreError;
use crate::store::sequence;
use crate::store::sql::Sql;

/// Digests kept of a target: more than a year of daily ones.
const KEPT: i64 = 400;

/// A digest to be published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDigest {
    /// Its id.
    pub id: Uuid,
    /// Its title.
    pub title: String,
    /// Its body as HTML.
    pub html: String,
    /// Its body as plain text.
    pub text: String,
}

/// A digest that was published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredDigest {
    /// When it was published.
    pub at: Time,
    /// What was published.
    pub digest: NewDigest,
}

impl Reads {
    /// The digests of a target, the newest first; `None` if the configuration names no digest feed so.
    pub fn digests(
        &self,
        target: &str,
        limit: usize,
    ) -> Result<Option<Vec<StoredDigest>>, StoreError> {
        self.read(|conn| digests(conn, target, limit))
    }
}

fn digests(conn: &Connection, target: &str, limit: usize) -> Sql<Option<Vec<StoredDigest>>> {
    let row: Option<i64> = conn
        .prepare_cached("SELECT target FROM notify_targets WHERE name = ?1 AND is_feed = 1 AND removed_at IS NULL")?
        .query_row([target], |r| r.get(0))
        .optional()?;
    let Some(row) = row else {
        return Ok(None);
    };
    conn.prepare_cached(
        "SELECT at, id, title, html, text FROM notify_digests WHERE target = ?1 ORDER BY digest DESC LIMIT ?2",
    )?
    .query_map(params![row, i64::try_from(limit).unwrap_or(i64::MAX)], |r| {
        Ok(StoredDigest {
            at: Time::from_millis(r.get(0)?),
            digest: NewDigest {
                id: Uuid::from_bytes(r.get(1)?),
                title: r.get(2)?,
                html: r.get(3)?,
                text: r.get(4)?,
            },
        })
    })?
    .collect::<Sql<_>>()
    .map(Some)
}

/// Publishes a digest. One with the same events is there already.
pub(in crate::store) fn insert(
    conn: &Connection,
    target: &str,
    new: &NewDigest,
    now: Time,
) -> Sql<()> {
    conn.prepare_cached(
        "INSERT OR IGNORE INTO notify_digests (target, id, at, title, html, text)
         SELECT target, ?2, ?3, ?4, ?5, ?6 FROM notify_targets WHERE name = ?1",
    )?
    .execute(params![
        target,
        &new.id.as_bytes()[..],
        now.millis(),
        new.title,
        new.html,
        new.text
    ])?;
    conn.prepare_cached(
        "DELETE FROM notify_digests WHERE target = (SELECT target FROM notify_targets WHERE name = ?1)
           AND digest NOT IN (SELECT digest FROM notify_digests d JOIN notify_targets t USING (target)
             WHERE t.name = ?1 ORDER BY digest DESC LIMIT ?2)",
    )?
    .execute(params![target, KEPT])?;
    sequence::next(conn)?; // the feed is rendered again
    Ok(())
}
