//! The stories that the most sites carry, by the rank of [`crate::model::rank`]: for the front page, `/top` and `newswire top`. Never
//! reads more than the bounds below, however large the store is.

use std::collections::{HashMap, HashSet};

use rusqlite::{Connection, Row, params};
use uuid::Uuid;

use crate::model::site::owner_of;
use crate::model::{FeedRow, Rank, RankKey, StoryId, StoryRow, Time};
use crate::store::connections::Reads;
use crate::store::error::StoreError;
use crate::store::search::selection::{Order, Selection};
use crate::store::sql::Sql;

/// Most stories looked at, the newest: some 12 ms. If more arrived since, the older ones are left out.
const LOOKS_MAX: usize = 10_000;
/// Most copies whose feeds are read to count sites. Stories are read from the best that they can be on, so this ends only an answer
/// whose stories are mostly copies within one site.
const COPIES_MAX: usize = 20_000;
/// Most copies of one story whose feeds are read.
const COPIES_OF_STORY_MAX: usize = 1000;
/// The fewest sites of a story that is listed: one alone is no copy.
const SITES_MIN: u32 = 2;

const NEWEST: &str = "SELECT story, id, feeds, arrived FROM (
    SELECT story, id, feeds, arrived FROM stories INDEXED BY stories_river
    WHERE arrived >= ?1 ORDER BY arrived DESC LIMIT ?2
  ) WHERE feeds > 1";
const AMONG: &str = "SELECT s.story, s.id, s.feeds, s.arrived
  FROM json_each(?1) j CROSS JOIN stories s ON s.story = j.value WHERE s.feeds > 1";
const FEEDS: &str =
    "SELECT feed FROM articles INDEXED BY articles_of_story WHERE story = ?1 LIMIT ?2";
const OWNER: &str = "SELECT url, site FROM feeds WHERE feed = ?1";

/// A story with its rank.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ranked {
    /// Its row.
    pub row: StoryRow,
    /// Its id.
    pub id: StoryId,
    /// Why it has its place.
    pub rank: Rank,
}

impl Reads {
    /// The selected stories that two sites or more carry, the highest rank first: at most `limit` of them, of the newest ten
    /// thousand. `order` and `before` have no meaning here.
    ///
    /// # Errors
    /// What the store says.
    pub fn top(&self, selection: &Selection) -> Result<Vec<Ranked>, StoreError> {
        let is_plain = selection.expr.is_none()
            && selection.topic.is_none()
            && selection.feed.is_none()
            && selection.feeds.is_none();
        let among = match is_plain {
            true => None,
            false => Some(self.find_stories(&Selection {
                limit: Some(LOOKS_MAX),
                order: Order::River,
                before: None,
                ..selection.clone()
            })?),
        };
        self.read(|conn| {
            let candidates = candidates(conn, selection, among.as_deref())?;
            let limit = selection.limit.unwrap_or(usize::MAX);
            best(conn, candidates, limit, selection.now)
        })
    }
}

/// A story before its sites are counted.
struct Candidate {
    row: StoryRow,
    id: StoryId,
    feeds: u32,
    arrived: Time,
}

fn candidates(
    conn: &Connection,
    selection: &Selection,
    among: Option<&[StoryRow]>,
) -> Sql<Vec<Candidate>> {
    let read = |r: &Row<'_>| {
        Ok(Candidate {
            row: r.get(0)?,
            id: StoryId(Uuid::from_bytes(r.get(1)?)),
            feeds: r.get(2)?,
            arrived: Time::from_millis(r.get(3)?),
        })
    };
    match among {
        None => {
            let since = selection.since.unwrap_or(Time::EPOCH).millis();
            conn.prepare_cached(NEWEST)?
                .query_map(params![since, LOOKS_MAX as i64], read)?
                .collect()
        }
        Some(rows) => {
            let rows: Vec<String> = rows.iter().map(|row| row.get().to_string()).collect();
            conn.prepare_cached(AMONG)?
                .query_map([format!("[{}]", rows.join(","))], read)?
                .collect()
        }
    }
}

/// Counts the sites of the candidates, those first that can rank highest: a story has no more sites than feeds. Ends when no later one
/// can rank above the last of the answer.
fn best(
    conn: &Connection,
    mut candidates: Vec<Candidate>,
    limit: usize,
    now: Time,
) -> Sql<Vec<Ranked>> {
    candidates.sort_by_key(|c| std::cmp::Reverse((RankKey::of(c.feeds, c.arrived), c.id.0)));
    let mut found: Vec<((RankKey, Uuid), Ranked)> = Vec::new();
    let mut owners = Owners::default();
    for candidate in candidates {
        let highest = (
            RankKey::of(candidate.feeds, candidate.arrived),
            candidate.id.0,
        );
        let last = limit.checked_sub(1).and_then(|at| found.get(at));
        if limit == 0 || last.is_some_and(|(key, _)| *key > highest) || owners.read >= COPIES_MAX {
            break;
        }
        let sites = owners.count(conn, candidate.row)?;
        if sites < SITES_MIN {
            continue;
        }
        let key = (RankKey::of(sites, candidate.arrived), candidate.id.0);
        let at = found.partition_point(|(other, _)| *other > key);
        let ranked = Ranked {
            row: candidate.row,
            id: candidate.id,
            rank: Rank::of(sites, candidate.feeds, candidate.arrived, now),
        };
        found.insert(at, (key, ranked));
        found.truncate(limit);
    }
    Ok(found.into_iter().map(|(_, ranked)| ranked).collect())
}

/// Who owns which feed, as far as it was asked.
#[derive(Default)]
struct Owners {
    /// Numbers of owners by name.
    numbers: HashMap<String, usize>,
    of_feed: HashMap<FeedRow, usize>,
    /// How many copies were read.
    read: usize,
}

impl Owners {
    /// How many distinct owners the feeds of a story have.
    fn count(&mut self, conn: &Connection, story: StoryRow) -> Sql<u32> {
        let mut query = conn.prepare_cached(FEEDS)?;
        let mut rows = query.query(params![story, COPIES_OF_STORY_MAX as i64])?;
        let mut owners = HashSet::new();
        while let Some(r) = rows.next()? {
            self.read += 1;
            owners.insert(self.owner(conn, r.get(0)?)?);
        }
        Ok(u32::try_from(owners.len()).unwrap_or(u32::MAX))
    }

    fn owner(&mut self, conn: &Connection, feed: FeedRow) -> Sql<usize> {
        if let Some(owner) = self.of_feed.get(&feed) {
            return Ok(*owner);
        }
        let owner = conn.prepare_cached(OWNER)?.query_row([feed], |r| {
            let (url, site): (String, Option<String>) = (r.get(0)?, r.get(1)?);
            Ok(owner_of(&url, site.as_deref()))
        })?;
        let next = self.numbers.len();
        let owner = *self.numbers.entry(owner).or_insert(next);
        self.of_feed.insert(feed, owner);
        Ok(owner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::store::{Store, StoreOptions};
    use std::time::Duration;

    const HOUR_MS: i64 = 3_600_000;
    const NOW: i64 = 1000 * HOUR_MS;

    /// A store with eight feeds on sites of their own (1 to 8) and four of one site (11 to 14), and stories: the age in hours, and
    /// the feed of each copy.
    fn store(dir: &std::path::Path, stories: &[(i64, &[i64])]) -> Store {
        let options = StoreOptions {
            path: dir.join("newswire.db"),
            synchronous_full: false,
            dedup_window: Duration::ZERO,
            dedup_near: false,
        };
        let store = Store::open(&options, Clock::manual(Time::EPOCH)).unwrap();
        let conn = Connection::open(&options.path).unwrap();
        for feed in (1..=8i64).chain(11..=14) {
            let host = if feed > 10 {
                "paper.example".to_owned()
            } else {
                format!("site{feed}.example")
            };
            conn.execute(
                "INSERT INTO feeds (feed, id, url, subscribed, declared, title_own, tags, headers, paused, gone, schedule,
                   lease, failures, repairs) VALUES (?1, ?2, ?3, 1, 0, 'T', '[]', '[]', 0, 0, x'', 0, 0, '[]')",
                params![feed, feed.to_be_bytes().repeat(2), format!("https://f{feed}.{host}/{feed}")],
            )
            .unwrap();
        }
        let mut article = 0i64;
        for (story, (age, feeds)) in (1i64..).zip(stories) {
            let distinct = feeds.iter().collect::<HashSet<_>>().len() as i64;
            conn.execute(
                "INSERT INTO stories (story, id, seq, arrived, first_seen, shown, copies, feeds)
                 VALUES (?1, ?2, 1, ?3, 0, ?4, ?5, ?6)",
                params![
                    story,
                    story.to_be_bytes().repeat(2),
                    NOW - age * HOUR_MS,
                    article + 1,
                    feeds.len() as i64,
                    distinct
                ],
            )
            .unwrap();
            for feed in *feeds {
                article += 1;
                conn.execute(
                    "INSERT INTO articles (article, id, feed, story, seq, key, title, summary, words, first_seen, arrived,
                       own_host, facts, digest, revision, fingerprint, content)
                     VALUES (?1, ?2, ?3, ?4, 1, ?1, 'T', 'S', 1, 0, 0, 0, '{}', x'', 1, x'', x'')",
                    params![article, article.to_be_bytes().repeat(2), feed, story],
                )
                .unwrap();
            }
        }
        store
    }

    fn all() -> Selection {
        Selection {
            now: Time::from_millis(NOW),
            ..Selection::default()
        }
    }

    /// The stories in order, each with its sites and feeds.
    fn told(store: &Store, selection: &Selection) -> Vec<(i64, u32, u32)> {
        let found = store.reads().top(selection).unwrap();
        found
            .iter()
            .map(|r| (r.row.get(), r.rank.sites, r.rank.feeds))
            .collect()
    }

    #[test]
    fn forty_feeds_of_one_site_count_as_one() {
        let dir = tempfile::tempdir().unwrap();
        let stories: [(i64, &[i64]); 4] = [
            (1, &[11, 12, 13, 14]),
            (1, &[11, 12, 13, 1]),
            (1, &[1, 2, 3]),
            (1, &[1, 1, 1, 2]),
        ];
        let store = store(dir.path(), &stories);
        // The first is one site alone. Of equals the higher id comes first.
        assert_eq!(told(&store, &all()), [(3, 3, 3), (4, 2, 2), (2, 2, 4)]);
        let two = Selection {
            limit: Some(2),
            ..all()
        };
        assert_eq!(told(&store, &two), [(3, 3, 3), (4, 2, 2)]);
    }

    #[test]
    fn a_story_twelve_hours_older_needs_twice_the_sites() {
        let dir = tempfile::tempdir().unwrap();
        let stories: [(i64, &[i64]); 4] = [
            (13, &[1, 2, 3, 4, 5]),
            (1, &[1, 2]),
            (13, &[1, 2, 3]),
            (30, &[1, 2, 3, 4, 5, 6]),
        ];
        let store = store(dir.path(), &stories);
        let order = |selection: &Selection| {
            told(&store, selection)
                .iter()
                .map(|s| s.0)
                .collect::<Vec<_>>()
        };
        let day = Selection {
            since: Some(Time::from_millis(NOW - 24 * HOUR_MS)),
            ..all()
        };
        assert_eq!(order(&day), [1, 2, 3]);
        // The order does not depend on the moment.
        let later = Selection {
            now: Time::from_millis(NOW + 9 * HOUR_MS),
            ..day
        };
        assert_eq!(order(&later), [1, 2, 3]);
        assert_eq!(order(&all()), [1, 2, 3, 4]);
    }

    #[test]
    fn a_selection_ranks_as_the_whole_and_every_limit_is_a_beginning() {
        let dir = tempfile::tempdir().unwrap();
        let stories: [(i64, &[i64]); 5] = [
            (3, &[1, 2]),
            (9, &[11, 12, 13, 14, 1, 2]),
            (2, &[11, 12, 5]),
            (5, &[1, 2, 3, 4]),
            (1, &[7]),
        ];
        let store = store(dir.path(), &stories);
        let whole = told(&store, &all());
        for limit in 0..6 {
            let some = Selection {
                limit: Some(limit),
                ..all()
            };
            assert_eq!(told(&store, &some), whole[..limit.min(whole.len())]);
        }
        let of_feeds = Selection {
            feeds: Some((1..=14).map(FeedRow::new).collect()),
            ..all()
        };
        assert_eq!(told(&store, &of_feeds), whole);
    }

    #[test]
    fn the_plans_walk_indexes() {
        let dir = tempfile::tempdir().unwrap();
        let store = store(dir.path(), &[]);
        let plan = |sql: &str| {
            let plan = store.reads().read(|conn| {
                conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?
                    .query_map(
                        params!["[]", 1].get(..sql.matches('?').count()).unwrap(),
                        |r| r.get::<_, String>(3),
                    )?
                    .collect::<Sql<Vec<_>>>()
            });
            plan.unwrap().join("\n")
        };
        let newest = plan(NEWEST);
        assert!(
            newest.contains("SEARCH stories USING INDEX stories_river (arrived>?)"),
            "{newest}"
        );
        let among = plan(AMONG);
        assert!(
            among.contains("SEARCH s USING INTEGER PRIMARY KEY"),
            "{among}"
        );
        let feeds = plan(FEEDS);
        assert!(
            feeds.contains("SEARCH articles USING INDEX articles_of_story (story=?)"),
            "{feeds}"
        );
    }
}
