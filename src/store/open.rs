//! Opening the file: permissions, pragmas, migrations, and refusing what is not ours.
//!
//! A newer store or a foreign file is never written to. Every migration is one transaction, forward only.

use std::fs::{DirBuilder, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

use super::StoreError;

/// Marks the file as newswire's: "nwsr".
const APPLICATION_ID: i64 = 0x6e77_7372;

/// Each migration leads from version n to n + 1.
const MIGRATIONS: [&str; 1] = [include_str!("migrations/0001.sql")];

/// How long a write waits for another process.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Cached prepared statements a connection.
const STATEMENTS: usize = 128;

/// Opens the store for writing: creates it (0600 in a directory of 0700; SEC-19), migrates it.
pub(super) fn writer(path: &Path, synchronous_full: bool) -> Result<Connection, StoreError> {
    create_private(path)?;
    let mut conn = connect(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    prepare_writer(&mut conn, synchronous_full, path)?;
    Ok(conn)
}

/// Opens an existing store for reading only; never creates or migrates.
pub(super) fn reader(path: &Path) -> Result<Connection, StoreError> {
    if !path.exists() {
        return Err(StoreError::Missing(path.to_owned()));
    }
    let conn = connect(
        path,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    (|| {
        conn.pragma_update(None, "query_only", true)?;
        version(&conn)
    })()
    .map_err(|e| error(path, &e))
    .and_then(|v| refuse_unknown(path, v))
    .and_then(|v| {
        if v < MIGRATIONS.len() as i64 {
            Err(StoreError::Unusable {
                path: path.to_owned(),
                reason:
                    "it is of an older newswire; start `newswire run` once to bring it up to date"
                        .to_owned(),
            })
        } else {
            Ok(())
        }
    })?;
    Ok(conn)
}

fn create_private(path: &Path) -> Result<(), StoreError> {
    let unusable = |what: String| StoreError::Unusable {
        path: path.to_owned(),
        reason: what,
    };
    if let Some(dir) = path.parent().filter(|d| !d.as_os_str().is_empty()) {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(dir)
            .map_err(|e| {
                unusable(format!(
                    "cannot create the directory {}: {e}",
                    dir.display()
                ))
            })?;
    }
    OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
        .map(drop)
        .map_err(|e| unusable(format!("cannot open it for writing: {e}")))
}

fn connect(path: &Path, flags: OpenFlags) -> Result<Connection, StoreError> {
    let conn = Connection::open_with_flags(path, flags).map_err(|e| error(path, &e))?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    (|| {
        conn.busy_timeout(BUSY_TIMEOUT)?;
        conn.pragma_update(None, "trusted_schema", false)?;
        conn.pragma_update(None, "mmap_size", 256 << 20)?;
        conn.pragma_update(None, "temp_store", "memory")
    })()
    .map_err(|e| error(path, &e))?;
    Ok(conn)
}

fn prepare_writer(conn: &mut Connection, full: bool, path: &Path) -> Result<(), StoreError> {
    let found = version(conn).map_err(|e| error(path, &e))?;
    let found = refuse_unknown(path, found)?;
    (|| {
        conn.pragma_update(None, "journal_mode", "wal")?;
        conn.pragma_update(None, "synchronous", if full { "full" } else { "normal" })?;
        conn.pragma_update(None, "wal_autocheckpoint", 2000)?;
        conn.pragma_update(None, "journal_size_limit", 32 << 20)?;
        for (i, sql) in MIGRATIONS.iter().enumerate() {
            migrate(conn, i as i64, sql)?;
        }
        Ok(())
    })()
    .map_err(|e: rusqlite::Error| {
        tracing::debug!(from = found.max(0), "migration failed");
        error(path, &e)
    })
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
fn version(conn: &Connection) -> rusqlite::Result<i64> {
    let id: i64 = conn.pragma_query_value(None, "application_id", |r| r.get(0))?;
    let version: i64 = conn.pragma_query_value(None, "user_version", |r| r.get(0))?;
    let tables: i64 = conn.query_row("SELECT count(*) FROM sqlite_schema", [], |r| r.get(0))?;
    Ok(match (id, tables) {
        (APPLICATION_ID, _) | (0, 0) => version,
        _ => -1,
    })
}

fn refuse_unknown(path: &Path, version: i64) -> Result<i64, StoreError> {
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

/// What a SQLite error means for the user.
pub(super) fn error(path: &Path, e: &rusqlite::Error) -> StoreError {
    let unusable = |reason: &str| StoreError::Unusable {
        path: path.to_owned(),
        reason: format!("{reason} ({e})"),
    };
    match e.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Busy(format!(
            "another process has been writing to {} for more than {} s; try again",
            path.display(),
            BUSY_TIMEOUT.as_secs()
        )),
        Some(ErrorCode::DiskFull) => {
            unusable("the disk is full; free some space, nothing stored is lost")
        }
        Some(ErrorCode::NotADatabase) => unusable("it is no newswire store; give another --db"),
        Some(ErrorCode::DatabaseCorrupt) => unusable(
            "it is damaged; stop the daemon, keep the file, restore a `newswire backup` or start a new one",
        ),
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
            unusable(
                "it cannot be opened or written; check owner and permissions of file and directory",
            )
        }
        Some(ErrorCode::SystemIoFailure) => unusable("the disk failed"),
        Some(ErrorCode::OperationInterrupted) => {
            StoreError::Busy("the query took too long; narrow it".to_owned())
        }
        _ => StoreError::Internal(format!("{}: {e}", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn rel_03_a_file_that_is_no_store_is_refused_untouched() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("notes.txt");
        std::fs::write(&path, "not a database, just notes ".repeat(100)).unwrap();
        assert!(matches!(
            writer(&path, false),
            Err(StoreError::Unusable { .. })
        ));
        assert!(std::fs::read_to_string(&path).unwrap().starts_with("not a"));
    }

    #[test]
    fn another_programs_database_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("other.db");
        Connection::open(&path)
            .unwrap()
            .execute_batch("CREATE TABLE bookmarks (url TEXT)")
            .unwrap();
        let refused = writer(&path, false).unwrap_err().to_string();
        assert!(refused.contains("not newswire's"), "{refused}");
    }

    #[test]
    fn sec_19_the_store_is_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("new/store.db");
        writer(&path, false).unwrap();
        let mode = |p: &Path| std::fs::metadata(p).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(path.parent().unwrap()), 0o700);
    }

    #[test]
    fn a_missing_store_is_said_to_be_missing() {
        let dir = tempfile::tempdir().unwrap();
        assert!(matches!(
            reader(&dir.path().join("none.db")),
            Err(StoreError::Missing(_))
        ));
    }
}
