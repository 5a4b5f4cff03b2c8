//! Restoring: a backup takes the place of the store while no process uses it. The store that was there is kept beside it.
//! Never overwrites anything, and never leaves a half-copied store under the store's name.

use std::ffi::OsString;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};

use crate::model::Time;
use crate::store::error::StoreError;
use crate::store::file::place::place_of;
use crate::store::file::{copying, opening};

/// What SQLite keeps beside a database.
const COMPANIONS: [&str; 2] = ["-wal", "-shm"];

/// What was done.
#[derive(Debug, PartialEq, Eq)]
pub struct Restored {
    /// Where the store that was there is now; `None` if there was none.
    pub kept: Option<PathBuf>,
    /// The schema version of the backup.
    pub schema: i64,
}

/// Puts the backup `from` in the place of the store at `store`. The caller holds the daemon's lock.
///
/// # Errors
/// [`StoreError::Unusable`] if `from` is no whole store of this version or an older one, or if a file cannot be written.
pub fn restore(from: &Path, store: &Path, now: Time) -> Result<Restored, StoreError> {
    let unusable = |path: &Path, reason: String| StoreError::Unusable {
        path: path.to_owned(),
        reason,
    };
    let (conn, schema) = opening::backup_of(from)?;
    // Through a link, so that the new store is on the disk of the former and has its lock.
    let store = &place_of(store);
    let fresh = with_suffix(store, ".restored");
    let source = place_of(from);
    if source == *store {
        let reason = "this is the store itself; name a backup".to_owned();
        return Err(unusable(from, reason));
    }
    if source == fresh || source == copying::part_of(&fresh) {
        let reason = "restoring uses this name for its own file; rename it first".to_owned();
        return Err(unusable(from, reason));
    }
    // Left behind by a restore that was killed.
    let _ = std::fs::remove_file(&fresh);
    copying::backup(&conn, &fresh, from)?;
    drop(conn);
    opening::renew_epoch(&fresh)?;
    // The copy is what will be used: it is checked before the store makes room for it.
    let checked = opening::backup_of(&fresh)
        .and_then(|_| own_like_store(&fresh, store).map_err(|e| unusable(&fresh, e.to_string())));
    if let Err(e) = checked {
        let _ = std::fs::remove_file(&fresh);
        return Err(e);
    }
    let kept =
        move_away(store, now).map_err(|e| unusable(store, format!("cannot be moved: {e}")))?;
    std::fs::rename(&fresh, store).map_err(|e| {
        let where_is = kept.as_deref().unwrap_or(store).display();
        unusable(
            store,
            format!("cannot be replaced: {e}; the former store is {where_is}"),
        )
    })?;
    sync_directory(store);
    Ok(Restored { kept, schema })
}

/// Gives the store with its companions a name of its own. The store may keep its former name too, which is to be replaced.
fn move_away(store: &Path, now: Time) -> std::io::Result<Option<PathBuf>> {
    if !store.exists() {
        return Ok(None);
    }
    // Its log goes into the file where that is possible; else the log moves with it.
    let _ = opening::checkpoint(store);
    let stamp: String = now
        .to_string()
        .chars()
        .filter(|c| c.is_ascii_alphanumeric())
        .collect();
    let mut kept = with_suffix(store, &format!(".before-{stamp}"));
    let mut n = 1;
    while kept.symlink_metadata().is_ok() {
        n += 1;
        kept = with_suffix(store, &format!(".before-{stamp}-{n}"));
    }
    // The log first: under the old name it would be taken for the new store's.
    for companion in COMPANIONS {
        let from = with_suffix(store, companion);
        if from.exists() {
            std::fs::rename(from, with_suffix(&kept, companion))?;
        }
    }
    // A second name for the same file: the store's name leads to a store at every moment, also if this process is killed.
    // Where the file system has no hard links, there is a moment without.
    std::fs::hard_link(store, &kept).or_else(|_| std::fs::rename(store, &kept))?;
    Ok(Some(kept))
}

/// Gives a new file the owner of the store, or of its directory: root restores what a service of another user will open.
fn own_like_store(fresh: &Path, store: &Path) -> std::io::Result<()> {
    let directory = store.parent().filter(|dir| !dir.as_os_str().is_empty());
    let model = std::fs::metadata(store)
        .or_else(|_| std::fs::metadata(directory.unwrap_or(Path::new("."))))?;
    let own = std::fs::metadata(fresh)?;
    if (own.uid(), own.gid()) == (model.uid(), model.gid()) {
        return Ok(());
    }
    match chown(fresh, Some(model.uid()), Some(model.gid())) {
        // Without a store the directory's owner is only the best guess.
        Err(_) if !store.exists() => Ok(()),
        done => done,
    }
}

/// Makes the renames last through a power cut, where the file system allows it.
fn sync_directory(store: &Path) {
    let directory = store.parent().filter(|dir| !dir.as_os_str().is_empty());
    let _ = std::fs::File::open(directory.unwrap_or(Path::new("."))).and_then(|dir| dir.sync_all());
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name: OsString = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store_with(path: &Path, text: &str) {
        let conn = opening::writer(path, false).unwrap();
        conn.execute("INSERT INTO meta (key, value) VALUES ('test', ?1)", [text])
            .unwrap();
    }

    fn text_of(path: &Path) -> String {
        let conn = rusqlite::Connection::open(path).unwrap();
        conn.query_row("SELECT value FROM meta WHERE key = 'test'", [], |r| {
            r.get(0)
        })
        .unwrap()
    }

    #[test]
    fn a_backup_takes_the_place_of_the_store_which_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let (store, saved) = (dir.path().join("n.db"), dir.path().join("saved.db"));
        store_with(&store, "now");
        store_with(&saved, "then");
        let mut kept = Vec::new();
        for _ in 0..2 {
            let restored = restore(&saved, &store, Time::from_millis(0)).unwrap();
            assert_eq!(text_of(&store), "then");
            kept.push(restored.kept.unwrap());
        }
        assert_ne!(kept[0], kept[1]);
        assert_eq!(text_of(&kept[0]), "now");
        assert_eq!(text_of(&saved), "then");
        std::fs::remove_file(&store).unwrap();
        let restored = restore(&saved, &store, Time::from_millis(0)).unwrap();
        assert_eq!((restored.kept, text_of(&store)), (None, "then".to_owned()));
    }

    #[test]
    fn what_was_only_in_the_log_of_the_former_store_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let (store, saved) = (dir.path().join("n.db"), dir.path().join("saved.db"));
        store_with(&saved, "then");
        let writer = opening::writer(&store, false).unwrap();
        // A reader that goes on keeps the log from being emptied.
        let reader = rusqlite::Connection::open(&store).unwrap();
        reader.execute_batch("BEGIN; SELECT * FROM meta;").unwrap();
        writer
            .execute("INSERT INTO meta (key, value) VALUES ('test', 'log')", [])
            .unwrap();
        let restored = restore(&saved, &store, Time::from_millis(0)).unwrap();
        drop((writer, reader));
        assert_eq!(text_of(&store), "then");
        assert_eq!(text_of(&restored.kept.unwrap()), "log");
    }

    #[test]
    fn a_store_behind_a_link_is_replaced_where_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let (link, saved) = (dir.path().join("n.db"), dir.path().join("saved.db"));
        let disk = dir.path().join("disk");
        std::fs::create_dir(&disk).unwrap();
        store_with(&saved, "then");
        std::os::unix::fs::symlink("disk/real.db", &link).unwrap();
        for is_there in [false, true] {
            let restored = restore(&saved, &link, Time::from_millis(0)).unwrap();
            assert!(link.is_symlink());
            assert_eq!(text_of(&disk.join("real.db")), "then");
            assert_eq!(restored.kept.is_some(), is_there);
            assert!(restored.kept.is_none_or(|kept| kept.starts_with(&disk)));
        }
    }

    #[test]
    fn a_backup_with_a_name_that_restoring_uses_is_not_lost() {
        let dir = tempfile::tempdir().unwrap();
        let store = dir.path().join("n.db");
        for name in ["n.db.restored", "n.db.restored.part"] {
            let saved = dir.path().join(name);
            store_with(&saved, "then");
            let why = restore(&saved, &store, Time::from_millis(0)).unwrap_err();
            assert!(why.to_string().contains("rename it"), "{why}");
            assert_eq!(text_of(&saved), "then");
            assert!(!store.exists());
        }
    }

    #[test]
    fn rel_02_the_store_is_never_without_a_file_while_it_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let (store, saved) = (dir.path().join("n.db"), dir.path().join("saved.db"));
        store_with(&store, "now");
        store_with(&saved, "then");
        let is_over = std::sync::atomic::AtomicBool::new(false);
        let (store, is_over) = (&store, &is_over);
        std::thread::scope(|scope| {
            let look = scope.spawn(move || {
                let order = std::sync::atomic::Ordering::Relaxed;
                while !is_over.load(order) {
                    assert!(store.exists(), "a daemon killed now would start empty");
                }
            });
            let done: Vec<_> = (0..12)
                .map(|_| restore(&saved, store, Time::from_millis(0)))
                .collect();
            is_over.store(true, std::sync::atomic::Ordering::Relaxed);
            look.join().unwrap();
            assert!(done.iter().all(Result::is_ok));
        });
    }

    #[test]
    fn what_is_no_whole_store_replaces_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let store = dir.path().join("n.db");
        store_with(&store, "now");
        let bad = dir.path().join("bad.db");
        let mut half = std::fs::read(&store).unwrap();
        half.truncate(half.len() / 2);
        for content in [&b"not a database at all, but a text"[..], b"", &half] {
            std::fs::write(&bad, content).unwrap();
            assert!(restore(&bad, &store, Time::from_millis(0)).is_err());
            assert_eq!(text_of(&store), "now");
        }
        assert!(restore(&store, &store, Time::from_millis(0)).is_err());
        assert!(restore(&dir.path().join("none.db"), &store, Time::from_millis(0)).is_err());
        let why = restore(dir.path(), &store, Time::from_millis(0)).unwrap_err();
        assert!(why.to_string().contains("is a directory"), "{why}");
        let names: Vec<_> = std::fs::read_dir(dir.path()).unwrap().collect();
        assert_eq!(names.len(), 2, "nothing is left over: {names:?}");
    }
}
