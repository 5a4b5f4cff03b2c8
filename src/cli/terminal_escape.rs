//! Removes control characters before text is printed (SEC-14). Stored text was cleaned when it was read, but the store may be
//! older than a rule.

use std::borrow::Cow;

use crate::model::web_url;
use crate::text::characters::is_unsafe;

/// Escapes one line: tabs and line ends become spaces, control characters and direction marks are removed.
pub fn line(text: &str) -> Cow<'_, str> {
    kept(text, |c| match c {
        '\t' | '\n' | '\r' | '\u{2028}' | '\u{2029}' => Some(' '),
        c if is_unsafe(c) => None,
        c => Some(c),
    })
}

/// A possibly invalid URL without its password (SEC-08).
pub fn without_password(text: &str) -> Cow<'_, str> {
    match (web_url::part(text), text.rsplit_once('@')) {
        (Ok((url, Some(_))), _) => Cow::Owned(url.to_string()),
        (Err(_), Some((before, rest))) if before.contains(':') => Cow::Owned(format!("…@{rest}")),
        _ => Cow::Borrowed(text),
    }
}

/// Escapes several lines: as [`line`], but line feeds are kept.
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
}
