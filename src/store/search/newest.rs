//! The newest that match an expression, as many as are asked for, at a cost that does not grow with the store. Two ways lead
//! there: down what the word index finds, and down the river. The first is short where few articles match, or where
//! articles came about when they were published; the second where many match. Whichever is taken, the answer is the same.

use std::collections::{BinaryHeap, HashSet};

use rusqlite::types::Value;
use rusqlite::{Connection, ToSql, params, params_from_iter};

use crate::model::{ArticleRow, FeedRow, Time};
use crate::query::plan::{IndexPlan, Predicate};
use crate::store::search::candidates::{are_few, candidates, filters};
use crate::store::search::matcher::Matcher;
use crate::store::search::narrow::Among;
use crate::store::search::postings::Postings;
use crate::store::search::selection::Selection;
use crate::store::sql::{self, Sql};
use crate::store::stop::Stop;

/// When one way is left for the other. None of it changes the answer.
pub(in crate::store) struct Bounds {
    /// Candidates that wait at most until it is known which is the newest: the first pass over the feeds of a new store sees
    /// all their articles at once, whenever they were published.
    pub(in crate::store) waiting_max: usize,
    /// From so many on it is looked at how many of all articles they are.
    pub(in crate::store) waiting_min: usize,
    /// Articles that are walked past down the river at least, before the other way is taken after all: the word was common
    /// once.
    pub(in crate::store) walked_min: usize,
    /// The same for each article that the word index finds.
    pub(in crate::store) walked_a_posting: usize,
}

pub(in crate::store) const BOUNDS: Bounds = Bounds {
    waiting_max: 2000,
    waiting_min: 200,
    walked_min: 20_000,
    walked_a_posting: 3,
};

/// Where one article in so many is found, the newest that match are soon met down the river.
const COMMON: i64 = 10;

/// Fewer articles than these are looked at sooner than those of one feed.
const RARE_MAX: i64 = 500;

/// What is looked for.
pub(in crate::store) struct Search<'s> {
    pub(in crate::store) selection: &'s Selection,
    pub(in crate::store) plan: &'s IndexPlan,
    /// What the word index leaves open.
    pub(in crate::store) rest: Option<Predicate>,
    /// Stories, or copies.
    pub(in crate::store) stories: bool,
    pub(in crate::store) among: &'s Among,
}

/// How a way ended.
enum Way {
    /// The rows, in river order.
    Arrived(Vec<i64>),
    /// It is a long one. Whether many of all articles are found by the word index.
    Long { is_common: bool },
}

/// Rows of the `limit` newest stories or copies that match, in river order.
pub(in crate::store) fn newest(
    conn: &Connection,
    search: &Search<'_>,
    limit: usize,
    bounds: &Bounds,
    stop: &Stop,
) -> Sql<Vec<i64>> {
    if limit == 0 {
        return Ok(Vec::new());
    }
    let predicates = search.rest.iter();
    let mut matcher = Matcher::new(conn, predicates, search.selection.now)?;
    matcher.stop_at(stop);
    matcher.ask_index();
    let narrow = narrow(conn, search.selection)?;
    let Some(query) = &search.plan.index_query else {
        let river = (&mut matcher, None, None);
        return to_the_end(down_the_river(conn, (search, &narrow), limit, river, stop)?);
    };
    let mut postings = Postings::new(conn, query)?;
    // The index would find what all feeds have before it comes to what one has.
    let is_of_one = one_feed(search).is_some() && !is_rare(conn, query)?;
    if narrow.is_some() || is_of_one {
        let river = (&mut matcher, Some(postings), None);
        return to_the_end(down_the_river(conn, (search, &narrow), limit, river, stop)?);
    }
    let index = (&mut matcher, Some(bounds));
    match down_the_index(conn, search, limit, index, stop)? {
        Way::Arrived(rows) => return Ok(rows),
        Way::Long { is_common: true } => {}
        Way::Long { is_common: false } => postings.gather()?,
    }
    let river = (&mut matcher, Some(postings), Some(bounds));
    match down_the_river(conn, (search, &narrow), limit, river, stop)? {
        Way::Arrived(rows) => Ok(rows),
        Way::Long { .. } => {
            let index = (&mut matcher, None);
            to_the_end(down_the_index(conn, search, limit, index, stop)?)
        }
    }
}

/// The feed that has a copy of every match, if it is one.
fn one_feed(search: &Search<'_>) -> Option<FeedRow> {
    match (search.selection.feed, search.among) {
        (Some(feed), _) => Some(feed),
        (None, Among::Feeds(feeds)) => feeds.first().copied().filter(|_| feeds.len() == 1),
        (None, _) => None,
    }
}

/// Whether the word index finds few articles.
fn is_rare(conn: &Connection, query: &str) -> Sql<bool> {
    let found: i64 = conn
        .prepare_cached("SELECT count(*) FROM (SELECT 1 FROM words WHERE words MATCH ?1 LIMIT ?2)")?
        .query_row(params![query, RARE_MAX], |r| r.get(0))?;
    Ok(found < RARE_MAX)
}

/// The rows of a way without bounds, which is never too long.
fn to_the_end(way: Way) -> Sql<Vec<i64>> {
    match way {
        Way::Arrived(rows) => Ok(rows),
        Way::Long { .. } => Ok(Vec::new()),
    }
}

/// A condition that few articles meet, and one copy at least of each match; with its value.
type Narrow = Option<(&'static str, Value)>;

fn narrow(conn: &Connection, selection: &Selection) -> Sql<Narrow> {
    let feeds = selection.feeds.as_ref().map(|feeds| {
        (
            "feed IN (SELECT value FROM json_each(?1))",
            Value::from(sql::json(feeds)),
        )
    });
    let since = |column, since: Option<Time>| Some((column, Value::from(since?.millis())));
    let conditions = [
        feeds,
        since("published >= ?1", selection.published_since),
        since("first_seen >= ?1", selection.seen_since),
    ];
    for (condition, value) in conditions.into_iter().flatten() {
        if are_few(conn, condition, &value)? {
            return Ok(Some((condition, value)));
        }
    }
    Ok(None)
}

/// A candidate that waits until nothing newer can follow. In the order of the river.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Waiting {
    arrived: i64,
    id: [u8; 16],
    /// Of the story or the article, whichever is looked for.
    row: i64,
    article: ArticleRow,
}

/// Down what the word index finds, newest row first. No row that follows was seen later, and none arrives after it was seen.
fn down_the_index(
    conn: &Connection,
    search: &Search<'_>,
    limit: usize,
    (matcher, bounds): (&mut Matcher<'_>, Option<&Bounds>),
    stop: &Stop,
) -> Sql<Way> {
    let (sql, values) = candidates(
        search.selection,
        search.plan,
        search.stories,
        false,
        search.among,
    );
    let mut query = conn.prepare_cached(&sql)?;
    let mut rows = query.query(params_from_iter(values))?;
    let mut waiting = BinaryHeap::new();
    let (mut found, mut known) = (Vec::new(), HashSet::new());
    let mut first = None;
    loop {
        stop.check()?;
        let seen: Option<i64> = match rows.next()? {
            Some(r) => {
                let article: ArticleRow = r.get(0)?;
                let first = *first.get_or_insert(article);
                waiting.push(Waiting {
                    arrived: r.get(3)?,
                    id: r.get(2)?,
                    row: if search.stories {
                        r.get(1)?
                    } else {
                        article.get()
                    },
                    article,
                });
                if let Some(bounds) = bounds {
                    let is_common = waiting.len() >= bounds.waiting_min
                        && is_common(waiting.len(), first.get() - article.get());
                    if is_common || waiting.len() > bounds.waiting_max {
                        return Ok(Way::Long { is_common });
                    }
                }
                Some(r.get(6)?)
            }
            None => None,
        };
        while let Some(next) = waiting.peek()
            && seen.is_none_or(|seen| next.arrived > seen)
            && let Some(next) = waiting.pop()
        {
            let is_new = !known.contains(&next.row);
            if is_new && holds(matcher, search.rest.as_ref(), next.article)? {
                known.insert(next.row);
                found.push(next.row);
                if found.len() >= limit {
                    return Ok(Way::Arrived(found));
                }
            }
        }
        if seen.is_none() {
            return Ok(Way::Arrived(found));
        }
    }
}

/// Whether so many among so many rows are many.
fn is_common(found: usize, rows: i64) -> bool {
    let found = i64::try_from(found).unwrap_or(i64::MAX);
    found.saturating_mul(COMMON) >= rows
}

/// Down the river, the newest first: the first that match are the answer.
fn down_the_river(
    conn: &Connection,
    (search, narrow): (&Search<'_>, &Narrow),
    limit: usize,
    (matcher, mut postings, bounds): (&mut Matcher<'_>, Option<Postings<'_>>, Option<&Bounds>),
    stop: &Stop,
) -> Sql<Way> {
    let (sql, values) = river(search, narrow);
    let mut query = conn.prepare_cached(&sql)?;
    let mut rows = query.query(params_from_iter(values))?;
    let mut found: Vec<i64> = Vec::new();
    let mut walked = 0;
    while let Some(r) = rows.next()? {
        stop.check()?;
        walked += 1;
        let (row, article): (i64, ArticleRow) = (r.get(0)?, r.get(1)?);
        if found.last() == Some(&row) {
            continue; // another copy of the story matched
        }
        if let Some(postings) = &mut postings {
            let is_long = |bounds: &Bounds, found: usize| {
                let most = found.saturating_mul(bounds.walked_a_posting);
                walked > bounds.walked_min.max(most)
            };
            if let (Some(bounds), Some(found)) = (bounds, postings.len())
                && is_long(bounds, found)
            {
                return Ok(Way::Long { is_common: false });
            }
            if !postings.has(article)? {
                continue;
            }
        }
        if holds(matcher, search.rest.as_ref(), article)? {
            found.push(row);
            if found.len() >= limit {
                break;
            }
        }
    }
    Ok(Way::Arrived(found))
}

fn holds(matcher: &mut Matcher<'_>, rest: Option<&Predicate>, article: ArticleRow) -> Sql<bool> {
    rest.map_or(Ok(true), |rest| matcher.holds(rest, article))
}

/// The query for all that the conditions of a selection leave, in river order; copies of one story stand together.
fn river(search: &Search<'_>, narrow: &Narrow) -> (String, Vec<Box<dyn ToSql>>) {
    let selection = search.selection;
    let mut values: Vec<Box<dyn ToSql>> = Vec::new();
    let narrow = narrow.as_ref().map(|(condition, value)| {
        values.push(Box::new(value.clone()));
        condition.replace("?1", "?")
    });
    let mut wheres: Vec<String> = Vec::new();
    let (mut is_of_topic, mut is_of_feed) = (false, false);
    let (from, arrived) = match (search.stories, narrow, &selection.topic) {
        (true, None, _) if let Some(feed) = one_feed(search) => {
            is_of_feed = true;
            wheres.push("f.feed = ?".to_owned());
            values.push(Box::new(feed));
            (
                "feed_stories f CROSS JOIN stories s ON s.story = f.story
                 CROSS JOIN articles a ON a.story = s.story"
                    .to_owned(),
                "f.arrived",
            )
        }
        (true, Some(narrow), _) => (
            format!(
                "(SELECT DISTINCT story FROM articles WHERE {narrow}) f
                 CROSS JOIN stories s ON s.story = f.story CROSS JOIN articles a ON a.story = s.story"
            ),
            "s.arrived",
        ),
        (true, None, Some(topic)) => {
            is_of_topic = true;
            wheres.push("t.topic = (SELECT topic FROM topics WHERE name = ?)".to_owned());
            values.push(Box::new(topic.clone()));
            (
                "story_topics t CROSS JOIN stories s ON s.story = t.story
                 CROSS JOIN articles a ON a.story = s.story"
                    .to_owned(),
                "t.arrived",
            )
        }
        (true, None, None) => (
            "stories s CROSS JOIN articles a ON a.story = s.story".to_owned(),
            "s.arrived",
        ),
        (false, None, _) if let Some(feed) = one_feed(search) => {
            wheres.push("a.feed = ?".to_owned());
            values.push(Box::new(feed));
            ("articles a INDEXED BY articles_of_feed".to_owned(), "a.arrived")
        }
        (false, narrow, _) => {
            wheres.extend(narrow.map(|narrow| format!("a.{narrow}")));
            ("articles a".to_owned(), "a.arrived")
        }
    };
    // The bound on the column that is walked by: what is above the page is not read.
    if let Some(place) = selection.before {
        wheres.push(format!("{arrived} <= ?"));
        values.push(Box::new(place.arrived.millis()));
    }
    let others = Selection {
        topic: selection.topic.clone().filter(|_| !is_of_topic),
        feed: selection.feed.filter(|_| !is_of_feed),
        ..selection.clone()
    };
    let (filters, more) = filters(&others, search.plan, search.stories, search.among);
    wheres.extend(filters.into_iter().map(str::to_owned));
    values.extend(more);
    let condition = match wheres.is_empty() {
        true => String::new(),
        false => format!("WHERE {}", wheres.join(" AND ")),
    };
    let (row, x) = if search.stories {
        ("s.story", "s")
    } else {
        ("a.article", "a")
    };
    let sql = format!(
        "SELECT {row}, a.article FROM {from} {condition} ORDER BY {arrived} DESC, {x}.id DESC"
    );
    (sql, values)
}
