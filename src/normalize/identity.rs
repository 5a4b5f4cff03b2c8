//! What tells one article of a feed from the next: its key, and the digest that tells an edit. Keys never match across
//! feeds (SEC-13): the store puts the feed beside them.

use std::collections::{HashMap, HashSet};
use std::fmt::Write;

use aws_lc_rs::digest::{SHA256, digest};

use super::links;
use super::plain::{self, LINE_CHARS_MAX};
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

/// A guid on one line. One that is longer than a line may be ends with a digest of the whole: two that begin alike stay
/// two (SEC-12, SEC-13).
#[must_use]
pub fn guid(written: &str) -> String {
    let line = plain::line(written);
    if written.chars().count() <= LINE_CHARS_MAX {
        return line;
    }
    let digest = hex(&sha256(written.trim().as_bytes()));
    let room = LINE_CHARS_MAX - digest.len() - 1;
    let beginning: String = line.chars().take(room).collect();
    format!("{beginning}#{digest}")
}

/// The keys of a document's entries, in order. Entries that bear one guid but link to different pages are told apart,
/// and so are those of one guid and one page under different headlines; the very same entry twice has one key.
#[must_use]
pub fn keys(entries: &[ParsedEntry]) -> Vec<String> {
    let mut of_guid: HashMap<&str, Shared<'_>> = HashMap::new();
    for e in entries {
        if let Some(id) = e.id.as_deref() {
            let shared = of_guid.entry(id).or_default();
            shared.pages.insert(page(e));
            shared.headlines.insert((page(e), e.title.as_deref()));
        }
    }
    let shared = |e: &ParsedEntry| e.id.as_deref().and_then(|id| of_guid.get(id));
    entries.iter().map(|e| key(e, shared(e))).collect()
}

/// What the entries of a document have that bear one guid.
#[derive(Default)]
struct Shared<'e> {
    pages: HashSet<Option<&'e str>>,
    headlines: HashSet<(Option<&'e str>, Option<&'e str>)>,
}

fn page(e: &ParsedEntry) -> Option<&str> {
    e.url.as_ref().map(|u| u.as_str())
}

/// The keys under which an article may stand whose key is `key` now, from the first to before the second: its guid can
/// have been shared with others in one document and not in the next.
#[must_use]
pub fn keys_beside(guid: Option<&str>, key: &str) -> (String, String) {
    let first = match guid.filter(|id| !id.is_empty()) {
        Some(id) => format!("{GUID}{}", bounded(&secured(id))),
        None => key.to_owned(),
    };
    let behind = format!("{first}\n"); // '\t', which sets off link and headline, comes before '\n'
    (first, behind)
}

fn key(e: &ParsedEntry, shared: Option<&Shared<'_>>) -> String {
    let link = page(e).map(secured);
    match (e.id.as_deref().filter(|id| !id.is_empty()), link) {
        (Some(id), link) => {
            let has_pages = shared.is_some_and(|s| s.pages.len() > 1);
            let has_headlines = shared.is_some_and(|s| s.headlines.len() > s.pages.len());
            let mut key = format!("{GUID}{}", bounded(&secured(id)));
            if let Some(link) = link.filter(|_| is_number(id) || has_pages) {
                key = format!("{key}\t{}", bounded(&link));
            }
            if has_headlines {
                let title = e.title.as_deref().unwrap_or_default();
                key = format!("{key}\t{}", hex(&sha256(title.as_bytes())));
            }
            key
        }
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

/// A digest of everything the publisher gave of an entry, 16 bytes: an edit changes it, what we learn does not (ET-09),
/// and neither does another guid, nor another way to the same page.
#[must_use]
pub fn content_digest(entry: &ParsedEntry) -> Vec<u8> {
    let page = entry.url.as_ref().map(|url| {
        let is_secure = url.as_str().starts_with("https:");
        (links::canonicalize(url), is_secure)
    });
    let told = ParsedEntry {
        id: None,
        url: None,
        ..entry.clone()
    };
    let all = serde_json::to_vec(&(told, page)).unwrap_or_default();
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
            &guid(&long("1")),
            &guid(&long("2")),
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
        let c = entry(Some("7777777"), Some("https://a.example/1"), "Three");
        let (none, other) = (entry(Some("x"), None, "One"), entry(Some("x"), None, "Two"));
        for (a, b) in [(&a, &c), (&none, &other)] {
            let both = keys_of(&[a, b]);
            assert_ne!(both[0], both[1]);
            let (from, behind) = keys_beside(a.id.as_deref(), &both[0]);
            assert!(both.iter().all(|key| from <= *key && *key < behind));
        }
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
