//! Stored copies, read for comparing: what the writer's window is filled from, and what `explain` and `dedup test` ask.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension, Row};
use uuid::Uuid;

use crate::dedup::compare::{NEAR, compare};
use crate::dedup::{Changes, Fingerprint, Likeness, Limits, Replay, StoredCopy, Verdict};
use crate::model::{ArticleId, ArticleRow, Time};
use crate::query::ast::{Expr, Pattern, Scope};
use crate::query::plan::index_plan;
use crate::store::connections::Reads;
use crate::store::error::StoreError;
use crate::store::options::DedupSettings;
use crate::store::search::matcher::Matcher;
use crate::store::sql::{self, Sql};
use crate::store::stories::decisions;

/// The columns that [`read`] takes, and where they are.
pub(in crate::store) const COPIES: &str = "SELECT article, story, feed, arrived, first_seen,
    published IS NOT NULL OR updated IS NOT NULL, own_host = 2, fingerprint FROM articles";

/// Copies that are all compared: some 50 ms.
const COMPARED_MAX: i64 = 10_000;

/// Words that are looked up, from the headline on, and articles that have them, in all.
const WORDS_MAX: usize = 100;
const SHARING_MAX: usize = 3000;

/// A word that more articles have is not rare.
const RARE_MAX: usize = 1000;

/// Of at most 2: half the words of a headline and a third of a lead say nothing yet.
const NEARNESS_MIN: f64 = 0.45;

/// The copy that came closest to another without being of its story.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Nearest {
    /// Its row.
    pub row: ArticleRow,
    /// Its id.
    pub id: ArticleId,
    /// What held them apart. Alike by themselves: something else did.
    pub verdict: crate::dedup::Verdict,
}

impl Reads {
    /// What comparing two articles comes to as they are now; none if one is gone.
    pub fn verdict(
        &self,
        settings: DedupSettings,
        a: ArticleId,
        b: ArticleId,
    ) -> Result<Option<Verdict>, StoreError> {
        self.read(|conn| verdict(conn, settings.limits(), a, b))
    }

    /// The article that came closest to one without being of its story, and what held them apart.
    pub fn nearest(
        &self,
        settings: DedupSettings,
        id: ArticleId,
    ) -> Result<Option<Nearest>, StoreError> {
        self.read(|conn| nearest(conn, settings.limits(), id))
    }

    /// Which stories would be otherwise under these settings, by the articles seen since `since`: with what the user decided, or
    /// by the rules alone. Nothing is changed.
    pub fn replay(
        &self,
        settings: DedupSettings,
        since: Time,
        follows_decisions: bool,
    ) -> Result<Changes, StoreError> {
        self.read(|conn| replay(conn, settings.limits(), since, follows_decisions))
    }
}

/// A copy and its fingerprint; none if that is of an older layout.
pub(in crate::store) fn read(r: &Row<'_>) -> Sql<Option<(StoredCopy, Fingerprint)>> {
    let copy = StoredCopy {
        article: r.get(0)?,
        story: r.get(1)?,
        feed: r.get(2)?,
        at: Time::from_millis(r.get(3)?),
        seen: Time::from_millis(r.get(4)?),
        dated: r.get(5)?,
        own_page: r.get(6)?,
    };
    let print = Fingerprint::from_bytes(r.get_ref(7)?.as_blob()?);
    Ok(print.map(|print| (copy, print)))
}

/// Reads the copies seen since `since`, in the order of their rows, which is that of the first sighting.
pub(in crate::store) fn each_since(
    conn: &Connection,
    since: Time,
    mut take: impl FnMut(StoredCopy, Fingerprint),
) -> Sql<()> {
    let mut rows =
        conn.prepare_cached(&format!("{COPIES} WHERE article >= ?1 ORDER BY article"))?;
    let mut rows = rows.query([first_since(conn, since)?])?;
    while let Some(r) = rows.next()? {
        if let Some((copy, print)) = read(r)? {
            take(copy, print);
        }
    }
    Ok(())
}

/// The first row seen at `since` or later, by halving: sightings have no index, and need none.
pub(in crate::store) fn first_since(conn: &Connection, since: Time) -> Sql<ArticleRow> {
    // Asked for both at once, SQLite reads all rows.
    let (mut low, mut high): (i64, i64) = conn
        .prepare_cached(
            "SELECT coalesce((SELECT min(article) FROM articles), 0),
                coalesce((SELECT max(article) FROM articles), 0) + 1",
        )?
        .query_row([], |r| Ok((r.get(0)?, r.get(1)?)))?;
    let mut look = conn.prepare_cached(
        "SELECT first_seen FROM articles WHERE article >= ?1 ORDER BY article LIMIT 1",
    )?;
    while low < high {
        let middle = low + (high - low) / 2;
        let seen: Option<i64> = look.query_row([middle], |r| r.get(0)).optional()?;
        if seen.is_some_and(|seen| seen < since.millis()) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(ArticleRow::new(low))
}

/// What comparing two stored copies comes to now, with all figures; none if one is gone.
pub(in crate::store) fn verdict(
    conn: &Connection,
    limits: Limits,
    a: ArticleId,
    b: ArticleId,
) -> Sql<Option<Verdict>> {
    let (a, b) = (by_id(conn, a)?, by_id(conn, b)?);
    Ok(a.zip(b).map(|((a, p), (b, q))| Verdict {
        likeness: Likeness::of(&p, &q),
        ..compare((&a, &p), (&b, &q), limits.window, limits.near)
    }))
}

/// The stored copy that came closest to one without being of its story; none if nothing came near. All copies are compared
/// that arrived so shortly before or after that they could be near; where they are very many, those of them that share a
/// rare word of its headline or its beginning.
pub(in crate::store) fn nearest(
    conn: &Connection,
    limits: Limits,
    id: ArticleId,
) -> Sql<Option<Nearest>> {
    let Some((copy, print)) = by_id(conn, id)? else {
        return Ok(None);
    };
    let mut best: Option<(f64, StoredCopy, Verdict)> = None;
    let span = (copy.at.minus(NEAR).millis(), copy.at.plus(NEAR).millis());
    each_around(conn, copy.article, span, |other, q| {
        if other.story == copy.story {
            return;
        }
        let likeness = Likeness::of(&print, &q);
        let nearness = likeness.grams + (likeness.words + likeness.title) / 2.0;
        if nearness >= NEARNESS_MIN && best.as_ref().is_none_or(|(most, ..)| nearness > *most) {
            let verdict = Verdict {
                likeness,
                ..compare((&copy, &print), (&other, &q), limits.window, limits.near)
            };
            best = Some((nearness, other, verdict));
        }
    })?;
    let Some((_, other, verdict)) = best else {
        return Ok(None);
    };
    let id: [u8; 16] = conn
        .prepare_cached("SELECT id FROM articles WHERE article = ?1")?
        .query_row([other.article], |r| r.get(0))?;
    Ok(Some(Nearest {
        row: other.article,
        id: ArticleId(Uuid::from_bytes(id)),
        verdict,
    }))
}

/// Shows the copies that arrived between two moments, in the order of the river; of very many, those that share rare words
/// with an article.
fn each_around(
    conn: &Connection,
    article: ArticleRow,
    span: (i64, i64),
    mut take: impl FnMut(StoredCopy, Fingerprint),
) -> Sql<()> {
    let count: i64 = conn
        .prepare_cached(
            "SELECT count(*) FROM (SELECT 1 FROM articles WHERE arrived BETWEEN ?1 AND ?2 LIMIT ?3)",
        )?
        .query_row((span.0, span.1, COMPARED_MAX + 1), |r| r.get(0))?;
    let among = match count > COMPARED_MAX {
        true => Some(sql::json(&sharing_words(conn, article)?)),
        false => None,
    };
    let mut rows = conn.prepare_cached(&format!(
        "{COPIES} WHERE arrived BETWEEN ?1 AND ?2 {} ORDER BY arrived",
        match among {
            Some(_) => "AND article IN (SELECT value FROM json_each(?3))",
            None => "AND ?3 IS NULL",
        }
    ))?;
    let mut rows = rows.query((span.0, span.1, among))?;
    while let Some(r) = rows.next()? {
        if let Some((copy, print)) = read(r)? {
            take(copy, print);
        }
    }
    Ok(())
}

/// The articles that have the rarest words of an article's headline and beginning.
fn sharing_words(conn: &Connection, article: ArticleRow) -> Sql<Vec<ArticleRow>> {
    let mut matcher = Matcher::of_texts(conn, Time::EPOCH)?;
    let Some(text) = matcher.words_of(article)? else {
        return Ok(Vec::new());
    };
    let words = [&text.title, &text.body].into_iter();
    let words = words.flat_map(|part| part.words().split_ascii_whitespace());
    let mut known = HashSet::new();
    let words: Vec<&str> = words.filter(|w| known.insert(*w)).take(WORDS_MAX).collect();
    let mut find = conn.prepare_cached("SELECT rowid FROM words WHERE words MATCH ?1 LIMIT ?2")?;
    let mut having = Vec::new();
    for word in words {
        let expr = Expr::Text(Scope::Any, Pattern::Phrase(vec![word.to_owned()]));
        if let Some(query) = index_plan(&expr, Time::EPOCH).index_query {
            let rows = find.query_map((query, RARE_MAX as i64 + 1), |r| r.get(0))?;
            having.push(rows.collect::<Sql<Vec<ArticleRow>>>()?);
        }
    }
    having.retain(|rows| rows.len() <= RARE_MAX);
    having.sort_by_key(Vec::len);
    let mut all = HashSet::new();
    for rows in having {
        if all.len() + rows.len() > SHARING_MAX {
            break;
        }
        all.extend(rows);
    }
    Ok(all.into_iter().collect())
}

/// Replays the copies seen since `since` under other settings, beside those of a window before; with what the user decided, or by
/// the rules alone.
pub(in crate::store) fn replay(
    conn: &Connection,
    limits: Limits,
    since: Time,
    follows_decisions: bool,
) -> Sql<Changes> {
    let mut replay = Replay::new(limits, since);
    if follows_decisions {
        let (decisions, decided) = decisions::read_unplaced(conn)?;
        replay = replay.following(decisions, decided);
    }
    each_since(conn, since.minus(limits.window), |copy, print| {
        replay.take(copy, print);
    })?;
    Ok(replay.changes())
}

fn by_id(conn: &Connection, id: ArticleId) -> Sql<Option<(StoredCopy, Fingerprint)>> {
    let found = conn
        .prepare_cached(&format!("{COPIES} WHERE id = ?1"))?
        .query_row([&id.0.as_bytes()[..]], read)
        .optional()?;
    Ok(found.flatten())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;
    use crate::store::file::opening;

    #[test]
    fn the_first_row_of_the_window_is_found_without_reading_all_rows() {
        let dir = tempfile::tempdir().unwrap();
        let mut conn = opening::writer(&dir.path().join("store.db"), false).unwrap();
        conn.execute_batch(
            "WITH RECURSIVE n (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM n WHERE n < 5000)
             INSERT INTO articles (article, id, feed, story, seq, key, title, summary, words, first_seen, arrived, own_host,
               facts, digest, revision, fingerprint, content)
             SELECT n, CAST(printf('%016d', n) AS BLOB), 1, n, n, n || '', '', '', 0, n, n, 0, '{}', x'', 1, x'', x'' FROM n",
        )
        .unwrap();
        let steps = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&steps);
        let count = move || {
            counter.fetch_add(1, Ordering::SeqCst);
            false
        };
        conn.progress_handler(1, Some(count)).unwrap();
        let first = first_since(&conn, Time::from_millis(3000)).unwrap();
        assert_eq!(first, ArticleRow::new(3000));
        let steps = steps.load(Ordering::SeqCst);
        assert!(steps < 1000, "{steps}");
    }
}
