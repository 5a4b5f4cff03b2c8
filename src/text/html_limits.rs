//! Bounds the cost of a tree. Browsers' rules are quadratic in nesting, in attributes, in unclosed elements and in misplaced
//! ones (SEC-03, F7). One linear pass removes what is not allowed, and estimates the cost of a tree for the rest. The
//! estimate is an upper bound.

use std::collections::HashSet;

use super::allowed::{self, Element, Fate, Kind};
use super::references::{self, Place};
use super::tokens::{self, Tag, Token};

/// Longest fragment read, in bytes; what follows is left out (SEC-12).
pub const HTML_BYTES_MAX: usize = 1024 * 1024;
/// Deepest nesting that a tree is built for; what is deeper becomes plain text.
pub(super) const DEPTH_MAX: usize = 256;
/// Longest tag kept, in bytes.
pub(super) const TAG_BYTES_MAX: usize = 16 * 1024;
/// Most attributes of a tag kept.
pub(super) const ATTRIBUTES_MAX: usize = 64;
/// Deepest nesting of tables: each is four elements deep.
pub(super) const TABLES_MAX: usize = 32;
/// Cost of a tag in addition to its bytes, in bytes.
const TAG_WORK: usize = 32;
/// Maximum number of elements that browsers would reopen because `b` and similar elements were not closed; a fragment with
/// more becomes plain text. Three hundred of them before every paragraph of a megabyte are sixty million.
const REOPENED_MAX: usize = 100_000;

/// The fragment with allowed tags only, and the estimated cost of a tree, about one per byte. `None` if the cost is too
/// high.
pub(super) fn pass(html: &str) -> Option<(String, usize)> {
    let mut gate = Gate {
        out: String::with_capacity(html.len()),
        ..Gate::default()
    };
    // Where no further end tag of an element follows: looked for once.
    let mut endless: HashSet<String> = HashSet::new();
    let mut tokens = tokens::of(html);
    while let Some(token) = tokens.next() {
        match token {
            Token::Text(text) => gate.text(text),
            Token::Silent(_) => gate.part(),
            Token::Tag(tag) => match allowed::fate(tag.name) {
                Fate::Kept(element) => gate.tag(element, &tag)?,
                Fate::Gone if !tag.is_end && !tag.is_closed() => {
                    let name = tag.name.to_ascii_lowercase();
                    if !endless.contains(&name) && tokens.skip_to_end_of(&name).is_none() {
                        endless.insert(name);
                    }
                    gate.part();
                }
                Fate::Gone | Fate::Unwrapped => gate.part(),
            },
        }
    }
    let work = gate.out.len() + gate.work;
    Some((gate.out, work))
}

#[derive(Default)]
struct Gate {
    out: String,
    /// Open elements.
    open: Vec<Element>,
    /// Open tables, and whether a cell of theirs is open.
    tables: Vec<bool>,
    /// Elements that browsers open again after every block until they are closed.
    formats: Vec<&'static str>,
    /// How many elements browsers would have opened again so far, at most.
    reopened: usize,
    /// Tags kept so far.
    tags: usize,
    work: usize,
}

impl Gate {
    /// In the place of a tag that goes: `<` and `b>` around it must not become one.
    fn part(&mut self) {
        if !self.out.ends_with('>') {
            self.out.push_str("<!---->");
        }
    }

    /// References are resolved here: browsers' rules need a microsecond for each odd one.
    fn text(&mut self, text: &str) {
        if self.is_between_cells() && !text.trim_ascii().is_empty() {
            self.misplaced();
        }
        let text = references::resolve_in_html(text, Place::Text);
        self.out.push_str(&html_escape::encode_text(&text));
    }

    fn tag(&mut self, element: Element, tag: &Tag<'_>) -> Option<()> {
        let is_monster = !tag.is_whole
            || tag.end - tag.start > TAG_BYTES_MAX
            || tag.attributes().take(ATTRIBUTES_MAX + 1).count() > ATTRIBUTES_MAX;
        let element = element.within(self.tables.len()).filter(|_| !is_monster);
        let Some(element) = element else {
            self.part();
            return Some(());
        };
        self.tags += 1;
        self.work += TAG_WORK;
        self.reopened += self.reopened_by(element.kind);
        if self.is_between_cells() && !element.kind.is_table_part() {
            self.misplaced();
        }
        if tag.is_end {
            self.close(element);
        } else {
            self.open(element, tag);
        }
        self.out.push_str(if tag.is_end { "</" } else { "<" });
        self.out.push_str(element.name);
        self.out.push_str(tag.after_name());
        let is_bounded = self.open.len() <= DEPTH_MAX
            && self.tables.len() <= TABLES_MAX
            && self.reopened <= REOPENED_MAX;
        is_bounded.then_some(())
    }

    /// Whether only parts of a table are expected here.
    fn is_between_cells(&self) -> bool {
        self.tables.last().is_some_and(|is_in_cell| !is_in_cell)
    }

    /// Browsers move it elsewhere, and walk through everything that is there.
    fn misplaced(&mut self) {
        self.work += TAG_WORK + self.tags;
    }

    /// A block may have closed what was open in the paragraph before it; a piece of a line opens only what is missing.
    fn reopened_by(&self, kind: Kind) -> usize {
        use Kind::{Format, Inline, Ruby, RubyText, Void};
        if !matches!(kind, Format | Inline | Ruby | RubyText | Void) {
            return self.formats.len();
        }
        let open = self.open.iter().filter(|e| e.kind == Format);
        self.formats.len().saturating_sub(open.count())
    }

    fn open(&mut self, element: Element, tag: &Tag<'_>) {
        use Kind::{
            Caption, Cell, Column, Columns, Format, Inline, Item, Row, Ruby, RubyText, Section,
            Table, Term, Void,
        };
        let name = element.name;
        match element.kind {
            Void | Column | Inline | Ruby => {}
            Format => {
                if name == "a" {
                    // One link ends another.
                    self.close_format(name);
                }
                // Browsers reopen no more than three equal elements.
                let alike = self.formats.iter().filter(|f| **f == name).count();
                if alike < 3 || tag.attributes().next().is_some() {
                    self.formats.push(name);
                }
            }
            RubyText => self.close_last(RubyText, &[Ruby]),
            Caption | Cell | Columns | Section | Row => {
                let table = self.open.iter().rposition(|e| e.kind == Table);
                self.open.truncate(table.map_or(0, |at| at + 1));
                self.set_in_cell(matches!(element.kind, Caption | Cell));
            }
            kind => {
                if matches!(kind, Item | Term) {
                    self.close_last(kind, &[Kind::List, Kind::Terms, Table]);
                }
                self.close_last(Kind::Paragraph, &[Table]);
                if kind == Table {
                    self.tables.push(false);
                }
            }
        }
        if !matches!(element.kind, Void | Column) {
            self.open.push(element);
        }
    }

    /// Closes the innermost element of a kind, unless one of `walls` is inside it.
    fn close_last(&mut self, kind: Kind, walls: &[Kind]) {
        let inside = self.open.iter().rev();
        let mut inside = inside.take_while(|e| !walls.contains(&e.kind));
        if let Some(back) = inside.position(|e| e.kind == kind) {
            self.open.truncate(self.open.len() - 1 - back);
        }
    }

    fn close(&mut self, element: Element) {
        use Kind::{Caption, Cell, Format, Row, Section, Table};
        match element.kind {
            Format => return self.close_format(element.name),
            Table => {
                self.tables.pop();
            }
            Caption | Cell | Row | Section => self.set_in_cell(false),
            _ => {}
        }
        if let Some(at) = self.open.iter().rposition(|e| e.id == element.id) {
            self.open.truncate(at);
        }
    }

    /// `</b>` closes what is open in it, unless that is a block: then browsers part the element in two.
    fn close_format(&mut self, name: &str) {
        use Kind::{Format, Inline, Ruby};
        if let Some(at) = self.formats.iter().rposition(|f| *f == name) {
            self.formats.remove(at);
        }
        let Some(at) = self.open.iter().rposition(|e| e.name == name) else {
            return;
        };
        let inside = self.open.get(at..).unwrap_or_default();
        if inside
            .iter()
            .all(|e| matches!(e.kind, Format | Inline | Ruby))
        {
            self.open.truncate(at);
        } else {
            self.work += TAG_WORK * inside.len();
            self.misplaced();
            self.open.remove(at);
        }
    }

    fn set_in_cell(&mut self, is_in_cell: bool) {
        if let Some(table) = self.tables.last_mut() {
            *table = is_in_cell;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn work(html: &str) -> Option<usize> {
        pass(html).map(|(_, work)| work)
    }

    #[test]
    fn sec_03_what_is_tangled_costs_more_the_longer_it_is() {
        let cheap = [
            "<p>x",
            "<b>x</b>",
            "<b><i>x</b></i>",
            "<table><tr><td>x</table>",
            "<ul><li>x</ul>",
            "</p>",
        ];
        for unit in cheap {
            let cost = work(&unit.repeat(1000)).unwrap();
            assert!(cost < 200 * 1000, "{unit}: {cost}");
        }
        let dear = [
            "<b><div>x</b></div>",
            "<b><p>x</b></p>",
            "<a>x<div>",
            "<table>x<b>y</b></table>",
            "<p><font size=1></p>",
            "<table><tr>x</table>",
        ];
        for unit in dear {
            let cost = work(&unit.repeat(1000));
            assert!(cost.is_none_or(|c| c > 600 * 1000), "{unit}: {cost:?}");
        }
    }

    #[test]
    fn sec_03_depth_is_bounded() {
        assert_eq!(work(&"<div>".repeat(DEPTH_MAX + 1)), None);
        assert_eq!(work(&"<table>".repeat(TABLES_MAX + 1)), None);
        assert!(work(&"<div></div>".repeat(DEPTH_MAX + 1)).is_some());
        let fonts: String = (0..200).map(|n| format!("<font size={n}>")).collect();
        assert_eq!(work(&format!("<p>{fonts}{}", "<p>x".repeat(1000))), None);
    }

    #[test]
    fn what_goes_leaves_no_tag_behind() {
        assert_eq!(
            pass("<<noscript>b>x").map(|p| p.0).as_deref(),
            Some("&lt;<!---->b&gt;x")
        );
    }
}
