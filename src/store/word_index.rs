//! The word index, written once a transaction. FTS5 writes out what it has gathered at every savepoint, and each poll of a
//! group has one: a hundred small segments that must be merged again. So the words of a group wait here, and go in
//! together before the commit.

use rusqlite::{Connection, params};

use crate::query::Folded;

type Sql<T> = rusqlite::Result<T>;

/// Words that wait at most, in bytes; more go in at once.
const WAITING_MAX: usize = 8 << 20;

/// What waits for the end of the transaction.
#[derive(Debug, Default)]
pub(super) struct WordIndex {
    waiting: Vec<Entry>,
    bytes: usize,
}

#[derive(Debug)]
struct Entry {
    article: i64,
    replaces: bool,
    words: Folded,
}

impl WordIndex {
    /// Indexes an article; `replaces`: it is indexed already with other words.
    pub(super) fn add(
        &mut self,
        conn: &Connection,
        article: i64,
        words: Folded,
        replaces: bool,
    ) -> Sql<()> {
        self.bytes += words.title.len() + words.body.len();
        self.waiting.push(Entry {
            article,
            replaces,
            words,
        });
        if self.bytes > WAITING_MAX {
            self.flush(conn)?;
        }
        Ok(())
    }

    /// How much waits: for [`WordIndex::forget_after`].
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// A savepoint was rolled back: what came after `len` is not so.
    pub(super) fn forget_after(&mut self, len: usize) {
        self.waiting.truncate(len);
    }

    /// Writes what waits.
    pub(super) fn flush(&mut self, conn: &Connection) -> Sql<()> {
        self.bytes = 0;
        for entry in self.waiting.drain(..) {
            if entry.replaces {
                conn.prepare_cached("DELETE FROM words WHERE rowid = ?1")?
                    .execute([entry.article])?;
            }
            let w = entry.words;
            conn.prepare_cached(
                "INSERT INTO words (rowid, title, body, author, category, agency) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![entry.article, w.title, w.body, w.author, w.category, w.agency])?;
        }
        Ok(())
    }
}
