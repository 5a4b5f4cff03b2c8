//! The paragraphs of a sanitized body, and bodies without some of them. Only for what [`super::html::sanitize`] made:
//! every element is closed there.

use std::borrow::Cow;

use super::allowed::{self, Fate, Kind};
use super::html::sanitize;
use super::html_text;
use super::tokens::{Tag, next_tag};

/// A paragraph of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Where it stands in the HTML, its tags included.
    pub start: usize,
    /// The byte after it.
    pub end: usize,
    /// Its text.
    pub text: String,
    /// Whether it is a plain paragraph of the text: no heading, and in no list, table, code, quotation or figure.
    pub is_plain: bool,
    /// Its text without that of its links, where it has links: what stays the same in a sentence whose links differ.
    pub around_links: Option<String>,
}

impl Block {
    fn of(html: &str, start: usize, inner: (usize, usize), end: usize, is_plain: bool) -> Self {
        let inside = html.get(inner.0..inner.1).unwrap_or_default();
        Self {
            start,
            end,
            text: html_text::from_html(inside),
            is_plain,
            around_links: around_links(inside).map(|html| html_text::from_html(&html)),
        }
    }
}

/// A fragment without its links and what is in them; `None` if it has none.
fn around_links(html: &str) -> Option<String> {
    let mut out = String::new();
    let (mut at, mut copied, mut open) = (0, 0, 0usize);
    while let Some(tag) = next_tag(html, at) {
        at = tag.end;
        if !tag.is("a") {
            continue;
        }
        if open == 0 {
            out.push_str(html.get(copied..tag.start).unwrap_or_default());
        }
        open = if tag.is_end {
            open.saturating_sub(1)
        } else {
            open + 1
        };
        copied = tag.end;
    }
    if copied == 0 {
        return None;
    }
    out.push_str(html.get(copied..).unwrap_or_default());
    Some(out)
}

/// Whether paragraphs inside this element are plain ones, and the element itself may be one.
fn is_plain(name: &str) -> bool {
    matches!(
        name,
        "p" | "div" | "section" | "article" | "center" | "footer" | "header"
    )
}

/// Whether an element holds a paragraph or other blocks.
fn is_block(tag: &Tag<'_>) -> bool {
    use Kind::{
        Block, Caption, Cell, Heading, Item, List, Paragraph, Pre, Row, Section, Table, Term, Terms,
    };
    let Fate::Kept(element) = allowed::fate(tag.name) else {
        return false;
    };
    matches!(
        element.kind,
        Block
            | Caption
            | Cell
            | Heading
            | Item
            | List
            | Paragraph
            | Pre
            | Row
            | Section
            | Table
            | Term
            | Terms
    )
}

/// The innermost blocks of a body in order; text that stands in none is not among them.
#[must_use]
pub fn of(html: &str) -> Vec<Block> {
    let mut found = Vec::new();
    // Open blocks: name, start, end of the start tag, whether another block stands inside.
    let mut open: Vec<(&str, usize, usize, bool)> = Vec::new();
    let mut at = 0;
    while let Some(tag) = next_tag(html, at) {
        at = tag.end;
        if !is_block(&tag) {
            continue;
        }
        if !tag.is_end {
            if let Some(outer) = open.last_mut() {
                outer.3 = true;
            }
            open.push((tag.name, tag.start, tag.end, false));
        } else if let Some(found_at) = open.iter().rposition(|o| o.0 == tag.name) {
            open.truncate(found_at + 1);
            if let Some((_, start, inner, has_blocks)) = open.pop()
                && !has_blocks
            {
                let is_plain = is_plain(tag.name) && open.iter().all(|o| is_plain(o.0));
                found.push(Block::of(
                    html,
                    start,
                    (inner, tag.start),
                    tag.end,
                    is_plain,
                ));
            }
        }
    }
    found
}

/// The body without these blocks, which are in order.
#[must_use]
pub fn without(html: &str, dropped: &[&Block]) -> String {
    let mut out = String::with_capacity(html.len());
    let mut at = 0;
    for block in dropped {
        out.push_str(html.get(at..block.start).unwrap_or_default());
        at = block.end;
    }
    out.push_str(html.get(at..).unwrap_or_default());
    out.trim().to_owned()
}

/// A body that marks its paragraphs with empty lines or doubled breaks, with real paragraphs.
#[must_use]
pub fn with_paragraphs(html: &str) -> Cow<'_, str> {
    let has_blocks = {
        let mut at = 0;
        std::iter::from_fn(|| {
            let tag = next_tag(html, at)?;
            at = tag.end;
            Some(tag)
        })
        .any(|tag| is_block(&tag))
    };
    if has_blocks {
        return Cow::Borrowed(html);
    }
    let broken = double_breaks(html);
    if !broken.contains("\n\n") {
        return without_line_ends(html);
    }
    let paragraphs: String = broken
        .split("\n\n")
        .map(str::trim)
        .filter(|p| !p.is_empty())
        .map(|p| format!("<p>{p}</p>\n"))
        .collect();
    // An inline element may span a break: the sanitizer puts the nesting right.
    Cow::Owned(sanitize(&paragraphs, None).trim().to_owned())
}

/// HTML without any tag on one line. A line end is a space in HTML; where there is no tag to say that this is HTML, as in a feed
/// of ours, it would be read as one of plain text.
fn without_line_ends(html: &str) -> Cow<'_, str> {
    match html.contains('<') || !html.contains('\n') {
        true => Cow::Borrowed(html),
        false => Cow::Owned(html.replace("\r\n", " ").replace('\n', " ")),
    }
}

/// Runs of two or more `<br>` or line ends become one empty line.
fn double_breaks(html: &str) -> String {
    let text = html.replace("\r\n", "\n").replace("<br>", "\u{0}");
    let mut out = String::with_capacity(text.len());
    let mut gap = String::new();
    for c in text.chars() {
        if c.is_whitespace() || c == '\u{0}' {
            gap.push(c);
            continue;
        }
        push_gap(&mut out, &gap);
        gap.clear();
        out.push(c);
    }
    out
}

fn push_gap(out: &mut String, gap: &str) {
    let breaks = gap.matches('\u{0}').count();
    let ends = gap.matches('\n').count();
    if breaks >= 2 || ends >= 2 {
        out.push_str("\n\n");
    } else if breaks == 1 {
        out.push_str("<br>");
    } else if !gap.is_empty() {
        out.push_str(if ends > 0 { "\n" } else { " " });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn innermost_blocks_are_found_and_taken_out() {
        let html = "<div><p>One</p><div><h2>Two <b>x</b></h2></div></div><p>Three</p>tail";
        let blocks = of(html);
        let texts: Vec<&str> = blocks.iter().map(|b| b.text.as_str()).collect();
        assert_eq!(texts, ["One", "Two x", "Three"]);
        assert_eq!(
            without(html, &[&blocks[0], &blocks[2]]),
            "<div><div><h2>Two <b>x</b></h2></div></div>tail"
        );
    }

    #[test]
    fn a_line_end_without_any_tag_is_a_space() {
        assert_eq!(with_paragraphs("1 &lt; 2\n3 &gt; 2"), "1 &lt; 2 3 &gt; 2");
        assert_eq!(with_paragraphs("<b>1</b>\n2"), "<b>1</b>\n2");
        assert_eq!(with_paragraphs("1\n\n2"), "<p>1</p>\n<p>2</p>");
    }

    #[test]
    fn empty_lines_and_double_breaks_part_paragraphs() {
        assert_eq!(with_paragraphs("a\nb\n\nc"), "<p>a\nb</p>\n<p>c</p>");
        let spanning = with_paragraphs("<b>a<br><br>b</b><br>c");
        let texts: Vec<String> = of(&spanning).into_iter().map(|b| b.text).collect();
        assert_eq!(texts, ["a", "b\nc"], "{spanning}");
        assert_eq!(with_paragraphs("<p>a</p>\n\nb"), "<p>a</p>\n\nb");
        assert_eq!(with_paragraphs("one line"), "one line");
    }
}
