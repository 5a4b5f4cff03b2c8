//! Stories as they are read: shown by one of their copies, with what the others are called. Changes nothing.

use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use crate::model::{
    Alternate, ArticleRow, ArticleView, Content, Seq, StoryId, StoryRow, StoryView, Time,
};
use crate::store::articles::article_views::article;
use crate::store::connections::Reads;
use crate::store::error::StoreError;
use crate::store::search::selection::Selection;
use crate::store::sql::Sql;
use crate::store::stories::{representative, story_ids};
use crate::store::topics::definition::{self, TopicFeed};

/// No limit on what a story says of its other copies.
const ALL_ALTERNATES: usize = usize::MAX;

impl Reads {
    /// Stories.
    pub fn stories(&self, selection: &Selection) -> Result<Vec<StoryView>, StoreError> {
        let rows = self.find_stories(selection)?;
        self.stories_in(selection.topic.as_deref(), &rows, selection.bodies)
    }

    /// These stories, in this order. One that is gone meanwhile is left out.
    pub fn stories_at(
        &self,
        rows: &[StoryRow],
        bodies: bool,
    ) -> Result<Vec<StoryView>, StoreError> {
        self.stories_in(None, rows, bodies)
    }

    /// The same as this topic shows them: by the copies of the feeds that it prefers ([`TopicFeed::prefer`]).
    pub fn stories_in(
        &self,
        topic: Option<&str>,
        rows: &[StoryRow],
        bodies: bool,
    ) -> Result<Vec<StoryView>, StoreError> {
        self.read(|conn| {
            let made = match topic {
                Some(name) => definition::topic_feed(conn, name)?.unwrap_or_default(),
                None => TopicFeed::default(),
            };
            rows.iter()
                .filter_map(|&row| {
                    story(conn, row, bodies, &made.prefer, ALL_ALTERNATES).transpose()
                })
                .collect()
        })
    }

    /// The stories to which an id in this range leads (see [`Self::story`]): for ids that are typed in part. At most
    /// `limit`.
    pub fn stories_between(
        &self,
        ids: std::ops::RangeInclusive<StoryId>,
        limit: usize,
    ) -> Result<Vec<StoryId>, StoreError> {
        let bound = |id: &StoryId| id.0.as_bytes().to_vec();
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.read(|conn| {
            conn.prepare_cached(
                "SELECT DISTINCT id FROM (
                   SELECT id FROM stories WHERE id BETWEEN ?1 AND ?2
                   UNION ALL
                   SELECT s.id FROM articles a JOIN stories s USING (story)
                     WHERE a.id BETWEEN ?1 AND ?2 AND a.id NOT IN (SELECT id FROM stories)
                   UNION ALL
                   SELECT s.id FROM story_ids f JOIN stories s USING (story) WHERE f.id BETWEEN ?1 AND ?2
                     AND f.id NOT IN (SELECT id FROM stories) AND f.id NOT IN (SELECT id FROM articles)
                 ) LIMIT ?3",
            )?
            .query_map(params![bound(ids.start()), bound(ids.end()), limit], |r| {
                Ok(StoryId(Uuid::from_bytes(r.get(0)?)))
            })?
            .collect()
        })
    }

    /// One story with its body, by its id, the id of any of its copies, or one that led to it before.
    pub fn story(&self, id: StoryId) -> Result<Option<StoryView>, StoreError> {
        self.read(|conn| match story_ids::story_of(conn, id)? {
            Some(row) => story(conn, row, true, &[], ALL_ALTERNATES),
            None => Ok(None),
        })
    }

    /// The copies of a story, first seen first, with bodies.
    pub fn copies(&self, id: StoryId) -> Result<Vec<ArticleView>, StoreError> {
        self.read(|conn| {
            let Some(row) = story_ids::story_of(conn, id)? else {
                return Ok(Vec::new());
            };
            let rows: Vec<ArticleRow> = conn
                .prepare_cached("SELECT article FROM articles WHERE story = ?1 ORDER BY article")?
                .query_map([row], |r| r.get(0))?
                .collect::<Sql<_>>()?;
            rows.into_iter()
                .filter_map(|row| article(conn, row, true).transpose())
                .collect()
        })
    }

    /// The story that holds an article with this URL (as published or canonical).
    pub fn story_by_url(&self, url: &str) -> Result<Option<StoryId>, StoreError> {
        self.read(|conn| {
            conn.prepare_cached(
                "SELECT s.id FROM articles a JOIN stories s USING (story)
                 WHERE a.url = ?1 OR a.canonical_url = ?1 ORDER BY a.article DESC LIMIT 1",
            )?
            .query_row([url], |r| Ok(StoryId(Uuid::from_bytes(r.get(0)?))))
            .optional()
        })
    }
}

/// A story, shown by its best copy, if possible one of a feed that is preferred.
/// What it says of the others is at most `alternates_bytes` long.
pub(in crate::store) fn story(
    conn: &Connection,
    row: StoryRow,
    bodies: bool,
    prefer: &[String],
    alternates_bytes: usize,
) -> Sql<Option<StoryView>> {
    let head = conn
        .prepare_cached(
            "SELECT shown, seq, first_seen, arrived, copies FROM stories WHERE story = ?1",
        )?
        .query_row([row], |r| {
            Ok((
                r.get::<_, ArticleRow>(0)?,
                r.get::<_, Seq>(1)?,
                Time::from_millis(r.get(2)?),
                Time::from_millis(r.get(3)?),
                r.get::<_, u32>(4)?,
            ))
        })
        .optional()?;
    let Some((shown, seq, first_seen, arrived, copies)) = head else {
        return Ok(None);
    };
    let shown = match copies {
        1 => shown,
        _ => representative::preferred(conn, row, prefer)?.unwrap_or(shown),
    };
    let Some(a) = article(conn, shown, bodies)? else {
        return Ok(None);
    };
    let topics = if copies > 1 {
        conn.prepare_cached(
            "SELECT name FROM story_topics JOIN topics USING (topic) WHERE story = ?1 ORDER BY name",
        )?
        .query_map([row], |r| r.get(0))?
        .collect::<Sql<_>>()?
    } else {
        a.content.topics
    };
    let also_in = if copies > 1 {
        alternates(conn, row, shown, alternates_bytes)?
    } else {
        Vec::new()
    };
    Ok(Some(StoryView {
        id: a.story_id,
        seq,
        content: Content {
            topics,
            first_seen,
            arrived,
            ..a.content
        },
        copies,
        also_in,
    }))
}

fn alternates(
    conn: &Connection,
    story: StoryRow,
    shown: ArticleRow,
    bytes_max: usize,
) -> Sql<Vec<Alternate>> {
    let mut query = conn.prepare_cached(
        "SELECT f.url, coalesce(f.title_user, f.title_own), a.url, a.title, a.published
         FROM articles a JOIN feeds f USING (feed) WHERE a.story = ?1 AND a.article <> ?2 ORDER BY a.article",
    )?;
    let found = query.query_map(params![story, shown], |r| {
        Ok(Alternate {
            feed_url: r.get(0)?,
            feed_title: r.get(1)?,
            url: r.get(2)?,
            title: r.get(3)?,
            published: r.get::<_, Option<i64>>(4)?.map(Time::from_millis),
        })
    })?;
    let (mut all, mut bytes) = (Vec::new(), 0_usize);
    for alternate in found {
        let alternate = alternate?;
        bytes = bytes.saturating_add(alternate.memory());
        if bytes > bytes_max {
            break;
        }
        all.push(alternate);
    }
    Ok(all)
}
