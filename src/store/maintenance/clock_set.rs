//! When the machine's clock was set: what is planned and remembered moves along, so that every wait lasts as long as it
//! was meant to (ET-24, REL-07). Never touches articles: what a wrong clock wrote on them stays.

use std::time::Duration;

use rusqlite::{Connection, params};

use crate::model::{FeedRow, Time};
use crate::schedule::{PlanExplanation, State};
use crate::store::error::StoreError;
use crate::store::handle::Store;
use crate::store::sql::Sql;
use crate::store::writer::command::{WriteCommand, WriteContext};

/// No server's word is believed for longer (ET-25): what lies further ahead, a wrong clock wrote.
const WEEK: Duration = Duration::from_secs(7 * 86_400);

impl Store {
    /// The machine's clock was set by `ms`, back if below zero: every plan, lease and rest moves along (ET-24).
    pub fn move_times(&self, ms: i64) -> Result<(), StoreError> {
        self.ask(MoveTimes(ms))
    }

    /// Corrects what a wrong clock planned before this process began: no wait is longer than it was meant to be.
    /// Returns how many feeds had been polled in the future.
    pub fn bound_times(&self, now: Time) -> Result<usize, StoreError> {
        self.ask(BoundTimes(now))
    }
}

struct MoveTimes(i64);

impl WriteCommand for MoveTimes {
    type Output = ();

    fn apply(self, context: &mut WriteContext<'_>) -> Sql<()> {
        move_all(context.conn, self.0)
    }
}

struct BoundTimes(Time);

impl WriteCommand for BoundTimes {
    type Output = usize;

    fn apply(self, context: &mut WriteContext<'_>) -> Sql<usize> {
        bound(context.conn, self.0)
    }
}

/// The clock was set by `by` ms while we looked: all moves along.
fn move_all(conn: &Connection, by: i64) -> Sql<()> {
    let feeds = conn
        .prepare_cached("SELECT feed, schedule FROM feeds")?
        .query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?
        .collect::<Sql<Vec<(FeedRow, Vec<u8>)>>>()?;
    for (feed, schedule) in feeds {
        move_feed(conn, feed, &schedule, by)?;
    }
    conn.prepare_cached("UPDATE hosts SET rest_until = rest_until + ?1")?
        .execute([by])?;
    conn.prepare_cached(
        "UPDATE notify_events SET next_at = next_at + ?1 WHERE next_at IS NOT NULL",
    )?
    .execute([by])?;
    conn.prepare_cached(
        "UPDATE hubs SET ask_at = ask_at + ?1, verified_at = verified_at + ?1, lease_until = lease_until + ?1",
    )?
    .execute([by])?;
    Ok(())
}

/// The clock may have been set while nobody looked. That it was set back shows in feeds that were polled in the future:
/// for them the last poll is now. Gives how many.
fn bound(conn: &Connection, now: Time) -> Sql<usize> {
    let feeds = conn
        .prepare_cached("SELECT feed, schedule, last_poll FROM feeds WHERE last_poll > ?1")?
        .query_map([now.millis()], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))?
        .collect::<Sql<Vec<(FeedRow, Vec<u8>, i64)>>>()?;
    for (feed, schedule, last_poll) in &feeds {
        move_feed(
            conn,
            *feed,
            schedule,
            now.millis().saturating_sub(*last_poll),
        )?;
    }
    let (now, most) = (now.millis(), now.plus(WEEK).millis());
    conn.prepare_cached("UPDATE feeds SET next_at = ?1 WHERE last_poll IS NULL AND next_at > ?2")?
        .execute([now, most])?;
    conn.prepare_cached("UPDATE feeds SET leased_until = NULL WHERE leased_until > ?1")?
        .execute([most])?;
    conn.prepare_cached("UPDATE hosts SET rest_until = NULL WHERE rest_until > ?1")?
        .execute([most])?;
    Ok(feeds.len())
}

fn move_feed(conn: &Connection, feed: FeedRow, schedule: &[u8], by: i64) -> Sql<()> {
    let explanation: Option<String> = conn
        .prepare_cached("SELECT why_next FROM feeds WHERE feed = ?1")?
        .query_row([feed], |r| r.get(0))?;
    let moved = |stored: String| PlanExplanation::from_stored(&stored).clock_moved(by);
    conn.prepare_cached(
        "UPDATE feeds SET schedule = ?2, next_at = next_at + ?3, floor_until = floor_until + ?3,
                leased_until = leased_until + ?3, last_poll = last_poll + ?3, last_success = last_success + ?3,
                why_next = ?4
         WHERE feed = ?1",
    )?
    .execute(params![
        feed,
        State::from_bytes(schedule).moved(by).to_bytes(),
        by,
        explanation.map(|stored| moved(stored).to_stored()),
    ])?;
    Ok(())
}
