//! An online backup: a whole copy of the store in a new file while the daemon runs (REL-11).

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::backup::Backup;

use crate::store::error::StoreError;

/// The name of the copy `to` while it is written.
pub(in crate::store) fn part_of(to: &Path) -> PathBuf {
    let mut part = to.as_os_str().to_owned();
    part.push(".part");
    PathBuf::from(part)
}

/// Copies the store to `to`, which must not exist; only a complete copy bears that name.
pub(in crate::store) fn backup(
    conn: &Connection,
    to: &Path,
    store: &Path,
) -> Result<(), StoreError> {
    let failed = |reason: String| StoreError::Unusable {
        path: to.to_owned(),
        reason,
    };
    if to.symlink_metadata().is_ok() {
        return Err(failed(
            "it exists already; a backup never overwrites".to_owned(),
        ));
    }
    let part = &part_of(to);
    // Left behind by a backup that was killed.
    let _ = std::fs::remove_file(part);
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(part)
        .map_err(|e| failed(format!("cannot write there: {e}")))?;
    let copied = (|| {
        let mut target = Connection::open(part)?;
        // In one step: a snapshot, whatever is written meanwhile. It holds up nobody, for the log is read beside it.
        Backup::new(conn, &mut target)?.run_to_completion(i32::MAX, Duration::ZERO, None)?;
        target.pragma_update(None, "journal_mode", "delete")
    })();
    let done = copied
        .map_err(|e: rusqlite::Error| {
            StoreError::from_sqlite(
                if e.sqlite_error_code().is_some() {
                    part
                } else {
                    store
                },
                &e,
            )
        })
        .and_then(|()| {
            std::fs::File::open(part)
                .and_then(|f| f.sync_all())
                .and_then(|()| std::fs::rename(part, to))
                .map_err(|e| failed(format!("cannot finish it: {e}")))
        });
    if done.is_err() {
        let _ = std::fs::remove_file(part);
    }
    done
}
