//! The main text without the lines above, between and below that are none of it: headline and dateline again, pointers to
//! other pages of the site, calls to follow and to subscribe. Judges lines by their shape; words only where a shape is
//! not enough.

use super::super::blocks::{self, Block};
use super::super::tokens::{self, Token};
use super::super::{boilerplate, byline, text};
use super::told::{ReadDate, Told, within};
use crate::model::WebUrl;
use crate::query::fold::fold;

/// A line as long as this is prose, whatever it ends in; with the end of a sentence a shorter one is; in characters.
const PROSE_CHARS_MIN: usize = 80;
const SENTENCE_CHARS_MIN: usize = 25;
/// What ends a sentence.
const ENDS: &[char] = &[
    '.', '!', '?', '…', '。', '！', '？', '»', '”', '"', '’', ':', '।', '۔', '؟',
];
/// How many lines from the top may hold what stands in the head of the page, and from the bottom what stands in its foot.
const HEAD_LINES: usize = 8;
const FOOT_LINES: usize = 6;
/// Longest line of a head, and longest call, in characters.
const HEAD_CHARS_MAX: usize = 120;
const CALL_CHARS_MAX: usize = 300;

/// Lines that say nothing, folded.
const EMPTY: &[&str] = &[
    "advertisement",
    "advertising",
    "anzeige",
    "werbung",
    "publicite",
    "publicidad",
    "pubblicita",
    "publicidade",
    "реклама",
    "annonce",
    "reklama",
    "reklam",
    "story continues below advertisement",
    "article continues below advertisement",
    "subscribe",
    "share",
    "share this",
    "comments",
    "tags",
    "print",
    "email",
    "read more",
    "loading",
    "caption",
    "close",
];
/// Where publishers want to be followed.
const PLACES: &[&str] = &[
    " twitter ",
    " facebook ",
    " instagram ",
    " whatsapp ",
    " telegram ",
    " youtube ",
    " tiktok ",
    " linkedin ",
    " newsletter ",
    " newsletters ",
    " podcast ",
    " inbox ",
    " google news ",
    " mastodon ",
    " app ",
    " forum ",
    " forums ",
    " email ",
    " e mail ",
    " mail ",
];
/// What they call for, in the languages of many papers; beginnings of words.
const CALLS: &[&str] = &[
    " follow ",
    " subscribe ",
    " sign up ",
    " join ",
    " reach ",
    " contact ",
    " write to ",
    " like us ",
    " get the latest ",
    " abonn",
    " folg",
    " suivez ",
    " inscri",
    " sigue",
    " siga ",
    " suscri",
    " seguici ",
    " iscriv",
    " volg ",
    " подпис",
    " читаите нас ",
    " sledz ",
    " takip ",
    " obserwuj ",
    " email ",
    " download ",
];

/// The text without what is none of it.
pub(super) fn trim(html: &str, url: &WebUrl, told: &Told, date: ReadDate<'_>) -> String {
    let all: Vec<Block> = blocks::of(html)
        .into_iter()
        .filter(|b| !b.text.is_empty())
        .collect();
    let lines: Vec<Line<'_>> = all.iter().map(|b| Line::of(b, html, url)).collect();
    let first = lines.iter().position(Line::is_prose).unwrap_or(0);
    let last = lines
        .iter()
        .rposition(Line::is_prose)
        .unwrap_or(lines.len());
    let title = fold(told.title.as_deref().unwrap_or_default());
    let mut dropped: Vec<bool> = lines
        .iter()
        .enumerate()
        .map(|(at, line)| {
            let in_head = at < HEAD_LINES.max(first);
            let is_above = at < first && line.is_above();
            let is_below = at > last && line.is_below();
            is_above || is_below || in_head && line.is_head(&title, date) || line.is_noise()
        })
        .collect();
    for (at, line) in lines.iter().enumerate().rev().take(FOOT_LINES) {
        if line.is_call() {
            if let Some(dropped) = dropped.get_mut(at) {
                *dropped = true;
            }
        }
    }
    drop_headings(&lines, &mut dropped);
    let blocks: Vec<&Block> = lines
        .iter()
        .zip(&dropped)
        .filter(|(_, dropped)| **dropped)
        .map(|(line, _)| line.block)
        .collect();
    if blocks.len() == lines.len() {
        return html.to_owned();
    }
    blocks::without(html, &blocks)
}

/// A heading of nothing goes with what it headed.
fn drop_headings(lines: &[Line<'_>], dropped: &mut [bool]) {
    for (at, line) in lines.iter().enumerate() {
        let mut below = dropped.iter().skip(at + 1);
        let is_of_nothing = below.len() > 0 && below.next() == Some(&true) || below.len() == 0;
        if line.is_heading
            && is_of_nothing
            && let Some(dropped) = dropped.get_mut(at)
        {
            *dropped = true;
        }
    }
}

/// A block and its shape.
struct Line<'b> {
    block: &'b Block,
    folded: String,
    chars: usize,
    is_heading: bool,
    is_item: bool,
    /// Nearly all of it leads somewhere.
    is_link: bool,
    /// That somewhere is this site.
    is_inside: bool,
}

impl<'b> Line<'b> {
    fn of(block: &'b Block, html: &str, url: &WebUrl) -> Self {
        let own = html.get(block.start..block.end).unwrap_or_default();
        let chars = block.text.chars().count();
        let is = |names: &[&str]| names.iter().any(|n| own.starts_with(n));
        let (linked, is_inside) = links(own, url);
        Self {
            block,
            folded: fold(&block.text),
            chars,
            is_heading: is(&["<h1", "<h2", "<h3", "<h4", "<h5", "<h6"]),
            is_item: is(&["<li", "<td", "<th", "<dd", "<dt", "<pre", "<blockquote"]),
            is_link: linked * 10 > chars * 8,
            is_inside,
        }
    }

    fn words(&self) -> usize {
        self.folded.split_whitespace().count()
    }

    fn is_sentence(&self) -> bool {
        self.chars >= SENTENCE_CHARS_MIN && self.block.text.ends_with(ENDS)
    }

    fn is_prose(&self) -> bool {
        let is_long = self.chars >= PROSE_CHARS_MIN && !self.is_heading;
        (is_long || self.is_sentence()) && !self.is_link
    }

    /// Above the text: sections, the site's own links.
    fn is_above(&self) -> bool {
        !self.is_item && (self.words() <= 3 || self.is_link && self.is_inside)
    }

    /// Below the text: headings, links, single words.
    fn is_below(&self) -> bool {
        let is_short = self.words() <= 2 && !self.is_item;
        (is_short && byline::agency(&self.block.text).is_none()) || self.is_link && self.is_inside
    }

    /// In the head: the headline again, who and when.
    fn is_head(&self, title: &str, date: ReadDate<'_>) -> bool {
        if self.chars > HEAD_CHARS_MAX.max(title.len()) || self.is_item {
            return false;
        }
        let is_title = title.len() > 1 && self.folded.contains(title);
        let text = self.block.text.as_str();
        let is_open = !text.ends_with(['.', '!', '?', '…', '。', ':']);
        is_title && self.chars < title.chars().count() * 2
            || byline::read(text, |d| date(d).is_some()).is_some()
            || is_open && has_year(text) && within(text, date).is_some()
            || byline::agency(text).is_some()
    }

    /// Nothing, or a pointer to another page of the site.
    fn is_noise(&self) -> bool {
        let points = self.is_link && self.is_inside && !self.is_heading && self.chars <= 160;
        points || boilerplate::is_pointer(&self.block.text) || EMPTY.contains(&self.folded.trim())
    }

    /// A call to follow, subscribe, write.
    fn is_call(&self) -> bool {
        let has = |words: &[&str]| words.iter().any(|w| self.folded.contains(w));
        let begins = CALLS.iter().any(|w| self.folded.starts_with(w));
        has(PLACES)
            && (begins && self.chars <= CALL_CHARS_MAX
                || has(CALLS) && self.chars <= CALL_CHARS_MAX / 2)
    }
}

/// Whether four digits stand together: numbers without a year are scores.
fn has_year(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_digit())
        .any(|digits| digits.len() == 4)
}

/// How many characters of a block are links, and whether all of them lead to this site.
fn links(html: &str, url: &WebUrl) -> (usize, bool) {
    let (mut chars, mut inside) = (0, true);
    let mut link_at = None;
    for token in tokens::of(html) {
        if let Token::Tag(tag) = token
            && tag.is("a")
        {
            if let Some(from) = link_at.take() {
                let inner = html.get(from..tag.start).unwrap_or_default();
                chars += text::from_html(inner).chars().count();
            }
            link_at = (!tag.is_end).then_some(tag.end);
            if let Some((_, href)) = tag.attributes().find(|(name, _)| *name == "href") {
                inside &= WebUrl::parse(href).is_ok_and(|to| is_near(to.host(), url.host()));
            }
        }
    }
    (chars, inside)
}

/// Whether two hosts are of one site, as far as names tell: one is the other or under it, or they share what is above.
fn is_near(a: &str, b: &str) -> bool {
    let bare = |host: &str| host.strip_prefix("www.").unwrap_or(host).to_owned();
    let (a, b) = (bare(a), bare(b));
    a == b || a.ends_with(&format!(".{b}")) || b.ends_with(&format!(".{a}"))
}
