//! What happened to feeds, for the feed of our own health: noted in the transaction of the poll that shows it. One note a
//! change, never one a poll.

use std::time::Duration;

use rusqlite::{Connection, params};
use uuid::Uuid;

use crate::model::{FeedId, FeedRef, FeedRow, Outcome, Time};
use crate::store::connections::Reads;
use crate::store::error::StoreError;
use crate::store::leases::held::Before;
use crate::store::polls::poll_commit::{self, Committed, PollCommit};
use crate::store::sql::Sql;

/// A feed is broken after so many failures in a row: one or two are the weather of the internet.
const BROKEN_AFTER: u32 = 3;

/// A feed is silent after so many of its usual intervals, and not before so long.
const SILENT_INTERVALS: u64 = 5;
const SILENT_MIN: Duration = Duration::from_secs(14 * 86_400);

/// Articles from which the usual interval is told.
const USUAL: i64 = 10;

/// Events kept.
const KEPT: i64 = 1000;

/// Something that happened to a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedEvent {
    /// Which feed, as it is called now.
    pub feed: FeedRef,
    /// When it was noticed.
    pub at: Time,
    /// What.
    pub kind: EventKind,
    /// Why it broke or went, where it moved, since when it is silent; else empty.
    pub note: String,
}

/// What can happen to a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// It failed three times in a row.
    Broke,
    /// It was broken or gone and was read again.
    Recovered,
    /// It is asked at another URL from now on.
    Moved,
    /// Its server says that it is gone for good.
    Gone,
    /// It has not brought anything for far longer than usual.
    Silent,
    /// It brought something after a silence.
    Spoke,
}

impl EventKind {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::Broke,
        Self::Recovered,
        Self::Moved,
        Self::Gone,
        Self::Silent,
        Self::Spoke,
    ];

    /// Its name in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Broke => "broke",
            Self::Recovered => "recovered",
            Self::Moved => "moved",
            Self::Gone => "gone",
            Self::Silent => "silent",
            Self::Spoke => "spoke",
        }
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

impl Reads {
    /// What happened to feeds, the newest first.
    pub fn events(&self, limit: usize) -> Result<Vec<FeedEvent>, StoreError> {
        self.read(|conn| newest(conn, limit))
    }
}

/// Notes what this poll changes. `before` is what was known of the feed, `url` where it is asked from now on, `done` what
/// came of its articles.
pub(in crate::store) fn note(
    conn: &Connection,
    commit: &PollCommit,
    before: &Before,
    url: &str,
    done: &Committed,
) -> Sql<()> {
    let feed = commit.claim.feed;
    let at = commit.poll.finished;
    let add = |kind: EventKind, note: &str| add(conn, feed, at, kind, note);
    let last = before.event.as_deref().and_then(EventKind::from_name);
    if let Outcome::Failed(failure) = &commit.poll.outcome {
        let is_gone = commit.plan.next_at.is_none();
        let failures = before.failures + u32::from(poll_commit::counts_as_failure(commit));
        let was_broken = commit.claim.failures >= BROKEN_AFTER;
        if is_gone && last != Some(EventKind::Gone) {
            add(EventKind::Gone, &failure.message)?;
        } else if failures >= BROKEN_AFTER && !was_broken && !is_gone {
            add(EventKind::Broke, &failure.message)?;
        }
        return Ok(());
    }
    if matches!(last, Some(EventKind::Broke | EventKind::Gone)) {
        add(EventKind::Recovered, "")?;
    }
    if url != commit.claim.url.without_fragment() {
        add(EventKind::Moved, url)?;
    }
    if done.new > 0 {
        if last == Some(EventKind::Silent) {
            add(EventKind::Spoke, "")?;
        }
    } else if may_be_silent(before, at)
        && let Some((newest, silent_at)) = silence(conn, feed)?
        && silent_at <= at
        && commit
            .claim
            .last_poll
            .is_some_and(|before| before < silent_at)
    {
        add(EventKind::Silent, &newest.to_string())?;
    }
    Ok(())
}

/// Whether a feed without new articles may be silent at `at`. Most have had news lately, which one row tells; that an article
/// was withdrawn makes its feed no less lively.
fn may_be_silent(before: &Before, at: Time) -> bool {
    before
        .newest
        .is_some_and(|newest| newest.plus(SILENT_MIN) <= at)
}

/// When the newest article arrived, and when its feed is silent if no other follows. None: too little is known.
fn silence(conn: &Connection, feed: FeedRow) -> Sql<Option<(Time, Time)>> {
    let arrivals: Vec<i64> = conn
        .prepare_cached(
            "SELECT arrived FROM articles WHERE feed = ?1 ORDER BY arrived DESC LIMIT ?2",
        )?
        .query_map(params![feed, USUAL], |r| r.get(0))?
        .collect::<Sql<_>>()?;
    let (Some(newest), Some(oldest)) = (arrivals.first(), arrivals.last()) else {
        return Ok(None);
    };
    let gaps = arrivals.len() as u64 - 1;
    if gaps == 0 {
        return Ok(None);
    }
    let newest = Time::from_millis(*newest);
    let span = newest.since(Time::from_millis(*oldest)).as_secs();
    let limit = Duration::from_secs(span / gaps * SILENT_INTERVALS).max(SILENT_MIN);
    Ok(Some((newest, newest.plus(limit))))
}

fn add(conn: &Connection, feed: FeedRow, at: Time, kind: EventKind, note: &str) -> Sql<()> {
    conn.prepare_cached("INSERT INTO events (feed, at, kind, note) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![feed, at.millis(), kind.as_str(), note])?;
    conn.prepare_cached("DELETE FROM events WHERE event <= ?1")?
        .execute([conn.last_insert_rowid() - KEPT])?;
    Ok(())
}

/// The newest events, the newest first.
pub(in crate::store) fn newest(conn: &Connection, limit: usize) -> Sql<Vec<FeedEvent>> {
    let mut query = conn.prepare_cached(
        "SELECT e.at, e.kind, e.note, f.id, f.url, coalesce(f.title_user, f.title_own), f.site
         FROM events e JOIN feeds f USING (feed) ORDER BY e.event DESC LIMIT ?1",
    )?;
    let mut rows = query.query([i64::try_from(limit).unwrap_or(i64::MAX)])?;
    let mut events = Vec::new();
    while let Some(r) = rows.next()? {
        // A kind that this version does not know says nothing to it.
        let Some(kind) = EventKind::from_name(&r.get::<_, String>(1)?) else {
            continue;
        };
        events.push(FeedEvent {
            at: Time::from_millis(r.get(0)?),
            kind,
            note: r.get(2)?,
            feed: FeedRef {
                id: FeedId(Uuid::from_bytes(r.get(3)?)),
                url: r.get(4)?,
                title: r.get(5)?,
                site: r.get(6)?,
            },
        });
    }
    Ok(events)
}
