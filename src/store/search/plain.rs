//! Which stories and articles a selection without an expression means: one query, by the index that is the shortest way.

use rusqlite::{Connection, ToSql, params, params_from_iter};

use crate::model::{FeedRow, Seq, Time};
use crate::store::search::candidates::{are_few, order_of};
use crate::store::search::selection::{Order, Selection};
use crate::store::sql::{self, Sql};

/// Among so many of the newest stories those of a feed with many are looked for, before all of its are put in order.
const LOOKS_MAX: i64 = 3000;

/// Rows of stories.
pub(in crate::store) fn stories(conn: &Connection, selection: &Selection) -> Sql<Vec<i64>> {
    match of_large_feed(conn, selection)? {
        Some(rows) => Ok(rows),
        None => plain(conn, selection, &STORIES),
    }
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
    /// Of one feed: by its articles, not by a walk over everybody's.
    of_feed: &'static str,
    /// Those of one feed in river order, where an index has them so.
    from_feed: Option<&'static str>,
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
    from_feed: None,
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
    from_feed: Some("articles x INDEXED BY articles_of_feed"),
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
    let is_in_order = selection.feed.is_some() && selection.topic.is_none() && !is_dated;
    if let Some(feed) = selection.feed {
        if let Some(in_order) = kind.from_feed.filter(|_| is_in_order) {
            from = in_order;
        }
        wheres.push(kind.of_feed.to_owned());
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
        _ if kind.from_feed.is_some() && is_in_order => format!("{arrived} DESC, x.id DESC"),
        // The sign keeps the planner from walking the river down in search of one feed's.
        _ if selection.feed.is_some() || is_fresh || is_dated => {
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

/// The newest stories of a feed that has many, which are soon met down the river. None: it has few, or few of late.
fn of_large_feed(conn: &Connection, selection: &Selection) -> Sql<Option<Vec<i64>>> {
    let (Some(feed), Some(limit), Order::River) =
        (selection.feed, selection.limit, order_of(selection))
    else {
        return Ok(None);
    };
    let is_plain = selection.topic.is_none()
        && selection.feeds.is_none()
        && selection.seen_since.is_none()
        && selection.published_since.is_none();
    if !is_plain || are_few(conn, "feed = ?1", &feed.get().into())? {
        return Ok(None);
    }
    newest_of_feed(conn, selection, feed, limit)
}

/// The newest stories of a feed, looked for down the river; none if they are not among the first there.
pub(in crate::store) fn newest_of_feed(
    conn: &Connection,
    selection: &Selection,
    feed: FeedRow,
    limit: usize,
) -> Sql<Option<Vec<i64>>> {
    let since = selection.since.map_or(i64::MIN, Time::millis);
    let until = selection.until.map_or(i64::MAX, Time::millis);
    let place = selection.before;
    let arrived = place.map_or(i64::MAX, |place| place.arrived.millis());
    let id = place.map(|place| place.story.0.as_bytes().to_vec());
    let rows: Vec<i64> = conn
        .prepare_cached(
            "SELECT story FROM (
               SELECT story, arrived, id FROM stories
               WHERE arrived >= ?1 AND arrived < ?2 AND arrived <= ?3 AND (?4 IS NULL OR (arrived, id) < (?3, ?4))
               ORDER BY arrived DESC, id DESC LIMIT ?5
             ) s WHERE EXISTS (SELECT 1 FROM articles INDEXED BY articles_of_story WHERE story = s.story AND feed = ?6)
             ORDER BY arrived DESC, id DESC LIMIT ?7",
        )?
        .query_map(
            params![since, until, arrived, id, LOOKS_MAX, feed, limit_of(limit)],
            |r| r.get(0),
        )?
        .collect::<Sql<_>>()?;
    Ok(Some(rows).filter(|rows| rows.len() == limit))
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
