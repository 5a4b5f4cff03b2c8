//! The stories that the most feeds carry: what the front page shows of the last day.

use rusqlite::{Connection, params};
use uuid::Uuid;

use crate::model::{StoryId, Time};
use crate::store::connections::Reads;
use crate::store::error::StoreError;
use crate::store::sql::Sql;

/// Most stories looked at, the newest: some 12 ms. Of a store to which more arrive in a day, only these count.
const LOOKS_MAX: i64 = 10_000;
const SQL: &str = "WITH most AS MATERIALIZED (
    SELECT story, feeds, arrived FROM (
      SELECT story, feeds, arrived FROM stories INDEXED BY stories_river
      WHERE arrived >= ?1 ORDER BY arrived DESC LIMIT ?2
    ) WHERE feeds > 1 ORDER BY feeds DESC, arrived DESC, story DESC LIMIT ?3
  )
  SELECT s.id, CASE WHEN a.title <> '' THEN a.title ELSE a.summary END, a.language, m.feeds
  FROM most m JOIN stories s USING (story) JOIN articles a ON a.article = s.shown
  ORDER BY m.feeds DESC, m.arrived DESC, m.story DESC";

/// A story that several feeds carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// The story.
    pub id: StoryId,
    /// The headline of the copy shown, else its summary; may be empty.
    pub title: String,
    /// Its language tag.
    pub language: Option<String>,
    /// How many feeds carry it: two or more.
    pub feeds: u32,
}

impl Reads {
    /// At most `limit` stories that arrived since and that two feeds or more carry: those of the most feeds first, and of
    /// equally many the newest. Walks the index of the river, and reads texts only of what it returns.
    ///
    /// # Errors
    /// What the store says.
    pub fn most_copied(&self, since: Time, limit: usize) -> Result<Vec<Copied>, StoreError> {
        self.read(|conn| most_copied(conn, since, limit))
    }
}

fn most_copied(conn: &Connection, since: Time, limit: usize) -> Sql<Vec<Copied>> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    conn.prepare_cached(SQL)?
        .query_map(params![since.millis(), LOOKS_MAX, limit], |r| {
            Ok(Copied {
                id: StoryId(Uuid::from_bytes(r.get(0)?)),
                title: r.get(1)?,
                language: r.get(2)?,
                feeds: r.get(3)?,
            })
        })?
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::store::{Store, StoreOptions};
    use std::time::Duration;

    /// A store with stories of so many feeds each, a minute apart, the first as the newest.
    fn store(dir: &std::path::Path, feeds: &[u32]) -> Store {
        let options = StoreOptions {
            path: dir.join("newswire.db"),
            synchronous_full: false,
            dedup_window: Duration::ZERO,
            dedup_near: false,
        };
        let store = Store::open(&options, Clock::manual(Time::EPOCH)).unwrap();
        let conn = Connection::open(&options.path).unwrap();
        for (n, feeds) in feeds.iter().enumerate() {
            let n = i64::try_from(n).unwrap();
            let id = n.to_be_bytes().repeat(2);
            conn.execute(
                "INSERT INTO stories (story, id, seq, arrived, first_seen, shown, copies, feeds)
                 VALUES (?1, ?2, 1, ?3, 0, ?1, ?4, ?4)",
                params![n, id, (1000 - n) * 60_000, feeds],
            )
            .unwrap();
            conn.execute(
                "INSERT INTO articles (article, id, feed, story, seq, key, title, summary, words, first_seen, arrived,
                   own_host, facts, digest, revision, fingerprint, content)
                 VALUES (?1, ?2, 1, ?1, 1, ?1, iif(?1 % 2, '', 'Title ' || ?1), 'Summary ' || ?1, 1, 0, 0, 0, '{}', x'',
                   1, x'', x'')",
                params![n, id],
            )
            .unwrap();
        }
        store
    }

    #[test]
    fn the_stories_of_the_most_feeds_come_first_and_then_the_newest() {
        let dir = tempfile::tempdir().unwrap();
        let store = store(dir.path(), &[2, 1, 5, 3, 5, 9]);
        let since = Time::from_millis((1000 - 4) * 60_000);
        let found = store.reads().most_copied(since, 3).unwrap();
        let told: Vec<_> = found.iter().map(|c| (c.title.as_str(), c.feeds)).collect();
        // The story of nine feeds came before, and the one of a single feed has no copy.
        assert_eq!(told, [("Title 2", 5), ("Title 4", 5), ("Summary 3", 3)]);
        assert_eq!(store.reads().most_copied(since, 10).unwrap().len(), 4);
    }

    #[test]
    fn the_plan_walks_the_index_of_the_river() {
        let dir = tempfile::tempdir().unwrap();
        let store = store(dir.path(), &[2]);
        let plan = store.reads().read(|conn| {
            conn.prepare(&format!("EXPLAIN QUERY PLAN {SQL}"))?
                .query_map(params![0, LOOKS_MAX, 10], |r| r.get::<_, String>(3))?
                .collect::<Sql<Vec<_>>>()
        });
        let plan = plan.unwrap().join("\n");
        assert!(
            plan.contains("SEARCH stories USING INDEX stories_river (arrived>?)"),
            "{plan}"
        );
        assert!(
            plan.contains("SEARCH a USING INTEGER PRIMARY KEY"),
            "{plan}"
        );
    }
}
