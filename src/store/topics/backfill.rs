//! The backfill of topics: stored articles are evaluated again, in short transactions between which polls are committed. A
//! topic that was redefined is evaluated for the whole store, from the newest article to the oldest. If a feed was renamed,
//! or the number of a story's copies matters to a topic, only their own articles are evaluated. Progress is stored, so that
//! a restart continues where the last process stopped.
//!
//! Subscribers see the first page of a feed correct after the first parts; older pages follow. A story keeps its id and its
//! place in the river: an old story that now belongs to the topic does not appear as news.

use std::collections::{HashMap, HashSet};
use std::time::Instant;

use rusqlite::{Connection, OptionalExtension, params};

use crate::model::{ArticleRow, StoryRow, Time};
use crate::query::Expr;
use crate::query::plan::{IndexPlan, Predicate, index_plan};
use crate::store::changes::marks;
use crate::store::search::candidates;
use crate::store::search::matcher::Matcher;
use crate::store::sequence::Numbers;
use crate::store::sql::Sql;

/// Maximum number of rows of a step, by what a row costs: the word index answers, facts are looked up, or the text is read.
/// A step takes about 50 ms at most.
const ROWS_INDEXED: i64 = 65_536;
const ROWS_LOOKED_UP: i64 = 8192;
const ROWS_READ: i64 = 2048;

/// Number of articles of a list that are read at once.
const LIST_PART: i64 = 200;

/// Whose articles a list is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Owner {
    /// A feed that was renamed or filed otherwise.
    Feed,
    /// A story that gained or lost copies.
    Story,
}

impl Owner {
    const ALL: [Self; 2] = [Self::Feed, Self::Story];

    /// The column of `articles` that names the owner; also its name in the table of lists.
    fn column(self) -> &'static str {
        match self {
            Self::Feed => "feed",
            Self::Story => "story",
        }
    }
}

/// The topics that an owner's change affects, each after those that it refers to.
pub(in crate::store) type Affected<'a> = dyn Fn(Owner) -> Vec<(i64, &'a Expr)> + 'a;

/// A topic that is being evaluated again.
struct Pending {
    topic: i64,
    how: How,
    /// The last row that is still to be evaluated; `None` if none is left.
    to_backfill: Option<ArticleRow>,
}

/// How the members of a topic are found.
enum How {
    /// The word index and the dates decide alone.
    Index(IndexPlan),
    /// The expression is evaluated for each article.
    Evaluate(Predicate),
}

/// Marks the whole store as to be evaluated again for this topic.
pub(in crate::store) fn begin(conn: &Connection, topic: i64) -> Sql<()> {
    conn.prepare_cached(
        "UPDATE topics SET to_backfill = (SELECT max(article) FROM articles) WHERE topic = ?1",
    )?
    .execute([topic])?;
    Ok(())
}

/// Marks the articles that this owner has now as to be evaluated again.
pub(in crate::store) fn begin_list(conn: &Connection, owner: Owner, row: i64) -> Sql<()> {
    conn.prepare_cached(
        "INSERT OR REPLACE INTO backfill (owner, row, to_backfill) VALUES (?1, ?2, ?3)",
    )?
    .execute(params![owner.column(), row, i64::MAX])?;
    Ok(())
}

/// Whether the backfill has anything to do.
pub(in crate::store) fn is_any_left(conn: &Connection) -> Sql<bool> {
    conn.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM topics WHERE to_backfill IS NOT NULL) OR EXISTS (SELECT 1 FROM backfill)",
    )?
    .query_row([], |r| r.get(0))
}

/// Whether any list is left.
pub(in crate::store) fn is_list_left(conn: &Connection) -> Sql<bool> {
    conn.prepare_cached("SELECT EXISTS (SELECT 1 FROM backfill)")?
        .query_row([], |r| r.get(0))
}

/// Continues with the lists until about `until`, with at least one article.
pub(in crate::store) fn go_on_with_lists(
    conn: &Connection,
    now: Time,
    until: Instant,
    affected: &Affected<'_>,
) -> Sql<()> {
    let mut numbers = Numbers::default();
    for owner in Owner::ALL {
        let mut checks: Option<Checks<'_>> = None;
        while let Some((row, to_backfill)) = next_list(conn, owner)? {
            let checks = match &mut checks {
                Some(checks) => checks,
                none => none.insert(Checks::new(conn, affected(owner), now)?),
            };
            let part: Vec<ArticleRow> = match checks.topics.is_empty() {
                true => Vec::new(),
                false => list_part(conn, owner, row, to_backfill)?,
            };
            let mut done = None;
            for article in part {
                checks.update(conn, article, &mut numbers)?;
                done = Some(article);
                if Instant::now() >= until {
                    break;
                }
            }
            end_part(conn, owner, row, done)?;
            if Instant::now() >= until {
                break;
            }
        }
    }
    numbers.write(conn)
}

fn next_list(conn: &Connection, owner: Owner) -> Sql<Option<(i64, i64)>> {
    conn.prepare_cached("SELECT row, to_backfill FROM backfill WHERE owner = ?1 LIMIT 1")?
        .query_row([owner.column()], |r| Ok((r.get(0)?, r.get(1)?)))
        .optional()
}

/// The next articles of a list, the newest first.
fn list_part(conn: &Connection, owner: Owner, row: i64, to_backfill: i64) -> Sql<Vec<ArticleRow>> {
    conn.prepare_cached(&format!(
        "SELECT article FROM articles WHERE {} = ?1 AND article <= ?2 ORDER BY article DESC LIMIT ?3",
        owner.column()
    ))?
    .query_map([row, to_backfill, LIST_PART], |r| r.get(0))?
    .collect()
}

/// Notes that the list is done down to this article; with `None`, all of it.
fn end_part(conn: &Connection, owner: Owner, row: i64, done: Option<ArticleRow>) -> Sql<()> {
    match done {
        Some(article) => conn
            .prepare_cached("UPDATE backfill SET to_backfill = ?3 WHERE owner = ?1 AND row = ?2")?
            .execute(params![owner.column(), row, article.offset(-1)])?,
        None => conn
            .prepare_cached("DELETE FROM backfill WHERE owner = ?1 AND row = ?2")?
            .execute(params![owner.column(), row])?,
    };
    Ok(())
}

/// Topics that are evaluated for one article after the other.
struct Checks<'c> {
    matcher: Matcher<'c>,
    /// The topic, its expression, and whether that refers to other topics.
    topics: Vec<(i64, Predicate, bool)>,
}

impl<'c> Checks<'c> {
    fn new(conn: &'c Connection, affected: Vec<(i64, &Expr)>, now: Time) -> Sql<Self> {
        let topics = affected.into_iter();
        let topics: Vec<(i64, Predicate, bool)> = topics
            .map(|(topic, expr)| (topic, Predicate::without_index(expr), expr.needs_topics()))
            .collect();
        Ok(Self {
            matcher: Matcher::new(conn, topics.iter().map(|(_, predicate, _)| predicate), now)?,
            topics,
        })
    }

    /// Writes which of the topics an article belongs to.
    fn update(&mut self, conn: &Connection, article: ArticleRow, numbers: &mut Numbers) -> Sql<()> {
        let known: HashSet<i64> = conn
            .prepare_cached("SELECT topic FROM article_topics WHERE article = ?1")?
            .query_map([article], |r| r.get(0))?
            .collect::<Sql<_>>()?;
        let mut has_changed = false;
        for (topic, predicate, refers) in &self.topics {
            if *refers && has_changed {
                self.matcher.forget_facts();
            }
            let is_member = self.matcher.holds(predicate, article)?;
            match (is_member, known.contains(topic)) {
                (true, false) => add(conn, *topic, article, numbers)?,
                (false, true) => remove(conn, *topic, article, numbers)?,
                _ => continue,
            }
            has_changed = true;
        }
        Ok(())
    }
}

/// Continues the backfill until about `until`, with at least one step. In `topics` each topic follows those that it refers to.
/// Returns whether anything is left.
pub(in crate::store) fn go_on(
    conn: &Connection,
    topics: &[(i64, &Expr)],
    now: Time,
    until: Instant,
) -> Sql<bool> {
    let mut numbers = Numbers::default();
    'walks: for mut walk in walks(conn, topics, now)? {
        while let Some(last) = walk.iter().filter_map(|t| t.to_backfill).max() {
            step(conn, &mut walk, (last, now, until), &mut numbers)?;
            if Instant::now() >= until {
                break 'walks;
            }
        }
    }
    numbers.write(conn)?;
    is_any_left(conn)
}

/// The topics to be evaluated, grouped by walks down the store: topics for which text is read share one.
fn walks(conn: &Connection, topics: &[(i64, &Expr)], now: Time) -> Sql<Vec<Vec<Pending>>> {
    let to_backfill: HashMap<i64, ArticleRow> = conn
        .prepare_cached("SELECT topic, to_backfill FROM topics WHERE to_backfill IS NOT NULL")?
        .query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?
        .collect::<Sql<_>>()?;
    let (mut quick, mut reading, mut referring) = (Vec::new(), Vec::new(), Vec::new());
    for &(topic, expr) in topics {
        let Some(&to_backfill) = to_backfill.get(&topic) else {
            continue;
        };
        let pending = Pending {
            topic,
            how: How::of(expr, now),
            to_backfill: Some(to_backfill),
        };
        if expr.needs_topics() {
            referring.push(vec![pending]);
        } else if pending.how.reads_text() {
            reading.push(pending);
        } else {
            quick.push(vec![pending]);
        }
    }
    quick.push(reading);
    quick.append(&mut referring);
    Ok(quick)
}

impl How {
    fn of(expr: &Expr, now: Time) -> Self {
        let plan = index_plan(expr, now);
        match plan.residual {
            None => Self::Index(plan),
            Some(_) => Self::Evaluate(Predicate::of(expr)),
        }
    }

    fn reads_text(&self) -> bool {
        matches!(self, Self::Evaluate(predicate) if predicate.reads_text())
    }

    fn rows_max(&self) -> i64 {
        match self {
            Self::Index(plan) if plan.index_query.is_some() => ROWS_INDEXED,
            how if how.reads_text() => ROWS_READ,
            _ => ROWS_LOOKED_UP,
        }
    }
}

/// Evaluates the articles up to `last`, as many as a step takes, for the topics whose next row that is.
fn step(
    conn: &Connection,
    walk: &mut [Pending],
    (last, now, until): (ArticleRow, Time, Instant),
    numbers: &mut Numbers,
) -> Sql<()> {
    let rows = walk.iter().map(|t| t.how.rows_max()).min();
    let next = walk
        .iter()
        .filter_map(|t| t.to_backfill.filter(|row| *row < last));
    // Topics that are further down join the walk at their own rows.
    let first = last.offset(1 - rows.unwrap_or(1));
    let first = first.max(next.max().unwrap_or_default().offset(1));
    let mut here: Vec<&mut Pending> = walk
        .iter_mut()
        .filter(|t| t.to_backfill == Some(last))
        .collect();
    let (first, members) = members(conn, &here, (first, last), now, until)?;
    let left: Option<ArticleRow> = conn
        .prepare_cached("SELECT max(article) FROM articles WHERE article < ?1")?
        .query_row([first], |r| r.get(0))?;
    for (pending, members) in here.iter_mut().zip(members) {
        write(conn, pending.topic, &members, (first, last), numbers)?;
        conn.prepare_cached("UPDATE topics SET to_backfill = ?2 WHERE topic = ?1")?
            .execute(params![pending.topic, left])?;
        pending.to_backfill = left;
    }
    Ok(())
}

/// The members of each topic among these rows, in row order, from the newest down to a row that is returned: the first, or
/// where time ran out.
fn members(
    conn: &Connection,
    topics: &[&mut Pending],
    (first, last): (ArticleRow, ArticleRow),
    now: Time,
    until: Instant,
) -> Sql<(ArticleRow, Vec<Vec<ArticleRow>>)> {
    if let [only] = topics
        && let How::Index(plan) = &only.how
    {
        return Ok((first, vec![candidates::members(conn, plan, (first, last))?]));
    }
    let predicates: Vec<&Predicate> = topics
        .iter()
        .filter_map(|t| match &t.how {
            How::Evaluate(predicate) => Some(predicate),
            How::Index(_) => None,
        })
        .collect();
    let mut matcher = Matcher::new(conn, predicates.iter().copied(), now)?;
    matcher.look_up(&predicates, (first, last))?;
    let mut members = vec![Vec::new(); predicates.len()];
    let mut row = last.offset(1);
    while row > first && (row > last || Instant::now() < until) {
        row = row.offset(-1);
        for (predicate, members) in predicates.iter().zip(&mut members) {
            if matcher.holds(predicate, row)? {
                members.push(row);
            }
        }
    }
    members.iter_mut().for_each(|m| m.reverse());
    Ok((row, members))
}

/// Writes the members among these rows.
fn write(
    conn: &Connection,
    topic: i64,
    members: &[ArticleRow],
    (first, last): (ArticleRow, ArticleRow),
    numbers: &mut Numbers,
) -> Sql<()> {
    let known: Vec<ArticleRow> = conn
        .prepare_cached(
            "SELECT article FROM article_topics WHERE topic = ?1 AND article BETWEEN ?2 AND ?3 ORDER BY article",
        )?
        .query_map(params![topic, first, last], |r| r.get(0))?
        .collect::<Sql<_>>()?;
    let added = without(members, &known);
    let removed = without(&known, members);
    for &article in &added {
        add(conn, topic, article, numbers)?;
    }
    for &article in &removed {
        remove(conn, topic, article, numbers)?;
    }
    Ok(())
}

/// The rows of one sorted list that are not in the other.
fn without(list: &[ArticleRow], other: &[ArticleRow]) -> Vec<ArticleRow> {
    let is_missing = |row: &&ArticleRow| other.binary_search(row).is_err();
    list.iter().filter(is_missing).copied().collect()
}

/// An article becomes a member, and with it its story.
fn add(conn: &Connection, topic: i64, article: ArticleRow, numbers: &mut Numbers) -> Sql<()> {
    conn.prepare_cached("INSERT OR IGNORE INTO article_topics (topic, article) VALUES (?1, ?2)")?
        .execute(params![topic, article])?;
    marks::article_retagged(conn, article, numbers)?;
    let (arrived, story) = story_of(conn, article)?;
    let added = conn
        .prepare_cached(
            "INSERT OR IGNORE INTO story_topics (topic, arrived, story) VALUES (?1, ?2, ?3)",
        )?
        .execute(params![topic, arrived, story])?;
    if added > 0 {
        marks::story_retagged(conn, story, numbers)?;
    }
    Ok(())
}

/// An article is a member no longer. Its story stays one for another copy that is a member.
fn remove(conn: &Connection, topic: i64, article: ArticleRow, numbers: &mut Numbers) -> Sql<()> {
    conn.prepare_cached("DELETE FROM article_topics WHERE topic = ?1 AND article = ?2")?
        .execute(params![topic, article])?;
    marks::article_retagged(conn, article, numbers)?;
    let (arrived, story) = story_of(conn, article)?;
    // The join is crossed so that the few copies are walked, not the many members.
    let removed = conn
        .prepare_cached(
            "DELETE FROM story_topics WHERE topic = ?1 AND arrived = ?2 AND story = ?3 AND NOT EXISTS
               (SELECT 1 FROM articles a CROSS JOIN article_topics t USING (article) WHERE a.story = ?3 AND t.topic = ?1)",
        )?
        .execute(params![topic, arrived, story])?;
    if removed > 0 {
        marks::story_retagged(conn, story, numbers)?;
    }
    Ok(())
}

/// The place in the river and the row of an article's story.
fn story_of(conn: &Connection, article: ArticleRow) -> Sql<(i64, StoryRow)> {
    conn.prepare_cached(
        "SELECT s.arrived, s.story FROM articles a JOIN stories s USING (story) WHERE a.article = ?1",
    )?
    .query_row([article], |r| Ok((r.get(0)?, r.get(1)?)))
}
