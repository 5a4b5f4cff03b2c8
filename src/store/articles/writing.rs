//! A document's drafts become articles: known ones are updated in place, new ones join a story or begin one.
//!
//! Reading, deciding and writing happen in one transaction, so two feeds with the same story cannot race. A copy
//! never changes another feed's copy (SEC-13).

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, params};

use crate::dedup::{Join, StoredCopy};
use crate::model::{ArticleId, ArticleRow, FeedRow, Seq, StoryId, StoryRow, Time};
use crate::normalize::identity;
use crate::store::articles::tombstones::{self, is_tombstone};
use crate::store::changes::ChangeKind;
use crate::store::feeds::paragraphs;
use crate::store::leases::claim::Claim;
use crate::store::polls::known;
use crate::store::polls::listing::Listed;
use crate::store::polls::poll_commit::Committed;
use crate::store::polls::prepare::{PageOf, Prepared};
use crate::store::search::word_index::WordIndex;
use crate::store::sequence::Numbers;
use crate::store::sql::Sql;
use crate::store::stories::grouping::Grouping;
use crate::store::stories::refresh::{merge, refresh_story};
use crate::store::stories::story_ids;
use crate::store::topics::tagging::Tagger;

/// An article that is about to be written for the first time.
struct New<'a> {
    claim: &'a Claim,
    id: ArticleId,
    p: &'a Prepared,
    arrived: Time,
    now: Time,
}

/// Everything that the drafts of a document go through.
pub(in crate::store) struct DocumentWriter<'a> {
    pub(in crate::store) conn: &'a Connection,
    pub(in crate::store) grouping: &'a mut Grouping,
    pub(in crate::store) tagger: &'a Tagger,
    pub(in crate::store) index: &'a mut WordIndex,
    pub(in crate::store) numbers: Numbers,
    /// The row of the article that was written last.
    pub(in crate::store) last_row: Option<ArticleRow>,
}

impl DocumentWriter<'_> {
    /// The row of the next new article.
    fn next_row(&mut self) -> Sql<ArticleRow> {
        let last = match self.last_row {
            Some(last) => last,
            None => self
                .conn
                .prepare_cached("SELECT coalesce(max(article), 0) FROM articles")?
                .query_row([], |r| r.get::<_, ArticleRow>(0))?,
        };
        let next = last.offset(1);
        self.last_row = Some(next);
        Ok(next)
    }
}

/// Writes the prepared drafts of one document, beside those of its items that are known; gives what was done, and the
/// articles that the document lists.
pub(in crate::store) fn write(
    writer: &mut DocumentWriter<'_>,
    claim: &Claim,
    prepared: Vec<Prepared>,
    known_items: &[Listed],
    now: Time,
) -> Sql<(Committed, Vec<ArticleRow>)> {
    let conn = writer.conn;
    let mut done = Committed::default();
    let mut learned = Vec::new();
    let mut listed: Vec<ArticleRow> = known_items.iter().filter_map(|l| l.article).collect();
    for known in known_items.iter().filter(|l| l.article.is_none()) {
        if known
            .noted
            .is_none_or(|noted| tombstones::is_to_be_noted(noted, now))
        {
            let id = ArticleId::of(claim.id, &known.key);
            tombstones::note_listed(conn, id, claim.feed, now)?;
        }
    }
    if prepared.is_empty() {
        return Ok((done, listed));
    }
    let drafts = in_order(prepared, known_items, claim.last_poll, now);
    let items: Vec<known::Item<'_>> = drafts
        .iter()
        .map(|(_, p)| (&p.draft, p.only_with_its_page))
        .collect();
    let mut document = known::Document::new(conn, claim.feed, &items, known_items);
    let found = document.find_all(&items)?;
    for ((arrived, mut p), mut found) in drafts.into_iter().zip(found) {
        #[cfg(test)]
        crate::faults::at("article", claim.url.host())?;
        if let Some(known) = found.as_ref().filter(|k| k.is_edited_by(&p.draft))
            && let Some(key) = known::key_beside_others(conn, claim.feed, known, &p.draft)?
        {
            p.draft.key = key;
            found = document.find_again((&p.draft, p.only_with_its_page), known)?;
        }
        match found {
            Some(known) if known.digest == p.draft.digest => listed.push(known.article), // ET-09
            Some(known) if !known.is_edited_by(&p.draft) => {
                // REL-14: it was stored by a version with another rule for digests.
                if !identity::is_of_partial(&p.draft.digest) {
                    set_digest(conn, known.article, &p.draft.digest)?;
                }
                listed.push(known.article);
            }
            Some(known) => {
                listed.push(known.article);
                update(writer, claim.feed, &known, &p, now)?;
                writer.index.add(conn, known.article, p.folded, true)?;
                done.changed += 1;
            }
            None => {
                let id = ArticleId::of(claim.id, &p.draft.key);
                if is_tombstone(conn, id)? {
                    tombstones::note_listed(conn, id, claim.feed, now)?;
                    continue;
                }
                let new = New {
                    claim,
                    id,
                    p: &p,
                    arrived,
                    now,
                };
                let (article, joined) = insert(writer, &new)?;
                listed.push(article);
                // A piece that the feed has listed already would make its whole text boilerplate.
                if !p.paragraphs.is_empty() && (!joined || !has_another(conn, claim.feed, article)?)
                {
                    learned.push(std::mem::take(&mut p.paragraphs));
                }
                writer.index.add(conn, article, p.folded, false)?;
                done.new += 1;
                done.joined += usize::from(joined);
            }
        }
    }
    std::mem::take(&mut writer.numbers).write(conn)?;
    paragraphs::learn(conn, claim.feed, &learned, now)?;
    Ok((done, listed))
}

/// The drafts from the oldest to the newest, so that row numbers follow time, each with its place in the river
/// (contract.md): as published, but not before the feed's previous poll, and never after the first sighting. Publishers
/// list the newest on top: what has no date, or the same one, stands as it is listed, a millisecond apart.
fn in_order(
    prepared: Vec<Prepared>,
    listed: &[Listed],
    previous: Option<Time>,
    now: Time,
) -> Vec<(Time, Prepared)> {
    let mut known: HashMap<usize, &Listed> = listed.iter().map(|l| (l.at, l)).collect();
    let mut prepared = prepared.into_iter();
    let mut items: Vec<(Time, Option<Prepared>)> = Vec::new();
    for at in 0.. {
        let (claimed, item) = match known.remove(&at) {
            Some(listed) => (listed.claimed, None),
            None => match prepared.next() {
                Some(p) => (p.draft.published.or(p.draft.updated), Some(p)),
                // Known items behind the last draft.
                None if !known.is_empty() => continue,
                None => break,
            },
        };
        items.push((claimed.unwrap_or(now), item));
    }
    items.reverse();
    items.sort_by_key(|(claimed, _)| *claimed);
    let claimed = items.iter_mut().map(|(place, _)| place);
    spread(&mut claimed.collect::<Vec<_>>(), previous, now);
    let drafts = items.into_iter();
    drafts.filter_map(|(place, p)| Some((place, p?))).collect()
}

/// Makes ascending moments places in the river. Where there is no room for all of them, some stay equal.
fn spread(places: &mut [&mut Time], previous: Option<Time>, now: Time) {
    let floor = previous.unwrap_or(Time::from_millis(i64::MIN)).min(now);
    let mut next = floor;
    for place in &mut *places {
        **place = (**place).max(next).min(now);
        next = place.moved(1);
    }
    let mut latest = now;
    for place in places.iter_mut().rev() {
        **place = (**place).min(latest).max(floor);
        latest = place.moved(-1);
    }
}

/// Whether the feed has another copy in the story of this article.
fn has_another(conn: &Connection, feed: FeedRow, article: ArticleRow) -> Sql<bool> {
    conn.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM articles WHERE story = (SELECT story FROM articles WHERE article = ?1)
           AND feed = ?2 AND article <> ?1)",
    )?
    .query_row(params![article, feed], |r| r.get(0))
}

fn set_digest(conn: &Connection, article: ArticleRow, digest: &[u8]) -> Sql<()> {
    conn.prepare_cached("UPDATE articles SET digest = ?2 WHERE article = ?1")?
        .execute(params![article, digest])?;
    Ok(())
}

/// Writes a new article; its row, and whether it joined a story that was there.
fn insert(writer: &mut DocumentWriter<'_>, new: &New<'_>) -> Sql<(ArticleRow, bool)> {
    let (conn, p) = (writer.conn, new.p);
    let mut copy = StoredCopy {
        article: ArticleRow::default(),
        story: StoryRow::default(),
        feed: new.claim.feed,
        at: new.arrived,
        seen: new.now,
        dated: p.is_dated(),
        own_page: p.page == PageOf::ItsHost,
    };
    let decision = writer
        .grouping
        .decide(conn, new.id, &copy, &p.fingerprint)?;
    let join = decision.join;
    let article = writer.next_row()?;
    let seq = writer.numbers.next(conn)?;
    let mut story = match &join {
        Some(join) => join.story,
        None => begin_story(writer, new, article)?,
    };
    insert_row(conn, new, (article, story, seq), join.as_ref())?;
    #[cfg(test)]
    crate::faults::at("insert", new.claim.url.host())?;
    for other in &decision.bridged {
        let DocumentWriter {
            grouping,
            tagger,
            numbers,
            ..
        } = &mut *writer;
        story = merge(conn, grouping, tagger, story, other, new.id, numbers)?;
    }
    (copy.article, copy.story) = (article, story);
    writer.grouping.insert(copy, &p.fingerprint);
    writer.grouping.note_stored(conn, new.id)?;
    // A story that begins is whole.
    if join.is_some() || !decision.bridged.is_empty() {
        let (before, after) = refresh_story(conn, story, &mut writer.numbers)?;
        if join.is_some() {
            writer.tagger.counts_changed(conn, story, before, after)?;
        }
    }
    #[cfg(test)]
    crate::faults::at("tag", new.claim.url.host())?;
    let text = (&p.folded, p.topics.as_ref());
    writer.tagger.tag_article(conn, article, story, text)?;
    Ok((article, join.is_some()))
}

/// Writes the story that a new article begins.
fn begin_story(
    writer: &mut DocumentWriter<'_>,
    new: &New<'_>,
    article: ArticleRow,
) -> Sql<StoryRow> {
    let conn = writer.conn;
    let seq = writer.numbers.next(conn)?;
    let mut insert = conn.prepare_cached(
        "INSERT INTO stories (id, seq, arrived, first_seen, shown, copies, feeds, change)
         VALUES (?1, ?2, ?3, ?4, ?5, 1, 1, 0)
         ON CONFLICT (id) DO NOTHING",
    )?;
    let (arrived, seen) = (new.arrived.millis(), new.now.millis());
    let mut begin =
        |id: StoryId| insert.execute(params![&id.0.as_bytes()[..], seq, arrived, seen, article]);
    if begin(StoryId::from(new.id))? == 0 {
        begin(story_ids::unused(conn, new.id)?)?;
    }
    Ok(StoryRow::new(conn.last_insert_rowid()))
}

fn insert_row(
    conn: &Connection,
    new: &New<'_>,
    (article, story, seq): (ArticleRow, StoryRow, Seq),
    join: Option<&Join>,
) -> Sql<()> {
    let New {
        claim,
        id,
        p,
        arrived,
        now,
    } = new;
    let d = &p.draft;
    let joined_with: Option<Vec<u8>> = match join {
        Some(join) => conn
            .prepare_cached("SELECT id FROM articles WHERE article = ?1")?
            .query_row([join.with_article], |r| r.get(0))
            .optional()?,
        None => None,
    };
    conn.prepare_cached(
        "INSERT INTO articles (article, id, feed, story, seq, key, guid, url, canonical_url, title, summary, words, published,
            updated, first_seen, arrived, language, own_host, facts, digest, revision, joined_with, signal, score,
            fingerprint, content, change)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, 1, ?21,
            ?22, ?23, ?24, ?25, 0)",
    )?
    .execute(params![
        article,
        &id.0.as_bytes()[..],
        claim.feed,
        story,
        seq,
        d.key,
        d.guid,
        d.url.as_ref().map(|u| u.as_str()),
        d.canonical_url.as_ref().map(|u| u.as_str()),
        d.title,
        d.summary,
        p.folded.words.cast_signed(),
        d.published.map(Time::millis),
        // Nothing that we have was changed after we saw it, whatever a publisher's clock says (SEC-12).
        d.updated.map(|t| t.min(*now).millis()),
        now.millis(),
        arrived.millis(),
        d.language,
        p.page as i64,
        p.facts,
        d.digest,
        joined_with,
        join.map(|j| j.signal.as_str()),
        join.map(|j| j.score),
        p.fingerprint.to_bytes(),
        p.content,
    ])?;
    Ok(())
}

/// An edit: the row changes in place and gains a revision; its story, its place and its id stay. The rest of an article that
/// was stored in part is no edit: it changes the row without a revision.
fn update(
    writer: &mut DocumentWriter<'_>,
    feed: FeedRow,
    known: &known::Known,
    p: &Prepared,
    now: Time,
) -> Sql<()> {
    let (conn, d) = (writer.conn, &p.draft);
    let seq = writer.numbers.next(conn)?;
    let is_edit = !known.is_partial();
    let claimed = d.updated.map(|t| t.min(now));
    let updated = claimed.or(is_edit.then_some(now));
    conn.prepare_cached(
        "UPDATE articles SET seq = ?2, guid = ?3, url = ?4, canonical_url = ?5, title = ?6, summary = ?7, words = ?8,
            published = ?9, updated = ?10, language = ?11, own_host = ?12, facts = ?13, digest = ?14,
            revision = revision + ?17, fingerprint = ?15, content = ?16, change = ?18 WHERE article = ?1",
    )?
    .execute(params![
        known.article,
        seq,
        d.guid,
        d.url.as_ref().map(|u| u.as_str()),
        d.canonical_url.as_ref().map(|u| u.as_str()),
        d.title,
        d.summary,
        p.folded.words.cast_signed(),
        d.published.map(Time::millis),
        updated.map(Time::millis),
        d.language,
        p.page as i64,
        p.facts,
        d.digest,
        p.fingerprint.to_bytes(),
        p.content,
        i64::from(is_edit),
        ChangeKind::Edited.code(),
    ])?;
    let (arrived, seen) = conn
        .prepare_cached("SELECT arrived, first_seen FROM articles WHERE article = ?1")?
        .query_row([known.article], |r| Ok((r.get(0)?, r.get(1)?)))?;
    let copy = StoredCopy {
        article: known.article,
        story: known.story,
        feed,
        at: Time::from_millis(arrived),
        seen: Time::from_millis(seen),
        dated: p.is_dated(),
        own_page: p.page == PageOf::ItsHost,
    };
    writer.grouping.insert(copy, &p.fingerprint);
    refresh_story(conn, known.story, &mut writer.numbers)?;
    #[cfg(test)]
    crate::faults::at("update", d.url.as_ref().map_or("", |u| u.host()))?;
    let text = (&p.folded, p.topics.as_ref());
    writer
        .tagger
        .tag_article(conn, known.article, known.story, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The places of items with these dates, the oldest first, in hours and milliseconds.
    fn places(claimed: &[i64], previous: Option<i64>, now: i64) -> Vec<(i64, i64)> {
        const HOUR_MS: i64 = 3_600_000;
        let hours = |hour: i64| Time::from_seconds(hour * 3600);
        let mut places: Vec<Time> = claimed.iter().map(|hour| hours(*hour)).collect();
        let mut moving: Vec<&mut Time> = places.iter_mut().collect();
        spread(&mut moving, previous.map(hours), hours(now));
        let apart = |place: &Time| {
            let hour = (place.millis() + HOUR_MS / 2).div_euclid(HOUR_MS);
            (hour, place.millis() - hour * HOUR_MS)
        };
        places.iter().map(apart).collect()
    }

    #[test]
    fn an_article_arrives_between_the_previous_poll_and_its_first_sighting() {
        assert_eq!(places(&[5], None, 9), [(5, 0)], "first poll: as published");
        assert_eq!(
            places(&[5], Some(8), 9),
            [(8, 0)],
            "late: not before the previous poll"
        );
        assert_eq!(
            places(&[99], Some(8), 9),
            [(9, 0)],
            "future: not after the sighting"
        );
        assert_eq!(places(&[9], Some(9), 9), [(9, 0)]);
    }

    #[test]
    fn articles_of_one_moment_arrive_a_millisecond_apart() {
        assert_eq!(
            places(&[5, 5, 5, 6], None, 9),
            [(5, 0), (5, 1), (5, 2), (6, 0)]
        );
        assert_eq!(
            places(&[2, 3, 4, 9], Some(8), 9),
            [(8, 0), (8, 1), (8, 2), (9, 0)]
        );
        assert_eq!(places(&[9, 9, 9], Some(8), 9), [(9, -2), (9, -1), (9, 0)]);
        assert_eq!(places(&[7, 9, 99], None, 9), [(7, 0), (9, -1), (9, 0)]);
        assert_eq!(places(&[9, 9], Some(9), 9), [(9, 0), (9, 0)], "no room");
    }
}
