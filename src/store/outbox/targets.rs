//! The targets of notifications: what the configuration names, how far each has read, and how each is doing.

use rusqlite::{Connection, OptionalExtension, params};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use crate::model::{Seq, StoryId, StoryRow, Time};
use crate::notify::firing::Rule;
use crate::query::Expr;
use crate::store::connections::Reads;
use crate::store::error::StoreError;
use crate::store::search::find;
use crate::store::search::selection::{Order, Selection};
use crate::store::sequence;
use crate::store::sql::{Sql, count};

/// Maximum number of stories that a new target takes note of because they match already.
const BASELINE_MAX: usize = 50_000;

/// Age of the stories that a new target takes note of. Older ones do not gain copies: stories gather copies for 90 days at most.
const BASELINE_AGE: std::time::Duration = std::time::Duration::from_secs(90 * 86_400);

/// A target as the configuration describes it.
#[derive(Debug, Clone, PartialEq)]
pub struct OutboxTarget {
    /// Its name.
    pub name: String,
    /// What a story has to match; `None`: every story does.
    pub expr: Option<Expr>,
    /// What fires.
    pub rule: Rule,
    /// Everything that decides what fires, as text. If it changes, the stories that exist are taken as known.
    pub definition: String,
    /// A hash of where messages go.
    pub destination: String,
    /// Whether it is a digest feed that is served.
    pub is_feed: bool,
}

/// How a target is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "NotifyTarget")]
pub struct TargetStatus {
    /// Its name.
    pub name: String,
    /// `on`, `off` (its server said that it is gone), `removed` (the configuration no longer names it).
    pub state: &'static str,
    /// Why it is off.
    pub reason: Option<String>,
    /// Events that wait.
    pub waiting: u64,
    /// When the oldest of them was made.
    pub waiting_since: Option<Time>,
    /// When the next one is due.
    pub next_at: Option<Time>,
    /// Events that were sent.
    pub sent: u64,
    /// Events that were given up after all attempts.
    pub failed: u64,
    /// Events that were dropped because too many waited.
    pub dropped: u64,
    /// When the last one was sent.
    pub last_sent: Option<Time>,
    /// Why the last attempt failed; `None` if it succeeded.
    pub last_error: Option<String>,
}

/// A story that a new target takes note of, with the number of feeds that carry it.
pub(in crate::store) type BaselineStory = (StoryId, u32);

/// What is stored of a target, for planning.
#[derive(Debug, Clone)]
pub(in crate::store) struct Stored {
    pub(in crate::store) row: i64,
    pub(in crate::store) definition: String,
    pub(in crate::store) since_story: StoryRow,
    pub(in crate::store) cursor: Seq,
    pub(in crate::store) is_off: bool,
    pub(in crate::store) is_removed: bool,
}

impl Reads {
    /// How every target is doing, by name.
    pub fn outbox_status(&self) -> Result<Vec<TargetStatus>, StoreError> {
        self.read(status)
    }

    /// The stories that a target has to take note of because they match already: those that a number of copies or feeds selects.
    pub(in crate::store) fn baseline(
        &self,
        target: &OutboxTarget,
        now: Time,
    ) -> Result<Vec<BaselineStory>, StoreError> {
        self.read_until(|conn, stop| {
            let known = stored(conn, &target.name)?;
            let is_known = known
                .is_some_and(|known| known.definition == target.definition && !known.is_removed);
            let Some(expr) = target
                .expr
                .as_ref()
                .filter(|_| !is_known && !target.rule.backlog && target.rule.counts_copies)
            else {
                return Ok(Vec::new());
            };
            let selection = Selection {
                expr: Some(expr.clone()),
                seen_since: Some(now.minus(BASELINE_AGE)),
                limit: Some(BASELINE_MAX),
                order: Order::River,
                now,
                ..Selection::default()
            };
            let mut of = conn.prepare_cached("SELECT id, feeds FROM stories WHERE story = ?1")?;
            find::stories(conn, &selection, stop)?
                .into_iter()
                .filter_map(|row| {
                    let read = |r: &rusqlite::Row<'_>| {
                        Ok((StoryId(Uuid::from_bytes(r.get(0)?)), r.get(1)?))
                    };
                    of.query_row([row], read).optional().transpose()
                })
                .collect()
        })
    }
}

/// What is stored of a target; `None` if it was never configured.
pub(in crate::store) fn stored(conn: &Connection, name: &str) -> Sql<Option<Stored>> {
    conn.prepare_cached(
        "SELECT target, definition, since_story, cursor, off IS NOT NULL, removed_at IS NOT NULL
         FROM notify_targets WHERE name = ?1",
    )?
    .query_row([name], |r| {
        Ok(Stored {
            row: r.get(0)?,
            definition: r.get(1)?,
            since_story: r.get(2)?,
            cursor: r.get(3)?,
            is_off: r.get(4)?,
            is_removed: r.get(5)?,
        })
    })
    .optional()
}

/// Writes one target of the configuration.
pub(in crate::store) fn configure(
    conn: &Connection,
    target: &OutboxTarget,
    baseline: &[BaselineStory],
) -> Sql<()> {
    let last_story: StoryRow = conn
        .prepare_cached("SELECT coalesce(max(story), 0) FROM stories")?
        .query_row([], |r| r.get(0))?;
    let is_backlog = target.rule.backlog;
    let known = stored(conn, &target.name)?;
    let name_feed = |conn: &Connection| {
        conn.prepare_cached("UPDATE notify_targets SET is_feed = ?2 WHERE name = ?1")?
            .execute(params![target.name, target.is_feed])
    };
    let is_same = known
        .as_ref()
        .is_some_and(|known| known.definition == target.definition && !known.is_removed);
    if is_same {
        conn.prepare_cached(
            "UPDATE notify_targets SET off = CASE WHEN destination = ?2 THEN off END, destination = ?2 WHERE name = ?1",
        )?
        .execute([&target.name, &target.destination])?;
        name_feed(conn)?;
        return Ok(());
    }
    // A target that is new, was changed, or comes back begins here: with everything that is stored, or with what follows.
    let begins = known
        .as_ref()
        .is_none_or(|known| known.definition != target.definition);
    let (cursor, since) = match is_backlog && begins {
        true => (Seq::default(), StoryRow::default()),
        false => (sequence::current(conn)?, last_story),
    };
    conn.prepare_cached(
        "INSERT INTO notify_targets (name, definition, destination, since_story, cursor) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (name) DO UPDATE SET off = CASE WHEN destination = excluded.destination THEN off END,
           definition = excluded.definition, destination = excluded.destination, removed_at = NULL,
           since_story = excluded.since_story, cursor = excluded.cursor",
    )?
    .execute(params![target.name, target.definition, target.destination, since, cursor])?;
    name_feed(conn)?;
    let mut note = conn.prepare_cached(
        "INSERT OR IGNORE INTO notify_known (target, story, feeds)
         SELECT target, ?2, ?3 FROM notify_targets WHERE name = ?1",
    )?;
    for (story, feeds) in baseline {
        note.execute(params![target.name, &story.0.as_bytes()[..], feeds])?;
    }
    Ok(())
}

/// Marks the targets that the configuration no longer names.
pub(in crate::store) fn mark_removed(conn: &Connection, names: &[&str], now: Time) -> Sql<()> {
    conn.prepare_cached(
        "UPDATE notify_targets SET removed_at = ?2
         WHERE removed_at IS NULL AND name NOT IN (SELECT value FROM json_each(?1))",
    )?
    .execute(params![crate::store::sql::json(&names), now.millis()])?;
    Ok(())
}

/// Switches a target off, with the reason, or on.
pub(in crate::store) fn switch(conn: &Connection, name: &str, off: Option<&str>) -> Sql<()> {
    conn.prepare_cached("UPDATE notify_targets SET off = ?2 WHERE name = ?1")?
        .execute(params![name, off])?;
    Ok(())
}

fn status(conn: &Connection) -> Sql<Vec<TargetStatus>> {
    conn.prepare_cached(
        "SELECT name, CASE WHEN removed_at IS NOT NULL THEN 2 WHEN off IS NOT NULL THEN 1 ELSE 0 END, off,
                sent, failed, dropped, last_sent, last_error,
                (SELECT count(*) FROM notify_events e WHERE e.target = t.target AND e.next_at IS NOT NULL),
                (SELECT min(created) FROM notify_events e WHERE e.target = t.target AND e.next_at IS NOT NULL),
                (SELECT min(next_at) FROM notify_events e WHERE e.target = t.target AND e.next_at IS NOT NULL)
         FROM notify_targets t ORDER BY name",
    )?
    .query_map([], |r| {
        let time = |i: usize| -> Sql<Option<Time>> { Ok(r.get::<_, Option<i64>>(i)?.map(Time::from_millis)) };
        Ok(TargetStatus {
            name: r.get(0)?,
            state: match r.get(1)? {
                2 => "removed",
                1 => "off",
                _ => "on",
            },
            reason: r.get(2)?,
            sent: count(r, 3)?,
            failed: count(r, 4)?,
            dropped: count(r, 5)?,
            last_sent: time(6)?,
            last_error: r.get(7)?,
            waiting: count(r, 8)?,
            waiting_since: time(9)?,
            next_at: time(10)?,
        })
    })?
    .collect()
}
