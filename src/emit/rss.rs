//! RSS 2.0 by the profile of the RSS Advisory Board (<https://www.rssboard.org/rss-profile>), with the elements of
//! other namespaces that it recommends: `atom:link`, `content:encoded`, `dc:creator`, with Media RSS and with
//! `fh:archive` of RFC 5005; no others (SEC-16).

use super::item::{self, Item, web_url};
use super::media;
use super::text::{inert, line};
use super::xml::Xml;
use super::{Channel, Format, HISTORY, TOPIC_SCHEME};

/// The link of a channel without a page: RSS requires one, and this name does not resolve (RFC 2606).
const NO_PAGE: &str = "https://newswire.invalid/";

/// The channel as RSS 2.0: one item a story.
#[must_use]
pub fn rss(channel: &Channel) -> String {
    let mut xml = Xml::new();
    xml.open(
        "rss",
        &[
            ("version", Some("2.0")),
            ("xmlns:atom", Some("http://www.w3.org/2005/Atom")),
            (
                "xmlns:content",
                Some("http://purl.org/rss/1.0/modules/content/"),
            ),
            ("xmlns:dc", Some("http://purl.org/dc/elements/1.1/")),
            ("xmlns:media", Some(media::NAMESPACE)),
            ("xmlns:fh", channel.is_archive.then_some(HISTORY)),
        ],
    );
    xml.open("channel", &[]);
    let title = item::channel_title(channel);
    let description = Some(line(&channel.description)).filter(|d| !d.is_empty());
    xml.words("title", &[], &inert(&title));
    xml.data("link", &[], &page(channel));
    xml.words("description", &[], &inert(&description.unwrap_or(title)));
    xml.data("lastBuildDate", &[], &item::updated(channel).to_rfc2822());
    xml.data(
        "generator",
        &[],
        concat!("newswire ", env!("CARGO_PKG_VERSION")),
    );
    let own = Some(Format::Rss.media_type());
    link(&mut xml, "self", channel.self_url.as_deref(), own);
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

fn page(channel: &Channel) -> String {
    [&channel.home_url, &channel.self_url]
        .into_iter()
        .find_map(|url| url.as_deref().and_then(web_url))
        .unwrap_or_else(|| NO_PAGE.to_owned())
}

fn entry(xml: &mut Xml, item: &Item) {
    xml.open("item", &[]);
    xml.words("title", &[], &inert(&item.title));
    if let Some(url) = &item.url {
        xml.data("link", &[], url);
    }
    // Profile: with both a summary and the full text, the summary is the description.
    if item.summary.is_empty() {
        if !item.html.is_empty() {
            xml.data("description", &[], &item.html);
        }
    } else {
        xml.data("description", &[], &html_escape::encode_text(&item.summary));
        if !item.html.is_empty() {
            xml.data("content:encoded", &[], &item.html);
        }
    }
    for name in item.authors.iter().filter_map(|a| a.name.as_deref()) {
        xml.words("dc:creator", &[], &inert(name));
    }
    for topic in &item.topics {
        xml.words("category", &[("domain", Some(TOPIC_SCHEME))], topic);
    }
    for category in &item.categories {
        xml.words(
            "category",
            &[("domain", category.scheme.as_deref())],
            &category.term,
        );
    }
    // Profile: no more than one enclosure an item.
    if let Some(file) = item.enclosures.first() {
        let length = file.length.unwrap_or_default().to_string();
        let mime = file.mime.as_deref().unwrap_or("application/octet-stream");
        xml.empty(
            "enclosure",
            &[
                ("url", Some(&file.url)),
                ("length", Some(&length)),
                ("type", Some(mime)),
            ],
        );
    }
    xml.data(
        "guid",
        &[("isPermaLink", Some("false"))],
        &format!("urn:uuid:{}", item.id),
    );
    xml.data("pubDate", &[], &item.dated.to_rfc2822());
    if !item.feed.url.is_empty() {
        xml.words(
            "source",
            &[("url", Some(&item.feed.url))],
            &inert(&item.feed.title),
        );
    }
    media::elements(xml, item);
    xml.close();
}

fn link(xml: &mut Xml, rel: &str, url: Option<&str>, mime: Option<&str>) {
    if let Some(url) = url.and_then(web_url) {
        xml.empty(
            "atom:link",
            &[("rel", Some(rel)), ("type", mime), ("href", Some(&url))],
        );
    }
}
