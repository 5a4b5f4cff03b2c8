//! Ids of stories: which one a new story gets, and which story an id leads to that no story and no copy has any more.
//!
//! A story has the id of its first copy. That copy may be withdrawn or pruned while the story lives on with other copies;
//! if the article comes back, its new story needs another id. Never gives an id that a stored story has.

use rusqlite::{Connection, OptionalExtension, params};

use crate::model::{ArticleId, ArticleRow, StoryId, StoryRow};
use crate::store::sql::Sql;

/// The id for a new story whose first copy is `first`: the copy's own id, unless a stored story has it. By name, so that
/// the same documents give the same ids on a rebuilt store.
pub(in crate::store) fn unused(conn: &Connection, first: ArticleId) -> Sql<StoryId> {
    let mut has_story =
        conn.prepare_cached("SELECT EXISTS (SELECT 1 FROM stories WHERE id = ?1)")?;
    let mut id = StoryId::from(first);
    let mut n = 1;
    while has_story.query_row([&id.0.as_bytes()[..]], |r| r.get(0))? {
        n += 1;
        id = StoryId::nth(first, n);
    }
    Ok(id)
}

/// The story that an id leads to: the story of that id, else that of the copy of that id, else the one that had it before.
pub(in crate::store) fn story_of(conn: &Connection, id: StoryId) -> Sql<Option<StoryRow>> {
    conn.prepare_cached(
        "SELECT story FROM stories WHERE id = ?1
         UNION ALL SELECT story FROM articles WHERE id = ?1
         UNION ALL SELECT story FROM story_ids WHERE id = ?1 LIMIT 1",
    )?
    .query_row([&id.0.as_bytes()[..]], |r| r.get(0))
    .optional()
}

/// A copy is about to be removed. If its story stays, the copy's id still leads there.
pub(in crate::store) fn note_removed(conn: &Connection, article: ArticleRow) -> Sql<()> {
    conn.prepare_cached(
        "INSERT OR REPLACE INTO story_ids (id, story)
         SELECT a.id, s.story FROM articles a JOIN stories s USING (story)
         WHERE a.article = ?1 AND s.copies > 1 AND s.id <> a.id",
    )?
    .execute([article])?;
    Ok(())
}

/// The copies of one story belong to another now: all ids of the former lead to the latter.
pub(in crate::store) fn note_merged(conn: &Connection, from: StoryRow, into: StoryRow) -> Sql<()> {
    conn.prepare_cached("UPDATE story_ids SET story = ?2 WHERE story = ?1")?
        .execute([from, into])?;
    conn.prepare_cached(
        "INSERT OR REPLACE INTO story_ids (id, story) SELECT id, ?2 FROM stories WHERE story = ?1",
    )?
    .execute(params![from, into])?;
    Ok(())
}

/// A copy moved to another story: its id leads to where the copy is.
pub(in crate::store) fn forget_id(conn: &Connection, copy: ArticleId) -> Sql<()> {
    conn.prepare_cached("DELETE FROM story_ids WHERE id = ?1")?
        .execute([&copy.0.as_bytes()[..]])?;
    Ok(())
}

/// The story is gone, and with it what led there.
pub(in crate::store) fn forget(conn: &Connection, story: StoryRow) -> Sql<()> {
    conn.prepare_cached("DELETE FROM story_ids WHERE story = ?1")?
        .execute([story])?;
    Ok(())
}
