//! The Link header (RFC 8288), as far as WebSub needs it: where the hub is, and what the feed calls itself (ET-50). Pure.

use http::HeaderMap;
use http::header::LINK;

use crate::model::WebUrl;

/// Links read of one answer; a hub stands among the first.
const LINKS_MAX: usize = 64;

/// What an answer's links say of hub and self.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Links {
    /// The hub; one under https if there is a choice.
    pub hub: Option<WebUrl>,
    /// The feed's own name for itself.
    pub this: Option<WebUrl>,
}

/// Reads hub and self; relative targets are resolved against `base`.
pub fn links(headers: &HeaderMap, base: &WebUrl) -> Links {
    let mut found = Links::default();
    let values = headers.get_all(LINK).iter().filter_map(|v| v.to_str().ok());
    for link in values.flat_map(split).take(LINKS_MAX) {
        let Some((target, relations)) = read(link) else {
            continue;
        };
        let Ok(url) = base.join(target) else { continue };
        if relations.contains(&"hub") {
            let is_better = found
                .hub
                .as_ref()
                .is_none_or(|old| !old.is_https() && url.is_https());
            if is_better {
                found.hub = Some(url.clone());
            }
        }
        if relations.contains(&"self") && found.this.is_none() {
            found.this = Some(url);
        }
    }
    found
}

/// The links of one header value: commas part them, but for those inside `<>` and quotes.
fn split(value: &str) -> Vec<&str> {
    let (mut quoted, mut target) = (false, false);
    value
        .split(move |c| {
            match c {
                '"' if !target => quoted = !quoted,
                '<' if !quoted => target = true,
                '>' if !quoted => target = false,
                ',' => return !quoted && !target,
                _ => {}
            }
            false
        })
        .collect()
}

/// `<target>; rel="a b"; …`
fn read(link: &str) -> Option<(&str, Vec<&str>)> {
    let (target, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
    let relation = parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("rel")
            .then(|| value.trim().trim_matches('"'))
    })?;
    Some((target.trim(), relation.split_ascii_whitespace().collect()))
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
    fn et_50_hub_and_self_stand_in_link_headers() {
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
    fn what_is_no_link_is_nothing() {
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
}
