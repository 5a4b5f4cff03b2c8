//! The subscriptions as an OPML list needs them: found in order, then read one by one, so that the list of a hundred
//! thousand feeds is never in memory beside the document that it becomes.

use std::collections::HashMap;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension};

use crate::model::FeedRow;
use crate::store::connections::Reads;
use crate::store::error::StoreError;
use crate::store::feeds::feed_settings::{TAGS, outline};
use crate::store::sql::Sql;
use crate::store::stories::walk::Walk;

/// A subscription in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    /// As subscribed, without userinfo.
    pub url: String,
    /// The user's title, else the feed's own.
    pub title: String,
    /// The site, if known.
    pub site: Option<String>,
    /// The folder, `a/b` if nested.
    pub folder: Option<String>,
    /// The user's tags.
    pub tags: Vec<String>,
    /// Attributes of its OPML outline that are not ours.
    pub others: Vec<(String, String)>,
}

/// Where a subscription stands.
#[derive(Debug, Clone)]
pub struct OutlinePlace {
    /// The feed.
    pub feed: FeedRow,
    /// Its folder; equal ones share their text.
    pub folder: Option<Arc<str>>,
}

impl Reads {
    /// About how many bytes [`Self::outline_places`] takes in memory while it sorts.
    ///
    /// # Errors
    /// What the store says.
    pub fn outline_places_bytes(&self) -> Result<usize, StoreError> {
        self.read(|conn| {
            let (feeds, texts): (i64, i64) = conn.query_row(
                "SELECT count(*), coalesce(sum(length(CAST(coalesce(title_user, title_own) AS BLOB)) + length(url)), 0)
                 FROM feeds WHERE subscribed = 1",
                [],
                |r| Ok((r.get(0)?, r.get(1)?)),
            )?;
            let bytes = feeds.saturating_mul(size_of::<Sorted>() as i64).saturating_add(texts);
            Ok(usize::try_from(bytes).unwrap_or(usize::MAX))
        })
    }

    /// All subscriptions by title, as [`Reads::feeds`] has them.
    ///
    /// # Errors
    /// What the store says.
    pub fn outline_places(&self) -> Result<Vec<OutlinePlace>, StoreError> {
        self.read(places)
    }

    /// Shows these subscriptions to `visit`, in this order. One that is gone meanwhile is left out.
    ///
    /// # Errors
    /// What the store says.
    pub fn each_outline(
        &self,
        feeds: impl IntoIterator<Item = FeedRow>,
        mut visit: impl FnMut(Outline) -> Walk,
    ) -> Result<(), StoreError> {
        self.read(|conn| {
            for feed in feeds {
                if read(conn, feed)?.is_some_and(|outline| visit(outline).is_break()) {
                    break;
                }
            }
            Ok(())
        })
    }
}

/// Title and URL that a place is sorted by, and the place.
type Sorted = ((String, String), OutlinePlace);

fn places(conn: &Connection) -> Sql<Vec<OutlinePlace>> {
    let mut folders: HashMap<String, Arc<str>> = HashMap::new();
    let mut query = conn.prepare_cached(
        "SELECT coalesce(title_user, title_own), url, feed, folder FROM feeds WHERE subscribed = 1",
    )?;
    let mut rows = query.query([])?;
    let mut sorted: Vec<Sorted> = Vec::new();
    while let Some(r) = rows.next()? {
        let title: String = r.get(0)?;
        let folder = r.get::<_, Option<String>>(3)?.map(|name| {
            let known = folders
                .entry(name)
                .or_insert_with_key(|name| Arc::from(name.as_str()));
            Arc::clone(known)
        });
        let feed = r.get(2)?;
        sorted.push((
            (title.to_lowercase(), r.get(1)?),
            OutlinePlace { feed, folder },
        ));
    }
    sorted.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    Ok(sorted.into_iter().map(|(_, place)| place).collect())
}

fn read(conn: &Connection, feed: FeedRow) -> Sql<Option<Outline>> {
    conn.prepare_cached(
        "SELECT url, coalesce(title_user, title_own), site, folder, tags, outline FROM feeds
         WHERE feed = ?1 AND subscribed = 1",
    )?
    .query_row([feed], |r| {
        Ok(Outline {
            url: r.get(0)?,
            title: r.get(1)?,
            site: r.get(2)?,
            folder: r.get(3)?,
            tags: TAGS.shown(&r.get::<_, String>(4)?),
            others: outline(r.get(5)?),
        })
    })
    .optional()
}
