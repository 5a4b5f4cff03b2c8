//! What the store has of the items of a document, told from what their publisher calls them and a digest of what was sent: an
//! item that is known needs no normalizing. Decides nothing that [`super::known`] would decide otherwise: where an item's
//! article is not plain from its key, it is [`Listing::Changed`].

use rusqlite::{Connection, OptionalExtension, params};

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
    /// The digest of what its publisher sent.
    pub digest: &'a [u8],
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
        self.read(|conn| {
            let listings = items.iter().map(|item| of(conn, claim, item));
            listings.collect()
        })
    }
}

/// What is stored of an item. Each look-up is one of an index.
pub(in crate::store) fn of(conn: &Connection, claim: &Claim, item: &Item<'_>) -> Sql<Listing> {
    let feed = claim.feed;
    for key in std::iter::once(item.key).chain(item.former_key) {
        let found = conn
            .prepare_cached(
                "SELECT article, digest, url IS ?3, published FROM articles WHERE feed = ?1 AND key = ?2",
            )?
            .query_row(params![feed, key, item.url.map(WebUrl::as_str)], |r| {
                let is_same = r.get_ref(1)?.as_blob()? == item.digest;
                let published = r.get::<_, Option<i64>>(3)?.map(Time::from_millis);
                Ok((r.get(0)?, is_same, r.get(2)?, published))
            })
            .optional()?;
        match found {
            // Several articles of one guid are told apart by page and headline.
            Some((article, true, has_page, published))
                if has_page || !has_others(conn, feed, item, key)? =>
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
    let noted: Option<i64> = conn
        .prepare_cached("SELECT pruned FROM tombstones WHERE id = ?1")?
        .query_row([&ArticleId::of(claim.id, item.key).0.as_bytes()[..]], |r| {
            r.get(0)
        })
        .optional()?;
    let Some(noted) = noted.map(Time::from_millis) else {
        return Ok(Listing::New);
    };
    Ok(match is_like_another(conn, feed, item)? {
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
    if has_others(conn, feed, item, item.key)? {
        return Ok(true);
    }
    let guid = item.guid.filter(|guid| !guid.is_empty());
    let bears_guid: bool = conn
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM articles INDEXED BY articles_of_changed_guid
             WHERE feed = ?1 AND guid = ?2 AND substr(key, 1, 5 + length(guid)) <> 'guid:' || guid)",
        )?
        .query_row(params![feed, guid], |r| r.get(0))?;
    if bears_guid {
        return Ok(true);
    }
    let page = item.url.map(|url| links::canonicalize(url).to_string());
    conn.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM articles INDEXED BY articles_canonical_url
         WHERE canonical_url = ?2 AND feed = ?1)",
    )?
    .query_row(params![feed, page], |r| r.get(0))
}
