//! Reads the Link header (RFC 8288): the hub, the feed's own URL (ET-50), and the feeds that a page links to. Pure.

use http::HeaderMap;
use http::header::LINK;

use crate::model::{NamedFeed, WebUrl};
use crate::normalize::discover::is_feed_type;
use crate::text::plain;

/// The links of a response that matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Links {
    /// The hub; with https if there is one.
    pub hub: Option<WebUrl>,
    /// The feed's canonical URL (`rel=self`).
    pub this: Option<WebUrl>,
    /// Feeds (`rel=alternate` with a feed type), in order.
    pub feeds: Vec<NamedFeed>,
}

/// Reads all Link headers. Relative targets are resolved against `base`.
pub fn links(headers: &HeaderMap, base: &WebUrl) -> Links {
    let mut found = Links::default();
    let values = headers.get_all(LINK).iter().filter_map(|v| v.to_str().ok());
    let values = values.flat_map(|value| split(value, ','));
    for link in values.filter_map(Link::read) {
        let Ok(url) = base.join(link.target) else {
            continue;
        };
        if link.is("alternate") && link.parameter("type").is_some_and(is_feed_type) {
            let title = link.parameter("title").map(plain::line);
            let title = title.filter(|title| !title.is_empty());
            let url = url.clone();
            found.feeds.push(NamedFeed { url, title });
        }
        if link.is("hub") {
            let is_better = found
                .hub
                .as_ref()
                .is_none_or(|old| !old.is_https() && url.is_https());
            if is_better {
                found.hub = Some(url.clone());
            }
        }
        if link.is("self") && found.this.is_none() {
            found.this = Some(url);
        }
    }
    found
}

/// Splits at a separator, but not inside `<>` and quotes.
fn split(value: &str, separator: char) -> Vec<&str> {
    let (mut quoted, mut target) = (false, false);
    value
        .split(move |c| {
            match c {
                '"' if !target => quoted = !quoted,
                '<' if !quoted => target = true,
                '>' if !quoted => target = false,
                c if c == separator => return !quoted && !target,
                _ => {}
            }
            false
        })
        .collect()
}

/// `<target>; rel="a b"; …`
struct Link<'a> {
    target: &'a str,
    parameters: Vec<(&'a str, &'a str)>,
}

impl<'a> Link<'a> {
    fn read(link: &'a str) -> Option<Self> {
        let (target, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
        let parameters = split(parameters, ';').into_iter().filter_map(|parameter| {
            let (name, value) = parameter.split_once('=')?;
            Some((name.trim(), value.trim().trim_matches('"')))
        });
        Some(Self {
            target: target.trim(),
            parameters: parameters.collect(),
        })
    }

    /// The first parameter of that name (RFC 8288 section 3.3).
    fn parameter(&self, name: &str) -> Option<&'a str> {
        let mut named = self.parameters.iter();
        let found = named.find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| *value)
    }

    fn is(&self, relation: &str) -> bool {
        let relations = self.parameter("rel").unwrap_or_default();
        let mut all = relations.split_ascii_whitespace();
        all.any(|known| known.eq_ignore_ascii_case(relation))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn of(values: &[&str]) -> (Option<String>, Option<String>) {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(LINK, HeaderValue::from_str(value).unwrap());
        }
        let base = WebUrl::parse("https://news.example/feed").unwrap();
        let found = links(&headers, &base);
        let text = |url: Option<WebUrl>| url.map(|u| u.to_string());
        (text(found.hub), text(found.this))
    }

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn et_50_hub_and_self_are_read_from_link_headers() {
        let both = "<https://hub.example/a,b>; rel=\"hub\", </feed?x=1>; title=\"a, b\"; rel=self";
        assert_eq!(
            of(&[both]),
            (
                some("https://hub.example/a,b"),
                some("https://news.example/feed?x=1")
            )
        );
        let apart = [
            "<https://hub.example/>;rel=\"alternate hub\"",
            "<https://news.example/rss>; REL=self",
        ];
        assert_eq!(
            of(&apart),
            (
                some("https://hub.example/"),
                some("https://news.example/rss")
            )
        );
    }

    #[test]
    fn et_50_a_hub_under_https_is_preferred() {
        let two = "<http://a.example/>; rel=hub, <https://b.example/>; rel=hub, <https://c.example/>; rel=hub";
        assert_eq!(of(&[two]).0, some("https://b.example/"));
    }

    #[test]
    fn malformed_links_are_ignored() {
        for odd in [
            "",
            "hub",
            "<>",
            "<https://x.example",
            "<javascript:1>; rel=hub",
            "rel=hub; <https://x.example/>",
        ] {
            assert_eq!(of(&[odd]), (None, None), "{odd}");
        }
    }

    #[test]
    fn feeds_of_a_page_are_read_from_link_headers() {
        let mut headers = HeaderMap::new();
        for value in [
            "</feed>; rel=\"alternate\"; type=\"application/rss+xml\"; title=\"News; all, of it\"",
            "</atom>; type=\"application/atom+xml; charset=utf-8\"; rel=Alternate, </wp-json/>; rel=\"https://api.w.org/\"",
            "</post.json>; rel=alternate; type=\"application/json+oembed\"",
            "</de>; rel=alternate; hreflang=de",
        ] {
            headers.append(LINK, HeaderValue::from_str(value).unwrap());
        }
        let base = WebUrl::parse("https://news.example/").unwrap();
        let feeds = links(&headers, &base).feeds;
        let urls: Vec<&str> = feeds.iter().map(|feed| feed.url.as_str()).collect();
        assert_eq!(
            urls,
            ["https://news.example/feed", "https://news.example/atom"]
        );
        assert_eq!(feeds[0].title.as_deref(), Some("News; all, of it"));
    }
}
