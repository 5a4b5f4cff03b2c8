//! Headlines in HTML: which tags are markup and which the headline names. "A guide to `<head>` elements" lost its point when
//! every tag went. Never decides about bodies: there a tag is a tag.

use std::borrow::Cow;
use std::collections::HashMap;

use super::allowed::{self, Fate, Kind};
use super::tokens::{self, Tag, Token};

/// A headline whose named tags are escaped, so that they are text from here on. A tag is markup if the headline closes it, if
/// it has an attribute with a value, if it is a line break, or if a formatting element begins the headline.
#[must_use]
pub fn with_named_tags(html: &str) -> Cow<'_, str> {
    let Some(first) = memchr::memchr(b'<', html.as_bytes()) else {
        return Cow::Borrowed(html);
    };
    let mut ends: HashMap<String, usize> = HashMap::new();
    for token in tokens::of(html) {
        if let Token::Tag(tag) = token
            && tag.is_end
        {
            *ends.entry(tag.name.to_ascii_lowercase()).or_default() += 1;
        }
    }
    let begins_with_tag = html.get(..first).is_some_and(|t| t.trim().is_empty());
    let mut open: HashMap<String, usize> = HashMap::new();
    let mut out = String::new();
    let mut copied = 0;
    for token in tokens::of(html) {
        let Token::Tag(tag) = token else { continue };
        let name = tag.name.to_ascii_lowercase();
        let is_markup = if tag.is_end {
            let open = open.get_mut(&name).filter(|n| **n > 0);
            let had_start = open.map(|n| *n -= 1).is_some();
            if let Some(left) = ends.get_mut(&name) {
                *left -= 1;
            }
            had_start || is_html(&name)
        } else {
            let is_closed = ends.get(&name).is_some_and(|n| *n > 0);
            if is_closed {
                *open.entry(name.clone()).or_default() += 1;
            }
            let is_first = begins_with_tag && tag.start == first && is_formatting(&name);
            tag.is_whole && (is_closed || is_first || is_break(&name) || has_value(&tag))
        };
        if !is_markup {
            out.push_str(html.get(copied..tag.start).unwrap_or_default());
            // What looked like attributes may look like tags now.
            let written = html.get(tag.start..tag.end).unwrap_or_default();
            out.push_str(&written.replace('<', "&lt;"));
            copied = tag.end;
        }
    }
    if copied == 0 {
        return Cow::Borrowed(html);
    }
    out.push_str(html.get(copied..).unwrap_or_default());
    Cow::Owned(out)
}

fn is_html(name: &str) -> bool {
    allowed::element_of(name).is_some() || matches!(allowed::fate(name), Fate::Gone)
}

fn is_break(name: &str) -> bool {
    matches!(name, "br" | "wbr")
}

fn is_formatting(name: &str) -> bool {
    use Kind::{Block, Format, Heading, Inline, Paragraph};
    let kind = allowed::element_of(name).map(|e| e.kind);
    kind.is_some_and(|k| matches!(k, Block | Format | Heading | Inline | Paragraph))
}

fn has_value(tag: &Tag<'_>) -> bool {
    tag.after_name().contains('=')
}

#[cfg(test)]
mod tests {
    use crate::text::plain::line_of_html;

    #[test]
    fn a_tag_that_a_headline_names_is_text() {
        for (html, line) in [
            (
                "A short guide to <head> elements",
                "A short guide to <head> elements",
            ),
            (
                "Does it have <animate> or <set>?",
                "Does it have <animate> or <set>?",
            ),
            ("Using Vec<T> without tears", "Using Vec<T> without tears"),
            (
                "Map<String, Vec<u8>> explained",
                "Map<String, Vec<u8>> explained",
            ),
            ("When to use <div>", "When to use <div>"),
            ("a <b then c", "a <b then c"),
            ("weak blocker for <lamp-2023", "weak blocker for <lamp-2023"),
            ("I <3 boats", "I <3 boats"),
        ] {
            assert_eq!(line_of_html(html), line);
        }
    }

    #[test]
    fn markup_in_a_headline_goes() {
        for (html, line) in [
            ("<b>Boats</b> &amp; <i>ropes</i>", "Boats & ropes"),
            ("<p>Boats sink", "Boats sink"),
            ("One<br>two", "One two"),
            ("See <img src='x.png' alt='y'> this", "See this"),
            ("<a href='x'>Boats</a> sink</b>", "Boats sink"),
            ("Boats<script>x()</script> sink", "Boats sink"),
            ("<blink>Boats</blink>", "Boats"),
            ("The &lt;b> element", "The <b> element"),
        ] {
            assert_eq!(line_of_html(html), line);
        }
    }

    #[test]
    fn sec_03_a_headline_of_tags_costs_linear_time() {
        let many = "<b>x</i>".repeat(100_000);
        assert!(line_of_html(&many).starts_with("x"));
    }
}
