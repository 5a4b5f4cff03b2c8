//! The events that wait, what became of attempts to send them, and the log.

use rusqlite::{Connection, params};
use serde::Serialize;
use uuid::Uuid;

use crate::model::{StoryId, StoryView, Time};
use crate::notify::EventKind;
use crate::store::connections::Reads;
use crate::store::error::StoreError;
use crate::store::sql::Sql;
use crate::store::stories::{story_ids, story_views};

/// No event is due later than this from now, so one that is was planned while the clock was wrong.
const AHEAD_MAX: std::time::Duration = std::time::Duration::from_secs(50 * 3600);

/// Maximum length of what a message says of other copies, in bytes.
const COPIES_BYTES_MAX: usize = 256 << 10;

/// An event that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxEvent {
    /// Its row.
    pub row: i64,
    /// The same in every attempt.
    pub id: String,
    /// The story.
    pub story: StoryId,
    /// What happened.
    pub kind: EventKind,
    /// When it was noticed.
    pub created: Time,
    /// Attempts so far.
    pub attempts: u32,
}

/// What became of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventOutcome {
    /// The target has it.
    Sent,
    /// It failed and is tried again at this time.
    Later(Time, String),
    /// It is given up.
    Failed(String),
    /// Its story was removed before it was sent: nothing was attempted.
    Removed,
}

/// What the log says of an event whose story is gone.
const REMOVED: &str = "the story was removed before it was sent";

/// An event with what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettledEvent {
    /// The event's row.
    pub row: i64,
    /// What became of it.
    pub outcome: EventOutcome,
}

/// An event in the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LoggedEvent {
    /// The target's name.
    pub target: String,
    /// The id that the receiver sees.
    pub id: String,
    /// `story.new`, `story.updated` or `story.grew`.
    #[serde(rename = "type")]
    pub kind: String,
    /// `waiting`, `sent` or `failed`.
    pub state: String,
    /// The story.
    pub story_id: StoryId,
    /// Its headline; `None` if the story is gone.
    pub title: Option<String>,
    /// When it was noticed.
    pub created: Time,
    /// Attempts so far.
    pub attempts: u32,
    /// When it is due.
    pub next_at: Option<Time>,
    /// When it was sent or given up.
    pub done_at: Option<Time>,
    /// Why the last attempt failed.
    pub error: Option<String>,
}

/// Which events of the log are meant.
#[derive(Debug, Clone, Copy, Default)]
pub struct LogQuery<'q> {
    /// Only of this target.
    pub target: Option<&'q str>,
    /// Only in this state.
    pub state: Option<&'q str>,
    /// Maximum number of events, the newest first.
    pub limit: usize,
}

impl Reads {
    /// The events of a target that are due, oldest first.
    pub fn outbox_due(
        &self,
        target: &str,
        now: Time,
        limit: usize,
    ) -> Result<Vec<OutboxEvent>, StoreError> {
        self.read(|conn| due(conn, target, now, limit))
    }

    /// When the next event of a target is due; `None` if none waits.
    pub fn outbox_next(&self, target: &str) -> Result<Option<Time>, StoreError> {
        self.read(|conn| {
            let next: Option<i64> = conn
                .prepare_cached(
                    "SELECT min(next_at) FROM notify_events
                     WHERE target = (SELECT target FROM notify_targets WHERE name = ?1 AND off IS NULL)
                       AND next_at IS NOT NULL",
                )?
                .query_row([target], |r| r.get(0))?;
            Ok(next.map(Time::from_millis))
        })
    }

    /// The stories of events, without bodies; `None` for one that is gone.
    pub fn outbox_stories(&self, ids: &[StoryId]) -> Result<Vec<Option<StoryView>>, StoreError> {
        self.read(|conn| {
            ids.iter()
                .map(|id| match story_ids::story_of(conn, *id)? {
                    Some(row) => story_views::story(conn, row, false, &[], COPIES_BYTES_MAX),
                    None => Ok(None),
                })
                .collect()
        })
    }

    /// When a target was sent messages since `since`: one time for each. `is_batch`: events that were noted together were one message.
    pub fn outbox_sent(
        &self,
        (target, is_batch): (&str, bool),
        since: Time,
    ) -> Result<Vec<Time>, StoreError> {
        let mut sent: Vec<Time> = self.read(|conn| {
            conn.prepare_cached(
                "SELECT done_at FROM notify_events WHERE done_at >= ?2 AND state = 'sent'
                   AND target = (SELECT target FROM notify_targets WHERE name = ?1) ORDER BY done_at",
            )?
            .query_map(params![target, since.millis()], |r| Ok(Time::from_millis(r.get(0)?)))?
            .collect::<Sql<_>>()
        })?;
        if is_batch {
            sent.dedup();
        }
        Ok(sent)
    }

    /// What went, failed and waits, the newest first.
    pub fn outbox_log(&self, query: &LogQuery<'_>) -> Result<Vec<LoggedEvent>, StoreError> {
        self.read(|conn| log(conn, query))
    }
}

fn due(conn: &Connection, target: &str, now: Time, limit: usize) -> Sql<Vec<OutboxEvent>> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    conn.prepare_cached(
        "SELECT event, id, story, kind, created, attempts FROM notify_events
         WHERE target = (SELECT target FROM notify_targets WHERE name = ?1 AND off IS NULL)
           AND next_at IS NOT NULL AND (next_at <= ?2 OR next_at > ?3)
         ORDER BY next_at, event LIMIT ?4",
    )?
    .query_map(
        params![target, now.millis(), now.plus(AHEAD_MAX).millis(), limit],
        |r| {
            let kind: String = r.get(3)?;
            Ok(OutboxEvent {
                row: r.get(0)?,
                id: r.get(1)?,
                story: StoryId(Uuid::from_bytes(r.get(2)?)),
                kind: EventKind::from_name(&kind).unwrap_or(EventKind::New),
                created: Time::from_millis(r.get(4)?),
                attempts: r.get(5)?,
            })
        },
    )?
    .collect()
}

/// Writes what became of attempts. An event that was dropped meanwhile stays dropped.
pub(in crate::store) fn settle(
    conn: &Connection,
    target: &str,
    settled: &[SettledEvent],
    now: Time,
) -> Sql<()> {
    let (mut sent, mut failed) = (0_i64, 0_i64);
    let (mut is_attempted, mut last_error) = (false, None);
    for one in settled {
        let (state, next_at, error) = match &one.outcome {
            EventOutcome::Sent => ("sent", None, None),
            EventOutcome::Later(at, error) => ("waiting", Some(at.millis()), Some(error.as_str())),
            EventOutcome::Failed(error) => ("failed", None, Some(error.as_str())),
            EventOutcome::Removed => ("failed", None, Some(REMOVED)),
        };
        let done_at = next_at.is_none().then(|| now.millis());
        let written = conn
            .prepare_cached(
                "UPDATE notify_events SET state = ?2, next_at = ?3, done_at = ?4, error = ?5, attempts = attempts + 1
                 WHERE event = ?1 AND next_at IS NOT NULL",
            )?
            .execute(params![one.row, state, next_at, done_at, error])?;
        let written = i64::try_from(written).unwrap_or(0);
        match &one.outcome {
            EventOutcome::Sent => sent += written,
            EventOutcome::Failed(_) | EventOutcome::Removed => failed += written,
            EventOutcome::Later(..) => {}
        }
        // Without an attempt nothing is known of the target.
        if one.outcome != EventOutcome::Removed {
            (is_attempted, last_error) = (true, error);
        }
    }
    let is_error = last_error.is_some();
    conn.prepare_cached(
        "UPDATE notify_targets SET sent = sent + ?2, failed = failed + ?3, last_error = iif(?7, ?4, last_error),
           error_at = iif(?7, iif(?5, ?6, NULL), error_at), last_sent = CASE WHEN ?2 > 0 THEN ?6 ELSE last_sent END
         WHERE name = ?1",
    )?
    .execute(params![target, sent, failed, last_error, is_error, now.millis(), is_attempted])?;
    Ok(())
}

fn log(conn: &Connection, query: &LogQuery<'_>) -> Sql<Vec<LoggedEvent>> {
    let limit = i64::try_from(query.limit).unwrap_or(i64::MAX);
    let time = |ms: Option<i64>| ms.map(Time::from_millis);
    let mut logged: Vec<LoggedEvent> = conn
        .prepare_cached(
            "SELECT t.name, e.id, e.kind, e.state, e.story, e.created, e.attempts, e.next_at, e.done_at, e.error
             FROM notify_events e JOIN notify_targets t USING (target)
             WHERE (?1 IS NULL OR t.name = ?1) AND (?2 IS NULL OR e.state = ?2) ORDER BY e.event DESC LIMIT ?3",
        )?
        .query_map(params![query.target, query.state, limit], |r| {
            Ok(LoggedEvent {
                target: r.get(0)?,
                id: r.get(1)?,
                kind: r.get(2)?,
                state: r.get(3)?,
                story_id: StoryId(Uuid::from_bytes(r.get(4)?)),
                title: None,
                created: Time::from_millis(r.get(5)?),
                attempts: r.get(6)?,
                next_at: time(r.get(7)?),
                done_at: time(r.get(8)?),
                error: r.get(9)?,
            })
        })?
        .collect::<Sql<_>>()?;
    let mut title = conn.prepare_cached(
        "SELECT a.title FROM stories s JOIN articles a ON a.article = s.shown WHERE s.story = ?1",
    )?;
    for event in &mut logged {
        if let Some(story) = story_ids::story_of(conn, event.story_id)? {
            event.title = title.query_row([story], |r| r.get(0)).ok();
        }
    }
    Ok(logged)
}
