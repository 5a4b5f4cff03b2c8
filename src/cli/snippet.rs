//! The passage of a text that a search found, as one line for a terminal, with the matches in bold.

use std::ops::Range;

use anstyle::Style;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::terminal_escape;
use crate::query::ast::Scope;
use crate::query::highlight::Highlighter;

/// Columns of context before the first match.
const BEFORE: usize = 24;

/// Bytes of a body that are searched.
const LOOKED_THROUGH: usize = 64 << 10;

/// The passage around the first match in `body`, at most `width` columns. `None` if there is no match.
pub fn of(body: &str, marks: &Highlighter, width: usize, color: bool) -> Option<String> {
    let body = body.get(..body.floor_char_boundary(LOOKED_THROUGH))?;
    let line = terminal_escape::line(body);
    let line = line.as_ref();
    let places = marks.places(line, Scope::Body);
    let first = places.first()?;
    let begin = beginning(line, first.start);
    let front = if begin > 0 { "…" } else { "" };
    let mut end = fitting(line, begin, width.saturating_sub(front.width()));
    let mut back = "";
    if end < line.len() {
        back = "…";
        end = fitting(
            line,
            begin,
            width.saturating_sub(front.width() + back.width()),
        );
    }
    let shown = marked(line, begin..end, &places, color);
    Some(format!("{front}{shown}{back}"))
}

/// The start of a word some columns before `at`.
fn beginning(line: &str, at: usize) -> usize {
    let before = line.get(..at).unwrap_or_default();
    let mut used = 0;
    let mut begin = at;
    for (place, grapheme) in before.grapheme_indices(true).rev() {
        used += grapheme.width();
        if used > BEFORE {
            break;
        }
        // A word starts at the beginning of the line or after a space.
        if place == 0 {
            begin = 0;
        } else if grapheme == " " {
            begin = place + 1;
        }
    }
    begin
}

/// The end of the text from `begin` that fits into `width` columns.
fn fitting(line: &str, begin: usize, width: usize) -> usize {
    let mut used = 0;
    let mut end = begin;
    for grapheme in line.get(begin..).unwrap_or_default().graphemes(true) {
        used += grapheme.width();
        if used > width {
            break;
        }
        end += grapheme.len();
    }
    end
}

fn marked(line: &str, shown: Range<usize>, places: &[Range<usize>], color: bool) -> String {
    let bold = Style::new().bold();
    let mut out = String::new();
    let mut at = shown.start;
    let inside = |place: &&Range<usize>| place.end > shown.start && place.start < shown.end;
    for place in places.iter().filter(inside).filter(|_| color) {
        let (start, end) = (place.start.max(shown.start), place.end.min(shown.end));
        let (before, found) = (line.get(at..start), line.get(start..end));
        out.push_str(before.unwrap_or_default());
        out.push_str(&format!(
            "{}{}{}",
            bold.render(),
            found.unwrap_or_default(),
            bold.render_reset()
        ));
        at = end;
    }
    out.push_str(line.get(at..shown.end).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query;

    const BODY: &str = "The boats had left the old harbour by noon, and\nmany red foxes came to look at what was left of \
                        the catch on the quay.";

    fn shown(expr: &str, width: usize, color: bool) -> Option<String> {
        of(
            BODY,
            &Highlighter::of(&query::parse(expr).unwrap()),
            width,
            color,
        )
    }

    #[test]
    fn a_snippet_is_one_line_around_what_was_found() {
        let line = shown("fox*", 60, false).unwrap();
        assert_eq!(
            line,
            "…by noon, and many red foxes came to look at what was left …"
        );
        assert_eq!(line.width(), 60);
        let line = shown("boats", 30, false).unwrap();
        assert_eq!(line, "The boats had left the old ha…");
        assert_eq!(shown("zebra", 60, false), None);
        assert_eq!(
            shown("-boats fox*", 200, false)
                .unwrap()
                .matches('…')
                .count(),
            1
        );
    }

    #[test]
    fn what_was_found_is_bold() {
        let line = shown("boats left", 40, true).unwrap();
        assert!(
            line.starts_with("The \u{1b}[1mboats\u{1b}[0m had \u{1b}[1mleft\u{1b}[0m the"),
            "{line:?}"
        );
    }

    #[test]
    fn sec_14_a_snippet_gives_the_terminal_no_orders() {
        let marks = Highlighter::of(&query::parse("boats").unwrap());
        let line = of("a\u{1b}]0;x\u{7} boats \u{9b}2J", &marks, 60, false).unwrap();
        assert!(!line.chars().any(char::is_control), "{line:?}");
    }
}
