//! Sanitizing without a tree, for fragments that every browser reads as they are written: allowed tags, correctly nested.
//! The result is what [`super::html`] would make of it with a tree, and sanitizing it again changes nothing. Anything
//! doubtful is refused and left to the slow path.

use std::borrow::Cow;

use super::allowed::{self, ELEMENTS, EVERYWHERE, Element, Fate, Kind, LINK_REL};
use super::html_limits::{ATTRIBUTES_MAX, DEPTH_MAX, HTML_BYTES_MAX, TABLES_MAX, TAG_BYTES_MAX};
use super::references::{self, Place};
use super::tokens::{self, Tag, Token};
use crate::model::WebUrl;

/// Sees the tags and texts of the sanitized HTML while it is written.
pub(super) trait Visitor {
    /// A tag of an allowed element.
    fn tag(&mut self, element: Element, tag: &Tag<'_>);
    /// A text, its references resolved.
    fn text(&mut self, text: &str);
}

/// For callers that need the HTML only.
pub(super) struct NoVisitor;

impl Visitor for NoVisitor {
    fn tag(&mut self, _element: Element, _tag: &Tag<'_>) {}
    fn text(&mut self, _text: &str) {}
}

/// `html` with only what is allowed, and every URL absolute; `None` if it is not as simple as that.
pub(super) fn read(
    html: &str,
    base: Option<&WebUrl>,
    visitor: &mut impl Visitor,
) -> Option<String> {
    let mut writer = Writer {
        base,
        visitor,
        out: String::with_capacity(html.len() + html.len() / 8),
        open: Vec::new(),
        counts: [0; ELEMENTS.len()],
        tables: 0,
        paragraphs: 0,
        pre: None,
    };
    let mut tokens = tokens::of(html);
    while let Some(token) = tokens.next() {
        // Escaped signs and resolved addresses are longer than they were.
        if writer.out.len() > HTML_BYTES_MAX {
            break;
        }
        match token {
            Token::Text(text) => writer.text(text)?,
            Token::Silent(_) => {}
            Token::Tag(tag) => {
                if !tag.is_whole || tag.end - tag.start > TAG_BYTES_MAX {
                    return None;
                }
                match allowed::fate(tag.name) {
                    Fate::Kept(element) if element.kind == Kind::Math => return None,
                    Fate::Kept(element) if tag.is_end => writer.end(element)?,
                    Fate::Kept(element) => writer.start(element, &tag)?,
                    Fate::Unwrapped => {}
                    Fate::Gone if tag.is_end || tag.is_closed() => {}
                    Fate::Gone => tokens.skip_to_end_of(tag.name)?,
                }
            }
        }
    }
    while writer.close_top().is_some() {}
    Some(writer.out)
}

struct Writer<'b, V> {
    base: Option<&'b WebUrl>,
    visitor: &'b mut V,
    out: String,
    open: Vec<Element>,
    /// How many of each element are open.
    counts: [u16; ELEMENTS.len()],
    /// Open tables.
    tables: usize,
    /// Open paragraphs.
    paragraphs: usize,
    /// The length of `out` just after a `<pre>`: a line end there would be lost in reading.
    pre: Option<usize>,
}

impl<V: Visitor> Writer<'_, V> {
    fn top(&self) -> Option<Kind> {
        self.open.last().map(|e| e.kind)
    }

    /// Whether only parts of a table are allowed here.
    fn is_between_cells(&self) -> bool {
        use Kind::{Columns, Row, Section, Table};
        matches!(self.top(), Some(Table | Columns | Section | Row))
    }

    /// Writes the end tag of the innermost open element.
    fn close_top(&mut self) -> Option<()> {
        let element = self.open.pop()?;
        self.tables -= usize::from(element.kind == Kind::Table);
        self.paragraphs -= usize::from(element.kind == Kind::Paragraph);
        if let Some(count) = self.counts.get_mut(element.id) {
            *count -= 1;
        }
        self.write_end(element);
        Some(())
    }

    fn write_end(&mut self, element: Element) {
        let start = self.out.len();
        self.out.push_str("</");
        self.out.push_str(element.name);
        self.out.push('>');
        self.is_written(element, start, true);
    }

    /// Shows the visitor the tag that was written last.
    fn is_written(&mut self, element: Element, start: usize, is_end: bool) {
        let tag = Tag::last_of(&self.out, start, element.name, is_end);
        self.visitor.tag(element, &tag);
    }

    /// Closes elements whose end tag is optional, up to the innermost element of one of these kinds.
    fn back_to(&mut self, kinds: &[Kind]) -> Option<()> {
        use Kind::{Cell, Columns, Item, Paragraph, Row, RubyText, Section, Term};
        while !kinds.contains(&self.top()?) {
            match self.top()? {
                Paragraph | Item | Term | RubyText | Cell | Row | Section | Columns => {
                    self.close_top()?;
                }
                _ => return None,
            }
        }
        Some(())
    }

    /// Closes the innermost element if it is of this kind.
    fn close_if(&mut self, kind: Kind) {
        if self.top() == Some(kind) {
            self.close_top();
        }
    }

    /// A block ends the paragraph that contains it.
    fn end_paragraph(&mut self) -> Option<()> {
        use Kind::{Caption, Cell, Paragraph, Table};
        self.close_if(Paragraph);
        if self.paragraphs == 0 {
            return Some(());
        }
        let inside = self.open.iter().rev();
        let is_inside = inside
            .take_while(|e| !matches!(e.kind, Caption | Cell | Table))
            .any(|e| e.kind == Paragraph);
        (!is_inside).then_some(())
    }

    fn start(&mut self, element: Element, tag: &Tag<'_>) -> Option<()> {
        use Kind::{
            Block, Caption, Cell, Column, Columns, Format, Heading, Inline, Item, List, Math,
            Paragraph, Pre, Row, Ruby, RubyText, Section, Table, Term, Terms, Void,
        };
        let Some(element) = element.within(self.tables) else {
            return Some(());
        };
        if self.is_between_cells() && !element.kind.is_table_part() {
            return None;
        }
        match element.kind {
            Void if element.name == "hr" => self.end_paragraph()?,
            Format if element.name == "a" => {
                let inside = self.open.iter().rev();
                let is_inside = inside
                    .take_while(|e| !matches!(e.kind, Caption | Cell))
                    .any(|e| e.name == "a");
                if is_inside {
                    return None;
                }
            }
            Math => return None,
            Void | Format | Inline | Ruby => {}
            Block | List | Terms | Paragraph | Pre | Table => self.end_paragraph()?,
            Heading => {
                self.end_paragraph()?;
                if self.top() == Some(Heading) {
                    return None;
                }
            }
            Item | Term => {
                self.end_item(element.kind)?;
                self.end_paragraph()?;
            }
            RubyText => {
                self.close_if(RubyText);
                if self.top() != Some(Ruby) {
                    return None;
                }
            }
            Caption | Columns | Section => self.back_to(&[Table])?,
            Column => {
                if self.top() != Some(Columns) {
                    return None;
                }
            }
            Row => {
                self.back_to(&[Section, Table])?;
                if self.top() == Some(Table) {
                    let (body, start) = (allowed::element_of("tbody")?, self.out.len());
                    self.out.push_str("<tbody>");
                    self.is_written(body, start, false);
                    self.push(body);
                }
            }
            Cell => self.back_to(&[Row])?,
        }
        self.write_tag(element, tag)?;
        if !matches!(element.kind, Void | Column) {
            self.push(element);
        }
        self.pre = (element.kind == Pre).then_some(self.out.len());
        (self.open.len() <= DEPTH_MAX && self.tables <= TABLES_MAX).then_some(())
    }

    fn push(&mut self, element: Element) {
        self.tables += usize::from(element.kind == Kind::Table);
        self.paragraphs += usize::from(element.kind == Kind::Paragraph);
        if let Some(count) = self.counts.get_mut(element.id) {
            *count += 1;
        }
        self.open.push(element);
    }

    /// An item ends the one before it in its list.
    fn end_item(&mut self, kind: Kind) -> Option<()> {
        use Kind::{Format, Inline, Paragraph, Ruby, RubyText};
        let ends = |e: &&Element| match e.kind {
            Format | Inline | Ruby | RubyText | Paragraph => false,
            _ => !matches!(e.name, "div" | "address"),
        };
        let before = self.open.iter().rev().find(ends);
        if before.is_some_and(|e| e.kind == kind) {
            self.close_if(Paragraph);
            if self.top() != Some(kind) {
                return None;
            }
            self.close_if(kind);
        }
        Some(())
    }

    fn end(&mut self, element: Element) -> Option<()> {
        use Kind::{
            Block, Caption, Cell, Column, Columns, Format, Heading, Inline, Item, List, Math,
            Paragraph, Pre, Row, Ruby, RubyText, Section, Table, Term, Terms, Void,
        };
        let Some(element) = element.within(self.tables) else {
            return Some(());
        };
        if self.counts.get(element.id).is_none_or(|n| *n == 0) {
            if element.kind == Paragraph && !self.is_between_cells() {
                // An end alone is an empty paragraph.
                let start = self.out.len();
                self.out.push_str("<p>");
                self.is_written(element, start, false);
                self.write_end(element);
                return Some(());
            }
            // Without a start, most end tags mean nothing; these do.
            let means_something = match element.kind {
                _ if self.top() == Some(Columns) => true,
                Paragraph => true,
                Void => element.name == "br",
                Heading => self.open.iter().any(|e| e.kind == Heading),
                _ => false,
            };
            return (!means_something).then_some(());
        }
        match element.kind {
            Void | Column | Math => return None,
            Format | Inline | RubyText => {}
            Ruby => self.close_if(RubyText),
            Block | List | Terms | Heading | Paragraph | Pre | Item | Term | Caption => {
                while matches!(self.top(), Some(Paragraph | Item | Term | RubyText))
                    && self.open.last()?.name != element.name
                {
                    self.close_top()?;
                }
            }
            Table | Columns | Section | Row | Cell => self.back_to(&[element.kind])?,
        }
        if self.open.last()?.name != element.name {
            return None;
        }
        self.close_top()
    }

    fn write_tag(&mut self, element: Element, tag: &Tag<'_>) -> Option<()> {
        let start = self.out.len();
        self.out.push('<');
        self.out.push_str(element.name);
        let mut written: [&str; 8] = [""; 8];
        for (count, (name, value)) in tag.attributes().enumerate() {
            if count >= ATTRIBUTES_MAX {
                return None;
            }
            let allowed = element.attributes.iter().chain(EVERYWHERE);
            let Some(name) = allowed.copied().find(|a| a.eq_ignore_ascii_case(name)) else {
                continue;
            };
            // Of two attributes with one name, browsers use the first.
            if written.contains(&name) {
                continue;
            }
            *written.iter_mut().find(|w| w.is_empty())? = name;
            let value = references::resolve_in_html(value, Place::Value);
            let value = if allowed::is_address(name) {
                match allowed::address(&value, self.base) {
                    Some(address) => Cow::Owned(address),
                    None => continue,
                }
            } else {
                value
            };
            self.out.push(' ');
            self.out.push_str(name);
            self.out.push_str("=\"");
            push_escaped(&mut self.out, &value, |b| {
                matches!(b, b'&' | b'<' | b'>' | b'"')
            });
            self.out.push('"');
        }
        if element.name == "a" {
            self.out.push_str(" rel=\"");
            self.out.push_str(LINK_REL);
            self.out.push('"');
        }
        self.out.push('>');
        self.is_written(element, start, false);
        Some(())
    }

    fn text(&mut self, text: &str) -> Option<()> {
        if self.is_between_cells() {
            let is_blank = text.bytes().all(|b| b.is_ascii_whitespace());
            if is_blank {
                self.out.push_str(text);
                self.visitor.text(text);
            }
            return is_blank.then_some(());
        }
        let text = references::resolve_in_html(text, Place::Text);
        let text = if self.pre == Some(self.out.len()) {
            text.trim_start_matches('\n')
        } else {
            &text
        };
        push_escaped(&mut self.out, text, |b| matches!(b, b'&' | b'<' | b'>'));
        self.visitor.text(text);
        Some(())
    }
}

/// Writes a text or a value with its signs escaped.
fn push_escaped(out: &mut String, text: &str, is_sign: fn(u8) -> bool) {
    let mut rest = text;
    while let Some(at) = rest.bytes().position(is_sign) {
        let (plain, sign) = rest.split_at(at);
        out.push_str(plain);
        out.push_str(match sign.bytes().next() {
            Some(b'&') => "&amp;",
            Some(b'<') => "&lt;",
            Some(b'>') => "&gt;",
            _ => "&quot;",
        });
        rest = sign.get(1..).unwrap_or_default();
    }
    out.push_str(rest);
}
