//! Text that cannot play tricks on a terminal (SEC-14): what is stored was cleaned when it came in, and is cleaned
//! again when it goes out, for a store may be older than a rule.

use std::borrow::Cow;
use std::io;
use std::path::Path;

use serde::{Serialize, Serializer};
use serde_json::ser::Formatter;

use super::exit::{Exit, Failure};
use crate::model::web_url;

/// Whether a terminal could take this character for more than a letter: a control, or one that turns the direction of
/// what follows (Unicode annex 9, embeddings, overrides and isolates).
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}' | '\u{feff}')
}

/// One line: white space of any kind is a space, controls and direction marks are gone.
pub fn line(text: &str) -> Cow<'_, str> {
    kept(text, |c| match c {
        '\t' | '\n' | '\r' | '\u{2028}' | '\u{2029}' => Some(' '),
        c if is_unsafe(c) => None,
        c => Some(c),
    })
}

/// A text that was to be a URL, without the password that may stand in it (SEC-08).
pub fn without_password(text: &str) -> Cow<'_, str> {
    match (web_url::part(text), text.rsplit_once('@')) {
        (Ok((url, Some(_))), _) => Cow::Owned(url.to_string()),
        (Err(_), Some((before, rest))) if before.contains(':') => Cow::Owned(format!("…@{rest}")),
        _ => Cow::Borrowed(text),
    }
}

/// Several lines: line feeds stay, the rest is as in [`line`].
pub fn lines(text: &str) -> Cow<'_, str> {
    kept(text, |c| match c {
        '\n' => Some('\n'),
        '\t' => Some(' '),
        c if is_unsafe(c) => None,
        c => Some(c),
    })
}

fn kept(text: &str, keep: impl Fn(char) -> Option<char>) -> Cow<'_, str> {
    if text.chars().all(|c| keep(c) == Some(c)) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.chars().filter_map(keep).collect())
    }
}

/// A value as one line of JSON. What a terminal could misread stands as `\u….`: the value is the same.
///
/// # Errors
/// The value cannot be written as JSON, a fault of ours: better none of it is printed than half.
pub fn json(value: &impl Serialize) -> Result<Vec<u8>, Failure> {
    let mut out = Vec::with_capacity(512);
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, Escaping);
    let written = value.serialize(&mut serializer);
    written.map_err(|e| Failure::new(Exit::Internal, format!("cannot print JSON: {e}")))?;
    Ok(out)
}

/// For `#[serde(serialize_with)]`: a path as a text. Names of files need not be UTF-8; JSON has to be.
pub fn path<S: Serializer>(path: impl AsRef<Path>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&path.as_ref().display())
}

/// Compact JSON that escapes more than it must.
struct Escaping;

impl Formatter for Escaping {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut plain_from = 0;
        for (at, c) in fragment.char_indices().filter(|(_, c)| is_unsafe(*c)) {
            writer.write_all(fragment.get(plain_from..at).unwrap_or_default().as_bytes())?;
            write!(writer, "\\u{:04x}", u32::from(c))?;
            plain_from = at + c.len_utf8();
        }
        writer.write_all(fragment.get(plain_from..).unwrap_or_default().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_14_a_line_stays_one_line_and_gives_no_orders() {
        assert_eq!(
            line("a\u{1b}]0;x\u{7}b\u{9b}31m\u{202e}c\r\nd\te\u{7f}"),
            "a]0;xb31mc  d e"
        );
        assert_eq!(line("שלום 👨‍👩‍👧 plain"), "שלום 👨‍👩‍👧 plain");
        assert_eq!(lines("a\nb\u{1b}[2Jc\r\n"), "a\nb[2Jc\n");
    }

    #[test]
    fn sec_08_a_wrong_url_is_shown_without_its_password() {
        assert_eq!(
            without_password("htps://ann:p/w@a.example/x"),
            "…@a.example/x"
        );
        assert_eq!(without_password("htps://a.example/x"), "htps://a.example/x");
    }

    #[test]
    fn sec_14_json_says_the_same_without_a_control_in_it() {
        let text = "a\u{1b}\u{9b}\u{202e}\u{7f}ü\n\"";
        let json = json(&text).unwrap();
        let shown = String::from_utf8(json.clone()).unwrap();
        assert!(!shown.chars().any(is_unsafe), "{shown:?}");
        assert_eq!(serde_json::from_slice::<String>(&json).unwrap(), text);
    }
}
