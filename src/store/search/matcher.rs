//! The questions of an expression asked about stored articles, one after the other: what the word index leaves open of a
//! search, or of a topic that is computed again. Nothing is read before it is asked for, and what is the same for all articles
//! of a feed is looked up once.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use rusqlite::{CachedStatement, Connection, OptionalExtension, Row};

use crate::model::{ArticleRow, FeedRow, Time, WebUrl};
use crate::normalize::boilerplate::Boilerplate;
use crate::query::ast::{Expr, Fact, Measure, Pattern, Scope};
use crate::query::plan::Predicate;
use crate::query::{Facts, Folded, eval};
use crate::store::articles::content::{self, ArticleFacts};
use crate::store::feeds::{feed_views, paragraphs};
use crate::store::search::postings::Postings;
use crate::store::sql::Sql;
use crate::store::stop::Stop;

/// Asks questions about articles.
pub(in crate::store) struct Matcher<'c> {
    conn: &'c Connection,
    now: Time,
    wants: Wants,
    row: CachedStatement<'c>,
    text: CachedStatement<'c>,
    feeds: HashMap<FeedRow, OfFeed>,
    /// By query of the word index: what it finds among the rows that were looked up ([`Matcher::look_up`]).
    found: HashMap<String, HashSet<ArticleRow>>,
    /// By query: what the word index is asked of one article; none: the text is read instead.
    postings: Option<HashMap<String, Postings<'c>>>,
    read: Read,
    stop: Stop,
}

/// What the questions are about.
#[derive(Debug, Clone, Copy, Default)]
struct Wants {
    /// How many copies the story has.
    story: bool,
    hosts: bool,
    topics: bool,
    /// Standfirst and body.
    body: bool,
    /// Authors, labels, agencies.
    labels: bool,
}

/// What the articles of a feed have in common.
struct OfFeed {
    facts: Facts,
    site: Option<String>,
    /// Digests of its boilerplate; none: not asked for yet.
    boilerplate: Option<Boilerplate>,
}

/// The article's row, as far as it has been read.
#[derive(Debug, Clone, Copy, Default)]
enum ArticleState {
    #[default]
    Unread,
    Gone,
    Found {
        feed: FeedRow,
        words: u64,
    },
}

/// What has been read of the article that is asked about.
#[derive(Default)]
struct Read {
    article: ArticleRow,
    row: ArticleState,
    /// The text as printed; the words in it if there were any to look for.
    text: Option<Folded>,
    is_folded: bool,
}

impl<'c> Matcher<'c> {
    /// For these questions and no others.
    pub(in crate::store) fn new<'q>(
        conn: &'c Connection,
        predicates: impl Iterator<Item = &'q Predicate>,
        now: Time,
    ) -> Sql<Self> {
        let mut wants = Wants::default();
        for predicate in predicates {
            predicate.each(&mut |q| wants.add(q));
        }
        let (counts, joined) = match wants.story {
            true => ("s.copies, s.feeds", "CROSS JOIN stories s USING (story)"),
            false => ("0, 0", ""),
        };
        let body = match wants.body {
            true => "summary, content",
            false => "'', x''",
        };
        let labels = if wants.labels { "facts" } else { "'{}'" };
        Ok(Self {
            conn,
            now,
            wants,
            row: conn.prepare_cached(&format!(
                "SELECT a.feed, a.words, a.url, a.language, a.arrived, {counts} FROM articles a {joined}
                 WHERE a.article = ?1"
            ))?,
            text: conn.prepare_cached(&format!(
                "SELECT title, {labels}, {body} FROM articles WHERE article = ?1"
            ))?,
            feeds: HashMap::new(),
            found: HashMap::new(),
            postings: None,
            read: Read::default(),
            stop: Stop::default(),
        })
    }

    /// For the texts of articles, whole.
    pub(in crate::store) fn of_texts(conn: &'c Connection, now: Time) -> Sql<Self> {
        let any = |scope| Predicate::Text(Expr::Text(scope, Pattern::Phrase(Vec::new())));
        Self::new(conn, [any(Scope::Any), any(Scope::Author)].iter(), now)
    }

    /// From now on an answer that takes longer than this is an error.
    pub(in crate::store) fn stop_at(&mut self, stop: &Stop) {
        self.stop = stop.clone();
    }

    /// From now on the word index is asked what it knows of an article whose text was not read yet.
    pub(in crate::store) fn ask_index(&mut self) {
        self.postings = Some(HashMap::new());
    }

    /// Asks the word index about all articles among these rows (both included): from now on it answers for them.
    pub(in crate::store) fn look_up(
        &mut self,
        predicates: &[&Predicate],
        (first, last): (ArticleRow, ArticleRow),
    ) -> Sql<()> {
        self.found.clear();
        let mut queries = Vec::new();
        for predicate in predicates {
            predicate.each(&mut |q| {
                if let Predicate::Index(query, _) = q {
                    queries.push(query);
                }
            });
        }
        let mut find = self.conn.prepare_cached(
            "SELECT rowid FROM words WHERE words MATCH ?1 AND rowid BETWEEN ?2 AND ?3",
        )?;
        for query in queries {
            if !self.found.contains_key(query) {
                let rows = find.query_map((query, first, last), |r| r.get(0))?;
                self.found.insert(query.clone(), rows.collect::<Sql<_>>()?);
            }
        }
        Ok(())
    }

    /// Whether an article is as asked; not if it is gone.
    pub(in crate::store) fn holds(
        &mut self,
        predicate: &Predicate,
        article: ArticleRow,
    ) -> Sql<bool> {
        self.turn_to(article);
        Ok(self.ask(predicate)? && self.row()?.is_some())
    }

    /// The facts of the article that is asked about may have changed; its text has not.
    pub(in crate::store) fn forget_facts(&mut self) {
        self.read.row = ArticleState::Unread;
    }

    /// The folded text of an article; none if it is gone.
    pub(in crate::store) fn words_of(&mut self, article: ArticleRow) -> Sql<Option<&Folded>> {
        self.turn_to(article);
        self.read_text(true)?;
        Ok(self.read.text.as_ref())
    }

    fn turn_to(&mut self, article: ArticleRow) {
        if self.read.article != article {
            self.read = Read {
                article,
                ..Read::default()
            };
        }
    }

    fn ask(&mut self, predicate: &Predicate) -> Sql<bool> {
        match predicate {
            Predicate::All(list) => {
                for one in list {
                    if !self.ask(one)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Predicate::Any(list) => {
                for one in list {
                    if self.ask(one)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Predicate::Not(inner) => Ok(!self.ask(inner)?),
            Predicate::Index(query, expr) => match self.found.get(query) {
                Some(rows) => Ok(rows.contains(&self.read.article)),
                None => self.ask_words(query, expr),
            },
            Predicate::Fact(fact) => self.ask_fact(fact),
            Predicate::Text(expr) => self.ask_text(expr),
        }
    }

    fn ask_words(&mut self, query: &str, expr: &Expr) -> Sql<bool> {
        let Some(all) = self.postings.as_mut().filter(|_| !self.read.is_folded) else {
            return self.ask_text(expr);
        };
        let postings = match all.entry(query.to_owned()) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => place.insert(Postings::new(self.conn, query)?),
        };
        postings.has(self.read.article)
    }

    fn ask_fact(&mut self, fact: &Fact) -> Sql<bool> {
        let Some((feed, words)) = self.row()? else {
            return Ok(false);
        };
        let of_feed = self.feeds.get(&feed);
        Ok(of_feed.is_some_and(|f| eval::holds(fact, &f.facts, words, self.now)))
    }

    /// What is known besides the text; it stands with the feed's then.
    fn row(&mut self) -> Sql<Option<(FeedRow, u64)>> {
        match self.read.row {
            ArticleState::Unread => {}
            ArticleState::Gone => return Ok(None),
            ArticleState::Found { feed, words } => return Ok(Some((feed, words))),
        }
        let article = self.read.article;
        let mut rows = self.row.query([article])?;
        let Some(r) = rows.next()? else {
            self.read.row = ArticleState::Gone;
            return Ok(None);
        };
        let feed: FeedRow = r.get(0)?;
        let of_feed = match self.feeds.entry(feed) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => place.insert(of_feed(self.conn, feed)?),
        };
        let words = r.get::<_, i64>(1)?.max(0).cast_unsigned();
        let facts = &mut of_feed.facts;
        facts.url = r.get(2)?;
        facts.language = r.get(3)?;
        facts.arrived = Time::from_millis(r.get(4)?);
        facts.copies = r.get::<_, i64>(5)?.cast_unsigned();
        facts.feeds = r.get::<_, i64>(6)?.cast_unsigned();
        if self.wants.hosts {
            facts.hosts = hosts(facts.url.as_deref(), of_feed.site.as_deref());
        }
        if self.wants.topics {
            facts.topics = topics(self.conn, article)?;
        }
        self.read.row = ArticleState::Found { feed, words };
        Ok(Some((feed, words)))
    }

    fn ask_text(&mut self, expr: &Expr) -> Sql<bool> {
        let is_word = |e: &Expr| matches!(e, Expr::Text(_, p) if !matches!(p, Pattern::Regex(_)));
        let with_words = expr.any(&mut |e| is_word(e));
        self.read_text(with_words)?;
        let (text, stop) = (self.read.text.as_ref(), || self.stop.is_reached());
        let is_so = text.is_some_and(|text| eval::matches_text(expr, text, &stop));
        self.stop.check()?;
        Ok(is_so)
    }

    fn read_text(&mut self, with_words: bool) -> Sql<()> {
        if self.read.text.is_none() || with_words && !self.read.is_folded {
            self.read.text = self.text(with_words)?;
            self.read.is_folded = with_words;
        }
        Ok(())
    }

    fn text(&mut self, with_words: bool) -> Sql<Option<Folded>> {
        let Some((feed, _)) = self.row()? else {
            return Ok(None);
        };
        let none = Boilerplate::default();
        let boilerplate = match self.feeds.get_mut(&feed) {
            Some(of_feed) if self.wants.body => match &mut of_feed.boilerplate {
                Some(known) => known,
                unknown => unknown.insert(paragraphs::boilerplate(self.conn, feed)?),
            },
            _ => &none,
        };
        let mut rows = self.text.query([self.read.article])?;
        let r = rows.next()?;
        r.map(|r| text(r, boilerplate, with_words)).transpose()
    }
}

impl Wants {
    fn add(&mut self, predicate: &Predicate) {
        match predicate {
            Predicate::Index(_, expr) | Predicate::Text(expr) => {
                expr.any(&mut |e| {
                    if let Expr::Text(scope, _) = e {
                        self.body |= matches!(scope, Scope::Any | Scope::Body);
                        self.labels |=
                            matches!(scope, Scope::Author | Scope::Category | Scope::Agency);
                    }
                    false
                });
            }
            Predicate::Fact(Fact::Count(Measure::Copies | Measure::Feeds, ..)) => self.story = true,
            Predicate::Fact(Fact::Site(_)) => self.hosts = true,
            Predicate::Fact(Fact::Topic(_)) => self.topics = true,
            _ => {}
        }
    }
}

const OF_FEED: &str =
    "SELECT id, coalesce(title_user, title_own), url, folder, tags, site, feed FROM feeds";

fn of_feed(conn: &Connection, feed: FeedRow) -> Sql<OfFeed> {
    conn.prepare_cached(&format!("{OF_FEED} WHERE feed = ?1"))?
        .query_row([feed], of_feed_row)
}

fn of_feed_row(r: &Row<'_>) -> Sql<OfFeed> {
    Ok(OfFeed {
        facts: Facts {
            feed_id: uuid::Uuid::from_bytes(r.get(0)?).to_string(),
            feed_title: r.get(1)?,
            feed_url: r.get(2)?,
            tags: feed_views::tags(r.get(3)?, &r.get::<_, String>(4)?),
            ..Facts::default()
        },
        site: r.get(5)?,
        boilerplate: None,
    })
}

/// The feeds of which `is_meant` says so, by their facts and their site; none: there are more than `most` to look at.
pub(in crate::store) fn feeds_with(
    conn: &Connection,
    most: usize,
    mut is_meant: impl FnMut(&Facts, Option<&str>) -> bool,
) -> Sql<Option<Vec<FeedRow>>> {
    let mut all = conn.prepare_cached(&format!("{OF_FEED} LIMIT ?1"))?;
    let mut rows = all.query([i64::try_from(most + 1).unwrap_or(i64::MAX)])?;
    let (mut found, mut looked_at) = (Vec::new(), 0);
    while let Some(r) = rows.next()? {
        looked_at += 1;
        let of_feed = of_feed_row(r)?;
        if is_meant(&of_feed.facts, of_feed.site.as_deref()) {
            found.push(r.get(6)?);
        }
    }
    Ok(Some(found).filter(|_| looked_at <= most))
}

/// A row of title, facts, summary and content.
fn text(r: &Row<'_>, boilerplate: &Boilerplate, with_words: bool) -> Sql<Folded> {
    let text = |column| Ok::<_, rusqlite::Error>(r.get_ref(column)?.as_str()?);
    let (title, summary) = (text(0)?, text(2)?);
    let facts = match text(1)? {
        "{}" => ArticleFacts::default(),
        json => content::FACTS.shown(json),
    };
    let content = r.get_ref(3)?.as_blob()?;
    let body = match content.is_empty() {
        true => String::new(),
        false => content::text(&content::unpack(content), boilerplate),
    };
    Ok(match with_words {
        true => content::fold(title, summary, &body, &facts),
        false => content::unfolded(title, summary, &body, &facts),
    })
}

/// The facts of a stored article.
pub(in crate::store) fn facts(conn: &Connection, article: ArticleRow) -> Sql<Option<Facts>> {
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
    let of_feed = of_feed(conn, feed)?;
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

fn topics(conn: &Connection, article: ArticleRow) -> Sql<Vec<String>> {
    conn.prepare_cached(
        "SELECT name FROM article_topics JOIN topics USING (topic) WHERE article = ?1",
    )?
    .query_map([article], |r| r.get(0))?
    .collect()
}
