//! Who owns the files beside the store. The store of a service is in a folder of the service's user, and an operator runs
//! commands on it as root: a file that root makes there belongs to the owner of the folder, or the service could not open
//! it. SQLite does the same with its log. It never changes a file that was there before.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::{Gid, Uid, fchown};

/// Makes a file for reading and writing, which only its owner may use; the owner is that of the folder, if root makes it.
///
/// # Errors
/// Those of the system; `AlreadyExists` if there is anything under this name, a link included.
pub fn create_new(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    let folder = path.parent().filter(|dir| !dir.as_os_str().is_empty());
    let folder = std::fs::metadata(folder.unwrap_or(Path::new(".")))?;
    let heir = heir(
        rustix::process::geteuid().is_root(),
        (folder.uid(), folder.gid()),
    );
    if let Some((user, group)) = heir {
        let (user, group) = (Uid::from_raw(user), Gid::from_raw(group));
        // Where it cannot be given away (a file system without owners), it is as good as without this.
        if let Err(e) = fchown(&file, Some(user), Some(group)) {
            tracing::debug!("{} stays with root: {e}", path.display());
        }
    }
    Ok(file)
}

/// The user and group that a new file is given to; none if it stays with who made it.
fn heir(made_by_root: bool, folder: (u32, u32)) -> Option<(u32, u32)> {
    (made_by_root && folder.0 != 0).then_some(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_root_gives_files_away_and_only_to_a_user() {
        assert_eq!(heir(true, (61_184, 61_184)), Some((61_184, 61_184)));
        assert_eq!(heir(true, (0, 0)), None);
        assert_eq!(heir(false, (61_184, 61_184)), None);
    }

    #[test]
    fn sec_19_what_root_makes_in_a_folder_belongs_to_its_owner() {
        let dir = tempfile::tempdir().unwrap();
        // Only root can set the scene; for others the files stay with who makes them.
        let owner = std::os::unix::fs::chown(dir.path(), Some(61_184), Some(61_184))
            .map_or_else(|_| rustix::process::geteuid().as_raw(), |()| 61_184);
        let path = dir.path().join("store.db");
        create_new(&path).unwrap();
        let made = std::fs::metadata(&path).unwrap();
        assert_eq!((made.uid(), made.mode() & 0o777), (owner, 0o600));
        assert_eq!(
            create_new(&path).unwrap_err().kind(),
            io::ErrorKind::AlreadyExists
        );
    }
}
