//! The feeds that a page names: `link rel=alternate` first, then links that look like feeds. Never fetches.

use std::cell::RefCell;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{
    BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};

use super::plain;
use crate::model::WebUrl;

/// Most feeds taken from one page.
const CANDIDATES_MAX: usize = 32;
/// How much of a page is looked at, in bytes.
const PAGE_BYTES_MAX: usize = 1024 * 1024;

/// A feed that a page names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Where it is.
    pub url: WebUrl,
    /// What the page calls it.
    pub title: Option<String>,
}

/// The feeds that a page at `base` names, in its order, comment feeds last.
#[must_use]
pub fn discover(html: &str, base: &WebUrl) -> Vec<Candidate> {
    let mut end = html.len().min(PAGE_BYTES_MAX);
    while !html.is_char_boundary(end) {
        end -= 1;
    }
    let input = BufferQueue::default();
    input.push_back(StrTendril::from(html.get(..end).unwrap_or_default()));
    let sink = Links {
        base: RefCell::new(base.clone()),
        told: RefCell::default(),
        likely: RefCell::default(),
    };
    let tokenizer = Tokenizer::new(sink, TokenizerOpts::default());
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    let told = tokenizer.sink.told.take();
    let mut found = if told.is_empty() {
        tokenizer.sink.likely.take()
    } else {
        told
    };
    found.sort_by_key(|c| {
        let title = c.title.as_deref().unwrap_or_default().to_lowercase();
        title.contains("comment") || c.url.as_str().contains("/comments/")
    });
    found
}

/// Where a site without any such link may have its feed: the commonest place.
#[must_use]
pub fn well_known(base: &WebUrl) -> Option<WebUrl> {
    base.join("/feed").ok()
}

struct Links {
    base: RefCell<WebUrl>,
    told: RefCell<Vec<Candidate>>,
    likely: RefCell<Vec<Candidate>>,
}

impl Links {
    fn add(&self, list: &RefCell<Vec<Candidate>>, href: &str, title: Option<String>) {
        let Ok(url) = self.base.borrow().join(href) else {
            return;
        };
        let mut list = list.borrow_mut();
        if list.len() < CANDIDATES_MAX && !list.iter().any(|c| c.url == url) {
            let title = title.map(|t| plain::line(&t)).filter(|t| !t.is_empty());
            list.push(Candidate { url, title });
        }
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
                let mime = attribute("type").unwrap_or_default().to_lowercase();
                let is_feed = [
                    "rss+xml",
                    "atom+xml",
                    "feed+json",
                    "rdf+xml",
                    "application/json",
                    "text/xml",
                ]
                .iter()
                .any(|m| mime.contains(m));
                let is_alternate = rel
                    .split_whitespace()
                    .any(|r| r == "alternate" || r == "feed");
                // WordPress names its oEmbed and REST forms the same way.
                if is_alternate && is_feed && !href.contains("/wp-json") {
                    self.add(&self.told, &href, attribute("title"));
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
                    self.add(&self.likely, &href, attribute("title"));
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
        let found = discover(page, &base);
        let urls: Vec<&str> = found.iter().map(|c| c.url.as_str()).collect();
        assert_eq!(
            urls,
            [
                "https://a.example/news/atom.xml",
                "https://a.example/comments/feed/"
            ]
        );
        assert_eq!(found[0].title.as_deref(), Some("A"));
        let likely = discover("<a href='/rss.xml'>feed</a>", &base);
        assert_eq!(likely[0].url.as_str(), "https://a.example/rss.xml");
        assert!(discover("<p>nothing", &base).is_empty());
    }
}
