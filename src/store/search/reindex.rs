//! Indexing stored articles again, after an upgrade that makes other words of their texts: from the newest article down, in
//! short transactions between which polls are committed. How far it has come stands in the store, so that a restart
//! continues there. Topics are computed again at its end.
//!
//! Never changes an article: no edit, no sequence.

use std::time::Instant;

use rusqlite::{Connection, OptionalExtension, params};

use crate::model::{ArticleRow, Time};
use crate::store::search::matcher::Matcher;
use crate::store::search::word_index;
use crate::store::sql::Sql;

/// Where the store says which articles are still to come: those up to this row. Set by a migration.
const KEY: &str = "reindex";

/// Articles that are looked up at once.
const PART: i64 = 200;

/// Whether any article is still to come.
pub(in crate::store) fn is_left(conn: &Connection) -> Sql<bool> {
    Ok(left(conn)?.is_some())
}

/// Goes on until about `until`, an article at least. Returns whether any article is left.
pub(in crate::store) fn go_on(conn: &Connection, now: Time, until: Instant) -> Sql<bool> {
    let Some(mut last) = left(conn)? else {
        return Ok(false);
    };
    let mut matcher = Matcher::of_texts(conn, now)?;
    loop {
        let part: Vec<ArticleRow> = conn
            .prepare_cached(
                "SELECT article FROM articles WHERE article <= ?1 ORDER BY article DESC LIMIT ?2",
            )?
            .query_map(params![last, PART], |r| r.get(0))?
            .collect::<Sql<_>>()?;
        if part.is_empty() {
            conn.prepare_cached("DELETE FROM meta WHERE key = ?1")?
                .execute([KEY])?;
            return Ok(false);
        }
        for article in part {
            // What has nothing beside its words is indexed as it is.
            if let Some(words) = matcher.words_of(article)?
                && words.has_derived()
            {
                word_index::replace(conn, article, words)?;
            }
            last = article.offset(-1);
            if Instant::now() >= until {
                conn.prepare_cached("UPDATE meta SET value = ?2 WHERE key = ?1")?
                    .execute(params![KEY, last])?;
                return Ok(true);
            }
        }
    }
}

fn left(conn: &Connection) -> Sql<Option<ArticleRow>> {
    conn.prepare_cached("SELECT value FROM meta WHERE key = ?1")?
        .query_row([KEY], |r| r.get(0))
        .optional()
}
