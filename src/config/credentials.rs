//! User names and passwords on their way from the user to a feed's `auth`. They never stay in a URL (SEC-08).

use std::path::Path;

use crate::model::Secret;
pub use crate::model::web_url::part;

/// Longest password file read, in bytes; a longer one is the wrong file.
pub const PASSWORD_BYTES_MAX: u64 = 4096;

/// Reads a password from the first line of a file. Err is the reason, without the content.
pub fn read_password(path: &Path) -> Result<Secret, String> {
    let size = std::fs::metadata(path).map_err(|e| e.to_string())?.len();
    if size > PASSWORD_BYTES_MAX {
        return Err(format!(
            "it is longer than {PASSWORD_BYTES_MAX} bytes and cannot be a password"
        ));
    }
    let text = std::fs::read_to_string(path).map_err(|e| e.to_string())?;
    match text.lines().next() {
        None | Some("") => Err("its first line is empty".to_owned()),
        Some(line) => Ok(Secret::new(line)),
    }
}

/// Whether others than the owner may read this file (SEC-19). False if that cannot be told.
pub fn is_open_to_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|m| m.permissions().mode() & 0o077 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_the_first_line_of_its_file() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("secret");
        std::fs::write(&file, "s3cret\nmore\n").unwrap();
        assert_eq!(read_password(&file).unwrap().reveal(), "s3cret");
        std::fs::write(&file, "\n").unwrap();
        assert!(read_password(&file).is_err());
        std::fs::write(&file, "x".repeat(5000)).unwrap();
        assert!(read_password(&file).is_err());
    }
}
