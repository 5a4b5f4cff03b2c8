//! The quick way through the sanitizer, for fragments that every browser reads as they are written: tags from the list,
//! rightly nested. What comes out is what [`super::html`] would make of it with a tree, and reading it again changes
//! nothing. Anything doubtful is refused, never guessed at: the slow way is always there.

use std::borrow::Cow;

use super::allowed::{self, EVERYWHERE, Element, Fate, Kind};
use super::html::{ATTRIBUTES_MAX, DEPTH_MAX, LINK_REL, TAG_BYTES_MAX, is_forbidden};
use super::references;
use super::tokens::{self, Tag, Token};
use crate::model::WebUrl;

/// `html` with only what is allowed, every URL absolute; none if it is not as simple as that.
pub(super) fn read(html: &str, base: Option<&WebUrl>) -> Option<String> {
    let mut writer = Writer {
        base,
        out: String::with_capacity(html.len() + html.len() / 8),
        open: Vec::new(),
        tables: 0,
        pre: None,
    };
    let mut tokens = tokens::of(html);
    while let Some(token) = tokens.next() {
        match token {
            Token::Text(text) => writer.text(text)?,
            Token::Silent(_) => {}
            Token::Tag(tag) => {
                if !tag.is_whole || tag.end - tag.start > TAG_BYTES_MAX {
                    return None;
                }
                match allowed::fate(tag.name) {
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

struct Writer<'b> {
    base: Option<&'b WebUrl>,
    out: String,
    open: Vec<Element>,
    /// Open tables.
    tables: usize,
    /// The length of `out` just after a `<pre>`: a line end there would be lost in reading.
    pre: Option<usize>,
}

impl Writer<'_> {
    fn top(&self) -> Option<Kind> {
        self.open.last().map(|e| e.kind)
    }

    /// Whether only parts of a table may stand here.
    fn is_between_cells(&self) -> bool {
        use Kind::{Columns, Row, Section, Table};
        matches!(self.top(), Some(Table | Columns | Section | Row))
    }

    /// Writes the end tag of the innermost open element.
    fn close_top(&mut self) -> Option<()> {
        let element = self.open.pop()?;
        self.tables -= usize::from(element.kind == Kind::Table);
        self.out.push_str("</");
        self.out.push_str(element.name);
        self.out.push('>');
        Some(())
    }

    /// Closes elements whose end tag may be left out, up to the innermost of one of these kinds.
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

    /// A block ends the paragraph that it stands in.
    fn end_paragraph(&mut self) -> Option<()> {
        use Kind::{Caption, Cell, Paragraph, Table};
        self.close_if(Paragraph);
        let inside = self.open.iter().rev();
        let is_inside = inside
            .take_while(|e| !matches!(e.kind, Caption | Cell | Table))
            .any(|e| e.kind == Paragraph);
        (!is_inside).then_some(())
    }

    fn start(&mut self, element: Element, tag: &Tag<'_>) -> Option<()> {
        use Kind::{
            Block, Caption, Cell, Column, Columns, Format, Heading, Inline, Item, List, Paragraph,
            Pre, Row, Ruby, RubyText, Section, Table, Term, Terms, Void,
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
            Void | Format | Inline | Ruby => {}
            Block | List | Terms | Paragraph | Pre | Table => self.end_paragraph()?,
            Heading => {
                self.end_paragraph()?;
                if self.top() == Some(Heading) {
                    return None;
                }
            }
            Item => self.next_of(Item, List)?,
            Term => self.next_of(Term, Terms)?,
            RubyText => self.next_of(RubyText, Ruby)?,
            Caption | Columns | Section => self.back_to(&[Table])?,
            Column => {
                if self.top() != Some(Columns) {
                    return None;
                }
            }
            Row => {
                self.back_to(&[Section, Table])?;
                if self.top() == Some(Table) {
                    self.out.push_str("<tbody>");
                    self.open.push(Element {
                        name: "tbody",
                        kind: Section,
                        attributes: &[],
                    });
                }
            }
            Cell => self.back_to(&[Row])?,
        }
        self.write_tag(element, tag)?;
        if !matches!(element.kind, Void | Column) {
            self.tables += usize::from(element.kind == Table);
            self.open.push(element);
        }
        self.pre = (element.kind == Pre).then_some(self.out.len());
        (self.open.len() <= DEPTH_MAX).then_some(())
    }

    /// An item ends the one before it, and stands in its list.
    fn next_of(&mut self, item: Kind, list: Kind) -> Option<()> {
        self.close_if(Kind::Paragraph);
        self.close_if(item);
        (self.top() == Some(list)).then_some(())
    }

    fn end(&mut self, element: Element) -> Option<()> {
        use Kind::{
            Block, Caption, Cell, Column, Columns, Format, Heading, Inline, Item, List, Paragraph,
            Pre, Row, Ruby, RubyText, Section, Table, Term, Terms, Void,
        };
        let Some(element) = element.within(self.tables) else {
            return Some(());
        };
        if !self.open.iter().any(|e| e.name == element.name) {
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
            Void | Column => return None,
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
            // The first of two attributes of one name counts.
            if written.contains(&name) {
                continue;
            }
            *written.iter_mut().find(|w| w.is_empty())? = name;
            let value = resolved(value, Place::Value)?;
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
        Some(())
    }

    fn text(&mut self, text: &str) -> Option<()> {
        if self.is_between_cells() {
            let is_blank = text.bytes().all(|b| b.is_ascii_whitespace());
            self.out.push_str(if is_blank { text } else { "" });
            return is_blank.then_some(());
        }
        let text = resolved(text, Place::Text)?;
        let text = if self.pre == Some(self.out.len()) {
            text.trim_start_matches('\n')
        } else {
            &text
        };
        push_escaped(&mut self.out, text, |b| matches!(b, b'&' | b'<' | b'>'));
        Some(())
    }
}

/// Where a text stands: a reference without its semicolon counts differently in a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Text,
    Value,
}

/// A text with its references resolved; none where browsers know more about it than we do (HTML standard section
/// 13.2.5.73).
fn resolved(text: &str, place: Place) -> Option<Cow<'_, str>> {
    let Some(first) = memchr::memchr(b'&', text.as_bytes()) else {
        return Some(Cow::Borrowed(text));
    };
    let mut out = String::with_capacity(text.len());
    let (before, mut rest) = text.split_at(first);
    out.push_str(before);
    while let Some(after) = rest.strip_prefix('&') {
        let name = references::name_of(after);
        let tail = after.get(name.len()..)?;
        let has_sign_inside = name.rfind('#').is_some_and(|at| at > 0);
        let means_itself = name.is_empty()
            || place == Place::Value && tail.starts_with('=')
            // The shortest name that counts without a semicolon has two letters.
            || name.len() == 1 && name != "#" && !tail.starts_with(';');
        let tail = if means_itself {
            out.push('&');
            after
        } else {
            let tail = tail.strip_prefix(';').filter(|_| !has_sign_inside)?;
            match references::meaning(name) {
                Some(meaning) if is_readable(&meaning) => out.push_str(&meaning),
                None if place == Place::Value => {
                    out.push('&');
                    out.push_str(name);
                    out.push(';');
                }
                _ => return None,
            }
            tail
        };
        let end = memchr::memchr(b'&', tail.as_bytes()).unwrap_or(tail.len());
        let (plain, next) = tail.split_at(end);
        out.push_str(plain);
        rest = next;
    }
    Some(Cow::Owned(out))
}

/// Whether a reference gave characters that may stand in an article.
fn is_readable(text: &str) -> bool {
    !text.is_empty() && !text.contains(is_forbidden)
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
