//! `newswire split` and `newswire join`: copies leave a story, or stories become one. Never changes a copy itself, nor the story of
//! a copy that the command did not name. What was decided is noted beside it (`decisions`), so that it stays so.

use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use crate::dedup::decisions::STAYED;
use crate::dedup::{Join, Signal};
use crate::model::{ArticleId, ArticleRow, StoryId, StoryRow, Time};
use crate::store::error::StoreError;
use crate::store::handle::Store;
use crate::store::options::COPIES_MAX;
use crate::store::sequence::Numbers;
use crate::store::sql::Sql;
use crate::store::stories::grouping::Grouping;
use crate::store::stories::{decisions, refresh, story_ids};
use crate::store::topics::tagging::{self, Tagger};
use crate::store::writer::command::{WriteCommand, WriteContext};

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
    Done(Vec<RegroupOutcome>),
    /// It was so before: the same stories. Nothing was changed.
    Already(Vec<RegroupOutcome>),
    /// No story or copy has this id any more.
    Gone(Uuid),
    /// This copy belongs to another story, from which it was never split.
    NotACopy(ArticleId, StoryId),
    /// No copy would stay.
    NothingStays,
    /// The one story would have too many copies.
    TooLarge {
        /// So many.
        copies: usize,
        /// A story has so many at most.
        most: usize,
    },
}

/// A story that was split or joined.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct RegroupOutcome {
    /// Its id.
    pub id: StoryId,
    /// The headline of the copy that it is shown by, else the beginning of its text.
    pub title: String,
    /// How many copies it has.
    pub copies: u64,
}

impl Store {
    /// Splits a story or joins stories as the user decided, whatever the rules of grouping decide, now and later. A trial
    /// computes the result and changes nothing.
    pub fn regroup(&self, wanted: Regroup, is_trial: bool) -> Result<Regrouped, StoreError> {
        self.ask(RegroupStories { wanted, is_trial })
    }
}

struct RegroupStories {
    wanted: Regroup,
    is_trial: bool,
}

impl WriteCommand for RegroupStories {
    type Output = Regrouped;

    /// Does what the user decided, and notes it.
    fn apply(self, context: &mut WriteContext<'_>) -> Sql<Regrouped> {
        let (conn, now) = (context.conn, context.now);
        let (grouping, tagger) = (&mut *context.grouping, &mut *context.tagger);
        tagger.refresh(conn, now)?;
        conn.execute_batch("SAVEPOINT regroup")?;
        let done = match &self.wanted {
            Regroup::Split {
                story,
                copies,
                each,
            } => split(conn, tagger, *story, copies, *each, now),
            Regroup::Join(stories) => join(conn, grouping, tagger, stories, now),
        }?;
        if matches!(done, Regrouped::Done(_)) {
            decisions::note_change(conn)?;
            grouping.forget(); // read again when the next article comes
        }
        conn.execute_batch(match self.is_trial {
            true => "ROLLBACK TO regroup; RELEASE regroup",
            false => "RELEASE regroup",
        })?;
        Ok(done)
    }
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
    let decision = decisions::begin(conn, "split", now)?;
    decisions::note(conn, decision, STAYED, ids(&stay))?;
    let mut stories = vec![row];
    for (side, group) in (STAYED + 1..).zip(groups) {
        decisions::note(conn, decision, side, ids(group))?;
        let new = begin_story(conn, group)?;
        settle(conn, tagger, new)?;
        stories.push(new);
    }
    make_first(conn, &stay)?;
    settle(conn, tagger, row)?;
    Ok(Regrouped::Done(outcomes(conn, &stories)?))
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
    let decisions = decisions::read(conn)?;
    let is_split = |(id, _): &(ArticleId, StoryRow)| decisions.is_apart_from(*id, row);
    let is_done = elsewhere.len() == copies.len()
        && elsewhere.iter().all(is_split)
        && (each || elsewhere.iter().all(|(_, story)| *story == its_story));
    if !is_done {
        let never = elsewhere.iter().find(|one| !is_split(one));
        let (copy, story) = never.copied().unwrap_or((first, its_story));
        return Ok(Some(Regrouped::NotACopy(copy, id_of(conn, story)?)));
    }
    let mut stories = vec![row];
    for (_, story) in elsewhere {
        if !stories.contains(&story) {
            stories.push(story);
        }
    }
    Ok(Some(Regrouped::Already(outcomes(conn, &stories)?)))
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
        return Ok(Regrouped::Already(outcomes(conn, &[into])?));
    }
    let mut copies = rows(conn, into)?;
    let Some((with_article, with, _)) = copies.first().copied() else {
        return Ok(Regrouped::NothingStays);
    };
    for other in others {
        copies.extend(rows(conn, *other)?);
    }
    if copies.len() > COPIES_MAX {
        return Ok(Regrouped::TooLarge {
            copies: copies.len(),
            most: COPIES_MAX,
        });
    }
    for other in others {
        let join = Join::by_user(*other, with_article);
        let mut numbers = Numbers::default();
        refresh::merge(conn, grouping, tagger, into, &join, with, &mut numbers)?;
        numbers.write(conn)?;
    }
    let decision = decisions::begin(conn, "join", now)?;
    decisions::note(conn, decision, STAYED + 1, ids(&copies))?;
    decisions::forget_overruled(conn, decision)?;
    settle(conn, tagger, into)?;
    Ok(Regrouped::Done(outcomes(conn, &[into])?))
}

fn ids(copies: &[Row]) -> impl Iterator<Item = ArticleId> + '_ {
    copies.iter().map(|(_, id, _)| *id)
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

fn outcomes(conn: &Connection, stories: &[StoryRow]) -> Sql<Vec<RegroupOutcome>> {
    let mut select = conn.prepare_cached(
        "SELECT s.id, CASE WHEN a.title <> '' THEN a.title ELSE a.summary END, s.copies
         FROM stories s JOIN articles a ON a.article = s.shown WHERE s.story = ?1",
    )?;
    let read = |r: &rusqlite::Row<'_>| {
        Ok(RegroupOutcome {
            id: StoryId(Uuid::from_bytes(r.get(0)?)),
            title: r.get(1)?,
            copies: r.get::<_, i64>(2)?.cast_unsigned(),
        })
    };
    let stories = stories.iter();
    stories
        .map(|story| select.query_row([story], read))
        .collect()
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
    let story = StoryRow::new(conn.last_insert_rowid());
    let mut numbers = Numbers::default();
    for (article, id, _) in copies {
        story_ids::forget_id(conn, *id)?;
        refresh::move_copy(conn, *article, story, &mut numbers)?;
    }
    numbers.write(conn)?;
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
    let Some((first, ..)) = copies.first() else {
        return Ok(());
    };
    let became_first = conn
        .prepare_cached(
            "UPDATE articles SET joined_with = NULL, signal = NULL, score = NULL WHERE article = ?1 AND NOT EXISTS
               (SELECT 1 FROM articles a WHERE a.story = articles.story AND a.signal IS NULL)",
        )?
        .execute([first])?;
    if became_first > 0 {
        let mut numbers = Numbers::default();
        refresh::touch_copy(conn, *first, &mut numbers)?;
        numbers.write(conn)?;
    }
    Ok(())
}

/// A story has other copies now.
fn settle(conn: &Connection, tagger: &Tagger, story: StoryRow) -> Sql<()> {
    let mut numbers = Numbers::default();
    refresh::refresh_story(conn, story, &mut numbers)?;
    numbers.write(conn)?;
    tagging::tag_story(conn, story)?;
    tagger.story_merged(conn, story)
}
