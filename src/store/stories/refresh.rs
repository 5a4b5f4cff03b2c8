//! What a story is after its copies changed: how many they are, and which one is shown; and two stories becoming one.

use rusqlite::{Connection, OptionalExtension, params};

use crate::dedup::Join;
use crate::model::{ArticleId, ArticleRow, StoryRow, Time};
use crate::store::changes::ChangeKind;
use crate::store::changes::marks::{self, Leaving};
use crate::store::sequence::Numbers;
use crate::store::sql::Sql;
use crate::store::stories::grouping::Grouping;
use crate::store::stories::story_ids;
use crate::store::topics::tagging::Tagger;

/// Makes one story of two that are the same, as the copy `with` shows; the row that is left. The older one stays, for its id has
/// been out longer; what links to the younger finds the same copies.
pub(in crate::store) fn merge(
    conn: &Connection,
    grouping: &mut Grouping,
    tagger: &Tagger,
    story: StoryRow,
    other: &Join,
    with: ArticleId,
    numbers: &mut Numbers,
) -> Sql<StoryRow> {
    let (into, from) = (story.min(other.story), story.max(other.story));
    if into == from {
        return Ok(into);
    }
    // The first copy of the younger one is a copy now.
    conn.prepare_cached(
        "UPDATE articles SET joined_with = ?2, signal = ?3, score = ?4 WHERE story = ?1 AND signal IS NULL",
    )?
    .execute(params![
        from,
        &with.0.as_bytes()[..],
        other.signal.as_str(),
        other.score
    ])?;
    let moved: Vec<ArticleRow> = conn
        .prepare_cached("SELECT article FROM articles WHERE story = ?1")?
        .query_map([from], |r| r.get(0))?
        .collect::<Sql<_>>()?;
    for article in moved {
        move_copy(conn, article, into, numbers)?;
    }
    grouping.merge(from, into);
    story_ids::note_merged(conn, from, into)?;
    tagger.story_merged(conn, into)?;
    end_story(conn, from, ChangeKind::Joined, tagger.now(), numbers)?;
    Ok(into)
}

/// Moves a copy to another story.
pub(in crate::store) fn move_copy(
    conn: &Connection,
    article: ArticleRow,
    into: StoryRow,
    numbers: &mut Numbers,
) -> Sql<()> {
    let seq = numbers.next(conn)?;
    conn.prepare_cached(
        "UPDATE articles SET story = ?2, seq = ?3, change = ?4 WHERE article = ?1",
    )?
    .execute(params![article, into, seq, ChangeKind::Moved.code()])?;
    Ok(())
}

/// A copy relates otherwise to the other copies of its story.
pub(in crate::store) fn touch_copy(
    conn: &Connection,
    article: ArticleRow,
    numbers: &mut Numbers,
) -> Sql<()> {
    let seq = numbers.next(conn)?;
    conn.prepare_cached("UPDATE articles SET seq = ?2, change = ?3 WHERE article = ?1")?
        .execute(params![article, seq, ChangeKind::Moved.code()])?;
    Ok(())
}

/// Removes a story that has no copies left.
pub(in crate::store) fn end_story(
    conn: &Connection,
    story: StoryRow,
    reason: ChangeKind,
    now: Time,
    numbers: &mut Numbers,
) -> Sql<()> {
    marks::removed(conn, Leaving::Story(story), reason, now, numbers)?;
    conn.prepare_cached("DELETE FROM stories WHERE story = ?1")?
        .execute([story])?;
    conn.prepare_cached("DELETE FROM story_topics WHERE story = ?1")?
        .execute([story])?;
    story_ids::forget(conn, story)
}

/// Counts the copies again and chooses the one that is shown: a copy on its feed's own host, else on the site that its feed
/// names, else any; of these the first (SEC-13). A story without copies stays as it is: the caller ends it. Returns its copies
/// and feeds before and now.
pub(in crate::store) fn refresh_story(
    conn: &Connection,
    story: StoryRow,
    numbers: &mut Numbers,
) -> Sql<((u64, u64), (u64, u64))> {
    let unsigned = |(copies, feeds): (i64, i64)| (copies.cast_unsigned(), feeds.cast_unsigned());
    let before: Option<(i64, i64)> = conn
        .prepare_cached("SELECT copies, feeds FROM stories WHERE story = ?1")?
        .query_row([story], |r| Ok((r.get(0)?, r.get(1)?)))
        .optional()?;
    let (copies, feeds): (i64, i64) = conn
        .prepare_cached("SELECT count(*), count(DISTINCT feed) FROM articles WHERE story = ?1")?
        .query_row([story], |r| Ok((r.get(0)?, r.get(1)?)))?;
    let counts = (
        unsigned(before.unwrap_or_default()),
        unsigned((copies, feeds)),
    );
    if copies == 0 {
        return Ok(counts);
    }
    let change = match before.map_or(0, |(copies, _)| copies) {
        0 => ChangeKind::New,
        before if before < copies => ChangeKind::Grew,
        before if before > copies => ChangeKind::Shrank,
        _ => ChangeKind::Edited,
    };
    let seq = numbers.next(conn)?;
    conn.prepare_cached(
        "UPDATE stories SET seq = ?2, copies = ?3, feeds = ?4, change = ?5, shown =
           (SELECT article FROM articles WHERE story = ?1 ORDER BY own_host DESC, article LIMIT 1)
         WHERE story = ?1",
    )?
    .execute(params![story, seq, copies, feeds, change.code()])?;
    Ok(counts)
}
