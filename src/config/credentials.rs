//! User names and passwords on their way from the user to a feed's `auth`. They never stay in a URL (SEC-08).

use std::path::Path;

use url::Url;

use crate::model::{Secret, WebUrl, WebUrlError};

/// Longest password file read, in bytes; a longer one is the wrong file.
pub const PASSWORD_BYTES_MAX: u64 = 4096;

/// A URL without its userinfo, and the userinfo as user and password if there was one.
pub type Parted = (WebUrl, Option<(String, Secret)>);

/// Takes a URL apart into what is stored and what is secret.
pub fn part(url: &str) -> Result<Parted, WebUrlError> {
    let parsed = Url::parse(url.trim()).map_err(|e| WebUrlError::Syntax(e.to_string()))?;
    let auth = (!parsed.username().is_empty() || parsed.password().is_some()).then(|| {
        (
            percent_decoded(parsed.username()),
            Secret::new(percent_decoded(parsed.password().unwrap_or_default())),
        )
    });
    Ok((WebUrl::from_url(parsed)?, auth))
}

/// Userinfo is percent-encoded in a URL (RFC 3986 section 3.2.1); Basic credentials are not.
fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let mut ahead = rest.clone();
        let pair = (byte == b'%')
            .then(|| Some((hex(ahead.next()?)?, hex(ahead.next()?)?)))
            .flatten();
        match pair {
            Some((high, low)) => {
                bytes.push(high << 4 | low);
                rest = ahead;
            }
            None => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|d| u8::try_from(d).ok())
}

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
    fn sec_08_userinfo_leaves_the_url() {
        let (url, auth) = part("https://ann:p%40ss%zz@example.org/f").unwrap();
        assert_eq!(url.as_str(), "https://example.org/f");
        let (user, password) = auth.unwrap();
        assert_eq!((user.as_str(), password.reveal()), ("ann", "p@ss%zz"));
        assert_eq!(part("https://example.org/f").unwrap().1, None);
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
    }
}
