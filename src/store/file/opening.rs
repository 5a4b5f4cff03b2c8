//! Opening the file of a store: its permissions and the settings of a connection. Never writes to a file that is not
//! newswire's, or to one of a newer version.

use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::store::changes::cursor;
use crate::store::error::{BUSY_TIMEOUT, StoreError, io_reason};
use crate::store::file::migrating::{SCHEMA, prepare_writer, refuse_unknown, version};
use crate::store::file::owner;

/// How often a write that waits for another process looks: processes that write much let go for moments only.
const BUSY_LOOK: Duration = Duration::from_millis(2);

/// Cached prepared statements a connection.
const STATEMENTS: usize = 128;

/// Opens the store for writing: creates it (0600 in a directory of 0700; SEC-19), migrates it.
pub(in crate::store) fn writer(
    path: &Path,
    synchronous_full: bool,
) -> Result<Connection, StoreError> {
    create_private(path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut conn =
        Connection::open_with_flags(path, flags).map_err(|e| StoreError::from_sqlite(path, &e))?;
    set_up(&mut conn).map_err(|e| StoreError::from_sqlite(path, &e))?;
    prepare_writer(&mut conn, synchronous_full, path)?;
    Ok(conn)
}

/// Opens an existing store for reading only; never creates or migrates.
pub(in crate::store) fn reader(path: &Path) -> Result<Connection, StoreError> {
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
        .map_err(|e| StoreError::from_sqlite(path, &e))?;
    match refuse_unknown(path, found)? {
        0 => Err(StoreError::Missing(path.to_owned())), // an empty file, or one that was just begun
        v if v < SCHEMA => Err(StoreError::Unusable {
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
pub(in crate::store) fn backup_of(path: &Path) -> Result<(Connection, i64), StoreError> {
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
    let (conn, found) =
        attach(path, !has_log(path)).map_err(|e| StoreError::from_sqlite(path, &e))?;
    if refuse_unknown(path, found)? == 0 {
        return Err(unusable("it is empty, and no backup".to_owned()));
    }
    let check: String = conn
        .query_row("PRAGMA integrity_check(1)", [], |r| r.get(0))
        .map_err(|e| StoreError::from_sqlite(path, &e))?;
    if check != "ok" {
        return Err(unusable(format!("it is damaged: {check}")));
    }
    Ok((conn, found))
}

/// Writes the log of a store into its file, so that the file alone holds everything.
pub(in crate::store) fn checkpoint(path: &Path) -> rusqlite::Result<()> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags)?;
    conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
}

/// Gives the file of a restored store another epoch, so that followers notice. The log is gone afterwards.
pub(in crate::store) fn renew_epoch(path: &Path) -> Result<(), StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(path, flags)
        .and_then(|conn| cursor::renew_epoch(&conn))
        .map_err(|e| StoreError::from_sqlite(path, &e))
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
pub(in crate::store) fn wait_a_moment(looks: i32) -> bool {
    let is_patient = BUSY_LOOK * looks.max(0).cast_unsigned() < BUSY_TIMEOUT;
    if is_patient {
        std::thread::sleep(BUSY_LOOK);
    }
    is_patient
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(found, SCHEMA);
        let tables: i64 = still
            .query_row("SELECT count(*) FROM stories", [], |r| r.get(0))
            .unwrap();
        assert_eq!(tables, 0);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
