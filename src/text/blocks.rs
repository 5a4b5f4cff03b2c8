//! The paragraphs of a sanitized body, and bodies without some of them. Only for what [`super::html::sanitize`] made:
//! every element is closed there.

use std::fmt;
use std::ops::{Deref, Range};
use std::sync::Arc;

use super::allowed::Kind;
use super::html::sanitize;
use super::tokens::next_tag;

/// A paragraph of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Its first byte in the HTML, tags included.
    pub start: usize,
    /// The byte after it.
    pub end: usize,
    /// Its text.
    pub text: Piece,
    /// Whether it is a plain paragraph of the text: no heading, and in no list, table, code, quotation or figure.
    pub is_plain: bool,
    /// Its place in the text of the body; `None` if it reads differently there.
    pub place: Option<Range<usize>>,
    /// Of a plain paragraph with links, its text without theirs: what stays the same in a sentence whose links differ.
    pub around_links: Option<String>,
}

/// A text, mostly a piece of that of a whole body: many paragraphs take the memory of one text.
#[derive(Clone, Default)]
pub struct Piece {
    of: Option<Arc<str>>,
    place: Range<usize>,
}

impl Piece {
    /// The part of a text at this place.
    pub(super) fn of(text: &Arc<str>, place: Range<usize>) -> Self {
        Self {
            of: Some(Arc::clone(text)),
            place,
        }
    }

    /// A text that is not part of another.
    pub(super) fn whole(text: String) -> Self {
        let place = 0..text.len();
        Self {
            of: (!text.is_empty()).then(|| text.into()),
            place,
        }
    }
}

impl Deref for Piece {
    type Target = str;

    fn deref(&self) -> &str {
        let text = self.of.as_deref().unwrap_or_default();
        text.get(self.place.clone()).unwrap_or_default()
    }
}

impl fmt::Debug for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl PartialEq for Piece {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Piece {}

/// A fragment without its links and their content; `None` if it has no links.
pub(super) fn around_links(html: &str) -> Option<String> {
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
pub(super) fn is_plain(name: &str) -> bool {
    matches!(
        name,
        "p" | "div" | "section" | "article" | "center" | "footer" | "header"
    )
}

/// Whether an element holds a paragraph or other blocks.
pub(super) fn is_block(kind: Kind) -> bool {
    use Kind::{
        Block, Caption, Cell, Heading, Item, List, Paragraph, Pre, Row, Section, Table, Term, Terms,
    };
    matches!(
        kind,
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

/// A body without any block that marks its paragraphs with empty lines or doubled breaks, with real paragraphs. `None` if it
/// stays as it is.
#[must_use]
pub(super) fn with_paragraphs(html: &str) -> Option<String> {
    let ends = memchr::memchr_iter(b'\n', html.as_bytes()).take(2).count();
    if ends == 0 && html.matches("<br>").nth(1).is_none() {
        return None;
    }
    let broken = double_breaks(html);
    if !broken.contains("\n\n") {
        // A line end is a space in HTML. Without any tag, as in our own feeds, a reader would take the text for plain text
        // and keep the line end.
        let is_text_like = !html.contains('<') && html.contains('\n');
        return is_text_like.then(|| html.replace("\r\n", " ").replace('\n', " "));
    }
    let paragraphs: String = broken
        .split("\n\n")
        .map(str::trim)
        .filter(|p| !p.is_empty())
        .map(|p| format!("<p>{p}</p>\n"))
        .collect();
    // An inline element may span a break: the sanitizer puts the nesting right.
    Some(sanitize(&paragraphs, None).trim().to_owned())
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
    use crate::text::body::Body;

    #[test]
    fn innermost_blocks_are_found_and_taken_out() {
        let html = "<div><p>One</p><div><h2>Two <b>x</b></h2></div></div><p>Three</p>tail";
        let body = Body::read(html.to_owned());
        let blocks: Vec<&Block> = body.blocks().iter().collect();
        let texts: Vec<&str> = blocks.iter().map(|b| &*b.text).collect();
        assert_eq!(texts, ["One", "Two x", "Three"]);
        assert_eq!(
            without(html, &[blocks[0], blocks[2]]),
            "<div><div><h2>Two <b>x</b></h2></div></div>tail"
        );
    }

    fn paragraphs(html: &str) -> String {
        Body::read(html.to_owned())
            .with_paragraphs()
            .html()
            .to_owned()
    }

    #[test]
    fn a_line_end_without_any_tag_is_a_space() {
        assert_eq!(paragraphs("1 &lt; 2\n3 &gt; 2"), "1 &lt; 2 3 &gt; 2");
        assert_eq!(paragraphs("<b>1</b>\n2"), "<b>1</b>\n2");
        assert_eq!(paragraphs("1\n\n2"), "<p>1</p>\n<p>2</p>");
    }

    #[test]
    fn empty_lines_and_double_breaks_part_paragraphs() {
        assert_eq!(paragraphs("a\nb\n\nc"), "<p>a\nb</p>\n<p>c</p>");
        let spanning = Body::read("<b>a<br><br>b</b><br>c".to_owned()).with_paragraphs();
        let texts: Vec<&str> = spanning.blocks().iter().map(|b| &*b.text).collect();
        assert_eq!(texts, ["a", "b\nc"], "{spanning:?}");
        assert_eq!(paragraphs("<p>a</p>\n\nb"), "<p>a</p>\n\nb");
        assert_eq!(paragraphs("one line"), "one line");
    }
}
