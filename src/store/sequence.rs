//! The sequence: a number that only grows, given to every new or changed article and story. Readers and the window of copies
//! tell by it that something was written.

use rusqlite::Connection;

use crate::model::Seq;
use crate::store::connections::Reads;
use crate::store::error::StoreError;
use crate::store::sql::Sql;

/// Numbers that are given out in memory and noted once. In between nothing else may take one: it would be given twice.
#[derive(Debug, Default)]
pub(super) struct Numbers(Option<Seq>);

impl Numbers {
    /// The next number.
    pub(super) fn next(&mut self, conn: &Connection) -> Sql<Seq> {
        let last = match self.0 {
            Some(last) => last,
            None => current(conn)?,
        };
        let next = last.next();
        self.0 = Some(next);
        Ok(next)
    }

    /// Notes the last number given, if one was.
    pub(super) fn write(self, conn: &Connection) -> Sql<()> {
        if let Some(last) = self.0 {
            conn.prepare_cached(
                "INSERT OR REPLACE INTO meta (key, value) VALUES ('sequence', ?1)",
            )?
            .execute([last])?;
        }
        Ok(())
    }
}

impl Reads {
    /// The last sequence given.
    pub fn sequence(&self) -> Result<Seq, StoreError> {
        self.read(current)
    }
}

/// The last number given; 0 in a new store.
pub(super) fn current(conn: &Connection) -> Sql<Seq> {
    conn.prepare_cached("SELECT coalesce((SELECT value FROM meta WHERE key = 'sequence'), 0)")?
        .query_row([], |r| r.get(0))
}

/// The numbers up to this one are given.
pub(super) fn advance_to(conn: &Connection, last: Seq) -> Sql<()> {
    Numbers(Some(last)).write(conn)
}

/// Gives the next number.
pub(super) fn next(conn: &Connection) -> Sql<Seq> {
    let mut numbers = Numbers::default();
    let number = numbers.next(conn)?;
    numbers.write(conn)?;
    Ok(number)
}
