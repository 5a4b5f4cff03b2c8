//! What a user decided about copies, in rows: `newswire split` and `newswire join`. Never changes a copy itself, nor the story of
//! a copy that the command did not name.
//!
//! A decision goes with its copies: pruned ones are forgotten, withdrawn ones after [`WITHDRAWN_KEPT`]. `meta.decisions` grows with
//! every change, so that another process sees it.

use std::collections::HashMap;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use super::grouping::{COPIES_MAX, Grouping};
use super::records::DecisionCounts;
use super::topics::{self, Tagger};
use super::{StoreError, articles, readers::Reads, story_ids};
use crate::dedup::decisions::{DecisionRow, Decisions, Part, STAYED, Word};
use crate::dedup::{Join, Signal};
use crate::model::{ArticleId, ArticleRow, StoryId, StoryRow, Time};

type Sql<T> = rusqlite::Result<T>;

/// A copy that its publisher withdrew is expected back for so long.
const WITHDRAWN_KEPT: Duration = Duration::from_secs(30 * 86_400);

/// What the stored decision says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DecisionKind {
    /// Copies left a story.
    Split,
    /// Stories became one.
    Join,
}

/// What a user wants of stories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Regroup {
    /// These copies leave the story. They make one new story, or each makes its own.
    Split {
        /// The story.
        story: StoryId,
        /// Copies of it; with `each` and all of them, the first one stays.
        copies: Vec<ArticleId>,
        /// Whether each copy makes a story of its own.
        each: bool,
    },
    /// These stories become one: the oldest of them.
    Join(Vec<StoryId>),
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Regrouped {
    /// It was done: the story that keeps its id, then the new ones.
    Done(Vec<StoryId>),
    /// It was so before: the same stories. Nothing was changed.
    Already(Vec<StoryId>),
    /// No story or copy has this id any more.
    Gone(Uuid),
    /// This copy belongs to another story, from which it was never split.
    NotACopy(ArticleId, StoryId),
    /// No copy would stay.
    NothingStays,
    /// The one story would have so many copies: more than [`COPIES_MAX`].
    TooLarge(usize),
}

/// A copy that a decision is about.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Decided {
    /// The decision.
    pub decision: DecisionRow,
    /// What it was.
    pub kind: DecisionKind,
    /// When it was made.
    pub at: Time,
    /// The copy.
    pub id: ArticleId,
    /// On which side: of a split, 0 stayed and higher ones are the new stories; of a join, 1.
    pub side: u32,
    /// The story that holds it now.
    pub story: StoryId,
    /// The title of its feed.
    pub feed_title: String,
    /// Its headline.
    pub title: String,
}

/// Does what a user decided, and notes it.
pub(super) fn regroup(
    conn: &Connection,
    grouping: &mut Grouping,
    tagger: &mut Tagger,
    wanted: &Regroup,
    now: Time,
) -> Sql<Regrouped> {
    tagger.refresh(conn, now)?;
    let done = match wanted {
        Regroup::Split {
            story,
            copies,
            each,
        } => split(conn, tagger, *story, copies, *each, now),
        Regroup::Join(stories) => join(conn, grouping, tagger, stories, now),
    }?;
    if matches!(done, Regrouped::Done(_)) {
        note_change(conn)?;
        grouping.forget(); // read again when the next article comes
    }
    Ok(done)
}

/// A copy: its row, its id, and the one that it was joined with.
type Row = (ArticleRow, ArticleId, Option<ArticleId>);

fn split(
    conn: &Connection,
    tagger: &Tagger,
    story: StoryId,
    copies: &[ArticleId],
    each: bool,
    now: Time,
) -> Sql<Regrouped> {
    let Some(row) = story_ids::story_of(conn, story)? else {
        return Ok(Regrouped::Gone(story.0));
    };
    if let Some(answer) = answered(conn, row, copies, each)? {
        return Ok(answer);
    }
    let all = rows(conn, row)?;
    let (mut leave, mut stay): (Vec<Row>, Vec<Row>) =
        all.into_iter().partition(|(_, id, _)| copies.contains(id));
    if stay.is_empty() && each && leave.len() > 1 {
        stay.push(leave.remove(0));
    }
    if stay.is_empty() {
        return Ok(Regrouped::NothingStays);
    }
    let groups: Vec<&[Row]> = match each {
        true => leave.chunks(1).collect(),
        false => vec![&leave],
    };
    let decision = begin(conn, "split", now)?;
    note(conn, decision, STAYED, &stay)?;
    let mut stories = vec![id_of(conn, row)?];
    for (side, group) in (STAYED + 1..).zip(groups) {
        note(conn, decision, side, group)?;
        let new = begin_story(conn, group)?;
        settle(conn, tagger, new)?;
        stories.push(id_of(conn, new)?);
    }
    make_first(conn, &stay)?;
    settle(conn, tagger, row)?;
    Ok(Regrouped::Done(stories))
}

/// What there is to say if not all of the copies belong to the story any more.
fn answered(
    conn: &Connection,
    row: StoryRow,
    copies: &[ArticleId],
    each: bool,
) -> Sql<Option<Regrouped>> {
    let mut elsewhere: Vec<(ArticleId, StoryRow)> = Vec::new();
    for id in copies {
        let story: Option<StoryRow> = conn
            .prepare_cached("SELECT story FROM articles WHERE id = ?1")?
            .query_row([&id.0.as_bytes()[..]], |r| r.get(0))
            .optional()?;
        match story {
            None => return Ok(Some(Regrouped::Gone(id.0))),
            Some(story) if story != row => elsewhere.push((*id, story)),
            Some(_) => {}
        }
    }
    let Some(&(first, its_story)) = elsewhere.first() else {
        return Ok(None);
    };
    let decisions = read(conn)?;
    let is_split = |(id, _): &(ArticleId, StoryRow)| decisions.is_apart_from(*id, row);
    let is_done = elsewhere.len() == copies.len()
        && elsewhere.iter().all(is_split)
        && (each || elsewhere.iter().all(|(_, story)| *story == its_story));
    if !is_done {
        let never = elsewhere.iter().find(|one| !is_split(one));
        let (copy, story) = never.copied().unwrap_or((first, its_story));
        return Ok(Some(Regrouped::NotACopy(copy, id_of(conn, story)?)));
    }
    let mut stories = vec![id_of(conn, row)?];
    for (_, story) in elsewhere {
        let id = id_of(conn, story)?;
        if !stories.contains(&id) {
            stories.push(id);
        }
    }
    Ok(Some(Regrouped::Already(stories)))
}

fn join(
    conn: &Connection,
    grouping: &mut Grouping,
    tagger: &Tagger,
    wanted: &[StoryId],
    now: Time,
) -> Sql<Regrouped> {
    let mut stories: Vec<StoryRow> = Vec::new();
    for id in wanted {
        match story_ids::story_of(conn, *id)? {
            Some(row) => stories.push(row),
            None => return Ok(Regrouped::Gone(id.0)),
        }
    }
    stories.sort_unstable();
    stories.dedup();
    let Some((&into, others)) = stories.split_first() else {
        return Ok(Regrouped::NothingStays);
    };
    if others.is_empty() {
        return Ok(Regrouped::Already(vec![id_of(conn, into)?]));
    }
    let mut copies = rows(conn, into)?;
    let Some((with_article, with, _)) = copies.first().copied() else {
        return Ok(Regrouped::NothingStays);
    };
    for other in others {
        copies.extend(rows(conn, *other)?);
    }
    if copies.len() > COPIES_MAX {
        return Ok(Regrouped::TooLarge(copies.len()));
    }
    for other in others {
        let join = Join::by_user(*other, with_article);
        articles::merge(conn, grouping, tagger, into, &join, with)?;
    }
    let decision = begin(conn, "join", now)?;
    note(conn, decision, STAYED + 1, &copies)?;
    forget_overruled(conn, decision)?;
    settle(conn, tagger, into)?;
    Ok(Regrouped::Done(vec![id_of(conn, into)?]))
}

/// The copies of a story, the first one first.
fn rows(conn: &Connection, story: StoryRow) -> Sql<Vec<Row>> {
    conn.prepare_cached(
        "SELECT article, id, joined_with FROM articles WHERE story = ?1 ORDER BY article",
    )?
    .query_map([story], |r| {
        let with: Option<[u8; 16]> = r.get(2)?;
        let with = with.map(|id| ArticleId(Uuid::from_bytes(id)));
        Ok((r.get(0)?, ArticleId(Uuid::from_bytes(r.get(1)?)), with))
    })?
    .collect()
}

fn id_of(conn: &Connection, story: StoryRow) -> Sql<StoryId> {
    conn.prepare_cached("SELECT id FROM stories WHERE story = ?1")?
        .query_row([story], |r| Ok(StoryId(Uuid::from_bytes(r.get(0)?))))
}

/// Makes these copies of another story a story of their own. It stands in the river where its first copy does.
fn begin_story(conn: &Connection, copies: &[Row]) -> Sql<StoryRow> {
    let Some((first, id, _)) = copies.first() else {
        return Err(rusqlite::Error::QueryReturnedNoRows);
    };
    let story_id = story_ids::unused(conn, *id)?;
    conn.prepare_cached(
        "INSERT INTO stories (id, seq, arrived, first_seen, shown, copies, feeds)
         SELECT ?1, 0, arrived, first_seen, article, 0, 0 FROM articles WHERE article = ?2",
    )?
    .execute(params![&story_id.0.as_bytes()[..], first])?;
    let story = conn.last_insert_rowid();
    for (article, id, _) in copies {
        story_ids::forget_id(conn, *id)?;
        let seq = articles::next_seq(conn)?;
        conn.prepare_cached("UPDATE articles SET story = ?2, seq = ?3 WHERE article = ?1")?
            .execute([*article, story, seq])?;
    }
    let is_elsewhere = |with: ArticleId| !copies.iter().any(|(_, other, _)| *other == with);
    for (article, _, with) in copies.iter().skip(1) {
        if with.is_none_or(is_elsewhere) {
            conn.prepare_cached(
                "UPDATE articles SET joined_with = ?2, signal = ?3, score = 1 WHERE article = ?1",
            )?
            .execute(params![
                article,
                &id.0.as_bytes()[..],
                Signal::User.as_str()
            ])?;
        }
    }
    make_first(conn, copies)?;
    Ok(story)
}

/// One copy of a story was joined with nothing: the first, if the one that was is of another story now.
fn make_first(conn: &Connection, copies: &[Row]) -> Sql<()> {
    if let Some((first, ..)) = copies.first() {
        conn.prepare_cached(
            "UPDATE articles SET joined_with = NULL, signal = NULL, score = NULL WHERE article = ?1 AND NOT EXISTS
               (SELECT 1 FROM articles a WHERE a.story = articles.story AND a.signal IS NULL)",
        )?
        .execute([first])?;
    }
    Ok(())
}

/// A story has other copies now.
fn settle(conn: &Connection, tagger: &Tagger, story: StoryRow) -> Sql<()> {
    articles::refresh_story(conn, story)?;
    topics::tag_story(conn, story)?;
    tagger.story_merged(conn, story)
}

fn begin(conn: &Connection, kind: &str, now: Time) -> Sql<DecisionRow> {
    conn.prepare_cached("INSERT INTO decisions (kind, at) VALUES (?1, ?2)")?
        .execute(params![kind, now.millis()])?;
    Ok(conn.last_insert_rowid())
}

fn note(conn: &Connection, decision: DecisionRow, side: u32, copies: &[Row]) -> Sql<()> {
    let mut insert =
        conn.prepare_cached("INSERT INTO decided (decision, id, side) VALUES (?1, ?2, ?3)")?;
    for (_, id, _) in copies {
        insert.execute(params![decision, &id.0.as_bytes()[..], side])?;
    }
    Ok(())
}

/// Forgets older decisions about nothing but copies that this join is about.
fn forget_overruled(conn: &Connection, join: DecisionRow) -> Sql<()> {
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

fn note_change(conn: &Connection) -> Sql<()> {
    conn.prepare_cached(
        "INSERT INTO meta (key, value) VALUES ('decisions', 1)
         ON CONFLICT DO UPDATE SET value = value + 1",
    )?
    .execute([])?;
    Ok(())
}

/// Grows with every change.
pub(super) fn version(conn: &Connection) -> Sql<i64> {
    conn.prepare_cached("SELECT coalesce((SELECT value FROM meta WHERE key = 'decisions'), 0)")?
        .query_row([], |r| r.get(0))
}

/// All decisions, with the places of their copies.
pub(super) fn read(conn: &Connection) -> Sql<Decisions> {
    let (mut decisions, places) = read_parts(conn)?;
    for (id, story, article) in places {
        decisions.place(id, story, article);
    }
    Ok(decisions)
}

/// All decisions without any place, and the rows of their copies.
pub(super) fn read_unplaced(conn: &Connection) -> Sql<(Decisions, HashMap<ArticleRow, ArticleId>)> {
    let (decisions, places) = read_parts(conn)?;
    let rows = places.into_iter().map(|(id, _, article)| (article, id));
    Ok((decisions, rows.collect()))
}

type Places = Vec<(ArticleId, StoryRow, ArticleRow)>;

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
pub(super) fn forget(conn: &Connection, article: ArticleRow) -> Sql<()> {
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
pub(super) fn note_withdrawn(conn: &Connection, article: ArticleRow, now: Time) -> Sql<()> {
    let noted = conn
        .prepare_cached(
            "UPDATE decided SET withdrawn = ?2 WHERE id = (SELECT id FROM articles WHERE article = ?1)",
        )?
        .execute([article, now.millis()])?;
    if noted > 0 {
        note_change(conn)?;
    }
    Ok(())
}

/// An article was stored that decisions are about.
pub(super) fn note_came_back(conn: &Connection, id: ArticleId) -> Sql<()> {
    conn.prepare_cached("UPDATE decided SET withdrawn = NULL WHERE id = ?1")?
        .execute([&id.0.as_bytes()[..]])?;
    note_change(conn)
}

/// Forgets withdrawn articles that did not come back.
pub(super) fn forget_withdrawn(conn: &Connection, now: Time) -> Sql<()> {
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
pub(super) fn counts(conn: &Connection) -> Sql<DecisionCounts> {
    let count = |sql: &str| conn.query_row(sql, [], |r| Ok(r.get::<_, i64>(0)?.cast_unsigned()));
    Ok(DecisionCounts {
        splits: count("SELECT count(*) FROM decisions WHERE kind = 'split'")?,
        joins: count("SELECT count(*) FROM decisions WHERE kind = 'join'")?,
        copies: count("SELECT count(DISTINCT id) FROM decided WHERE withdrawn IS NULL")?,
    })
}

/// How many pairs of copies are of one story although they were split from each other.
pub(super) fn violations(conn: &Connection) -> Sql<usize> {
    Ok(read(conn)?.violations())
}

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

    /// What was said last of two copies.
    ///
    /// # Errors
    /// What the store says.
    pub fn word(&self, a: ArticleId, b: ArticleId) -> Result<Option<Word>, StoreError> {
        self.read(|conn| Ok(read(conn)?.word(a, b)))
    }
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
