//! Articles as they are read: the one place where a row becomes a view. Changes nothing.

use rusqlite::{Connection, OptionalExtension, Row};
use serde::Serialize;
use uuid::Uuid;

use crate::model::{
    ArticleId, ArticleRow, ArticleView, Content, FeedId, FeedRef, FeedRow, SameAs, StoryId, Time,
};
use crate::store::articles::content;
use crate::store::connections::Reads;
use crate::store::error::StoreError;
use crate::store::feeds::feed_views::tags;
use crate::store::feeds::paragraphs::boilerplate;
use crate::store::search::selection::Selection;
use crate::store::sql::{Sql, columns};

columns!(COLUMNS, Column {
    Id = "a.id",
    Seq = "a.seq",
    Title = "a.title",
    Url = "a.url",
    Summary = "a.summary",
    Published = "a.published",
    Updated = "a.updated",
    FirstSeen = "a.first_seen",
    Arrived = "a.arrived",
    Language = "a.language",
    Facts = "a.facts",
    Guid = "a.guid",
    CanonicalUrl = "a.canonical_url",
    Revision = "a.revision",
    Signal = "a.signal",
    Score = "a.score",
    FeedId = "f.id",
    FeedUrl = "f.url",
    FeedTitle = "coalesce(f.title_user, f.title_own)",
    FeedSite = "f.site",
    FeedFolder = "f.folder",
    FeedTags = "f.tags",
    StoryId = "s.id",
    StoryCopies = "s.copies",
    Feed = "f.feed",
});

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
                    same_as: same_as(r.get(2)?, r.get(3)?),
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
    row: ArticleRow,
    bodies: bool,
) -> Sql<Option<ArticleView>> {
    let found = conn
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM articles a JOIN feeds f USING (feed) JOIN stories s USING (story)
             WHERE a.article = ?1"
        ))?
        .query_row([row], |r| Ok((view(r)?, Column::Feed.get::<FeedRow>(r)?)))
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
fn body(conn: &Connection, article: ArticleRow, feed: FeedRow) -> Sql<content::Readable> {
    let content: Vec<u8> = conn
        .prepare_cached("SELECT content FROM articles WHERE article = ?1")?
        .query_row([article], |r| r.get(0))?;
    let html = content::unpack(&content);
    let known = boilerplate(conn, feed)?;
    Ok(content::readable(&html, &known))
}

fn view(r: &Row<'_>) -> Sql<ArticleView> {
    let facts = content::FACTS.shown(&Column::Facts.get::<String>(r)?);
    let feed_url: String = Column::FeedUrl.get(r)?;
    let feed_tags: String = Column::FeedTags.get(r)?;
    Ok(ArticleView {
        id: ArticleId(Uuid::from_bytes(Column::Id.get(r)?)),
        seq: Column::Seq.get(r)?,
        content: Content {
            title: Column::Title.get(r)?,
            url: Column::Url.get(r)?,
            summary: Column::Summary.get(r)?,
            authors: facts.authors,
            agencies: facts.agencies,
            categories: facts.categories,
            tags: tags(Column::FeedFolder.get(r)?, &feed_tags),
            language: Column::Language.get(r)?,
            published: Column::Published.time(r)?,
            updated: Column::Updated.time(r)?,
            first_seen: Time::from_millis(Column::FirstSeen.get(r)?),
            arrived: Time::from_millis(Column::Arrived.get(r)?),
            image: facts.image,
            enclosures: facts.enclosures,
            feed: FeedRef {
                id: FeedId(Uuid::from_bytes(Column::FeedId.get(r)?)),
                url: feed_url.clone(),
                title: Column::FeedTitle.get(r)?,
                site: Column::FeedSite.get(r)?,
            },
            // The topics and the body are read by separate statements.
            ..Content::default()
        },
        feed_url,
        guid: Column::Guid.get(r)?,
        canonical_url: Column::CanonicalUrl.get(r)?,
        comments_url: facts.comments_url,
        rights: facts.rights,
        source: facts.source,
        story_id: StoryId(Uuid::from_bytes(Column::StoryId.get(r)?)),
        same_as: same_as(Column::Signal.get(r)?, Column::Score.get(r)?),
        revision: Column::Revision.get(r)?,
        copies: Column::StoryCopies.get(r)?,
    })
}

fn same_as(signal: Option<String>, score: Option<f64>) -> Option<SameAs> {
    signal.map(|signal| SameAs {
        signal,
        score: score.unwrap_or(1.0),
    })
}
