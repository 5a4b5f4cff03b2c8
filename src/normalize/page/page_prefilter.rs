//! The part of a page that a tree may be built from: no scripts, styles, comments, drawings or form fields, no oversized
//! tags, bounded nesting and counts (SEC-03, F7: trees are quadratic in nesting and in attributes). Linear in the page. Data
//! in scripts (JSON-LD) is set aside.

use std::collections::HashSet;

use crate::text::tokens::{self, Tag, Token, Tokens};

/// Maximum size of the filtered page, in bytes: a larger one is not an article.
const BYTES_MAX: usize = 1536 * 1024;
/// Maximum number of elements: twice what the longest live blogs have.
const ELEMENTS_MAX: usize = 20_000;
/// Maximum number of elements that browsers would reopen because `b` and similar elements were not closed.
const REOPENED_MAX: usize = 60_000;
/// Maximum nesting; pages for people stay below 60.
const DEPTH_MAX: usize = 100;
/// Maximum length of a tag that keeps its attributes, in bytes, and their maximum number.
const TAG_BYTES_MAX: usize = 8 * 1024;
const ATTRIBUTES_MAX: usize = 64;
/// Maximum number of JSON-LD blocks, and the maximum size of one in bytes.
const BLOCKS_MAX: usize = 16;
const BLOCK_BYTES_MAX: usize = 256 * 1024;

/// Elements that leave with all they hold; of titles and data the inside is kept apart.
const DROPPED: &[&str] = &[
    "applet", "canvas", "iframe", "math", "noembed", "noframes", "object", "script", "select",
    "style", "svg", "title", "template", "textarea",
];
/// Elements whose tags leave: they would change how all that follows is read.
const UNWRAPPED: &[&str] = &["frame", "frameset", "plaintext", "xmp"];
/// Elements that hold nothing, or that the next of their kind closes.
const FLAT: &[&str] = &[
    "area", "base", "body", "br", "col", "dd", "dt", "embed", "head", "hr", "html", "img", "input",
    "li", "link", "meta", "option", "p", "param", "source", "tbody", "td", "tfoot", "th", "thead",
    "tr", "track", "wbr",
];
/// Elements that browsers open again in every block until they are closed.
const FORMATS: &[&str] = &[
    "a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u",
];

/// A page that a tree may be built of.
#[derive(Debug, Default)]
pub(super) struct Prefiltered {
    /// Its HTML.
    pub(super) html: String,
    /// Its JSON-LD blocks as written.
    pub(super) json_ld: Vec<String>,
}

/// The part of the page that a tree may be built from; `None` if it is too large or nested too deeply.
pub(super) fn prefilter(page: &str) -> Option<Prefiltered> {
    let mut filter = Prefilter {
        page,
        ..Prefilter::default()
    };
    let mut tokens = tokens::of(page);
    while let Some(token) = tokens.next() {
        match token {
            Token::Text(text) => filter.out.html.push_str(text),
            Token::Silent(inside) => filter.silent(inside),
            Token::Tag(tag) if listed(DROPPED, tag.name) => filter.drop(&tag, &mut tokens),
            Token::Tag(tag) if listed(UNWRAPPED, tag.name) || !tag.is_whole => filter.part(),
            Token::Tag(tag) => filter.keep(&tag),
        }
        let is_large = filter.out.html.len() > BYTES_MAX || filter.elements > ELEMENTS_MAX;
        if is_large || filter.open.len() > DEPTH_MAX || filter.reopened > REOPENED_MAX {
            return None;
        }
    }
    Some(filter.out)
}

#[derive(Default)]
struct Prefilter<'p> {
    page: &'p str,
    out: Prefiltered,
    elements: usize,
    /// Open elements that keep what follows inside them until they are closed.
    open: Vec<&'p str>,
    formats: Vec<&'p str>,
    reopened: usize,
    /// What follows is not markup but is still read.
    next: Option<Inside>,
    /// Dropped elements that are closed nowhere below: looked for once.
    endless: HashSet<String>,
}

/// The content of an element that is not markup.
enum Inside {
    Title,
    Data,
}

impl<'p> Prefilter<'p> {
    fn keep(&mut self, tag: &Tag<'p>) {
        self.next = None;
        self.reopened += self.formats.len();
        if tag.is_end {
            self.close(tag.name);
        } else {
            self.open(tag.name);
        }
        let is_monster = tag.end - tag.start > TAG_BYTES_MAX
            || tag.attributes().take(ATTRIBUTES_MAX + 1).count() > ATTRIBUTES_MAX;
        if is_monster {
            // The element stays, or its end tag would close another one.
            let slash = if tag.is_end { "/" } else { "" };
            self.out.html.extend(["<", slash, tag.name, ">"]);
        } else {
            let written = self.page.get(tag.start..tag.end);
            self.out.html.push_str(written.unwrap_or_default());
        }
    }

    fn open(&mut self, name: &'p str) {
        self.elements += 1;
        if !listed(FLAT, name) {
            self.open.push(name);
        }
        if listed(FORMATS, name) {
            self.formats.push(name);
        }
    }

    fn close(&mut self, name: &str) {
        let last = |names: &[&str]| names.iter().rposition(|n| n.eq_ignore_ascii_case(name));
        if let Some(at) = last(&self.open) {
            self.open.truncate(at);
        }
        if let Some(at) = last(&self.formats) {
            self.formats.remove(at);
        }
    }

    /// Skips an element up to its end tag or, if there is none, its tag only.
    fn drop(&mut self, tag: &Tag<'p>, tokens: &mut Tokens<'p>) {
        self.part();
        self.next = None;
        if tag.is_end {
            return;
        }
        if tag.is("title") {
            self.next = Some(Inside::Title);
        } else if tag.is("script") {
            let is_data = |(name, value): (&str, &str)| {
                name.eq_ignore_ascii_case("type") && value.contains("ld+json")
            };
            let is_data = tag.attributes().take(ATTRIBUTES_MAX).any(is_data);
            self.next = is_data.then_some(Inside::Data);
        } else if !tag.is_closed() {
            let name = tag.name.to_ascii_lowercase();
            if !self.endless.contains(&name) && tokens.skip_to_end_of(&name).is_none() {
                self.endless.insert(name);
            }
        }
    }

    /// Skips comments, and the content of elements that is not markup.
    fn silent(&mut self, inside: &str) {
        self.part();
        match self.next.take() {
            Some(Inside::Title) => self.out.html.extend(["<title>", inside, "</title>"]),
            Some(Inside::Data) => {
                let is_bounded = inside.len() <= BLOCK_BYTES_MAX;
                if is_bounded && self.out.json_ld.len() < BLOCKS_MAX {
                    self.out.json_ld.push(inside.trim().to_owned());
                }
            }
            None => {}
        }
    }

    /// In the place of what goes: `<` and `b>` around it must not become a tag.
    fn part(&mut self) {
        if self.out.html.ends_with('<') {
            self.out.html.push_str("<!---->");
        }
    }
}

fn listed(names: &[&str], name: &str) -> bool {
    names.iter().any(|n| n.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::prefilter;

    fn left(page: &str) -> String {
        prefilter(page).unwrap().html
    }

    #[test]
    fn scripts_styles_comments_and_drawings_are_not_read() {
        let page = "<title>A <b></title><style>p{}</style><!-- <div> --><p>one<script>if (a<b) '<p>';</script> two<svg><p>x</svg>";
        assert_eq!(left(page), "<title>A <b></title><p>one two");
        assert_eq!(left("a <<svg></svg>b>"), "a <<!---->b>");
    }

    #[test]
    fn data_in_scripts_is_set_aside() {
        let page =
            "<script type=\"application/ld+json\"> {\"a\": \"<p>\"} </script><script>x</script>y";
        let prefiltered = prefilter(page).unwrap();
        assert_eq!(prefiltered.json_ld, ["{\"a\": \"<p>\"}"]);
        assert_eq!(prefiltered.html, "y");
    }

    #[test]
    fn sec_03_what_a_tree_would_choke_on_does_not_pass() {
        assert!(prefilter(&"<div>".repeat(1000)).is_none());
        assert!(prefilter(&"<b x>".repeat(1000)).is_none());
        assert!(prefilter(&"<p>a".repeat(30_000)).is_none());
        assert!(prefilter(&"a".repeat(2 << 20)).is_none());
        assert!(prefilter(&format!("{}{}", "<b>".repeat(100), "<p>a".repeat(10_000))).is_none());
        let wide = format!("<div {}>a</div>", "x=1 ".repeat(100));
        assert_eq!(left(&wide), "<div>a</div>");
        assert_eq!(left(&"<svg>".repeat(100_000)), "");
    }
}
