//! Removing articles in small parts, and withdrawing those that a complete document no longer lists.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OptionalExtension};
use serde::Serialize;

use crate::model::{ArticleRow, FeedRow, StoryRow, Time};
use crate::store::articles::tombstones::insert_tombstone;
use crate::store::changes::ChangeKind;
use crate::store::changes::marks::{self, Leaving};
use crate::store::sequence::Numbers;
use crate::store::sql::Sql;
use crate::store::stories::grouping::Grouping;
use crate::store::stories::{decisions, refresh, story_ids};
use crate::store::topics::tagging::{self, Tagger};

/// Articles, or tombstones, that the writer is asked to remove at once at most.
pub(in crate::store) const PART_MAX: usize = 500;

/// How long it goes on with a part, the commit aside: polls wait meanwhile.
const PART_TIME: Duration = Duration::from_millis(15);

/// How far the writer came with a part.
#[derive(Debug, Default)]
pub(in crate::store) struct Progress {
    pub(in crate::store) pruned: Pruned,
    /// How many of the part it has looked at.
    pub(in crate::store) done: usize,
}

/// What a prune removed or would remove.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Pruned {
    /// Articles.
    pub articles: u64,
    /// Stories left without a copy.
    pub stories: u64,
}

/// Removes these articles, or as many of them as there is time for.
pub(in crate::store) fn remove_part(
    conn: &Connection,
    grouping: &mut Grouping,
    tagger: &mut Tagger,
    part: &[ArticleRow],
    reason: ChangeKind,
    now: Time,
) -> Sql<Progress> {
    let until = Instant::now() + PART_TIME;
    tagger.refresh(conn, now)?;
    let mut progress = Progress::default();
    for &article in part {
        insert_tombstone(conn, article, now)?;
        decisions::forget(conn, article)?;
        if let Some(ends_story) = remove(conn, tagger, article, reason, now)? {
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
        if remove(conn, tagger, article, ChangeKind::Withdrawn, now)?.is_some() {
            grouping.remove(article);
            withdrawn += 1;
        }
    }
    Ok(withdrawn)
}

/// Removes one article; whether its story went with it. None: another process was quicker.
fn remove(
    conn: &Connection,
    tagger: &Tagger,
    article: ArticleRow,
    reason: ChangeKind,
    now: Time,
) -> Sql<Option<bool>> {
    let story: Option<StoryRow> = conn
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
    let mut numbers = Numbers::default();
    marks::removed(conn, Leaving::Article(article), reason, now, &mut numbers)?;
    for sql in [
        "DELETE FROM words WHERE rowid = ?1",
        "DELETE FROM article_topics WHERE article = ?1",
        "DELETE FROM articles WHERE article = ?1",
    ] {
        conn.prepare_cached(sql)?.execute([article])?;
    }
    let (before, after) = refresh::refresh_story(conn, story, &mut numbers)?;
    let is_last = after.0 == 0;
    if is_last {
        refresh::end_story(conn, story, reason, now, &mut numbers)?;
    }
    numbers.write(conn)?;
    if !is_last {
        tagger.counts_changed(conn, story, before, after)?;
        tagging::tag_story(conn, story)?;
    }
    Ok(Some(is_last))
}
