//! The identity of an article within its feed: its key, and the digest that detects an edit. Keys never match across feeds
//! (SEC-13): the store always uses them with the feed.

use std::collections::{HashMap, HashSet};

use super::session::{self, Sessions};
use crate::model::{ParsedEntry, Time};
use crate::text::hash::sha256;

/// A key that is the publisher's own guid starts with this.
pub const GUID: &str = "guid:";
/// A key that is the article's link starts with this.
pub const LINK: &str = "link:";
/// The prefix of a key made from the content of an article.
pub const DIGEST: &str = "digest:";

/// Maximum length of a guid or link used as a key unchanged, in bytes; a longer one is hashed as a whole.
const KEY_BYTES_MAX: usize = 512;

/// Guids with at most this many digits number the items of a document instead of identifying them: the link is added.
const NUMBER_DIGITS_MAX: usize = 4;

/// The kind of a key: `guid`, `link` or `digest` (of the content, if there is neither).
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

/// The keys of a document's entries, in order. Entries that bear one guid, or without guids one link, are distinguished by page,
/// headline and date, as far as the document has several; the very same entry twice has one key.
#[must_use]
pub fn keys(entries: &[ParsedEntry]) -> Vec<String> {
    let sessions = Sessions::of(entries);
    let mut of_name: HashMap<Name<'_>, Shared<'_>> = HashMap::new();
    for e in entries {
        if let Some(name) = name(e) {
            let shared = of_name.entry(name).or_default();
            shared.pages.insert(page(e));
            shared.headlines.insert((page(e), e.title.as_deref()));
            shared
                .dates
                .insert((page(e), e.title.as_deref(), e.published));
        }
    }
    let with_shared = entries
        .iter()
        .map(|e| (e, name(e).and_then(|n| of_name.get(&n))));
    with_shared
        .map(|(e, shared)| key(e, shared, &sessions))
        .collect()
}

/// The key that earlier versions gave an entry without guid, link and headline: they left out its text, so that items of one date
/// were one.
#[must_use]
pub fn former_key(e: &ParsedEntry) -> Option<String> {
    let has_title = e.title.as_deref().is_some_and(|title| !title.is_empty());
    if name(e).is_some() || has_title || e.content_text.is_none() {
        return None;
    }
    let published = e.published.map(|t| t.to_string()).unwrap_or_default();
    Some(format!(
        "{DIGEST}{}",
        hex::encode(delimited(&["", "", &published]))
    ))
}

/// The publisher's identifier of an entry.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Name<'e> {
    Guid(&'e str),
    Link(&'e str),
}

fn name(e: &ParsedEntry) -> Option<Name<'_>> {
    match e.id.as_deref().filter(|id| !id.is_empty()) {
        Some(id) => Some(Name::Guid(id)),
        None => page(e).map(Name::Link),
    }
}

/// The entries of a document that have the same identifier.
#[derive(Default)]
struct Shared<'e> {
    pages: HashSet<Option<&'e str>>,
    headlines: HashSet<(Option<&'e str>, Option<&'e str>)>,
    dates: HashSet<(Option<&'e str>, Option<&'e str>, Option<Time>)>,
}

impl Shared<'_> {
    fn has_pages(&self) -> bool {
        self.pages.len() > 1
    }

    fn has_headlines(&self) -> bool {
        self.headlines.len() > self.pages.len()
    }

    fn has_dates(&self) -> bool {
        self.dates.len() > self.headlines.len()
    }
}

fn page(e: &ParsedEntry) -> Option<&str> {
    e.link_of_key().map(|u| u.as_str())
}

/// The keys under which an article may be stored whose key is `key` now, most likely first: its guid or link may have been
/// shared with others in one document and not in the next.
#[must_use]
pub fn keys_beside(guid: Option<&str>, key: &str) -> (String, String) {
    let first = match guid.filter(|id| !id.is_empty()) {
        Some(_) => key.split('\t').next().unwrap_or(key).to_owned(),
        None if key.starts_with(LINK) => key.split('\t').next().unwrap_or(key).to_owned(),
        None => key.to_owned(),
    };
    let behind = format!("{first}\n"); // '\t', which sets off link and headline, comes before '\n'
    (first, behind)
}

/// The key of an article whose link another one has taken: distinguished by its headline.
#[must_use]
pub fn key_beside(link_key: &str, title: &str) -> String {
    let link = link_key.split('\t').next().unwrap_or(link_key);
    format!("{link}\t{}", hex::encode(sha256(title.as_bytes())))
}

/// The key of an article that shares its guid with others: its page distinguishes it.
#[must_use]
pub fn key_on_page(guid_key: &str, link: &str) -> String {
    let link = secured(&session::without_known(link));
    format!("{guid_key}\t{}", bounded(&link))
}

fn key(e: &ParsedEntry, shared: Option<&Shared<'_>>, sessions: &Sessions) -> String {
    let link = page(e).map(|link| secured(&sessions.without(link)));
    let title = e.title.as_deref().unwrap_or_default();
    match (e.id.as_deref().filter(|id| !id.is_empty()), link) {
        (Some(id), link) => {
            let mut key = format!("{GUID}{}", bounded(&secured(&sessions.without(id))));
            let has_pages = shared.is_some_and(Shared::has_pages);
            if let Some(link) = link.filter(|_| is_number(id) || has_pages) {
                key = format!("{key}\t{}", bounded(&link));
            }
            if shared.is_some_and(Shared::has_headlines) {
                key = format!("{key}\t{}", hex::encode(sha256(title.as_bytes())));
            }
            key
        }
        (None, Some(link)) => {
            let key = format!("{LINK}{}", bounded(&link));
            let published = e.published.map(|t| t.to_string()).unwrap_or_default();
            match shared {
                Some(shared) if shared.has_dates() => {
                    let which = delimited(&[title, &published]);
                    format!("{key}\t{}", hex::encode(which))
                }
                Some(shared) if shared.has_headlines() => key_beside(&key, title),
                _ => key,
            }
        }
        (None, None) => {
            let text = if title.is_empty() {
                e.content_text.as_deref().unwrap_or_default()
            } else {
                ""
            };
            let published = e.published.map(|t| t.to_string()).unwrap_or_default();
            format!(
                "{DIGEST}{}",
                hex::encode(delimited(&[title, text, &published]))
            )
        }
    }
}

/// The first byte of a content digest: the version of the rule that made it. Digests of different versions cannot be
/// compared.
pub const DIGEST_VERSION: u8 = 1;

/// The first byte of the digest of an entry that its document cut off: the whole entry completes the article, it does not
/// edit it.
const PARTIAL: u8 = 0xff;

/// A digest of what the publisher gave of an entry, 17 bytes, the first of them [`DIGEST_VERSION`]: an edit changes it; what
/// newswire makes of the entry does not (ET-09, REL-14), and neither does another guid, nor tracking on its link.
#[must_use]
pub fn content_digest(entry: &ParsedEntry) -> Vec<u8> {
    let page = entry.link_of_key().map(|url| {
        let link = session::without_known(url.as_str());
        link.split(['?', '#']).next().unwrap_or_default().to_owned()
    });
    let mut all = entry.source_digest.to_vec();
    all.extend_from_slice(page.unwrap_or_default().as_bytes());
    let mut digest = digest_of(&all);
    if let Some(version) = digest.first_mut().filter(|_| entry.is_partial) {
        *version = PARTIAL;
    }
    digest
}

/// Whether a digest is that of an entry that its document cut off.
#[must_use]
pub fn is_of_partial(digest: &[u8]) -> bool {
    digest.first() == Some(&PARTIAL)
}

/// A digest of the current version over bytes that represent an article's content.
#[must_use]
pub fn digest_of(content: &[u8]) -> Vec<u8> {
    let mut digest = vec![DIGEST_VERSION];
    digest.extend(sha256(content).into_iter().take(16));
    digest
}

/// Whether a stored digest was made by the rule of today.
#[must_use]
pub fn is_comparable(digest: &[u8]) -> bool {
    digest.first() == Some(&DIGEST_VERSION) && digest.len() == 17
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
        hex::encode(sha256(name.as_bytes()))
    }
}

/// SHA-256 over fields, each with its length, so that none can run into the next.
fn delimited(fields: &[&str]) -> Vec<u8> {
    let mut all = Vec::new();
    for field in fields {
        all.extend((field.len() as u64).to_le_bytes());
        all.extend(field.as_bytes());
    }
    sha256(&all)
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
