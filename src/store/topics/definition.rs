//! What a topic is called, what it matches, and how its merged feed is made up.

use rusqlite::{Connection, OptionalExtension};
use schemars::JsonSchema;
use serde::Serialize;

use crate::model::{Seq, Time};
use crate::query::Expr;
use crate::store::connections::Reads;
use crate::store::error::StoreError;
use crate::store::sql::{Sql, count};
use crate::store::stored_json::JsonColumn;

/// A topic as defined.
#[derive(Debug, Clone, PartialEq)]
pub struct TopicDefinition {
    /// The name in URLs and expressions.
    pub name: String,
    /// The title of its feeds.
    pub title: String,
    /// The expression as written, narrowing by feeds, tags and language included.
    pub source: String,
    /// What `source` says.
    pub expr: Expr,
    /// How its merged feed is made up.
    pub feed: TopicFeed,
}

/// How the merged feed of a topic is made up of its stories.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(default)]
pub struct TopicFeed {
    /// One entry a story; else one for every copy that belongs to the topic.
    pub one_per_story: bool,
    /// Feeds whose copy stands for a story if there is one, the first of these that has one: words of their titles.
    pub prefer: Vec<String>,
    /// Most entries of one feed a page; none: no limit.
    pub limit_per_feed: Option<usize>,
}

impl Default for TopicFeed {
    fn default() -> Self {
        Self {
            one_per_story: true,
            prefer: Vec::new(),
            limit_per_feed: None,
        }
    }
}

/// How the merged feeds of all topics are made up.
pub(in crate::store) static FEEDS: JsonColumn<TopicFeed> = JsonColumn::new("topics", "feed");

/// A topic with its counts.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "Topic")]
pub struct TopicInfo {
    /// The name.
    pub name: String,
    /// The title.
    pub title: String,
    /// The expression as written.
    #[serde(rename = "match")]
    pub source: String,
    /// Stories in it.
    pub stories: u64,
    /// Articles in it.
    pub articles: u64,
    /// When the newest story in it arrived.
    pub newest: Option<Time>,
}

impl TopicInfo {
    /// About how much memory it takes, in bytes.
    #[must_use]
    pub fn memory(&self) -> usize {
        size_of::<Self>() + self.name.len() + self.title.len() + self.source.len()
    }
}

/// What a topic is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicHead {
    /// The name.
    pub name: String,
    /// The title.
    pub title: String,
    /// The expression as written.
    pub source: String,
    /// How its merged feed is made up.
    pub feed: TopicFeed,
}

impl Reads {
    /// All topics, by name.
    pub fn topics(&self) -> Result<Vec<TopicInfo>, StoreError> {
        self.read(topics)
    }

    /// All topics by name, without counts: cheap at any size.
    pub fn topic_heads(&self) -> Result<Vec<TopicHead>, StoreError> {
        self.read(topic_heads)
    }

    /// How the merged feed of a topic is made up; none if there is no such topic.
    pub fn topic_feed(&self, name: &str) -> Result<Option<TopicFeed>, StoreError> {
        self.read(|conn| topic_feed(conn, name))
    }

    /// The topics of stories that changed after this sequence; none if no story did.
    pub fn topics_changed(&self, after: Seq) -> Result<Option<Vec<String>>, StoreError> {
        self.read(|conn| {
            let any: bool = conn
                .prepare_cached("SELECT EXISTS (SELECT 1 FROM stories WHERE seq > ?1)")?
                .query_row([after], |r| r.get(0))?;
            if !any {
                return Ok(None);
            }
            conn.prepare_cached(
                "SELECT DISTINCT name FROM stories s JOIN story_topics t USING (story) JOIN topics USING (topic)
                 WHERE s.seq > ?1 ORDER BY name",
            )?
            .query_map([after], |r| r.get(0))?
            .collect::<Sql<_>>()
            .map(Some)
        })
    }
}

pub(in crate::store) fn topics(conn: &Connection) -> Sql<Vec<TopicInfo>> {
    conn.prepare_cached(
        "SELECT name, title, source, (SELECT count(*) FROM story_topics s WHERE s.topic = t.topic),
                (SELECT count(*) FROM article_topics a WHERE a.topic = t.topic),
                (SELECT max(arrived) FROM story_topics s WHERE s.topic = t.topic)
         FROM topics t ORDER BY name",
    )?
    .query_map([], |r| {
        Ok(TopicInfo {
            name: r.get(0)?,
            title: r.get(1)?,
            source: r.get(2)?,
            stories: count(r, 3)?,
            articles: count(r, 4)?,
            newest: r.get::<_, Option<i64>>(5)?.map(Time::from_millis),
        })
    })?
    .collect()
}

pub(in crate::store) fn topic_heads(conn: &Connection) -> Sql<Vec<TopicHead>> {
    conn.prepare_cached("SELECT name, title, source, feed FROM topics ORDER BY name")?
        .query_map([], |r| {
            Ok(TopicHead {
                name: r.get(0)?,
                title: r.get(1)?,
                source: r.get(2)?,
                feed: FEEDS.shown(&r.get::<_, String>(3)?),
            })
        })?
        .collect()
}

pub(in crate::store) fn topic_feed(conn: &Connection, name: &str) -> Sql<Option<TopicFeed>> {
    conn.prepare_cached("SELECT feed FROM topics WHERE name = ?1")?
        .query_row([name], |r| Ok(FEEDS.shown(&r.get::<_, String>(0)?)))
        .optional()
}
