//! What a feed brought, day by day, and how late: for the plots of the status pages.

use rusqlite::{Connection, OptionalExtension, Rows, params};

use crate::model::{FeedId, FeedRow, Time};
use crate::store::connections::Reads;
use crate::store::error::StoreError;
use crate::store::sql::Sql;

const DAY_MS: i64 = 86_400_000;

/// Articles of which the delay is told.
const DELAYS_MAX: i64 = 200;

/// What a feed brought lately.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    /// Articles of each day (UTC), today last.
    pub daily: Vec<u64>,
    /// Of the newest articles, oldest first: when each was seen, and how many milliseconds after its publication.
    pub delays: Vec<(Time, u64)>,
}

/// Days in a row, the last of them today.
struct Span {
    /// Days since 1970.
    first: i64,
    days: usize,
}

impl Span {
    fn of(days: usize, now: Time) -> Self {
        let today = now.millis().div_euclid(DAY_MS);
        let first = today - i64::try_from(days).unwrap_or(0) + 1;
        Self { first, days }
    }

    fn begins_ms(&self) -> i64 {
        self.first.saturating_mul(DAY_MS)
    }

    /// What rows of a day and its count say, day by day.
    fn counts(&self, rows: &mut Rows<'_>) -> Sql<Vec<u64>> {
        let mut counts = vec![0; self.days];
        while let Some(r) = rows.next()? {
            let at = usize::try_from(r.get::<_, i64>(0)? - self.first).unwrap_or(usize::MAX);
            if let Some(slot) = counts.get_mut(at) {
                *slot = r.get::<_, i64>(1)?.cast_unsigned();
            }
        }
        Ok(counts)
    }
}

impl Reads {
    /// How many articles each of these feeds brought on each of the last `days` days (UTC), today last.
    pub fn daily(
        &self,
        feeds: &[FeedRow],
        days: usize,
        now: Time,
    ) -> Result<Vec<Vec<u64>>, StoreError> {
        self.read(|conn| {
            let of = |feed: &FeedRow| daily(conn, *feed, days, now);
            feeds.iter().map(of).collect()
        })
    }

    /// A feed by its id, and what it brought in the last `days` days; none if there is no such feed.
    pub fn activity(
        &self,
        id: FeedId,
        days: usize,
        now: Time,
    ) -> Result<Option<(FeedRow, Activity)>, StoreError> {
        self.read(|conn| of_feed(conn, id, days, now))
    }
}

/// Articles that arrived on each of the last `days` days (UTC), today last.
pub(in crate::store) fn daily(
    conn: &Connection,
    feed: FeedRow,
    days: usize,
    now: Time,
) -> Sql<Vec<u64>> {
    let span = Span::of(days, now);
    let mut look = conn.prepare_cached(
        "SELECT arrived / ?1, count(*) FROM articles WHERE arrived >= ?2 AND feed = ?3 GROUP BY 1",
    )?;
    span.counts(&mut look.query(params![DAY_MS, span.begins_ms(), feed])?)
}

/// The same of all feeds together: articles, and those of them that joined a story. Counted in two indexes, day by day:
/// what they hold need not be sorted, and no article's row is read.
pub(in crate::store) fn daily_of_all(
    conn: &Connection,
    days: usize,
    now: Time,
) -> Sql<(Vec<u64>, Vec<u64>)> {
    let span = Span::of(days, now);
    let counts = |sql: &str| {
        let mut count = conn.prepare_cached(sql)?;
        let days = (span.first..).take(span.days);
        days.map(|day| {
            let begins = day.saturating_mul(DAY_MS);
            count.query_row([begins, begins.saturating_add(DAY_MS)], |r| {
                r.get::<_, i64>(0).map(i64::cast_unsigned)
            })
        })
        .collect::<Sql<Vec<u64>>>()
    };
    Ok((
        counts("SELECT count(*) FROM articles WHERE arrived >= ?1 AND arrived < ?2")?,
        counts(
            "SELECT count(*) FROM articles WHERE arrived >= ?1 AND arrived < ?2 AND signal IS NOT NULL",
        )?,
    ))
}

/// A feed by its id, and what it brought; none if there is no such feed.
pub(in crate::store) fn of_feed(
    conn: &Connection,
    id: FeedId,
    days: usize,
    now: Time,
) -> Sql<Option<(FeedRow, Activity)>> {
    let feed: Option<FeedRow> = conn
        .prepare_cached("SELECT feed FROM feeds WHERE id = ?1")?
        .query_row([&id.0.as_bytes()[..]], |r| r.get(0))
        .optional()?;
    let Some(feed) = feed else { return Ok(None) };
    // What came with the first poll was late before we were there.
    let mut delays = conn
        .prepare_cached(
            "SELECT first_seen, first_seen - published FROM articles
             WHERE feed = ?1 AND published IS NOT NULL AND arrived >= ?3 AND
               first_seen > (SELECT min(first_seen) FROM articles WHERE feed = ?1)
             ORDER BY arrived DESC LIMIT ?2",
        )?
        .query_map(
            params![feed, DELAYS_MAX, now.millis() - days as i64 * DAY_MS],
            |r| {
                let late_ms: i64 = r.get(1)?;
                Ok((Time::from_millis(r.get(0)?), late_ms.max(0).cast_unsigned()))
            },
        )?
        .collect::<Sql<Vec<_>>>()?;
    delays.sort();
    let activity = Activity {
        daily: daily(conn, feed, days, now)?,
        delays,
    };
    Ok(Some((feed, activity)))
}
