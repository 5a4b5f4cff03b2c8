//! Topics are views over stored copies: membership is computed when an article is written, and again when something
//! changes that it depends on: the definition, what the feed is called, the copies of the story.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::Instant;

use rusqlite::{Connection, OptionalExtension, params};

use super::records::TopicDefinition;
use super::select::Selection;
use super::{check, feeds, retag, search};
use crate::model::{FeedRow, Time};
use crate::query::compile::TopicSet;
use crate::query::{Expr, Folded};

type Sql<T> = rusqlite::Result<T>;

/// Articles of feeds that are called or filed otherwise, told anew at once; more are told part by part, for everybody else
/// who writes waits meanwhile.
const AT_ONCE: i64 = 500;

/// The topics in force, compiled.
#[derive(Debug, Default)]
pub(super) struct Tagger {
    set: Option<TopicSet>,
    rows: Vec<i64>,
    /// The number of the definitions in force; another process may have changed them.
    version: i64,
    now: Time,
    /// Whether there is more to be told part by part than there was.
    has_begun: bool,
}

impl Tagger {
    /// Compiles the definitions that are in force, if they are not those it knows.
    pub(super) fn refresh(&mut self, conn: &Connection, now: Time) -> Sql<()> {
        self.now = now;
        let version = version(conn)?;
        if self.set.is_some() && self.version == version {
            return Ok(());
        }
        let mut found = Vec::new();
        let mut query =
            conn.prepare_cached("SELECT topic, name, source FROM topics ORDER BY topic")?;
        let mut rows = query.query([])?;
        while let Some(r) = rows.next()? {
            let text: String = r.get(2)?;
            // It was checked when it was set; a definition that this version cannot read matches nothing. What was
            // written is read, not its canonical form, which may be longer than an expression may be.
            if let Ok(expr) = crate::query::parse(&text) {
                found.push((r.get(0)?, (r.get(1)?, expr)));
            }
        }
        let (rows, topics) = referred_first(found).into_iter().unzip();
        self.set = Some(TopicSet::new(topics));
        self.rows = rows;
        self.version = version;
        Ok(())
    }

    /// The definitions may not be those of the store: what set them was rolled back.
    pub(super) fn forget(&mut self) {
        self.set = None;
    }

    /// Writes the memberships of an article and of its story.
    pub(super) fn tag_article(
        &self,
        conn: &Connection,
        article: i64,
        story: i64,
        text: &Folded,
    ) -> Sql<()> {
        let Some(set) = self.set.as_ref().filter(|s| !s.is_empty()) else {
            return Ok(());
        };
        self.tag(conn, set, article, text)?;
        self.tag_copies(conn, story, Some(article))
    }

    /// Writes the memberships of a story that gained or lost a copy. `tagged` is done already.
    pub(super) fn tag_copies(&self, conn: &Connection, story: i64, tagged: Option<i64>) -> Sql<()> {
        let Some(set) = self.set.as_ref().filter(|s| !s.is_empty()) else {
            return Ok(());
        };
        // A copy more or less may carry the others over a `copies>=3`.
        let others: Vec<i64> = if set.topics().iter().any(|(_, e)| e.needs_story()) {
            conn.prepare_cached(
                "SELECT article FROM articles WHERE story = ?1 AND article IS NOT ?2",
            )?
            .query_map(params![story, tagged], |r| r.get(0))?
            .collect::<Sql<_>>()?
        } else {
            Vec::new()
        };
        for other in others {
            if let Some(text) = check::folded(conn, other)? {
                self.tag(conn, set, other, &text)?;
            }
        }
        tag_story(conn, story)
    }

    /// These feeds are called or filed otherwise than before: what they brought is tagged anew where that counts.
    pub(super) fn tag_feeds(&mut self, conn: &Connection, feeds: &[FeedRow], now: Time) -> Sql<()> {
        let mut has_articles =
            conn.prepare_cached("SELECT EXISTS (SELECT 1 FROM articles WHERE feed = ?1)")?;
        let mut with_articles = Vec::new();
        for &feed in feeds {
            if has_articles.query_row([feed], |r| r.get(0))? {
                with_articles.push(feed);
            }
        }
        if with_articles.is_empty() {
            return Ok(());
        }
        self.refresh(conn, now)?;
        super::articles::next_seq(conn)?; // whoever shows them shows the title
        for (topic, expr) in self.affected(HashSet::new(), Expr::needs_feed) {
            for &feed in &with_articles {
                retag_feed(conn, topic, expr, feed, self.now)?;
            }
        }
        Ok(())
    }

    /// The same at the operator's word, who may file ten thousand feeds otherwise in one go.
    pub(super) fn tag_any_feeds(
        &mut self,
        conn: &Connection,
        feeds: &[FeedRow],
        now: Time,
    ) -> Sql<()> {
        let mut count = conn.prepare_cached(
            "SELECT count(*) FROM (SELECT 1 FROM articles WHERE feed = ?1 LIMIT ?2)",
        )?;
        let mut articles = 0;
        for &feed in feeds {
            articles += count.query_row([feed, AT_ONCE + 1], |r| r.get::<_, i64>(0))?;
            if articles > AT_ONCE {
                self.refresh(conn, now)?;
                super::articles::next_seq(conn)?; // whoever shows them shows the title
                return self.begin(conn, HashSet::new(), Expr::needs_feed);
            }
        }
        self.tag_feeds(conn, feeds, now)
    }

    /// Time has gone by: topics with relative times are to be told anew.
    pub(super) fn tag_times(&mut self, conn: &Connection, now: Time) -> Sql<()> {
        self.refresh(conn, now)?;
        self.begin(conn, HashSet::new(), Expr::needs_now)
    }

    /// From now on the [affected](Self::affected) topics are told anew part by part.
    fn begin(
        &mut self,
        conn: &Connection,
        changed: HashSet<String>,
        depends: fn(&Expr) -> bool,
    ) -> Sql<()> {
        for (topic, _) in self.affected(changed, depends) {
            retag::begin(conn, topic)?;
        }
        self.has_begun = true;
        Ok(())
    }

    /// Whether anything was begun since this was asked last.
    pub(super) fn has_begun(&mut self) -> bool {
        std::mem::take(&mut self.has_begun)
    }

    /// Goes on telling topics anew until about `until`. Returns whether anything is left.
    pub(super) fn go_on(&mut self, conn: &Connection, now: Time, until: Instant) -> Sql<bool> {
        self.refresh(conn, now)?;
        let topics = self.set.iter().flat_map(TopicSet::topics);
        let rows = self.rows.iter().zip(topics);
        let topics: Vec<(i64, &Expr)> = rows.map(|(row, (_, expr))| (*row, expr)).collect();
        retag::go_on(conn, &topics, now, until)
    }

    /// The topics that `changed` names, those of which `depends` holds, and those that refer to one of them: each after
    /// those that it refers to.
    fn affected(
        &self,
        mut changed: HashSet<String>,
        depends: fn(&Expr) -> bool,
    ) -> Vec<(i64, &Expr)> {
        let topics = self.set.iter().flat_map(TopicSet::topics);
        let mut affected = Vec::new();
        for (row, (name, expr)) in self.rows.iter().zip(topics) {
            if changed.contains(name) || depends(expr) || expr.needs_one_of(&changed) {
                changed.insert(name.clone());
                affected.push((*row, expr));
            }
        }
        affected
    }

    fn tag(&self, conn: &Connection, set: &TopicSet, article: i64, text: &Folded) -> Sql<()> {
        let Some(facts) = check::facts(conn, article)? else {
            return Ok(());
        };
        conn.prepare_cached("DELETE FROM article_topics WHERE article = ?1")?
            .execute([article])?;
        let mut add =
            conn.prepare_cached("INSERT INTO article_topics (topic, article) VALUES (?1, ?2)")?;
        for topic in set
            .evaluate(text, &facts, self.now)
            .into_iter()
            .filter_map(|i| self.rows.get(i))
        {
            add.execute([*topic, article])?;
        }
        Ok(())
    }
}

/// A topic that others refer to stands before them. Of topics that refer to each other the older one stands first.
fn referred_first(topics: Vec<(i64, (String, Expr))>) -> Vec<(i64, (String, Expr))> {
    let places: HashMap<&str, usize> = topics
        .iter()
        .enumerate()
        .map(|(i, (_, (name, _)))| (name.as_str(), i))
        .collect();
    // How many topics each one waits for, and who waits for it.
    let mut waits_for = vec![0_usize; topics.len()];
    let mut waiting: HashMap<usize, Vec<usize>> = HashMap::new();
    for (i, (_, (_, expr))) in topics.iter().enumerate() {
        let names = expr.topics();
        let others = names.iter().filter_map(|name| places.get(name.as_str()));
        for &other in others.filter(|other| **other != i) {
            waiting.entry(other).or_default().push(i);
            if let Some(count) = waits_for.get_mut(i) {
                *count += 1;
            }
        }
    }
    let mut left: BTreeSet<usize> = (0..topics.len()).collect();
    let mut free: BTreeSet<usize> = left.clone();
    free.retain(|i| waits_for.get(*i) == Some(&0));
    let mut order = Vec::with_capacity(topics.len());
    while let Some(next) = free.pop_first().or_else(|| left.first().copied()) {
        left.remove(&next);
        order.push(next);
        for other in waiting.remove(&next).into_iter().flatten() {
            if let Some(count) = waits_for.get_mut(other) {
                *count -= 1;
                if *count == 0 && left.contains(&other) {
                    free.insert(other);
                }
            }
        }
    }
    let mut topics: Vec<_> = topics.into_iter().map(Some).collect();
    let taken = order.into_iter().filter_map(|i| topics.get_mut(i)?.take());
    taken.collect()
}

/// A story belongs to a topic if any of its copies does.
fn tag_story(conn: &Connection, story: i64) -> Sql<()> {
    conn.prepare_cached("DELETE FROM story_topics WHERE story = ?1")?
        .execute([story])?;
    conn.prepare_cached(
        "INSERT INTO story_topics (topic, arrived, story)
         SELECT DISTINCT t.topic, s.arrived, s.story FROM stories s CROSS JOIN articles a USING (story)
           CROSS JOIN article_topics t USING (article) WHERE s.story = ?1",
    )?
    .execute([story])?;
    Ok(())
}

fn version(conn: &Connection) -> Sql<i64> {
    conn.prepare_cached("SELECT coalesce((SELECT value FROM meta WHERE key = 'topics'), 0)")?
        .query_row([], |r| r.get(0))
}

/// Puts these topics in force: at once for what comes, part by part ([`Tagger::go_on`]) for what is stored. Returns how
/// many topics changed in any way.
pub(super) fn set(
    conn: &Connection,
    tagger: &mut Tagger,
    topics: Vec<TopicDefinition>,
    now: Time,
) -> Sql<usize> {
    let mut redefined = remove_others(conn, &topics)?;
    let mut changed = redefined.len();
    for t in topics {
        let expr = t.expr.to_string();
        let new = [t.title, t.source, feeds::json(&t.feed), expr];
        let known: Option<[String; 4]> = conn
            .prepare_cached("SELECT title, source, feed, expr FROM topics WHERE name = ?1")?
            .query_row([&t.name], |r| {
                Ok([r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?])
            })
            .optional()?;
        if known.as_ref() == Some(&new) {
            continue;
        }
        changed += 1;
        let [title, source, feed, expr] = new;
        conn.prepare_cached(
            "INSERT INTO topics (name, title, source, feed, expr) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (name) DO UPDATE SET title = excluded.title, source = excluded.source, feed = excluded.feed,
               expr = excluded.expr",
        )?
        .execute(params![t.name, title, source, feed, expr])?;
        if known.is_none_or(|[.., known]| known != expr) {
            redefined.insert(t.name);
        }
    }
    if changed == 0 {
        return Ok(0);
    }
    conn.execute(
        "INSERT INTO meta (key, value) VALUES ('topics', 1) ON CONFLICT DO UPDATE SET value = value + 1",
        [],
    )?;
    super::articles::next_seq(conn)?; // whoever shows stories must look again
    tagger.refresh(conn, now)?;
    tagger.begin(conn, redefined, |_| false)?;
    Ok(changed)
}

/// Removes the topics that are none of these; gives their names.
fn remove_others(conn: &Connection, topics: &[TopicDefinition]) -> Sql<HashSet<String>> {
    let names: HashSet<&str> = topics.iter().map(|t| t.name.as_str()).collect();
    let stored: Vec<(i64, String)> = conn
        .prepare("SELECT topic, name FROM topics")?
        .query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?
        .collect::<Sql<_>>()?;
    let mut removed = HashSet::new();
    for (row, name) in stored {
        if names.contains(name.as_str()) {
            continue;
        }
        for sql in [
            "DELETE FROM article_topics WHERE topic = ?1",
            "DELETE FROM story_topics WHERE topic = ?1",
            "DELETE FROM topics WHERE topic = ?1",
        ] {
            conn.execute(sql, [row])?;
        }
        removed.insert(name);
    }
    Ok(removed)
}

/// Finds the members of a topic among the articles of a feed, as a search does.
fn retag_feed(conn: &Connection, topic: i64, expr: &Expr, feed: FeedRow, now: Time) -> Sql<()> {
    conn.prepare_cached(
        "DELETE FROM article_topics WHERE topic = ?1 AND
           article IN (SELECT article FROM articles WHERE feed = ?2)",
    )?
    .execute([topic, feed])?;
    let selection = Selection {
        expr: Some(expr.clone()),
        feed: Some(feed),
        now,
        ..Selection::default()
    };
    let mut add =
        conn.prepare_cached("INSERT INTO article_topics (topic, article) VALUES (?1, ?2)")?;
    for article in search::articles(conn, &selection)? {
        add.execute([topic, article])?;
    }
    conn.prepare_cached(
        "DELETE FROM story_topics WHERE topic = ?1 AND
           story IN (SELECT story FROM articles WHERE feed = ?2)",
    )?
    .execute([topic, feed])?;
    conn.prepare_cached(
        "INSERT INTO story_topics (topic, arrived, story)
         SELECT DISTINCT t.topic, s.arrived, s.story FROM article_topics t JOIN articles a USING (article)
           JOIN stories s USING (story) WHERE t.topic = ?1 AND
           s.story IN (SELECT story FROM articles WHERE feed = ?2)",
    )?
    .execute([topic, feed])?;
    Ok(())
}
