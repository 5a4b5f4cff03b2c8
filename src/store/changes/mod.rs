//! The changes of the store in the order of their sequences: what a follower needs to hold the same articles and stories.
//!
//! An article or story appears once, at its latest change and as it is now; earlier changes of it are left out. What is gone
//! appears without an object. Changes nothing.

pub(in crate::store) mod cursor;
mod kinds;
pub(in crate::store) mod marks;

pub use cursor::{Cursor, CursorError, Epoch};
pub use kinds::ChangeKind;

use rusqlite::{Connection, OptionalExtension, params};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use crate::model::{
    ArticleId, ArticleRow, ArticleView, FeedId, FeedRef, Seq, StoryId, StoryRow, StoryView,
};
use crate::store::articles::article_views::article;
use crate::store::connections::Reads;
use crate::store::error::StoreError;
use crate::store::feeds::feed_views::tags;
use crate::store::sql::Sql;
use crate::store::stories::story_ids;
use crate::store::stories::story_views::story;
use crate::store::stories::walk::Walk;

/// What changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ChangeOf {
    /// A copy.
    Article,
    /// A story.
    Story,
    /// A feed that has articles.
    Feed,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Change {
    /// Its sequence.
    pub seq: Seq,
    /// What changed.
    #[serde(rename = "type")]
    pub of: ChangeOf,
    /// How.
    pub change: ChangeKind,
    /// The id of the article, story or feed.
    #[serde(serialize_with = "as_text")]
    #[schemars(with = "ArticleId")]
    pub id: Uuid,
    /// The article as it is now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ArticleView")]
    pub article: Option<Box<ArticleView>>,
    /// The story as it is now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "StoryView")]
    pub story: Option<Box<StoryView>>,
    /// The feed as it is now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "RenamedFeed")]
    pub feed: Option<RenamedFeed>,
    /// The story that has the copies of a story that is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "StoryId")]
    pub into: Option<StoryId>,
}

/// What articles and stories show of their feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RenamedFeed {
    /// The `feed` of its articles.
    #[serde(flatten)]
    pub feed: FeedRef,
    /// The `tags` of its articles.
    pub tags: Vec<String>,
}

/// A part of the changes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Changes {
    /// The history that the sequences belong to.
    pub epoch: Epoch,
    /// The changes, lowest sequence first.
    pub changes: Vec<Change>,
    /// Ask for what comes after this sequence next.
    pub last: Seq,
    /// Whether there was more at the time of reading.
    pub more: bool,
}

/// A change before its object is read: the sequence, what changed, its row, and how as a code.
struct Row {
    seq: Seq,
    source: Source,
    row: i64,
    code: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Article,
    Story,
    ArticleTopics,
    StoryTopics,
    Removal,
    Feed,
}

impl Source {
    const ALL: [(Self, &'static str); 6] = [
        (Self::Article, "seq, article, change FROM articles"),
        (Self::Story, "seq, story, change FROM stories"),
        (
            Self::ArticleTopics,
            "seq, article, NULL FROM retagged WHERE article IS NOT NULL AND",
        ),
        (
            Self::StoryTopics,
            "seq, story, NULL FROM retagged WHERE story IS NOT NULL AND",
        ),
        (Self::Removal, "seq, seq, reason FROM removals"),
        (Self::Feed, "seq, feed, NULL FROM feeds"),
    ];
}

/// Where a reader of changes stands afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangesEnd {
    /// The history that the sequences belong to.
    pub epoch: Epoch,
    /// Ask for what comes after this sequence next.
    pub last: Seq,
    /// Whether there was more at the time of reading.
    pub more: bool,
}

impl Reads {
    /// The next changes after a cursor, `limit` at most, all of one moment. Bodies only on request.
    ///
    /// # Errors
    /// [`StoreError`]. The inner error says why this cursor cannot be followed in this store.
    pub fn changes(
        &self,
        after: Cursor,
        limit: usize,
        bodies: bool,
    ) -> Result<Result<Changes, CursorError>, StoreError> {
        let mut changes = Vec::new();
        let end = self.each_change(after, limit, bodies, |change| {
            changes.push(change);
            Walk::Continue(())
        })?;
        Ok(end.map(|end| Changes {
            epoch: end.epoch,
            changes,
            last: end.last,
            more: end.more,
        }))
    }

    /// Shows these changes to `visit` one by one. A change at which it breaks is not taken: the next reader gets it.
    ///
    /// # Errors
    /// As [`Self::changes`].
    pub fn each_change(
        &self,
        after: Cursor,
        limit: usize,
        bodies: bool,
        mut visit: impl FnMut(Change) -> Walk,
    ) -> Result<Result<ChangesEnd, CursorError>, StoreError> {
        self.read(|conn| {
            // One transaction: the rows and their objects are of one moment.
            let snapshot = conn.unchecked_transaction()?;
            let state = cursor::state(&snapshot)?;
            let epoch = match state.check(after) {
                Ok(epoch) => epoch,
                Err(e) => return Ok(Err(e)),
            };
            let mut rows = rows_after(&snapshot, after.seq, limit)?;
            let mut more = rows.len() > limit;
            rows.truncate(limit);
            let mut last = after.seq;
            for row in rows {
                if let Some(change) = change(&snapshot, &row, bodies)?
                    && visit(change).is_break()
                {
                    more = true;
                    break;
                }
                last = row.seq;
            }
            if !more {
                last = state.sequence;
            }
            Ok(Ok(ChangesEnd { epoch, last, more }))
        })
    }

    /// The epoch of a follower that begins now.
    pub fn epoch(&self) -> Result<Epoch, StoreError> {
        self.read(|conn| Ok(cursor::state(conn)?.epoch()))
    }
}

/// The next rows of all sources, lowest sequence first: one more than `limit`, if there are.
fn rows_after(conn: &Connection, after: Seq, limit: usize) -> Sql<Vec<Row>> {
    let most = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let mut rows = Vec::new();
    for (source, from) in Source::ALL {
        // A follower that starts holds nothing that could have gone or been renamed.
        if after == Seq::default() && matches!(source, Source::Feed) {
            continue;
        }
        let and = if from.ends_with("AND") { "" } else { "WHERE" };
        let sql = format!("SELECT {from} {and} seq > ?1 ORDER BY seq LIMIT ?2");
        let mut query = conn.prepare_cached(&sql)?;
        let found = query.query_map(params![after, most], |r| {
            Ok(Row {
                seq: r.get(0)?,
                source,
                row: r.get(1)?,
                code: r.get(2)?,
            })
        })?;
        for row in found {
            rows.push(row?);
        }
    }
    rows.sort_unstable_by_key(|row| row.seq);
    rows.truncate(limit.saturating_add(1));
    Ok(rows)
}

/// The change of a row with its object. `None` if a later change says all of it.
fn change(conn: &Connection, row: &Row, bodies: bool) -> Sql<Option<Change>> {
    let kind = row.code.and_then(ChangeKind::of_code);
    match row.source {
        Source::Article | Source::ArticleTopics => {
            let Some(a) = article(conn, ArticleRow::new(row.row), bodies)? else {
                return Ok(None);
            };
            let kind = match row.source {
                Source::ArticleTopics if a.seq > row.seq => return Ok(None),
                Source::ArticleTopics => ChangeKind::Topics,
                _ if a.revision > 1 => kind.unwrap_or(ChangeKind::Edited),
                _ => kind.unwrap_or(ChangeKind::New),
            };
            Ok(Some(Change {
                id: a.id.0,
                article: Some(Box::new(a)),
                ..Change::bare(row.seq, ChangeOf::Article, kind)
            }))
        }
        Source::Story | Source::StoryTopics => {
            let Some(s) = story(conn, StoryRow::new(row.row), bodies, &[], usize::MAX)? else {
                return Ok(None);
            };
            let kind = match row.source {
                Source::StoryTopics if s.seq > row.seq => return Ok(None),
                Source::StoryTopics => ChangeKind::Topics,
                _ => kind.unwrap_or(ChangeKind::New),
            };
            Ok(Some(Change {
                id: s.id.0,
                story: Some(Box::new(s)),
                ..Change::bare(row.seq, ChangeOf::Story, kind)
            }))
        }
        Source::Removal => removal(conn, row.seq, kind.unwrap_or(ChangeKind::Expired)).map(Some),
        Source::Feed => feed(conn, row).map(Some),
    }
}

fn removal(conn: &Connection, seq: Seq, kind: ChangeKind) -> Sql<Change> {
    let (id, is_story): (Uuid, bool) = conn
        .prepare_cached("SELECT id, is_story FROM removals WHERE seq = ?1")?
        .query_row([seq], |r| Ok((Uuid::from_bytes(r.get(0)?), r.get(1)?)))?;
    let into = match is_story && kind == ChangeKind::Joined {
        true => joined_into(conn, StoryId(id))?,
        false => None,
    };
    let of = if is_story {
        ChangeOf::Story
    } else {
        ChangeOf::Article
    };
    Ok(Change {
        id,
        into,
        ..Change::bare(seq, of, kind)
    })
}

/// The story that an id leads to now; `None` if that is gone as well.
fn joined_into(conn: &Connection, id: StoryId) -> Sql<Option<StoryId>> {
    let Some(row) = story_ids::story_of(conn, id)? else {
        return Ok(None);
    };
    conn.prepare_cached("SELECT id FROM stories WHERE story = ?1")?
        .query_row([row], |r| Ok(StoryId(Uuid::from_bytes(r.get(0)?))))
        .optional()
}

fn feed(conn: &Connection, row: &Row) -> Sql<Change> {
    conn.prepare_cached(
        "SELECT id, url, coalesce(title_user, title_own), site, folder, tags FROM feeds WHERE feed = ?1",
    )?
    .query_row([row.row], |r| {
        let id = Uuid::from_bytes(r.get(0)?);
        let feed = FeedRef {
            id: FeedId(id),
            url: r.get(1)?,
            title: r.get(2)?,
            site: r.get(3)?,
        };
        let tags = tags(r.get(4)?, &r.get::<_, String>(5)?);
        Ok(Change {
            id,
            feed: Some(RenamedFeed { feed, tags }),
            ..Change::bare(row.seq, ChangeOf::Feed, ChangeKind::Renamed)
        })
    })
}

fn as_text<S: serde::Serializer>(id: &Uuid, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(id)
}

impl Change {
    /// About how much memory it takes, in bytes.
    #[must_use]
    pub fn memory(&self) -> usize {
        size_of::<Self>()
            + self.article.as_ref().map_or(0, |article| article.memory())
            + self.story.as_ref().map_or(0, |story| story.memory())
    }

    fn bare(seq: Seq, of: ChangeOf, change: ChangeKind) -> Self {
        Self {
            seq,
            of,
            change,
            id: Uuid::nil(),
            article: None,
            story: None,
            feed: None,
            into: None,
        }
    }
}
