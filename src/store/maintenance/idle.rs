//! What is done to the file while nobody writes: the word index is merged, free pages go back to the disk, the planner's
//! statistics are brought up to date. In steps so short that nobody waits for one; never while a command waits.

use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::store::sql::Sql;

/// Pages of the word index written by one step of merging, about.
const MERGED_PAGES: i64 = 64;

/// Pages given back by one step.
const FREED_PAGES: i64 = 256;

/// Free pages that are kept for what comes next: so many, and this part of all.
const SPARE_PAGES: i64 = 4096;
const SPARE_PART: i64 = 8;

/// The planner's statistics are looked at so long after the start, and so often then.
const OPTIMIZE_FIRST: Duration = Duration::from_secs(15 * 60);
const OPTIMIZE_EVERY: Duration = Duration::from_secs(86_400);

/// What is still to be done.
#[derive(Debug)]
pub(in crate::store) struct IdleMaintenance {
    /// Whether anything was written since the last look.
    is_stale: bool,
    optimize_at: Instant,
}

impl Default for IdleMaintenance {
    fn default() -> Self {
        Self {
            is_stale: false,
            optimize_at: Instant::now() + OPTIMIZE_FIRST,
        }
    }
}

impl IdleMaintenance {
    /// Something was written.
    pub(in crate::store) fn note_write(&mut self) {
        self.is_stale = true;
    }

    /// Whether a step may find something to do.
    pub(in crate::store) fn is_wanted(&self) -> bool {
        self.is_stale
    }

    /// One step. What it comes to is nobody's business: a failure loses nothing, and the next writes try again.
    pub(in crate::store) fn step(&mut self, conn: &Connection) {
        self.is_stale = matches!(self.try_step(conn), Ok(true));
    }

    /// Whether anything is left.
    fn try_step(&mut self, conn: &Connection) -> Sql<bool> {
        if merge(conn)? || give_back(conn)? {
            return Ok(true);
        }
        if Instant::now() >= self.optimize_at {
            self.optimize_at = Instant::now() + OPTIMIZE_EVERY;
            optimize(conn)?;
        }
        Ok(false)
    }
}

/// The query planner's statistics, where they have become wrong.
pub(in crate::store) fn optimize(conn: &Connection) -> Sql<()> {
    conn.execute_batch("PRAGMA optimize")
}

/// Merges a few pages of the word index, as the manual of FTS5 has it: fewer than two changes, and nothing was to merge.
fn merge(conn: &Connection) -> Sql<bool> {
    let before = conn.total_changes();
    conn.prepare_cached("INSERT INTO words (words, rank) VALUES ('merge', ?1)")?
        .execute([MERGED_PAGES])?;
    Ok(conn.total_changes().saturating_sub(before) >= 2)
}

/// Gives back what retention has freed, if it is much. A store whose file was made without that keeps its pages.
fn give_back(conn: &Connection) -> Sql<bool> {
    let number = |pragma: &str| conn.pragma_query_value(None, pragma, |r| r.get::<_, i64>(0));
    let (free, all) = (number("freelist_count")?, number("page_count")?);
    if free <= SPARE_PAGES + all / SPARE_PART || number("auto_vacuum")? != 2 {
        return Ok(false);
    }
    conn.execute_batch(&format!("PRAGMA incremental_vacuum({FREED_PAGES})"))?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::file::opening;

    fn write(conn: &Connection, bytes: i64) {
        conn.execute("INSERT INTO meta VALUES (random(), zeroblob(?1))", [bytes])
            .unwrap();
    }

    #[test]
    fn many_small_segments_of_the_word_index_become_few() {
        let dir = tempfile::tempdir().unwrap();
        let conn = opening::writer(&dir.path().join("store.db"), false).unwrap();
        let segments = || -> i64 {
            conn.query_row("SELECT count(DISTINCT segid) FROM words_idx", [], |r| {
                r.get(0)
            })
            .unwrap()
        };
        for n in 0..12 {
            conn.execute(
                "INSERT INTO words (rowid, body) VALUES (?1, 'boats harbour')",
                [n],
            )
            .unwrap();
        }
        let before = segments();
        let mut tidying = IdleMaintenance::default();
        tidying.note_write();
        while tidying.is_wanted() {
            tidying.step(&conn);
        }
        assert!(
            before > 4 && segments() < before,
            "{before}, {}",
            segments()
        );
    }

    #[test]
    fn what_retention_frees_goes_back_to_the_disk_but_for_a_reserve() {
        let dir = tempfile::tempdir().unwrap();
        let conn = opening::writer(&dir.path().join("store.db"), false).unwrap();
        let free = || -> i64 {
            conn.pragma_query_value(None, "freelist_count", |r| r.get(0))
                .unwrap()
        };
        for _ in 0..8 {
            write(&conn, 4 << 20);
        }
        conn.execute("DELETE FROM meta WHERE length(value) > 1000", [])
            .unwrap();
        let before = free();
        let mut tidying = IdleMaintenance::default();
        tidying.note_write();
        while tidying.is_wanted() {
            tidying.step(&conn);
        }
        assert!(before > 8000, "{before}");
        assert!((SPARE_PAGES..6000).contains(&free()), "{}", free());
    }
}
