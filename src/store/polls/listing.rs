//! What the store has of the items of a document, told from what their publisher calls them and a digest of what was sent: an
//! item that is known needs no normalizing. Decides nothing that [`super::known`] would decide otherwise: where an item's
//! article is not plain from its key, it is [`Listing::Changed`].

use std::collections::{HashMap, HashSet};

use rusqlite::{Connection, OptionalExtension, params};

use crate::dedup::fingerprint::names_an_article;
use crate::model::{ArticleId, ArticleRow, FeedRow, Time, WebUrl};
use crate::normalize::{identity, links};
use crate::store::connections::Reads;
use crate::store::error::StoreError;
use crate::store::leases::claim::Claim;
use crate::store::sql::Sql;

/// An item of a document, before it is normalized.
#[derive(Debug, Clone)]
pub struct Item<'a> {
    /// Its key.
    pub key: &'a str,
    /// The key that an earlier version gave it, where that is another one.
    pub former_key: Option<&'a str>,
    /// Its guid.
    pub guid: Option<&'a str>,
    /// Its page.
    pub url: Option<&'a WebUrl>,
    /// Its headline as it was sent, on one line.
    pub title: Option<&'a str>,
    /// When it was published, as claimed.
    pub published: Option<Time>,
    /// The digest of what its publisher sent.
    pub digest: &'a [u8],
    /// Whether the document ends within it, and what it has told by then.
    pub partial: Option<Partial>,
}

/// What an item has told when its document ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Partial {
    /// Its headline, and all that its key rests on: it can be stored and completed later.
    Named,
    /// Too little to be stored. It may be known all the same.
    Unnamed,
}

/// What the store has of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listing {
    /// Nothing under its key.
    New,
    /// Something under its key; it has to be normalized to tell which article it is and whether it was edited.
    Changed,
    /// Its article, as it is listed.
    Same {
        /// The article.
        article: ArticleRow,
        /// The key that it is stored under.
        key: String,
        /// When it was published, as it is stored.
        published: Option<Time>,
    },
    /// Nothing under its key. The document ends within it, so that it may get another key or be like a stored article when it
    /// is whole: it is left out until then.
    Unclear,
    /// Its article was removed by retention.
    Pruned {
        /// When that was, or when it was last noted that its feed lists it still.
        noted: Time,
    },
}

impl Listing {
    /// Whether an item needs no normalizing.
    #[must_use]
    pub fn is_known(&self) -> bool {
        matches!(self, Self::Same { .. } | Self::Pruned { .. })
    }
}

/// An item that is [the same](Listing::Same) or [pruned](Listing::Pruned): it was not normalized.
#[derive(Debug, Clone)]
pub struct Listed {
    /// Its place among all items of its document.
    pub at: usize,
    /// The key of its article.
    pub key: String,
    /// Its article; none if that was pruned.
    pub article: Option<ArticleRow>,
    /// When it was last noted that its feed lists it although it was pruned.
    pub noted: Option<Time>,
    /// The date that decides its place in the river.
    pub claimed: Option<Time>,
    /// Its page, if there are drafts beside it.
    pub url: Option<WebUrl>,
}

impl Reads {
    /// What is stored of the items of a document.
    ///
    /// # Errors
    /// What the store says.
    pub fn listings(&self, claim: &Claim, items: &[Item<'_>]) -> Result<Vec<Listing>, StoreError> {
        self.read(|conn| of_all(conn, claim, items))
    }
}

/// What is stored of the items of a document.
fn of_all(conn: &Connection, claim: &Claim, items: &[Item<'_>]) -> Sql<Vec<Listing>> {
    let mut listings = items
        .iter()
        .map(|item| of(conn, claim, item))
        .collect::<Sql<Vec<_>>>()?;
    if !listings.contains(&Listing::New) {
        return Ok(listings);
    }
    let page = |item: &Item<'_>| item.url.map(links::canonicalize);
    let pages: Vec<Option<WebUrl>> = items.iter().map(page).collect();
    let mut on_page: HashMap<&str, usize> = HashMap::new();
    for page in pages.iter().flatten() {
        *on_page.entry(page.as_str()).or_default() += 1;
    }
    let keys: HashSet<&str> = items.iter().map(|item| item.key).collect();
    let guids: HashSet<&str> = items.iter().filter_map(|item| item.guid).collect();
    let is_free = |key: &str, guid: Option<&str>| {
        !keys.contains(key) && guid.is_none_or(|guid| !guids.contains(guid))
    };
    for ((item, page), listing) in items.iter().zip(&pages).zip(&mut listings) {
        if *listing == Listing::New
            && let Some(page) = page
            && on_page.get(page.as_str()) == Some(&1)
            && let Some(same) = under_new_guid(conn, claim.feed, item, page, is_free)?
        {
            *listing = same;
        }
    }
    Ok(listings)
}

/// The article of an item whose guid is new, if it stands on the item's page and nothing else of it has changed: some feeds make
/// up their guids at every request. Asks what [`crate::store::polls::known`] asks; where that might take another article, there is none.
fn under_new_guid(
    conn: &Connection,
    feed: FeedRow,
    item: &Item<'_>,
    page: &WebUrl,
    is_free: impl Fn(&str, Option<&str>) -> bool,
) -> Sql<Option<Listing>> {
    let mut rows = conn.prepare_cached(
        "SELECT article, digest, key, guid, published, title IS ?3 OR published IS ?4 AND ?4 IS NOT NULL
         FROM articles INDEXED BY articles_canonical_url WHERE canonical_url = ?2 AND feed = ?1 LIMIT 2",
    )?;
    let published = item.published.map(Time::millis);
    let mut rows = rows.query(params![feed, page.as_str(), item.title, published])?;
    let Some(r) = rows.next()? else {
        return Ok(None);
    };
    let (key, guid) = (r.get_ref(2)?.as_str()?, r.get_ref(3)?.as_str_or_null()?);
    let is_same = r.get_ref(1)?.as_blob()? == item.digest
        && (r.get(5)? || names_an_article(page))
        && is_free(key, guid);
    let same = Listing::Same {
        article: r.get(0)?,
        key: key.to_owned(),
        published: r.get::<_, Option<i64>>(4)?.map(Time::from_millis),
    };
    let is_alone = rows.next()?.is_none();
    let is_its = is_same && is_alone && !is_named_by_another(conn, feed, item)?;
    Ok(is_its.then_some(same))
}

/// What is stored of an item. Each look-up is one of an index.
fn of(conn: &Connection, claim: &Claim, item: &Item<'_>) -> Sql<Listing> {
    let feed = claim.feed;
    for key in std::iter::once(item.key).chain(item.former_key) {
        let found = conn
            .prepare_cached(
                "SELECT article, digest, url IS ?3, published FROM articles WHERE feed = ?1 AND key = ?2",
            )?
            .query_row(params![feed, key, item.url.map(WebUrl::as_str)], |r| {
                let is_same = item.partial.is_some() || r.get_ref(1)?.as_blob()? == item.digest;
                let published = r.get::<_, Option<i64>>(3)?.map(Time::from_millis);
                Ok((r.get(0)?, is_same, r.get(2)?, published))
            })
            .optional()?;
        match found {
            // Several articles of one guid are told apart by page and headline.
            Some((article, true, has_page, published))
                if has_page || item.partial.is_some() || !has_others(conn, feed, item, key)? =>
            {
                return Ok(Listing::Same {
                    article,
                    key: key.to_owned(),
                    published,
                });
            }
            Some(_) => return Ok(Listing::Changed),
            None => {}
        }
    }
    let is_like_another = || is_like_another(conn, feed, item);
    if item.partial == Some(Partial::Unnamed) || item.partial.is_some() && is_like_another()? {
        return Ok(Listing::Unclear);
    }
    let noted: Option<i64> = conn
        .prepare_cached("SELECT pruned FROM tombstones WHERE id = ?1")?
        .query_row([&ArticleId::of(claim.id, item.key).0.as_bytes()[..]], |r| {
            r.get(0)
        })
        .optional()?;
    let Some(noted) = noted.map(Time::from_millis) else {
        return Ok(Listing::New);
    };
    Ok(match is_like_another()? {
        true => Listing::Changed,
        false => Listing::Pruned { noted },
    })
}

/// Whether other articles of the feed bear the name of an item, which is stored under `key`.
fn has_others(conn: &Connection, feed: FeedRow, item: &Item<'_>, key: &str) -> Sql<bool> {
    let (from, behind) = identity::keys_beside(item.guid, item.key);
    conn.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM articles WHERE feed = ?1 AND key >= ?2 AND key < ?3 AND key <> ?4)",
    )?
    .query_row(params![feed, from, behind, key], |r| r.get(0))
}

/// Whether an article of the feed has anything by which [`super::known`] might take it for this item.
fn is_like_another(conn: &Connection, feed: FeedRow, item: &Item<'_>) -> Sql<bool> {
    if is_named_by_another(conn, feed, item)? {
        return Ok(true);
    }
    let page = item.url.map(|url| links::canonicalize(url).to_string());
    conn.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM articles INDEXED BY articles_canonical_url
         WHERE canonical_url = ?2 AND feed = ?1)",
    )?
    .query_row(params![feed, page], |r| r.get(0))
}

/// Whether an article of the feed that does not stand under an item's key has a part of its key, or bears its guid.
fn is_named_by_another(conn: &Connection, feed: FeedRow, item: &Item<'_>) -> Sql<bool> {
    if has_others(conn, feed, item, item.key)? {
        return Ok(true);
    }
    let guid = item.guid.filter(|guid| !guid.is_empty());
    conn.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM articles INDEXED BY articles_of_changed_guid
         WHERE feed = ?1 AND guid = ?2 AND substr(key, 1, 5 + length(guid)) <> 'guid:' || guid)",
    )?
    .query_row(params![feed, guid], |r| r.get(0))
}
