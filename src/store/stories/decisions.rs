//! What a user decided about copies, in rows (see `dedup::decisions`). A decision goes with its copies: pruned ones are forgotten,
//! withdrawn ones after [`WITHDRAWN_KEPT`]. Never groups anything itself.
//!
//! `meta.decisions` grows with every change, so that another process sees it.

use std::collections::HashMap;
use std::time::Duration;

use rusqlite::{Connection, params};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use crate::dedup::decisions::{DecisionRow, Decisions, Part, Word};
use crate::model::{ArticleId, ArticleRow, StoryId, StoryRow, Time};
use crate::store::connections::Reads;
use crate::store::error::StoreError;
use crate::store::sql::Sql;

/// A copy that its publisher withdrew is expected back for so long.
const WITHDRAWN_KEPT: Duration = Duration::from_secs(30 * 86_400);

/// What the user decided about stories (`newswire split` and `newswire join`), in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct DecisionCounts {
    /// Splits that apply.
    pub splits: u64,
    /// Joins that apply.
    pub joins: u64,
    /// Stored copies that they are about.
    pub copies: u64,
}

/// What the stored decision says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DecisionKind {
    /// Copies left a story.
    Split,
    /// Stories became one.
    Join,
}

/// A copy that a decision is about.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Decided {
    /// The decision.
    #[serde(skip)]
    pub decision: DecisionRow,
    /// What it was.
    #[serde(skip)]
    pub kind: DecisionKind,
    /// When it was made.
    #[serde(skip)]
    pub at: Time,
    /// The copy.
    pub id: ArticleId,
    /// On which side: of a split, 0 stayed and higher ones are the new stories; of a join, 1.
    pub side: u32,
    /// The story that holds it now.
    #[serde(rename = "story_id")]
    pub story: StoryId,
    /// The title of its feed.
    pub feed_title: String,
    /// Its headline.
    pub title: String,
}

type Places = Vec<(ArticleId, StoryRow, ArticleRow)>;

impl Reads {
    /// All that was decided about stored copies, by decision and side; the newest decision last.
    ///
    /// # Errors
    /// What the store says.
    pub fn decisions(&self) -> Result<Vec<Decided>, StoreError> {
        self.read(|conn| select(conn, "1", &[]))
    }

    /// What was decided about a copy, the newest decision last: its own part only.
    ///
    /// # Errors
    /// What the store says.
    pub fn decisions_about(&self, id: ArticleId) -> Result<Vec<Decided>, StoreError> {
        self.read(|conn| select(conn, "d.id = ?1", &id.0.as_bytes()[..]))
    }

    /// The copies whose ids are in this range, at most `limit`, each with its story.
    ///
    /// # Errors
    /// What the store says.
    pub fn copies_between(
        &self,
        ids: std::ops::RangeInclusive<ArticleId>,
        limit: usize,
    ) -> Result<Vec<(ArticleId, StoryId)>, StoreError> {
        let bound = |id: &ArticleId| id.0.as_bytes().to_vec();
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.read(|conn| {
            conn.prepare_cached(
                "SELECT a.id, s.id FROM articles a JOIN stories s USING (story)
                 WHERE a.id BETWEEN ?1 AND ?2 LIMIT ?3",
            )?
            .query_map(params![bound(ids.start()), bound(ids.end()), limit], ids_of)?
            .collect()
        })
    }

    /// The copies with this URL (as published or canonical), each with its story.
    ///
    /// # Errors
    /// What the store says.
    pub fn copies_at(&self, url: &str) -> Result<Vec<(ArticleId, StoryId)>, StoreError> {
        self.read(|conn| {
            conn.prepare_cached(
                "SELECT a.id, s.id FROM articles a JOIN stories s USING (story)
                 WHERE a.url = ?1 OR a.canonical_url = ?1 ORDER BY a.article",
            )?
            .query_map([url], ids_of)?
            .collect()
        })
    }

    /// What was said last of two copies.
    ///
    /// # Errors
    /// What the store says.
    pub fn word(&self, a: ArticleId, b: ArticleId) -> Result<Option<Word>, StoreError> {
        self.read(|conn| Ok(read(conn)?.word(a, b)))
    }
}

/// A new decision of this kind.
pub(in crate::store) fn begin(conn: &Connection, kind: &str, now: Time) -> Sql<DecisionRow> {
    conn.prepare_cached("INSERT INTO decisions (kind, at) VALUES (?1, ?2)")?
        .execute(params![kind, now.millis()])?;
    Ok(conn.last_insert_rowid())
}

/// These copies are on this side of it.
pub(in crate::store) fn note(
    conn: &Connection,
    decision: DecisionRow,
    side: u32,
    copies: impl Iterator<Item = ArticleId>,
) -> Sql<()> {
    let mut insert =
        conn.prepare_cached("INSERT INTO decided (decision, id, side) VALUES (?1, ?2, ?3)")?;
    for id in copies {
        insert.execute(params![decision, &id.0.as_bytes()[..], side])?;
    }
    Ok(())
}

/// Forgets older decisions about nothing but copies that this join is about.
pub(in crate::store) fn forget_overruled(conn: &Connection, join: DecisionRow) -> Sql<()> {
    conn.prepare_cached(
        "DELETE FROM decisions WHERE decision < ?1 AND NOT EXISTS (
           SELECT 1 FROM decided d WHERE d.decision = decisions.decision
             AND d.id NOT IN (SELECT id FROM decided WHERE decision = ?1))",
    )?
    .execute([join])?;
    forget_empty(conn)
}

fn forget_empty(conn: &Connection) -> Sql<()> {
    conn.prepare_cached(
        "DELETE FROM decided WHERE decision NOT IN (SELECT decision FROM decisions)",
    )?
    .execute([])?;
    Ok(())
}

/// Forgets the decisions that say nothing of any two copies any more.
fn forget_idle(conn: &Connection) -> Sql<()> {
    conn.prepare_cached(
        "DELETE FROM decisions WHERE NOT EXISTS (
           SELECT 1 FROM decided d WHERE d.decision = decisions.decision GROUP BY d.decision
           HAVING count(DISTINCT side) > 1 OR count(*) > 1 AND max(side) > 0)",
    )?
    .execute([])?;
    forget_empty(conn)
}

/// What was decided is not what it was: who remembers it reads it again.
pub(in crate::store) fn note_change(conn: &Connection) -> Sql<()> {
    conn.prepare_cached(
        "INSERT INTO meta (key, value) VALUES ('decisions', 1)
         ON CONFLICT DO UPDATE SET value = value + 1",
    )?
    .execute([])?;
    Ok(())
}

/// Grows with every change.
pub(in crate::store) fn version(conn: &Connection) -> Sql<i64> {
    conn.prepare_cached("SELECT coalesce((SELECT value FROM meta WHERE key = 'decisions'), 0)")?
        .query_row([], |r| r.get(0))
}

/// Whether a decision is about this copy.
pub(super) fn are_about(conn: &Connection, id: ArticleId) -> Sql<bool> {
    conn.prepare_cached("SELECT EXISTS (SELECT 1 FROM decided WHERE id = ?1)")?
        .query_row([&id.0.as_bytes()[..]], |r| r.get(0))
}

/// Whether decisions name copies more than so many times.
pub(super) fn are_more_than(conn: &Connection, most: i64) -> Sql<bool> {
    let count: i64 = conn
        .prepare_cached("SELECT count(*) FROM (SELECT 1 FROM decided LIMIT ?1)")?
        .query_row([most + 1], |r| r.get(0))?;
    Ok(count > most)
}

/// All decisions, with the places of their copies.
pub(in crate::store) fn read(conn: &Connection) -> Sql<Decisions> {
    let (mut decisions, places) = read_parts(conn)?;
    for (id, story, article) in places {
        decisions.place(id, story, article);
    }
    Ok(decisions)
}

/// All decisions without any place, and the rows of their copies.
pub(in crate::store) fn read_unplaced(
    conn: &Connection,
) -> Sql<(Decisions, HashMap<ArticleRow, ArticleId>)> {
    let (decisions, places) = read_parts(conn)?;
    let rows = places.into_iter().map(|(id, _, article)| (article, id));
    Ok((decisions, rows.collect()))
}

fn read_parts(conn: &Connection) -> Sql<(Decisions, Places)> {
    let (mut decisions, mut places) = (Decisions::default(), Places::new());
    let mut select = conn.prepare_cached(
        "SELECT d.decision, d.id, d.side, a.story, a.article FROM decided d LEFT JOIN articles a USING (id)",
    )?;
    let mut rows = select.query([])?;
    while let Some(r) = rows.next()? {
        let (decision, side) = (r.get(0)?, r.get(2)?);
        let id = ArticleId(Uuid::from_bytes(r.get(1)?));
        decisions.add(id, Part { decision, side });
        if let (Some(story), Some(article)) = (r.get(3)?, r.get(4)?) {
            places.push((id, story, article));
        }
    }
    Ok((decisions, places))
}

/// An article is about to be removed for good.
pub(in crate::store) fn forget(conn: &Connection, article: ArticleRow) -> Sql<()> {
    let forgotten = conn
        .prepare_cached(
            "DELETE FROM decided WHERE id = (SELECT id FROM articles WHERE article = ?1)",
        )?
        .execute([article])?;
    if forgotten > 0 {
        forget_idle(conn)?;
        note_change(conn)?;
    }
    Ok(())
}

/// An article is about to be removed because its publisher lists it no more.
pub(in crate::store) fn note_withdrawn(
    conn: &Connection,
    article: ArticleRow,
    now: Time,
) -> Sql<()> {
    let noted = conn
        .prepare_cached(
            "UPDATE decided SET withdrawn = ?2 WHERE id = (SELECT id FROM articles WHERE article = ?1)",
        )?
        .execute(params![article, now.millis()])?;
    if noted > 0 {
        note_change(conn)?;
    }
    Ok(())
}

/// An article was stored that decisions are about.
pub(in crate::store) fn note_came_back(conn: &Connection, id: ArticleId) -> Sql<()> {
    conn.prepare_cached("UPDATE decided SET withdrawn = NULL WHERE id = ?1")?
        .execute([&id.0.as_bytes()[..]])?;
    note_change(conn)
}

/// Forgets withdrawn articles that did not come back.
pub(in crate::store) fn forget_withdrawn(conn: &Connection, now: Time) -> Sql<()> {
    let forgotten = conn
        .prepare_cached("DELETE FROM decided WHERE withdrawn < ?1")?
        .execute([now.minus(WITHDRAWN_KEPT).millis()])?;
    if forgotten > 0 {
        forget_idle(conn)?;
        note_change(conn)?;
    }
    Ok(())
}

/// How much was decided.
pub(in crate::store) fn counts(conn: &Connection) -> Sql<DecisionCounts> {
    let count = |sql: &str| conn.query_row(sql, [], |r| Ok(r.get::<_, i64>(0)?.cast_unsigned()));
    Ok(DecisionCounts {
        splits: count("SELECT count(*) FROM decisions WHERE kind = 'split'")?,
        joins: count("SELECT count(*) FROM decisions WHERE kind = 'join'")?,
        copies: count("SELECT count(DISTINCT id) FROM decided WHERE withdrawn IS NULL")?,
    })
}

/// How many pairs of copies are of one story although they were split from each other.
pub(in crate::store) fn violations(conn: &Connection) -> Sql<usize> {
    Ok(read(conn)?.violations())
}

fn ids_of(r: &rusqlite::Row<'_>) -> Sql<(ArticleId, StoryId)> {
    let id = |at| Sql::Ok(Uuid::from_bytes(r.get(at)?));
    Ok((ArticleId(id(0)?), StoryId(id(1)?)))
}

fn select(conn: &Connection, of: &str, id: &[u8]) -> Sql<Vec<Decided>> {
    let sql = format!(
        "SELECT n.decision, n.kind, n.at, d.id, d.side, s.id, coalesce(f.title_user, f.title_own),
           CASE WHEN a.title <> '' THEN a.title ELSE a.summary END
         FROM decisions n JOIN decided d USING (decision) JOIN articles a ON a.id = d.id
           JOIN stories s USING (story) JOIN feeds f ON f.feed = a.feed
         WHERE {of} ORDER BY n.decision, d.side, a.article"
    );
    let mut select = conn.prepare_cached(&sql)?;
    let read = |r: &rusqlite::Row<'_>| {
        let kind: String = r.get(1)?;
        Ok(Decided {
            decision: r.get(0)?,
            kind: match kind.as_str() {
                "join" => DecisionKind::Join,
                _ => DecisionKind::Split,
            },
            at: Time::from_millis(r.get(2)?),
            id: ArticleId(Uuid::from_bytes(r.get(3)?)),
            side: r.get(4)?,
            story: StoryId(Uuid::from_bytes(r.get(5)?)),
            feed_title: r.get(6)?,
            title: r.get(7)?,
        })
    };
    match id {
        [] => select.query_map([], read)?.collect(),
        id => select.query_map([id], read)?.collect(),
    }
}
