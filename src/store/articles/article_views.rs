//! Articles as they are read: the one place where a row becomes a view. Changes nothing.

use rusqlite::{Connection, OptionalExtension, Row};
use serde::Serialize;
use uuid::Uuid;

use crate::model::{
    ArticleId, ArticleRow, ArticleView, FeedId, FeedRef, FeedRow, SameAs, StoryId, Time,
};
use crate::store::articles::content::{self, Facts};
use crate::store::connections::Reads;
use crate::store::error::StoreError;
use crate::store::feeds::feed_views::tags;
use crate::store::feeds::paragraphs::boilerplate;
use crate::store::search::selection::Selection;
use crate::store::sql::{Sql, from_json};

const COLUMNS: &str =
    "a.id, a.seq, a.title, a.url, a.summary, a.published, a.updated, a.first_seen, a.arrived,
    a.language, a.facts, a.guid, a.canonical_url, a.revision, a.signal, a.score, f.id, f.url,
    coalesce(f.title_user, f.title_own), f.site, f.folder, f.tags, s.id, s.copies, f.feed";

/// Why two copies are one story, and what an article's identity rests on: for `newswire explain`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Lineage {
    /// The identity within the feed.
    pub key: String,
    /// `guid`, `link` or `digest`.
    pub key_kind: &'static str,
    /// The copy that it was joined with, if it was.
    pub joined_with: Option<String>,
    /// The signal and score of the join.
    pub same_as: Option<SameAs>,
}

impl Reads {
    /// Articles (copies).
    pub fn articles(&self, selection: &Selection) -> Result<Vec<ArticleView>, StoreError> {
        self.articles_at(&self.find_articles(selection)?, selection.bodies)
    }

    /// These articles, in this order. One that is gone meanwhile is left out.
    pub fn articles_at(
        &self,
        rows: &[ArticleRow],
        bodies: bool,
    ) -> Result<Vec<ArticleView>, StoreError> {
        self.read(|conn| {
            rows.iter()
                .filter_map(|&row| article(conn, row, bodies).transpose())
                .collect()
        })
    }

    /// Where an article's identity and its join come from.
    pub fn lineage(&self, id: ArticleId) -> Result<Option<Lineage>, StoreError> {
        self.read(|conn| {
            conn.prepare_cached(
                "SELECT key, joined_with, signal, score FROM articles WHERE id = ?1",
            )?
            .query_row([&id.0.as_bytes()[..]], |r| {
                let key: String = r.get(0)?;
                let with: Option<[u8; 16]> = r.get(1)?;
                Ok(Lineage {
                    key_kind: crate::normalize::identity::key_kind(&key),
                    key,
                    joined_with: with.map(|b| Uuid::from_bytes(b).to_string()),
                    same_as: same_as(r, 2)?,
                })
            })
            .optional()
        })
    }

    /// The row of a copy. `None` if there is no such copy.
    pub fn article_row(&self, id: ArticleId) -> Result<Option<ArticleRow>, StoreError> {
        self.read(|conn| {
            conn.prepare_cached("SELECT article FROM articles WHERE id = ?1")?
                .query_row([&id.0.as_bytes()[..]], |r| r.get(0))
                .optional()
        })
    }

    /// Whether any article of a feed is stored.
    pub fn has_articles(&self, feed: FeedRow) -> Result<bool, StoreError> {
        self.read(|conn| {
            conn.prepare_cached("SELECT EXISTS (SELECT 1 FROM articles WHERE feed = ?1)")?
                .query_row([feed], |r| r.get(0))
        })
    }

    /// The rows of a feed's articles.
    pub(in crate::store) fn articles_of(
        &self,
        feed: FeedRow,
    ) -> Result<Vec<ArticleRow>, StoreError> {
        self.read(|conn| {
            conn.prepare_cached("SELECT article FROM articles WHERE feed = ?1")?
                .query_map([feed], |r| r.get(0))?
                .collect()
        })
    }
}

/// One copy as a view. None if it went between two queries.
pub(in crate::store) fn article(
    conn: &Connection,
    row: i64,
    bodies: bool,
) -> Sql<Option<ArticleView>> {
    let found = conn
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM articles a JOIN feeds f USING (feed) JOIN stories s USING (story)
             WHERE a.article = ?1"
        ))?
        .query_row([row], |r| Ok((view(r)?, r.get::<_, FeedRow>(24)?)))
        .optional()?;
    let Some((mut view, feed)) = found else {
        return Ok(None);
    };
    view.topics = conn
        .prepare_cached(
            "SELECT name FROM article_topics JOIN topics USING (topic) WHERE article = ?1 ORDER BY name",
        )?
        .query_map([row], |r| r.get(0))?
        .collect::<Sql<_>>()?;
    if bodies {
        let body = body(conn, row, feed)?;
        view.content_html = Some(body.html);
        view.content_text = Some(body.text);
        view.boilerplate = body.removed;
    }
    Ok(Some(view))
}

/// The body of an article, and its text without what is known as boilerplate.
fn body(conn: &Connection, article: i64, feed: FeedRow) -> Sql<content::Readable> {
    let content: Vec<u8> = conn
        .prepare_cached("SELECT content FROM articles WHERE article = ?1")?
        .query_row([article], |r| r.get(0))?;
    let html = content::unpack(&content);
    let known = boilerplate(conn, feed)?;
    Ok(content::readable(&html, &known))
}

fn view(r: &Row<'_>) -> Sql<ArticleView> {
    let time =
        |i: usize| -> Sql<Option<Time>> { Ok(r.get::<_, Option<i64>>(i)?.map(Time::from_millis)) };
    let facts: Facts = from_json(&r.get::<_, String>(10)?);
    let feed_url: String = r.get(17)?;
    Ok(ArticleView {
        id: ArticleId(Uuid::from_bytes(r.get(0)?)),
        seq: r.get(1)?,
        title: r.get(2)?,
        url: r.get(3)?,
        summary: r.get(4)?,
        content_html: None,
        content_text: None,
        boilerplate: Vec::new(),
        authors: facts.authors,
        agencies: facts.agencies,
        categories: facts.categories,
        tags: tags(r.get(20)?, &r.get::<_, String>(21)?),
        topics: Vec::new(),
        language: r.get(9)?,
        published: time(5)?,
        updated: time(6)?,
        first_seen: Time::from_millis(r.get(7)?),
        arrived: Time::from_millis(r.get(8)?),
        image: facts.image,
        enclosures: facts.enclosures,
        feed: FeedRef {
            id: FeedId(Uuid::from_bytes(r.get(16)?)),
            url: feed_url.clone(),
            title: r.get(18)?,
            site: r.get(19)?,
        },
        feed_url,
        guid: r.get(11)?,
        canonical_url: r.get(12)?,
        story_id: StoryId(Uuid::from_bytes(r.get(22)?)),
        same_as: same_as(r, 14)?,
        revision: r.get(13)?,
        copies: r.get(23)?,
    })
}

fn same_as(r: &Row<'_>, at: usize) -> Sql<Option<SameAs>> {
    let signal: Option<String> = r.get(at)?;
    let score: Option<f64> = r.get(at + 1)?;
    Ok(signal.map(|signal| SameAs {
        signal,
        score: score.unwrap_or(1.0),
    }))
}
