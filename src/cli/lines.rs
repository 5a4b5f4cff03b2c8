//! Fits text of any script to the columns of a terminal: truncates it at the end or in the middle, or wraps it.

use std::borrow::Cow;

use textwrap::{WordSeparator, WordSplitter, WrapAlgorithm};
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
    wrapped_lines(text, options(width.max(1)).break_words(true))
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
    let options = options(width)
        .break_words(false)
        .initial_indent(indent)
        .subsequent_indent(indent);
    let paragraphs = text.lines();
    let lines = paragraphs.flat_map(|paragraph| wrapped_lines(paragraph, options.clone()));
    lines.collect::<Vec<_>>().join("\n")
}

/// First fit at spaces only: the same text always has the same lines, and URLs are not hyphenated.
fn options<'o>(width: usize) -> textwrap::Options<'o> {
    textwrap::Options::new(width)
        .word_separator(WordSeparator::AsciiSpace)
        .word_splitter(WordSplitter::NoHyphenation)
        .wrap_algorithm(WrapAlgorithm::FirstFit)
}

fn wrapped_lines(text: &str, options: textwrap::Options<'_>) -> Vec<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let text = words.join(" ");
    let lines = textwrap::wrap(&text, options);
    lines.into_iter().map(Cow::into_owned).collect()
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
