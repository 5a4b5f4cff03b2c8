//! Which stored article an item of a document is. By its guid, page and headline, however its key came out beside others of
//! that guid; else by its key; else by the guid that the article bears now; else by its page, unless others of the document
//! have that page.
//!
//! No article is two items', and what the document lists under a key of its own is that article and no other. Every look-up
//! is one of an index, whichever the planner would take: a document may hold ten thousand items of one guid.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension, params};

use crate::dedup::fingerprint::names_an_article;
use crate::model::{ArticleRow, Draft, FeedRow, StoryRow, Time};
use crate::normalize::headline::is_reworded;
use crate::normalize::identity;
use crate::store::polls::listing::Listed;
use crate::store::sql::Sql;

/// Articles that have one thing in common and are looked at; there is rarely more than one.
const SAME_MAX: i64 = 8;

/// Most articles of one feed on one link that a new one is compared with, the newest.
const ON_ONE_LINK_MAX: i64 = 64;

/// An article that stands in the store already.
pub(in crate::store) struct Known {
    pub(in crate::store) article: ArticleRow,
    pub(in crate::store) story: StoryRow,
    pub(in crate::store) digest: Vec<u8>,
    key: String,
    /// Whether it has the item's page, and its headline or all that was sent of it.
    is_same: bool,
}

impl Known {
    /// Whether the publisher changed it since, or sent the rest of it. What was stored under another rule for digests counts as
    /// unchanged, and so does what is listed only in part.
    pub(in crate::store) fn is_edited_by(&self, draft: &Draft) -> bool {
        self.digest != draft.digest
            && !identity::is_of_partial(&draft.digest)
            && (self.is_partial() || identity::is_comparable(&self.digest))
    }

    /// Whether only a part of it is stored, because its document broke off.
    pub(in crate::store) fn is_partial(&self) -> bool {
        identity::is_of_partial(&self.digest)
    }
}

/// An item of a document, and whether no other item has its page.
pub(in crate::store) type Item<'a> = (&'a Draft, bool);

/// The items of one document and the articles that were found for them.
pub(in crate::store) struct Document<'c> {
    conn: &'c Connection,
    feed: FeedRow,
    keys: HashSet<String>,
    taken: HashSet<ArticleRow>,
}

impl<'c> Document<'c> {
    /// A document with these items beside those whose articles are known already.
    pub(in crate::store) fn new(
        conn: &'c Connection,
        feed: FeedRow,
        items: &[Item<'_>],
        listed: &[Listed],
    ) -> Self {
        let keys = items.iter().map(|(draft, _)| &draft.key);
        let listed_keys = listed.iter().map(|listed| &listed.key);
        Self {
            conn,
            feed,
            keys: keys.chain(listed_keys).cloned().collect(),
            taken: listed.iter().filter_map(|listed| listed.article).collect(),
        }
    }

    /// The stored article of each item; none: it is new.
    pub(in crate::store) fn find_all(&mut self, items: &[Item<'_>]) -> Sql<Vec<Option<Known>>> {
        let mut found: Vec<Option<Known>> = items.iter().map(|_| None).collect();
        for way in [under_its_key, under_another_key, on_its_page] {
            for (place, item) in found.iter_mut().zip(items) {
                if place.is_none() {
                    let list = way(self.conn, self.feed, item)?;
                    *place = self.take(item.0, list);
                }
            }
        }
        Ok(found)
    }

    /// The article of an item that got another key, instead of `known`. On a link without guids the page tells nothing.
    pub(in crate::store) fn find_again(
        &mut self,
        item: Item<'_>,
        known: &Known,
    ) -> Sql<Option<Known>> {
        let (draft, has_page_alone) = item;
        self.taken.remove(&known.article);
        let list = under_its_key(self.conn, self.feed, &item)?;
        if let Some(found) = self.take(draft, list) {
            return Ok(Some(found));
        }
        let by_page = (draft, has_page_alone && draft.guid.is_some());
        let list = on_its_page(self.conn, self.feed, &by_page)?;
        Ok(self.take(draft, list))
    }

    /// The first of these articles that no other item has.
    fn take(&mut self, draft: &Draft, list: Vec<Known>) -> Option<Known> {
        let is_free = |known: &Known| {
            let is_its_key = known.key == draft.key || !self.keys.contains(&known.key);
            is_its_key && !self.taken.contains(&known.article)
        };
        let found = list.into_iter().find(is_free);
        self.taken.extend(found.as_ref().map(|known| known.article));
        found
    }
}

/// The articles of this guid, page and headline, best the one of this key, then the one of this key whatever it is called.
fn under_its_key(conn: &Connection, feed: FeedRow, (draft, _): &Item<'_>) -> Sql<Vec<Known>> {
    let (from, behind) = identity::keys_beside(draft.guid.as_deref(), &draft.key);
    let page = draft.url.as_ref().map(|u| u.as_str());
    let mut found: Vec<Known> = Vec::new();
    let mut by_key = conn.prepare_cached(
        "SELECT article, story, digest, key, url IS ?3 AND (title = ?4 OR digest = ?5) FROM articles
         WHERE feed = ?1 AND key = ?2",
    )?;
    let base = Some(&from).filter(|base| **base != draft.key);
    for key in std::iter::once(&draft.key).chain(base) {
        let row = by_key
            .query_row(params![feed, key, page, draft.title, draft.digest], known)
            .optional()?;
        found.extend(row.filter(|known| known.is_same || known.key == draft.key));
    }
    if found
        .first()
        .is_some_and(|known| known.is_same && known.key == draft.key)
    {
        return Ok(found);
    }
    let of_shared = conn
        .prepare_cached(
            "SELECT article, story, digest, key, 1 FROM articles INDEXED BY articles_of_shared_guid
             WHERE feed = ?1 AND url IS ?4 AND title = ?5 AND key >= ?2 AND key < ?3 AND instr(key, char(9)) > 0
               AND key <> ?6 LIMIT ?7",
        )?
        .query_map(
            params![feed, from, behind, page, draft.title, draft.key, SAME_MAX],
            known,
        )?
        .collect::<Sql<Vec<_>>>()?;
    found.extend(of_shared);
    // Stable: of those that are the same, the one of this key stands first.
    found.sort_by_key(|known| !known.is_same);
    Ok(found)
}

/// The articles that bear this guid now and got their key from another one: those of this page and headline, and whichever
/// there are if the document has no other item of this guid.
fn under_another_key(conn: &Connection, feed: FeedRow, (draft, _): &Item<'_>) -> Sql<Vec<Known>> {
    let Some(guid) = draft.guid.as_deref().filter(|guid| !guid.is_empty()) else {
        return Ok(Vec::new());
    };
    let (from, behind) = identity::keys_beside(Some(guid), &draft.key);
    let page = draft.url.as_ref().map(|u| u.as_str());
    let mut found = conn
        .prepare_cached(
            "SELECT article, story, digest, key, 1 FROM articles INDEXED BY articles_of_changed_guid
             WHERE feed = ?1 AND guid = ?2 AND url IS ?5 AND title = ?6
               AND substr(key, 1, 5 + length(guid)) <> 'guid:' || guid AND NOT (key >= ?3 AND key < ?4) LIMIT ?7",
        )?
        .query_map(
            params![feed, guid, from, behind, page, draft.title, SAME_MAX],
            known,
        )?
        .collect::<Sql<Vec<_>>>()?;
    if draft.key == from {
        let others = conn
            .prepare_cached(
                "SELECT article, story, digest, key, 0 FROM articles INDEXED BY articles_of_changed_guid
                 WHERE feed = ?1 AND guid = ?2 AND substr(key, 1, 5 + length(guid)) <> 'guid:' || guid
                   AND NOT (key >= ?3 AND key < ?4) LIMIT ?5",
            )?
            .query_map(params![feed, guid, from, behind, SAME_MAX], known)?
            .collect::<Sql<Vec<_>>>()?;
        found.extend(others);
    }
    Ok(found)
}

/// The one article of this feed that has the same page, tracking aside: a publisher that changed its guids. A page that
/// does not look like one article's (`/`, `/podcast`) may show another one now, unless headline or date are the same.
fn on_its_page(conn: &Connection, feed: FeedRow, item: &Item<'_>) -> Sql<Vec<Known>> {
    let (draft, has_page_alone) = item;
    let Some(page) = draft.canonical_url.as_ref().filter(|_| *has_page_alone) else {
        return Ok(Vec::new());
    };
    let mut found: Vec<(Known, bool)> = conn
        .prepare_cached(
            "SELECT article, story, digest, key, 0, title = ?3 OR published IS ?4 AND ?4 IS NOT NULL
             FROM articles INDEXED BY articles_canonical_url WHERE canonical_url = ?2 AND feed = ?1 LIMIT 2",
        )?
        .query_map(
            params![
                feed,
                page.as_str(),
                draft.title,
                draft.published.map(Time::millis)
            ],
            |r| Ok((known(r)?, r.get(5)?)),
        )?
        .collect::<Sql<_>>()?;
    let (last, first) = (found.pop(), found.pop());
    let only =
        last.filter(|(_, is_alike)| first.is_none() && (*is_alike || names_an_article(page)));
    Ok(only.map(|(known, _)| known).into_iter().collect())
}

/// The key of a draft that is not what is stored under its key: several articles share its guid, or its link. `None` if it is
/// an edit of that article; `known` is what was found so far.
pub(in crate::store) fn key_beside_others(
    conn: &Connection,
    feed: FeedRow,
    known: &Known,
    draft: &Draft,
) -> Sql<Option<String>> {
    match draft.guid.as_deref() {
        Some(guid) if !guid.is_empty() => key_on_shared_guid(conn, feed, known, draft),
        _ => key_on_shared_link(conn, feed, known, draft),
    }
}

/// The key of the only item of its guid in a document, where stored articles share that guid: with another page and another
/// headline it is none of theirs, and on the page of one of them it is that one.
fn key_on_shared_guid(
    conn: &Connection,
    feed: FeedRow,
    known: &Known,
    draft: &Draft,
) -> Sql<Option<String>> {
    let (from, behind) = identity::keys_beside(draft.guid.as_deref(), &draft.key);
    let (Some(link), Some(page)) = (&draft.url, &draft.canonical_url) else {
        return Ok(None);
    };
    if known.is_same || known.key != draft.key || draft.key != from {
        return Ok(None);
    }
    let (has_page, has_title): (bool, bool) = conn
        .prepare_cached("SELECT canonical_url IS ?2, title = ?3 FROM articles WHERE article = ?1")?
        .query_row(params![known.article, page.as_str(), draft.title], |r| {
            Ok((r.get(0)?, r.get(1)?))
        })?;
    let on_page: Option<bool> = conn
        .prepare_cached(
            "SELECT max(canonical_url IS ?4) FROM articles WHERE feed = ?1 AND key > ?2 AND key < ?3",
        )?
        .query_row(params![feed, from, behind, page.as_str()], |r| r.get(0))?;
    let is_another = !has_page && on_page.is_some_and(|on_page| on_page || !has_title);
    Ok(is_another.then(|| identity::key_on_page(&draft.key, link.as_str())))
}

/// The key of a draft without a guid whose link names no article: a newer item with another headline stands on it now. `None`
/// if it is an edit of what is stored under that link; `known` is what was found so far.
fn key_on_shared_link(
    conn: &Connection,
    feed: FeedRow,
    known: &Known,
    draft: &Draft,
) -> Sql<Option<String>> {
    if known.is_same || draft.guid.is_some() || !draft.key.starts_with(identity::LINK) {
        return Ok(None);
    }
    let (from, behind) = identity::keys_beside(None, &draft.key);
    let stored: Vec<(String, String, Option<i64>)> = conn
        .prepare_cached(
            "SELECT key, title, published FROM articles WHERE feed = ?1 AND key >= ?2 AND key < ?3
             ORDER BY +article DESC LIMIT ?4",
        )?
        .query_map(params![feed, from, behind, ON_ONE_LINK_MAX], |r| {
            Ok((r.get(0)?, r.get(1)?, r.get(2)?))
        })?
        .collect::<Sql<_>>()?;
    let published = draft.published.map(Time::millis);
    let same_date = |date: &Option<i64>| date.is_some() && *date == published;
    let edited = stored
        .iter()
        .find(|(_, title, date)| same_date(date) || is_reworded(title, &draft.title));
    if let Some((key, ..)) = edited {
        return Ok(Some(key.clone()).filter(|key| *key != draft.key));
    }
    let newest = stored.iter().map(|(.., date)| *date).max().flatten();
    let is_newer = newest.is_some() && published > newest;
    Ok(is_newer.then(|| identity::key_beside(&draft.key, &draft.title)))
}

fn known(r: &rusqlite::Row<'_>) -> Sql<Known> {
    Ok(Known {
        article: r.get(0)?,
        story: r.get(1)?,
        digest: r.get(2)?,
        key: r.get(3)?,
        is_same: r.get(4)?,
    })
}
