//! JSON Feed 1.1 (<https://www.jsonfeed.org/version/1.1/>). Values without a field there are in `_newswire`, with the
//! names of newswire's own JSON.

use serde::Serialize;

use super::Channel;
use super::item::{self, Item, web_url};
use super::text::line;
use crate::model::{Alternate, FeedRef, Time};

/// The channel as JSON Feed 1.1: one item a story.
#[must_use]
pub fn json_feed(channel: &Channel) -> String {
    let url = |url: &Option<String>| url.as_deref().and_then(web_url);
    let document = Document {
        version: "https://jsonfeed.org/version/1.1",
        title: item::channel_title(channel),
        home_page_url: url(&channel.home_url),
        feed_url: url(&channel.self_url),
        description: Some(line(&channel.description)).filter(|d| !d.is_empty()),
        next_url: url(&channel.next_url).or_else(|| url(&channel.archive_url)),
        hubs: url(&channel.hub_url)
            .map(|url| Hub {
                kind: "WebSub",
                url,
            })
            .into_iter()
            .collect(),
        items: item::items(channel).map(Entry::from).collect(),
    };
    // Strings, numbers and lists of them cannot fail to serialize.
    serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"
}

#[derive(Serialize)]
struct Document {
    version: &'static str,
    title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    home_page_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    feed_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_url: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hubs: Vec<Hub>,
    items: Vec<Entry>,
}

#[derive(Serialize)]
struct Hub {
    #[serde(rename = "type")]
    kind: &'static str,
    url: String,
}

#[derive(Serialize)]
struct Entry {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_html: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_text: Option<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    summary: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<String>,
    date_published: Time,
    date_modified: Time,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    authors: Vec<Author>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<Attachment>,
    _newswire: Extension,
}

#[derive(Serialize)]
struct Author {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

#[derive(Serialize)]
struct Attachment {
    url: String,
    mime_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    size_in_bytes: Option<u64>,
}

#[derive(Serialize)]
struct Extension {
    feed: FeedRef,
    copies: u32,
    also_in: Vec<Alternate>,
    topics: Vec<String>,
    agencies: Vec<String>,
    arrived: Time,
}

impl From<Item> for Entry {
    fn from(item: Item) -> Self {
        let mut tags = item.topics.clone();
        for category in item.categories {
            if !tags.contains(&category.term) {
                tags.push(category.term);
            }
        }
        // An item has either HTML or text.
        let text = if item.html.is_empty() && item.text.is_empty() {
            [&item.summary, &item.title]
                .into_iter()
                .find(|t| !t.is_empty())
                .cloned()
        } else {
            Some(item.text)
        };
        Self {
            id: format!("urn:uuid:{}", item.id),
            url: item.url,
            content_html: Some(item.html).filter(|h| !h.is_empty()),
            content_text: text.filter(|t| !t.is_empty()),
            title: item.title,
            summary: item.summary,
            image: item.image,
            date_published: item.dated,
            date_modified: item.updated,
            authors: item
                .authors
                .into_iter()
                .filter_map(|p| {
                    Some(Author {
                        name: p.name?,
                        url: p.url,
                    })
                })
                .collect(),
            tags,
            language: item.language,
            attachments: item
                .enclosures
                .into_iter()
                .map(|file| Attachment {
                    url: file.url,
                    mime_type: file
                        .mime
                        .unwrap_or_else(|| "application/octet-stream".to_owned()),
                    size_in_bytes: file.length,
                })
                .collect(),
            _newswire: Extension {
                feed: item.feed,
                copies: item.copies,
                also_in: item.also_in,
                topics: item.topics,
                agencies: item.agencies,
                arrived: item.arrived,
            },
        }
    }
}
