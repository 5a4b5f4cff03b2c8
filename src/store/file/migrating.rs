//! The schema: which version a file has, and the migrations that lead to this one. A newer store or a foreign file is never
//! written to. Every migration is one transaction, forward only; a copy of the store as it was is kept beside it (REL-03).

use std::path::{Path, PathBuf};

use rusqlite::{Connection, TransactionBehavior};

use crate::store::error::StoreError;
use crate::store::file::copying;

/// Marks the file as newswire's: "nwsr".
const APPLICATION_ID: i64 = 0x6e77_7372;

/// Each migration leads from version n to n + 1.
const MIGRATIONS: [&str; 25] = [
    include_str!("../migrations/0001.sql"),
    include_str!("../migrations/0002.sql"),
    include_str!("../migrations/0003.sql"),
    include_str!("../migrations/0004.sql"),
    include_str!("../migrations/0005.sql"),
    include_str!("../migrations/0006.sql"),
    include_str!("../migrations/0007.sql"),
    include_str!("../migrations/0008.sql"),
    include_str!("../migrations/0009.sql"),
    include_str!("../migrations/0010.sql"),
    include_str!("../migrations/0011.sql"),
    include_str!("../migrations/0012.sql"),
    include_str!("../migrations/0013.sql"),
    include_str!("../migrations/0014.sql"),
    include_str!("../migrations/0015.sql"),
    include_str!("../migrations/0016.sql"),
    include_str!("../migrations/0017.sql"),
    include_str!("../migrations/0018.sql"),
    include_str!("../migrations/0019.sql"),
    include_str!("../migrations/0020.sql"),
    include_str!("../migrations/0021.sql"),
    include_str!("../migrations/0022.sql"),
    include_str!("../migrations/0023.sql"),
    include_str!("../migrations/0024.sql"),
    include_str!("../migrations/0025.sql"),
];

/// The schema version that this newswire writes.
pub(in crate::store) const SCHEMA: i64 = MIGRATIONS.len() as i64;

/// Sets what a file keeps (its journal, its syncing) and brings its schema up to date.
pub(in crate::store) fn prepare_writer(
    conn: &mut Connection,
    full: bool,
    path: &Path,
) -> Result<(), StoreError> {
    let found = version(conn).map_err(|e| StoreError::from_sqlite(path, &e))?;
    let found = refuse_unknown(path, found)?;
    if found > 0 && found < MIGRATIONS.len() as i64 {
        tracing::info!(
            "bringing the store up to date, from version {found} to {SCHEMA}; this can take half a minute a gigabyte"
        );
        keep_a_copy(conn, path, found)?;
    }
    (|| {
        if found == 0 {
            // Only a file without a table can still choose to give pages back (tidy.rs).
            conn.pragma_update(None, "auto_vacuum", "incremental")?;
        }
        conn.pragma_update(None, "journal_mode", "wal")?;
        conn.pragma_update(None, "synchronous", if full { "full" } else { "normal" })?;
        conn.pragma_update(None, "wal_autocheckpoint", 2000)?;
        conn.pragma_update(None, "journal_size_limit", 16 << 20)?;
        for (i, sql) in MIGRATIONS.iter().enumerate() {
            migrate(conn, i as i64, sql)?;
        }
        Ok(())
    })()
    .map_err(|e: rusqlite::Error| {
        tracing::debug!(from = found.max(0), "migration failed");
        StoreError::from_sqlite(path, &e)
    })
}

/// REL-03: the store as it was stands beside it before it is brought up to date. A copy that is there already may be of
/// an earlier upgrade, of a store that was restored since: it is replaced when the new one is whole.
fn keep_a_copy(conn: &Connection, path: &Path, version: i64) -> Result<(), StoreError> {
    let beside = |suffix: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".schema-{version}{suffix}"));
        PathBuf::from(name)
    };
    let (copy, fresh) = (beside(""), beside(".new"));
    // Left behind by a start that was killed.
    let _ = std::fs::remove_file(&fresh);
    copying::backup(conn, &fresh, path)?;
    std::fs::rename(&fresh, &copy).map_err(|e| StoreError::Unusable {
        path: copy.clone(),
        reason: format!("the copy of the store before its upgrade cannot be put there: {e}"),
    })?;
    tracing::info!(
        "the store is brought up to date; {} holds it as it was",
        copy.display()
    );
    Ok(())
}

/// One step, unless somebody else has made it meanwhile.
fn migrate(conn: &mut Connection, from: i64, sql: &str) -> rusqlite::Result<()> {
    if version(conn)?.max(0) > from {
        return Ok(());
    }
    let tx = conn.transaction_with_behavior(TransactionBehavior::Exclusive)?;
    if version(&tx)?.max(0) == from {
        tx.execute_batch(sql)?;
        tx.pragma_update(None, "application_id", APPLICATION_ID)?;
        tx.pragma_update(None, "user_version", from + 1)?;
    }
    tx.commit()
}

/// The schema version; -1 for a file that is not ours.
pub(in crate::store) fn version(conn: &Connection) -> rusqlite::Result<i64> {
    let id: i64 = conn.pragma_query_value(None, "application_id", |r| r.get(0))?;
    let version: i64 = conn.pragma_query_value(None, "user_version", |r| r.get(0))?;
    let tables: i64 = conn.query_row("SELECT count(*) FROM sqlite_schema", [], |r| r.get(0))?;
    Ok(match (id, tables) {
        (APPLICATION_ID, _) | (0, 0) => version,
        _ => -1,
    })
}

/// The schema version, if this newswire can read it; 0: a file without a table.
pub(in crate::store) fn refuse_unknown(path: &Path, version: i64) -> Result<i64, StoreError> {
    let known = MIGRATIONS.len() as i64;
    let reason = if version < 0 {
        "it is a database, but not newswire's; give another --db".to_owned()
    } else if version > known {
        format!(
            "it is of a newer newswire (schema {version}, this one knows {known}); update newswire. Nothing was changed"
        )
    } else {
        return Ok(version);
    };
    Err(StoreError::Unusable {
        path: path.to_owned(),
        reason,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::file::opening::{reader, writer};

    #[test]
    fn rel_03_a_newer_store_is_refused_and_stays_as_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("store.db");
        let conn = writer(&path, false).unwrap();
        conn.pragma_update(None, "user_version", 99).unwrap();
        drop(conn);
        let before = std::fs::read(&path).unwrap();
        let refused = writer(&path, false).unwrap_err();
        assert!(refused.to_string().contains("newer newswire"), "{refused}");
        assert!(matches!(reader(&path), Err(StoreError::Unusable { .. })));
        assert_eq!(std::fs::read(&path).unwrap(), before);
    }

    #[test]
    fn rel_03_an_older_store_is_brought_up_to_date_and_kept_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("store.db");
        let conn = Connection::open(&path).unwrap();
        conn.execute_batch(MIGRATIONS[0]).unwrap();
        conn.pragma_update(None, "application_id", APPLICATION_ID)
            .unwrap();
        conn.pragma_update(None, "user_version", 1).unwrap();
        let topic = "INSERT INTO topics (name, title, source, expr) VALUES ('a', '', 'b', 'b')";
        conn.execute(topic, []).unwrap();
        drop(conn);
        let conn = writer(&path, false).unwrap();
        assert_eq!(version(&conn).unwrap(), MIGRATIONS.len() as i64);
        assert_eq!(
            crate::store::topics::definition::topic_heads(&conn).unwrap()[0].feed,
            crate::store::TopicFeed::default()
        );
        let kept = Connection::open(dir.path().join("store.db.schema-1")).unwrap();
        assert_eq!(version(&kept).unwrap(), 1);
    }

    #[test]
    fn a_backfill_that_an_older_version_began_continues() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("store.db");
        of_version(&path, 23);
        let conn = Connection::open(&path).unwrap();
        conn.execute_batch(
            "INSERT INTO topics (name, title, source, expr, untold) VALUES ('a', '', 'b', 'b', 7);
             INSERT INTO backfill VALUES ('feed', 3, 9);",
        )
        .unwrap();
        drop(conn);
        let conn = writer(&path, false).unwrap();
        let left = "SELECT t.to_backfill, b.row, b.to_backfill FROM topics t, backfill b";
        let left = conn.query_row(left, [], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)));
        assert_eq!(left, Ok((7, 3, 9)));
    }

    /// A store as version `v` of the schema left it.
    fn of_version(path: &Path, v: usize) {
        let conn = Connection::open(path).unwrap();
        for sql in MIGRATIONS.iter().take(v) {
            conn.execute_batch(sql).unwrap();
        }
        conn.pragma_update(None, "application_id", APPLICATION_ID)
            .unwrap();
        conn.pragma_update(None, "user_version", v as i64).unwrap();
    }

    #[test]
    fn rel_03_a_migration_that_was_cut_goes_on_wherever_that_was() {
        let schema = |conn: &Connection| -> Vec<String> {
            let mut all = conn
                .prepare("SELECT coalesce(sql, name) FROM sqlite_schema ORDER BY name")
                .unwrap();
            let rows = all.query_map([], |r| r.get(0)).unwrap();
            rows.map(Result::unwrap).collect()
        };
        let dir = tempfile::tempdir().unwrap();
        let whole = writer(&dir.path().join("new.db"), false).unwrap();
        for v in 1..MIGRATIONS.len() {
            let path = dir.path().join(format!("{v}.db"));
            of_version(&path, v);
            // The first try was killed while it copied, the second after a step.
            std::fs::write(path.with_extension(format!("db.schema-{v}.part")), "half").unwrap();
            if v > 1 {
                let first = path.with_extension("db.schema-1");
                std::fs::write(first, "a copy from before the first step").unwrap();
            }
            let conn = writer(&path, false).unwrap();
            assert_eq!(version(&conn).unwrap(), MIGRATIONS.len() as i64);
            assert_eq!(schema(&conn), schema(&whole), "from version {v}");
            let kept = Connection::open(path.with_extension(format!("db.schema-{v}"))).unwrap();
            assert_eq!(version(&kept).unwrap(), v as i64);
        }
    }

    #[test]
    fn rel_03_a_copy_of_an_earlier_upgrade_gives_way_to_one_of_the_store_as_it_is_now() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("store.db");
        let copy = dir.path().join("store.db.schema-1");
        of_version(&path, 1);
        std::fs::write(&copy, "a copy of last year").unwrap();
        std::fs::write(dir.path().join("store.db.schema-1.new"), "half").unwrap();
        let conn = Connection::open(&path).unwrap();
        let topic = "INSERT INTO topics (name, title, source, expr) VALUES ('a', '', 'b', 'b')";
        conn.execute(topic, []).unwrap();
        drop(conn);
        drop(writer(&path, false).unwrap());
        let kept = Connection::open(&copy).unwrap();
        assert_eq!(version(&kept).unwrap(), 1);
        let topics = kept.query_row("SELECT count(*) FROM topics", [], |r| r.get(0));
        assert_eq!(topics, Ok(1));
        assert!(!dir.path().join("store.db.schema-1.new").exists());
    }
}
