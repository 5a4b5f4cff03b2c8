//! Which stories and articles a selection means, and in which order: SQL and the word index first, the evaluator of
//! `query` for what they cannot say.
//!
//! Row numbers follow time: an article's `arrived` is never after its own first sighting, and later rows were not
//! sighted earlier. So a walk from the newest row down may stop as soon as nothing better can follow.

use std::collections::HashMap;

use rusqlite::{Connection, ToSql, params, params_from_iter};

use super::check::Checker;
use super::select::{Order, Selection};
use crate::model::Time;
use crate::query::Expr;
use crate::query::plan::{IndexPlan, index_plan};

type Sql<T> = rusqlite::Result<T>;

/// How many of the newest matches are ranked: common words stay fast.
const RANKED_MAX: i64 = 5000;

/// The last number of the sequence.
pub(super) fn sequence(conn: &Connection) -> Sql<i64> {
    conn.prepare_cached("SELECT coalesce((SELECT value FROM meta WHERE key = 'sequence'), 0)")?
        .query_row([], |r| r.get(0))
}

/// Rows of stories.
pub(super) fn stories(conn: &Connection, selection: &Selection) -> Sql<Vec<i64>> {
    let Some(expr) = &selection.expr else {
        return plain(conn, selection, &STORIES);
    };
    let hits = hits(conn, selection, expr, true)?;
    Ok(arrange(hits, selection))
}

/// Rows of articles.
pub(super) fn articles(conn: &Connection, selection: &Selection) -> Sql<Vec<i64>> {
    let Some(expr) = &selection.expr else {
        return plain(conn, selection, &ARTICLES);
    };
    let hits = hits(conn, selection, expr, false)?;
    Ok(arrange(hits, selection))
}

/// How the two kinds of rows are asked for.
struct Kind {
    from: &'static str,
    /// By topic.
    from_topic: &'static str,
    row: &'static str,
    alias: &'static str,
    /// Of one feed: by its articles, not by a walk over everybody's.
    of_feed: &'static str,
    published: &'static str,
}

const STORIES: Kind = Kind {
    from: "stories x",
    from_topic: "story_topics t CROSS JOIN stories x ON x.story = t.story",
    row: "x.story",
    alias: "t.arrived",
    of_feed: "x.story IN (SELECT story FROM articles WHERE feed = ?)",
    published: "(SELECT published FROM articles c WHERE c.article = x.shown)",
};

const ARTICLES: Kind = Kind {
    from: "articles x",
    from_topic: "article_topics t CROSS JOIN articles x ON x.article = t.article",
    row: "x.article",
    alias: "x.arrived",
    of_feed: "x.feed = ?",
    published: "x.published",
};

/// A selection without an expression: one query.
fn plain(conn: &Connection, selection: &Selection, kind: &Kind) -> Sql<Vec<i64>> {
    let mut values: Vec<Box<dyn ToSql>> = Vec::new();
    let mut wheres: Vec<String> = Vec::new();
    let mut from = kind.from;
    let mut arrived = "x.arrived";
    if let Some(topic) = &selection.topic {
        from = kind.from_topic;
        arrived = kind.alias;
        wheres.push("t.topic = (SELECT topic FROM topics WHERE name = ?)".to_owned());
        values.push(Box::new(topic.clone()));
    }
    if let Some(feed) = selection.feed {
        wheres.push(kind.of_feed.to_owned());
        values.push(Box::new(feed));
    }
    // Bounds on the column that the rows are walked by: a topic is not read from its newest story down to the page.
    let mut bound = |column: &str, sign: &str, value: Option<i64>| {
        if let Some(value) = value {
            wheres.push(format!("{column} {sign} ?"));
            values.push(Box::new(value));
        }
    };
    bound(arrived, ">=", selection.since.map(Time::millis));
    bound(arrived, "<", selection.until.map(Time::millis));
    bound("x.seq", ">", selection.after);
    if let Some(place) = selection.before {
        bound(arrived, "<=", Some(place.arrived.millis()));
        wheres.push("(x.arrived, x.id) < (?, ?)".to_owned());
        values.push(Box::new(place.arrived.millis()));
        values.push(Box::new(place.story.0.as_bytes().to_vec()));
    }
    let order = match order_of(selection) {
        Order::Sequence => "x.seq".to_owned(),
        Order::Published => format!("{} DESC, x.arrived DESC, x.id DESC", kind.published),
        // The sign keeps the planner from walking the river down in search of one feed's.
        _ if selection.feed.is_some() => format!("+{arrived} DESC, x.id DESC"),
        Order::River | Order::Best => format!("{arrived} DESC, x.id DESC"),
    };
    let condition = if wheres.is_empty() {
        String::new()
    } else {
        format!("WHERE {}", wheres.join(" AND "))
    };
    values.push(Box::new(limit(selection)));
    conn.prepare_cached(&format!(
        "SELECT {} FROM {from} {condition} ORDER BY {order} LIMIT ?",
        kind.row
    ))?
    .query_map(params_from_iter(values), |r| r.get(0))?
    .collect()
}

fn order_of(selection: &Selection) -> Order {
    if selection.after.is_some() {
        Order::Sequence
    } else {
        selection.order
    }
}

fn limit(selection: &Selection) -> i64 {
    selection
        .limit
        .map_or(-1, |n| i64::try_from(n).unwrap_or(i64::MAX))
}

/// A matching story or article.
#[derive(Debug, Clone)]
struct Hit {
    row: i64,
    id: Vec<u8>,
    arrived: i64,
    published: Option<i64>,
    seq: i64,
    /// bm25: lower is better.
    rank: f64,
}

/// What matches an expression and the other conditions of a selection, each story once.
fn hits(conn: &Connection, selection: &Selection, expr: &Expr, stories: bool) -> Sql<Vec<Hit>> {
    let plan = index_plan(expr, selection.now);
    let ranked = selection.order == Order::Best && selection.after.is_none();
    let (sql, values) = candidates(selection, &plan, stories, ranked);
    let mut query = conn.prepare_cached(&sql)?;
    let mut rows = query.query(params_from_iter(values))?;
    let mut hits: HashMap<i64, Hit> = HashMap::new();
    let rest = plan.rest.as_ref();
    let mut checker = rest.map(|rest| Checker::new(conn, rest, selection.now));
    let mut stop = Stop::new(selection);
    while let Some(r) = rows.next()? {
        let article: i64 = r.get(0)?;
        let row: i64 = if stories { r.get(1)? } else { article };
        if stop.is_reached(r.get(7)?) {
            break;
        }
        if hits.contains_key(&row) {
            continue; // candidates come best first where rank counts
        }
        if let Some(checker) = &mut checker
            && !checker.holds(article)?
        {
            continue;
        }
        let hit = Hit {
            row,
            id: r.get(2)?,
            arrived: r.get(3)?,
            published: r.get(4)?,
            seq: r.get(5)?,
            rank: r.get(6)?,
        };
        stop.saw(hit.arrived);
        hits.insert(row, hit);
    }
    Ok(hits.into_values().collect())
}

/// The query for candidate articles, newest row first (best first where they are ranked).
fn candidates(
    selection: &Selection,
    plan: &IndexPlan,
    stories: bool,
    ranked: bool,
) -> (String, Vec<Box<dyn ToSql>>) {
    let mut values: Vec<Box<dyn ToSql>> = Vec::new();
    let mut wheres: Vec<&str> = Vec::new();
    let ranked = ranked && plan.words.is_some();
    let (from, rank) = match &plan.words {
        Some(words) => {
            values.push(Box::new(words.clone()));
            if ranked {
                // bm25 is computed for the newest matches only.
                values.push(Box::new(RANKED_MAX));
                (
                    "(SELECT rowid AS article, rank AS score FROM words WHERE words MATCH ?
                      ORDER BY rowid DESC LIMIT ?) w CROSS JOIN articles a ON a.article = w.article",
                    "w.score",
                )
            } else {
                wheres.push("w.words MATCH ?");
                (
                    "words w CROSS JOIN articles a ON a.article = w.rowid",
                    "0.0",
                )
            }
        }
        None => ("articles a", "0.0"),
    };
    let x = if stories { "s" } else { "a" };
    let mut add = |sql: &'static str, value: Box<dyn ToSql>| {
        wheres.push(sql);
        values.push(value);
    };
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
    let condition = if wheres.is_empty() {
        String::new()
    } else {
        format!("WHERE {}", wheres.join(" AND "))
    };
    let order = if ranked {
        "w.score, a.article DESC"
    } else if plan.words.is_some() {
        "w.rowid DESC"
    } else {
        "a.article DESC"
    };
    let sql = format!(
        "SELECT a.article, a.story, {x}.id, {x}.arrived, a.published, {x}.seq, {rank}, a.first_seen
         FROM {from} JOIN stories s ON s.story = a.story {condition} ORDER BY {order}"
    );
    (sql, values)
}

/// When the walk down the rows may end: the river's `limit` best are known and nothing that follows arrived later.
struct Stop {
    best: std::collections::BinaryHeap<std::cmp::Reverse<i64>>,
    limit: Option<usize>,
}

impl Stop {
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

/// The articles among these rows (both included) that match a planned expression, in row order.
pub(super) fn members(
    conn: &Connection,
    plan: &IndexPlan,
    rows: (i64, i64),
    now: Time,
) -> Sql<Vec<i64>> {
    let rest = plan.rest.as_ref();
    let mut checker = rest.map(|rest| Checker::new(conn, rest, now));
    let (columns, joined) = checker.as_ref().map_or(("0", ""), Checker::columns);
    let (from, rows_are) = match plan.words {
        Some(_) => (
            "words w CROSS JOIN articles a ON a.article = w.rowid",
            "w.words MATCH ?5 AND w.rowid",
        ),
        None => ("articles a", "?5 IS NULL AND a.article"),
    };
    let mut query = conn.prepare_cached(&format!(
        "SELECT a.article, {columns} FROM {from} {joined}
         WHERE {rows_are} BETWEEN ?1 AND ?2 AND a.arrived >= ?3 AND a.arrived < ?4"
    ))?;
    let since = plan.since.map_or(i64::MIN, Time::millis);
    let until = plan.until.map_or(i64::MAX, Time::millis);
    let mut found = query.query(params![rows.0, rows.1, since, until, plan.words])?;
    let mut members = Vec::new();
    while let Some(r) = found.next()? {
        if checker.as_mut().map_or(Ok(true), |c| c.holds_of(r))? {
            members.push(r.get(0)?);
        }
    }
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
            Order::Best => a.rank.total_cmp(&b.rank).then_with(river),
        }
    });
    hits.truncate(selection.limit.unwrap_or(usize::MAX));
    hits.into_iter().map(|h| h.row).collect()
}
