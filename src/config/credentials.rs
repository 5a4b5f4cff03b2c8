//! Passwords and tokens of the configuration. They never stay in a URL (SEC-08).
//!
//! A secret is in a file of the operator, or it is a credential that systemd passes to the service (systemd.exec(5),
//! `LoadCredential=`). Only the service itself and root can read a credential.

use std::io::Read;
use std::path::{Path, PathBuf};

use super::environment::Environment;
use crate::model::Secret;
pub use crate::model::web_url::part;

/// Maximum size of a password file, in bytes; a larger one is the wrong file.
pub const PASSWORD_BYTES_MAX: u64 = 4096;

/// The variable in which systemd names the directory of a service's credentials.
const DIRECTORY: &str = "CREDENTIALS_DIRECTORY";

/// The directory of our unit's credentials while it runs, so that commands of root find them too.
const SERVICE_DIRECTORY: &str = "/run/credentials/newswire.service";

/// The credentials that this process can read.
#[derive(Debug, Clone, Default)]
pub struct Credentials {
    directory: Option<PathBuf>,
}

/// Why a credential cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub enum CredentialError {
    /// It is not available to this process, which is not a mistake in the configuration.
    Unavailable(String),
    /// The name or the content is wrong.
    Wrong(String),
}

impl Credentials {
    /// The credentials of the service of this process, else those of the running `newswire.service`.
    pub fn of(env: &Environment) -> Self {
        let of_service = || Some(PathBuf::from(SERVICE_DIRECTORY)).filter(|path| path.is_dir());
        Self {
            directory: env.path(DIRECTORY).or_else(of_service),
        }
    }

    /// The credential in a path of the form `$CREDENTIALS_DIRECTORY/NAME`.
    pub fn named_by(path: &Path) -> Option<&str> {
        let rest = path.to_str()?.strip_prefix('$')?;
        let rest = rest
            .strip_prefix("{CREDENTIALS_DIRECTORY}")
            .or_else(|| rest.strip_prefix(DIRECTORY))?;
        rest.strip_prefix('/')
    }

    /// Reads a credential with `read`.
    ///
    /// # Errors
    /// [`CredentialError`], whose text never contains the secret.
    pub fn read<T>(
        &self,
        name: &str,
        read: impl FnOnce(&Path) -> Result<T, String>,
    ) -> Result<T, CredentialError> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        if name.starts_with('.') || name.is_empty() || !name.chars().all(is_plain) {
            return Err(CredentialError::Wrong(
                "a credential's name has letters, digits, dots, hyphens and underscores".to_owned(),
            ));
        }
        let Some(directory) = &self.directory else {
            return Err(CredentialError::Unavailable(format!(
                "credential {name}: ${DIRECTORY} is not set; systemd sets it for a unit with LoadCredential={name}:FILE"
            )));
        };
        let path = directory.join(name);
        match std::fs::metadata(&path) {
            Ok(_) => read(&path).map_err(CredentialError::Wrong),
            Err(e) => Err(CredentialError::Unavailable(format!(
                "credential {name}: {}: {e}; the unit needs LoadCredential={name}:FILE",
                path.display()
            ))),
        }
    }
}

/// Reads a password from the first line of a file.
///
/// # Errors
/// The reason, without the content.
pub fn read_password(path: &Path) -> Result<Secret, String> {
    read_first_line(path).map(Secret::new)
}

/// Reads the first line of a small file.
///
/// # Errors
/// The reason, without the content: it cannot be read, is longer than [`PASSWORD_BYTES_MAX`], or its first line is empty.
pub fn read_first_line(path: &Path) -> Result<String, String> {
    let text = read_text(path, PASSWORD_BYTES_MAX)?;
    match text.lines().next() {
        None | Some("") => Err("its first line is empty".to_owned()),
        Some(line) => Ok(line.to_owned()),
    }
}

/// Reads a text file of at most `bytes_max` bytes. The limit applies to the bytes read, because a device or a pipe has no size.
///
/// # Errors
/// The reason, without the content: it cannot be read, is longer, or is not UTF-8.
pub fn read_text(path: &Path, bytes_max: u64) -> Result<String, String> {
    let file = std::fs::File::open(path).map_err(|e| e.to_string())?;
    let mut bytes = Vec::new();
    file.take(bytes_max + 1)
        .read_to_end(&mut bytes)
        .map_err(|e| e.to_string())?;
    if bytes.len() as u64 > bytes_max {
        return Err(format!("longer than {bytes_max} bytes"));
    }
    String::from_utf8(bytes).map_err(|e| {
        let at = e.utf8_error().valid_up_to();
        format!("not UTF-8 at byte {at}")
    })
}

/// Whether other users than the owner may read this file (SEC-19). False if that is unknown.
pub fn is_open_to_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|m| m.permissions().mode() & 0o077 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_is_a_file_in_the_directory_of_the_service() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("lwn"), "s3cret\n").unwrap();
        let env: Environment = [(DIRECTORY, dir.path())].into_iter().collect();
        let credentials = Credentials::of(&env);
        assert_eq!(
            credentials.read("lwn", read_password).unwrap().reveal(),
            "s3cret"
        );
        for (name, is_wrong) in [("other", false), ("../lwn", true), ("", true), (".x", true)] {
            let why = credentials.read(name, read_password).unwrap_err();
            assert_eq!(matches!(why, CredentialError::Wrong(_)), is_wrong, "{name}");
        }
    }

    #[test]
    fn a_path_may_name_a_credential() {
        let named = |path: &'static str| Credentials::named_by(Path::new(path));
        assert_eq!(named("$CREDENTIALS_DIRECTORY/lwn"), Some("lwn"));
        assert_eq!(named("${CREDENTIALS_DIRECTORY}/lwn"), Some("lwn"));
        assert_eq!(named("/run/lwn"), None);
        assert_eq!(named("$CREDENTIALS_DIRECTORYx/lwn"), None);
    }

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
        // Its reported size is 0, like that of a device or a pipe.
        let endless = read_password(Path::new("/proc/self/smaps"));
        assert!(endless.unwrap_err().contains("longer than"));
    }
}
