//! Retention: what is old or too much goes, in small batches between which others may write.
//!
//! A pruned article leaves a tombstone while its feed may still list it, so that it does not come back as new.

use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior, params};

use super::articles;
use super::records::Pruned;
use super::topics::Tagger;
use super::writer::Writer;
use crate::model::Time;

type Sql<T> = rusqlite::Result<T>;

/// Articles in one transaction.
const BATCH: i64 = 500;

/// How long a tombstone is kept.
const TOMBSTONE: Duration = Duration::from_secs(400 * 86_400);

/// What is kept.
#[derive(Debug, Clone)]
pub(super) struct Retention {
    /// Articles that arrived longer ago go; none: never.
    pub(super) keep: Option<Duration>,
    /// Of each feed the newest so many stay.
    pub(super) keep_max_per_feed: u64,
}

/// What would go.
pub(super) fn prunable(conn: &Connection, retention: &Retention, now: Time) -> Sql<Pruned> {
    let doomed = doomed(conn, retention, now)?;
    Ok(Pruned {
        articles: doomed.len() as u64,
        stories: emptied(conn, &doomed)?,
    })
}

pub(super) fn prune(writer: &mut Writer, retention: &Retention) -> Sql<Pruned> {
    let now = writer.clock.now();
    let doomed = doomed(&writer.conn, retention, now)?;
    let mut done = Pruned {
        articles: doomed.len() as u64,
        stories: 0,
    };
    for batch in doomed.chunks(BATCH as usize) {
        let tx = writer
            .conn
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        writer.tagger.refresh(&tx, now)?;
        for &article in batch {
            done.stories += u64::from(remove(&tx, &writer.tagger, article, now)?);
        }
        tx.commit()?;
        for &article in batch {
            writer.grouping.remove(article);
        }
    }
    writer.conn.execute(
        "DELETE FROM tombstones WHERE pruned < ?1",
        [now.minus(TOMBSTONE).millis()],
    )?;
    Ok(done)
}

fn doomed(conn: &Connection, retention: &Retention, now: Time) -> Sql<Vec<i64>> {
    let before = retention
        .keep
        .map_or(i64::MIN, |keep| now.minus(keep).millis());
    let most = i64::try_from(retention.keep_max_per_feed).unwrap_or(i64::MAX);
    conn.prepare(
        "SELECT article FROM articles WHERE arrived < ?1
         UNION
         SELECT article FROM (SELECT article, row_number() OVER
            (PARTITION BY feed ORDER BY arrived DESC, article DESC) AS place FROM articles) WHERE place > ?2
         ORDER BY 1",
    )?
    .query_map(params![before, most], |r| r.get(0))?
    .collect()
}

/// How many stories would lose all their copies.
fn emptied(conn: &Connection, doomed: &[i64]) -> Sql<u64> {
    let mut left: std::collections::HashMap<i64, i64> = std::collections::HashMap::new();
    let mut look = conn.prepare(
        "SELECT s.story, s.copies FROM articles a JOIN stories s USING (story) WHERE a.article = ?1",
    )?;
    for &article in doomed {
        let (story, copies): (i64, i64) =
            look.query_row([article], |r| Ok((r.get(0)?, r.get(1)?)))?;
        *left.entry(story).or_insert(copies) -= 1;
    }
    Ok(left.values().filter(|n| **n <= 0).count() as u64)
}

/// Removes one article; true if its story went with it.
fn remove(conn: &Connection, tagger: &Tagger, article: i64, now: Time) -> Sql<bool> {
    let story: i64 = conn
        .prepare_cached("SELECT story FROM articles WHERE article = ?1")?
        .query_row([article], |r| r.get(0))?;
    conn.prepare_cached(
        "INSERT OR REPLACE INTO tombstones (id, pruned) SELECT id, ?2 FROM articles WHERE article = ?1",
    )?
    .execute([article, now.millis()])?;
    for sql in [
        "DELETE FROM words WHERE rowid = ?1",
        "DELETE FROM article_topics WHERE article = ?1",
        "DELETE FROM articles WHERE article = ?1",
    ] {
        conn.prepare_cached(sql)?.execute([article])?;
    }
    articles::refresh_story(conn, story)?;
    tagger.tag_copies(conn, story, None)?;
    conn.prepare_cached("SELECT NOT EXISTS (SELECT 1 FROM stories WHERE story = ?1)")?
        .query_row([story], |r| r.get(0))
}
