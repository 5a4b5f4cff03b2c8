//! Which stories and articles a selection means, and in which order: SQL and the word index first, the evaluator of
//! `query` for what they cannot say.
//!
//! Row numbers follow time: an article's `arrived` is never after its own first sighting, and later rows were not
//! sighted earlier. So a walk from the newest row down may stop as soon as nothing better can follow.

use std::collections::HashMap;

use rusqlite::types::Value;
use rusqlite::{Connection, ToSql, params, params_from_iter};

use crate::model::Time;
use crate::query::Expr;
use crate::query::plan::{IndexPlan, Predicate, index_plan};
use crate::query::rank::{Counts, Ranking};
use crate::store::search::matcher::Matcher;
use crate::store::search::narrow::{self, Among};
use crate::store::search::newest::{BOUNDS, Bounds, Search, newest};
use crate::store::search::plain;
use crate::store::search::selection::{Order, Selection};
use crate::store::sql::{self, Sql};
use crate::store::stop::Stop;

/// How many of the newest matches are ranked: common words stay fast.
pub const RANKED_MAX: usize = 2000;

/// Among how many of the newest that the word index finds these are looked for, where it does not know all.
const CANDIDATES_MAX: i64 = 10_000;

/// Fewer articles than these that one condition finds are read and put in order: 10 ms or less.
const FEW_TO_SORT: i64 = 5000;

/// Among how many of the newest articles it is counted how rare a word is.
const COUNTED_MAX: i64 = 100_000;

/// Rows of stories.
pub(in crate::store) fn stories(
    conn: &Connection,
    selection: &Selection,
    stop: &Stop,
) -> Sql<Vec<i64>> {
    match &selection.expr {
        Some(expr) => matching(conn, (selection, expr), true, Some(&BOUNDS), stop),
        None => plain::stories(conn, selection),
    }
}

/// Rows of articles.
pub(in crate::store) fn articles(
    conn: &Connection,
    selection: &Selection,
    stop: &Stop,
) -> Sql<Vec<i64>> {
    match &selection.expr {
        Some(expr) => matching(conn, (selection, expr), false, Some(&BOUNDS), stop),
        None => plain::articles(conn, selection),
    }
}

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

/// A matching story or article.
#[derive(Debug, Clone)]
struct Hit {
    row: i64,
    id: Vec<u8>,
    arrived: i64,
    published: Option<i64>,
    seq: i64,
    /// More is better.
    score: f64,
}

/// Rows of what matches an expression and the other conditions of a selection, in its order. Without `bounds` all that match
/// are found and put in order: the same answer, the long way.
pub(in crate::store) fn matching(
    conn: &Connection,
    (selection, expr): (&Selection, &Expr),
    stories: bool,
    bounds: Option<&Bounds>,
    stop: &Stop,
) -> Sql<Vec<i64>> {
    let plan = index_plan(expr, selection.now);
    let among = narrow::among(conn, &plan, selection.now, stop)?;
    if among == Among::Articles(Vec::new()) {
        return Ok(Vec::new());
    }
    let limit = selection
        .limit
        .filter(|_| order_of(selection) == Order::River && !matches!(among, Among::Articles(_)));
    if let (Some(limit), Some(bounds)) = (limit, bounds) {
        let search = Search {
            selection,
            plan: &plan,
            rest: plan.residual.as_ref().map(Predicate::of),
            stories,
            among: &among,
        };
        return newest(conn, &search, limit, bounds, stop);
    }
    let hits = hits(conn, (selection, expr), (&plan, &among), stories, stop)?;
    Ok(arrange(hits, selection))
}

/// What matches, each story once.
fn hits(
    conn: &Connection,
    (selection, expr): (&Selection, &Expr),
    (plan, among): (&IndexPlan, &Among),
    stories: bool,
    stop: &Stop,
) -> Sql<Vec<Hit>> {
    let is_ranked =
        selection.order == Order::Best && selection.after.is_none() && plan.index_query.is_some();
    let (sql, values) = candidates(selection, plan, stories, is_ranked, among);
    let mut query = conn.prepare_cached(&sql)?;
    let mut rows = query.query(params_from_iter(values))?;
    let mut hits: HashMap<i64, Hit> = HashMap::new();
    let rest = plan.residual.as_ref().map(Predicate::of);
    let whole = is_ranked.then(|| Predicate::of(expr));
    let mut matcher = Matcher::new(conn, rest.iter().chain(&whole), selection.now)?;
    let ranking = is_ranked.then(|| Ranking::of(expr));
    let mut counted = Vec::new();
    matcher.stop_at(stop);
    let mut end = End::new(selection);
    while let Some(r) = rows.next()? {
        stop.check()?;
        let article: i64 = r.get(0)?;
        let row: i64 = if stories { r.get(1)? } else { article };
        if end.is_reached(r.get(6)?) {
            break;
        }
        if !is_ranked && hits.contains_key(&row) {
            continue;
        }
        if let Some(rest) = &rest
            && !matcher.holds(rest, article)?
        {
            continue;
        }
        if let Some(ranking) = &ranking {
            let text = matcher.words_of(article)?;
            counted.extend(text.map(|text| (row, ranking.count(text))));
            if counted.len() > RANKED_MAX {
                break;
            }
        }
        let hit = Hit {
            row,
            id: r.get(2)?,
            arrived: r.get(3)?,
            published: r.get(4)?,
            seq: r.get(5)?,
            score: 0.0,
        };
        end.saw(hit.arrived);
        hits.entry(row).or_insert(hit);
    }
    if let Some(ranking) = ranking {
        rank(conn, &ranking, counted, &mut hits)?;
    }
    Ok(hits.into_values().collect())
}

/// A story is as good as the best of its copies.
fn rank(
    conn: &Connection,
    ranking: &Ranking,
    counted: Vec<(i64, Counts)>,
    hits: &mut HashMap<i64, Hit>,
) -> Sql<()> {
    let (rows, counts): (Vec<i64>, Vec<Counts>) = counted.into_iter().unzip();
    let scores = ranking.scores(&counts, &shares(conn, ranking)?);
    for (row, score) in rows.iter().zip(scores) {
        if let Some(hit) = hits.get_mut(row) {
            hit.score = hit.score.max(score);
        }
    }
    Ok(())
}

/// In which share of the newest articles each phrase stands. Of one alone nobody needs to know.
fn shares(conn: &Connection, ranking: &Ranking) -> Sql<Vec<f64>> {
    if ranking.queries().len() == 1 {
        return Ok(vec![0.5]);
    }
    let last: Option<i64> = conn
        .prepare_cached("SELECT max(article) FROM articles")?
        .query_row([], |r| r.get(0))?;
    let last = last.unwrap_or(0);
    let mut count =
        conn.prepare_cached("SELECT count(*) FROM words WHERE words MATCH ?1 AND rowid > ?2")?;
    let all = last.clamp(1, COUNTED_MAX);
    ranking
        .queries()
        .map(|query| {
            let Some(query) = query else {
                return Ok(1.0);
            };
            let found: i64 = count.query_row((query, last - all), |r| r.get(0))?;
            Ok(found as f64 / all as f64)
        })
        .collect()
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

/// When the walk down the rows may end: the river's `limit` best are known and nothing that follows arrived later.
struct End {
    best: std::collections::BinaryHeap<std::cmp::Reverse<i64>>,
    limit: Option<usize>,
}

impl End {
    fn new(selection: &Selection) -> Self {
        let river = order_of(selection) == Order::River;
        Self {
            best: std::collections::BinaryHeap::new(),
            limit: selection.limit.filter(|_| river),
        }
    }

    fn saw(&mut self, arrived: i64) {
        if let Some(limit) = self.limit {
            self.best.push(std::cmp::Reverse(arrived));
            if self.best.len() > limit {
                self.best.pop();
            }
        }
    }

    fn is_reached(&self, first_seen: i64) -> bool {
        self.limit.is_some_and(|limit| {
            self.best.len() >= limit && self.best.peek().is_none_or(|worst| worst.0 > first_seen)
        })
    }
}

/// The articles among these rows (both included) that a plan finds which leaves nothing open, in row order.
pub(in crate::store) fn members(
    conn: &Connection,
    plan: &IndexPlan,
    rows: (i64, i64),
) -> Sql<Vec<i64>> {
    let (from, rows_are) = match plan.index_query {
        Some(_) => (
            "words w CROSS JOIN articles a ON a.article = w.rowid",
            "w.words MATCH ?5 AND w.rowid",
        ),
        None => ("articles a", "?5 IS NULL AND a.article"),
    };
    let since = plan.since.map_or(i64::MIN, Time::millis);
    let until = plan.until.map_or(i64::MAX, Time::millis);
    let mut members: Vec<i64> = conn
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

fn arrange(mut hits: Vec<Hit>, selection: &Selection) -> Vec<i64> {
    hits.sort_by(|a, b| {
        let river = || (b.arrived, &b.id).cmp(&(a.arrived, &a.id));
        match order_of(selection) {
            Order::River => river(),
            Order::Sequence => a.seq.cmp(&b.seq),
            Order::Published => b.published.cmp(&a.published).then_with(river),
            Order::Best => b.score.total_cmp(&a.score).then_with(river),
        }
    });
    hits.truncate(selection.limit.unwrap_or(usize::MAX));
    hits.into_iter().map(|h| h.row).collect()
}
