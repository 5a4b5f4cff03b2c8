//! Stored copies, read for comparing: what the writer's window is filled from, and what `explain` and `dedup test` ask.

use rusqlite::{Connection, OptionalExtension, Row};
use uuid::Uuid;

use super::decisions;
use super::records::Nearest;
use crate::dedup::compare::{NEAR, compare};
use crate::dedup::{Changes, Fingerprint, Likeness, Limits, Replay, StoredCopy, Verdict};
use crate::model::{ArticleId, ArticleRow, Time};

type Sql<T> = rusqlite::Result<T>;

/// The columns that [`read`] takes, and where they are.
pub(super) const COPIES: &str = "SELECT article, story, feed, arrived, first_seen,
    published IS NOT NULL OR updated IS NOT NULL, own_host = 2, fingerprint FROM articles";

/// A copy and its fingerprint; none if that is of an older layout.
pub(super) fn read(r: &Row<'_>) -> Sql<Option<(StoredCopy, Fingerprint)>> {
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
pub(super) fn each_since(
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
pub(super) fn first_since(conn: &Connection, since: Time) -> Sql<ArticleRow> {
    let (mut low, mut high): (i64, i64) = conn.query_row(
        "SELECT coalesce(min(article), 0), coalesce(max(article), 0) + 1 FROM articles",
        [],
        |r| Ok((r.get(0)?, r.get(1)?)),
    )?;
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
    Ok(low)
}

/// What comparing two stored copies comes to now, with all figures; none if one is gone.
pub(super) fn verdict(
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

/// The stored copy that came closest to one without being of its story; none if nothing came near. All copies are looked
/// through that arrived so shortly before or after that they could be near.
pub(super) fn nearest(conn: &Connection, limits: Limits, id: ArticleId) -> Sql<Option<Nearest>> {
    let Some((copy, print)) = by_id(conn, id)? else {
        return Ok(None);
    };
    let mut best: Option<(f64, StoredCopy, Verdict)> = None;
    let mut rows = conn.prepare_cached(&format!("{COPIES} WHERE arrived BETWEEN ?1 AND ?2"))?;
    let mut rows = rows.query([copy.at.minus(NEAR).millis(), copy.at.plus(NEAR).millis()])?;
    while let Some(r) = rows.next()? {
        let Some((other, q)) = read(r)?.filter(|(other, _)| other.story != copy.story) else {
            continue;
        };
        let likeness = Likeness::of(&print, &q);
        let nearness = likeness.grams + (likeness.words + likeness.title) / 2.0;
        if nearness >= NEARNESS_MIN && best.as_ref().is_none_or(|(most, ..)| nearness > *most) {
            let verdict = Verdict {
                likeness,
                ..compare((&copy, &print), (&other, &q), limits.window, limits.near)
            };
            best = Some((nearness, other, verdict));
        }
    }
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

/// Of at most 2: half the words of a headline and a third of a lead say nothing yet.
const NEARNESS_MIN: f64 = 0.45;

/// Replays the copies seen since `since` under other settings, beside those of a window before; with what the user decided, or by
/// the rules alone.
pub(super) fn replay(
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
