//! When feeds are polled next, and why. The plan itself is made by `schedule`.

use std::collections::HashMap;

use rusqlite::Connection;

use crate::model::{FeedRow, Time};
use crate::schedule::PlanExplanation;
use crate::store::connections::Reads;
use crate::store::error::StoreError;
use crate::store::sql::Sql;

impl Reads {
    /// The schedule's states of the feeds whose plan is ours: neither paused nor gone nor given an interval.
    pub fn schedules(&self) -> Result<Vec<Vec<u8>>, StoreError> {
        self.read(|conn| {
            conn.prepare_cached(
                "SELECT schedule FROM feeds WHERE subscribed = 1 AND paused = 0 AND gone = 0
                   AND interval_ms IS NULL AND length(schedule) > 0",
            )?
            .query_map([], |r| r.get(0))?
            .collect()
        })
    }

    /// When the next feed is due; none: never.
    pub fn next_poll(&self) -> Result<Option<Time>, StoreError> {
        self.read(next_poll)
    }

    /// Why each feed is polled next when it is, of feeds that have a plan.
    pub fn explanations(&self) -> Result<HashMap<FeedRow, PlanExplanation>, StoreError> {
        self.read(explanations)
    }
}

pub(in crate::store) fn next_poll(conn: &Connection) -> Sql<Option<Time>> {
    conn.prepare_cached(
        "SELECT min(next_at) FROM feeds WHERE subscribed = 1 AND paused = 0 AND gone = 0",
    )?
    .query_row([], |r| r.get::<_, Option<i64>>(0))
    .map(|at| at.map(Time::from_millis))
}

pub(in crate::store) fn explanations(conn: &Connection) -> Sql<HashMap<FeedRow, PlanExplanation>> {
    conn.prepare_cached(
        "SELECT feed, why_next FROM feeds WHERE subscribed = 1 AND why_next IS NOT NULL",
    )?
    .query_map([], |r| {
        let stored: String = r.get(1)?;
        Ok((r.get(0)?, PlanExplanation::from_stored(&stored)))
    })?
    .collect()
}
