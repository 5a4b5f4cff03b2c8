//! The allowlist of elements, attributes and URL schemes in an article (SEC-10, SEC-11). An element that is not on it is
//! replaced by its text. Nothing on it can execute, style, frame, or change the direction of the text around it.

use url::{ParseError, Url};

use crate::model::WebUrl;
use crate::model::web_url::URL_BYTES_MAX;

/// The `rel` attribute that every link gets.
pub(super) const LINK_REL: &str = "noopener noreferrer";

/// What the sanitizer does with an element.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fate {
    /// It stays, perhaps under the name of its nearest relative.
    Kept(Element),
    /// Its tags go, what is in it stays.
    Unwrapped,
    /// It goes with all that is in it.
    Gone,
}

/// An allowed element.
#[derive(Debug, Clone, Copy)]
pub(super) struct Element {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// Its own attributes, beside [`EVERYWHERE`].
    pub(super) attributes: &'static [&'static str],
    /// Its place in [`ELEMENTS`].
    pub(super) id: usize,
}

/// How browsers nest an element (HTML standard section 13.2.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Without an end: `br`, `img`.
    Void,
    /// `b`, `a`: what browsers open again in the next paragraph if it was not closed.
    Format,
    /// Any other piece of a line.
    Inline,
    /// Ends a paragraph.
    Block,
    /// `ul`, `ol`, `dir`: a block that holds items.
    List,
    /// `dl`.
    Terms,
    /// `h1` to `h6`.
    Heading,
    /// `p`.
    Paragraph,
    /// `pre`.
    Pre,
    /// `li`.
    Item,
    /// `dt`, `dd`.
    Term,
    /// `ruby`.
    Ruby,
    /// `rt`, `rp`.
    RubyText,
    /// `table`.
    Table,
    /// `caption`.
    Caption,
    /// `colgroup`.
    Columns,
    /// `col`.
    Column,
    /// `thead`, `tbody`, `tfoot`.
    Section,
    /// `tr`.
    Row,
    /// `td`, `th`.
    Cell,
    /// A part of a formula (MathML Core): never read without a tree.
    Math,
}

impl Kind {
    /// Whether it is allowed in tables only.
    pub(super) fn is_table_part(self) -> bool {
        use Kind::{Caption, Cell, Column, Columns, Row, Section};
        matches!(self, Caption | Columns | Column | Section | Row | Cell)
    }
}

impl Element {
    /// The element as it is inside `tables` tables. Outside of any table, browsers drop the tags of its parts and join the
    /// text of the cells.
    pub(super) fn within(self, tables: usize) -> Option<Self> {
        match self.kind {
            kind if tables > 0 || !kind.is_table_part() => Some(self),
            Kind::Column => None,
            _ => element_of("div"),
        }
    }
}

/// Attributes that every element may have.
pub(super) const EVERYWHERE: &[&str] = &["dir", "lang", "title"];

/// Every allowed element.
pub(super) const ELEMENTS: &[Element] = &[
    element("a", Kind::Format, &["href", "hreflang"]),
    element("abbr", Kind::Inline, &[]),
    element("acronym", Kind::Inline, &[]),
    element("address", Kind::Block, &[]),
    element("article", Kind::Block, &[]),
    element("aside", Kind::Block, &[]),
    // The W3C validator warns of `controls`, but without it the player cannot be used.
    element("audio", Kind::Inline, &["controls", "src"]),
    element("b", Kind::Format, &[]),
    element("bdi", Kind::Inline, &[]),
    element("big", Kind::Format, &[]),
    element("blockquote", Kind::Block, &["cite"]),
    element("br", Kind::Void, &[]),
    element("caption", Kind::Caption, &[]),
    element("center", Kind::Block, &[]),
    element("cite", Kind::Inline, &[]),
    element("code", Kind::Format, &[]),
    element("col", Kind::Column, &["span"]),
    element("colgroup", Kind::Columns, &["span"]),
    element("dd", Kind::Term, &[]),
    element("del", Kind::Inline, &["cite", "datetime"]),
    element("details", Kind::Block, &[]),
    element("dfn", Kind::Inline, &[]),
    element("dir", Kind::List, &[]),
    element("div", Kind::Block, &[]),
    element("dl", Kind::Terms, &[]),
    element("dt", Kind::Term, &[]),
    element("em", Kind::Format, &[]),
    element("figcaption", Kind::Block, &[]),
    element("figure", Kind::Block, &[]),
    element("font", Kind::Format, &[]),
    element("footer", Kind::Block, &[]),
    element("h1", Kind::Heading, &[]),
    element("h2", Kind::Heading, &[]),
    element("h3", Kind::Heading, &[]),
    element("h4", Kind::Heading, &[]),
    element("h5", Kind::Heading, &[]),
    element("h6", Kind::Heading, &[]),
    element("header", Kind::Block, &[]),
    element("hr", Kind::Void, &[]),
    element("i", Kind::Format, &[]),
    element("img", Kind::Void, &["alt", "height", "src", "width"]),
    element("ins", Kind::Inline, &["cite", "datetime"]),
    element("kbd", Kind::Inline, &[]),
    element("li", Kind::Item, &["value"]),
    element("mark", Kind::Inline, &[]),
    element("math", Kind::Math, &[]),
    element("mfrac", Kind::Math, &[]),
    element("mi", Kind::Math, &[]),
    element("mn", Kind::Math, &[]),
    element("mo", Kind::Math, &[]),
    element("mover", Kind::Math, &[]),
    element("mroot", Kind::Math, &[]),
    element("mrow", Kind::Math, &[]),
    element("msqrt", Kind::Math, &[]),
    element("msub", Kind::Math, &[]),
    element("msubsup", Kind::Math, &[]),
    element("msup", Kind::Math, &[]),
    element("mtable", Kind::Math, &[]),
    element("mtd", Kind::Math, &[]),
    element("mtr", Kind::Math, &[]),
    element("munder", Kind::Math, &[]),
    element("munderover", Kind::Math, &[]),
    element("nav", Kind::Block, &[]),
    element("ol", Kind::List, &["start"]),
    element("p", Kind::Paragraph, &[]),
    element("picture", Kind::Inline, &[]),
    element("pre", Kind::Pre, &[]),
    element("q", Kind::Inline, &["cite"]),
    element("rp", Kind::RubyText, &[]),
    element("rt", Kind::RubyText, &[]),
    element("ruby", Kind::Ruby, &[]),
    element("s", Kind::Format, &[]),
    element("samp", Kind::Inline, &[]),
    element("section", Kind::Block, &[]),
    element("small", Kind::Format, &[]),
    element("source", Kind::Void, &["src", "type"]),
    element("span", Kind::Inline, &[]),
    element("strike", Kind::Format, &[]),
    element("strong", Kind::Format, &[]),
    element("sub", Kind::Inline, &[]),
    element("summary", Kind::Block, &[]),
    element("sup", Kind::Inline, &[]),
    element("table", Kind::Table, &[]),
    element("tbody", Kind::Section, &[]),
    element("td", Kind::Cell, &["colspan", "headers", "rowspan"]),
    element("tfoot", Kind::Section, &[]),
    element(
        "th",
        Kind::Cell,
        &["colspan", "headers", "rowspan", "scope"],
    ),
    element("thead", Kind::Section, &[]),
    element("time", Kind::Inline, &["datetime"]),
    element("tr", Kind::Row, &[]),
    element("tt", Kind::Format, &[]),
    element("u", Kind::Format, &[]),
    element("ul", Kind::List, &[]),
    element("var", Kind::Inline, &[]),
    element(
        "video",
        Kind::Inline,
        &["controls", "height", "poster", "src", "width"],
    ),
    element("wbr", Kind::Void, &[]),
];

const fn element(name: &'static str, kind: Kind, attributes: &'static [&'static str]) -> Element {
    Element {
        name,
        kind,
        attributes,
        id: 0,
    }
}

/// The names of [`ELEMENTS`] as numbers: an article has hundreds of tags, and each is looked up here several times.
const KEYS: [u128; ELEMENTS.len()] = {
    let mut keys = [0; ELEMENTS.len()];
    let mut at = 0;
    while at < ELEMENTS.len() {
        // The bound is the loop's own; `get` is not const.
        #[allow(clippy::indexing_slicing)]
        {
            keys[at] = key(ELEMENTS[at].name.as_bytes());
        }
        at += 1;
    }
    keys
};

/// A name as a number, in the order of names, without regard to case; of a longer name its first sixteen bytes.
const fn key(name: &[u8]) -> u128 {
    let mut key: u128 = 0;
    let mut rest = name;
    let mut shift = u128::BITS;
    while let Some((first, after)) = rest.split_first()
        && shift > 0
    {
        shift -= 8;
        key |= (first.to_ascii_lowercase() as u128) << shift;
        rest = after;
    }
    key
}

/// The allowed element of this name.
pub(super) fn element_of(name: &str) -> Option<Element> {
    let id = KEYS.binary_search(&key(name.as_bytes())).ok()?;
    ELEMENTS.get(id).map(|element| Element { id, ..*element })
}

/// What the sanitizer does with the element of this name, in any case.
pub(super) fn fate(name: &str) -> Fate {
    if let Some(element) = element_of(name) {
        return Fate::Kept(element);
    }
    let relative = match name.to_ascii_lowercase().as_str() {
        "script" | "style" | "svg" | "template" | "title" => return Fate::Gone,
        // Elements without an end tag, the document around the fragment, and frames, plugins and scripts. The content of
        // these is a fallback for readers without them, which is what we show.
        "area" | "base" | "basefont" | "bgsound" | "command" | "embed" | "frame" | "input"
        | "keygen" | "link" | "meta" | "param" | "track" | "html" | "head" | "body"
        | "frameset" | "applet" | "iframe" | "noembed" | "noframes" | "noscript" | "object"
        | "plaintext" => return Fate::Unwrapped,
        "image" => "img",
        "menu" => "ul",
        "listing" | "xmp" => "pre",
        "canvas" | "datagrid" | "datalist" | "dialog" | "fieldset" | "form" | "hgroup"
        | "legend" | "main" | "multicol" | "optgroup" | "option" | "search" | "select"
        | "textarea" => "div",
        _ => "span",
    };
    element_of(relative).map_or(Fate::Unwrapped, Fate::Kept)
}

/// Whether the value of an attribute is a URL.
pub(super) fn is_address(attribute: &str) -> bool {
    matches!(attribute, "cite" | "href" | "poster" | "src")
}

/// The absolute form of a URL in an article; `None` if there is none, or if its scheme is not allowed.
pub(super) fn address(written: &str, base: Option<&WebUrl>) -> Option<String> {
    match Url::parse(written) {
        Ok(url) => match url.scheme() {
            "http" | "https" => WebUrl::from_url(url).ok().map(|u| u.to_string()),
            "mailto" | "tel" if url.as_str().len() <= URL_BYTES_MAX => Some(url.into()),
            _ => None,
        },
        Err(ParseError::RelativeUrlWithoutBase) => base?.join(written).ok().map(|u| u.to_string()),
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_so_that_it_can_be_searched() {
        assert!(KEYS.is_sorted());
        assert!(ELEMENTS.iter().all(|e| e.name.len() < 16));
        assert!(matches!(fate("BlockQuote"), Fate::Kept(e) if e.name == "blockquote"));
        assert!(matches!(fate("blockquotesandmore"), Fate::Kept(e) if e.name == "span"));
    }

    #[test]
    fn sec_11_only_web_mail_and_telephone_may_be_linked() {
        let base = WebUrl::parse("https://a.example/d/f.xml").unwrap();
        let of = |written| address(written, Some(&base));
        assert_eq!(of(" ../x y").as_deref(), Some("https://a.example/x%20y"));
        assert_eq!(
            of("HTTP://u:p@B.example").as_deref(),
            Some("http://b.example/")
        );
        assert_eq!(
            of("mailto:a@b.example").as_deref(),
            Some("mailto:a@b.example")
        );
        for bad in [
            "javascript:x()",
            " java\tscript:x()",
            "data:text/html,x",
            "vbscript:x",
            "http://[",
        ] {
            assert_eq!(of(bad), None, "{bad}");
        }
        assert_eq!(address("x", None), None);
    }
}
