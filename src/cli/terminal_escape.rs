//! Text that cannot play tricks on a terminal (SEC-14): what is stored was cleaned when it came in, and is cleaned
//! again when it goes out, for a store may be older than a rule.

use std::borrow::Cow;

use crate::model::web_url;

/// Whether a terminal could take this character for more than a letter: a control, or one that turns the direction of
/// what follows (Unicode annex 9, embeddings, overrides and isolates).
pub fn is_unsafe(c: char) -> bool {
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
