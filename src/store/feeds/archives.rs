//! Which archive pages of a feed were read, or given up (ET-53).

use rusqlite::{Connection, params};

use crate::model::FeedRow;
use crate::store::connections::Reads;
use crate::store::error::StoreError;
use crate::store::polls::poll_commit::{ArchiveCommit, DocumentCommit, PollCommit};
use crate::store::sql::Sql;

/// An archive page that fails for a passing reason is asked for so often.
const ARCHIVE_TRIES: i64 = 3;

/// Archive pages of one feed that are remembered. Only the newest is ever asked for: those before it come up again only if
/// the publisher goes back to them.
const ARCHIVES: i64 = 64;

impl Reads {
    /// Whether an archive page of a feed was read, or given up: then it is not asked for again (ET-53).
    pub fn is_archive_done(&self, feed: FeedRow, url: &str) -> Result<bool, StoreError> {
        self.read(|conn| is_archive_done(conn, feed, url))
    }
}

/// Whether this archive page was read, or given up.
pub(in crate::store) fn is_archive_done(conn: &Connection, feed: FeedRow, url: &str) -> Sql<bool> {
    conn.prepare_cached("SELECT EXISTS (SELECT 1 FROM archives WHERE feed = ?1 AND url = ?2)")?
        .query_row(params![feed, url], |r| r.get(0))
}

/// Notes what came of the archive page of a whole document. One that was missed makes the feed's next answer a whole
/// document that is read: what fell out of the feed is not known otherwise.
pub(in crate::store) fn record_archive(
    conn: &Connection,
    commit: &PollCommit,
    document: &DocumentCommit,
) -> Sql<()> {
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
        // A feed that names another page at every poll must not be remembered without bound.
        conn.prepare_cached(
            "DELETE FROM archives WHERE feed = ?1 AND url <> ?2 AND
               (SELECT count(*) FROM archives WHERE feed = ?1) > ?3",
        )?
        .execute(params![feed, url, ARCHIVES])?;
    }
    want(None, 0)?;
    Ok(())
}
