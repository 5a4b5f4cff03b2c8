//! Retention: what is old or too much goes, in small parts between which others write.
//!
//! A pruned article leaves a tombstone while its feed may still list it, so that it does not come back as new.

use std::collections::BTreeSet;
use std::time::Duration;

use rusqlite::{Connection, params};

use crate::model::{ArticleRow, FeedRow, Time};
use crate::store::articles::removal::Pruned;
use crate::store::connections::Reads;
use crate::store::error::StoreError;
use crate::store::feeds::subscriptions;
use crate::store::sql::Sql;

/// So long after its last poll a feed that was unsubscribed from is not expected back.
const ABANDONED_AFTER: Duration = Duration::from_secs(30 * 86_400);

/// What is kept.
#[derive(Debug, Clone)]
pub(in crate::store) struct Retention {
    /// Articles that arrived longer ago go; none: never.
    pub(in crate::store) keep: Option<Duration>,
    /// Of each feed the newest so many stay.
    pub(in crate::store) keep_max_per_feed: u64,
}

impl Reads {
    /// What retention would remove (`keep` none: nothing for its age).
    pub fn prunable(
        &self,
        keep: Option<Duration>,
        keep_max_per_feed: u64,
        now: Time,
    ) -> Result<Pruned, StoreError> {
        let retention = Retention {
            keep,
            keep_max_per_feed,
        };
        self.read(|conn| prunable(conn, &retention, now))
    }

    /// The rows of these articles.
    pub(in crate::store) fn expired_articles(
        &self,
        keep: Option<Duration>,
        keep_max_per_feed: u64,
        now: Time,
    ) -> Result<Vec<ArticleRow>, StoreError> {
        let retention = Retention {
            keep,
            keep_max_per_feed,
        };
        self.read(|conn| expired_articles(conn, &retention, now))
    }

    /// The feeds of which nothing but name and articles is needed any more.
    pub(in crate::store) fn abandoned_feeds(&self, now: Time) -> Result<Vec<FeedRow>, StoreError> {
        self.read(|conn| abandoned_feeds(conn, now))
    }
}

/// What would go.
pub(in crate::store) fn prunable(
    conn: &Connection,
    retention: &Retention,
    now: Time,
) -> Sql<Pruned> {
    let expired = expired_articles(conn, retention, now)?;
    Ok(Pruned {
        articles: expired.len() as u64,
        stories: emptied(conn, &expired)?,
    })
}

/// The articles that retention does not keep, oldest first.
pub(in crate::store) fn expired_articles(
    conn: &Connection,
    retention: &Retention,
    now: Time,
) -> Sql<Vec<ArticleRow>> {
    let mut expired = BTreeSet::new();
    if let Some(keep) = retention.keep {
        let mut old = conn.prepare_cached("SELECT article FROM articles WHERE arrived < ?1")?;
        for row in old.query_map([now.minus(keep).millis()], |r| r.get(0))? {
            expired.insert(row?);
        }
    }
    let most = i64::try_from(retention.keep_max_per_feed).unwrap_or(i64::MAX);
    let full: Vec<FeedRow> = conn
        .prepare_cached("SELECT feed FROM articles GROUP BY feed HAVING count(*) > ?1")?
        .query_map([most], |r| r.get(0))?
        .collect::<Sql<_>>()?;
    let mut too_many = conn.prepare_cached(
        "SELECT article FROM articles WHERE feed = ?1 ORDER BY arrived DESC, article DESC LIMIT -1 OFFSET ?2",
    )?;
    for feed in full {
        for row in too_many.query_map(params![feed, most], |r| r.get(0))? {
            expired.insert(row?);
        }
    }
    Ok(expired.into_iter().collect())
}

/// Feeds that nobody is subscribed to any more, and of which more is kept than their name and their articles.
pub(in crate::store) fn abandoned_feeds(conn: &Connection, now: Time) -> Sql<Vec<FeedRow>> {
    conn.prepare_cached(
        "SELECT feed FROM feeds f WHERE subscribed = 0 AND coalesce(last_poll, 0) < ?1 AND (
           EXISTS (SELECT 1 FROM polls WHERE feed = f.feed)
           OR EXISTS (SELECT 1 FROM paragraphs WHERE feed = f.feed)
           OR EXISTS (SELECT 1 FROM archives WHERE feed = f.feed))",
    )?
    .query_map([now.minus(ABANDONED_AFTER).millis()], |r| r.get(0))?
    .collect()
}

/// Forgets how such a feed was polled, and what was learned of it.
pub(in crate::store) fn forget(conn: &Connection, feed: FeedRow) -> Sql<()> {
    for sql in [
        "DELETE FROM polls WHERE feed = ?1",
        "DELETE FROM paragraphs WHERE feed = ?1",
        "DELETE FROM archives WHERE feed = ?1",
    ] {
        conn.prepare_cached(sql)?.execute([feed])?;
    }
    Ok(())
}

/// Forgets what else the store knows of a feed whose articles were deleted, if it was not subscribed again meanwhile.
pub(in crate::store) fn purge(conn: &Connection, feed: FeedRow) -> Sql<()> {
    if subscriptions::is_subscribed(conn, feed)? {
        return Ok(());
    }
    forget(conn, feed)?;
    for sql in [
        "DELETE FROM tombstones WHERE feed = ?1",
        "DELETE FROM events WHERE feed = ?1",
    ] {
        conn.prepare_cached(sql)?.execute([feed])?;
    }
    conn.prepare_cached(
        "UPDATE feeds SET title_user = NULL, title_own = url, site = NULL, folder = NULL, tags = '[]',
                outline = '[]', last_error = NULL, schedule = x'' WHERE feed = ?1",
    )?
    .execute([feed])?;
    Ok(())
}

/// How many stories would lose all their copies.
fn emptied(conn: &Connection, articles: &[ArticleRow]) -> Sql<u64> {
    let mut left: std::collections::HashMap<i64, i64> = std::collections::HashMap::new();
    let mut look = conn.prepare(
        "SELECT s.story, s.copies FROM articles a JOIN stories s USING (story) WHERE a.article = ?1",
    )?;
    for &article in articles {
        let (story, copies): (i64, i64) =
            look.query_row([article], |r| Ok((r.get(0)?, r.get(1)?)))?;
        *left.entry(story).or_insert(copies) -= 1;
    }
    Ok(left.values().filter(|n| **n <= 0).count() as u64)
}
