//! Atom 1.0 (RFC 4287), with the links of RFC 5005 and WebSub.

use super::item::{self, Item, web_url};
use super::media;
use super::text::{is_inert, line};
use super::xml::Xml;
use super::{Channel, Format, HISTORY, TOPIC_SCHEME};
use crate::model::{Person, StoryId, Time};

/// The channel as Atom 1.0: one entry a story.
#[must_use]
pub fn atom(channel: &Channel) -> String {
    let mut xml = Xml::new();
    let title = item::channel_title(channel);
    xml.open(
        "feed",
        &[
            ("xmlns", Some("http://www.w3.org/2005/Atom")),
            ("xmlns:media", Some(media::NAMESPACE)),
            ("xmlns:fh", channel.is_archive.then_some(HISTORY)),
        ],
    );
    xml.data("id", &[], &channel.id);
    text(&mut xml, "title", &title);
    let subtitle = line(&channel.description);
    if !subtitle.is_empty() {
        text(&mut xml, "subtitle", &subtitle);
    }
    xml.data("updated", &[], &item::updated(channel).to_string());
    // Section 4.1.1 requires an author of a feed whose entries have none.
    let name = Some(title.as_str()).filter(|title| is_inert(title));
    author(&mut xml, name.unwrap_or("newswire"), None);
    let version = Some(env!("CARGO_PKG_VERSION"));
    xml.words("generator", &[("version", version)], "newswire");
    let own = Some(Format::Atom.media_type());
    link(&mut xml, "self", channel.self_url.as_deref(), own);
    link(
        &mut xml,
        "alternate",
        channel.home_url.as_deref(),
        Some("text/html"),
    );
    link(&mut xml, "first", channel.first_url.as_deref(), own);
    link(&mut xml, "next", channel.next_url.as_deref(), own);
    link(&mut xml, "current", channel.current_url.as_deref(), own);
    link(
        &mut xml,
        "prev-archive",
        channel.archive_url.as_deref(),
        own,
    );
    if channel.is_archive {
        xml.empty("fh:archive", &[]);
    }
    link(&mut xml, "hub", channel.hub_url.as_deref(), None);
    for item in item::items(channel) {
        entry(&mut xml, &item);
    }
    xml.finish()
}

fn entry(xml: &mut Xml, item: &Item) {
    xml.open("entry", &[("xml:lang", item.language.as_deref())]);
    xml.data("id", &[], &format!("urn:uuid:{}", item.id));
    text(xml, "title", &item.title);
    if let Some(published) = item.published {
        xml.data("published", &[], &published.to_string());
    }
    xml.data("updated", &[], &apart(item.updated, item.id));
    authors(xml, item);
    links(xml, item);
    categories(xml, item);
    body(xml, item);
    source(xml, item);
    media::elements(xml, item);
    xml.close();
}

/// A time that no other entry has: validators warn of two entries with the same time, and publishers often round to minutes.
/// The fraction of the second is taken from the id.
fn apart(time: Time, id: StoryId) -> String {
    let time = time.to_string();
    let whole = time.trim_end_matches('Z');
    format!("{whole}.{:06}Z", id.0.as_u128() % 1_000_000)
}

fn authors(xml: &mut Xml, item: &Item) {
    for person in &item.authors {
        let name = person.name.as_deref().unwrap_or_default();
        author(xml, name, Some(person));
    }
    // Section 4.1.2: every entry has an author. If no author is named it is the feed.
    if item.authors.is_empty() {
        author(xml, &item.feed.title, None);
    }
}

fn author(xml: &mut Xml, name: &str, person: Option<&Person>) {
    xml.open("author", &[]);
    // Section 3.2.1: a name has no type, so one that looks like HTML is written with other brackets.
    if is_inert(name) {
        xml.words("name", &[], name);
    } else {
        xml.words(
            "name",
            &[],
            &name.replace('<', "\u{2039}").replace('>', "\u{203a}"),
        );
    }
    if let Some(url) = person.and_then(|p| p.url.as_deref()) {
        xml.data("uri", &[], url);
    }
    if let Some(email) = person.and_then(|p| p.email.as_deref()) {
        xml.data("email", &[], email);
    }
    xml.close();
}

fn links(xml: &mut Xml, item: &Item) {
    link(xml, "alternate", item.url.as_deref(), None);
    for copy in &item.also_in {
        let title = Some(copy.feed_title.as_str()).filter(|t| !t.is_empty() && is_inert(t));
        if let Some(url) = &copy.url {
            xml.empty(
                "link",
                &[
                    ("rel", Some("related")),
                    ("href", Some(url)),
                    ("title", title),
                ],
            );
        }
    }
    for file in &item.enclosures {
        let length = file.length.map(|l| l.to_string());
        xml.empty(
            "link",
            &[
                ("rel", Some("enclosure")),
                ("href", Some(&file.url)),
                ("type", file.mime.as_deref()),
                ("length", length.as_deref()),
            ],
        );
    }
}

fn categories(xml: &mut Xml, item: &Item) {
    for topic in &item.topics {
        let scheme = Some(TOPIC_SCHEME);
        xml.empty("category", &[("term", Some(topic)), ("scheme", scheme)]);
    }
    for category in &item.categories {
        xml.empty(
            "category",
            &[
                ("term", Some(&category.term)),
                ("scheme", category.scheme.as_deref()),
                ("label", category.label.as_deref()),
            ],
        );
    }
}

fn body(xml: &mut Xml, item: &Item) {
    if !item.summary.is_empty() {
        text(xml, "summary", &item.summary);
    }
    // Section 4.1.2: an entry without a link has content, if only the headline.
    if !item.html.is_empty() {
        xml.data("content", &[("type", Some("html"))], &item.html);
    } else if item.summary.is_empty() || item.url.is_none() {
        text(xml, "content", &item.title);
    }
}

/// Section 4.2.11. The source's time is that of its entry: nothing else is known.
fn source(xml: &mut Xml, item: &Item) {
    let feed = &item.feed;
    xml.open("source", &[]);
    xml.data("id", &[], &format!("urn:uuid:{}", feed.id));
    text(xml, "title", &feed.title);
    xml.data("updated", &[], &item.updated.to_string());
    link(xml, "self", Some(&feed.url), None);
    link(xml, "alternate", feed.site.as_deref(), None);
    xml.close();
}

/// A text construct (section 3.1). Text that could be mistaken for HTML is given as HTML, so that readers need not guess.
fn text(xml: &mut Xml, name: &'static str, text: &str) {
    if is_inert(text) {
        xml.words(name, &[], text);
    } else {
        let html = html_escape::encode_text(text);
        xml.words(name, &[("type", Some("html"))], &html);
    }
}

fn link(xml: &mut Xml, rel: &str, url: Option<&str>, mime: Option<&str>) {
    if let Some(url) = url.and_then(web_url) {
        xml.empty(
            "link",
            &[("rel", Some(rel)), ("type", mime), ("href", Some(&url))],
        );
    }
}
