//! The plain evaluator over stored articles, one after the other: what the word index leaves open of a search or of a topic
//! that is told anew. What is the same for all articles of a feed is looked up once, and nothing that is not asked for.

use std::collections::{HashMap, HashSet};

use rusqlite::{Connection, OptionalExtension, Row};

use super::prepare::{self, Facts as ArticleFacts};
use super::{feeds, readers};
use crate::model::{FeedRow, Time, WebUrl};
use crate::query::ast::{Expr, Fact, Measure, Pattern};
use crate::query::{Facts, Folded, eval};

type Sql<T> = rusqlite::Result<T>;

/// Says of articles whether an expression holds.
pub(super) struct Checker<'c> {
    conn: &'c Connection,
    expr: &'c Expr,
    now: Time,
    wants: Wants,
    feeds: HashMap<FeedRow, OfFeed>,
}

/// What the expression asks about.
#[derive(Debug, Clone, Copy)]
struct Wants {
    text: bool,
    /// Words of the text, or how many there are; else only regular expressions read it, as printed.
    words: bool,
    /// How many copies the story has.
    story: bool,
    hosts: bool,
    topics: bool,
}

/// What the articles of a feed have in common.
struct OfFeed {
    facts: Facts,
    site: Option<String>,
    boilerplate: HashSet<u64>,
}

impl<'c> Checker<'c> {
    pub(super) fn new(conn: &'c Connection, expr: &'c Expr, now: Time) -> Self {
        let is_folded = |e: &Expr| match e {
            Expr::Text(_, pattern) => !matches!(pattern, Pattern::Regex(_)),
            Expr::Fact(Fact::Count(measure, ..)) => *measure == Measure::Words,
            _ => false,
        };
        let wants = Wants {
            text: expr.needs_text(),
            words: expr.any(&mut |e| is_folded(e)),
            story: expr.needs_story(),
            hosts: expr.any(&mut |e| matches!(e, Expr::Fact(Fact::Site(_)))),
            topics: expr.needs_topics(),
        };
        Self {
            conn,
            expr,
            now,
            wants,
            feeds: HashMap::new(),
        }
    }

    /// What has to be read of an article `a`, and what it is to be joined with.
    pub(super) fn columns(&self) -> (&'static str, &'static str) {
        match (self.wants.text, self.wants.story) {
            (false, false) => ("a.feed, a.url, a.language, a.arrived, a.words, 0, 0", ""),
            (false, true) => (
                "a.feed, a.url, a.language, a.arrived, a.words, s.copies, s.feeds",
                "CROSS JOIN stories s USING (story)",
            ),
            (true, _) => (
                "a.feed, a.url, a.language, a.arrived, a.words, s.copies, s.feeds, a.title, a.summary, a.facts, a.content",
                "CROSS JOIN stories s USING (story)",
            ),
        }
    }

    /// Whether it holds for an article; not for one that is gone.
    pub(super) fn holds(&mut self, article: i64) -> Sql<bool> {
        let (columns, joined) = self.columns();
        let mut look = self.conn.prepare_cached(&format!(
            "SELECT a.article, {columns} FROM articles a {joined} WHERE a.article = ?1"
        ))?;
        let mut rows = look.query([article])?;
        match rows.next()? {
            Some(r) => self.holds_of(r),
            None => Ok(false),
        }
    }

    /// The same for a row of the article's number and of [`Self::columns`].
    pub(super) fn holds_of(&mut self, r: &Row<'_>) -> Sql<bool> {
        let feed: FeedRow = r.get(1)?;
        let of_feed = match self.feeds.entry(feed) {
            std::collections::hash_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::hash_map::Entry::Vacant(place) => {
                place.insert(of_feed(self.conn, feed, self.wants.text)?)
            }
        };
        let text = match self.wants.text {
            true => text(r, &of_feed.boilerplate, self.wants.words)?,
            false => Folded {
                words: r.get::<_, i64>(5)?.max(0).cast_unsigned(),
                ..Folded::default()
            },
        };
        let facts = &mut of_feed.facts;
        facts.url = r.get(2)?;
        facts.language = r.get(3)?;
        facts.arrived = Time::from_millis(r.get(4)?);
        facts.copies = r.get::<_, i64>(6)?.cast_unsigned();
        facts.feeds = r.get::<_, i64>(7)?.cast_unsigned();
        if self.wants.hosts {
            facts.hosts = hosts(facts.url.as_deref(), of_feed.site.as_deref());
        }
        if self.wants.topics {
            facts.topics = topics(self.conn, r.get(0)?)?;
        }
        Ok(eval::matches(self.expr, &text, facts, self.now))
    }
}

fn of_feed(conn: &Connection, feed: FeedRow, with_text: bool) -> Sql<OfFeed> {
    let mut found = conn
        .prepare_cached(
            "SELECT id, coalesce(title_user, title_own), url, folder, tags, site FROM feeds WHERE feed = ?1",
        )?
        .query_row([feed], |r| {
            Ok(OfFeed {
                facts: Facts {
                    feed_id: uuid::Uuid::from_bytes(r.get(0)?).to_string(),
                    feed_title: r.get(1)?,
                    feed_url: r.get(2)?,
                    tags: readers::tags(r.get(3)?, &r.get::<_, String>(4)?),
                    ..Facts::default()
                },
                site: r.get(5)?,
                boilerplate: HashSet::new(),
            })
        })?;
    if with_text {
        found.boilerplate = feeds::boilerplate(conn, feed)?;
    }
    Ok(found)
}

/// Title, summary, facts and content of a row, from its ninth column on.
fn text(r: &Row<'_>, boilerplate: &HashSet<u64>, with_words: bool) -> Sql<Folded> {
    let (title, summary): (String, String) = (r.get(8)?, r.get(9)?);
    let facts: ArticleFacts = feeds::from_json(&r.get::<_, String>(10)?);
    let html = prepare::unpack(r.get_ref(11)?.as_blob()?);
    let (_, body) = prepare::readable(&html, boilerplate);
    Ok(match with_words {
        true => prepare::fold(&title, &summary, &body, &facts),
        false => prepare::unfolded(&title, &summary, &body, &facts),
    })
}

/// The folded text of a stored article.
pub(super) fn folded(conn: &Connection, article: i64) -> Sql<Option<Folded>> {
    let feed: Option<FeedRow> = conn
        .prepare_cached("SELECT feed FROM articles WHERE article = ?1")?
        .query_row([article], |r| r.get(0))
        .optional()?;
    let Some(feed) = feed else { return Ok(None) };
    let boilerplate = feeds::boilerplate(conn, feed)?;
    conn.prepare_cached(
        "SELECT 0, 0, 0, 0, 0, 0, 0, 0, title, summary, facts, content FROM articles WHERE article = ?1",
    )?
    .query_row([article], |r| text(r, &boilerplate, true))
    .optional()
}

/// The facts of a stored article.
pub(super) fn facts(conn: &Connection, article: i64) -> Sql<Option<Facts>> {
    let found: Option<(FeedRow, Facts)> = conn
        .prepare_cached(
            "SELECT a.feed, a.url, a.language, a.arrived, s.copies, s.feeds
             FROM articles a JOIN stories s USING (story) WHERE a.article = ?1",
        )?
        .query_row([article], |r| {
            Ok((
                r.get(0)?,
                Facts {
                    url: r.get(1)?,
                    language: r.get(2)?,
                    arrived: Time::from_millis(r.get(3)?),
                    copies: r.get::<_, i64>(4)?.cast_unsigned(),
                    feeds: r.get::<_, i64>(5)?.cast_unsigned(),
                    ..Facts::default()
                },
            ))
        })
        .optional()?;
    let Some((feed, facts)) = found else {
        return Ok(None);
    };
    let of_feed = of_feed(conn, feed, false)?;
    Ok(Some(Facts {
        hosts: hosts(facts.url.as_deref(), of_feed.site.as_deref()),
        topics: topics(conn, article)?,
        url: facts.url,
        language: facts.language,
        arrived: facts.arrived,
        copies: facts.copies,
        feeds: facts.feeds,
        ..of_feed.facts
    }))
}

/// Hosts: of the page, and of the feed's site.
fn hosts(url: Option<&str>, site: Option<&str>) -> Vec<String> {
    let parsed = [url, site].into_iter().flatten().map(WebUrl::parse);
    parsed.flatten().map(|u| u.host().to_owned()).collect()
}

fn topics(conn: &Connection, article: i64) -> Sql<Vec<String>> {
    conn.prepare_cached(
        "SELECT name FROM article_topics JOIN topics USING (topic) WHERE article = ?1",
    )?
    .query_map([article], |r| r.get(0))?
    .collect()
}
