//! The grammar of RFC 4287, appendix B, as a table: which elements may stand where and how often, which attributes they must
//! have, and what their values may be. `.ci/run` holds this against the RELAX NG grammar itself, which needs xmllint.

use super::tree::Node;

const ATOM: &str = "http://www.w3.org/2005/Atom";

/// An element that may stand in another: its name, how often at least and at most, and what is in it.
type Part = (&'static str, usize, usize, Content);

/// What an element holds.
#[derive(Debug, Clone, Copy)]
enum Content {
    /// Text, HTML or XHTML, as `type` says (section 3.1).
    TextConstruct,
    /// A name and at most one address of each kind (section 3.2).
    Person,
    /// RFC 3339 (section 3.3).
    Date,
    /// An IRI.
    Iri,
    /// Anything that is text.
    Text,
    /// `term` and no more (section 4.2.2).
    Category,
    /// `href` and no more (section 4.2.7).
    Link,
    /// Section 4.1.3.
    Body,
    /// A feed's own elements, none of which is required (section 4.2.11).
    Source,
    /// Section 4.1.2.
    Entry,
}

const MANY: usize = usize::MAX;

const FEED: [Part; 12] = [
    ("author", 0, MANY, Content::Person),
    ("category", 0, MANY, Content::Category),
    ("contributor", 0, MANY, Content::Person),
    ("generator", 0, 1, Content::Text),
    ("icon", 0, 1, Content::Iri),
    ("id", 1, 1, Content::Iri),
    ("link", 0, MANY, Content::Link),
    ("logo", 0, 1, Content::Iri),
    ("rights", 0, 1, Content::TextConstruct),
    ("subtitle", 0, 1, Content::TextConstruct),
    ("title", 1, 1, Content::TextConstruct),
    ("updated", 1, 1, Content::Date),
];

const ENTRY: [Part; 12] = [
    ("author", 0, MANY, Content::Person),
    ("category", 0, MANY, Content::Category),
    ("content", 0, 1, Content::Body),
    ("contributor", 0, MANY, Content::Person),
    ("id", 1, 1, Content::Iri),
    ("link", 0, MANY, Content::Link),
    ("published", 0, 1, Content::Date),
    ("rights", 0, 1, Content::TextConstruct),
    ("source", 0, 1, Content::Source),
    ("summary", 0, 1, Content::TextConstruct),
    ("title", 1, 1, Content::TextConstruct),
    ("updated", 1, 1, Content::Date),
];

const PERSON: [Part; 3] = [
    ("name", 1, 1, Content::Text),
    ("uri", 0, 1, Content::Iri),
    ("email", 0, 1, Content::Text),
];

/// What is wrong with a feed document by the grammar; empty if nothing is.
pub fn faults(feed: &Node) -> Vec<String> {
    let mut faults = Vec::new();
    if feed.name != "feed" || feed.attribute("xmlns") != Some(ATOM) {
        faults.push(format!("the root is {} of another namespace", feed.name));
    }
    let mut parts = FEED.to_vec();
    parts.push(("entry", 0, MANY, Content::Entry));
    holds(feed, &parts, &mut faults);
    for node in feed.walk() {
        let prefix = node.name.split_once(':').map(|(prefix, _)| prefix);
        let declared = |p: &str| feed.attribute(&format!("xmlns:{p}")).is_some();
        if prefix.is_some_and(|p| !declared(p)) {
            faults.push(format!("the prefix of {} is not declared", node.name));
        }
    }
    // Entries come behind all else.
    let first = feed.children.iter().position(|c| c.name == "entry");
    let behind = first.map_or(&[][..], |at| &feed.children[at..]);
    if let Some(late) = behind.iter().find(|c| c.name != "entry") {
        faults.push(format!("{} stands behind an entry", late.name));
    }
    faults
}

/// Elements of other namespaces have a prefix in what we write, and may stand anywhere.
fn is_foreign(node: &Node) -> bool {
    node.name.contains(':') || node.attribute("xmlns").is_some_and(|ns| ns != ATOM)
}

fn holds(node: &Node, parts: &[Part], faults: &mut Vec<String>) {
    for (name, least, most, _) in parts {
        let count = node.all(name).count();
        if count < *least || count > *most {
            faults.push(format!("{count} {name} in {}", node.name));
        }
    }
    for child in node.children.iter().filter(|c| !is_foreign(c)) {
        match parts.iter().find(|(name, ..)| *name == child.name) {
            Some((.., content)) => check(child, *content, faults),
            None => faults.push(format!("{} in {}", child.name, node.name)),
        }
    }
    if !node.text.trim().is_empty() {
        faults.push(format!("text in {}: {:?}", node.name, node.text));
    }
}

fn check(node: &Node, content: Content, faults: &mut Vec<String>) {
    let mut wrong = |what: &str| faults.push(format!("{}: {what}: {node:?}", node.name));
    let is_empty = node.children.is_empty() && node.text.is_empty();
    match content {
        Content::TextConstruct if !is_text_construct(node) => wrong("no text construct"),
        Content::Date if !is_date(&node.text) => wrong("no date"),
        Content::Iri if !is_iri(&node.text) => wrong("no IRI"),
        Content::Text if !node.children.is_empty() => wrong("elements in text"),
        Content::Category if !is_empty || node.attribute("term").is_none() => wrong("no category"),
        Content::Link if !is_empty || !is_link(node) => wrong("no link"),
        Content::Body if !is_body(node) => wrong("no content"),
        Content::Person => holds(node, &PERSON, faults),
        Content::Entry => holds(node, &ENTRY, faults),
        Content::Source => {
            let parts = FEED.map(|(name, _, most, content)| (name, 0, most, content));
            holds(node, &parts, faults);
        }
        _ => {}
    }
}

fn is_text_construct(node: &Node) -> bool {
    match node.attribute("type") {
        None | Some("text" | "html") => node.children.is_empty(),
        Some("xhtml") => node.children.len() == 1 && node.children[0].name.ends_with("div"),
        Some(_) => false,
    }
}

/// Text of one of three kinds inside, or a media type with an address.
fn is_body(node: &Node) -> bool {
    let media = node.attribute("type").is_some_and(is_media_type);
    match node.attribute("src") {
        Some(src) => is_iri(src) && node.children.is_empty() && node.text.is_empty(),
        None => is_text_construct(node) || media,
    }
}

fn is_link(node: &Node) -> bool {
    let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    node.attribute("href").is_some_and(is_iri)
        && node.attribute("type").is_none_or(is_media_type)
        && node.attribute("hreflang").is_none_or(is_language)
        && node.attribute("length").is_none_or(number)
        && node.attribute("rel").is_none_or(|rel| !rel.is_empty())
}

/// `.+/.+` in the grammar.
fn is_media_type(text: &str) -> bool {
    matches!(text.split_once('/'), Some((kind, of)) if !kind.is_empty() && !of.is_empty())
}

/// `[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*` in the grammar.
fn is_language(text: &str) -> bool {
    let is_part = |part: &str| {
        (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    let mut parts = text.split('-');
    let first = parts.next().unwrap_or_default();
    is_part(first) && first.bytes().all(|b| b.is_ascii_alphabetic()) && parts.all(is_part)
}

/// Absolute, or relative: without spaces and controls.
fn is_iri(text: &str) -> bool {
    !text.is_empty() && !text.chars().any(|c| c.is_whitespace() || c.is_control())
}

/// `xsd:dateTime` with a zone, which RFC 4287 section 3.3 requires.
fn is_date(text: &str) -> bool {
    newswire::model::Time::parse_rfc3339(text).is_some() && text.contains('T')
}
