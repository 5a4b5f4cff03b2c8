//! One daemon a store: an OS lock on a file beside it, which dies with the process (REL-08). Never waits.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, OFlags, flock};

use crate::store::create_new;

/// The lock; given up when dropped.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Why there is no lock.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another daemon runs.
    #[error(
        "a daemon runs already on {} (process {holder}); stop that one first, or give this one another --db",
        .store.display()
    )]
    Held {
        /// The store.
        store: PathBuf,
        /// The process that holds it, as it said itself.
        holder: String,
    },
    /// The lock file cannot be used.
    #[error("cannot lock {}: {source}; check owner and permissions of the directory", .path.display())]
    Unusable {
        /// The lock file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl Lock {
    /// Takes the lock of a store; makes its directory if there is none yet.
    pub fn take(store: &Path) -> Result<Self, LockError> {
        // Under whatever name it is given: a link leads to the same store.
        let place = std::fs::canonicalize(store).unwrap_or_else(|_| store.to_owned());
        let mut path = place.into_os_string();
        path.push(".lock");
        let path = PathBuf::from(path);
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
                // The number is written into it: a link would have it written into somebody else's file.
                .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
                .open(&path),
            created => created,
        };
        let mut file = made.map_err(unusable)?;
        if !file
            .metadata()
            .is_ok_and(|found| found.is_file() && found.nlink() == 1)
        {
            let what = "it is no file of its own, but a link, a pipe or a device; remove it";
            return Err(unusable(std::io::Error::other(what)));
        }
        if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
            let mut holder = String::new();
            // Whoever holds it may just be writing: an unknown number is no reason to fail.
            let _ = file.read_to_string(&mut holder);
            let holder = holder.trim();
            return Err(LockError::Held {
                store: store.to_owned(),
                holder: if holder.is_empty() { "unknown" } else { holder }.to_owned(),
            });
        }
        // The lock is what counts: on a full disk the number is not written.
        let note = format!("{}\n", std::process::id());
        let _ = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| file.write_all(note.as_bytes()));
        Ok(Self { _file: file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rel_08_a_second_daemon_is_refused_and_told_who_runs() {
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
        assert!(Lock::take(&link).is_err(), "by another name");
        drop(first);
        assert!(Lock::take(&store).is_ok());
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
