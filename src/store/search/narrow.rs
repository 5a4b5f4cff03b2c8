//! What few articles have. A search that asks for one looks at these articles alone; it would otherwise walk past all others.
//! What is found here holds at least every match, never a part.

use rusqlite::{Connection, params};

use crate::model::{ArticleRow, FeedRow, Time, WebUrl};
use crate::query::ast::{Compare, Fact, Measure};
use crate::query::plan::{IndexPlan, index_plan};
use crate::query::{Expr, Facts, eval};
use crate::store::search::matcher;
use crate::store::sql::Sql;
use crate::store::stop::Stop;

/// So many articles are few: to ask the word index of each costs no more than to walk past ten thousand that do not match.
pub(in crate::store) const FEW: usize = 500;

/// The same and one more: how many are looked for.
const LOOKED_FOR: i64 = FEW as i64 + 1;

/// Among more feeds than these nobody looks for the ones that are meant.
const FEEDS_MAX: usize = 100_000;

/// Among the hosts of more pages than these nobody looks for the ones that are meant.
const HOSTS_MAX: usize = 20_000;

/// Where the matches of a search are.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::store) enum Among {
    /// Anywhere.
    All,
    /// Among these few articles.
    Articles(Vec<ArticleRow>),
    /// Among the articles of these feeds, which may be many.
    Feeds(Vec<FeedRow>),
}

/// What is looked through for one search.
struct Look<'a> {
    conn: &'a Connection,
    now: Time,
    stop: &'a Stop,
}

/// Where the matches are by what every one of them must have.
pub(in crate::store) fn among(
    conn: &Connection,
    plan: &IndexPlan,
    now: Time,
    stop: &Stop,
) -> Sql<Among> {
    let look = Look { conn, now, stop };
    if let Some(found) = look.arrived(plan)? {
        return Ok(Among::Articles(found));
    }
    let Some(Expr::And(needed)) = &plan.residual else {
        return Ok(Among::All);
    };
    let (costly, cheap): (Vec<&Expr>, Vec<&Expr>) = needed.iter().partition(|e| is_costly(e));
    let of_feed = |e: &&Expr| matches!(e, Expr::Fact(Fact::Feed(_) | Fact::Tag(_)));
    let (of_feeds, others): (Vec<&Expr>, Vec<&Expr>) = cheap.into_iter().partition(of_feed);
    for e in others {
        if let Some(found) = look.for_all(e)? {
            return Ok(Among::Articles(found));
        }
    }
    let facts: Vec<&Fact> = of_feeds.into_iter().filter_map(fact).collect();
    let mut feeds = None;
    if !facts.is_empty() {
        feeds = look.feeds_with(&facts)?;
        let of_feeds = feeds.as_ref().map(|feeds| look.of_feeds(feeds));
        if let Some(found) = of_feeds.transpose()?.flatten() {
            return Ok(Among::Articles(found));
        }
    }
    // What few articles say is found sooner by its words.
    let has_words = match &plan.index_query {
        Some(query) if !costly.is_empty() => look.few(WITH_WORDS, query)?.is_some(),
        _ => false,
    };
    for e in costly.into_iter().filter(|_| !has_words) {
        if let Some(found) = look.for_all(e)? {
            return Ok(Among::Articles(found));
        }
    }
    Ok(feeds.map_or(Among::All, Among::Feeds))
}

const WITH_WORDS: &str = "SELECT rowid FROM words WHERE words MATCH ?1 LIMIT ?2";

/// Whether an index as long as the store is walked for it.
fn is_costly(e: &Expr) -> bool {
    e.any(&mut |e| matches!(e, Expr::Fact(Fact::Url(_) | Fact::Site(_))))
}

fn fact(e: &Expr) -> Option<&Fact> {
    match e {
        Expr::Fact(fact) => Some(fact),
        _ => None,
    }
}

/// Each of these gives the articles that may be so, each once; none if they are not few, or if that cannot be told.
impl Look<'_> {
    /// By the bounds of time.
    fn arrived(&self, plan: &IndexPlan) -> Sql<Option<Vec<ArticleRow>>> {
        if plan.since.is_none() && plan.until.is_none() {
            return Ok(None);
        }
        let since = plan.since.map_or(i64::MIN, Time::millis);
        let until = plan.until.map_or(i64::MAX, Time::millis);
        let mut query = self.conn.prepare_cached(
            "SELECT article FROM articles WHERE arrived >= ?1 AND arrived < ?2 LIMIT ?3",
        )?;
        let found = query.query_map(params![since, until, LOOKED_FOR], |r| r.get(0))?;
        Ok(Some(found.collect::<Sql<Vec<ArticleRow>>>()?).filter(|found| found.len() <= FEW))
    }

    fn for_all(&self, e: &Expr) -> Sql<Option<Vec<ArticleRow>>> {
        match e {
            Expr::And(list) => {
                for e in list {
                    if let Some(found) = self.for_all(e)? {
                        return Ok(Some(found));
                    }
                }
                Ok(None)
            }
            Expr::Or(list) => {
                let mut all = Vec::new();
                for e in list {
                    match self.for_all(e)? {
                        Some(found) => all.extend(found),
                        None => return Ok(None),
                    }
                }
                all.sort_unstable();
                all.dedup();
                Ok(Some(all))
            }
            Expr::Text(..) => match index_plan(e, self.now).index_query {
                Some(query) => self.few(WITH_WORDS, &query),
                None => Ok(None),
            },
            Expr::Fact(fact) => self.with(fact),
            Expr::Not(_) => Ok(None),
        }
    }

    fn with(&self, fact: &Fact) -> Sql<Option<Vec<ArticleRow>>> {
        match fact {
            Fact::Lang(tag) => self.few(
                "SELECT article FROM articles WHERE language = ?1 COLLATE NOCASE
                 UNION ALL
                 SELECT article FROM articles
                 WHERE language >= ?1 || '-' COLLATE NOCASE AND language < ?1 || '.' COLLATE NOCASE
                 LIMIT ?2",
                tag,
            ),
            Fact::Topic(name) => self.few(
                "SELECT article FROM article_topics
                 WHERE topic = (SELECT topic FROM topics WHERE name = ?1) LIMIT ?2",
                name,
            ),
            Fact::Since(when) => self.few(
                "SELECT article FROM articles WHERE arrived >= ?1 LIMIT ?2",
                when.at(self.now).millis(),
            ),
            Fact::Until(when) => self.few(
                "SELECT article FROM articles WHERE arrived < ?1 LIMIT ?2",
                when.at(self.now).millis(),
            ),
            Fact::Feed(_) | Fact::Tag(_) => match self.feeds_with(&[fact])? {
                Some(feeds) => self.of_feeds(&feeds),
                None => Ok(None),
            },
            Fact::Url(_) => self.at_url(fact),
            Fact::Site(_) => self.at_site(fact),
            Fact::Count(measure, compare, n) => self.with_count(*measure, *compare, *n),
        }
    }

    fn few(&self, sql: &str, value: impl rusqlite::ToSql) -> Sql<Option<Vec<ArticleRow>>> {
        let mut query = self.conn.prepare_cached(sql)?;
        let found = query.query_map(params![value, LOOKED_FOR], |r| r.get(0))?;
        Ok(Some(found.collect::<Sql<Vec<ArticleRow>>>()?).filter(|found| found.len() <= FEW))
    }

    fn feeds_with(&self, facts: &[&Fact]) -> Sql<Option<Vec<FeedRow>>> {
        matcher::feeds_with(self.conn, FEEDS_MAX, |of_feed, _| {
            facts.iter().all(|f| eval::holds(f, of_feed, 0, self.now))
        })
    }

    fn of_feeds(&self, feeds: &[FeedRow]) -> Sql<Option<Vec<ArticleRow>>> {
        let mut found = Vec::new();
        for feed in feeds {
            let of_feed = self.few(
                "SELECT article FROM articles WHERE feed = ?1 LIMIT ?2",
                feed,
            )?;
            match of_feed {
                Some(of_feed) => found.extend(of_feed),
                None => return Ok(None),
            }
            if found.len() > FEW {
                return Ok(None);
            }
        }
        Ok(Some(found))
    }

    /// By their URLs, which are read off their index alone.
    fn at_url(&self, fact: &Fact) -> Sql<Option<Vec<ArticleRow>>> {
        let mut urls = self.conn.prepare_cached(
            "SELECT article, url FROM articles INDEXED BY articles_url WHERE url IS NOT NULL",
        )?;
        let mut urls = urls.query([])?;
        let (mut found, mut facts) = (Vec::new(), Facts::default());
        while let Some(r) = urls.next()? {
            self.stop.check()?;
            facts.url = Some(r.get(1)?);
            if eval::holds(fact, &facts, 0, self.now) {
                found.push(r.get(0)?);
                if found.len() > FEW {
                    return Ok(None);
                }
            }
        }
        Ok(Some(found))
    }

    /// By the hosts of their pages, and by the sites of their feeds.
    fn at_site(&self, fact: &Fact) -> Sql<Option<Vec<ArticleRow>>> {
        let is_meant = |host: &str| {
            let facts = Facts {
                hosts: vec![host.to_owned()],
                ..Facts::default()
            };
            eval::holds(fact, &facts, 0, self.now)
        };
        let host_of = |url: &str| WebUrl::parse(url).ok().map(|url| url.host().to_owned());
        let feeds = matcher::feeds_with(self.conn, FEEDS_MAX, |_, site| {
            site.and_then(host_of).is_some_and(|host| is_meant(&host))
        })?;
        let Some(mut found) = feeds.map(|f| self.of_feeds(&f)).transpose()?.flatten() else {
            return Ok(None);
        };
        // From one host to the next, not from page to page: behind `https://host/` comes `https://host0`.
        let mut next = self
            .conn
            .prepare_cached("SELECT url FROM articles WHERE url >= ?1 ORDER BY url LIMIT 1")?;
        let mut from = String::new();
        for _ in 0..HOSTS_MAX {
            self.stop.check()?;
            let mut rows = next.query([&from])?;
            let Some(r) = rows.next()? else {
                found.sort_unstable();
                found.dedup();
                return Ok(Some(found).filter(|found| found.len() <= FEW));
            };
            let url: String = r.get(0)?;
            drop(rows);
            let authority = url.find("://").map_or(0, |at| at + 3);
            let behind = url.get(authority..).and_then(|rest| rest.find('/'));
            let Some(end) = behind.map(|at| authority + at) else {
                return Ok(None); // no URL as they are stored
            };
            let site = url.get(..end).unwrap_or(&url);
            let after = format!("{site}0");
            if host_of(&url).is_some_and(|host| is_meant(&host)) {
                let at_host = self.between(&format!("{site}/"), &after)?;
                match at_host {
                    Some(at_host) => found.extend(at_host),
                    None => return Ok(None),
                }
            }
            from = after;
        }
        Ok(None)
    }

    fn between(&self, from: &str, to: &str) -> Sql<Option<Vec<ArticleRow>>> {
        let mut query = self
            .conn
            .prepare_cached("SELECT article FROM articles WHERE url >= ?1 AND url < ?2 LIMIT ?3")?;
        let found = query.query_map(params![from, to, LOOKED_FOR], |r| r.get(0))?;
        Ok(Some(found.collect::<Sql<Vec<ArticleRow>>>()?).filter(|found| found.len() <= FEW))
    }

    /// By their words, which stand in an index, or by what their stories count, whose rows are short.
    fn with_count(
        &self,
        measure: Measure,
        compare: Compare,
        n: u64,
    ) -> Sql<Option<Vec<ArticleRow>>> {
        let n = i64::try_from(n).unwrap_or(i64::MAX);
        let of_stories = |column: &str| {
            format!(
                "SELECT a.article FROM stories s CROSS JOIN articles a ON a.story = s.story
                 WHERE s.{column} {compare} ?1 LIMIT ?2"
            )
        };
        let sql = match measure {
            Measure::Words => format!(
                "SELECT article FROM articles INDEXED BY articles_published
                 WHERE words {compare} ?1 LIMIT ?2"
            ),
            Measure::Copies => of_stories("copies"),
            Measure::Feeds => of_stories("feeds"),
        };
        self.few(&sql, n)
    }
}
