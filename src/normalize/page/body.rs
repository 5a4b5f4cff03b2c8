//! The main text of a page: found by dom_smoothie, made safe by the one sanitizer, freed of what stands above and below
//! the text proper.

use dom_query::Document;
use dom_smoothie::{Config, Readability};

use super::super::blocks::{self, Block};
use super::super::tokens::{self, Token};
use super::super::{boilerplate, byline, html, text};
use super::told::{ReadDate, within};
use crate::model::WebUrl;
use crate::query::fold::fold;

/// Most elements that are looked at; the gate lets fewer through.
const ELEMENTS_MAX: usize = 100_000;

/// The article's HTML; none if the page has no main text.
pub(super) fn of(page: Document, url: &WebUrl, title: Option<&str>, date: ReadDate<'_>) -> Option<String> {
    let config = Config {
        max_elements_to_parse: ELEMENTS_MAX,
        disable_json_ld: true,
        ..Config::default()
    };
    let mut reader = Readability::with_document(page, Some(url.as_str()), Some(config)).ok()?;
    let article = reader.parse().ok()?;
    if std::env::var("DBG2").is_ok() { eprintln!("CONTENT {}", article.content); }
    let html = html::sanitize(&article.content, Some(url));
    if std::env::var("DBG2").is_ok() { eprintln!("CLEAN {}", html); }
    Some(trimmed(&html, title, date)).filter(|h| !h.is_empty())
}

/// The text without what stands above and below it.
fn trimmed(html: &str, title: Option<&str>, date: ReadDate<'_>) -> String {
    let all: Vec<Block> = blocks::of(html).into_iter().filter(|b| !b.text.is_empty()).collect();
    let lines: Vec<Line<'_>> = all.iter().map(|b| Line::of(b, html)).collect();
    let Some(first) = lines.iter().position(Line::is_prose) else {
        return html.to_owned();
    };
    let last = lines.iter().rposition(Line::is_prose).unwrap_or(first);
    let title = fold(title.unwrap_or_default());
    let dropped: Vec<&Block> = lines
        .iter()
        .enumerate()
        .filter(|(at, line)| {
            if *at < first {
                !line.is_item
            } else if *at > last {
                line.is_after()
            } else {
                line.is_between()
            }
        })
        .map(|(_, line)| line.block)
        .collect();
    let _ = (date, &title, within as fn(&str, ReadDate<'_>) -> _);
    blocks::without(html, &dropped)
}

struct Line<'b> {
    block: &'b Block,
    chars: usize,
    is_heading: bool,
    is_item: bool,
    is_link: bool,
}

impl<'b> Line<'b> {
    fn of(block: &'b Block, html: &str) -> Self {
        let own = html.get(block.start..block.end).unwrap_or_default();
        let chars = block.text.chars().count();
        let is = |names: &[&str]| names.iter().any(|n| own.starts_with(n));
        Self {
            block,
            chars,
            is_heading: is(&["<h1", "<h2", "<h3", "<h4", "<h5", "<h6"]),
            is_item: is(&["<li", "<td", "<th", "<dd", "<dt", "<pre", "<blockquote"]),
            is_link: link_chars(own) * 10 > chars * 8,
        }
    }

    fn is_prose(&self) -> bool {
        let ends = ['.', '!', '?', '…', '。', '！', '？', '»', '”', '"', '’', ':', '।', '۔'];
        (!self.is_heading || self.chars >= 25 && self.block.text.ends_with(ends))
            && !self.is_link
            && (self.chars >= 80 || self.chars >= 25 && self.block.text.ends_with(ends))
            && !boilerplate::is_pointer(&self.block.text)
    }

    fn is_after(&self) -> bool {
        !self.is_item && byline::agency(&self.block.text).is_none() || self.is_link
    }

    fn is_between(&self) -> bool {
        self.is_link && !self.is_item && !self.is_heading && self.chars <= 160
            || boilerplate::is_pointer(&self.block.text)
    }
}

/// How many characters of a block are links.
fn link_chars(html: &str) -> usize {
    let mut chars = 0;
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
        }
    }
    chars
}
