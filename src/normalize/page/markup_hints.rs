//! Collects in one walk over a page: `meta` elements, headlines, elements that are marked as dates or bylines. Judges
//! nothing; `title`, `authors` and `published` do.

use std::collections::HashMap;
use std::sync::LazyLock;

use dom_query::{Document, Element, NodeId, NodeRef};

use super::class_names::{Phrases, Words};
use crate::text::fold::fold;
use crate::text::plain;

/// Maximum number of headlines, and of elements of each mark.
const HEADLINES_MAX: usize = 8;
const MARKED_MAX: usize = 64;
/// Maximum length of the text of a marked element, and of a line near the headline, in characters.
const MARKED_CHARS_MAX: usize = 160;
const NEAR_CHARS_MAX: usize = 80;
/// Number of lines before and after the headline that may have author and date.
const NEAR_BEFORE: usize = 3;
const NEAR_AFTER: usize = 10;

static PUBLISHED: LazyLock<Phrases> = LazyLock::new(|| {
    Phrases::of(
        "published, publish date, publishdate, publication date, pubdate, entry date, post date, postdate, \
         article date, posted on, date published, created",
    )
});
static DATED: LazyLock<Phrases> = LazyLock::new(|| {
    Phrases::of("date, dateline, timestamp, posted, datetime, article time, datum, fecha, data")
});
static MODIFIED: LazyLock<Phrases> = LazyLock::new(|| Phrases::of("updated, modified, update"));
static NAMES: LazyLock<Phrases> = LazyLock::new(|| {
    Phrases::of(
        "author name, authorname, byline name, byline author, author fn, author link, article author, post author, \
         entry author, author title, vcard author, fn",
    )
});
static BYLINES: LazyLock<Phrases> =
    LazyLock::new(|| Phrases::of("byline, bylines, by line, writtenby, written by"));
static AUTHORS: LazyLock<Phrases> =
    LazyLock::new(|| Phrases::of("author, authors, autor, auteur, autore, forfatter"));
/// Elements whose content describes something else.
static ELSEWHERE: LazyLock<Phrases> =
    LazyLock::new(|| Phrases::of("comment, comments, related, footer, copyright"));

/// Elements that contain the article whatever their names are.
const FRAMES: &[&str] = &["html", "body", "main", "article"];

/// The hints found in a page.
#[derive(Default)]
pub(super) struct MarkupHints {
    metas: HashMap<String, Vec<String>>,
    pub(super) title: Option<String>,
    /// First headlines (`h1`).
    pub(super) headlines: Vec<String>,
    /// The language that the page declares.
    pub(super) language: Option<String>,
    /// Dates, surest first.
    pub(super) dates: Vec<Marked>,
    /// Bylines, surest first.
    pub(super) bylines: Vec<Marked>,
}

/// An element that is marked as a date or a byline.
pub(super) struct Marked {
    /// 0 is surest.
    pub(super) rank: u8,
    pub(super) text: String,
    pub(super) parent: Option<NodeId>,
}

impl MarkupHints {
    /// Walks a page.
    pub(super) fn of(page: &Document) -> Self {
        let mut hints = Self::default();
        let mut elsewhere = None;
        for node in page.root().descendants_it() {
            let Some(element) = node.element_ref() else {
                continue;
            };
            if elsewhere.is_some_and(|top| node.ancestors_it(None).any(|n| n.id == top)) {
                continue;
            }
            let words = Words::of(&element);
            let is_frame = FRAMES.contains(&&*element.name.local);
            elsewhere = (!is_frame && words.any(&ELSEWHERE)).then_some(node.id);
            if elsewhere.is_none() {
                hints.look(&node, &element, &words);
            }
        }
        hints.dates.sort_by_key(|d| d.rank);
        hints.bylines.sort_by_key(|b| b.rank);
        hints
    }

    fn look(&mut self, node: &NodeRef<'_>, element: &Element, words: &Words) {
        let attribute = |name: &str| element.attr(name).map(|v| v.trim().to_owned());
        match &*element.name.local {
            "html" => self.language = attribute("lang").or_else(|| attribute("xml:lang")),
            "meta" => {
                let name = ["property", "name", "itemprop"]
                    .into_iter()
                    .find_map(attribute);
                if let (Some(name), Some(content)) = (name, attribute("content"))
                    && !content.is_empty()
                {
                    let same = self.metas.entry(name.to_ascii_lowercase()).or_default();
                    same.push(content);
                }
            }
            "title" if self.title.is_none() => self.title = line(node),
            "h1" if self.headlines.len() < HEADLINES_MAX => self.headlines.extend(line(node)),
            _ => self.marked(node, element, words),
        }
    }

    fn marked(&mut self, node: &NodeRef<'_>, element: &Element, words: &Words) {
        let marked = |rank: u8, text: String| Marked {
            rank,
            text,
            parent: node.parent().map(|p| p.id),
        };
        if let Some(rank) = date_rank(element, words)
            && self.dates.len() < MARKED_MAX
        {
            let attribute = ["datetime", "content", "title"]
                .into_iter()
                .find_map(|name| element.attr(name))
                .map(|text| text.to_string());
            let text = attribute.or_else(|| short(node));
            self.dates.extend(text.map(|t| marked(rank, t)));
        }
        if let Some(rank) = byline_rank(element, words)
            && self.bylines.len() < MARKED_MAX
        {
            self.bylines.extend(short(node).map(|t| marked(rank, t)));
        }
    }

    /// The first `meta` of these names, in the order of the names.
    pub(super) fn meta(&self, names: &[&str]) -> Option<String> {
        self.metas_of(names).next().map(str::to_owned)
    }

    /// Every `meta` of these names, in the order of the names.
    pub(super) fn metas_of<'s>(&'s self, names: &'s [&str]) -> impl Iterator<Item = &'s str> {
        names
            .iter()
            .filter_map(|name| self.metas.get(*name))
            .flatten()
            .map(String::as_str)
    }
}

fn has(element: &Element, attribute: &str, value: &str) -> bool {
    element
        .attr(attribute)
        .is_some_and(|written| written.split_ascii_whitespace().any(|word| word == value))
}

fn date_rank(element: &Element, words: &Words) -> Option<u8> {
    let is_time = &*element.name.local == "time";
    let is_modified = words.any(&MODIFIED);
    if has(element, "itemprop", "datePublished") {
        Some(0)
    } else if is_time && (element.has_attr("pubdate") || words.any(&PUBLISHED)) {
        Some(1)
    } else if words.any(&PUBLISHED) {
        Some(2)
    } else if is_time && !is_modified {
        Some(3)
    } else if words.any(&DATED) && !is_modified {
        Some(4)
    } else {
        None
    }
}

fn byline_rank(element: &Element, words: &Words) -> Option<u8> {
    if has(element, "itemprop", "author") || has(element, "rel", "author") {
        Some(0)
    } else if words.any(&NAMES) {
        Some(1)
    } else if words.any(&BYLINES) {
        Some(2)
    } else if words.any(&AUTHORS) {
        Some(3)
    } else {
        None
    }
}

/// The short lines of text around the headline, those after it first.
pub(super) fn near(page: &Document, title: &str) -> Vec<String> {
    let title = fold(title);
    let Some(body) = page.body() else {
        return Vec::new();
    };
    let lines: Vec<String> = body
        .descendants_it()
        .filter(NodeRef::is_text)
        .map(|text| plain::line(&text.text()))
        .filter(|line| !line.is_empty())
        .collect();
    let at = lines
        .iter()
        .position(|line| title.len() > 1 && fold(line) == title);
    let Some((before, after)) = at.and_then(|at| lines.split_at_checked(at)) else {
        return Vec::new();
    };
    let after = after.iter().skip(1).take(NEAR_AFTER);
    after
        .chain(before.iter().rev().take(NEAR_BEFORE))
        .filter(|line| line.chars().count() <= NEAR_CHARS_MAX)
        .cloned()
        .collect()
}

/// The text of an element as a line, unless it is empty.
fn line(node: &NodeRef<'_>) -> Option<String> {
    Some(plain::line(&node.text())).filter(|t| !t.is_empty())
}

/// The same, unless it is too long for a date or a byline.
fn short(node: &NodeRef<'_>) -> Option<String> {
    let mut chars = 0;
    let mut text = String::new();
    for part in node.descendants_it().filter(NodeRef::is_text) {
        let part = part.text();
        chars += part.trim().chars().count();
        if chars > MARKED_CHARS_MAX {
            return None;
        }
        text.push_str(&part);
        text.push(' ');
    }
    Some(plain::line(&text)).filter(|t| !t.is_empty())
}
