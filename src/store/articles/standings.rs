//! What the store has of the articles of a document before they are written. Finds each article as the writer will find it.

use std::borrow::Cow;

use rusqlite::Connection;

use crate::model::{ArticleId, Draft};
use crate::store::articles::content::unpack;
use crate::store::articles::tombstones::is_tombstone;
use crate::store::connections::Reads;
use crate::store::error::StoreError;
use crate::store::leases::claim::Claim;
use crate::store::polls::known;
use crate::store::polls::listing::Listed;
use crate::store::polls::prepare::Pages;
use crate::store::sql::Sql;

/// What the store knows of an article that a document lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Nothing: neither it nor its page was ever seen in this feed.
    New,
    /// It stands as listed, or was pruned.
    Same,
    /// It stands, and is listed otherwise now.
    Edited {
        /// Its body as stored.
        html: String,
    },
}

impl Reads {
    /// What is stored of these articles of a feed: under their keys, else under their pages. `listed` are the other items of
    /// their document.
    pub fn standings(
        &self,
        claim: &Claim,
        drafts: &[Draft],
        listed: &[Listed],
    ) -> Result<Vec<Standing>, StoreError> {
        self.read(|conn| standings(conn, claim, drafts, listed))
    }
}

/// What is stored of each article that a document lists beside its known items; see [`Standing`]. An article is found as
/// the writer will find it: what another item has, or an older article on the same link, is not the draft's.
pub(in crate::store) fn standings(
    conn: &Connection,
    claim: &Claim,
    drafts: &[Draft],
    known_items: &[Listed],
) -> Sql<Vec<Standing>> {
    let pages = Pages::of(drafts, known_items);
    let items: Vec<known::Item<'_>> = drafts
        .iter()
        .map(|draft| (draft, pages.shared_by(draft) == 1))
        .collect();
    let mut document = known::Document::new(conn, claim.feed, &items, known_items);
    let found = document.find_all(&items)?;
    let mut standings = Vec::with_capacity(items.len());
    for ((draft, has_page_alone), mut found) in items.into_iter().zip(found) {
        let mut draft = Cow::Borrowed(draft);
        if let Some(known) = found.as_ref().filter(|known| known.is_edited_by(&draft))
            && let Some(key) = known::key_beside_others(conn, claim.feed, known, &draft)?
        {
            draft.to_mut().key = key;
            found = document.find_again((&draft, has_page_alone), known)?;
        }
        standings.push(standing(conn, claim, &draft, found)?);
    }
    Ok(standings)
}

fn standing(
    conn: &Connection,
    claim: &Claim,
    draft: &Draft,
    found: Option<known::Known>,
) -> Sql<Standing> {
    Ok(match found {
        Some(known) if !known.is_edited_by(draft) => Standing::Same,
        Some(known) => {
            let content: Vec<u8> = conn
                .prepare_cached("SELECT content FROM articles WHERE article = ?1")?
                .query_row([known.article], |r| r.get(0))?;
            Standing::Edited {
                html: unpack(&content),
            }
        }
        None if is_tombstone(conn, ArticleId::of(claim.id, &draft.key))? => Standing::Same,
        None => Standing::New,
    })
}
