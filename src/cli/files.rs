//! Writes files atomically, and never through a symbolic link (SEC-19).

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::exit::{Exit, Failure};

/// The number of names tried for the temporary file.
const NAMES: u32 = 16;

/// Replaces the contents of `path` atomically. Returns false if the file already has these contents; then nothing is written.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<bool, Failure> {
    let failed = |e: io::Error| failure(path, &e.to_string());
    match fs::symlink_metadata(path) {
        Ok(meta) if !meta.is_file() => {
            return Err(failure(path, "it exists and is not a regular file"));
        }
        Ok(meta)
            if meta.len() == bytes.len() as u64 && fs::read(path).is_ok_and(|old| old == bytes) =>
        {
            return Ok(false);
        }
        Ok(_) => {}
        Err(e) if e.kind() == io::ErrorKind::NotFound => {}
        Err(e) => return Err(failed(e)),
    }
    let (mut file, part) = part_beside(path).map_err(failed)?;
    let written = file
        .write_all(bytes)
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&part, path));
    if let Err(e) = written {
        let _ = fs::remove_file(&part);
        return Err(failed(e));
    }
    // The rename is durable only after its directory is synced. Not every file system supports that.
    if let Ok(folder) = File::open(folder_of(path)) {
        let _ = folder.sync_all();
    }
    Ok(true)
}

/// A new file in the same directory, so that the rename is atomic.
fn part_beside(path: &Path) -> io::Result<(File, std::path::PathBuf)> {
    let name = path
        .file_name()
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "it is not the name of a file"))?
        .to_string_lossy();
    let mut last = io::Error::from(io::ErrorKind::AlreadyExists);
    for n in 0..NAMES {
        let part = folder_of(path).join(format!(".{name}.{}-{n}.part", std::process::id()));
        // create_new follows no symbolic link.
        match OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o644)
            .open(&part)
        {
            Ok(file) => return Ok((file, part)),
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => last = e,
            Err(e) => return Err(e),
        }
    }
    Err(last)
}

fn folder_of(path: &Path) -> &Path {
    path.parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

/// Creates a directory if it does not exist. A symbolic link is an error.
pub fn folder(path: &Path) -> Result<(), Failure> {
    match fs::symlink_metadata(path) {
        Ok(meta) if meta.is_dir() => Ok(()),
        Ok(_) => Err(failure(path, "it exists and is not a directory")),
        Err(_) => fs::create_dir_all(path).map_err(|e| failure(path, &e.to_string())),
    }
}

fn failure(path: &Path, why: &str) -> Failure {
    Failure::new(
        Exit::Failed,
        format!("cannot write {}: {why}", path.display()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_only_if_it_differs_and_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("all.atom");
        assert!(replace(&file, b"one").unwrap());
        assert!(!replace(&file, b"one").unwrap());
        assert!(replace(&file, b"two").unwrap());
        assert_eq!(fs::read(&file).unwrap(), b"two");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn sec_19_a_symbolic_link_is_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let (secret, link) = (dir.path().join("secret"), dir.path().join("all.atom"));
        fs::write(&secret, "kept").unwrap();
        std::os::unix::fs::symlink(&secret, &link).unwrap();
        assert!(replace(&link, b"new").is_err());
        assert_eq!(fs::read(&secret).unwrap(), b"kept");
        let folder_link = dir.path().join("feeds");
        std::os::unix::fs::symlink(dir.path(), &folder_link).unwrap();
        assert!(folder(&folder_link).is_err());
    }
}
