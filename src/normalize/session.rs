//! Session ids in links: a parameter that a server makes for each visitor identifies no article. Only for identity: what is
//! shown stays as published.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use crate::model::ParsedEntry;

/// Names that servers give their session ids.
const NAMES: [&str; 6] = [
    "jsessionid",
    "phpsessid",
    "sessionid",
    "session_id",
    "cfid",
    "cftoken",
];
/// Minimum length of a value that looks like a session id, in characters.
const TOKEN_CHARS_MIN: usize = 8;

/// The session parameters of one document.
#[derive(Debug, Default)]
pub struct Sessions(HashSet<String>);

impl Sessions {
    /// A parameter with the same long value on all links of a document (at least two) distinguishes none of them.
    #[must_use]
    pub fn of(entries: &[ParsedEntry]) -> Self {
        let links: Vec<&str> = entries
            .iter()
            .filter_map(|e| e.link_of_key().map(|u| u.as_str()))
            .collect();
        if links.iter().collect::<HashSet<_>>().len() < 2 {
            return Self::default();
        }
        let mut seen: HashMap<(&str, &str), usize> = HashMap::new();
        for link in &links {
            let parameters: HashSet<_> = parameters(link).collect();
            for parameter in parameters {
                *seen.entry(parameter).or_default() += 1;
            }
        }
        let is_everywhere = |(_, count): &((&str, &str), usize)| *count == links.len();
        let constant = seen.into_iter().filter(is_everywhere).map(|(p, _)| p);
        let names = constant.filter(|(_, value)| is_token(value));
        Self(names.map(|(name, _)| name.to_owned()).collect())
    }

    /// A link, or a guid that is one, without its session ids.
    #[must_use]
    pub fn without<'u>(&self, link: &'u str) -> Cow<'u, str> {
        without(link, |name| is_session_name(name) || self.0.contains(name))
    }
}

/// A link without what is a session id in any document.
#[must_use]
pub fn without_known(link: &str) -> Cow<'_, str> {
    without(link, is_session_name)
}

fn is_session_name(name: &str) -> bool {
    NAMES.iter().any(|known| name.eq_ignore_ascii_case(known))
        || name
            .get(..12)
            .is_some_and(|n| n.eq_ignore_ascii_case("aspsessionid"))
}

/// Letters and digits without a sense: long, and with a digit among them.
fn is_token(value: &str) -> bool {
    value.len() >= TOKEN_CHARS_MIN
        && value.bytes().any(|b| b.is_ascii_digit())
        && value
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

/// Name and value of each parameter of the query.
fn parameters(link: &str) -> impl Iterator<Item = (&str, &str)> {
    let query = link.split_once('?').map_or("", |(_, query)| query);
    let query = query.split('#').next().unwrap_or_default();
    query.split('&').filter_map(|p| p.split_once('='))
}

fn without(link: &str, is_dropped: impl Fn(&str) -> bool) -> Cow<'_, str> {
    if !link.contains([';', '?']) || !link.starts_with("http") {
        return Cow::Borrowed(link);
    }
    let (rest, fragment) = link
        .split_once('#')
        .map_or((link, None), |(r, f)| (r, Some(f)));
    let (path, query) = rest
        .split_once('?')
        .map_or((rest, None), |(p, q)| (p, Some(q)));
    let name_of = |parameter: &str| parameter.split('=').next().unwrap_or_default().to_owned();
    // `/a;jsessionid=1/b`: a parameter of a path ends with its segment (RFC 3986 section 3.3).
    let segments: Vec<String> = path
        .split('/')
        .map(|segment| {
            let mut parts = segment.split(';');
            let mut kept = parts.next().unwrap_or_default().to_owned();
            for part in parts.filter(|p| !is_dropped(&name_of(p))) {
                kept = format!("{kept};{part}");
            }
            kept
        })
        .collect();
    let mut out = segments.join("/");
    let kept: Vec<&str> = query
        .unwrap_or_default()
        .split('&')
        .filter(|p| !p.is_empty() && !is_dropped(&name_of(p)))
        .collect();
    if !kept.is_empty() {
        out = format!("{out}?{}", kept.join("&"));
    }
    if let Some(fragment) = fragment {
        out = format!("{out}#{fragment}");
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::WebUrl;

    fn linked(links: &[&str]) -> Vec<ParsedEntry> {
        let entry = |link: &&str| ParsedEntry {
            url: WebUrl::parse(link).ok(),
            ..ParsedEntry::default()
        };
        links.iter().map(entry).collect()
    }

    #[test]
    fn session_ids_of_known_names_go_from_path_and_query() {
        for link in [
            "https://a.example/1;jsessionid=AB12",
            "https://a.example/1?PHPSESSID=ab12",
            "https://a.example/1;jsessionid=AB12?ASPSESSIONIDQQ=x",
        ] {
            assert_eq!(without_known(link), "https://a.example/1", "{link}");
        }
        let kept = "https://a.example/a;v=1?sid=21/03/04&id=7#x";
        assert_eq!(without_known(kept), kept);
    }

    #[test]
    fn a_token_that_all_links_of_a_document_share_goes() {
        let entries = linked(&[
            "https://a.example/?t=9f3ab12c&id=1",
            "https://a.example/?t=9f3ab12c&id=2",
        ]);
        let sessions = Sessions::of(&entries);
        assert_eq!(
            sessions.without("https://a.example/?t=77aab12c&id=1"),
            "https://a.example/?id=1"
        );
    }

    #[test]
    fn what_tells_articles_apart_or_has_a_sense_stays() {
        for links in [
            &[
                "https://a.example/?t=9f3ab12c",
                "https://a.example/?t=8f3ab12c",
            ][..],
            &[
                "https://a.example/?lang=en&id=1",
                "https://a.example/?lang=en&id=2",
            ],
            &["https://a.example/?t=9f3ab12c"],
            &[
                "https://a.example/?t=9f3ab12c",
                "https://a.example/?t=9f3ab12c",
            ],
        ] {
            let sessions = Sessions::of(&linked(links));
            assert_eq!(sessions.without(links[0]), links[0]);
        }
    }
}
