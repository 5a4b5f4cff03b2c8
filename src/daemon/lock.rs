//! One daemon per store: a lock of the operating system on a file beside the store, which ends with the process (REL-08). Never
//! waits.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::model::{DaemonInfo, Time};
use crate::store::{create_new, io_reason, place_of};
use rustix::fs::{FlockOperation, OFlags, flock};

/// Maximum length of the text in a lock file that is read, in bytes.
const TEXT_BYTES_MAX: u64 = 4096;

/// The lock, released when dropped.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

impl DaemonInfo {
    /// Describes this process, started at `since`.
    pub fn of_this_process(since: Time, addresses: Vec<String>) -> Self {
        Self {
            pid: std::process::id(),
            since: Some(since),
            version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            addresses,
        }
    }

    /// The daemon that holds the lock of a store; `None` if none runs, or if the lock file cannot be read.
    pub fn of(store: &Path) -> Option<Self> {
        let mut file = File::open(path_of(store)).ok()?;
        // If no daemon has the lock, ours is released with the file at the end.
        if flock(&file, FlockOperation::NonBlockingLockShared).is_ok() {
            return None;
        }
        let mut text = String::new();
        let mut start = (&mut file).take(TEXT_BYTES_MAX);
        start.read_to_string(&mut text).ok()?;
        let (pid, rest) = text.split_once('\n').unwrap_or((&text, ""));
        let described = serde_json::from_str(rest.trim()).ok();
        described.or_else(|| {
            Some(Self {
                pid: pid.trim().parse().ok()?,
                since: None,
                version: None,
                addresses: Vec::new(),
            })
        })
    }
}

/// The lock file of a store. Links to the store have the same lock file.
fn path_of(store: &Path) -> PathBuf {
    let mut path = place_of(store).into_os_string();
    path.push(".lock");
    PathBuf::from(path)
}

/// Why there is no lock.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another daemon runs.
    #[error(
        "a daemon already runs on {} (process {holder}); stop it first, or use another store (--db)",
        .store.display()
    )]
    Held {
        /// The store.
        store: PathBuf,
        /// The process id in the lock file.
        holder: String,
    },
    /// The lock file cannot be used.
    #[error("cannot lock {}: {}", .path.display(), io_reason(.source))]
    Unusable {
        /// The lock file.
        path: PathBuf,
        /// The reason.
        source: std::io::Error,
    },
}

impl Lock {
    /// Takes the lock of a store, and makes its directory if it is missing.
    ///
    /// # Errors
    /// [`LockError`].
    pub fn take(store: &Path) -> Result<Self, LockError> {
        let path = path_of(store);
        let unusable = |source: std::io::Error| LockError::Unusable {
            path: path.clone(),
            source,
        };
        if let Some(dir) = path.parent().filter(|d| !d.as_os_str().is_empty()) {
            let made = DirBuilder::new().recursive(true).mode(0o700).create(dir);
            made.map_err(unusable)?;
        }
        let made = match create_new(&path) {
            Err(e) if e.kind() == ErrorKind::AlreadyExists => OpenOptions::new()
                .read(true)
                .write(true)
                // We write to this file: behind a link it would be another file.
                .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
                .open(&path),
            created => created,
        };
        let mut file = made.map_err(unusable)?;
        if !file
            .metadata()
            .is_ok_and(|found| found.is_file() && found.nlink() == 1)
        {
            let what =
                "it is not a regular file of its own, but a link, a pipe or a device; remove it";
            return Err(unusable(std::io::Error::other(what)));
        }
        if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
            let mut holder = String::new();
            // The holder may be writing the file, so the id may be unknown.
            let _ = (&mut file).take(TEXT_BYTES_MAX).read_to_string(&mut holder);
            let holder = holder.lines().next().unwrap_or_default().trim();
            return Err(LockError::Held {
                store: store.to_owned(),
                holder: if holder.is_empty() { "unknown" } else { holder }.to_owned(),
            });
        }
        let mut lock = Self { file };
        lock.write(&format!("{}\n", std::process::id()));
        Ok(lock)
    }

    /// Describes the daemon for `newswire status`.
    pub fn describe(&mut self, daemon: &DaemonInfo) {
        let rest = serde_json::to_string(daemon).unwrap_or_default();
        self.write(&format!("{}\n{rest}\n", daemon.pid));
    }

    /// Writes the text. An error is ignored: only the lock itself is essential.
    fn write(&mut self, text: &str) {
        let file = &mut self.file;
        let _ = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| file.write_all(text.as_bytes()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rel_08_a_second_daemon_is_refused_with_the_id_of_the_first() {
        let dir = tempfile::tempdir().unwrap();
        let store = dir.path().join("newswire.db");
        let first = Lock::take(&store).unwrap();
        let refused = Lock::take(&store).unwrap_err().to_string();
        assert!(
            refused.contains(&std::process::id().to_string()),
            "{refused}"
        );
        std::fs::write(&store, "").unwrap();
        let link = dir.path().join("link.db");
        std::os::unix::fs::symlink(&store, &link).unwrap();
        assert!(Lock::take(&link).is_err(), "through a link");
        drop(first);
        assert!(Lock::take(&store).is_ok());
    }

    #[test]
    fn rel_08_a_link_has_the_lock_of_its_target_even_before_that_exists() {
        let dir = tempfile::tempdir().unwrap();
        let (store, link) = (dir.path().join("newswire.db"), dir.path().join("link.db"));
        std::os::unix::fs::symlink("newswire.db", &link).unwrap();
        let _first = Lock::take(&link).unwrap();
        // As the first daemon does.
        std::fs::write(&store, "").unwrap();
        assert!(Lock::take(&link).is_err());
        assert!(Lock::take(&store).is_err());
    }

    #[test]
    fn a_running_daemon_describes_itself() {
        let dir = tempfile::tempdir().unwrap();
        let store = dir.path().join("newswire.db");
        assert_eq!(DaemonInfo::of(&store), None);
        let mut lock = Lock::take(&store).unwrap();
        assert_eq!(DaemonInfo::of(&store).unwrap().pid, std::process::id());
        let since = Time::parse_rfc3339("2030-01-10T12:00:00Z").unwrap();
        let this = DaemonInfo::of_this_process(since, vec!["127.0.0.1:8390".into()]);
        lock.describe(&this);
        assert_eq!(DaemonInfo::of(&store), Some(this));
        let refused = Lock::take(&store).unwrap_err().to_string();
        assert!(
            !refused.contains('{') && !refused.contains('\n'),
            "{refused}"
        );
        drop(lock);
        assert_eq!(
            DaemonInfo::of(&store),
            None,
            "the text remains, the lock does not"
        );
    }

    #[test]
    fn sec_19_the_lock_follows_no_link_and_changes_no_other_file() {
        let dir = tempfile::tempdir().unwrap();
        let store = dir.path().join("newswire.db");
        let (lock, notes) = (
            dir.path().join("newswire.db.lock"),
            dir.path().join("notes"),
        );
        std::fs::write(&notes, "keep this").unwrap();
        std::os::unix::fs::symlink(&notes, &lock).unwrap();
        let refused = Lock::take(&store).unwrap_err().to_string();
        assert!(refused.contains("newswire.db.lock"), "{refused}");
        std::fs::remove_file(&lock).unwrap();
        std::fs::hard_link(&notes, &lock).unwrap();
        assert!(Lock::take(&store).is_err());
        assert_eq!(std::fs::read_to_string(&notes).unwrap(), "keep this");
        std::fs::remove_file(&lock).unwrap();
        assert!(Lock::take(&store).is_ok());
    }
}
