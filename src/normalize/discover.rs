//! The feeds that a web page names: `link rel=alternate` and Link headers first, then links that look like feeds. Never
//! fetches.

use std::cell::RefCell;
use std::collections::HashSet;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{
    BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};

use crate::model::{NamedFeed, WebUrl};
use crate::text::plain;

/// How much of a page is looked at, in bytes.
const PAGE_BYTES_MAX: usize = 1024 * 1024;
/// Media types that only feeds have, after `application/` or `text/`.
const FEED_TYPES: [&str; 7] = [
    "rss+xml",
    "x-rss+xml",
    "atom+xml",
    "feed+json",
    "rdf+xml",
    "rss",
    "atom",
];
/// Types that feeds share with other documents.
const SHARED_TYPES: [&str; 2] = ["text/xml", "application/json"];

/// The feeds that a page at `base` and its Link headers name, in order of preference: certain feeds first, then possible
/// ones, feeds of comments last.
#[must_use]
pub fn discover(html: &str, base: &WebUrl, headers: &[NamedFeed]) -> Vec<NamedFeed> {
    let input = BufferQueue::default();
    let end = html.floor_char_boundary(PAGE_BYTES_MAX);
    input.push_back(StrTendril::from(html.get(..end).unwrap_or_default()));
    let sink = Links {
        base: RefCell::new(base.clone()),
        named: RefCell::default(),
        likely: RefCell::default(),
    };
    let tokenizer = Tokenizer::new(sink, TokenizerOpts::default());
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    let mut named = tokenizer.sink.named.take();
    for feed in headers {
        named.add(feed.clone(), false);
    }
    let found = if named.feeds.is_empty() {
        tokenizer.sink.likely.take()
    } else {
        named
    };
    let is_clear = found.feeds.iter().any(|(_, is_shared)| !is_shared);
    let mut feeds: Vec<NamedFeed> = found
        .feeds
        .into_iter()
        // Beside feeds, JSON is what programs get of the page.
        .filter(|(_, is_shared)| !(is_clear && *is_shared))
        .map(|(feed, _)| feed)
        .collect();
    feeds.sort_by_key(is_of_comments);
    feeds
}

/// The most common address of a feed, for a site that names none.
#[must_use]
pub fn well_known(base: &WebUrl) -> Option<WebUrl> {
    base.join("/feed").ok()
}

/// Whether a media type is that of a feed or may be. Those of oEmbed, ActivityPub, JSON-LD and single Atom entries are
/// not.
#[must_use]
pub fn is_feed_type(written: &str) -> bool {
    is_own_type(written) || SHARED_TYPES.contains(&essence(written).as_str())
}

fn is_own_type(written: &str) -> bool {
    let essence = essence(written);
    let Some(("application" | "text", subtype)) = essence.split_once('/') else {
        return false;
    };
    let is_entry = written.to_ascii_lowercase().contains("type=entry");
    FEED_TYPES.contains(&subtype) && !is_entry
}

/// A media type without its parameters, in lower case.
fn essence(written: &str) -> String {
    let bare = written.split(';').next().unwrap_or_default();
    bare.trim().to_ascii_lowercase()
}

fn is_of_comments(feed: &NamedFeed) -> bool {
    let title = feed.title.as_deref().unwrap_or_default().to_lowercase();
    let url = feed.url.as_str().to_ascii_lowercase();
    title.contains("comment")
        || url.contains("/comments/")
        || [
            "feed=comments",
            "/comments.xml",
            "/comments.rss",
            "/comments.atom",
        ]
        .iter()
        .any(|mark| url.contains(mark))
}

/// Whether it is an address of WordPress's REST interface, which is linked like a feed.
fn is_rest(href: &str) -> bool {
    href.contains("/wp-json") || href.contains("rest_route=")
}

/// Feeds in the order of the page, each URL once; true for one that may be something else.
#[derive(Default)]
struct Named {
    feeds: Vec<(NamedFeed, bool)>,
    known: HashSet<String>,
}

impl Named {
    fn add(&mut self, feed: NamedFeed, is_shared: bool) {
        if self.known.insert(feed.url.to_string()) {
            self.feeds.push((feed, is_shared));
        }
    }
}

struct Links {
    base: RefCell<WebUrl>,
    named: RefCell<Named>,
    likely: RefCell<Named>,
}

impl Links {
    fn add(&self, list: &RefCell<Named>, href: &str, title: Option<String>, is_shared: bool) {
        let Ok(url) = self.base.borrow().join(href) else {
            return;
        };
        let title = title.map(|t| plain::line(&t)).filter(|t| !t.is_empty());
        list.borrow_mut().add(NamedFeed { url, title }, is_shared);
    }

    fn tag(&self, tag: &Tag) {
        let attribute = |name: &str| {
            tag.attrs
                .iter()
                .find(|a| &*a.name.local == name)
                .map(|a| a.value.to_string())
        };
        let Some(href) = attribute("href") else {
            return;
        };
        match &*tag.name {
            "base" => {
                let joined = self.base.borrow().join(&href);
                if let Ok(base) = joined {
                    self.base.replace(base);
                }
            }
            "link" => {
                let rel = attribute("rel").unwrap_or_default().to_lowercase();
                let mime = attribute("type").unwrap_or_default();
                let is_alternate = rel
                    .split_whitespace()
                    .any(|r| r == "alternate" || r == "feed");
                if is_alternate && is_feed_type(&mime) && !is_rest(&href) {
                    let is_json = essence(&mime) == "application/json";
                    self.add(&self.named, &href, attribute("title"), is_json);
                }
            }
            "a" => {
                let path = href
                    .split(['?', '#'])
                    .next()
                    .unwrap_or_default()
                    .to_lowercase();
                let looks_like = [
                    "/rss", "/feed", "/feed/", "/rss/", ".rss", "/atom", "rss.xml", "feed.xml",
                    "atom.xml", ".rdf",
                ];
                if looks_like.iter().any(|end| path.ends_with(end)) {
                    self.add(&self.likely, &href, attribute("title"), false);
                }
            }
            _ => {}
        }
    }
}

impl TokenSink for Links {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        if let Token::TagToken(tag) = token
            && tag.kind == TagKind::StartTag
        {
            self.tag(&tag);
        }
        TokenSinkResult::Continue
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn feeds_are_found_in_the_order_of_the_page_comments_last() {
        let base = WebUrl::parse("https://a.example/news/").unwrap();
        let page = "<head><link rel=alternate type=application/rss+xml title='A » Comments Feed' href=/comments/feed/>
            <link rel='Alternate' type='application/atom+xml' title='A' href='atom.xml'>
            <link rel=alternate type=application/json href=/wp-json/wp/v2/posts/1></head><a href=/rss>x</a>";
        let found = discover(page, &base, &[]);
        let urls: Vec<&str> = found.iter().map(|c| c.url.as_str()).collect();
        assert_eq!(
            urls,
            [
                "https://a.example/news/atom.xml",
                "https://a.example/comments/feed/"
            ]
        );
        assert_eq!(found[0].title.as_deref(), Some("A"));
        let likely = discover("<a href='/rss.xml'>feed</a>", &base, &[]);
        assert_eq!(likely[0].url.as_str(), "https://a.example/rss.xml");
        assert!(discover("<p>nothing", &base, &[]).is_empty());
    }

    fn urls(page: &str, headers: &[NamedFeed]) -> Vec<String> {
        let base = WebUrl::parse("https://a.example/").unwrap();
        let found = discover(page, &base, headers);
        found.iter().map(|feed| feed.url.to_string()).collect()
    }

    #[test]
    fn what_pages_offer_to_programs_is_no_feed() {
        for (mime, href) in [
            ("application/json+oembed", "/oembed?url=x"),
            ("text/xml+oembed", "/oembed?format=xml"),
            ("application/activity+json", "/users/a"),
            (
                "application/ld+json; profile=\"https://www.w3.org/ns/activitystreams\"",
                "/a",
            ),
            (
                "application/json",
                "https://a.example/wp-json/wp/v2/posts/1",
            ),
            ("application/json", "/index.php?rest_route=/wp/v2/pages/2"),
            ("application/atom+xml;type=entry", "/post.atom"),
            ("text/html", "/m"),
        ] {
            let page = format!("<link rel=alternate type='{mime}' href='{href}'>");
            assert_eq!(urls(&page, &[]), [""; 0], "{mime}");
        }
        let json = "<link rel=alternate type=application/json href=/feed.json>";
        assert_eq!(urls(json, &[]), ["https://a.example/feed.json"]);
        let both = format!("{json}<link rel=alternate type=application/rss+xml href=/rss>");
        assert_eq!(urls(&both, &[]), ["https://a.example/rss"]);
    }

    #[test]
    fn feeds_of_headers_follow_those_of_the_page_and_come_before_likely_links() {
        let feed = |path: &str| NamedFeed {
            url: WebUrl::parse(&format!("https://a.example{path}")).unwrap(),
            title: None,
        };
        let headers = [feed("/comments/feed"), feed("/h"), feed("/1")];
        let page = "<link rel=alternate type=application/rss+xml href=/1><a href=/rss>x</a>";
        let all = ["/1", "/h", "/comments/feed"].map(|path| format!("https://a.example{path}"));
        assert_eq!(urls(page, &headers), all);
        assert_eq!(urls("<a href=/rss>x</a>", &headers[1..2]), [all[1].clone()]);
    }

    #[test]
    fn all_feeds_that_a_page_names_are_found() {
        let link = |n: usize| format!("<link rel=alternate type=application/rss+xml href=/{n}>");
        let page: String = (0..500).map(link).collect();
        assert_eq!(urls(&page, &[]).len(), 500);
    }
}
