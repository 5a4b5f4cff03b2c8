//! Reading: a few read-only connections, and how a row becomes a view.
//!
//! No snapshot is held across two calls; every query has a deadline.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, OptionalExtension, Row, params};
use uuid::Uuid;

use crate::dedup::{Changes, Verdict};
use crate::model::{
    Alternate, ArticleId, ArticleRow, ArticleView, Content, Draft, Feed, FeedId, FeedRef, FeedRow,
    Network, SameAs, Seq, StoryId, StoryRow, StoryView, Time,
};
use crate::store::articles::writing;
use crate::store::error::StoreError;
use crate::store::feeds::{activity, events, subscriptions};
use crate::store::file::migrating::SCHEMA;
use crate::store::file::opening;
use crate::store::leases::claims;
use crate::store::maintenance::{backup, prune};
use crate::store::polls::listing::{self, Item, Listed, Listing};
use crate::store::polls::prepare::{self, Facts};
use crate::store::records::{
    Activity, Candidate, Claim, ClaimScope, DedupSettings, DueLimits, FeedDetail, FeedEvent,
    HubRow, Lineage, Nearest, Overview, PollTotals, Pruned, Skipped, Standing, Status, TopicFeed,
    TopicHead, TopicInfo,
};
use crate::store::search::find;
use crate::store::search::selection::Selection;
use crate::store::sql::{Sql, from_json};
use crate::store::stop::Stop;
use crate::store::stories::grouping::limits;
use crate::store::stories::{copies, representative, story_ids};
use crate::store::topics::tagging::{Published, Topics};
use crate::store::{hubs, sequence, status};

use crate::schedule::PlanExplanation;

/// Connections kept open between reads.
const IDLE_MAX: usize = 4;

/// No limit on what a story says of its other copies.
const ALL_ALTERNATES: usize = usize::MAX;

/// Virtual machine steps between two looks at the deadline.
const STEPS: i32 = 100_000;

/// The same for a check of the file, whose steps are pages and what stands on them.
const PAGES: i32 = 1000;

/// Read-only access, cheap to clone; every call blocks for one query.
#[derive(Clone, Debug)]
pub struct Reads {
    path: Arc<PathBuf>,
    idle: Arc<Mutex<Vec<Connection>>>,
    stop: Stop,
}

impl Reads {
    /// Opens an existing store for reading only; never creates or migrates.
    ///
    /// # Errors
    /// [`StoreError::Missing`] without a file, [`StoreError::Unusable`] if it is not a store of this version.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let conn = opening::reader(path)?;
        Ok(Self {
            path: Arc::new(path.to_owned()),
            idle: Arc::new(Mutex::new(vec![conn])),
            stop: Stop::default(),
        })
    }

    /// Closes the connections that nobody reads from just now.
    pub(super) fn rest(&self) {
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    /// The same; what is read through it gives up when `stop` says so.
    #[must_use]
    pub fn stopping(&self, stop: Stop) -> Self {
        Self {
            stop,
            ..self.clone()
        }
    }

    pub(super) fn read<T>(
        &self,
        query: impl FnOnce(&Connection) -> Sql<T>,
    ) -> Result<T, StoreError> {
        self.read_until(|conn, _| query(conn))
    }

    /// For a query with loops of its own, which look at the stop.
    fn read_until<T>(
        &self,
        query: impl FnOnce(&Connection, &Stop) -> Sql<T>,
    ) -> Result<T, StoreError> {
        let stop = self.stop.of_query();
        let handler = stop.clone();
        self.with(|conn| {
            conn.progress_handler(STEPS, Some(move || handler.is_reached()))
                .and_then(|()| query(conn, &stop))
                .map_err(|e| StoreError::from_sqlite(&self.path, &e))
        })
    }

    fn with<T>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let spare = self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let mut conn = match spare {
            Some(conn) => conn,
            None => opening::reader(&self.path)?,
        };
        let answer = work(&mut conn);
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE_MAX {
            idle.push(conn);
        }
        answer
    }

    /// Stories.
    pub fn stories(&self, selection: &Selection) -> Result<Vec<StoryView>, StoreError> {
        let rows = self.find_stories(selection)?;
        self.stories_in(selection.topic.as_deref(), &rows, selection.bodies)
    }

    /// Articles (copies).
    pub fn articles(&self, selection: &Selection) -> Result<Vec<ArticleView>, StoreError> {
        self.articles_at(&self.find_articles(selection)?, selection.bodies)
    }

    /// Which stories a selection means, in its order. A long answer is then read part by part with
    /// [`Self::stories_at`], in little memory and without a snapshot held meanwhile.
    pub fn find_stories(&self, selection: &Selection) -> Result<Vec<StoryRow>, StoreError> {
        self.read_until(|conn, stop| find::stories(conn, selection, stop))
    }

    /// The same for articles and [`Self::articles_at`].
    pub fn find_articles(&self, selection: &Selection) -> Result<Vec<ArticleRow>, StoreError> {
        self.read_until(|conn, stop| find::articles(conn, selection, stop))
    }

    /// These stories, in this order. One that is gone meanwhile is left out.
    pub fn stories_at(
        &self,
        rows: &[StoryRow],
        bodies: bool,
    ) -> Result<Vec<StoryView>, StoreError> {
        self.stories_in(None, rows, bodies)
    }

    /// The same as this topic shows them: by the copies of the feeds that it prefers ([`TopicFeed::prefer`]).
    pub fn stories_in(
        &self,
        topic: Option<&str>,
        rows: &[StoryRow],
        bodies: bool,
    ) -> Result<Vec<StoryView>, StoreError> {
        self.read(|conn| {
            let made = match topic {
                Some(name) => status::topic_feed(conn, name)?.unwrap_or_default(),
                None => TopicFeed::default(),
            };
            rows.iter()
                .filter_map(|&row| {
                    story(conn, row, bodies, &made.prefer, ALL_ALTERNATES).transpose()
                })
                .collect()
        })
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

    /// The stories to which an id in this range leads (see [`Self::story`]): for ids that are typed in part. At most
    /// `limit`.
    pub fn stories_between(
        &self,
        ids: std::ops::RangeInclusive<StoryId>,
        limit: usize,
    ) -> Result<Vec<StoryId>, StoreError> {
        let bound = |id: &StoryId| id.0.as_bytes().to_vec();
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.read(|conn| {
            conn.prepare_cached(
                "SELECT DISTINCT id FROM (
                   SELECT id FROM stories WHERE id BETWEEN ?1 AND ?2
                   UNION ALL
                   SELECT s.id FROM articles a JOIN stories s USING (story)
                     WHERE a.id BETWEEN ?1 AND ?2 AND a.id NOT IN (SELECT id FROM stories)
                   UNION ALL
                   SELECT s.id FROM story_ids f JOIN stories s USING (story) WHERE f.id BETWEEN ?1 AND ?2
                     AND f.id NOT IN (SELECT id FROM stories) AND f.id NOT IN (SELECT id FROM articles)
                 ) LIMIT ?3",
            )?
            .query_map(params![bound(ids.start()), bound(ids.end()), limit], |r| {
                Ok(StoryId(Uuid::from_bytes(r.get(0)?)))
            })?
            .collect()
        })
    }

    /// One story with its body, by its id, the id of any of its copies, or one that led to it before.
    pub fn story(&self, id: StoryId) -> Result<Option<StoryView>, StoreError> {
        self.read(|conn| match story_ids::story_of(conn, id)? {
            Some(row) => story(conn, row, true, &[], ALL_ALTERNATES),
            None => Ok(None),
        })
    }

    /// The copies of a story, first seen first, with bodies.
    pub fn copies(&self, id: StoryId) -> Result<Vec<ArticleView>, StoreError> {
        self.read(|conn| {
            let Some(row) = story_ids::story_of(conn, id)? else {
                return Ok(Vec::new());
            };
            let rows: Vec<i64> = conn
                .prepare_cached("SELECT article FROM articles WHERE story = ?1 ORDER BY article")?
                .query_map([row], |r| r.get(0))?
                .collect::<Sql<_>>()?;
            rows.into_iter()
                .filter_map(|row| article(conn, row, true).transpose())
                .collect()
        })
    }

    /// The story that holds an article with this URL (as published or canonical).
    pub fn story_by_url(&self, url: &str) -> Result<Option<StoryId>, StoreError> {
        self.read(|conn| {
            conn.prepare_cached(
                "SELECT s.id FROM articles a JOIN stories s USING (story)
                 WHERE a.url = ?1 OR a.canonical_url = ?1 ORDER BY a.article DESC LIMIT 1",
            )?
            .query_row([url], |r| Ok(StoryId(Uuid::from_bytes(r.get(0)?))))
            .optional()
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

    /// What comparing two articles comes to as they are now; none if one is gone.
    pub fn verdict(
        &self,
        settings: DedupSettings,
        a: ArticleId,
        b: ArticleId,
    ) -> Result<Option<Verdict>, StoreError> {
        self.read(|conn| copies::verdict(conn, limits(settings), a, b))
    }

    /// The article that came closest to one without being of its story, and what held them apart.
    pub fn nearest(
        &self,
        settings: DedupSettings,
        id: ArticleId,
    ) -> Result<Option<Nearest>, StoreError> {
        self.read(|conn| copies::nearest(conn, limits(settings), id))
    }

    /// The row of a copy. `None` if there is no such copy.
    pub fn article_row(&self, id: ArticleId) -> Result<Option<ArticleRow>, StoreError> {
        self.read(|conn| {
            conn.prepare_cached("SELECT article FROM articles WHERE id = ?1")?
                .query_row([&id.0.as_bytes()[..]], |r| r.get(0))
                .optional()
        })
    }

    /// Which stories would be otherwise under these settings, by the articles seen since `since`: with what the user decided, or
    /// by the rules alone. Nothing is changed.
    pub fn replay(
        &self,
        settings: DedupSettings,
        since: Time,
        follows_decisions: bool,
    ) -> Result<Changes, StoreError> {
        self.read(|conn| copies::replay(conn, limits(settings), since, follows_decisions))
    }

    /// The database file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Which feeds a claim of `scope` would take now, in the order in which they are to be asked, and what it would leave
    /// alone.
    pub fn claimable(
        &self,
        now: Time,
        scope: &ClaimScope,
    ) -> Result<(Vec<Candidate>, Vec<Skipped>), StoreError> {
        self.read(|conn| claims::claimable(conn, now, scope))
    }

    /// The feeds that are due, the longest overdue first, within `limits`.
    pub fn due(&self, now: Time, limits: &DueLimits) -> Result<Vec<Candidate>, StoreError> {
        self.read(|conn| claims::due(conn, now, limits))
    }

    /// The subscription whose callback ends in `path`.
    pub fn hub_at(&self, path: &str) -> Result<Option<HubRow>, StoreError> {
        self.read(|conn| hubs::by_path(conn, path))
    }

    /// Whether a hub is to be asked, or a lease has ended.
    pub fn are_hubs_due(&self, now: Time) -> Result<bool, StoreError> {
        self.read(|conn| hubs::is_anything_due(conn, now))
    }

    /// What is stored of the items of a document.
    ///
    /// # Errors
    /// What the store says.
    pub fn listings(&self, claim: &Claim, items: &[Item<'_>]) -> Result<Vec<Listing>, StoreError> {
        self.read(|conn| listing::of_all(conn, claim, items))
    }

    /// Whether any article of a feed is stored.
    pub fn has_articles(&self, feed: FeedRow) -> Result<bool, StoreError> {
        self.read(|conn| {
            conn.prepare_cached("SELECT EXISTS (SELECT 1 FROM articles WHERE feed = ?1)")?
                .query_row([feed], |r| r.get(0))
        })
    }

    /// Whether an archive page of a feed was read, or given up: then it is not asked for again (ET-53).
    pub fn is_archive_done(&self, feed: FeedRow, url: &str) -> Result<bool, StoreError> {
        self.read(|conn| subscriptions::is_archive_done(conn, feed, url))
    }

    /// The topics in force as they were published last; those of the store if none were.
    pub(super) fn topics_in_force(&self, published: &Published) -> Result<Arc<Topics>, StoreError> {
        if let Some(topics) = published.get() {
            return Ok(topics);
        }
        let topics = Arc::new(self.read(Topics::load)?);
        published.set(&topics);
        Ok(topics)
    }

    /// What is stored of these articles of a feed: under their keys, else under their pages. `listed` are the other items of
    /// their document.
    pub fn standings(
        &self,
        claim: &Claim,
        drafts: &[Draft],
        listed: &[Listed],
    ) -> Result<Vec<Standing>, StoreError> {
        self.read(|conn| writing::standings(conn, claim, drafts, listed))
    }

    /// The text kept under a name.
    pub fn remembered(&self, name: &str) -> Result<Option<String>, StoreError> {
        self.read(|conn| {
            conn.prepare_cached("SELECT value FROM meta WHERE key = ?1")?
                .query_row([name], |r| r.get(0))
                .optional()
        })
    }

    /// What the newswire processes of this store last saw of the network.
    pub fn network(&self) -> Result<Network, StoreError> {
        self.read(status::network)
    }

    /// The schedule's states of the feeds whose plan is ours: neither paused nor gone nor given an interval.
    pub fn schedules(&self) -> Result<Vec<Vec<u8>>, StoreError> {
        self.read(|conn| {
            conn.prepare_cached(
                "SELECT schedule FROM feeds WHERE subscribed = 1 AND paused = 0 AND gone = 0
                   AND interval_ms IS NULL AND length(schedule) > 0",
            )?
            .query_map([], |r| r.get(0))?
            .collect()
        })
    }

    /// How many polls were ever made.
    pub fn polls_ever(&self) -> Result<u64, StoreError> {
        self.read(|conn| {
            conn.query_row("SELECT coalesce(sum(polls), 0) FROM hosts", [], |r| {
                r.get::<_, i64>(0).map(i64::cast_unsigned)
            })
        })
    }

    /// Hosts that asked to be left alone until later than `now`, with that time.
    pub fn resting_hosts(&self, now: Time) -> Result<Vec<(String, Time)>, StoreError> {
        self.read(|conn| {
            conn.prepare_cached("SELECT host, rest_until FROM hosts WHERE rest_until > ?1")?
                .query_map([now.millis()], |r| {
                    Ok((r.get(0)?, Time::from_millis(r.get(1)?)))
                })?
                .collect()
        })
    }

    /// A number that tells this installation from another with the same feeds.
    pub fn install(&self) -> Result<u64, StoreError> {
        self.read(|conn| {
            conn.query_row("SELECT value FROM meta WHERE key = 'install'", [], |r| {
                r.get::<_, i64>(0).map(i64::cast_unsigned)
            })
        })
    }

    /// All feeds, by title.
    pub fn feeds(&self) -> Result<Vec<Feed>, StoreError> {
        self.read(status::feeds)
    }

    /// Why each feed is polled next when it is, of feeds that have a plan.
    pub fn explanations(&self) -> Result<HashMap<FeedRow, PlanExplanation>, StoreError> {
        self.read(status::explanations)
    }

    /// One feed in full.
    pub fn feed(&self, row: FeedRow) -> Result<Option<FeedDetail>, StoreError> {
        self.read(|conn| status::feed(conn, row))
    }

    /// All topics, by name.
    pub fn topics(&self) -> Result<Vec<TopicInfo>, StoreError> {
        self.read(status::topics)
    }

    /// All topics by name, without counts: cheap at any size.
    pub fn topic_heads(&self) -> Result<Vec<TopicHead>, StoreError> {
        self.read(status::topic_heads)
    }

    /// How many articles each of these feeds brought on each of the last `days` days (UTC), today last.
    pub fn daily(
        &self,
        feeds: &[FeedRow],
        days: usize,
        now: Time,
    ) -> Result<Vec<Vec<u64>>, StoreError> {
        self.read(|conn| {
            let of = |feed: &FeedRow| activity::daily(conn, *feed, days, now);
            feeds.iter().map(of).collect()
        })
    }

    /// A feed by its id, and what it brought in the last `days` days; none if there is no such feed.
    pub fn activity(
        &self,
        id: FeedId,
        days: usize,
        now: Time,
    ) -> Result<Option<(FeedRow, Activity)>, StoreError> {
        self.read(|conn| activity::of_feed(conn, id, days, now))
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

    /// What happened to feeds, the newest first.
    pub fn events(&self, limit: usize) -> Result<Vec<FeedEvent>, StoreError> {
        self.read(|conn| events::newest(conn, limit))
    }

    /// How the merged feed of a topic is made up; none if there is no such topic.
    pub fn topic_feed(&self, name: &str) -> Result<Option<TopicFeed>, StoreError> {
        self.read(|conn| status::topic_feed(conn, name))
    }

    /// When the next feed is due; none: never.
    pub fn next_poll(&self) -> Result<Option<Time>, StoreError> {
        self.read(status::next_poll)
    }

    /// All polls ever made, by outcome.
    pub fn poll_totals(&self) -> Result<PollTotals, StoreError> {
        self.read(status::poll_totals)
    }

    /// The store in numbers.
    pub fn status(&self, now: Time) -> Result<Status, StoreError> {
        self.read(|conn| {
            let (db_bytes, wal_bytes) = self.file_bytes();
            Ok(Status {
                db_bytes,
                wal_bytes,
                ..status::status(conn, now)?
            })
        })
    }

    /// The size of the database file and of its log.
    pub fn file_bytes(&self) -> (u64, u64) {
        let bytes = |suffix: &str| {
            let mut path = self.path.as_os_str().to_owned();
            path.push(suffix);
            std::fs::metadata(path).map_or(0, |m| m.len())
        };
        (bytes(""), bytes("-wal"))
    }

    /// The same, with the last days and the hosts.
    pub fn overview(&self, now: Time) -> Result<Overview, StoreError> {
        let status = self.status(now)?;
        self.read(|conn| status::overview(conn, status, now))
    }

    /// The last sequence given.
    pub fn sequence(&self) -> Result<Seq, StoreError> {
        self.read(sequence::current)
    }

    /// What retention would remove (`keep` none: nothing for its age).
    pub fn prunable(
        &self,
        keep: Option<Duration>,
        keep_max_per_feed: u64,
        now: Time,
    ) -> Result<Pruned, StoreError> {
        let retention = prune::Retention {
            keep,
            keep_max_per_feed,
        };
        self.read(|conn| prune::prunable(conn, &retention, now))
    }

    /// The rows of these articles.
    pub(super) fn doomed(
        &self,
        keep: Option<Duration>,
        keep_max_per_feed: u64,
        now: Time,
    ) -> Result<Vec<ArticleRow>, StoreError> {
        let retention = prune::Retention {
            keep,
            keep_max_per_feed,
        };
        self.read(|conn| prune::doomed(conn, &retention, now))
    }

    /// The tombstones that are no longer needed.
    pub(super) fn weathered(&self, now: Time) -> Result<Vec<[u8; 16]>, StoreError> {
        self.read(|conn| prune::weathered(conn, now))
    }

    /// The rows of a feed's articles.
    pub(super) fn articles_of(&self, feed: FeedRow) -> Result<Vec<ArticleRow>, StoreError> {
        self.read(|conn| {
            conn.prepare_cached("SELECT article FROM articles WHERE feed = ?1")?
                .query_map([feed], |r| r.get(0))?
                .collect()
        })
    }

    /// The feeds of which nothing but name and articles is needed any more.
    pub(super) fn forsaken(&self, now: Time) -> Result<Vec<FeedRow>, StoreError> {
        self.read(|conn| prune::forsaken(conn, now))
    }

    /// Online backup into a new file, of a read-only or ailing store too.
    pub fn backup(&self, to: &Path) -> Result<(), StoreError> {
        self.with(|conn| backup::backup(conn, to, &self.path))
    }

    /// A look at the pages of the file for at most `limit`, before anything is written (REL-03).
    ///
    /// # Errors
    /// [`StoreError::Unusable`] if it is damaged, as far as it was looked at.
    pub fn glance(&self, limit: Duration) -> Result<(), StoreError> {
        let until = Instant::now() + limit;
        self.with(|conn| {
            let found = conn
                .progress_handler(PAGES, Some(move || Instant::now() > until))
                .and_then(|()| {
                    conn.pragma_query_value(None, "quick_check", |r| r.get::<_, String>(0))
                });
            match found {
                Ok(found) if found == "ok" => Ok(()),
                Err(e) if e.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) => Ok(()),
                Ok(found) => Err(StoreError::damaged(&self.path, &found)),
                Err(e) => Err(StoreError::from_sqlite(&self.path, &e)),
            }
        })
    }

    /// Integrity check of a backup: the faults found (none if it is whole) and its schema version. One of an older version
    /// gets SQLite's own check only.
    ///
    /// # Errors
    /// [`StoreError::Unusable`] if it is no store of this version or an older one.
    pub fn verify_backup(path: &Path) -> Result<(Vec<String>, i64), StoreError> {
        let (conn, schema) = opening::backup_of(path)?;
        let found = match schema == SCHEMA {
            true => status::verify(&conn),
            false => status::verify_pages(&conn),
        };
        Ok((
            found.map_err(|e| StoreError::from_sqlite(path, &e))?,
            schema,
        ))
    }

    /// Integrity check, however long it takes; empty if all is well.
    pub fn verify(&self) -> Result<Vec<String>, StoreError> {
        // On a connection of its own: FTS5's check believes what an earlier search on the same one knew of the index, and
        // finds faults in what was written since (SQLite 3.54).
        let conn = opening::reader(&self.path)?;
        status::verify(&conn).map_err(|e| StoreError::from_sqlite(&self.path, &e))
    }
}

const COLUMNS: &str =
    "a.id, a.seq, a.title, a.url, a.summary, a.published, a.updated, a.first_seen, a.arrived,
    a.language, a.facts, a.guid, a.canonical_url, a.revision, a.signal, a.score, f.id, f.url,
    coalesce(f.title_user, f.title_own), f.site, f.folder, f.tags, s.id, s.copies, f.feed";

/// One copy as a view. None if it went between two queries.
pub(super) fn article(conn: &Connection, row: i64, bodies: bool) -> Sql<Option<ArticleView>> {
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
fn body(conn: &Connection, article: i64, feed: FeedRow) -> Sql<prepare::Readable> {
    let content: Vec<u8> = conn
        .prepare_cached("SELECT content FROM articles WHERE article = ?1")?
        .query_row([article], |r| r.get(0))?;
    let html = prepare::unpack(&content);
    let known = crate::store::feeds::paragraphs::boilerplate(conn, feed)?;
    Ok(prepare::readable(&html, &known))
}

fn view(r: &Row<'_>) -> Sql<ArticleView> {
    let time =
        |i: usize| -> Sql<Option<Time>> { Ok(r.get::<_, Option<i64>>(i)?.map(Time::from_millis)) };
    let facts: Facts = from_json(&r.get::<_, String>(10)?);
    let feed_url: String = r.get(17)?;
    Ok(ArticleView {
        id: ArticleId(Uuid::from_bytes(r.get(0)?)),
        seq: r.get(1)?,
        content: Content {
            title: r.get(2)?,
            url: r.get(3)?,
            summary: r.get(4)?,
            authors: facts.authors,
            agencies: facts.agencies,
            categories: facts.categories,
            tags: tags(r.get(20)?, &r.get::<_, String>(21)?),
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
            // The topics and the body are read by separate statements.
            ..Content::default()
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

/// The folder and the tags of a feed, as its articles carry them.
pub(super) fn tags(folder: Option<String>, tags: &str) -> Vec<String> {
    let mut all: Vec<String> = folder.into_iter().collect();
    for tag in from_json::<Vec<String>>(tags) {
        if !all.contains(&tag) {
            all.push(tag);
        }
    }
    all
}

/// A story, shown by its best copy, if possible one of a feed that is preferred.
/// What it says of the others is at most `alternates_bytes` long.
pub(super) fn story(
    conn: &Connection,
    row: i64,
    bodies: bool,
    prefer: &[String],
    alternates_bytes: usize,
) -> Sql<Option<StoryView>> {
    let head = conn
        .prepare_cached(
            "SELECT shown, seq, first_seen, arrived, copies FROM stories WHERE story = ?1",
        )?
        .query_row([row], |r| {
            Ok((
                r.get::<_, i64>(0)?,
                r.get::<_, i64>(1)?,
                Time::from_millis(r.get(2)?),
                Time::from_millis(r.get(3)?),
                r.get::<_, u32>(4)?,
            ))
        })
        .optional()?;
    let Some((shown, seq, first_seen, arrived, copies)) = head else {
        return Ok(None);
    };
    let shown = match copies {
        1 => shown,
        _ => representative::preferred(conn, row, prefer)?.unwrap_or(shown),
    };
    let Some(a) = article(conn, shown, bodies)? else {
        return Ok(None);
    };
    let topics = if copies > 1 {
        conn.prepare_cached(
            "SELECT name FROM story_topics JOIN topics USING (topic) WHERE story = ?1 ORDER BY name",
        )?
        .query_map([row], |r| r.get(0))?
        .collect::<Sql<_>>()?
    } else {
        a.content.topics
    };
    let also_in = if copies > 1 {
        alternates(conn, row, shown, alternates_bytes)?
    } else {
        Vec::new()
    };
    Ok(Some(StoryView {
        id: a.story_id,
        seq,
        content: Content {
            topics,
            first_seen,
            arrived,
            ..a.content
        },
        copies,
        also_in,
    }))
}

fn alternates(conn: &Connection, story: i64, shown: i64, bytes_max: usize) -> Sql<Vec<Alternate>> {
    let mut query = conn.prepare_cached(
        "SELECT f.url, coalesce(f.title_user, f.title_own), a.url, a.title, a.published
         FROM articles a JOIN feeds f USING (feed) WHERE a.story = ?1 AND a.article <> ?2 ORDER BY a.article",
    )?;
    let found = query.query_map(params![story, shown], |r| {
        Ok(Alternate {
            feed_url: r.get(0)?,
            feed_title: r.get(1)?,
            url: r.get(2)?,
            title: r.get(3)?,
            published: r.get::<_, Option<i64>>(4)?.map(Time::from_millis),
        })
    })?;
    let (mut all, mut bytes) = (Vec::new(), 0_usize);
    for alternate in found {
        let alternate = alternate?;
        bytes = bytes.saturating_add(alternate.memory());
        if bytes > bytes_max {
            break;
        }
        all.push(alternate);
    }
    Ok(all)
}
