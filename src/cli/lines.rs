//! Fits text of any script to the columns of a terminal: truncates it at the end or in the middle, or wraps it. Never splits a
//! grapheme.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Truncates the middle of a text to fit `width` columns, with `…` in its place.
pub fn cut_middle(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let available = width.saturating_sub(1);
    let fitting = |graphemes: &mut dyn Iterator<Item = &str>, available: usize| {
        let mut used = 0;
        let mut bytes = 0;
        for grapheme in graphemes {
            used += grapheme.width();
            if used > available {
                break;
            }
            bytes += grapheme.len();
        }
        bytes
    };
    let tail = fitting(&mut text.graphemes(true).rev(), available / 2);
    let tail = text.get(text.len() - tail..).unwrap_or_default();
    let head = fitting(&mut text.graphemes(true), available - tail.width());
    let head = text.get(..head).unwrap_or_default();
    format!("{head}…{tail}")
}

/// Wraps a text into lines of at most `width` columns. A longer word is split.
pub fn broken(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split_whitespace() {
        let is_first = used == 0;
        if !is_first && used + 1 + word.width() > width {
            lines.push(String::new());
            used = 0;
        } else if !is_first {
            used += 1;
            lines.last_mut().into_iter().for_each(|line| line.push(' '));
        }
        for grapheme in word.graphemes(true) {
            if used > 0 && used + grapheme.width() > width {
                lines.push(String::new());
                used = 0;
            }
            used += grapheme.width();
            lines
                .last_mut()
                .into_iter()
                .for_each(|line| line.push_str(grapheme));
        }
    }
    lines
}

/// Truncates a text to `width` columns, with `…` at the end.
pub fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut used = 1;
    for grapheme in text.graphemes(true) {
        used += grapheme.width();
        if used > width {
            break;
        }
        out.push_str(grapheme);
    }
    out.push('…');
    out
}

/// Wraps each paragraph of a text at spaces into indented lines of at most `width` columns. A longer word is not split.
pub fn wrapped(text: &str, width: usize, indent: &str) -> String {
    let mut out = String::new();
    for (i, paragraph) in text.lines().enumerate() {
        if i > 0 {
            out.push('\n');
        }
        let mut used = 0;
        for word in paragraph.split_whitespace() {
            if used > 0 && used + 1 + word.width() > width {
                out.push('\n');
                used = 0;
            }
            if used == 0 {
                out.push_str(indent);
                used = indent.width();
            } else {
                out.push(' ');
                used += 1;
            }
            out.push_str(word);
            used += word.width();
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_counts_columns_not_characters() {
        assert_eq!(cut("東京都の話", 6), "東京…");
        assert_eq!(cut("東京", 4), "東京");
        assert_eq!(cut("boats", 5), "boats");
        assert_eq!(cut("boats", 4), "boa…");
        assert_eq!(cut_middle("東京都の話です", 9), "東京…です");
        assert_eq!(cut_middle("boats", 5), "boats");
    }

    #[test]
    fn lines_are_wrapped_at_spaces() {
        assert_eq!(
            wrapped("one two three\nfour", 8, ""),
            "one two\nthree\nfour"
        );
        assert_eq!(wrapped("a b", 80, "  "), "  a b");
    }

    #[test]
    fn nothing_of_a_broken_text_is_lost() {
        assert_eq!(broken("abcdefgh ij", 3), ["abc", "def", "gh", "ij"]);
        assert_eq!(broken("one two", 7), ["one two"]);
        assert_eq!(broken("", 7), [""]);
    }
}
