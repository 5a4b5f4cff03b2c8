//! A topic that is defined otherwise is told anew over the whole store: part by part, from the newest article down, so that
//! polls are committed and feeds are read meanwhile. What is still to come stands in the table, so that a restart goes on
//! where it ended.
//!
//! What subscribers see: the first page of a feed is right after the first parts; older pages follow. A story keeps its
//! id and its place in the river, so that an old story that belongs to the topic now appears where it belongs and not as
//! news, and one that no longer does just goes.

use std::collections::HashSet;
use std::time::Instant;

use rusqlite::{Connection, params};

use super::{articles, search};
use crate::model::Time;
use crate::query::Expr;
use crate::query::plan::{IndexPlan, index_plan};

type Sql<T> = rusqlite::Result<T>;

/// Rows a step, by what a row may cost: the word index tells it, its facts must be looked up, its text must be read. A
/// step takes some 50 ms at most.
const ROWS_TOLD: i64 = 65_536;
const ROWS_LOOKED_UP: i64 = 4096;
const ROWS_READ: i64 = 1024;

/// Every article is to be told anew of this topic.
pub(super) fn begin(conn: &Connection, topic: i64) -> Sql<()> {
    conn.prepare_cached(
        "UPDATE topics SET untold = (SELECT max(article) FROM articles) WHERE topic = ?1",
    )?
    .execute([topic])?;
    Ok(())
}

/// Whether any topic is still to be told anew of anything.
pub(super) fn is_any_left(conn: &Connection) -> Sql<bool> {
    conn.prepare_cached("SELECT EXISTS (SELECT 1 FROM topics WHERE untold IS NOT NULL)")?
        .query_row([], |r| r.get(0))
}

/// Goes on with what is still to come, until about `until`, a step at least. `topics` in an order in which each stands after those that it
/// refers to. Returns whether anything is left.
pub(super) fn go_on(
    conn: &Connection,
    topics: &[(i64, &Expr)],
    now: Time,
    until: Instant,
) -> Sql<bool> {
    let mut has_changed = false;
    let mut is_left = false;
    let open: HashSet<i64> = conn
        .prepare_cached("SELECT topic FROM topics WHERE untold IS NOT NULL")?
        .query_map([], |r| r.get(0))?
        .collect::<Sql<_>>()?;
    'topics: for &(topic, expr) in topics.iter().filter(|(topic, _)| open.contains(topic)) {
        let plan = index_plan(expr, now);
        while let Some(last) = untold(conn, topic)? {
            has_changed |= step(conn, topic, &plan, last, now)?;
            if Instant::now() >= until {
                is_left = is_any_left(conn)?;
                break 'topics;
            }
        }
    }
    if has_changed {
        articles::next_seq(conn)?; // whoever shows stories must look again
    }
    Ok(is_left)
}

fn untold(conn: &Connection, topic: i64) -> Sql<Option<i64>> {
    // One that another process has removed meanwhile has nothing to come.
    conn.prepare_cached("SELECT max(untold) FROM topics WHERE topic = ?1")?
        .query_row([topic], |r| r.get(0))
}

/// Tells the articles up to `last`, as many as a step takes. Returns whether any came or went.
fn step(conn: &Connection, topic: i64, plan: &IndexPlan, last: i64, now: Time) -> Sql<bool> {
    let rows = match &plan.rest {
        None if plan.words.is_some() => ROWS_TOLD,
        Some(rest) if rest.needs_text() => ROWS_READ,
        _ => ROWS_LOOKED_UP,
    };
    let first = last.saturating_sub(rows - 1);
    let members = search::members(conn, plan, (first, last), now)?;
    let known: Vec<i64> = conn
        .prepare_cached(
            "SELECT article FROM article_topics WHERE topic = ?1 AND article BETWEEN ?2 AND ?3 ORDER BY article",
        )?
        .query_map([topic, first, last], |r| r.get(0))?
        .collect::<Sql<_>>()?;
    let came = without(&members, &known);
    let gone = without(&known, &members);
    for &article in &came {
        add(conn, topic, article)?;
    }
    for &article in &gone {
        remove(conn, topic, article)?;
    }
    conn.prepare_cached(
        "UPDATE topics SET untold = (SELECT max(article) FROM articles WHERE article < ?2) WHERE topic = ?1",
    )?
    .execute([topic, first])?;
    Ok(!came.is_empty() || !gone.is_empty())
}

/// What stands in one sorted list and not in the other.
fn without(list: &[i64], other: &[i64]) -> Vec<i64> {
    let is_missing = |row: &&i64| other.binary_search(row).is_err();
    list.iter().filter(is_missing).copied().collect()
}

fn add(conn: &Connection, topic: i64, article: i64) -> Sql<()> {
    conn.prepare_cached("INSERT OR IGNORE INTO article_topics (topic, article) VALUES (?1, ?2)")?
        .execute([topic, article])?;
    conn.prepare_cached(
        "INSERT OR IGNORE INTO story_topics (topic, arrived, story)
         SELECT ?1, s.arrived, s.story FROM articles a JOIN stories s USING (story) WHERE a.article = ?2",
    )?
    .execute([topic, article])?;
    Ok(())
}

fn remove(conn: &Connection, topic: i64, article: i64) -> Sql<()> {
    conn.prepare_cached("DELETE FROM article_topics WHERE topic = ?1 AND article = ?2")?
        .execute([topic, article])?;
    // The story stays for another copy that belongs to it.
    let (arrived, story): (i64, i64) = conn
        .prepare_cached(
            "SELECT s.arrived, s.story FROM articles a JOIN stories s USING (story) WHERE a.article = ?1",
        )?
        .query_row([article], |r| Ok((r.get(0)?, r.get(1)?)))?;
    conn.prepare_cached(
        "DELETE FROM story_topics WHERE topic = ?1 AND arrived = ?2 AND story = ?3 AND NOT EXISTS
           (SELECT 1 FROM articles a JOIN article_topics t USING (article) WHERE a.story = ?3 AND t.topic = ?1)",
    )?
    .execute(params![topic, arrived, story])?;
    Ok(())
}
