//! A guid as an entry bears it. Two guids of a document never become one.

use crate::text::hash::sha256;
use crate::text::plain::{self, LINE_CHARS_MAX};

/// A guid on one line. One that is too long for a line ends with a digest of the whole, so that two with the same beginning
/// stay different (SEC-12, SEC-13).
#[must_use]
pub fn read(written: &str) -> String {
    let line = plain::line(written);
    if written.chars().count() <= LINE_CHARS_MAX {
        return line;
    }
    let digest = hex::encode(sha256(written.trim().as_bytes()));
    let room = LINE_CHARS_MAX - digest.len() - 1;
    let beginning: String = line.chars().take(room).collect();
    format!("{beginning}#{digest}")
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn sec_13_long_guids_that_begin_alike_stay_two() {
        let long = |end: &str| format!("{}{end}", "x".repeat(5000));
        assert_ne!(read(&long("1")), read(&long("2")));
        assert_eq!(read(" tag:a\n"), "tag:a");
    }
}
