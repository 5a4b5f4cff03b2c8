//! Atom 1.0 (RFC 4287), with the links of RFC 5005 and WebSub.

use super::item::{self, Item, web_url};
use super::xml::Xml;
use super::{Channel, Format, TOPIC_SCHEME};
use crate::model::Person;

/// The channel as Atom 1.0: one entry a story.
#[must_use]
pub fn atom(channel: &Channel) -> String {
    let mut xml = Xml::new();
    xml.open("feed", &[("xmlns", Some("http://www.w3.org/2005/Atom"))]);
    xml.text("id", &[], &channel.id);
    xml.text("title", &[], &super::xml::line(&channel.title));
    let subtitle = super::xml::line(&channel.description);
    if !subtitle.is_empty() {
        xml.text("subtitle", &[], &subtitle);
    }
    xml.text("updated", &[], &item::updated(channel).to_string());
    let version = Some(env!("CARGO_PKG_VERSION"));
    xml.text("generator", &[("version", version)], "newswire");
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
    link(&mut xml, "hub", channel.hub_url.as_deref(), None);
    for item in item::items(channel) {
        entry(&mut xml, &item);
    }
    xml.finish()
}

fn entry(xml: &mut Xml, item: &Item) {
    xml.open("entry", &[("xml:lang", item.language.as_deref())]);
    xml.text("id", &[], &item.id);
    xml.text("title", &[], &item.title);
    if let Some(published) = item.published {
        xml.text("published", &[], &published.to_string());
    }
    xml.text("updated", &[], &item.updated.to_string());
    link(xml, "alternate", item.url.as_deref(), Some("text/html"));
    for copy in &item.also_in {
        let title = Some(copy.feed_title.as_str()).filter(|t| !t.is_empty());
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
    for author in &item.authors {
        person(xml, author);
    }
    if item.authors.is_empty() {
        // Section 4.1.1: every entry has an author, of its own where the feed has none.
        let feed = Person {
            name: Some(item.feed.title.clone()),
            ..Person::default()
        };
        person(xml, &feed);
    }
    for topic in &item.topics {
        xml.empty(
            "category",
            &[("term", Some(topic)), ("scheme", Some(TOPIC_SCHEME))],
        );
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
    if !item.summary.is_empty() {
        xml.text("summary", &[], &item.summary);
    }
    // Section 4.1.2: without a page to go to, there is content, if only the headline.
    if !item.html.is_empty() {
        xml.text("content", &[("type", Some("html"))], &item.html);
    } else if item.url.is_none() {
        xml.text("content", &[], &item.title);
    }
    source(xml, item);
    xml.close();
}

fn link(xml: &mut Xml, rel: &str, url: Option<&str>, mime: Option<&str>) {
    if let Some(url) = url.and_then(web_url) {
        xml.empty(
            "link",
            &[("rel", Some(rel)), ("type", mime), ("href", Some(&url))],
        );
    }
}

fn person(xml: &mut Xml, person: &Person) {
    xml.open("author", &[]);
    xml.text("name", &[], person.name.as_deref().unwrap_or_default());
    if let Some(url) = &person.url {
        xml.text("uri", &[], url);
    }
    if let Some(email) = &person.email {
        xml.text("email", &[], email);
    }
    xml.close();
}

/// Section 4.2.11. The source changed when this entry of it did, as far as anybody knows.
fn source(xml: &mut Xml, item: &Item) {
    let feed = &item.feed;
    xml.open("source", &[]);
    if feed.url.is_empty() {
        xml.text("id", &[], &format!("urn:uuid:{}", feed.id));
    } else {
        xml.text("id", &[], &feed.url);
    }
    xml.text("title", &[], &feed.title);
    xml.text("updated", &[], &item.updated.to_string());
    link(xml, "self", Some(&feed.url), None);
    link(xml, "alternate", feed.site.as_deref(), Some("text/html"));
    xml.close();
}
