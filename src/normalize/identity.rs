//! What tells one article of a feed from the next: its key, and the digest that tells an edit. Keys never match across
//! feeds (SEC-13): the store puts the feed beside them.

use std::collections::HashMap;
use std::fmt::Write;

use aws_lc_rs::digest::{SHA256, digest};

use crate::model::ParsedEntry;

/// A key that is the publisher's own guid starts with this.
pub const GUID: &str = "guid:";
/// A key that is the article's link starts with this.
pub const LINK: &str = "link:";
/// A key that is made of what the article says starts with this.
pub const DIGEST: &str = "digest:";

/// Longest guid or link that stands in a key as it is, in bytes; a longer one is hashed whole.
const KEY_BYTES_MAX: usize = 512;

/// Guids of so few digits count the items of a document rather than name them: the link must help.
const NUMBER_DIGITS_MAX: usize = 4;

/// What the key of an article rests on: `guid`, `link` or `digest` (of what it says, where it has neither).
#[must_use]
pub fn key_kind(key: &str) -> &'static str {
    if key.starts_with(GUID) {
        "guid"
    } else if key.starts_with(LINK) {
        "link"
    } else {
        "digest"
    }
}

/// The keys of a document's entries, in order. Entries that bear one guid but link to different pages are told apart;
/// the very same entry twice has one key.
#[must_use]
pub fn keys(entries: &[ParsedEntry]) -> Vec<String> {
    // Under each guid, the first page seen, and whether there is a second.
    let mut pages: HashMap<&str, (Option<&str>, bool)> = HashMap::new();
    for e in entries {
        if let Some(id) = e.id.as_deref() {
            let url = e.url.as_ref().map(|u| u.as_str());
            let (first, several) = pages.entry(id).or_insert((url, false));
            *several |= *first != url;
        }
    }
    entries
        .iter()
        .map(|e| {
            let shared = |id: &str| pages.get(id).is_some_and(|(_, several)| *several);
            key(e, shared)
        })
        .collect()
}

fn key(e: &ParsedEntry, is_shared: impl Fn(&str) -> bool) -> String {
    let link = e.url.as_ref().map(|u| secured(u.as_str()));
    match (e.id.as_deref().filter(|id| !id.is_empty()), link) {
        (Some(id), Some(link)) if is_number(id) || is_shared(id) => {
            format!("{GUID}{}\t{}", bounded(&secured(id)), bounded(&link))
        }
        (Some(id), _) => format!("{GUID}{}", bounded(&secured(id))),
        (None, Some(link)) => format!("{LINK}{}", bounded(&link)),
        (None, None) => {
            let title = e.title.as_deref().unwrap_or_default();
            let text = if title.is_empty() {
                e.content_text.as_deref().unwrap_or_default()
            } else {
                ""
            };
            let published = e.published.map(|t| t.to_string()).unwrap_or_default();
            format!("{DIGEST}{}", hex(&delimited(&[title, text, &published])))
        }
    }
}

/// A digest of everything the publisher gave of an entry, 16 bytes: an edit changes it, what we learn does not (ET-09).
#[must_use]
pub fn content_digest(entry: &ParsedEntry) -> Vec<u8> {
    let all = serde_json::to_vec(entry).unwrap_or_default();
    sha256(&all).into_iter().take(16).collect()
}

/// A site that moves to https keeps its articles.
fn secured(name: &str) -> String {
    match name.strip_prefix("http://") {
        Some(rest) => format!("https://{rest}"),
        None => name.to_owned(),
    }
}

fn is_number(id: &str) -> bool {
    id.len() <= NUMBER_DIGITS_MAX && id.bytes().all(|b| b.is_ascii_digit())
}

fn bounded(name: &str) -> String {
    if name.len() <= KEY_BYTES_MAX {
        name.to_owned()
    } else {
        hex(&sha256(name.as_bytes()))
    }
}

/// SHA-256 over fields of which none can pass into the next.
fn delimited(fields: &[&str]) -> Vec<u8> {
    let mut all = Vec::new();
    for field in fields {
        all.extend((field.len() as u64).to_le_bytes());
        all.extend(field.as_bytes());
    }
    sha256(&all)
}

fn sha256(bytes: &[u8]) -> Vec<u8> {
    digest(&SHA256, bytes).as_ref().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, b| {
        let _ = write!(out, "{b:02x}");
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::WebUrl;

    fn entry(id: Option<&str>, url: Option<&str>, title: &str) -> ParsedEntry {
        ParsedEntry {
            id: id.map(str::to_owned),
            url: url.map(|u| WebUrl::parse(u).unwrap()),
            title: Some(title.to_owned()),
            ..ParsedEntry::default()
        }
    }

    #[test]
    fn the_prefix_tells_the_kind() {
        assert_eq!(key_kind("guid:7"), "guid");
        assert_eq!(key_kind("link:https://a.example/7"), "link");
        assert_eq!(key_kind("digest:9f3a"), "digest");
    }

    #[test]
    fn sec_13_distinct_ids_stay_distinct() {
        let long = |end: &str| format!("{}{end}", "x".repeat(5000));
        let ids = [
            "tag:A",
            "tag:a",
            "tag:a\0",
            "e\u{301}",
            "\u{e9}",
            &long("1"),
            &long("2"),
        ];
        let entries: Vec<ParsedEntry> = ids.iter().map(|id| entry(Some(id), None, "t")).collect();
        let mut keys = keys(&entries);
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), ids.len());
    }

    #[test]
    fn rel_06_duplicate_guids_are_told_apart_by_their_pages() {
        let a = entry(Some("7777777"), Some("https://a.example/1"), "One");
        let b = entry(Some("7777777"), Some("https://a.example/2"), "Two");
        let keys_of =
            |list: &[&ParsedEntry]| keys(&list.iter().map(|e| (*e).clone()).collect::<Vec<_>>());
        let both = keys_of(&[&a, &b]);
        assert_ne!(both[0], both[1]);
        assert_eq!(keys_of(&[&a, &a]), ["guid:7777777", "guid:7777777"]);
        // Numbers that count the items of a document name nothing.
        let first = entry(Some("1"), Some("https://a.example/1"), "One");
        assert_eq!(keys_of(&[&first]), ["guid:1\thttps://a.example/1"]);
    }

    #[test]
    fn rel_06_entries_without_ids_have_stable_keys_and_https_is_no_new_article() {
        let bare = entry(None, None, "Boats");
        assert_eq!(
            keys(std::slice::from_ref(&bare)),
            keys(std::slice::from_ref(&bare))
        );
        assert!(keys(&[bare])[0].starts_with("digest:"));
        let xy = |title: &str, text: &str| ParsedEntry {
            title: Some(String::new()),
            content_text: Some(format!("{title}{text}")),
            ..ParsedEntry::default()
        };
        assert_ne!(keys(&[xy("x", "yz")]), keys(&[entry(None, None, "xyz")]));
        let old = entry(None, Some("http://a.example/1"), "One");
        let new = entry(None, Some("https://a.example/1"), "One");
        assert_eq!(keys(&[old]), keys(&[new]));
    }
}
