//! Which elements are fields of a feed or an entry, and which of them may be nested. Used for recovery only: the start of a
//! field ends an element that was never closed.

use super::element::Element;
use super::vocabulary::Ns;

/// Names without a foreign namespace that a feed or an entry has.
const NAMES: &[&str] = &[
    "author",
    "category",
    "cloud",
    "comments",
    "content",
    "contributor",
    "copyright",
    "creator",
    "date",
    "description",
    "docs",
    "enclosure",
    "encoded",
    "generator",
    "guid",
    "icon",
    "id",
    "image",
    "info",
    "issued",
    "keywords",
    "language",
    "lastbuilddate",
    "link",
    "logo",
    "managingeditor",
    "modified",
    "pubdate",
    "published",
    "rating",
    "rights",
    "skipdays",
    "skiphours",
    "source",
    "subtitle",
    "summary",
    "tagline",
    "textinput",
    "thumbnail",
    "title",
    "ttl",
    "updated",
    "webmaster",
];

/// The names among them that HTML and SVG use too: they may be markup of a body that was not escaped.
const HTML_NAMES: &[&str] = &["image", "link", "source", "summary", "title"];

/// Whether an element is a field that newswire knows, in any dialect.
pub fn is_field(element: &Element) -> bool {
    match element.ns {
        Ns::Core | Ns::Atom => NAMES.contains(&element.name.as_str()),
        Ns::Dc
        | Ns::DcTerms
        | Ns::Content
        | Ns::Media
        | Ns::Itunes
        | Ns::Syndication
        | Ns::History
        | Ns::License => true,
        Ns::Xhtml | Ns::Rdf | Ns::Xml | Ns::Other => false,
    }
}

/// Whether a field of some dialect has this name without its prefix, in lower case.
pub fn is_field_name(local: &str) -> bool {
    NAMES.contains(&local)
}

/// Whether HTML has an element of that name too.
pub fn is_html_name(local: &str) -> bool {
    HTML_NAMES.contains(&local)
}

/// Whether an element may hold a body, escaped or not.
pub fn is_body(outer: &Element) -> bool {
    // `media:content` holds attributes.
    let is_name = matches!(
        outer.name.as_str(),
        "description" | "content" | "encoded" | "summary" | "body" | "div"
    );
    is_name && outer.ns != Ns::Media
}

/// Whether a field may be inside `outer`, an element that was never closed, and so does not end it.
pub fn may_stand_in(field: &Element, outer: &Element) -> bool {
    let is_plain = matches!(field.ns, Ns::Core | Ns::Atom);
    if is_body(outer) {
        // A name that HTML has too is taken for HTML.
        return is_plain && is_html_name(&field.name);
    }
    outer.name == "group" && outer.ns == Ns::Media && field.ns == Ns::Media
}

/// Whether a tag of this raw name, in lower case, can be that of a feed's element.
pub fn is_tag_of_feeds(raw: &str) -> bool {
    let local = raw.rsplit(':').next().unwrap_or(raw);
    let is_frame = matches!(local, "rss" | "rdf" | "feed" | "channel" | "items");
    NAMES.contains(&local) || is_entry_name(local) || is_frame
}

/// Whether this is the name of an entry in any dialect.
pub fn is_entry_name(local: &str) -> bool {
    matches!(local, "item" | "entry")
}

/// The names of roots that hold entries.
pub fn is_root_name(local: &str) -> bool {
    matches!(local, "rss" | "rdf" | "feed")
}

/// Where the last end tag of a feed stands, in bytes; the beginning if there is none.
pub fn last_end_of_a_feed(text: &str) -> usize {
    last_end_of(text, is_root_name)
}

/// The same of a feed or a channel.
pub fn last_end_of_a_channel(text: &str) -> usize {
    last_end_of(text, |name| is_root_name(name) || name == "channel")
}

fn last_end_of(text: &str, is_wanted: impl Fn(&str) -> bool) -> usize {
    const NAME_BYTES_MAX: usize = 64;
    let is_end = |at: usize| {
        let rest = text.as_bytes().get(at + 2..).unwrap_or_default();
        let is_of_name =
            |b: &&u8| b.is_ascii_alphanumeric() || matches!(b, b':' | b'-' | b'_' | b'.');
        let name = rest.iter().take(NAME_BYTES_MAX).take_while(is_of_name);
        let name: String = name.map(|b| char::from(b.to_ascii_lowercase())).collect();
        is_wanted(name.rsplit(':').next().unwrap_or(&name))
    };
    let mut ends = text.rmatch_indices("</").map(|(at, _)| at);
    ends.find(|at| is_end(*at)).unwrap_or_default()
}
