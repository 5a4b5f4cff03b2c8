//! XML into small trees, one for each child of the feed, in one pass. Tolerates what publishers send: unescaped
//! `&` and `<`, wrong nesting, missing ends, a document that breaks off. Never builds a whole document, never
//! expands an entity of a DTD (SEC-02), never goes deeper than [`DEPTH_MAX`] (SEC-03).

mod recovery;

use std::collections::HashMap;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::balance::Balance;
use super::element::{Attribute, Element, Node};
use super::fields;
use super::vocabulary::{self, Ns};
use crate::text::references;

/// The warning of a document that ends before its end tags do.
const BREAKS_OFF: &str = "the document breaks off";

/// Deepest nesting kept; what is deeper is left out.
pub const DEPTH_MAX: usize = 256;
/// Maximum number of elements in a child of the feed.
const ELEMENTS_MAX: usize = 20_000;
/// Maximum number of attributes of an element.
const ATTRIBUTES_MAX: usize = 64;
/// Maximum nesting of containers: root, `channel`, `items`.
const CONTAINERS_MAX: usize = 4;
/// Maximum number of namespace declarations in scope.
const NAMESPACES_MAX: usize = 256;

/// The parts of a feed that the walk returns.
#[derive(Debug)]
pub enum Piece {
    /// The start of a container: the root, or `channel`. Its children are returned separately.
    Container(Element),
    /// A complete child of a container.
    Child(Element),
}

/// Walks a document piece by piece.
pub struct Walk<'t> {
    reader: Reader<&'t [u8]>,
    namespaces: Vec<Declaration>,
    /// Open containers.
    containers: Vec<Open>,
    /// Open elements below a container.
    stack: Vec<Open>,
    /// How many of each raw name are open in `stack`, so that a stray end costs nothing.
    open: HashMap<String, usize>,
    elements: usize,
    /// Open elements that are left out.
    left_out: usize,
    done: bool,
    /// Whether the document ends within an element.
    pub breaks_off: bool,
    /// Whether that is an entry, so that what stands in it is no entry of the feed.
    pub breaks_off_in_entry: bool,
    text: &'t str,
    /// Read when recovery first needs it.
    balance: Option<Balance>,
    /// The last end tag of a feed, as a byte offset; searched for when the root first ends.
    last_end: Option<usize>,
    /// Whether an entry is only an entry outside of other elements that the document closes.
    trusts_nesting: bool,
    /// What follows the last returned piece.
    pending: Option<Piece>,
    /// Whether the document has the start of an entry anywhere.
    pub saw_entry: bool,
    /// Whether there was one after the end of the feed, where it was left out.
    pub saw_entry_behind: bool,
    /// The repairs, as warnings.
    pub faults: Vec<&'static str>,
}

struct Declaration {
    prefix: String,
    ns: Option<Ns>,
    depth: usize,
}

struct Open {
    raw: String,
    element: Element,
    /// The byte offset of its start tag.
    at: usize,
}

impl<'t> Walk<'t> {
    /// A walk over a text that [`super::mend`] has repaired.
    pub fn new(text: &'t str) -> Self {
        let mut reader = Reader::from_str(text);
        let config = reader.config_mut();
        config.allow_dangling_amp = true;
        config.allow_unmatched_ends = true;
        config.check_end_names = false;
        config.expand_empty_elements = true;
        Self {
            reader,
            namespaces: Vec::new(),
            containers: Vec::new(),
            stack: Vec::new(),
            open: HashMap::new(),
            elements: 0,
            left_out: 0,
            done: false,
            breaks_off: false,
            breaks_off_in_entry: false,
            text,
            balance: None,
            last_end: None,
            trusts_nesting: true,
            pending: None,
            saw_entry: false,
            saw_entry_behind: false,
            faults: Vec::new(),
        }
    }

    /// As [`Self::new`], but every start of an entry is an entry of the feed, whatever element is open around it: for
    /// documents that have no entries otherwise.
    pub fn ignoring_nesting(text: &'t str) -> Self {
        Self {
            trusts_nesting: false,
            ..Self::new(text)
        }
    }

    /// The next piece; `None` at the end.
    pub fn next(&mut self) -> Option<Piece> {
        if let Some(piece) = self.pending.take() {
            return Some(piece);
        }
        while !self.done {
            let at = usize::try_from(self.reader.buffer_position()).unwrap_or(usize::MAX);
            let piece = match self.reader.read_event() {
                Ok(Event::Start(start)) => self.start(&start, at),
                Ok(Event::End(end)) => self.end(end.name().0),
                Ok(Event::Text(text)) => {
                    // The end of a CDATA section that had already ended: it is not allowed in text (XML 1.0 section 2.4).
                    let text = text.into_inner();
                    text.split("]]>").for_each(|part| self.push_text(part));
                    None
                }
                Ok(Event::CData(text)) => {
                    self.push_text(&text.into_inner());
                    None
                }
                Ok(Event::GeneralRef(name)) => {
                    let name = name.into_inner();
                    match references::meaning(&name) {
                        Some(text) => self.push_text(&text),
                        // An entity of a DTD, or an unknown one (SEC-02).
                        None => self.push_text(&format!("&{name};")),
                    }
                    None
                }
                Ok(Event::Eof) | Err(_) => self.finish(),
                Ok(_) => None,
            };
            if piece.is_some() {
                return piece;
            }
        }
        None
    }

    /// The end, wanted or not. An entry that breaks off after it said who it is stays, without what is unfinished: neither
    /// an open field nor text that may go on.
    fn finish(&mut self) -> Option<Piece> {
        self.done = true;
        if self.stack.is_empty() && self.containers.is_empty() {
            return None;
        }
        self.breaks_off = true;
        self.breaks_off_in_entry = self.is_entry_open();
        self.fault(BREAKS_OFF);
        self.stack.truncate(1);
        let mut last = self.stack.pop()?.element;
        last.children.pop_if(|child| matches!(child, Node::Text(_)));
        let is_entry = matches!(last.name.as_str(), "item" | "entry");
        let is_known = last
            .elements()
            .any(|e| matches!(e.name.as_str(), "guid" | "id" | "link"));
        (is_entry && is_known).then_some(Piece::Child(last))
    }

    fn fault(&mut self, what: &'static str) {
        if !self.faults.contains(&what) {
            self.faults.push(what);
        }
    }

    fn depth(&self) -> usize {
        self.containers.len() + self.stack.len()
    }

    fn start(&mut self, start: &BytesStart<'_>, at: usize) -> Option<Piece> {
        let raw = start.name().0.to_ascii_lowercase();
        if self.is_behind_feed(at, local_of(&raw)) {
            self.fault("content after the end of the feed was left out");
            self.saw_entry_behind |= fields::is_entry_name(local_of(&raw));
            return None;
        }
        let is_entry = fields::is_entry_name(local_of(&raw));
        self.saw_entry |= is_entry;
        let finished = if is_entry || is_container_name(local_of(&raw)) {
            self.recover_before_entry()
        } else {
            None
        };
        if self.left_out > 0 || self.depth() >= DEPTH_MAX || self.elements >= ELEMENTS_MAX {
            self.left_out += 1;
            self.fault("a part is nested too deeply or has too many elements and was left out");
            return finished.map(Piece::Child);
        }
        let is_container = self.stack.is_empty()
            && match local_of(&raw) {
                // A document may be one entry (RFC 4287 section 2).
                "item" | "entry" => false,
                // RSS 1.1 and some private dialects wrap their items.
                "channel" | "items" => self.containers.len() < CONTAINERS_MAX,
                _ => self.containers.is_empty(),
            };
        let element = self.element(start, &raw, is_container);
        if is_container {
            let container = Piece::Container(element.clone());
            self.containers.push(Open { raw, element, at });
            return match finished {
                Some(finished) => {
                    self.pending = Some(container);
                    Some(Piece::Child(finished))
                }
                None => Some(container),
            };
        }
        let finished = finished.or_else(|| self.recover_before_field(&element));
        *self.open.entry(raw.clone()).or_default() += 1;
        self.elements += 1;
        self.stack.push(Open { raw, element, at });
        finished.map(Piece::Child)
    }

    fn element(&mut self, start: &BytesStart<'_>, raw: &str, is_container: bool) -> Element {
        let depth = self.depth() + 1;
        let mut attributes: Vec<(String, String)> = Vec::new();
        for attribute in start.html_attributes().with_checks(false).flatten() {
            if attributes.len() >= ATTRIBUTES_MAX {
                break;
            }
            let name = attribute.key.0.to_ascii_lowercase();
            let value = references::resolve(&attribute.value);
            let prefix = match name.strip_prefix("xmlns") {
                Some("") => Some(""),
                Some(rest) => rest.strip_prefix(':'),
                None => None,
            };
            if let Some(prefix) = prefix
                && self.namespaces.len() < NAMESPACES_MAX
            {
                let known = vocabulary::of_uri(&value);
                let ns = match prefix {
                    // RSS without prefixes is RSS, whatever the default namespace is.
                    "" if is_rss_name(raw) => Some(Ns::Core),
                    // An unknown default namespace on the feed itself is a misspelt one.
                    "" if is_container && known != Some(Ns::Atom) => Some(Ns::Core),
                    "" => known.or(Some(Ns::Other)),
                    _ => known,
                };
                self.namespaces.push(Declaration {
                    prefix: prefix.to_owned(),
                    ns,
                    depth,
                });
            }
            attributes.push((name, value.into_owned()));
        }
        let (prefix, local) = raw.split_once(':').unwrap_or(("", raw));
        Element {
            ns: self.namespace(prefix),
            name: local.to_owned(),
            attributes: attributes
                .into_iter()
                .map(|(name, value)| match name.split_once(':') {
                    Some((prefix, local)) => Attribute {
                        ns: self.namespace(prefix),
                        name: local.to_owned(),
                        value,
                    },
                    None => Attribute {
                        ns: Ns::Core,
                        name,
                        value,
                    },
                })
                .collect(),
            children: Vec::new(),
        }
    }

    fn namespace(&self, prefix: &str) -> Ns {
        self.namespaces
            .iter()
            .rev()
            .find(|d| d.prefix == prefix)
            .and_then(|d| d.ns)
            .unwrap_or_else(|| vocabulary::of_prefix(prefix))
    }

    fn end(&mut self, raw: &str) -> Option<Piece> {
        let raw = raw.trim_end().to_ascii_lowercase();
        if self.left_out > 0 {
            // An element that is left out may have no end; it ends with its entry at the latest.
            let is_outer = self.is_entry(&raw) || self.containers.iter().any(|o| o.raw == raw);
            self.left_out = if is_outer { 0 } else { self.left_out - 1 };
            if !is_outer {
                return None;
            }
        }
        if self.open.get(&raw).is_some_and(|n| *n > 0) {
            let at = self.stack.iter().rposition(|o| o.raw == raw)?;
            if at + 1 < self.stack.len() {
                self.fault("tags are nested wrongly");
            }
            return self.close_to(at).map(Piece::Child);
        }
        if let Some(at) = self.containers.iter().rposition(|o| o.raw == raw) {
            let child = self.close_to(0);
            if child.is_some() {
                self.fault("tags are nested wrongly");
            }
            self.containers.truncate(at);
            if at == 0 && fields::is_root_name(local_of(&raw)) {
                let text = self.text;
                self.last_end
                    .get_or_insert_with(|| fields::last_end_of_a_feed(text));
            }
            self.forget_namespaces();
            return child.map(Piece::Child);
        }
        self.fault("an end tag has no start");
        if self.ends_another_field(&raw) {
            let level = self.stack.len().saturating_sub(1);
            return self.close_to(level).map(Piece::Child);
        }
        None
    }

    /// Whether an element at `at` is after a feed and belongs to none. If a feed ends again later, the end before it may
    /// have been a stray tag: entries are read until then.
    fn is_behind_feed(&self, at: usize, local: &str) -> bool {
        let is_outside = self.containers.is_empty() && self.stack.is_empty();
        let Some(end) = self.last_end.filter(|_| is_outside && self.trusts_nesting) else {
            return false;
        };
        let may_be_read = fields::is_entry_name(local) || is_container_name(local);
        !fields::is_root_name(local) && (at > end || !may_be_read)
    }

    /// Closes every open element from `at` on; the child of the container, if that was the last.
    fn close_to(&mut self, at: usize) -> Option<Element> {
        let mut closed = None;
        while self.stack.len() > at {
            let Open { raw, element, .. } = self.stack.pop()?;
            if let Some(n) = self.open.get_mut(&raw) {
                *n -= 1;
            }
            match self.stack.last_mut() {
                Some(parent) => parent.element.children.push(Node::Element(element)),
                None => closed = Some(element),
            }
        }
        if self.stack.is_empty() {
            self.elements = 0;
        }
        self.forget_namespaces();
        closed
    }

    fn forget_namespaces(&mut self) {
        let depth = self.depth();
        self.namespaces.retain(|d| d.depth <= depth);
    }

    fn push_text(&mut self, text: &str) {
        if self.left_out > 0 || text.is_empty() {
            return;
        }
        if let Some(open) = self.stack.last_mut() {
            match open.element.children.last_mut() {
                Some(Node::Text(so_far)) => so_far.push_str(text),
                _ => open.element.children.push(Node::Text(text.to_owned())),
            }
        }
    }
}

/// The elements that hold all of an RSS feed, or an item of it.
fn is_rss_name(raw: &str) -> bool {
    matches!(raw, "rss" | "channel" | "items" | "item")
}

fn is_container_name(local: &str) -> bool {
    matches!(local, "channel" | "items")
}

fn local_of(raw: &str) -> &str {
    raw.rsplit(':').next().unwrap_or(raw)
}

#[cfg(test)]
mod tests;
