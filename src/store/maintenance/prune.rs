//! Retention: what is old or too much goes, in small parts between which others write.
//!
//! A pruned article leaves a tombstone while its feed may still list it, so that it does not come back as new.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OptionalExtension, params};

use crate::model::{ArticleId, ArticleRow, FeedRow, Time};
use crate::store::articles::writing;
use crate::store::records::Pruned;
use crate::store::sequence::{self, Numbers};
use crate::store::sql::{self, Sql};
use crate::store::stories::grouping::Grouping;
use crate::store::stories::{decisions, story_ids};
use crate::store::topics::tagging::{self, Tagger};

/// Articles, or tombstones, that the writer is asked to remove at once at most.
pub(in crate::store) const PART_MAX: usize = 500;

/// How long it goes on with a part, the commit aside: polls wait meanwhile.
const PART_TIME: Duration = Duration::from_millis(15);

/// How long a tombstone is kept after the article was last listed.
const TOMBSTONE: Duration = Duration::from_secs(400 * 86_400);

/// That it is listed is noted so often only: a feed that lists a thousand old articles is not to cost as many writes each
/// time.
const NOTED_EVERY: Duration = Duration::from_secs(30 * 86_400);

/// So long after its last poll a feed that was unsubscribed from is not expected back.
const FORSAKEN: Duration = Duration::from_secs(30 * 86_400);

/// What is kept.
#[derive(Debug, Clone)]
pub(in crate::store) struct Retention {
    /// Articles that arrived longer ago go; none: never.
    pub(in crate::store) keep: Option<Duration>,
    /// Of each feed the newest so many stay.
    pub(in crate::store) keep_max_per_feed: u64,
}

/// How far the writer came with a part.
#[derive(Debug, Default)]
pub(in crate::store) struct Progress {
    pub(in crate::store) pruned: Pruned,
    /// How many of the part it has looked at.
    pub(in crate::store) done: usize,
}

/// What would go.
pub(in crate::store) fn prunable(
    conn: &Connection,
    retention: &Retention,
    now: Time,
) -> Sql<Pruned> {
    let doomed = doomed(conn, retention, now)?;
    Ok(Pruned {
        articles: doomed.len() as u64,
        stories: emptied(conn, &doomed)?,
    })
}

/// The articles that retention does not keep, oldest first.
pub(in crate::store) fn doomed(
    conn: &Connection,
    retention: &Retention,
    now: Time,
) -> Sql<Vec<ArticleRow>> {
    let mut doomed = BTreeSet::new();
    if let Some(keep) = retention.keep {
        let mut old = conn.prepare_cached("SELECT article FROM articles WHERE arrived < ?1")?;
        for row in old.query_map([now.minus(keep).millis()], |r| r.get(0))? {
            doomed.insert(row?);
        }
    }
    let most = i64::try_from(retention.keep_max_per_feed).unwrap_or(i64::MAX);
    let full: Vec<FeedRow> = conn
        .prepare_cached("SELECT feed FROM articles GROUP BY feed HAVING count(*) > ?1")?
        .query_map([most], |r| r.get(0))?
        .collect::<Sql<_>>()?;
    let mut too_many = conn.prepare_cached(
        "SELECT article FROM articles WHERE feed = ?1 ORDER BY arrived DESC, article DESC LIMIT -1 OFFSET ?2",
    )?;
    for feed in full {
        for row in too_many.query_map(params![feed, most], |r| r.get(0))? {
            doomed.insert(row?);
        }
    }
    Ok(doomed.into_iter().collect())
}

/// The ids of tombstones that nobody will ask for any more: the feed has been read since, or is read no more. One that says
/// nothing new for years still lists what it listed.
pub(in crate::store) fn weathered(conn: &Connection, now: Time) -> Sql<Vec<[u8; 16]>> {
    conn.prepare_cached(
        "SELECT id FROM tombstones t WHERE pruned < ?1 AND (
           feed IS NULL
           OR NOT EXISTS (SELECT 1 FROM feeds WHERE feed = t.feed AND subscribed = 1)
           OR EXISTS (SELECT 1 FROM articles WHERE feed = t.feed AND arrived > t.pruned + ?2))",
    )?
    .query_map(
        params![now.minus(TOMBSTONE).millis(), sql::millis(NOTED_EVERY)],
        |r| r.get(0),
    )?
    .collect()
}

/// Whether it is so long ago that a pruned article was noted as listed that it is to be noted again.
pub(in crate::store) fn is_to_be_noted(noted: Time, now: Time) -> bool {
    noted < now.minus(NOTED_EVERY)
}

/// A pruned article is listed still.
pub(in crate::store) fn note_listed(
    conn: &Connection,
    id: ArticleId,
    feed: FeedRow,
    now: Time,
) -> Sql<()> {
    conn.prepare_cached(
        "UPDATE tombstones SET pruned = ?2, feed = ?3 WHERE id = ?1 AND pruned < ?4",
    )?
    .execute(params![
        &id.0.as_bytes()[..],
        now.millis(),
        feed,
        now.minus(NOTED_EVERY).millis()
    ])?;
    Ok(())
}

/// Removes such tombstones.
pub(in crate::store) fn level(conn: &Connection, ids: &[[u8; 16]]) -> Sql<()> {
    let mut remove = conn.prepare_cached("DELETE FROM tombstones WHERE id = ?1")?;
    for id in ids {
        remove.execute([&id[..]])?;
    }
    Ok(())
}

/// Forgets hosts that no feed was asked at, and that want to be left alone no longer: feeds were led there.
pub(in crate::store) fn forget_hosts(conn: &Connection, now: Time) -> Sql<()> {
    conn.prepare_cached("DELETE FROM hosts WHERE polls = 0 AND coalesce(rest_until, 0) <= ?1")?
        .execute([now.millis()])?;
    Ok(())
}

/// Feeds that nobody is subscribed to any more, and of which more is kept than their name and their articles.
pub(in crate::store) fn forsaken(conn: &Connection, now: Time) -> Sql<Vec<FeedRow>> {
    conn.prepare_cached(
        "SELECT feed FROM feeds f WHERE subscribed = 0 AND coalesce(last_poll, 0) < ?1 AND (
           EXISTS (SELECT 1 FROM polls WHERE feed = f.feed)
           OR EXISTS (SELECT 1 FROM paragraphs WHERE feed = f.feed)
           OR EXISTS (SELECT 1 FROM archives WHERE feed = f.feed))",
    )?
    .query_map([now.minus(FORSAKEN).millis()], |r| r.get(0))?
    .collect()
}

/// Forgets how such a feed was polled, and what was learned of it.
pub(in crate::store) fn forget(conn: &Connection, feed: FeedRow) -> Sql<()> {
    for sql in [
        "DELETE FROM polls WHERE feed = ?1",
        "DELETE FROM paragraphs WHERE feed = ?1",
        "DELETE FROM archives WHERE feed = ?1",
    ] {
        conn.prepare_cached(sql)?.execute([feed])?;
    }
    Ok(())
}

/// Forgets what else the store knows of a feed whose articles were deleted, if it was not subscribed again meanwhile.
pub(in crate::store) fn purge(conn: &Connection, feed: FeedRow) -> Sql<()> {
    if crate::store::feeds::subscriptions::is_subscribed(conn, feed)? {
        return Ok(());
    }
    forget(conn, feed)?;
    for sql in [
        "DELETE FROM tombstones WHERE feed = ?1",
        "DELETE FROM events WHERE feed = ?1",
    ] {
        conn.prepare_cached(sql)?.execute([feed])?;
    }
    conn.prepare_cached(
        "UPDATE feeds SET title_user = NULL, title_own = url, site = NULL, folder = NULL, tags = '[]',
                outline = '[]', last_error = NULL, schedule = x'' WHERE feed = ?1",
    )?
    .execute([feed])?;
    Ok(())
}

/// Removes these articles, or as many of them as there is time for.
pub(in crate::store) fn remove_part(
    conn: &Connection,
    grouping: &mut Grouping,
    tagger: &mut Tagger,
    part: &[ArticleRow],
    now: Time,
) -> Sql<Progress> {
    let until = Instant::now() + PART_TIME;
    tagger.refresh(conn, now)?;
    let mut progress = Progress::default();
    for &article in part {
        bury(conn, article, now)?;
        decisions::forget(conn, article)?;
        if let Some(ends_story) = remove(conn, tagger, article)? {
            grouping.remove(article);
            progress.pruned.articles += 1;
            progress.pruned.stories += u64::from(ends_story);
        }
        progress.done += 1;
        if Instant::now() >= until {
            break;
        }
    }
    Ok(progress)
}

/// Removes the articles of a feed that its complete document does not list (RFC 5005 section 2; ET-53), at most
/// [`PART_MAX`]: what is left goes with its next document. They leave no tombstone, for the publisher may list them again.
/// Gives how many went.
pub(in crate::store) fn withdraw(
    conn: &Connection,
    grouping: &mut Grouping,
    tagger: &Tagger,
    feed: FeedRow,
    listed: &[ArticleRow],
    now: Time,
) -> Sql<usize> {
    let listed: BTreeSet<&ArticleRow> = listed.iter().collect();
    let stored: Vec<ArticleRow> = conn
        .prepare_cached("SELECT article FROM articles WHERE feed = ?1")?
        .query_map([feed], |r| r.get(0))?
        .collect::<Sql<_>>()?;
    let gone = stored.iter().filter(|article| !listed.contains(article));
    let mut withdrawn = 0;
    for &article in gone.take(PART_MAX) {
        decisions::note_withdrawn(conn, article, now)?;
        if remove(conn, tagger, article)?.is_some() {
            grouping.remove(article);
            withdrawn += 1;
        }
    }
    if withdrawn > 0 {
        // What was rendered with them is out of date.
        sequence::next(conn)?;
    }
    Ok(withdrawn)
}

/// How many stories would lose all their copies.
fn emptied(conn: &Connection, doomed: &[ArticleRow]) -> Sql<u64> {
    let mut left: std::collections::HashMap<i64, i64> = std::collections::HashMap::new();
    let mut look = conn.prepare(
        "SELECT s.story, s.copies FROM articles a JOIN stories s USING (story) WHERE a.article = ?1",
    )?;
    for &article in doomed {
        let (story, copies): (i64, i64) =
            look.query_row([article], |r| Ok((r.get(0)?, r.get(1)?)))?;
        *left.entry(story).or_insert(copies) -= 1;
    }
    Ok(left.values().filter(|n| **n <= 0).count() as u64)
}

/// Keeps the article's id, so that the article does not come back as new.
fn bury(conn: &Connection, article: ArticleRow, now: Time) -> Sql<usize> {
    conn.prepare_cached(
        "INSERT OR REPLACE INTO tombstones (id, pruned, feed) SELECT id, ?2, feed FROM articles WHERE article = ?1",
    )?
    .execute([article, now.millis()])
}

/// Removes one article; whether its story went with it. None: another process was quicker.
fn remove(conn: &Connection, tagger: &Tagger, article: ArticleRow) -> Sql<Option<bool>> {
    let story: Option<i64> = conn
        .prepare_cached("SELECT story FROM articles WHERE article = ?1")?
        .query_row([article], |r| r.get(0))
        .optional()?;
    let Some(story) = story else {
        return Ok(None);
    };
    story_ids::note_removed(conn, article)?;
    #[cfg(test)]
    {
        let url = "SELECT coalesce(url, '') FROM articles WHERE article = ?1";
        let url: String = conn.query_row(url, [article], |r| r.get(0))?;
        crate::faults::at("remove", &url)?;
    }
    for sql in [
        "DELETE FROM words WHERE rowid = ?1",
        "DELETE FROM article_topics WHERE article = ?1",
        "DELETE FROM articles WHERE article = ?1",
    ] {
        conn.prepare_cached(sql)?.execute([article])?;
    }
    let mut numbers = Numbers::default();
    let (before, after) = writing::refresh_story(conn, story, &mut numbers)?;
    numbers.write(conn)?;
    if after.0 > 0 {
        tagger.counts_changed(conn, story, before, after)?;
        tagging::tag_story(conn, story)?;
    }
    conn.prepare_cached("SELECT NOT EXISTS (SELECT 1 FROM stories WHERE story = ?1)")?
        .query_row([story], |r| r.get(0))
        .map(Some)
}
