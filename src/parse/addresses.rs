//! URLs as publishers write them: references escaped twice, and placeholder texts in place of a link. Never changes an
//! identifier of an article, because keys are made from identifiers as written.

use std::borrow::Cow;

use crate::text::references;

/// A URL of XML with the references that are left in it resolved: its publisher escaped them twice.
pub fn unescaped(written: &str) -> Cow<'_, str> {
    references::resolve_in_url(written)
}

/// Whether the link of an item names a page: no placeholder, no lone fragment, no mere punctuation.
pub fn names_a_page(written: &str) -> bool {
    const PLACEHOLDERS: [&str; 10] = [
        "n/a",
        "n.a.",
        "nan",
        "nil",
        "none",
        "not available",
        "null",
        "tba",
        "tbd",
        "undefined",
    ];
    let written = written.trim();
    if written.starts_with('#') {
        return false;
    }
    let is_bracket = |c: char| matches!(c, '(' | ')' | '[' | ']' | '<' | '>' | '{' | '}' | '"');
    let bare = written.trim_matches(is_bracket).trim();
    let is_placeholder = PLACEHOLDERS.iter().any(|p| bare.eq_ignore_ascii_case(p));
    let has_words = written.chars().any(char::is_alphanumeric);
    !is_placeholder && (has_words || is_folder(written))
}

/// `/`, `./`, `../..`: paths without names.
fn is_folder(written: &str) -> bool {
    written.contains('/')
        && written
            .split('/')
            .all(|part| matches!(part, "" | "." | ".."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_name_no_page_and_paths_do() {
        for written in ["", "N/A", "[none]", "<null>", "- -", "…", "#a", "..", "/?/"] {
            assert!(!names_a_page(written), "{written}");
        }
        for written in ["/", "../", "n/a/b", "nones", "日本", "https://a.example/#"] {
            assert!(names_a_page(written), "{written}");
        }
    }
}
