//! Text without markup: one line, or lines. The one place where controls, line ends and bidi overrides go
//! (SEC-14, F11). Never decodes anything twice.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;

use super::characters::{is_forbidden, is_text};
use super::{headline_html, html_text, references};

/// Longest line kept, in characters (SEC-12).
pub const LINE_CHARS_MAX: usize = 4096;

/// One line: white space collapsed, controls and bidi overrides gone, at most [`LINE_CHARS_MAX`].
#[must_use]
pub fn line(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(LINE_CHARS_MAX));
    for word in text.split(char::is_whitespace) {
        let start = out.len();
        if start > 0 {
            out.push(' ');
        }
        let before = out.len();
        out.extend(word.chars().filter(|c| is_text(*c)));
        if out.len() == before {
            out.truncate(start);
        }
    }
    out.truncate(beginning(&out, LINE_CHARS_MAX).len());
    out
}

/// The rule for every text that leaves `parse`, HTML included: no controls but line ends and tabs, no bidi embeddings,
/// overrides and isolates, no noncharacters. Line ends become `\n`, as browsers read them.
#[must_use]
pub fn clean_text(text: &str) -> Cow<'_, str> {
    // Only these bytes begin a forbidden character: a check without decoding.
    let is_suspect = |b: &u8| {
        *b < b' ' && !matches!(b, b'\n' | b'\t')
            || matches!(b, 0x7f | 0xc2 | 0xe2 | 0xef | 0xf0..=0xf4)
    };
    if !text.as_bytes().iter().any(is_suspect) || !text.contains(|c| c == '\r' || is_forbidden(c)) {
        return Cow::Borrowed(text);
    }
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    Cow::Owned(text.replace(is_forbidden, ""))
}

/// One line of an HTML text: markup gone, references resolved. A tag that a headline only names is text.
#[must_use]
pub fn line_of_html(html: &str) -> String {
    if html.contains(['<', '&']) {
        line(&html_text::from_html(&headline_html::with_named_tags(html)))
    } else {
        line(html)
    }
}

/// One line of a text that should hold no markup but may hold references that its program forgot to resolve.
#[must_use]
pub fn line_of_text(text: &str) -> String {
    line(&references::resolve(text))
}

/// Lines as they are: controls and bidi overrides gone, ends trimmed, never more than one empty line.
#[must_use]
pub fn lines(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut empty = 0;
    for row in text.lines() {
        let row: String = row.chars().filter(|c| *c == '\t' || is_text(*c)).collect();
        let row = row.trim_end();
        if row.is_empty() {
            empty += 1;
            continue;
        }
        if !out.is_empty() {
            out.push_str(if empty > 0 { "\n\n" } else { "\n" });
        }
        empty = 0;
        out.push_str(row);
    }
    out
}

/// At most `chars` characters, cut between graphemes, at a word boundary if one is near; `…` marks the cut.
#[must_use]
pub fn shortened(text: &str, chars: usize) -> String {
    if text.chars().count() <= chars {
        return text.to_owned();
    }
    // Never the whole text: many summaries of long articles would hold the memory of all these.
    let mut out = beginning(text, chars.saturating_sub(1)).to_owned();
    if let Some(space) = out.rfind(' ')
        && space > out.len() / 2
    {
        out.truncate(space);
    }
    out.truncate(out.trim_end_matches([' ', ',', ';', ':', '.']).len());
    out.push('…');
    out
}

/// At most `chars` characters, never a part of a grapheme.
fn beginning(text: &str, chars: usize) -> &str {
    if text.len() <= chars {
        return text;
    }
    let mut seen = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        seen += grapheme.chars().count();
        if seen > chars {
            return text.get(..at).unwrap_or(text);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_14_a_line_is_one_line_of_text() {
        assert_eq!(
            line(" a\r\n\tb\u{1b}[31m \u{202e}c\u{0} \u{7} d"),
            "a b[31m c d"
        );
        assert_eq!(line_of_html("AT&amp;T <b>now</b><br>open"), "AT&T now open");
    }

    #[test]
    fn sec_12_a_cut_never_splits_a_grapheme() {
        let family = "👨‍👩‍👧";
        let long = family.repeat(LINE_CHARS_MAX);
        assert!(line(&long).ends_with(family));
        assert_eq!(shortened("one two three", 9), "one two…");
        assert_eq!(shortened("short", 9), "short");
    }
}
