//! The word index, written once a transaction. FTS5 writes out what it has gathered at every savepoint, and each poll of a
//! group has one: a hundred small segments that must be merged again. So the words of a group wait here, and go in
//! together before the commit.

use rusqlite::{Connection, params};

use crate::model::ArticleRow;
use crate::query::Folded;
use crate::store::sql::Sql;

/// Words that wait at most, in bytes; more go in at once.
const WAITING_MAX: usize = 8 << 20;

/// What waits for the end of the transaction.
#[derive(Debug, Default)]
pub(in crate::store) struct WordIndex {
    waiting: Vec<Entry>,
    /// Entries up to here are those of commands that succeeded.
    settled: usize,
    /// How much waits, and how much of it is the present command's, in bytes.
    bytes: usize,
    own_bytes: usize,
}

#[derive(Debug)]
struct Entry {
    article: ArticleRow,
    replaces: bool,
    words: Folded,
}

impl WordIndex {
    /// Indexes an article; `replaces`: it is indexed already with other words.
    pub(in crate::store) fn add(
        &mut self,
        conn: &Connection,
        article: ArticleRow,
        words: Folded,
        replaces: bool,
    ) -> Sql<()> {
        let bytes = words.title.as_str().len() + words.body.as_str().len();
        self.bytes += bytes;
        self.own_bytes += bytes;
        self.waiting.push(Entry {
            article,
            replaces,
            words,
        });
        // Only its own: if it fails, what it has written is undone, and the others' words must stay.
        if self.own_bytes > WAITING_MAX {
            self.write_from(self.settled, conn)?;
        }
        Ok(())
    }

    /// A command begins, behind a savepoint. Gives what [`WordIndex::forget_after`] takes.
    pub(in crate::store) fn begin(&mut self) -> usize {
        self.settled = self.waiting.len();
        self.own_bytes = 0;
        self.settled
    }

    /// A savepoint was rolled back: what came after `len` is not so.
    pub(in crate::store) fn forget_after(&mut self, len: usize) {
        self.waiting.truncate(len);
        self.settled = self.settled.min(len);
        self.own_bytes = 0;
    }

    /// Between two commands: writes what waits if it is too much.
    pub(in crate::store) fn bound(&mut self, conn: &Connection) -> Sql<()> {
        match self.bytes > WAITING_MAX {
            true => self.flush(conn),
            false => Ok(()),
        }
    }

    /// Writes what waits.
    pub(in crate::store) fn flush(&mut self, conn: &Connection) -> Sql<()> {
        self.bytes = 0;
        self.begin();
        self.write_from(0, conn)?;
        self.settled = 0;
        Ok(())
    }

    fn write_from(&mut self, first: usize, conn: &Connection) -> Sql<()> {
        self.own_bytes = 0;
        // Behind a row that is smaller than the one before, FTS5 writes out what it has gathered.
        let unwritten = self.waiting.get_mut(first..).unwrap_or_default();
        unwritten.sort_by_key(|entry| entry.article);
        for entry in self.waiting.drain(first..) {
            #[cfg(test)]
            crate::faults::at("flush", entry.words.title.as_str())?;
            match entry.replaces {
                true => replace(conn, entry.article, &entry.words)?,
                false => insert(conn, entry.article, &entry.words)?,
            }
        }
        Ok(())
    }
}

/// Writes other words of an article that is indexed.
pub(in crate::store) fn replace(conn: &Connection, article: ArticleRow, words: &Folded) -> Sql<()> {
    conn.prepare_cached("DELETE FROM words WHERE rowid = ?1")?
        .execute([article])?;
    insert(conn, article, words)
}

fn insert(conn: &Connection, article: ArticleRow, words: &Folded) -> Sql<()> {
    conn.prepare_cached(
        "INSERT INTO words (rowid, title, body, author, category, agency) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![
        article,
        words.title.as_str(),
        words.body.as_str(),
        words.author.as_str(),
        words.category.as_str(),
        words.agency.as_str()
    ])?;
    Ok(())
}
