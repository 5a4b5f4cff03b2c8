//! Reading one by one: the caller looks at each story or copy before the next is read, and ends the walk when it has
//! enough. For answers whose size others decide: what is left out is never in memory.

use std::ops::ControlFlow;

use rusqlite::{Connection, OptionalExtension, params};

use crate::model::{ArticleRow, ArticleView, StoryId, StoryRow, StoryView};
use crate::store::articles::article_views::article;
use crate::store::connections::Reads;
use crate::store::error::StoreError;
use crate::store::stories::story_ids;
use crate::store::stories::story_views::story;
use crate::store::topics::definition;

/// Goes on, or ends the walk.
pub type Walk = ControlFlow<()>;

/// Bytes of what a story says of its other copies, when it is read one by one: hundreds of ordinary ones. Its page names
/// them all.
const ALTERNATES_BYTES_MAX: usize = 256 << 10;

impl Reads {
    /// Shows these stories to `visit`, in this order, as this topic shows them ([`Reads::stories_in`]). A story names only
    /// the first of its other copies if they are very many; `copies` counts them all.
    ///
    /// # Errors
    /// What the store says.
    pub fn each_story(
        &self,
        topic: Option<&str>,
        rows: &[StoryRow],
        bodies: bool,
        mut visit: impl FnMut(StoryView) -> Walk,
    ) -> Result<(), StoreError> {
        self.read(|conn| {
            let made = match topic {
                Some(name) => definition::topic_feed(conn, name)?.unwrap_or_default(),
                None => Default::default(),
            };
            for &row in rows {
                let found = story(conn, row, bodies, &made.prefer, ALTERNATES_BYTES_MAX)?;
                if found.is_some_and(|story| visit(story).is_break()) {
                    break;
                }
            }
            Ok(())
        })
    }

    /// The same for articles.
    ///
    /// # Errors
    /// What the store says.
    pub fn each_article(
        &self,
        rows: &[ArticleRow],
        bodies: bool,
        mut visit: impl FnMut(ArticleView) -> Walk,
    ) -> Result<(), StoreError> {
        self.read(|conn| {
            for &row in rows {
                if article(conn, row, bodies)?.is_some_and(|article| visit(article).is_break()) {
                    break;
                }
            }
            Ok(())
        })
    }

    /// One story with its body, by its id or the id of any of its copies; of its other copies it names as many as
    /// [`Reads::each_story`].
    ///
    /// # Errors
    /// What the store says.
    pub fn story_briefly(&self, id: StoryId) -> Result<Option<StoryView>, StoreError> {
        self.read(|conn| match story_ids::story_of(conn, id)? {
            Some(row) => story(conn, row, true, &[], ALTERNATES_BYTES_MAX),
            None => Ok(None),
        })
    }

    /// Shows the copies of a story that come after the article `after` to `visit`, first seen first, with their rows and
    /// bodies.
    ///
    /// # Errors
    /// What the store says.
    pub fn each_copy(
        &self,
        id: StoryId,
        after: ArticleRow,
        mut visit: impl FnMut(ArticleRow, ArticleView) -> Walk,
    ) -> Result<(), StoreError> {
        self.read(|conn| {
            let Some(story) = story_ids::story_of(conn, id)? else {
                return Ok(());
            };
            let mut last = after;
            while let Some(row) = next_copy(conn, story, last)? {
                let copy = article(conn, row, true)?;
                if copy.is_some_and(|copy| visit(row, copy).is_break()) {
                    break;
                }
                last = row;
            }
            Ok(())
        })
    }
}

fn next_copy(
    conn: &Connection,
    story: StoryRow,
    after: ArticleRow,
) -> rusqlite::Result<Option<ArticleRow>> {
    conn.prepare_cached(
        "SELECT article FROM articles WHERE story = ?1 AND article > ?2 ORDER BY article LIMIT 1",
    )?
    .query_row(params![story, after], |r| r.get(0))
    .optional()
}
