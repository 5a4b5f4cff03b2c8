//! Which stories and articles a selection without an expression means: one query, by the index that is the shortest way.

use rusqlite::{Connection, ToSql, params_from_iter};

use crate::model::{Seq, Time};
use crate::store::search::candidates::{are_few, order_of};
use crate::store::search::selection::{Order, Selection};
use crate::store::sql::{self, Sql};

/// Rows of stories.
pub(in crate::store) fn stories(conn: &Connection, selection: &Selection) -> Sql<Vec<i64>> {
    plain(conn, selection, &STORIES)
}

/// Rows of articles.
pub(in crate::store) fn articles(conn: &Connection, selection: &Selection) -> Sql<Vec<i64>> {
    plain(conn, selection, &ARTICLES)
}

/// How the two kinds of rows are asked for.
struct Kind {
    from: &'static str,
    /// By topic.
    from_topic: &'static str,
    /// By what publishers say, `d.published`.
    from_dated: &'static str,
    row: &'static str,
    alias: &'static str,
    /// Of one feed, beside another condition that the rows are walked by.
    of_feed: &'static str,
    /// Those of one feed in river order, with the condition and the place in the river.
    from_feed: (&'static str, &'static str, &'static str),
    of_feeds: &'static str,
    /// First seen at or after; the sightings of articles are indexed.
    seen_since: &'static str,
    published: &'static str,
}

const STORIES: Kind = Kind {
    from: "stories x",
    from_topic: "story_topics t CROSS JOIN stories x ON x.story = t.story",
    from_dated: "articles d CROSS JOIN stories x ON x.story = d.story AND x.shown = d.article",
    row: "x.story",
    alias: "t.arrived",
    from_feed: (
        "feed_stories t CROSS JOIN stories x ON x.story = t.story",
        "t.feed = ?",
        "t.arrived",
    ),
    of_feed: "x.story IN (SELECT story FROM articles WHERE feed = ?)",
    of_feeds: "x.story IN (SELECT story FROM articles WHERE feed IN (SELECT value FROM json_each(?)))",
    seen_since: "x.first_seen >= ? AND x.story IN (SELECT story FROM articles WHERE first_seen >= ?)",
    published: "(SELECT published FROM articles c WHERE c.article = x.shown)",
};

const ARTICLES: Kind = Kind {
    from: "articles x",
    from_topic: "article_topics t CROSS JOIN articles x ON x.article = t.article",
    from_dated: "articles d INDEXED BY articles_published CROSS JOIN articles x ON x.article = d.article",
    row: "x.article",
    alias: "x.arrived",
    from_feed: (
        "articles x INDEXED BY articles_of_feed",
        "x.feed = ?",
        "x.arrived",
    ),
    of_feed: "x.feed = ?",
    of_feeds: "x.feed IN (SELECT value FROM json_each(?))",
    seen_since: "x.first_seen >= ?",
    published: "x.published",
};

fn plain(conn: &Connection, selection: &Selection, kind: &Kind) -> Sql<Vec<i64>> {
    let is_dated = is_found_by_date(conn, selection)?;
    let is_fresh = is_found_by_sighting(conn, selection)?;
    let mut values: Vec<Box<dyn ToSql>> = Vec::new();
    let mut wheres: Vec<String> = Vec::new();
    let mut from = kind.from;
    let mut arrived = "x.arrived";
    let mut published = kind.published;
    if is_dated {
        from = kind.from_dated;
        published = "d.published";
    }
    if let Some(topic) = &selection.topic {
        from = kind.from_topic;
        arrived = kind.alias;
        wheres.push("t.topic = (SELECT topic FROM topics WHERE name = ?)".to_owned());
        values.push(Box::new(topic.clone()));
    }
    if let Some(feed) = selection.feed {
        let mut condition = kind.of_feed;
        if selection.topic.is_none() {
            (from, condition, arrived) = kind.from_feed;
        }
        wheres.push(condition.to_owned());
        values.push(Box::new(feed));
    }
    if let Some(feeds) = &selection.feeds {
        wheres.push(kind.of_feeds.to_owned());
        values.push(Box::new(sql::json(feeds)));
    }
    if let Some(since) = selection.seen_since {
        let seen_since = if is_fresh {
            kind.seen_since
        } else {
            "+x.first_seen >= ?"
        };
        wheres.push(seen_since.to_owned());
        for _ in seen_since.matches('?') {
            values.push(Box::new(since.millis()));
        }
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
    bound("x.seq", ">", selection.after.map(Seq::get));
    bound(published, ">=", selection.published_since.map(Time::millis));
    if let Some(place) = selection.before {
        bound(arrived, "<=", Some(place.arrived.millis()));
        wheres.push("(x.arrived, x.id) < (?, ?)".to_owned());
        values.push(Box::new(place.arrived.millis()));
        values.push(Box::new(place.story.0.as_bytes().to_vec()));
    }
    let order = match order_of(selection) {
        Order::Sequence => "x.seq".to_owned(),
        Order::Published => format!("{published} DESC, x.arrived DESC, x.id DESC"),
        // The sign keeps the planner from walking the river down in search of these.
        _ if is_fresh || is_dated => {
            format!("+{arrived} DESC, x.id DESC")
        }
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

/// Whether what a selection without an expression means is found by what publishers say sooner than down the river: if that
/// is the order, or if few are dated since.
fn is_found_by_date(conn: &Connection, selection: &Selection) -> Sql<bool> {
    if selection.topic.is_some() || selection.feed.is_some() || selection.feeds.is_some() {
        return Ok(false);
    }
    if order_of(selection) == Order::Published {
        return Ok(selection.limit.is_some());
    }
    let Some(since) = selection.published_since else {
        return Ok(false);
    };
    are_few(conn, "published >= ?1", &since.millis().into())
}

/// The same by when it was first seen: if few were seen since.
fn is_found_by_sighting(conn: &Connection, selection: &Selection) -> Sql<bool> {
    match selection.seen_since {
        Some(since) => are_few(conn, "first_seen >= ?1", &since.millis().into()),
        None => Ok(false),
    }
}

fn limit(selection: &Selection) -> i64 {
    selection.limit.map_or(-1, limit_of)
}

fn limit_of(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
