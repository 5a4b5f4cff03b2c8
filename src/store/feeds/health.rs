//! The subscriptions by how they are doing, a page at a time: those that need a look first. Found in order, then read: only of
//! those that are shown are the articles counted.

use rusqlite::{Connection, OptionalExtension};

use crate::model::{Feed, FeedRow, FeedState};
use crate::store::connections::Reads;
use crate::store::error::StoreError;
use crate::store::feeds::feed_views::{COLUMNS, feed_of};
use crate::store::sql::Sql;

/// Which subscriptions are shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HealthQuery {
    /// Only those in this state.
    pub state: Option<FeedState>,
    /// Only those with this in their title or URL, whatever its case; empty: all.
    pub text: String,
    /// Feeds of a page; at least one.
    pub page_size: usize,
    /// Which page, from 0 on. The last one stands for those behind it.
    pub page: usize,
}

/// A page of the subscriptions.
#[derive(Debug)]
pub struct HealthPage {
    /// The feeds: failing ones first, then gone, paused and healthy ones; each by title.
    pub feeds: Vec<Feed>,
    /// How many there are on all pages.
    pub found: usize,
    /// Which page this is, from 0 on.
    pub page: usize,
}

impl Reads {
    /// A page of the subscriptions, those that need a look first.
    ///
    /// # Errors
    /// What the store says.
    pub fn feeds_by_health(&self, query: &HealthQuery) -> Result<HealthPage, StoreError> {
        self.read(|conn| feeds_by_health(conn, query))
    }
}

fn feeds_by_health(conn: &Connection, query: &HealthQuery) -> Sql<HealthPage> {
    let rows = found(conn, query)?;
    let size = query.page_size.max(1);
    let page = query.page.min(rows.len().saturating_sub(1) / size);
    let mut read =
        conn.prepare_cached(&format!("SELECT {COLUMNS} FROM feeds f WHERE f.feed = ?1"))?;
    let shown = rows.iter().skip(page * size).take(size);
    let feeds = shown.map(|row| read.query_row([row], feed_of).optional());
    Ok(HealthPage {
        feeds: feeds.filter_map(Sql::transpose).collect::<Sql<_>>()?,
        found: rows.len(),
        page,
    })
}

fn found(conn: &Connection, query: &HealthQuery) -> Sql<Vec<FeedRow>> {
    let state = match query.state {
        None => "",
        Some(FeedState::Paused) => "AND paused",
        Some(FeedState::Gone) => "AND gone AND NOT paused",
        Some(FeedState::Failing) => "AND failures > 0 AND NOT gone AND NOT paused",
        Some(FeedState::New) => {
            "AND failures = 0 AND last_success IS NULL AND NOT gone AND NOT paused"
        }
        Some(FeedState::Ok) => {
            "AND failures = 0 AND last_success IS NOT NULL AND NOT gone AND NOT paused"
        }
    };
    let text = query.text.trim().to_lowercase();
    let mut look = conn.prepare_cached(&format!(
        "SELECT feed, coalesce(title_user, title_own), url FROM feeds WHERE subscribed = 1 {state}
         ORDER BY CASE WHEN paused THEN 2 WHEN gone THEN 1 WHEN failures > 0 THEN 0 ELSE 3 END,
           coalesce(title_user, title_own) COLLATE NOCASE, url"
    ))?;
    let mut rows = look.query([])?;
    let mut found = Vec::new();
    while let Some(r) = rows.next()? {
        let has_it = |column: usize| -> Sql<bool> {
            Ok(r.get_ref(column)?.as_str()?.to_lowercase().contains(&text))
        };
        if text.is_empty() || has_it(1)? || has_it(2)? {
            found.push(r.get(0)?);
        }
    }
    Ok(found)
}
