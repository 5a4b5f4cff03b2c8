//! A sanitized body, read once: its blocks and its readable text come from one walk over its tags. Only for what
//! [`super::html::sanitize`] made: every element is closed there. The text is what [`super::html_text::from_html`] gives.

use std::sync::Arc;

use super::allowed::{self, Element, Fate};
use super::blocks::{self, Block, Piece};
use super::fast_path::Visitor;
use super::html_text::{self, Reader};
use super::references::{self, Place};
use super::settle;
use super::tokens::{self, Tag, Token};

/// A body with what one walk over it found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Body {
    html: String,
    text: Arc<str>,
    blocks: Vec<Block>,
    has_blocks: bool,
}

/// The bodies of one article.
#[derive(Debug, Clone, Default)]
pub struct Bodies {
    /// The content, if the feed has it separately from the summary.
    pub content: Option<Body>,
    /// A summary, or all there is.
    pub summary: Option<Body>,
}

impl Body {
    /// Reads a sanitized body.
    #[must_use]
    pub fn read(html: String) -> Self {
        let mut walk = Walk::with_room(html.len());
        for token in tokens::of(&html) {
            match token {
                Token::Text(text) => walk.text(&references::resolve_in_html(text, Place::Text)),
                Token::Silent(_) => {}
                Token::Tag(tag) => {
                    if let Fate::Kept(element) = allowed::fate(tag.name) {
                        walk.tag(element, &tag);
                    }
                }
            }
        }
        walk.finish(html)
    }

    /// The body with real paragraphs where it has no block and marks them with empty lines or doubled breaks.
    #[must_use]
    pub fn with_paragraphs(self) -> Self {
        let with_paragraphs = match self.has_blocks {
            true => None,
            false => blocks::with_paragraphs(&self.html),
        };
        with_paragraphs.map_or(self, Self::read)
    }

    /// The same without white space around it. `None` if nothing is left.
    #[must_use]
    pub fn trimmed(mut self) -> Option<Self> {
        self.html.truncate(self.html.trim_end().len());
        let blank = self.html.len() - self.html.trim_start().len();
        if blank > 0 {
            self.html.drain(..blank);
            for block in &mut self.blocks {
                block.start -= blank;
                block.end -= blank;
            }
        }
        (!self.html.is_empty()).then_some(self)
    }

    /// The HTML.
    #[must_use]
    pub fn html(&self) -> &str {
        &self.html
    }

    /// The readable text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The innermost blocks in document order. Text outside of any block is not included.
    #[must_use]
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// The HTML alone.
    #[must_use]
    pub fn into_html(self) -> String {
        self.html
    }

    /// The body without these of its blocks, which are in order, in its last form ([`settle::part_of_html`]).
    #[must_use]
    pub fn without(self, dropped: &[usize]) -> Self {
        if dropped.is_empty() && self.html.trim().len() == self.html.len() {
            return match settle::is_settled(&self.html) {
                true => self,
                false => Self::read(settle::part_of_html(self.html)),
            };
        }
        let dropped: Vec<&Block> = dropped.iter().filter_map(|n| self.blocks.get(*n)).collect();
        Self::read(settle::part_of_html(blocks::without(&self.html, &dropped)))
    }

    /// The readable text without these of its blocks, which are in order.
    #[must_use]
    pub fn text_without(&self, dropped: &[&Block]) -> String {
        self.text_between(dropped)
            .unwrap_or_else(|| html_text::from_html(&blocks::without(&self.html, dropped)))
    }

    /// The same where only plain paragraphs at the beginning and the end go: what is left reads as it did.
    fn text_between(&self, dropped: &[&Block]) -> Option<String> {
        let (mut from, mut to) = (0, self.text.len());
        let mut rest = dropped;
        while let Some((block, behind)) = rest.split_first() {
            let place = block.place.as_ref().filter(|_| block.is_plain)?;
            if !is_blank(self.text.get(from..place.start)?) {
                break;
            }
            (from, rest) = (place.end, behind);
        }
        while let Some((block, before)) = rest.split_last() {
            let place = block.place.as_ref().filter(|_| block.is_plain)?;
            // Otherwise the marker of a list item is before it.
            let begins_line = self.text.get(..place.start)?.ends_with('\n');
            if !begins_line || !is_blank(self.text.get(place.end..to)?) {
                return None;
            }
            (to, rest) = (place.start, before);
        }
        // An empty text might be that of a picture. Indented code keeps its spaces.
        let text = self.text.get(from..to)?.trim_matches('\n');
        (!text.is_empty()).then(|| text.to_owned())
    }
}

/// Whether there are only line ends.
fn is_blank(text: &str) -> bool {
    text.bytes().all(|b| b == b'\n')
}

/// Collects text and blocks from the tags and texts of a sanitized body, either of a finished one or while the sanitizer
/// writes it.
#[derive(Debug, Default)]
pub(super) struct Walk {
    reader: Reader,
    /// Blocks that are open, the innermost last.
    open: Vec<Open>,
    /// The text of the innermost open block without that of its links, from its first link on.
    around: Option<Around>,
    found: Vec<Block>,
    has_blocks: bool,
}

/// A block that is open.
#[derive(Debug)]
struct Open {
    name: &'static str,
    start: usize,
    /// Where its start tag ends.
    inner: usize,
    has_blocks: bool,
    /// Whether it and all around it are plain.
    is_plain: bool,
    /// Bytes of the text before it.
    text: usize,
    /// Pictures with a text before it.
    pictures: usize,
}

/// The text around the links of a block.
#[derive(Debug)]
struct Around {
    reader: Reader,
    /// Open links.
    depth: usize,
}

impl Visitor for Walk {
    fn text(&mut self, text: &str) {
        self.reader.text(text);
        if let Some(around) = self.around.as_mut().filter(|a| a.depth == 0) {
            around.reader.text(text);
        }
    }

    fn tag(&mut self, element: Element, tag: &Tag<'_>) {
        if element.name == "a" {
            return self.link(tag);
        }
        let is_block = blocks::is_block(element.kind);
        if is_block && tag.is_end {
            self.end_block(element.name, tag);
        }
        self.reader.tag(element.name, element.kind, tag);
        if is_block && !tag.is_end {
            self.start_block(element.name, tag);
        } else if let Some(around) = self.around.as_mut().filter(|a| a.depth == 0) {
            around.reader.tag(element.name, element.kind, tag);
        }
    }
}

impl Walk {
    /// For a body of so many bytes.
    pub(super) fn with_room(bytes: usize) -> Self {
        Self {
            reader: Reader::with_room(bytes),
            ..Self::default()
        }
    }

    /// The body that `html` is.
    pub(super) fn finish(self, mut html: String) -> Body {
        html.shrink_to_fit();
        let text: Arc<str> = self.reader.text_read().into();
        let mut blocks = self.found;
        for block in &mut blocks {
            if let Some(place) = &block.place {
                block.text = Piece::of(&text, place.clone());
            }
        }
        Body {
            html,
            text,
            blocks,
            has_blocks: self.has_blocks,
        }
    }

    fn start_block(&mut self, name: &'static str, tag: &Tag<'_>) {
        self.has_blocks = true;
        self.around = None;
        let outer = self.open.last_mut();
        let is_plain = outer.as_ref().is_none_or(|o| o.is_plain) && blocks::is_plain(name);
        if let Some(outer) = outer {
            outer.has_blocks = true;
        }
        self.reader.first_word = None;
        self.open.push(Open {
            name,
            start: tag.start,
            inner: tag.end,
            has_blocks: false,
            is_plain,
            text: self.reader.len(),
            pictures: self.reader.pictures,
        });
    }

    fn end_block(&mut self, name: &str, tag: &Tag<'_>) {
        self.has_blocks = true;
        let Some(at) = self.open.iter().rposition(|o| o.name == name) else {
            return;
        };
        self.open.truncate(at + 1);
        let around = self.around.take();
        if let Some(open) = self.open.pop()
            && !open.has_blocks
        {
            let block = self.block(&open, around, tag);
            self.found.push(block);
        }
    }

    fn block(&self, open: &Open, around: Option<Around>, end: &Tag<'_>) -> Block {
        let inside = || end.between(open.inner, end.start);
        let first = self.reader.first_word;
        // Code, players and pictures read differently in isolation.
        let is_alike = !self.reader.is_special() && self.reader.pictures == open.pictures;
        let place = match first {
            Some(first) => first..self.reader.len(),
            None => open.text..self.reader.len(),
        };
        let is_slice = is_alike && (first.is_some() || place.is_empty());
        let text = match is_slice {
            // Cut out of the whole text when that is there.
            true => Piece::default(),
            false => Piece::whole(html_text::from_html(inside())),
        };
        let around_links = match around {
            Some(around) if is_slice => Some(around.reader.text_read()),
            Some(_) => blocks::around_links(inside()).map(|html| html_text::from_html(&html)),
            None => None,
        };
        Block {
            start: open.start,
            end: end.end,
            text,
            place: (is_slice && first.is_some()).then_some(place),
            is_plain: open.is_plain,
            around_links,
        }
    }

    /// The text around the links of a plain block is collected from its first link on.
    fn link(&mut self, tag: &Tag<'_>) {
        if !self.open.last().is_some_and(|o| o.is_plain) {
            return;
        }
        let around = self.around.get_or_insert_with(|| Around {
            reader: self.reader.since_first_word(),
            depth: 0,
        });
        around.depth = match tag.is_end {
            true => around.depth.saturating_sub(1),
            false => around.depth + 1,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::super::html::sanitize;
    use super::super::html_text::from_html;
    use super::super::samples::{nested, soup};
    use super::super::tokens::next_tag;
    use super::*;
    use proptest::prelude::*;

    /// A block as a walk of its own finds it: where it and its inside stand, and whether it is plain.
    type Found = ((usize, usize), (usize, usize), bool);

    fn blocks_apart(html: &str) -> Vec<Found> {
        let mut found = Vec::new();
        let mut open: Vec<(&str, usize, usize, bool)> = Vec::new();
        let mut at = 0;
        while let Some(tag) = next_tag(html, at) {
            at = tag.end;
            let is_block =
                matches!(allowed::fate(tag.name), Fate::Kept(e) if blocks::is_block(e.kind));
            if is_block && !tag.is_end {
                open.last_mut().into_iter().for_each(|outer| outer.3 = true);
                open.push((tag.name, tag.start, tag.end, false));
            } else if is_block && let Some(n) = open.iter().rposition(|o| o.0 == tag.name) {
                open.truncate(n + 1);
                let (name, start, inner, has_blocks) = open.pop().unwrap();
                let is_plain = blocks::is_plain(name) && open.iter().all(|o| blocks::is_plain(o.0));
                if !has_blocks {
                    found.push(((start, tag.end), (inner, tag.start), is_plain));
                }
            }
        }
        found
    }

    proptest! {
        #[test]
        fn one_walk_gives_what_walks_of_their_own_give(html in prop_oneof![soup(), nested()]) {
            let html = sanitize(&html, None);
            let body = Body::read(html.clone());
            prop_assert_eq!(body.text(), from_html(&html));
            let apart = blocks_apart(&html);
            prop_assert_eq!(body.blocks().len(), apart.len());
            for (block, (place, inside, is_plain)) in body.blocks().iter().zip(apart) {
                let inside = html.get(inside.0..inside.1).unwrap();
                prop_assert_eq!((block.start, block.end), place);
                prop_assert_eq!(block.is_plain, is_plain);
                prop_assert_eq!(&*block.text, from_html(inside));
                let around = blocks::around_links(inside).map(|html| from_html(&html));
                prop_assert_eq!(&block.around_links, &around.filter(|_| is_plain));
                if let Some(place) = &block.place {
                    prop_assert_eq!(body.text().get(place.clone()), Some(&*block.text));
                }
            }
        }

        #[test]
        fn a_body_without_the_space_around_it_is_read_alike(html in nested(), before in "[ \n]{0,3}", behind in "[ \n]{0,3}") {
            let html = sanitize(&html, None);
            let trimmed = Body::read(format!("{before}{html}{behind}")).trimmed();
            let apart = Body::read(html.trim().to_owned());
            prop_assert_eq!(trimmed.unwrap_or_default(), apart);
        }

        #[test]
        fn the_text_without_blocks_is_that_of_the_html_without_them(
            html in prop_oneof![soup(), nested()],
            goes in proptest::collection::vec(any::<bool>(), 40),
            head in 0..4usize,
            tail in 0..4usize,
        ) {
            let body = Body::read(sanitize(&html, None));
            let len = body.blocks().len();
            let is_at_edge = |n: usize| n < head || n + tail >= len;
            let at_edge: Vec<&Block> = (0..len).filter(|n| is_at_edge(*n)).map(|n| &body.blocks()[n]).collect();
            let anywhere: Vec<&Block> = body.blocks().iter().zip(goes).filter(|(_, goes)| *goes).map(|(b, _)| b).collect();
            for dropped in [at_edge, anywhere] {
                let without = blocks::without(body.html(), &dropped);
                prop_assert_eq!(body.text_without(&dropped), from_html(&without));
            }
        }
    }

    #[test]
    fn what_reads_otherwise_alone_is_read_alone() {
        let html = "<p>a <img alt=\"A pier\" src=\"x\"></p><p><img alt=\"A pier\"></p><pre>b\n  c</pre><ul><li>d</li></ul>\
                    <table><tbody><tr><td>e</td><td>f</td></tr></tbody></table><p>See <a>this</a>, then <b>that</b>.</p>";
        let body = Body::read(html.to_owned());
        assert_eq!(
            body.text(),
            "a\n\nb\n  c\n\n- d\n\ne | f\n\nSee this, then that."
        );
        let texts: Vec<&str> = body.blocks().iter().map(|b| &*b.text).collect();
        assert_eq!(
            texts,
            ["a", "A pier", "b c", "d", "e", "f", "See this, then that."]
        );
        let around = body.blocks().last().and_then(|b| b.around_links.as_deref());
        assert_eq!(around, Some("See , then that."));
    }
}
