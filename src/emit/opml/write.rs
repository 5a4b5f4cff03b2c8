//! Subscriptions into OPML 2.0: folders as outlines, tags as categories. The same list gives the same bytes, so there is
//! no date in the head.

use std::collections::BTreeMap;

use super::{DEPTH_MAX, Subscription};
use crate::emit::text::line;
use crate::emit::xml::Xml;

/// A folder: what is in it, and the folders in it by name.
#[derive(Default)]
struct Folder<'s> {
    feeds: Vec<&'s Subscription>,
    folders: BTreeMap<String, Folder<'s>>,
}

/// A subscription list titled `title`. Within a folder the order is that of `subscriptions`; folders come last, by name.
#[must_use]
pub fn write(title: &str, subscriptions: &[Subscription]) -> String {
    let mut root = Folder::default();
    for subscription in subscriptions {
        root.at(subscription.folder.as_deref())
            .feeds
            .push(subscription);
    }
    let mut xml = Xml::new();
    xml.open("opml", &[("version", Some("2.0"))]);
    xml.open("head", &[]);
    xml.words("title", &[], &line(title));
    xml.close();
    xml.open("body", &[]);
    root.write(&mut xml);
    xml.finish()
}

impl<'s> Folder<'s> {
    fn at(&mut self, path: Option<&str>) -> &mut Self {
        let mut folder = self;
        let names = path.unwrap_or_default().split('/').map(line);
        // What we write we read: the feed is an outline too.
        for name in names.filter(|n| !n.is_empty()).take(DEPTH_MAX - 1) {
            folder = folder.folders.entry(name).or_default();
        }
        folder
    }

    fn write(&self, xml: &mut Xml) {
        for feed in &self.feeds {
            feed_outline(xml, feed);
        }
        for (name, folder) in &self.folders {
            xml.open("outline", &[("text", Some(name)), ("title", Some(name))]);
            folder.write(xml);
            xml.close();
        }
    }
}

fn feed_outline(xml: &mut Xml, feed: &Subscription) {
    let title = feed.title.as_deref().map(line).filter(|t| !t.is_empty());
    // `text` is required; a reader that shows it shows something.
    let title = title.unwrap_or_else(|| feed.url.to_string());
    let tags: Vec<String> = feed
        .tags
        .iter()
        .map(|t| line(&t.replace(',', " ")))
        .filter(|t| !t.is_empty())
        .collect();
    let tags = Some(tags.join(",")).filter(|t| !t.is_empty());
    let ours = [
        ("type", Some("rss")),
        ("text", Some(title.as_str())),
        ("title", Some(title.as_str())),
        ("xmlUrl", Some(feed.url.as_str())),
        ("htmlUrl", feed.site.as_ref().map(|s| s.as_str())),
        ("category", tags.as_deref()),
    ];
    let others = feed
        .others
        .iter()
        .map(|(name, value)| (name.as_str(), Some(value.as_str())));
    let all: Vec<(&str, Option<&str>)> = ours.into_iter().chain(others).collect();
    xml.empty("outline", &all);
}
