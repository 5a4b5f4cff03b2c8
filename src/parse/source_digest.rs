//! A digest of what the publisher sent for an entry, before it is cleaned. It detects edits (ET-09). It never includes
//! anything that newswire derives, so that a new version of newswire marks no article as edited; nor the entry's id or link,
//! nor counters that change with every poll.

use aws_lc_rs::digest::{Context, SHA256};
use serde_json::{Map, Value};

use super::element::{Element, Node};
use super::vocabulary::Ns;

/// Bytes of a digest.
pub const LEN: usize = 16;

/// The digest of an XML entry: the elements that newswire reads, in document order.
pub fn of_xml(entry: &Element) -> [u8; LEN] {
    let mut fields = Fields::new();
    for child in entry.elements() {
        fields.child(child);
    }
    fields.finish()
}

/// The digest of an item of a JSON Feed.
pub fn of_json(item: &Map<String, Value>) -> [u8; LEN] {
    const KEYS: [&str; 14] = [
        "title",
        "content_html",
        "content_text",
        "summary",
        "date_published",
        "date_modified",
        "author",
        "authors",
        "tags",
        "attachments",
        "image",
        "banner_image",
        "language",
        "external_url",
    ];
    let mut fields = Fields::new();
    for key in KEYS {
        if let Some(value) = item.get(key) {
            fields.text(key);
            fields.text(&value.to_string());
        }
    }
    fields.finish()
}

/// The length before each field keeps fields apart.
struct Fields(Context);

impl Fields {
    fn new() -> Self {
        Self(Context::new(&SHA256))
    }

    fn text(&mut self, text: &str) {
        self.0.update(&(text.len() as u64).to_le_bytes());
        self.0.update(text.as_bytes());
    }

    /// A child of an entry, if newswire reads it.
    fn child(&mut self, e: &Element) {
        match (e.ns, e.name.as_str()) {
            // A place, not a text.
            (Ns::Core | Ns::Atom, "id" | "guid" | "link")
            | (Ns::Dc | Ns::DcTerms, "identifier") => {}
            // The source's own dates change with every poll of an aggregator.
            (Ns::Core | Ns::Atom, "source") if e.has_elements() => {
                let named = |c: &&Element| matches!(c.name.as_str(), "id" | "title" | "link");
                e.elements().filter(named).for_each(|c| self.element(c));
            }
            // Views and ratings change with every poll.
            (Ns::Media, "group") => e.elements().for_each(|c| self.child(c)),
            (Ns::Media, "content") => {
                self.attributes(e, &["url", "type", "medium", "filesize"]);
                e.elements().for_each(|c| self.child(c));
            }
            (Ns::Media, "thumbnail") => self.attributes(e, &["url"]),
            (Ns::Media, "title" | "description" | "category" | "keywords") => self.element(e),
            (
                Ns::Itunes,
                "author" | "title" | "summary" | "description" | "subtitle" | "image" | "keywords",
            )
            | (
                Ns::Core | Ns::Atom | Ns::Dc | Ns::DcTerms | Ns::Content | Ns::Xhtml | Ns::License,
                _,
            )
            | (Ns::Other, "fullitem") => self.element(e),
            (
                Ns::Media
                | Ns::Itunes
                | Ns::Syndication
                | Ns::History
                | Ns::Rdf
                | Ns::Xml
                | Ns::Other,
                _,
            ) => {}
        }
    }

    fn attributes(&mut self, e: &Element, names: &[&str]) {
        self.text(&e.name);
        for name in names {
            self.text(e.attribute(name).unwrap_or_default());
        }
    }

    /// An element with all that is in it. The depth of what `parse::xml` builds is bounded.
    fn element(&mut self, e: &Element) {
        self.text(&e.name);
        for attribute in e.attributes.iter().filter(|a| a.ns == Ns::Core) {
            self.text(&attribute.name);
            self.text(&attribute.value);
        }
        for child in &e.children {
            match child {
                Node::Text(text) => self.text(text),
                Node::Element(inner) => self.element(inner),
            }
        }
        self.text("/");
    }

    fn finish(self) -> [u8; LEN] {
        let digest = self.0.finish();
        let mut short = [0; LEN];
        short
            .iter_mut()
            .zip(digest.as_ref())
            .for_each(|(to, from)| *to = *from);
        short
    }
}

#[cfg(test)]
mod tests {
    use crate::model::ParsedEntry;
    use crate::parse::{ParseContext, parse};

    fn entry(fields: &str) -> ParsedEntry {
        let feed = format!(
            "<rss xmlns:media='http://search.yahoo.com/mrss/' xmlns:slash='http://purl.org/rss/1.0/modules/slash/'>\
             <channel><item>{fields}</item></channel></rss>"
        );
        parse(feed.as_bytes(), &ParseContext::default())
            .unwrap()
            .entries
            .remove(0)
    }

    const TEXT: &str = "<title>Boats</title><description>d</description>";

    #[test]
    fn rel_06_what_the_publisher_says_changes_it() {
        let digest = |fields: &str| entry(fields).source_digest;
        let seen = [
            digest(TEXT),
            digest("<title>Boat</title><description>sd</description>"),
            digest(&format!(
                "{TEXT}<pubDate>Tue, 04 Mar 2025 09:15:00 GMT</pubDate>"
            )),
            digest(&format!("{TEXT}<category>x</category>")),
            digest(&format!("{TEXT}<enclosure url='https://a.example/a.mp3'/>")),
            digest(&format!(
                "{TEXT}<media:group><media:title>x</media:title></media:group>"
            )),
        ];
        for (at, one) in seen.iter().enumerate() {
            assert!(!seen[at + 1..].contains(one), "{at}");
        }
    }

    #[test]
    fn rel_06_ids_links_and_counters_do_not_change_it() {
        let plain = entry(TEXT).source_digest;
        for beside in [
            "<guid>1</guid><link>https://a.example/1</link>",
            "<slash:comments>7</slash:comments>",
            "<media:group><media:community><media:statistics views='9'/></media:community></media:group>",
        ] {
            assert_eq!(
                entry(&format!("{TEXT}{beside}")).source_digest,
                plain,
                "{beside}"
            );
        }
    }
}
