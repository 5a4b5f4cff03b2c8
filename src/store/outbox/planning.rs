//! What the changes of stories fire: read without a lock, then written in one transaction with the cursors that they lead to.

use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use crate::model::{ArticleRow, Seq, StoryId, StoryRow, Time};
use crate::notify::firing::{Change, Known, decide, mark};
use crate::notify::{EventKind, event_id};
use crate::query::plan::Predicate;
use crate::store::connections::Reads;
use crate::store::error::StoreError;
use crate::store::outbox::targets::{self, OutboxTarget, Stored};
use crate::store::search::matcher::Matcher;
use crate::store::sequence;
use crate::store::sql::Sql;
use crate::store::stop::Stop;
use crate::text::hash::hash;

/// Maximum number of changed stories in one step.
const STORIES_MAX: i64 = 500;

/// Maximum number of copies of a story, the newest and the one that is shown, that are compared with an expression.
const COPIES_MAX: i64 = 200;

/// Maximum number of events of a target that wait. If there are more, the oldest are dropped and counted.
pub const WAITING_MAX: i64 = 10_000;

/// An article that its publisher dates so much earlier than its place in the river is an old one that came back: an article has its
/// place at its publication, unless the feed was polled after it (decision 016).
const RESURFACED_AFTER_MS: i64 = 48 * 3_600_000;

/// A target with the time at which a message that is made now is due.
pub type DueTarget<'t> = (&'t OutboxTarget, Time);

/// What one step of planning comes to.
#[derive(Debug, Default)]
pub struct OutboxPlan {
    pub(in crate::store) moves: Vec<Move>,
    /// Whether more changes follow.
    pub is_more: bool,
}

/// What happens to one target.
#[derive(Debug)]
pub(in crate::store) struct Move {
    row: i64,
    from: Seq,
    to: Seq,
    events: Vec<PlannedEvent>,
}

#[derive(Debug)]
struct PlannedEvent {
    id: String,
    story: StoryId,
    kind: EventKind,
    next_at: Time,
    feeds: u32,
    digest: i64,
}

impl OutboxPlan {
    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        self.moves.is_empty()
    }
}

impl Reads {
    /// Decides what the next changes fire.
    pub fn plan_outbox(
        &self,
        targets: &[DueTarget<'_>],
        now: Time,
    ) -> Result<OutboxPlan, StoreError> {
        self.read_until(|conn, stop| plan(conn, targets, now, stop))
    }
}

/// A target while changes are decided.
struct Deciding<'t> {
    target: &'t OutboxTarget,
    due: Time,
    predicate: Option<Predicate>,
    stored: Stored,
    events: Vec<PlannedEvent>,
}

/// A changed story.
struct Changed {
    row: StoryRow,
    id: StoryId,
    seq: Seq,
    shown: ArticleRow,
    copies: u32,
    feeds: u32,
}

fn plan(conn: &Connection, targets: &[DueTarget<'_>], now: Time, stop: &Stop) -> Sql<OutboxPlan> {
    // Read first: what is written meanwhile has a greater number.
    let last = sequence::current(conn)?;
    let mut deciding = Vec::with_capacity(targets.len());
    for (target, due) in targets {
        let Some(stored) = targets::stored(conn, &target.name)? else {
            continue;
        };
        if !stored.is_removed && stored.cursor < last && stored.definition == target.definition {
            deciding.push(Deciding {
                target,
                due: *due,
                predicate: target.expr.as_ref().map(Predicate::of),
                stored,
                events: Vec::new(),
            });
        }
    }
    let Some(from) = deciding.iter().map(|d| d.stored.cursor).min() else {
        return Ok(OutboxPlan::default());
    };
    let stories = changed(conn, from, last)?;
    let is_more = i64::try_from(stories.len()).is_ok_and(|n| n == STORIES_MAX);
    let to = match stories.last() {
        Some(story) if is_more => story.seq,
        _ => last,
    };
    let mut matcher = Matcher::new(
        conn,
        deciding.iter().filter_map(|d| d.predicate.as_ref()),
        now,
    )?;
    matcher.stop_at(stop);
    for story in &stories {
        stop.check()?;
        let mut facts = None;
        for d in deciding
            .iter_mut()
            .filter(|d| d.stored.cursor < story.seq && !d.stored.is_off)
        {
            decide_one(conn, &mut matcher, d, story, &mut facts)?;
        }
    }
    let moves = deciding
        .into_iter()
        .filter(|d| d.stored.cursor < to)
        .map(|d| Move {
            row: d.stored.row,
            from: d.stored.cursor,
            to,
            events: d.events,
        });
    Ok(OutboxPlan {
        moves: moves.collect(),
        is_more,
    })
}

fn changed(conn: &Connection, from: Seq, to: Seq) -> Sql<Vec<Changed>> {
    conn.prepare_cached(
        "SELECT story, id, seq, shown, copies, feeds FROM stories WHERE seq > ?1 AND seq <= ?2 ORDER BY seq LIMIT ?3",
    )?
    .query_map(params![from, to, STORIES_MAX], |r| {
        Ok(Changed {
            row: r.get(0)?,
            id: StoryId(Uuid::from_bytes(r.get(1)?)),
            seq: r.get(2)?,
            shown: r.get(3)?,
            copies: r.get(4)?,
            feeds: r.get(5)?,
        })
    })?
    .collect()
}

/// What of a story does not depend on the target: whether it is news, and a hash of what is shown.
type Facts = (bool, i64);

fn decide_one(
    conn: &Connection,
    matcher: &mut Matcher<'_>,
    d: &mut Deciding<'_>,
    story: &Changed,
    facts: &mut Option<Facts>,
) -> Sql<()> {
    let rule = &d.target.rule;
    let known = known(conn, d.stored.row, story)?;
    if known.is_some() && !rule.updated && rule.grew_at.is_empty() {
        return Ok(());
    }
    let (is_news, digest) = match facts {
        Some(facts) => *facts,
        None => *facts.insert((is_news(conn, story.row)?, digest(conn, story.shown)?)),
    };
    let mut change = Change {
        matches: true,
        is_newer: story.row > d.stored.since_story,
        is_news,
        copies: story.copies,
        feeds: story.feeds,
        digest,
    };
    // The expression comes last, because it may read texts.
    let Some(kind) = decide(rule, known.as_ref(), &change) else {
        return Ok(());
    };
    if known.is_none()
        && let Some(predicate) = &d.predicate
    {
        change.matches = matches(conn, matcher, predicate, story)?;
        if decide(rule, None, &change).is_none() {
            return Ok(());
        }
    }
    d.events.push(PlannedEvent {
        id: event_id(
            &d.target.name,
            story.id,
            kind,
            mark(rule, known.as_ref(), &change, kind, story.seq),
        ),
        story: story.id,
        kind,
        next_at: d.due,
        feeds: story.feeds.max(known.map_or(0, |known| known.feeds)),
        digest,
    });
    Ok(())
}

/// What the target knows of the story, under its id or one that led to another story before stories were joined.
fn known(conn: &Connection, target: i64, story: &Changed) -> Sql<Option<Known>> {
    let read = |r: &rusqlite::Row<'_>| {
        Ok(Known {
            feeds: r.get(0)?,
            digest: r.get(1)?,
        })
    };
    let own = conn
        .prepare_cached("SELECT feeds, digest FROM notify_known WHERE target = ?1 AND story = ?2")?
        .query_row(params![target, &story.id.0.as_bytes()[..]], read)
        .optional()?;
    if own.is_some() {
        return Ok(own);
    }
    conn.prepare_cached(
        "SELECT k.feeds, k.digest FROM (
           SELECT id FROM story_ids WHERE story = ?2 UNION ALL SELECT id FROM articles WHERE story = ?2 AND ?3 > 1
         ) ids JOIN notify_known k ON k.target = ?1 AND k.story = ids.id
         ORDER BY k.digest IS NULL, k.feeds DESC LIMIT 1",
    )?
    .query_row(params![target, story.row, story.copies], read)
    .optional()
}

fn is_news(conn: &Connection, story: StoryRow) -> Sql<bool> {
    conn.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM articles a JOIN feeds f USING (feed)
           WHERE a.story = ?1 AND a.article > f.backlog AND (a.published IS NULL OR a.arrived <= a.published + ?2))",
    )?
    .query_row(params![story, RESURFACED_AFTER_MS], |r| r.get(0))
}

fn digest(conn: &Connection, shown: ArticleRow) -> Sql<i64> {
    let text: Option<String> = conn
        .prepare_cached("SELECT title || char(10) || summary || char(10) || revision FROM articles WHERE article = ?1")?
        .query_row([shown], |r| r.get(0))
        .optional()?;
    Ok(hash(text.unwrap_or_default().as_bytes()).cast_signed())
}

fn matches(
    conn: &Connection,
    matcher: &mut Matcher<'_>,
    predicate: &Predicate,
    story: &Changed,
) -> Sql<bool> {
    if matcher.holds(predicate, story.shown)? {
        return Ok(true);
    }
    if story.copies < 2 {
        return Ok(false);
    }
    let copies: Vec<ArticleRow> = conn
        .prepare_cached("SELECT article FROM articles WHERE story = ?1 AND article <> ?2 ORDER BY article DESC LIMIT ?3")?
        .query_map(params![story.row, story.shown, COPIES_MAX], |r| r.get(0))?
        .collect::<Sql<_>>()?;
    for copy in copies {
        if matcher.holds(predicate, copy)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Writes a plan. A target whose cursor has moved meanwhile is left as it is: its changes were decided by another process. Returns the
/// number of events.
pub(in crate::store) fn write(conn: &Connection, plan: &OutboxPlan, now: Time) -> Sql<usize> {
    let mut made = 0;
    for one in &plan.moves {
        let moved = conn
            .prepare_cached(
                "UPDATE notify_targets SET cursor = ?3 WHERE target = ?1 AND cursor = ?2",
            )?
            .execute(params![one.row, one.from, one.to])?;
        if moved == 0 {
            continue;
        }
        for event in &one.events {
            let story = &event.story.0.as_bytes()[..];
            made += conn
                .prepare_cached(
                    "INSERT OR IGNORE INTO notify_events (target, id, story, kind, created, next_at, state)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'waiting')",
                )?
                .execute(params![
                    one.row,
                    event.id,
                    story,
                    event.kind.as_str(),
                    now.millis(),
                    event.next_at.millis()
                ])?;
            conn.prepare_cached(
                "INSERT OR REPLACE INTO notify_known (target, story, feeds, digest) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![one.row, story, event.feeds, event.digest])?;
        }
        if !one.events.is_empty() {
            drop_oldest(conn, one.row)?;
        }
    }
    Ok(made)
}

/// Drops the oldest events that wait, if there are too many.
fn drop_oldest(conn: &Connection, target: i64) -> Sql<()> {
    let waiting: i64 = conn
        .prepare_cached(
            "SELECT count(*) FROM notify_events WHERE target = ?1 AND next_at IS NOT NULL",
        )?
        .query_row([target], |r| r.get(0))?;
    if waiting <= WAITING_MAX {
        return Ok(());
    }
    let dropped = conn
        .prepare_cached(
            "DELETE FROM notify_events WHERE event IN (SELECT event FROM notify_events
               WHERE target = ?1 AND next_at IS NOT NULL ORDER BY event LIMIT ?2)",
        )?
        .execute([target, waiting - WAITING_MAX])?;
    let dropped = i64::try_from(dropped).unwrap_or(0);
    conn.prepare_cached("UPDATE notify_targets SET dropped = dropped + ?2 WHERE target = ?1")?
        .execute([target, dropped])?;
    Ok(())
}
