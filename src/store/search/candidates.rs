//! The statements that find candidate articles: the conditions of a selection in SQL, and what the word index narrows down.

use rusqlite::types::Value;
use rusqlite::{Connection, ToSql, params};

use crate::model::{ArticleRow, Time};
use crate::query::plan::IndexPlan;
use crate::store::search::narrow::Among;
use crate::store::search::selection::{Order, Selection};
use crate::store::sql::{self, Sql};

/// Among how many of the newest that the word index finds these are looked for, where it does not know all.
const CANDIDATES_MAX: i64 = 10_000;

/// Fewer articles than these that one condition finds are read and put in order: 10 ms or less.
const FEW_TO_SORT: i64 = 5000;

/// Whether few articles meet a condition that an index answers.
pub(in crate::store) fn are_few(conn: &Connection, condition: &str, value: &Value) -> Sql<bool> {
    let found: i64 = conn
        .prepare_cached(&format!(
            "SELECT count(*) FROM (SELECT 1 FROM articles WHERE {condition} LIMIT ?2)"
        ))?
        .query_row((value, FEW_TO_SORT), |r| r.get(0))?;
    Ok(found < FEW_TO_SORT)
}

pub(in crate::store) fn order_of(selection: &Selection) -> Order {
    if selection.after.is_some() {
        Order::Sequence
    } else {
        selection.order
    }
}

/// The query for candidate articles, newest row first.
pub(in crate::store) fn candidates(
    selection: &Selection,
    plan: &IndexPlan,
    stories: bool,
    is_ranked: bool,
    among: &Among,
) -> (String, Vec<Box<dyn ToSql>>) {
    let mut values: Vec<Box<dyn ToSql>> = Vec::new();
    let mut wheres: Vec<&str> = Vec::new();
    let is_few = matches!(among, Among::Articles(_));
    if let Among::Articles(few) = among {
        values.push(Box::new(sql::json(few)));
    }
    let from = match &plan.index_query {
        Some(words) => {
            values.push(Box::new(words.clone()));
            if is_few {
                // Of few articles the word index is asked one by one.
                wheres.push("w.words MATCH ?");
                "json_each(?) k CROSS JOIN words w ON w.rowid = k.value
                 CROSS JOIN articles a ON a.article = w.rowid"
            } else if is_ranked {
                values.push(Box::new(CANDIDATES_MAX));
                "(SELECT rowid FROM words WHERE words MATCH ? ORDER BY rowid DESC LIMIT ?) w
                 CROSS JOIN articles a ON a.article = w.rowid"
            } else {
                wheres.push("w.words MATCH ?");
                "words w CROSS JOIN articles a ON a.article = w.rowid"
            }
        }
        None if is_few => "json_each(?) k CROSS JOIN articles a ON a.article = k.value",
        None => "articles a",
    };
    let (filters, more) = filters(selection, plan, stories, among);
    wheres.extend(filters);
    values.extend(more);
    let x = if stories { "s" } else { "a" };
    let condition = if wheres.is_empty() {
        String::new()
    } else {
        format!("WHERE {}", wheres.join(" AND "))
    };
    let order = if plan.index_query.is_some() {
        "w.rowid DESC"
    } else {
        "a.article DESC"
    };
    let sql = format!(
        "SELECT a.article, a.story, {x}.id, {x}.arrived, a.published, {x}.seq, a.first_seen
         FROM {from} JOIN stories s ON s.story = a.story {condition} ORDER BY {order}"
    );
    (sql, values)
}

/// The conditions of a selection, and the bounds of an expression, on an article `a` and its story `s`.
pub(in crate::store) fn filters(
    selection: &Selection,
    plan: &IndexPlan,
    stories: bool,
    among: &Among,
) -> (Vec<&'static str>, Vec<Box<dyn ToSql>>) {
    let mut values: Vec<Box<dyn ToSql>> = Vec::new();
    let mut wheres: Vec<&'static str> = Vec::new();
    let mut add = |sql: &'static str, value: Box<dyn ToSql>| {
        wheres.push(sql);
        values.push(value);
    };
    if let Among::Feeds(rows) = among {
        // The sign keeps the planner from sorting all that they have: the newest are wanted.
        let sql = "+a.feed IN (SELECT value FROM json_each(?))";
        add(sql, Box::new(sql::json(rows)));
    }
    if let Some(topic) = &selection.topic {
        let sql = if stories {
            "EXISTS (SELECT 1 FROM story_topics t JOIN topics USING (topic) WHERE t.story = a.story AND name = ?)"
        } else {
            "EXISTS (SELECT 1 FROM article_topics t JOIN topics USING (topic) WHERE t.article = a.article AND name = ?)"
        };
        add(sql, Box::new(topic.clone()));
    }
    if let Some(feed) = selection.feed {
        let sql = if stories {
            "a.story IN (SELECT story FROM articles WHERE feed = ?)"
        } else {
            "a.feed = ?"
        };
        add(sql, Box::new(feed));
    }
    if let Some(feeds) = &selection.feeds {
        let sql = if stories {
            "a.story IN (SELECT story FROM articles WHERE feed IN (SELECT value FROM json_each(?)))"
        } else {
            "a.feed IN (SELECT value FROM json_each(?))"
        };
        add(sql, Box::new(sql::json(feeds)));
    }
    // The bounds of the expression hold for the copy that matches, those of the selection for what is listed.
    if let Some(since) = plan.since {
        add("a.arrived >= ?", Box::new(since.millis()));
    }
    if let Some(until) = plan.until {
        add("a.arrived < ?", Box::new(until.millis()));
    }
    if let Some(since) = selection.since {
        let sql = if stories {
            "s.arrived >= ?"
        } else {
            "a.arrived >= ?"
        };
        add(sql, Box::new(since.millis()));
    }
    if let Some(until) = selection.until {
        let sql = if stories {
            "s.arrived < ?"
        } else {
            "a.arrived < ?"
        };
        add(sql, Box::new(until.millis()));
    }
    if let Some(since) = selection.seen_since {
        let sql = if stories {
            "s.first_seen >= ?"
        } else {
            "a.first_seen >= ?"
        };
        add(sql, Box::new(since.millis()));
    }
    if let Some(since) = selection.published_since {
        let sql = if stories {
            "(SELECT published FROM articles c WHERE c.article = s.shown) >= ?"
        } else {
            "a.published >= ?"
        };
        add(sql, Box::new(since.millis()));
    }
    if let Some(after) = selection.after {
        let sql = if stories { "s.seq > ?" } else { "a.seq > ?" };
        add(sql, Box::new(after));
    }
    if let Some(place) = selection.before {
        let sql = if stories {
            "(s.arrived, s.id) < (?, ?)"
        } else {
            "(a.arrived, a.id) < (?, ?)"
        };
        wheres.push(sql);
        values.push(Box::new(place.arrived.millis()));
        values.push(Box::new(place.story.0.as_bytes().to_vec()));
    }
    (wheres, values)
}

/// The articles among these rows (both included) that a plan finds which leaves nothing open, in row order.
pub(in crate::store) fn members(
    conn: &Connection,
    plan: &IndexPlan,
    rows: (ArticleRow, ArticleRow),
) -> Sql<Vec<ArticleRow>> {
    let (from, rows_are) = match plan.index_query {
        Some(_) => (
            "words w CROSS JOIN articles a ON a.article = w.rowid",
            "w.words MATCH ?5 AND w.rowid",
        ),
        None => ("articles a", "?5 IS NULL AND a.article"),
    };
    let since = plan.since.map_or(i64::MIN, Time::millis);
    let until = plan.until.map_or(i64::MAX, Time::millis);
    let mut members: Vec<ArticleRow> = conn
        .prepare_cached(&format!(
            "SELECT a.article FROM {from}
             WHERE {rows_are} BETWEEN ?1 AND ?2 AND a.arrived >= ?3 AND a.arrived < ?4"
        ))?
        .query_map(
            params![rows.0, rows.1, since, until, plan.index_query],
            |r| r.get(0),
        )?
        .collect::<Sql<_>>()?;
    members.sort_unstable();
    Ok(members)
}
