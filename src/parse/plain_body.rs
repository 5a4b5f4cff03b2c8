//! Bodies of plain text: their line breaks, lists and paragraphs become HTML. Never interprets markup.

use std::borrow::Cow;

use crate::text::html_limits::HTML_BYTES_MAX;

/// Minimum number of spaces that indent a line.
const INDENTATION_MIN: usize = 2;
/// Minimum number of lines of verse; of two lines, the second may begin a sentence by chance.
const VERSE_LINES_MIN: usize = 3;
/// Lines of this many characters in one paragraph were broken at a right margin by a program, and are joined.
const MARGIN_CHARS: std::ops::RangeInclusive<usize> = 60..=100;

/// The beginning of a text that is longer than a body may be ([`HTML_BYTES_MAX`]), or all of it.
pub fn cut(text: &str) -> &str {
    let end = text.floor_char_boundary(HTML_BYTES_MAX);
    text.get(..end).unwrap_or_default()
}

/// Plain text from XML without the line ends of its serializer. Where all lines after the first are indented alike, the
/// indentation is that of the surrounding markup, and the lines of a paragraph are joined, unless they are a list or verse.
/// Where lines are indented differently, the author did it.
pub fn without_indentation(text: &str) -> Cow<'_, str> {
    let text = text.trim();
    let mut behind = text.lines().skip(1).filter(|line| !line.trim().is_empty());
    let indentation = |line: &str| line.len() - line.trim_start().len();
    let Some(first) = behind.next() else {
        return Cow::Borrowed(text);
    };
    let is_indented = first.starts_with('\t') || indentation(first) >= INDENTATION_MIN;
    if !is_indented || behind.any(|line| indentation(line) != indentation(first)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut lines = Vec::new();
    for line in text.lines().map(str::trim).chain([""]) {
        if !line.is_empty() {
            lines.push(line);
        } else if !lines.is_empty() {
            let own_lines = lines.iter().any(|line| is_list_item(line)) || is_verse(&lines);
            out.push_str(if out.is_empty() { "" } else { "\n\n" });
            out.push_str(&lines.join(if own_lines { "\n" } else { " " }));
            lines.clear();
        }
    }
    Cow::Owned(out)
}

/// Whether lines are separate, as those of a poem or an address are: short, and none begins with a small letter.
fn is_verse(lines: &[&str]) -> bool {
    let begins = |line: &&str| {
        !line
            .chars()
            .find(|c| c.is_alphabetic())
            .is_some_and(char::is_lowercase)
    };
    let is_short = |line: &&str| line.chars().count() < *MARGIN_CHARS.start();
    lines.len() >= VERSE_LINES_MIN && lines.iter().all(begins) && lines.iter().all(is_short)
}

/// A plain text as HTML, cut to the length that a body may have.
pub fn html_of_text(text: &str) -> String {
    html_of_lines(&html_escape::encode_text(cut(text.trim())))
}

/// As above, for a text whose characters are already escaped: paragraphs at empty lines, `<br>` at other line ends. A text
/// without line ends stays as it is. Uses little more memory than the result.
pub fn html_of_lines(escaped: &str) -> String {
    let escaped = escaped.trim();
    if !escaped.contains(['\n', '\r']) {
        return escaped.to_owned();
    }
    let mut out = String::with_capacity(escaped.len());
    let (mut lines, mut paragraphs) = (Vec::new(), 0_usize);
    for line in escaped.lines().map(str::trim).chain([""]) {
        if !line.is_empty() {
            lines.push(line);
        } else if !lines.is_empty() {
            out.push_str(if paragraphs == 0 { "<p>" } else { "\n<p>" });
            push_lines(&lines, &mut out);
            out.push_str("</p>");
            paragraphs += 1;
            lines.clear();
        }
    }
    if paragraphs > 1 {
        return out;
    }
    let only = out.strip_prefix("<p>").and_then(|p| p.strip_suffix("</p>"));
    only.unwrap_or_default().to_owned()
}

fn push_lines(lines: &[&str], out: &mut String) {
    let between = if is_wrapped(lines) { " " } else { "<br>\n" };
    for (n, line) in lines.iter().enumerate() {
        if n > 0 {
            out.push_str(between);
        }
        out.push_str(line);
    }
}

/// Whether the lines of a paragraph end at a margin rather than where the author ended them.
fn is_wrapped(lines: &[&str]) -> bool {
    let Some((_, full)) = lines.split_last() else {
        return false;
    };
    let at_margin = |line: &&str| MARGIN_CHARS.contains(&line.chars().count());
    full.len() >= 2 && full.iter().all(at_margin) && !lines.iter().any(|l| is_list_item(l))
}

/// Whether a line begins with the mark of a list.
fn is_list_item(line: &str) -> bool {
    let marked = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let is_numbered = marked.len() < line.len() && marked.starts_with(['.', ')']);
    is_numbered || line.starts_with(['-', '*', '•', '–', '—', '+', '▪', '·'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_lists_and_paragraphs_of_a_plain_text_survive() {
        assert_eq!(html_of_text("one line & no more"), "one line &amp; no more");
        assert_eq!(
            html_of_text(" a\n- b\r\n- <c> "),
            "a<br>\n- b<br>\n- &lt;c&gt;"
        );
        assert_eq!(html_of_text("a\nb\n\n \nc"), "<p>a<br>\nb</p>\n<p>c</p>");
    }

    #[test]
    fn lines_that_a_serializer_indented_run_on() {
        let read = |text: &str| html_of_text(&without_indentation(text));
        assert_eq!(
            read("\n    The tide\n    moves on.\n  "),
            "The tide moves on."
        );
        assert_eq!(read("The tide\n\t\tmoves\n\t\ton."), "The tide moves on.");
        assert_eq!(
            read("One\r\n  paragraph.\r\n\r\n  And\r\n  another."),
            "<p>One paragraph.</p>\n<p>And another.</p>"
        );
    }

    #[test]
    fn lines_that_an_author_ended_stay_lines() {
        let read = |text: &str| html_of_text(&without_indentation(text));
        for (text, breaks) in [
            ("Eggs:\n    - two large\n    - one small", 2),
            (
                "Roses are red,\n    Violets are blue,\n    Sugar is sweet,\n    And so are you.",
                3,
            ),
            ("Opening hours\n  Monday: nine\n  Tuesday: ten", 2),
            ("fn main() {\n    run();\n}", 2),
            ("one line\nanother line", 1),
        ] {
            assert_eq!(read(text).matches("<br>").count(), breaks, "{text}");
        }
    }

    #[test]
    fn lines_that_a_program_broke_at_its_margin_run_on() {
        let line = "The moment you look, the tide moves on, and nobody sees it whole.";
        assert_eq!(
            html_of_text(&format!("{line}\n{line}\nend")),
            format!("{line} {line} end")
        );
        let list = format!("- {line}\n- {line}\n- end");
        assert_eq!(html_of_text(&list).matches("<br>").count(), 2);
    }
}
