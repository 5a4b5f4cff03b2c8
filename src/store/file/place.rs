//! Where the file of a store is, whatever name the store is given. Changes no file.

use std::path::{Path, PathBuf};

/// Most links that are followed, as the kernel does (path_resolution(7)).
const LINKS_MAX: usize = 40;

/// The file of the store: what a symbolic link leads to, which need not exist yet. What is kept beside a store (its lock,
/// its log, its former state) is beside this file, so that two names of one store have the same.
pub fn place_of(store: &Path) -> PathBuf {
    if let Ok(place) = std::fs::canonicalize(store) {
        return place;
    }
    let mut place = store.to_owned();
    for _ in 0..LINKS_MAX {
        let Ok(target) = std::fs::read_link(&place) else {
            break;
        };
        place = place.parent().unwrap_or(Path::new("")).join(target);
    }
    let directory = place.parent().filter(|dir| !dir.as_os_str().is_empty());
    let directory = std::fs::canonicalize(directory.unwrap_or(Path::new(".")));
    match (directory, place.file_name()) {
        (Ok(directory), Some(name)) => directory.join(name),
        _ => place,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_store_has_one_place_before_and_after_it_exists() {
        let dir = tempfile::tempdir().unwrap();
        let root = std::fs::canonicalize(dir.path()).unwrap();
        let real = root.join("disk/real.db");
        std::fs::create_dir(root.join("disk")).unwrap();
        symlink("disk/real.db", root.join("a.db")).unwrap();
        symlink(root.join("a.db"), root.join("b.db")).unwrap();
        symlink("disk", root.join("folder")).unwrap();
        symlink("loop.db", root.join("loop.db")).unwrap();
        for _ in ["before", "after"] {
            for name in ["a.db", "b.db", "folder/real.db", "disk/../a.db"] {
                assert_eq!(place_of(&root.join(name)), real, "{name}");
            }
            std::fs::write(&real, "").unwrap();
        }
        assert_eq!(place_of(&root.join("loop.db")), root.join("loop.db"));
        let nowhere = root.join("no/such.db");
        assert_eq!(place_of(&nowhere), nowhere);
    }
}
