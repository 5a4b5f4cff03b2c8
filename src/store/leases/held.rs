//! Whether the lease of a poll still holds when the poll is committed, and what the store knows of its feed then.

use rusqlite::{Connection, OptionalExtension, params};

use crate::model::{Seq, Time};
use crate::store::leases::claim::Claim;
use crate::store::sql::Sql;

/// What the store knows of a feed when its poll comes to be committed.
pub(in crate::store) struct Before {
    /// Where it is asked.
    pub(in crate::store) url: String,
    /// Failures in a row.
    pub(in crate::store) failures: u32,
    /// The name of what happened to it last, its moves aside.
    pub(in crate::store) event: Option<String>,
    /// When its newest article arrived.
    pub(in crate::store) newest: Option<Time>,
    /// The sequence of the store.
    pub(in crate::store) sequence: Seq,
}

/// What is known of a feed whose lease still holds; none: it is lost.
pub(in crate::store) fn held(conn: &Connection, claim: &Claim) -> Sql<Option<Before>> {
    conn.prepare_cached(
        "SELECT url, failures,
                (SELECT kind FROM events e WHERE e.feed = f.feed AND kind <> 'moved' ORDER BY event DESC LIMIT 1),
                (SELECT arrived FROM articles a WHERE a.feed = f.feed ORDER BY arrived DESC LIMIT 1),
                coalesce((SELECT value FROM meta WHERE key = 'sequence'), 0)
         FROM feeds f WHERE feed = ?1 AND subscribed = 1 AND lease = ?2",
    )?
    .query_row(params![claim.feed, claim.lease], |r| {
        Ok(Before {
            url: r.get(0)?,
            failures: r.get(1)?,
            event: r.get(2)?,
            newest: r.get::<_, Option<i64>>(3)?.map(Time::from_millis),
            sequence: r.get(4)?,
        })
    })
    .optional()
}
