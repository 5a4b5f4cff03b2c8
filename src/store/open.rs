//! Opening the file: permissions, pragmas, migrations, and refusing what is not ours.
//!
//! A newer store or a foreign file is never written to. Every migration is one transaction, forward only.

use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

use super::{StoreError, backup, owner};

/// Marks the file as newswire's: "nwsr".
const APPLICATION_ID: i64 = 0x6e77_7372;

/// Each migration leads from version n to n + 1.
const MIGRATIONS: [&str; 20] = [
    include_str!("migrations/0001.sql"),
    include_str!("migrations/0002.sql"),
    include_str!("migrations/0003.sql"),
    include_str!("migrations/0004.sql"),
    include_str!("migrations/0005.sql"),
    include_str!("migrations/0006.sql"),
    include_str!("migrations/0007.sql"),
    include_str!("migrations/0008.sql"),
    include_str!("migrations/0009.sql"),
    include_str!("migrations/0010.sql"),
    include_str!("migrations/0011.sql"),
    include_str!("migrations/0012.sql"),
    include_str!("migrations/0013.sql"),
    include_str!("migrations/0014.sql"),
    include_str!("migrations/0015.sql"),
    include_str!("migrations/0016.sql"),
    include_str!("migrations/0017.sql"),
    include_str!("migrations/0018.sql"),
    include_str!("migrations/0019.sql"),
    include_str!("migrations/0020.sql"),
];

/// The schema version that this newswire writes.
pub(super) const SCHEMA: i64 = MIGRATIONS.len() as i64;

/// How long a write waits for another process, looking so often: whoever writes much lets go for moments only.
const BUSY_TIMEOUT: Duration = Duration::from_secs(20);
const BUSY_LOOK: Duration = Duration::from_millis(2);

/// Cached prepared statements a connection.
const STATEMENTS: usize = 128;

/// Opens the store for writing: creates it (0600 in a directory of 0700; SEC-19), migrates it.
pub(super) fn writer(path: &Path, synchronous_full: bool) -> Result<Connection, StoreError> {
    create_private(path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut conn = Connection::open_with_flags(path, flags).map_err(|e| error(path, &e))?;
    set_up(&mut conn).map_err(|e| error(path, &e))?;
    prepare_writer(&mut conn, synchronous_full, path)?;
    Ok(conn)
}

/// Opens an existing store for reading only; never creates or migrates.
pub(super) fn reader(path: &Path) -> Result<Connection, StoreError> {
    if !exists(path)? {
        return Err(StoreError::Missing(path.to_owned()));
    }
    if path.is_dir() {
        return Err(StoreError::Unusable {
            path: path.to_owned(),
            reason: "it is a directory; name a file in it".to_owned(),
        });
    }
    let (conn, found) = attach(path, false)
        .or_else(|e| match e.sqlite_error_code() {
            Some(ErrorCode::CannotOpen) if !has_log(path) => attach(path, true),
            _ => Err(e),
        })
        .map_err(|e| error(path, &e))?;
    match refuse_unknown(path, found)? {
        0 => Err(StoreError::Missing(path.to_owned())), // an empty file, or one that was just begun
        v if v < MIGRATIONS.len() as i64 => Err(StoreError::Unusable {
            path: path.to_owned(),
            reason: "it is of an older newswire; start `newswire run` once to bring it up to date"
                .to_owned(),
        }),
        _ => Ok(conn),
    }
}

/// Whether there is a file of this name. A directory that may not be looked into is no sign that there is none.
///
/// # Errors
/// [`StoreError::Unusable`] if that cannot be told.
pub fn exists(path: &Path) -> Result<bool, StoreError> {
    path.try_exists().map_err(|e| StoreError::Unusable {
        path: path.to_owned(),
        reason: if e.kind() == io::ErrorKind::PermissionDenied {
            "you have no permission to access its directory; if it is the store of a service, run the command with sudo; \
             for a store of your own give --db"
                .to_owned()
        } else {
            io_reason(&e)
        },
    })
}

/// A connection that only reads, and the schema version that it finds. Readers of a log share a file beside it; where
/// none can be made (a read-only disk) and there is no log, the store is `still`: nobody writes it.
fn attach(path: &Path, still: bool) -> rusqlite::Result<(Connection, i64)> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut conn = if still {
        // A relative path has to begin with a dot: `file:a/b` would be one too, but `file://a/b` would not.
        let dot = if path.is_absolute() { "" } else { "./" };
        // A name need not be UTF-8: every byte but the plainest is escaped.
        let escaped: String = path
            .as_os_str()
            .as_bytes()
            .iter()
            .map(|&byte| match byte {
                b'/' | b'.' | b'-' | b'_' => char::from(byte).to_string(),
                _ if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
                _ => format!("%{byte:02x}"),
            })
            .collect();
        let uri = format!("file:{dot}{escaped}?immutable=1");
        Connection::open_with_flags(uri, flags | OpenFlags::SQLITE_OPEN_URI)?
    } else {
        Connection::open_with_flags(path, flags)?
    };
    set_up(&mut conn)?;
    conn.pragma_update(None, "query_only", true)?;
    let found = version(&conn)?;
    Ok((conn, found))
}

/// Opens a backup for reading, whole as far as SQLite can tell, with its schema version: this version's or an older one.
pub(super) fn backup_of(path: &Path) -> Result<(Connection, i64), StoreError> {
    let unusable = |reason: String| StoreError::Unusable {
        path: path.to_owned(),
        reason,
    };
    match std::fs::metadata(path) {
        Ok(meta) if meta.is_file() => {}
        Ok(meta) if meta.is_dir() => return Err(unusable("it is a directory".to_owned())),
        Ok(_) => return Err(unusable("it is a device or a pipe".to_owned())),
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            return Err(unusable("there is no such file".to_owned()));
        }
        Err(e) => return Err(unusable(io_reason(&e))),
    }
    // A copy from read-only media has no log and can have none.
    let (conn, found) = attach(path, !has_log(path)).map_err(|e| error(path, &e))?;
    if refuse_unknown(path, found)? == 0 {
        return Err(unusable("it is empty, and no backup".to_owned()));
    }
    let check: String = conn
        .query_row("PRAGMA integrity_check(1)", [], |r| r.get(0))
        .map_err(|e| error(path, &e))?;
    if check != "ok" {
        return Err(unusable(format!("it is damaged: {check}")));
    }
    Ok((conn, found))
}

/// Writes the log of a store into its file, so that the file alone holds everything.
pub(super) fn checkpoint(path: &Path) -> rusqlite::Result<()> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags)?;
    conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
}

fn has_log(path: &Path) -> bool {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    Path::new(&log).exists()
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
                    "cannot create the directory {}: {}",
                    dir.display(),
                    io_reason(&e)
                ))
            })?;
    }
    match owner::create_new(path) {
        // A link that leads nowhere is a file that is there, and is followed.
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .mode(0o600)
            .open(path),
        created => created,
    }
    .map(drop)
    .map_err(|e| unusable(format!("cannot open it for writing: {}", io_reason(&e))))
}

/// What an error of the file system means for the user, and what to do.
pub fn io_reason(error: &std::io::Error) -> String {
    use std::io::ErrorKind::{PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    match error.kind() {
        StorageFull => "the disk is full; free some space (or inodes, see `df -i`)".to_owned(),
        QuotaExceeded => "the disk quota is used up; free some space".to_owned(),
        ReadOnlyFilesystem => "the file system is read-only; name a store elsewhere".to_owned(),
        PermissionDenied => format!("{error}; check owner and permissions of the directory"),
        _ => error.to_string(),
    }
}

fn set_up(conn: &mut Connection) -> rusqlite::Result<()> {
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    conn.busy_handler(Some(wait_a_moment))?;
    // Once there are statistics, SQLite would plan a statement anew for every value that it is given.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    conn.pragma_update(None, "trusted_schema", false)?;
    // Nothing is mapped: a disk that fails under a mapped page ends the process (REL-02), and every connection would count
    // the file as its own memory.
    conn.pragma_update(None, "mmap_size", 0)?;
    conn.pragma_update(None, "temp_store", "memory")
}

/// SQLite's own waiting (`busy_timeout`) looks ever more rarely, and misses such moments.
pub(super) fn wait_a_moment(looks: i32) -> bool {
    let is_patient = BUSY_LOOK * looks.max(0).cast_unsigned() < BUSY_TIMEOUT;
    if is_patient {
        std::thread::sleep(BUSY_LOOK);
    }
    is_patient
}

fn prepare_writer(conn: &mut Connection, full: bool, path: &Path) -> Result<(), StoreError> {
    let found = version(conn).map_err(|e| error(path, &e))?;
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
        error(path, &e)
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
    backup::backup(conn, &fresh, path)?;
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
        Some(ErrorCode::DatabaseCorrupt) => damaged(path, &e.to_string()),
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
            unusable(
                "it cannot be opened or written; check owner and permissions of file and directory",
            )
        }
        Some(ErrorCode::SystemIoFailure) => unusable("the disk failed"),
        Some(ErrorCode::OutOfMemory) => unusable("there is not enough memory"),
        Some(ErrorCode::OperationInterrupted) => {
            StoreError::Busy("the query took too long; narrow it".to_owned())
        }
        // Without the path: it is told as a feed's failure, and anybody may read that.
        _ => StoreError::Internal(e.to_string()),
    }
}

/// What to do about a file with faults in it.
pub(super) fn damaged(path: &Path, fault: &str) -> StoreError {
    StoreError::Unusable {
        path: path.to_owned(),
        reason: format!(
            "it is damaged; stop the daemon, keep the file, restore a `newswire backup` or start a new one ({})",
            fault.lines().next().unwrap_or_default()
        ),
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
            super::super::status::topic_heads(&conn).unwrap()[0].feed,
            super::super::TopicFeed::default()
        );
        let kept = Connection::open(dir.path().join("store.db.schema-1")).unwrap();
        assert_eq!(version(&kept).unwrap(), 1);
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

    #[test]
    fn rel_01_the_configuration_says_whether_every_commit_is_synced() {
        let dir = tempfile::tempdir().unwrap();
        for (full, wanted) in [(true, 2), (false, 1)] {
            let conn = writer(&dir.path().join("store.db"), full).unwrap();
            let found: i64 = conn
                .pragma_query_value(None, "synchronous", |r| r.get(0))
                .unwrap();
            assert_eq!(found, wanted);
        }
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
    fn a_missing_or_empty_store_is_said_to_be_missing_and_a_directory_to_be_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("none.db");
        assert!(matches!(reader(&path), Err(StoreError::Missing(_))));
        std::fs::write(&path, "").unwrap();
        assert!(matches!(reader(&path), Err(StoreError::Missing(_))));
        let told = reader(dir.path()).unwrap_err().to_string();
        assert!(told.contains("directory"), "{told}");
    }

    #[test]
    fn rel_02_a_store_on_a_read_only_disk_is_read_without_a_file_beside_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("100% \u{fc} #?.db");
        drop(writer(&path, false).unwrap());
        let (still, found) = attach(&path, true).unwrap();
        assert_eq!(found, MIGRATIONS.len() as i64);
        let tables: i64 = still
            .query_row("SELECT count(*) FROM stories", [], |r| r.get(0))
            .unwrap();
        assert_eq!(tables, 0);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
