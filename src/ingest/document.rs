//! A document becomes drafts of what is new or edited in it. Known first: a key and a digest of what the publisher sent tell
//! which items stand in the store as they are listed, before any body is read. Must store what normalizing everything would.
//!
//! What is decided over a whole document, and how it stays the same where most of it is not normalized:
//!
//! | what | how |
//! |---|---|
//! | keys: shared guids and links, session ids | of all entries, as they are before their bodies are read |
//! | which article an item is | of all keys; a known item has its own article, which no other item may take |
//! | places in the river, pages that several items name | of all items: dates and pages of known ones are at hand |
//! | the language of most | kept with the feed ([`Votes`](crate::text::language::Votes)) |
//! | boilerplate | learned by the store of each new article; a document adds what recurs in a third of all its items |
//! | an item that the document cuts off | edits nothing; where its key is not certain it is left out |
//! | effort of sanitizing | of the bodies that are read; more is left for each |

use std::collections::HashSet;

use crate::model::{ParsedEntry, ParsedFeed, Time};
use crate::normalize::boilerplate::Boilerplate;
use crate::normalize::{self, Context, Drafted, Entry, identity};
use crate::parse::{self, ParseContext, ParseError, Raw};
use crate::store::{Claim, Item, Listed, Listing, Partial, Store, StoreError};

/// Which items of a document are normalized.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Normalized {
    /// Those that the store does not know as they are listed.
    Unknown,
    /// All; drafts of known ones are dropped. Their texts tell the language of a feed of which it is not known.
    All,
    /// All, and the store is left to find out which ones are known. For tests, which compare what comes of it.
    AllForTheStore,
}

/// A document that was read, beside what the store knows of it.
#[derive(Debug)]
pub struct Document {
    /// What it says about the feed. Its entries are of no use any more.
    pub feed: ParsedFeed,
    /// Its items that are new or edited, or that may be.
    pub drafted: Drafted,
    /// The others.
    pub listed: Vec<Listed>,
    /// The dates of those that were not stored before under their keys, as claimed.
    pub new: Vec<Option<Time>>,
    /// How many items it has.
    pub items: usize,
    /// How many of them were normalized.
    pub normalized: usize,
}

/// Reads a document.
///
/// # Errors
/// [`StoreError`] if the store cannot be asked; inside, [`ParseError`] if it is no feed.
pub fn read(
    store: &Store,
    claim: &Claim,
    body: &[u8],
    context: &ParseContext,
    normalized: Normalized,
) -> Result<Result<Document, ParseError>, StoreError> {
    let mut raw = match parse::raw(body, context) {
        Ok(raw) => raw,
        Err(e) => return Ok(Err(e)),
    };
    raw.drop_ambiguous();
    let mut items = Items::of(&raw);
    let mut listings = store.reads().listings(claim, &items.named(&raw))?;
    items.leave_out_unclear(&mut listings);
    let known: Vec<bool> = listings.iter().map(Listing::is_known).collect();
    let mut drafted = items.drafts(&mut raw, &listings, normalized, claim);
    let count = drafted.drafts.len();
    let mut listed = Vec::new();
    if normalized != Normalized::AllForTheStore {
        let has_drafts = known.contains(&false);
        let all = listings.iter().enumerate();
        listed.extend(all.filter_map(|(at, l)| items.listed(at, l, &raw, has_drafts)));
    }
    if normalized == Normalized::All {
        let mut known = known.iter().cycle();
        drafted.drafts.retain(|_| known.next() == Some(&false));
        drafted.paragraphs.retain(|_| known.next() == Some(&false));
    }
    let new = listings
        .iter()
        .zip(&items.0)
        .filter(|(l, _)| **l == Listing::New);
    let new: HashSet<&str> = new.map(|(_, item)| &*item.key).collect();
    let new = drafted.drafts.iter().filter(|d| new.contains(&*d.key));
    Ok(Ok(Document {
        new: new.map(|d| d.published.or(d.updated)).collect(),
        items: items.0.len(),
        normalized: count,
        feed: raw.into_feed(),
        drafted,
        listed,
    }))
}

/// The drafts of a document of which nothing is known, without an item that it cuts off.
///
/// # Errors
/// [`ParseError`] if it is no feed.
pub(super) fn drafts_of(
    body: &[u8],
    context: &ParseContext,
    boilerplate: &Boilerplate,
) -> Result<Drafted, ParseError> {
    let mut feed = parse::parse(body, context)?;
    feed.entries.retain(|entry| !entry.is_partial);
    Ok(normalize::drafts(&feed, boilerplate))
}

/// The items of a document: of entries with one key the first, in document order.
struct Items(Vec<Identity>);

/// What tells an item.
struct Identity {
    /// Which entry it is.
    entry: usize,
    key: String,
    former_key: Option<String>,
    digest: Vec<u8>,
    partial: Option<Partial>,
}

impl Items {
    fn of(raw: &Raw) -> Self {
        let entries = &raw.feed.entries;
        let mut taken = HashSet::new();
        let keys = identity::keys(entries).into_iter().zip(entries).enumerate();
        let first = keys.filter(|(_, (key, _))| taken.insert(key.clone()));
        let items = first.map(|(entry, (key, e))| Identity {
            former_key: identity::former_key(e),
            digest: identity::content_digest(e),
            partial: e.is_partial.then(|| partial(e, entries)),
            entry,
            key,
        });
        Self(items.collect())
    }

    /// Drops partial items whose article cannot be identified before they are complete.
    fn leave_out_unclear(&mut self, listings: &mut Vec<Listing>) {
        let mut is_clear = listings.iter().map(|l| *l != Listing::Unclear);
        self.0.retain(|_| is_clear.next().unwrap_or(true));
        drop(is_clear);
        listings.retain(|l| *l != Listing::Unclear);
    }

    /// As the store asks for them.
    fn named<'i>(&'i self, raw: &'i Raw) -> Vec<Item<'i>> {
        let items = self.0.iter().filter_map(|item| {
            let entry = raw.feed.entries.get(item.entry)?;
            Some(Item {
                key: &item.key,
                former_key: item.former_key.as_deref(),
                guid: entry.id.as_deref(),
                url: entry.url.as_ref(),
                title: entry.title.as_deref(),
                published: entry.published,
                digest: &item.digest,
                partial: item.partial,
            })
        });
        items.collect()
    }

    /// A known item, with its page if there are others that may have the same.
    fn listed(&self, at: usize, listing: &Listing, raw: &Raw, has_drafts: bool) -> Option<Listed> {
        let item = self.0.get(at)?;
        let entry = raw.feed.entries.get(item.entry)?;
        let (key, article, published, noted) = match listing {
            Listing::Same {
                article,
                key,
                published,
            } => (key, Some(*article), *published, None),
            Listing::Pruned { noted } => (&item.key, None, None, Some(*noted)),
            Listing::New | Listing::Changed | Listing::Unclear => return None,
        };
        Some(Listed {
            at,
            key: key.clone(),
            article,
            noted,
            claimed: entry.published.or(published).or(entry.updated),
            url: entry.url.clone().filter(|_| has_drafts),
        })
    }

    /// Normalizes what is to be; the bodies of the others are dropped unread.
    fn drafts(
        &self,
        raw: &mut Raw,
        listings: &[Listing],
        normalized: Normalized,
        claim: &Claim,
    ) -> Drafted {
        let wanted = |l: &Listing| !l.is_known() || normalized != Normalized::Unknown;
        let mut bodies = Vec::new();
        for (item, listing) in self.0.iter().zip(listings) {
            match wanted(listing) {
                true => bodies.push(raw.bodies(item.entry)),
                false => raw.skip(item.entry),
            }
        }
        let all = self.0.iter().zip(listings);
        let entries = all.filter(|(_, listing)| wanted(listing)).zip(bodies);
        let entries: Vec<Entry<'_>> = entries
            .filter_map(|((item, listing), bodies)| {
                Some(Entry {
                    key: item.key.clone(),
                    entry: raw.feed.entries.get(item.entry)?,
                    bodies,
                    counts: !listing.is_known() || normalized == Normalized::All,
                    votes: *listing == Listing::New || normalized == Normalized::All,
                })
            })
            .collect();
        let others = self.0.len() - entries.len();
        let language = raw.feed.language.as_deref();
        let context = Context {
            boilerplate: &claim.boilerplate,
            votes: claim.votes.as_ref(),
        };
        normalize::drafts_of(entries, language, others, &context)
    }
}

/// What is known of an entry when its document ends within it. Its key is certain only if it rests on what the other entries are named by,
/// and its page is known too: several entries may bear one guid.
fn partial(entry: &ParsedEntry, entries: &[ParsedEntry]) -> Partial {
    let has_guid = |e: &ParsedEntry| e.id.as_deref().is_some_and(|id| !id.is_empty());
    let mut others = entries.iter().filter(|e| !e.is_partial).map(has_guid);
    let has_name = has_guid(entry) || others.next() == Some(false) && !others.any(|has| has);
    let has_title = entry
        .title
        .as_deref()
        .is_some_and(|title| !title.is_empty());
    match has_name && has_title && entry.url.is_some() {
        true => Partial::Named,
        false => Partial::Unnamed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::tokens;

    #[test]
    fn from_document_to_draft_a_body_is_tokenized_once() {
        let item = "<item><guid>1</guid><title>Boats</title><link>https://a.example/1</link>\
                    <description><![CDATA[<p>One &amp; two.</p><ul><li>Three</li></ul>\
                    <p>Four <a href='/b'>five</a>.</p><script>x()</script>]]></description></item>";
        let document = format!("<rss version=\"2.0\"><channel>{item}</channel></rss>");
        let mut raw = parse::raw(document.as_bytes(), &ParseContext::default()).unwrap();
        let before = tokens::walks();
        let entry = Entry {
            key: "guid:1".to_owned(),
            bodies: raw.bodies(0),
            entry: raw.feed.entries.first().unwrap(),
            counts: true,
            votes: true,
        };
        let context = Context {
            boilerplate: &Boilerplate::default(),
            votes: None,
        };
        let drafted = normalize::drafts_of(vec![entry], None, 0, &context);
        assert_eq!(tokens::walks() - before, 1);
        let draft = drafted.drafts.first().unwrap();
        assert_eq!(draft.content_text, "One & two.\n\n- Three\n\nFour five.");
        let link = "Four <a href=\"https://a.example/b\" rel=\"noopener noreferrer\">five</a>.";
        assert!(draft.content_html.contains(link), "{}", draft.content_html);
    }
}
