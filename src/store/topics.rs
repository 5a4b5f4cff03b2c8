//! Topics are views over stored copies: membership is computed when an article is written, and again for all of them
//! when a definition changes.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension, params};

use super::prepare::{self, Facts as ArticleFacts};
use super::records::TopicDefinition;
use super::{feeds, readers};
use crate::model::{Time, WebUrl};
use crate::query::compile::TopicSet;
use crate::query::{Facts, Folded};

type Sql<T> = rusqlite::Result<T>;

/// The topics in force, compiled.
#[derive(Debug, Default)]
pub(super) struct Tagger {
    set: Option<TopicSet>,
    rows: Vec<i64>,
    /// The number of the definitions in force; another process may have changed them.
    version: i64,
    now: Time,
}

impl Tagger {
    /// Compiles the definitions that are in force, if they are not those it knows.
    pub(super) fn refresh(&mut self, conn: &Connection, now: Time) -> Sql<()> {
        self.now = now;
        let version = version(conn)?;
        if self.set.is_some() && self.version == version {
            return Ok(());
        }
        let mut rows = Vec::new();
        let mut topics = Vec::new();
        let mut query =
            conn.prepare_cached("SELECT topic, name, expr FROM topics ORDER BY topic")?;
        let mut found = query.query([])?;
        while let Some(r) = found.next()? {
            let text: String = r.get(2)?;
            // It was checked when it was set; a definition that this version cannot read matches nothing.
            if let Ok(expr) = crate::query::parse(&text) {
                rows.push(r.get(0)?);
                topics.push((r.get::<_, String>(1)?, expr));
            }
        }
        self.set = Some(TopicSet::new(topics));
        self.rows = rows;
        self.version = version;
        Ok(())
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
        // A copy more may carry the others over a `copies>=3`.
        let others: Vec<i64> = if set.topics().iter().any(|(_, e)| e.needs_story()) {
            conn.prepare_cached("SELECT article FROM articles WHERE story = ?1 AND article <> ?2")?
                .query_map([story, article], |r| r.get(0))?
                .collect::<Sql<_>>()?
        } else {
            Vec::new()
        };
        for other in others {
            if let Some(text) = folded(conn, other)? {
                self.tag(conn, set, other, &text)?;
            }
        }
        tag_story(conn, story)
    }

    fn tag(&self, conn: &Connection, set: &TopicSet, article: i64, text: &Folded) -> Sql<()> {
        let Some(facts) = facts(conn, article)? else {
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

/// A story belongs to a topic if any of its copies does.
fn tag_story(conn: &Connection, story: i64) -> Sql<()> {
    conn.prepare_cached("DELETE FROM story_topics WHERE story = ?1")?
        .execute([story])?;
    conn.prepare_cached(
        "INSERT INTO story_topics (topic, arrived, story)
         SELECT DISTINCT t.topic, s.arrived, s.story FROM stories s JOIN articles a USING (story)
           JOIN article_topics t USING (article) WHERE s.story = ?1",
    )?
    .execute([story])?;
    Ok(())
}

fn version(conn: &Connection) -> Sql<i64> {
    conn.prepare_cached("SELECT coalesce((SELECT value FROM meta WHERE key = 'topics'), 0)")?
        .query_row([], |r| r.get(0))
}

/// Puts these topics in force. What changed is tagged anew over the whole store.
pub(super) fn set(
    conn: &Connection,
    tagger: &mut Tagger,
    topics: Vec<TopicDefinition>,
    now: Time,
) -> Sql<usize> {
    let names: HashSet<&str> = topics.iter().map(|t| t.name.as_str()).collect();
    let stored: Vec<(i64, String)> = conn
        .prepare("SELECT topic, name FROM topics")?
        .query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?
        .collect::<Sql<_>>()?;
    let mut changed = 0;
    for (row, _) in stored
        .iter()
        .filter(|(_, name)| !names.contains(name.as_str()))
    {
        changed += 1;
        for sql in [
            "DELETE FROM article_topics WHERE topic = ?1",
            "DELETE FROM story_topics WHERE topic = ?1",
            "DELETE FROM topics WHERE topic = ?1",
        ] {
            conn.execute(sql, [row])?;
        }
    }
    let mut redefined = false;
    for t in &topics {
        let expr = t.expr.to_string();
        let known: Option<String> = conn
            .prepare_cached("SELECT expr FROM topics WHERE name = ?1")?
            .query_row([&t.name], |r| r.get(0))
            .optional()?;
        conn.prepare_cached(
            "INSERT INTO topics (name, title, source, expr) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (name) DO UPDATE SET title = excluded.title, source = excluded.source, expr = excluded.expr",
        )?
        .execute(params![t.name, t.title, t.source, expr])?;
        if known.as_ref() != Some(&expr) {
            changed += 1;
            redefined = true;
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
    if redefined {
        retag(conn, tagger)?;
    }
    Ok(changed)
}

fn retag(conn: &Connection, tagger: &Tagger) -> Sql<()> {
    let Some(set) = &tagger.set else {
        return Ok(());
    };
    let stories: Vec<i64> = conn
        .prepare("SELECT story FROM stories")?
        .query_map([], |r| r.get(0))?
        .collect::<Sql<_>>()?;
    for story in stories {
        let copies: Vec<i64> = conn
            .prepare_cached("SELECT article FROM articles WHERE story = ?1")?
            .query_map([story], |r| r.get(0))?
            .collect::<Sql<_>>()?;
        for article in copies {
            if let Some(text) = folded(conn, article)? {
                tagger.tag(conn, set, article, &text)?;
            }
        }
        tag_story(conn, story)?;
    }
    Ok(())
}

/// The folded text of a stored article.
pub(super) fn folded(conn: &Connection, article: i64) -> Sql<Option<Folded>> {
    let row = conn
        .prepare_cached(
            "SELECT title, summary, facts, content, feed FROM articles WHERE article = ?1",
        )?
        .query_row([article], |r| {
            Ok((
                r.get::<_, String>(0)?,
                r.get::<_, String>(1)?,
                r.get::<_, String>(2)?,
                r.get::<_, Vec<u8>>(3)?,
                r.get::<_, i64>(4)?,
            ))
        })
        .optional()?;
    let Some((title, summary, facts, content, feed)) = row else {
        return Ok(None);
    };
    let facts: ArticleFacts = feeds::from_json(&facts);
    let known = feeds::boilerplate(conn, feed)?;
    let (_, body) = prepare::readable(&prepare::unpack(&content), &known);
    Ok(Some(prepare::fold(&title, &summary, &body, &facts)))
}

/// The facts of a stored article.
pub(super) fn facts(conn: &Connection, article: i64) -> Sql<Option<Facts>> {
    let facts = conn
        .prepare_cached(
            "SELECT f.id, coalesce(f.title_user, f.title_own), f.url, f.folder, f.tags, f.site, a.url,
                    a.language, a.arrived, s.copies, s.feeds
             FROM articles a JOIN feeds f USING (feed) JOIN stories s USING (story) WHERE a.article = ?1",
        )?
        .query_row([article], |r| {
            let url: Option<String> = r.get(6)?;
            let site: Option<String> = r.get(5)?;
            let hosts = [url.as_deref(), site.as_deref()]
                .into_iter()
                .flatten()
                .filter_map(|u| WebUrl::parse(u).ok())
                .map(|u| u.host().to_owned())
                .collect();
            Ok(Facts {
                feed_id: uuid::Uuid::from_bytes(r.get(0)?).to_string(),
                feed_title: r.get(1)?,
                feed_url: r.get(2)?,
                tags: readers::tags(r.get(3)?, &r.get::<_, String>(4)?),
                hosts,
                url,
                language: r.get(7)?,
                arrived: Time::from_millis(r.get(8)?),
                copies: r.get::<_, i64>(9)?.cast_unsigned(),
                feeds: r.get::<_, i64>(10)?.cast_unsigned(),
                topics: Vec::new(),
            })
        })
        .optional()?;
    let Some(mut facts) = facts else {
        return Ok(None);
    };
    facts.topics = conn
        .prepare_cached(
            "SELECT name FROM article_topics JOIN topics USING (topic) WHERE article = ?1",
        )?
        .query_map([article], |r| r.get(0))?
        .collect::<Sql<_>>()?;
    Ok(Some(facts))
}
