//! Checks of the file and of what the store keeps true. Reports faults, and repairs nothing.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode};

use crate::store::articles::content;
use crate::store::connections::Reads;
use crate::store::error::StoreError;
use crate::store::feeds::{feed_settings, feed_views};
use crate::store::file::migrating::SCHEMA;
use crate::store::file::{copying, opening};
use crate::store::handle::Store;
use crate::store::sql::Sql;
use crate::store::stories::decisions;
use crate::store::topics::definition;

/// Virtual machine steps between two looks at the clock in a check of the file: each reads a whole page.
const PAGES: i32 = 1000;

impl Reads {
    /// Online backup into a new file, of a read-only or ailing store too.
    pub fn backup(&self, to: &Path) -> Result<(), StoreError> {
        self.with(|conn| copying::backup(conn, to, self.path()))
    }

    /// A look at the pages of the file for at most `limit`, before anything is written (REL-03).
    ///
    /// # Errors
    /// [`StoreError::Unusable`] if it is damaged, as far as it was looked at.
    pub fn glance(&self, limit: Duration) -> Result<(), StoreError> {
        let until = Instant::now() + limit;
        self.with(|conn| {
            let found = conn
                .progress_handler(PAGES, Some(move || Instant::now() > until))
                .and_then(|()| {
                    conn.pragma_query_value(None, "quick_check", |r| r.get::<_, String>(0))
                });
            match found {
                Ok(found) if found == "ok" => Ok(()),
                Err(e) if e.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) => Ok(()),
                Ok(found) => Err(StoreError::damaged(self.path(), &found)),
                Err(e) => Err(StoreError::from_sqlite(self.path(), &e)),
            }
        })
    }

    /// Integrity check of a backup: the faults found (none if it is whole) and its schema version. One of an older version
    /// gets SQLite's own check only.
    ///
    /// # Errors
    /// [`StoreError::Unusable`] if it is no store of this version or an older one.
    pub fn verify_backup(path: &Path) -> Result<(Vec<String>, i64), StoreError> {
        let (conn, schema) = opening::backup_of(path)?;
        let found = match schema == SCHEMA {
            true => verify(&conn),
            false => verify_pages(&conn),
        };
        Ok((
            found.map_err(|e| StoreError::from_sqlite(path, &e))?,
            schema,
        ))
    }

    /// Integrity check, however long it takes; empty if all is well.
    pub fn verify(&self) -> Result<Vec<String>, StoreError> {
        // On a connection of its own: FTS5's check believes what an earlier search on the same one knew of the index, and
        // finds faults in what was written since (SQLite 3.54).
        let conn = opening::reader(self.path())?;
        verify(&conn).map_err(|e| StoreError::from_sqlite(self.path(), &e))
    }
}

impl Store {
    /// Online backup into a new file.
    pub fn backup(&self, to: &Path) -> Result<(), StoreError> {
        self.reads().backup(to)
    }
}

/// SQLite's own check of a store of any version.
pub(in crate::store) fn verify_pages(conn: &Connection) -> Sql<Vec<String>> {
    let mut found: Vec<String> = conn
        .prepare("PRAGMA integrity_check(20)")?
        .query_map([], |r| r.get(0))?
        .collect::<Sql<_>>()?;
    found.retain(|line: &String| line != "ok");
    Ok(found)
}

/// SQLite's own check; that every copy has its story and every story its copies; and that every value can be read.
pub(in crate::store) fn verify(conn: &Connection) -> Sql<Vec<String>> {
    let mut found = verify_pages(conn)?;
    let ours = [
        (
            "articles without a story",
            "SELECT count(*) FROM articles WHERE story NOT IN (SELECT story FROM stories)",
        ),
        (
            "stories whose shown copy is not theirs",
            "SELECT count(*) FROM stories s WHERE NOT EXISTS
               (SELECT 1 FROM articles a WHERE a.article = s.shown AND a.story = s.story)",
        ),
        (
            "stories with a wrong number of copies",
            "SELECT count(*) FROM stories s WHERE copies <>
               (SELECT count(*) FROM articles a WHERE a.story = s.story)",
        ),
        (
            "former ids of stories that are gone",
            "SELECT count(*) FROM story_ids WHERE story NOT IN (SELECT story FROM stories)",
        ),
        (
            "topic memberships of articles that are gone",
            "SELECT count(*) FROM article_topics WHERE article NOT IN (SELECT article FROM articles)",
        ),
        (
            "stories that a list of their feed lacks or has in vain",
            "SELECT count(*) FROM (
               SELECT feed, arrived, story FROM (SELECT a.feed, s.arrived, s.story FROM articles a JOIN stories s USING (story)
                 EXCEPT SELECT feed, arrived, story FROM feed_stories)
               UNION ALL SELECT feed, arrived, story FROM (SELECT feed, arrived, story FROM feed_stories
                 EXCEPT SELECT a.feed, s.arrived, s.story FROM articles a JOIN stories s USING (story)))",
        ),
        (
            "changes of topics of articles or stories that are gone",
            "SELECT count(*) FROM retagged WHERE
               (article IS NOT NULL AND article NOT IN (SELECT article FROM articles))
               OR (story IS NOT NULL AND story NOT IN (SELECT story FROM stories))",
        ),
    ];
    for (what, sql) in ours {
        let n: i64 = conn.query_row(sql, [], |r| r.get(0))?;
        if n > 0 {
            found.push(format!("{n} {what}"));
        }
    }
    let unreadable = [
        content::FACTS.verify(conn)?,
        content::verify_bodies(conn)?,
        definition::FEEDS.verify(conn)?,
        feed_settings::HEADERS.verify(conn)?,
        feed_settings::TAGS.verify(conn)?,
        feed_settings::OUTLINES.verify(conn)?,
        feed_views::REPAIRS.verify(conn)?,
    ];
    found.extend(unreadable.into_iter().flatten());
    let together = decisions::violations(conn)?;
    if together > 0 {
        found.push(format!(
            "{together} pairs of copies in one story that were split from each other"
        ));
    }
    Ok(found)
}
