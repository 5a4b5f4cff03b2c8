//! End tags that are missing or misspelt: where an element that was never closed ends, so that its entry is kept whole and the
//! next one is read. Decides by what follows in the document ([`Balance`]); never leaves anything out.

use super::{Walk, is_container_name, local_of};
use crate::parse::balance::Balance;
use crate::parse::element::Element;
use crate::parse::fields;

impl Walk<'_> {
    /// Ends what was never closed before an entry or a container starts: what is open then does not belong to it. Gives the
    /// child of the feed that ended so.
    pub(super) fn recover_before_entry(&mut self) -> Option<Element> {
        if self.stack.is_empty() {
            return None;
        }
        let from = if self.trusts_nesting {
            if self.is_quoted() {
                return None;
            }
            let places: Vec<usize> = self.stack.iter().map(|o| o.at).collect();
            places.into_iter().position(|at| !self.is_closed(at))?
        } else {
            0
        };
        self.left_out = 0;
        self.fault(if from == 0 && self.is_entry_open() {
            "an entry has no end tag"
        } else {
            "a field has no end tag"
        });
        self.close_to(from)
    }

    /// Ends a field that was never closed before the next one starts. Gives it if it is a child of the feed.
    pub(super) fn recover_before_field(&mut self, next: &Element) -> Option<Element> {
        let level = usize::from(self.is_entry_open());
        let outer = self.stack.get(level)?;
        let (at, is_ended) = (
            outer.at,
            fields::is_field(next) && !fields::may_stand_in(next, &outer.element),
        );
        let is_inside = |walk: &mut Self| walk.is_in_cut_source(level) || walk.is_quoted();
        if !is_ended || self.is_closed(at) || is_inside(self) {
            return None;
        }
        self.fault("a field has no end tag");
        self.close_to(level)
    }

    /// Whether the document breaks off within the entry at hand, and a feed that this entry quotes, or a field that is closed later,
    /// is open: what stands in there is no entry of the feed.
    fn is_quoted(&mut self) -> bool {
        let Some(entry) = self.stack.first().filter(|_| self.is_entry_open()) else {
            return false;
        };
        let entry = entry.at;
        let inner = self.stack.iter().skip(1);
        let inner: Vec<_> = inner
            .map(|o| (o.at, fields::is_root_name(&o.element.name)))
            .collect();
        let mut holds =
            |(at, is_feed): (usize, bool)| self.is_closed(at) || is_feed && self.is_cut_off(at);
        inner.into_iter().any(&mut holds) && self.is_cut_off(entry)
    }

    /// Whether the field at this level is the source of an entry, with fields of its own, and the document breaks off in it.
    fn is_in_cut_source(&mut self, level: usize) -> bool {
        let Some(outer) = self.stack.get(level) else {
            return false;
        };
        // In RSS a source is a text.
        let is_source = outer.element.name == "source" && outer.element.own_text().is_empty();
        let at = outer.at;
        is_source && self.is_cut_off(at)
    }

    /// Whether the current child of the feed is an entry.
    pub(super) fn is_entry_open(&self) -> bool {
        self.stack
            .first()
            .is_some_and(|o| fields::is_entry_name(&o.element.name))
    }

    fn is_closed(&mut self, at: usize) -> bool {
        self.balance().is_closed(at)
    }

    /// Whether the element at `at`, and all around it, is open at the end of the document.
    fn is_cut_off(&mut self, at: usize) -> bool {
        self.balance().is_cut_off(at)
    }

    fn balance(&mut self) -> &Balance {
        self.balance.get_or_insert_with(|| Balance::of(self.text))
    }

    /// Whether the name is that of the current entry.
    pub(super) fn is_entry(&self, raw: &str) -> bool {
        fields::is_entry_name(local_of(raw)) && self.stack.first().is_some_and(|o| o.raw == raw)
    }

    /// Whether an end tag without a start was meant for the field that is open: it has the name of a field, and the next
    /// field or the end of the entry follows. In a body, names of HTML may be markup.
    pub(super) fn ends_another_field(&mut self, raw: &str) -> bool {
        let level = usize::from(self.is_entry_open());
        let ended = local_of(raw);
        let (Some(open), true) = (self.stack.get(level), self.stack.len() == level + 1) else {
            return false;
        };
        if !fields::is_field(&open.element) || !fields::is_field_name(ended) {
            return false;
        }
        let may_be_markup = fields::is_body(&open.element) && fields::is_html_name(ended);
        let from = usize::try_from(self.reader.buffer_position()).unwrap_or(usize::MAX);
        let rest = self.text.get(from..).unwrap_or_default().trim_start();
        let at = self.text.len() - rest.len();
        let Some(tag) = rest.strip_prefix('<') else {
            return false;
        };
        let (is_end, tag) = match tag.strip_prefix('/') {
            Some(tag) => (true, tag),
            None => (false, tag),
        };
        let len = tag.find(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>'));
        let next = tag.get(..len.unwrap_or(0)).unwrap_or_default();
        let next = local_of(next).to_ascii_lowercase();
        if fields::is_entry_name(&next) || is_container_name(&next) {
            return true;
        }
        let is_start = !is_end && fields::is_field_name(&next);
        is_start && !(may_be_markup && fields::is_html_name(&next) && self.is_closed(at))
    }
}
