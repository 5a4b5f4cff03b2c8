//! Facts that few articles have. A search that asks for one looks at these articles alone; it would otherwise walk down all
//! that have its words. What is found here holds at least every match, never a part.

use rusqlite::{Connection, params};

use super::check;
use crate::model::{FeedRow, Time};
use crate::query::Expr;
use crate::query::ast::Fact;

type Sql<T> = rusqlite::Result<T>;

/// So many articles are few: to ask the word index of each costs no more than to walk past ten thousand that do not match.
pub(super) const FEW: usize = 500;

/// The same and one more: how many are looked for.
const LOOKED_FOR: i64 = FEW as i64 + 1;

/// Among more feeds than these nobody looks for the ones that are meant.
const FEEDS_MAX: u32 = 1000;

/// Where the matches of a search are.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Among {
    /// Anywhere.
    All,
    /// Among these few articles.
    Articles(Vec<i64>),
    /// Among the articles of these feeds, which may be many.
    Feeds(Vec<FeedRow>),
}

/// Where the matches are by the facts that every one of them must have; `rest` is what the word index leaves open.
pub(super) fn among(conn: &Connection, rest: Option<&Expr>, now: Time) -> Sql<Among> {
    let Some(Expr::And(needed)) = rest else {
        return Ok(Among::All);
    };
    let mut of_feeds = Vec::new();
    for e in needed {
        let found = match e {
            Expr::Fact(Fact::Lang(tag)) => in_language(conn, tag)?,
            Expr::Fact(Fact::Topic(name)) => in_topic(conn, name)?,
            Expr::Fact(fact @ (Fact::Feed(_) | Fact::Tag(_))) => {
                of_feeds.push(fact);
                continue;
            }
            _ => continue,
        };
        if found.len() <= FEW {
            return Ok(Among::Articles(found));
        }
    }
    if of_feeds.is_empty() {
        return Ok(Among::All);
    }
    let Some(feeds) = check::feeds_with(conn, &of_feeds, FEEDS_MAX, now)? else {
        return Ok(Among::All);
    };
    let mut of_feed =
        conn.prepare_cached("SELECT article FROM articles WHERE feed = ?1 LIMIT ?2")?;
    let mut found = Vec::new();
    for feed in &feeds {
        let rows = of_feed.query_map(params![feed, LOOKED_FOR], |r| r.get(0))?;
        found.extend(rows.collect::<Sql<Vec<i64>>>()?);
        if found.len() > FEW {
            return Ok(Among::Feeds(feeds));
        }
    }
    Ok(Among::Articles(found))
}

/// Articles of a topic, one more than are few at most.
fn in_topic(conn: &Connection, name: &str) -> Sql<Vec<i64>> {
    conn.prepare_cached(
        "SELECT article FROM article_topics WHERE topic = (SELECT topic FROM topics WHERE name = ?1) LIMIT ?2",
    )?
    .query_map(params![name, LOOKED_FOR], |r| r.get(0))?
    .collect()
}

/// Articles in a language or a variety of it, one more than are few at most.
fn in_language(conn: &Connection, tag: &str) -> Sql<Vec<i64>> {
    conn.prepare_cached(
        "SELECT article FROM articles WHERE language = ?1 COLLATE NOCASE
         UNION ALL
         SELECT article FROM articles
         WHERE language >= ?1 || '-' COLLATE NOCASE AND language < ?1 || '.' COLLATE NOCASE
         LIMIT ?2",
    )?
    .query_map(params![tag, LOOKED_FOR], |r| r.get(0))?
    .collect()
}
