//! Notes what the rows of articles and stories do not say of themselves: removals, topics that changed, feeds that were renamed.
//! Each note takes a sequence. Never decides what changed.

use std::time::Duration;

use rusqlite::{Connection, params};

use crate::model::{ArticleRow, FeedRow, Seq, StoryRow, Time};
use crate::store::changes::kinds::ChangeKind;
use crate::store::sequence::{self, Numbers};
use crate::store::sql::Sql;

/// How long a removal is kept: a follower that is further behind has to start again.
pub(in crate::store) const REMOVALS_KEPT: Duration = Duration::from_secs(30 * 86_400);

/// Removals that are kept at most, some 60 MB: a feed may withdraw all of its articles at every poll.
pub(in crate::store) const REMOVALS_MAX: i64 = 1_000_000;

/// Removals that are deleted by one command.
const REMOVALS_PART: i64 = 10_000;

/// What is about to be deleted.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) enum Leaving {
    Article(ArticleRow),
    Story(StoryRow),
}

/// Notes that it is about to be deleted.
pub(in crate::store) fn removed(
    conn: &Connection,
    what: Leaving,
    reason: ChangeKind,
    now: Time,
    numbers: &mut Numbers,
) -> Sql<()> {
    let (is_story, table, column, row) = match what {
        Leaving::Article(row) => (false, "articles", "article", row.get()),
        Leaving::Story(row) => (true, "stories", "story", row.get()),
    };
    let seq = numbers.next(conn)?;
    conn.prepare_cached(&format!(
        "INSERT INTO removals (seq, at, is_story, id, reason) SELECT ?2, ?3, ?5, id, ?4 FROM {table} WHERE {column} = ?1"
    ))?
    .execute(params![row, seq, now.millis(), reason.code(), is_story])?;
    conn.prepare_cached(&format!("DELETE FROM retagged WHERE {column} = ?1"))?
        .execute([row])?;
    Ok(())
}

/// The topics of a stored article changed, and nothing else of it.
pub(in crate::store) fn article_retagged(
    conn: &Connection,
    article: ArticleRow,
    numbers: &mut Numbers,
) -> Sql<()> {
    let seq = numbers.next(conn)?;
    conn.prepare_cached("INSERT OR REPLACE INTO retagged (seq, article) VALUES (?1, ?2)")?
        .execute(params![seq, article])?;
    Ok(())
}

/// The topics of a stored story changed, and nothing else of it.
pub(in crate::store) fn story_retagged(
    conn: &Connection,
    story: StoryRow,
    numbers: &mut Numbers,
) -> Sql<()> {
    let seq = numbers.next(conn)?;
    conn.prepare_cached("INSERT OR REPLACE INTO retagged (seq, story) VALUES (?1, ?2)")?
        .execute(params![seq, story])?;
    Ok(())
}

/// A topic is about to be removed: its members change.
pub(in crate::store) fn topic_removed(conn: &Connection, topic: i64) -> Sql<()> {
    for (owner, members) in [("article", "article_topics"), ("story", "story_topics")] {
        let first = sequence::current(conn)?;
        let noted = conn.execute(
            &format!(
                "INSERT OR REPLACE INTO retagged (seq, {owner})
                 SELECT ?2 + row_number() OVER (), {owner} FROM {members} WHERE topic = ?1"
            ),
            params![topic, first],
        )?;
        sequence::advance_to(conn, first.plus(noted))?;
    }
    Ok(())
}

/// A feed with articles is named, addressed or filed differently.
pub(in crate::store) fn feed_renamed(conn: &Connection, feed: FeedRow) -> Sql<()> {
    let seq = sequence::next(conn)?;
    conn.prepare_cached("UPDATE feeds SET seq = ?2 WHERE feed = ?1")?
        .execute(params![feed, seq])?;
    Ok(())
}

/// Deletes removals that are no longer kept, all but the last `most`, and notes up to which sequence. Returns whether any are left.
pub(in crate::store) fn forget_removals(conn: &Connection, now: Time, most: i64) -> Sql<bool> {
    // Removals stand in the order of their sequences; one whose time is later, because the clock was set, keeps those behind it.
    let last: Option<Seq> = conn
        .prepare_cached(
            "SELECT max(seq) FROM (SELECT seq FROM removals
               WHERE seq < coalesce((SELECT min(seq) FROM removals WHERE at >= ?1), 9223372036854775807)
                 OR seq <= (SELECT seq FROM removals ORDER BY seq DESC LIMIT 1 OFFSET ?3)
               ORDER BY seq LIMIT ?2)",
        )?
        .query_row(params![now.minus(REMOVALS_KEPT).millis(), REMOVALS_PART, most], |r| r.get(0))?;
    let Some(last) = last else {
        return Ok(false);
    };
    let deleted = conn
        .prepare_cached("DELETE FROM removals WHERE seq <= ?1")?
        .execute([last])?;
    conn.prepare_cached("INSERT OR REPLACE INTO meta (key, value) VALUES ('removals_floor', ?1)")?
        .execute([last])?;
    Ok(i64::try_from(deleted).unwrap_or(i64::MAX) == REMOVALS_PART)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::file::opening;

    #[test]
    fn removals_are_kept_for_a_time_and_up_to_a_number() {
        let dir = tempfile::tempdir().unwrap();
        let conn = opening::writer(&dir.path().join("n.db"), false).unwrap();
        let day = Duration::from_secs(86_400);
        let start = Time::from_seconds(1_900_000_000);
        for n in 1..=40 {
            let at = start.plus(day * n).millis();
            conn.execute(
                "INSERT INTO removals (seq, at, is_story, id, reason) VALUES (?1, ?2, 0, x'', 9)",
                params![n, at],
            )
            .unwrap();
        }
        let kept = |most| {
            while forget_removals(&conn, start.plus(day * 40), most).unwrap() {}
            let of = |sql: &str| conn.query_row(sql, [], |r| r.get::<_, i64>(0)).unwrap();
            let floor = of("SELECT value FROM meta WHERE key = 'removals_floor'");
            (of("SELECT count(*) FROM removals"), floor)
        };
        assert_eq!(kept(1000), (31, 9), "of 30 days and the day itself");
        assert_eq!(kept(31), (31, 9));
        assert_eq!(kept(5), (5, 35));
    }
}
