//! Which articles the word index finds for a query, asked about one article at a time: a few look-ups first, then all that it
//! finds at once, as one bit an article.

use rusqlite::{CachedStatement, Connection};

use crate::model::ArticleRow;
use crate::store::sql::Sql;

/// Look-ups of one article each before everything is gathered: as long as gathering 100,000 takes.
const LOOKUPS_MAX: usize = 1000;

/// What a query of the word index finds.
pub(in crate::store) struct Postings<'c> {
    conn: &'c Connection,
    query: String,
    lookup: CachedStatement<'c>,
    lookups_left: usize,
    gathered: Option<Rows>,
}

impl<'c> Postings<'c> {
    /// Of an FTS5 query.
    pub(in crate::store) fn new(conn: &'c Connection, query: &str) -> Sql<Self> {
        Ok(Self {
            conn,
            query: query.to_owned(),
            lookup: conn.prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM words WHERE words MATCH ?1 AND rowid = ?2)",
            )?,
            lookups_left: LOOKUPS_MAX,
            gathered: None,
        })
    }

    /// Gathers at once; for queries that find so few of all articles that many would be looked up in vain.
    pub(in crate::store) fn gather(&mut self) -> Sql<()> {
        let mut rows = Rows::default();
        let mut find = self
            .conn
            .prepare_cached("SELECT rowid FROM words WHERE words MATCH ?1")?;
        let mut found = find.query([&self.query])?;
        while let Some(r) = found.next()? {
            rows.insert(r.get(0)?);
        }
        self.gathered = Some(rows);
        Ok(())
    }

    /// How many there are; none: not gathered yet.
    pub(in crate::store) fn len(&self) -> Option<usize> {
        self.gathered.as_ref().map(|rows| rows.len)
    }

    /// Whether an article is found.
    pub(in crate::store) fn has(&mut self, article: ArticleRow) -> Sql<bool> {
        if self.gathered.is_none() && self.lookups_left == 0 {
            self.gather()?;
        }
        match &self.gathered {
            Some(rows) => Ok(rows.has(article.get())),
            None => {
                self.lookups_left -= 1;
                self.lookup.query_row((&self.query, article), |r| r.get(0))
            }
        }
    }
}

/// Row numbers in ascending order of their coming, a bit each from the first one on.
#[derive(Debug, Default)]
struct Rows {
    first: i64,
    bits: Vec<u64>,
    len: usize,
}

impl Rows {
    /// Takes a row that is greater than those before it.
    fn insert(&mut self, row: i64) {
        if self.len == 0 {
            self.first = row;
        }
        let Some((word, bit)) = self.place(row) else {
            return;
        };
        if word >= self.bits.len() {
            self.bits.resize(word + 1, 0);
        }
        if let Some(bits) = self.bits.get_mut(word) {
            *bits |= bit;
            self.len += 1;
        }
    }

    fn has(&self, row: i64) -> bool {
        self.place(row)
            .and_then(|(word, bit)| Some(self.bits.get(word)? & bit != 0))
            .unwrap_or(false)
    }

    fn place(&self, row: i64) -> Option<(usize, u64)> {
        let offset = usize::try_from(row.checked_sub(self.first)?).ok()?;
        Some((offset / 64, 1 << (offset % 64)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_found_again_and_no_others() {
        let mut rows = Rows::default();
        assert!(!rows.has(0) && !rows.has(7));
        let all = [5_i64, 6, 68, 69, 133, 1000];
        all.iter().for_each(|row| rows.insert(*row));
        assert_eq!(rows.len, all.len());
        for row in -70..1100 {
            assert_eq!(rows.has(row), all.contains(&row), "{row}");
        }
    }
}
