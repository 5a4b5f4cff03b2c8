//! Topics are views over stored copies: membership is computed when an article is written, and again when something
//! changes that it depends on: the definition, what the feed is called, the copies of the story.
//!
//! The text of an article is read before the write lock is taken ([`Topics::read`]); inside the transaction facts are
//! looked up, and nothing else. What changes for articles that are stored already is left to the backfill ([`backfill`]).

use std::cell::Cell;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use rusqlite::{Connection, OptionalExtension, params};

use crate::model::{ArticleRow, FeedRow, StoryRow, Time};
use crate::query::ast::{Fact, Measure};
use crate::query::compile::{TextMatches, TopicSet};
use crate::query::{Expr, Folded};
use crate::store::changes::marks;
use crate::store::connections::Reads;
use crate::store::error::StoreError;
use crate::store::search::matcher;
use crate::store::sequence;
use crate::store::sql::{self, Sql};
use crate::store::topics::backfill::{self, Owner};
use crate::store::topics::definition::TopicDefinition;

/// The topics in force, compiled.
#[derive(Debug)]
pub(in crate::store) struct Topics {
    set: TopicSet,
    rows: Vec<i64>,
    /// The number of these definitions in the store; another process may change them.
    version: i64,
}

/// What the text of an article says of the topics of one version.
#[derive(Debug)]
pub(in crate::store) struct ReadTopics {
    version: i64,
    text_matches: TextMatches,
}

/// The topics as they were when last seen committed: shared by all who prepare polls.
#[derive(Debug, Clone, Default)]
pub(in crate::store) struct Published(Arc<Mutex<Option<Arc<Topics>>>>);

impl Published {
    /// The topics, if they are known.
    pub(in crate::store) fn get(&self) -> Option<Arc<Topics>> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Only what is committed: a version that is rolled back is given to other definitions later.
    pub(in crate::store) fn set(&self, topics: &Arc<Topics>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(topics));
    }
}

impl Topics {
    /// Reads and compiles the definitions.
    pub(in crate::store) fn load(conn: &Connection) -> Sql<Self> {
        let version = version(conn)?;
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
        Ok(Self {
            set: TopicSet::new(topics),
            rows,
            version,
        })
    }

    /// Asks the text of an article everything that depends on it.
    pub(in crate::store) fn match_text(&self, text: &Folded) -> ReadTopics {
        ReadTopics {
            version: self.version,
            text_matches: self.set.match_text(text),
        }
    }
}

/// Writes memberships: the writer's own state.
#[derive(Debug, Default)]
pub(in crate::store) struct Tagger {
    topics: Option<Arc<Topics>>,
    now: Time,
    /// Whether the backfill has more to do than it had.
    has_begun: Cell<bool>,
}

impl Tagger {
    /// Compiles the definitions that are in force, if they are not those it knows.
    pub(in crate::store) fn refresh(&mut self, conn: &Connection, now: Time) -> Sql<()> {
        self.now = now;
        let version = version(conn)?;
        if self.topics.as_ref().is_none_or(|t| t.version != version) {
            self.topics = Some(Arc::new(Topics::load(conn)?));
        }
        Ok(())
    }

    /// The time that relative times count from.
    pub(in crate::store) fn now(&self) -> Time {
        self.now
    }

    /// The definitions may not be those of the store: what set them was rolled back.
    pub(in crate::store) fn forget(&mut self) {
        self.topics = None;
    }

    /// The definitions that it knows.
    pub(in crate::store) fn topics(&self) -> Option<&Arc<Topics>> {
        self.topics.as_ref()
    }

    /// Whether a text was read for the definitions that it knows.
    pub(in crate::store) fn knows(&self, read: Option<&ReadTopics>) -> bool {
        match (&self.topics, read) {
            (Some(topics), Some(read)) => topics.set.is_empty() || topics.version == read.version,
            (Some(topics), None) => topics.set.is_empty(),
            (None, _) => false,
        }
    }

    /// Writes the memberships of an article and of its story. `read` is what its text says; if that is of other
    /// definitions, the text is read here.
    pub(in crate::store) fn tag_article(
        &self,
        conn: &Connection,
        article: ArticleRow,
        story: StoryRow,
        (text, read): (&Folded, Option<&ReadTopics>),
    ) -> Sql<()> {
        let Some(topics) = self.topics.as_ref().filter(|t| !t.set.is_empty()) else {
            return Ok(());
        };
        match read.filter(|read| read.version == topics.version) {
            Some(read) => self.tag(conn, topics, article, &read.text_matches)?,
            None => self.tag(conn, topics, article, &topics.set.match_text(text))?,
        }
        tag_story(conn, story)
    }

    /// A story gained or lost copies: `before` and `after` are its copies and feeds. Its articles are left to the backfill
    /// if a topic counts them and comes to another answer.
    pub(in crate::store) fn counts_changed(
        &self,
        conn: &Connection,
        story: StoryRow,
        before: (u64, u64),
        after: (u64, u64),
    ) -> Sql<()> {
        let topics = self.topics.iter().flat_map(|t| t.set.topics());
        let mut exprs = topics.map(|(_, expr)| expr);
        if exprs.any(|expr| expr.any(&mut |e| is_flipped(e, before, after))) {
            backfill::begin_list(conn, Owner::Story, story.get())?;
            self.has_begun.set(true);
        }
        Ok(())
    }

    /// A story took in the copies of another one: for these the counts are other ones now.
    pub(in crate::store) fn story_merged(&self, conn: &Connection, story: StoryRow) -> Sql<()> {
        let mut topics = self.topics.iter().flat_map(|t| t.set.topics());
        if topics.any(|(_, expr)| expr.needs_story()) {
            backfill::begin_list(conn, Owner::Story, story.get())?;
            self.has_begun.set(true);
        }
        Ok(())
    }

    /// Feeds were renamed or filed otherwise: what they brought is left to the backfill if a topic depends on that.
    pub(in crate::store) fn feeds_changed(
        &mut self,
        conn: &Connection,
        feeds: &[FeedRow],
        now: Time,
    ) -> Sql<()> {
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
        for &feed in &with_articles {
            marks::feed_renamed(conn, feed)?;
        }
        self.refresh(conn, now)?;
        let mut topics = self.topics.iter().flat_map(|t| t.set.topics());
        if topics.any(|(_, expr)| expr.needs_feed()) {
            for &feed in &with_articles {
                backfill::begin_list(conn, Owner::Feed, feed.get())?;
            }
            self.has_begun.set(true);
        }
        Ok(())
    }

    /// Time has gone by: topics with relative times are computed again.
    pub(in crate::store) fn tag_times(&mut self, conn: &Connection, now: Time) -> Sql<()> {
        self.refresh(conn, now)?;
        self.begin(conn, HashSet::new(), Expr::needs_now)
    }

    /// The words of stored articles were made otherwise: topics that look for single words are computed again.
    pub(in crate::store) fn tag_words(&mut self, conn: &Connection, now: Time) -> Sql<()> {
        self.refresh(conn, now)?;
        self.begin(conn, HashSet::new(), Expr::needs_single_words)
    }

    /// From now on the backfill computes the [affected](Self::affected) topics over the whole store.
    fn begin(
        &mut self,
        conn: &Connection,
        changed: HashSet<String>,
        depends: fn(&Expr) -> bool,
    ) -> Sql<()> {
        for (topic, _) in self.affected(changed, depends) {
            backfill::begin(conn, topic)?;
        }
        self.has_begun.set(true);
        Ok(())
    }

    /// Whether anything was begun since this was asked last.
    pub(in crate::store) fn has_begun(&self) -> bool {
        self.has_begun.take()
    }

    /// Goes on with the backfill until about `until`. Returns whether anything is left.
    pub(in crate::store) fn go_on(
        &mut self,
        conn: &Connection,
        now: Time,
        until: Instant,
    ) -> Sql<bool> {
        self.refresh(conn, now)?;
        let topics = self.affected(HashSet::new(), |_| true);
        backfill::go_on_with_lists(conn, now, until, &|owner| match owner {
            Owner::Feed => self.affected(HashSet::new(), Expr::needs_feed),
            Owner::Story => self.affected(HashSet::new(), Expr::needs_story),
        })?;
        backfill::go_on(conn, &topics, now, until)
    }

    /// The topics that `changed` names, those of which `depends` holds, and those that refer to one of them: each after
    /// those that it refers to.
    fn affected(
        &self,
        mut changed: HashSet<String>,
        depends: fn(&Expr) -> bool,
    ) -> Vec<(i64, &Expr)> {
        let mut affected = Vec::new();
        if let Some(topics) = &self.topics {
            for (row, (name, expr)) in topics.rows.iter().zip(topics.set.topics()) {
                if changed.contains(name) || depends(expr) || expr.needs_one_of(&changed) {
                    changed.insert(name.clone());
                    affected.push((*row, expr));
                }
            }
        }
        affected
    }

    fn tag(
        &self,
        conn: &Connection,
        topics: &Topics,
        article: ArticleRow,
        text_matches: &TextMatches,
    ) -> Sql<()> {
        let Some(facts) = matcher::facts(conn, article)? else {
            return Ok(());
        };
        conn.prepare_cached("DELETE FROM article_topics WHERE article = ?1")?
            .execute([article])?;
        let mut add =
            conn.prepare_cached("INSERT INTO article_topics (topic, article) VALUES (?1, ?2)")?;
        let found = topics.set.match_facts(text_matches, &facts, self.now);
        for topic in found.into_iter().filter_map(|i| topics.rows.get(i)) {
            add.execute(params![topic, article])?;
        }
        Ok(())
    }
}

impl Reads {
    /// The topics in force as they were published last; those of the store if none were.
    pub(in crate::store) fn topics_in_force(
        &self,
        published: &Published,
    ) -> Result<Arc<Topics>, StoreError> {
        if let Some(topics) = published.get() {
            return Ok(topics);
        }
        let topics = Arc::new(self.read(Topics::load)?);
        published.set(&topics);
        Ok(topics)
    }
}

/// Whether this part of an expression compares a count, and comes to another answer than before.
fn is_flipped(e: &Expr, before: (u64, u64), after: (u64, u64)) -> bool {
    let Expr::Fact(Fact::Count(measure, compare, n)) = e else {
        return false;
    };
    let (before, after) = match measure {
        Measure::Copies => (before.0, after.0),
        Measure::Feeds => (before.1, after.1),
        Measure::Words => return false,
    };
    compare.holds(before, *n) != compare.holds(after, *n)
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
pub(in crate::store) fn tag_story(conn: &Connection, story: StoryRow) -> Sql<()> {
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
pub(in crate::store) fn set(
    conn: &Connection,
    tagger: &mut Tagger,
    topics: Vec<TopicDefinition>,
    now: Time,
) -> Sql<usize> {
    let mut redefined = remove_others(conn, &topics)?;
    let mut changed = redefined.len();
    for t in topics {
        let expr = t.expr.to_string();
        let new = [t.title, t.source, sql::json(&t.feed), expr];
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
    sequence::next(conn)?; // whoever shows stories must look again
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
        marks::topic_removed(conn, row)?;
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
