//! Writes subscriptions as OPML 2.0: folders as outlines, tags as categories. The same list gives the same bytes, so there is
//! no date in the head.

use super::{DEPTH_MAX, Subscription};
use crate::emit::text::line;
use crate::emit::xml::Xml;

/// A subscription list titled `title`. Within a folder the order is that of `subscriptions`; folders come last, by name.
#[must_use]
pub fn write(title: &str, subscriptions: &[Subscription]) -> String {
    let mut placed: Vec<_> = subscriptions
        .iter()
        .map(|s| (path(s.folder.as_deref()), s))
        .collect();
    placed.sort_by(|(a, _), (b, _)| a.cmp(b));
    let mut list = Writer::new(title);
    for (path, subscription) in placed {
        list.add(&path, subscription);
    }
    list.finish()
}

/// The names of the folders that lead to a feed. Sorted by them, the feeds of a folder come before those of its subfolders.
#[must_use]
pub fn path(folder: Option<&str>) -> Vec<String> {
    let names = folder.unwrap_or_default().split('/').map(line);
    // The feed is an outline too, and counts for the depth that is read.
    names
        .filter(|name| !name.is_empty())
        .take(DEPTH_MAX - 1)
        .collect()
}

/// A subscription list that is written one feed at a time.
pub struct Writer {
    xml: Xml,
    open: Vec<String>,
}

impl Writer {
    /// An empty list.
    #[must_use]
    pub fn new(title: &str) -> Self {
        let mut xml = Xml::new();
        xml.open("opml", &[("version", Some("2.0"))]);
        xml.open("head", &[]);
        xml.words("title", &[], &line(title));
        xml.close();
        xml.open("body", &[]);
        Self {
            xml,
            open: Vec::new(),
        }
    }

    /// Adds a subscription. They must be sorted by their [`path`].
    pub fn add(&mut self, path: &[String], subscription: &Subscription) {
        let common = self.open.iter().zip(path).take_while(|(a, b)| a == b);
        let common = common.count();
        for _ in common..self.open.len() {
            self.xml.close();
        }
        self.open.truncate(common);
        for name in path.iter().skip(common) {
            let name_of = Some(name.as_str());
            self.xml
                .open("outline", &[("text", name_of), ("title", name_of)]);
            self.open.push(name.clone());
        }
        feed_outline(&mut self.xml, subscription);
    }

    /// The bytes written so far.
    #[must_use]
    pub fn written(&self) -> usize {
        self.xml.written()
    }

    /// The document.
    #[must_use]
    pub fn finish(self) -> String {
        self.xml.finish()
    }
}

fn feed_outline(xml: &mut Xml, feed: &Subscription) {
    let title = feed.title.as_deref().map(line).filter(|t| !t.is_empty());
    // `text` is required, and some readers show it.
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
