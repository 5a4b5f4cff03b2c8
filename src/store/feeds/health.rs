//! The subscriptions by how they are doing, a page at a time: those that need a look first. Found in order, then read: only of
//! those that are shown are the articles counted.

use rusqlite::{Connection, OptionalExtension, Params};

use crate::model::{Feed, FeedId, FeedRow, FeedState};
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

    /// At most `limit` subscriptions in the order of their ids, after the one with the id `after`: only those in this state,
    /// and with this text in their title or URL, whatever its case.
    ///
    /// # Errors
    /// What the store says.
    pub fn feeds_by_id(
        &self,
        state: Option<FeedState>,
        text: &str,
        after: Option<FeedId>,
        limit: usize,
    ) -> Result<Vec<Feed>, StoreError> {
        self.read(|conn| {
            let after = after.map_or_else(Vec::new, |id| id.0.as_bytes().to_vec());
            let sql = format!(
                "SELECT feed, coalesce(title_user, title_own), url FROM feeds
                 WHERE subscribed = 1 {} AND id > ? ORDER BY id",
                condition(state)
            );
            let rows = found(conn, (&sql, [after]), text, limit)?;
            read(conn, rows.into_iter())
        })
    }
}

fn feeds_by_health(conn: &Connection, query: &HealthQuery) -> Sql<HealthPage> {
    let sql = format!(
        "SELECT feed, coalesce(title_user, title_own), url FROM feeds WHERE subscribed = 1 {}
         ORDER BY CASE WHEN paused THEN 2 WHEN gone THEN 1 WHEN failures > 0 THEN 0 ELSE 3 END,
           coalesce(title_user, title_own) COLLATE NOCASE, url",
        condition(query.state)
    );
    let rows = found(conn, (&sql, []), &query.text, usize::MAX)?;
    let size = query.page_size.max(1);
    let page = query.page.min(rows.len().saturating_sub(1) / size);
    Ok(HealthPage {
        feeds: read(conn, rows.iter().copied().skip(page * size).take(size))?,
        found: rows.len(),
        page,
    })
}

/// The feeds at these rows. One that is gone meanwhile is left out.
fn read(conn: &Connection, rows: impl Iterator<Item = FeedRow>) -> Sql<Vec<Feed>> {
    let mut read =
        conn.prepare_cached(&format!("SELECT {COLUMNS} FROM feeds f WHERE f.feed = ?1"))?;
    rows.filter_map(|row| read.query_row([row], feed_of).optional().transpose())
        .collect()
}

/// The condition of a state in SQL, with `AND` in front; empty for all.
fn condition(state: Option<FeedState>) -> &'static str {
    match state {
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
    }
}

/// The first `limit` rows of a query for row, title and URL that have `text` in one of these, whatever its case.
fn found(
    conn: &Connection,
    (sql, values): (&str, impl Params),
    text: &str,
    limit: usize,
) -> Sql<Vec<FeedRow>> {
    let text = text.trim().to_lowercase();
    let mut look = conn.prepare_cached(sql)?;
    let mut rows = look.query(values)?;
    let mut found = Vec::new();
    while found.len() < limit
        && let Some(r) = rows.next()?
    {
        let has_it = |column: usize| -> Sql<bool> {
            Ok(r.get_ref(column)?.as_str()?.to_lowercase().contains(&text))
        };
        if text.is_empty() || has_it(1)? || has_it(2)? {
            found.push(r.get(0)?);
        }
    }
    Ok(found)
}
