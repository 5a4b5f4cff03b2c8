//! The write-ahead log is kept short (REL-10). SQLite writes it back while it grows, but can begin it anew only when nobody
//! reads from it. Where somebody reads for long and much is written, writing waits for reading: a little at a time, so
//! that a reader that never ends slows the writer down and does not stop it.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::store::file::opening;

/// A log of so many bytes is to begin anew. With a read of a minute it stays below 64 MiB.
const LOG_MAX: u64 = 32 << 20;

/// Beyond that, what this process adds before it waits, and for how long then.
const LOG_STEP: u64 = 4 << 20;
const LOG_WAIT: Duration = Duration::from_secs(8);

/// How often it is tried meanwhile.
const LOOK: Duration = Duration::from_millis(5);

/// How the log has grown.
#[derive(Debug, Default)]
pub(in crate::store) struct Log {
    bytes: u64,
    /// Since it was last waited for: whoever adds little need not wait for what others added.
    grown: u64,
    is_held: bool,
}

impl Log {
    /// To be told before writes: what the log has grown by until then is others' doing.
    pub(in crate::store) fn note(&mut self, path: &Path) {
        self.bytes = bytes(path);
    }

    /// To be asked after writes: waits where the log is too long.
    pub(in crate::store) fn bound(&mut self, conn: &mut Connection, path: &Path) {
        let bytes = bytes(path);
        self.grown += bytes.saturating_sub(self.bytes);
        self.bytes = bytes;
        if bytes < LOG_MAX || self.grown < LOG_STEP {
            return;
        }
        self.grown = 0;
        // An error is told by whoever writes next.
        if begin_anew(conn, LOG_WAIT).unwrap_or(true) {
            self.is_held = false;
        } else if !std::mem::replace(&mut self.is_held, true) {
            tracing::warn!(
                bytes,
                "somebody has been reading from the store for more than {} s; writing goes slowly until that ends",
                LOG_WAIT.as_secs()
            );
        }
    }
}

fn bytes(path: &Path) -> u64 {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    std::fs::metadata(log).map_or(0, |m| m.len())
}

/// Writes the log back and makes it empty, waiting so long for those who read from it; whether it could. Others may write
/// meanwhile: the lock is not held.
fn begin_anew(conn: &mut Connection, patience: Duration) -> rusqlite::Result<bool> {
    let until = Instant::now() + patience;
    conn.busy_timeout(Duration::ZERO)?;
    let done = loop {
        let is_held: rusqlite::Result<bool> =
            conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |r| r.get(0));
        if is_held != Ok(true) || Instant::now() >= until {
            break is_held.map(|is_held| !is_held);
        }
        std::thread::sleep(LOOK);
    };
    conn.busy_handler(Some(opening::wait_a_moment))?;
    done
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::file::opening::{reader, writer};

    #[test]
    fn rel_10_the_log_begins_anew_as_soon_as_nobody_reads_from_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("store.db");
        let mut conn = writer(&path, false).unwrap();
        let held = reader(&path).unwrap();
        held.execute_batch("BEGIN; SELECT count(*) FROM feeds")
            .unwrap();
        conn.execute("INSERT INTO meta VALUES ('a', 1)", [])
            .unwrap();
        assert!(!begin_anew(&mut conn, Duration::ZERO).unwrap());
        assert!(bytes(&path) > 0);
        held.execute_batch("COMMIT").unwrap();
        assert!(begin_anew(&mut conn, Duration::ZERO).unwrap());
        assert_eq!(bytes(&path), 0);
    }

    #[test]
    fn rel_10_writing_waits_only_for_a_log_that_is_long_and_that_it_made_longer() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("store.db");
        let mut conn = writer(&path, false).unwrap();
        let held = reader(&path).unwrap();
        held.execute_batch("BEGIN; SELECT count(*) FROM feeds")
            .unwrap();
        conn.execute(
            "INSERT INTO meta VALUES ('a', zeroblob(?1))",
            [LOG_MAX as i64],
        )
        .unwrap();
        held.execute_batch("COMMIT").unwrap();
        assert!(bytes(&path) > LOG_MAX);
        let mut other = Log::default();
        other.note(&path);
        other.bound(&mut conn, &path);
        assert!(bytes(&path) > LOG_MAX, "another process's business");
        Log::default().bound(&mut conn, &path);
        assert_eq!(bytes(&path), 0);
    }
}
