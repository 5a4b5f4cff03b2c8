//! Finds the copies that a new article is to be compared with in the store itself, by keys that are kept for parts of the
//! window: a process that writes a few articles and ends need not read a week of copies into memory. Must find exactly what the
//! whole window would ([`crate::dedup::window`]).
//!
//! A part holds the keys of [`PART_ROWS`] articles, sorted. It is written once, when so many have come; what changes in it
//! later is noted by triggers in `copy_keys_stale` and read off the articles.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::Instant;

use rusqlite::{Connection, OptionalExtension, ToSql, params};

use crate::dedup::fingerprint::VERSION;
use crate::dedup::window::{self, Key, SKETCHES_MAX, Window, is_too_old, sketches_since};
use crate::dedup::{Fingerprint, Grouper, Limits, StoredCopy};
use crate::model::{ArticleRow, FeedRow, Seq, StoryRow, Time};
use crate::store::sequence;
use crate::store::sql::Sql;
use crate::store::stories::copies::{self, COPIES};
use crate::store::stories::decisions;

/// Articles in a part.
const PART_ROWS: usize = if cfg!(test) { 4 } else { 1024 };
/// Articles in no part, and those changed since, that are read at the start at most.
const OTHERS_MAX: i64 = 4096;
/// Copies that the user's decisions are about, at most: they are read for each new article.
const DECIDED_MAX: i64 = 2000;
/// A part of which more articles have changed is made again.
const STALE_MAX: i64 = 64;
/// Keys of another layout of fingerprints or of parts are made again.
const LAYOUT: i64 = 1 << 8 | VERSION as i64;
/// Bytes of a key in a part: kind, key, place of the article behind the part's first.
const ENTRY: usize = 7;

/// The keys of the window.
#[derive(Debug)]
pub(in crate::store) struct CopyKeys {
    parts: Vec<Part>,
    /// Articles of parts whose keys are not those of the part any more.
    stale: HashSet<ArticleRow>,
    /// The keys of these and of all that are in no part.
    others: Others,
    /// The sequence up to which the store is known.
    sequence: Seq,
    /// The first article of the window.
    first: ArticleRow,
}

#[derive(Debug)]
struct Part {
    first: ArticleRow,
    /// Sorted, [`ENTRY`] bytes each.
    keys: Vec<u8>,
}

/// Articles with their keys.
#[derive(Debug, Default)]
struct Others {
    keys: HashMap<ArticleRow, Vec<Key>>,
    rows: HashMap<Key, BTreeSet<ArticleRow>>,
}

impl Others {
    fn insert(&mut self, row: ArticleRow, print: &Fingerprint) {
        self.remove(row);
        let keys = Key::all_of(print);
        for key in &keys {
            self.rows.entry(*key).or_default().insert(row);
        }
        self.keys.insert(row, keys);
    }

    fn remove(&mut self, row: ArticleRow) {
        for key in self.keys.remove(&row).into_iter().flatten() {
            if let Some(rows) = self.rows.get_mut(&key) {
                rows.remove(&row);
            }
        }
    }
}

impl CopyKeys {
    /// The keys of the window as it stands at `now`; none if too much of it is in no part.
    pub(in crate::store) fn load(
        conn: &Connection,
        limits: Limits,
        now: Time,
    ) -> Sql<Option<Self>> {
        // Parts and what is stale of them belong together.
        conn.execute_batch("SAVEPOINT copy_keys")?;
        let loaded = Self::read(conn, limits, now);
        conn.execute_batch("RELEASE copy_keys")?;
        loaded
    }

    fn read(conn: &Connection, limits: Limits, now: Time) -> Sql<Option<Self>> {
        let first = window_start(conn, limits, now)?;
        let Some(covered) = covered(conn, first)? else {
            return Ok(None);
        };
        let parts: Vec<Part> = conn
            .prepare_cached(
                "SELECT first, keys, seen FROM copy_keys WHERE last >= ?1 AND layout = ?2 ORDER BY last",
            )?
            .query_map(params![first, LAYOUT], |r| {
                let mut keys = r.get_ref(1)?.as_blob()?;
                if Time::from_millis(r.get(2)?) < sketches_since(now) {
                    keys = without_near(keys);
                }
                Ok(Part {
                    first: r.get(0)?,
                    keys: keys.to_vec(),
                })
            })?
            .collect::<Sql<_>>()?;
        let mut keys = Self {
            parts,
            stale: HashSet::new(),
            others: Others::default(),
            sequence: sequence::current(conn)?,
            first,
        };
        keys.take_in(conn, "WHERE article > ?1", covered)?;
        // Retention notes what it removed of before the window, too.
        let mut stale =
            conn.prepare_cached("SELECT article FROM copy_keys_stale WHERE article >= ?1")?;
        for row in stale.query_map([first], |r| r.get(0))? {
            keys.stale.insert(row?);
        }
        let changed = "WHERE article IN (SELECT article FROM copy_keys_stale WHERE article >= ?1)";
        keys.take_in(conn, changed, first)?;
        Ok(Some(keys))
    }

    /// Takes in what was written since, by whichever process. The sequence itself is noted at the end of a poll only: what was
    /// written of the poll at hand is found by its numbers.
    fn catch_up(&mut self, conn: &Connection) -> Sql<()> {
        let changed = "INDEXED BY articles_seq WHERE seq > ?1";
        self.take_in(conn, changed, self.sequence)
    }

    fn take_in(&mut self, conn: &Connection, which: &str, than: impl ToSql) -> Sql<()> {
        let mut rows = conn.prepare_cached(&format!(
            "SELECT article, fingerprint, seq FROM articles {which}"
        ))?;
        let mut rows = rows.query([than])?;
        while let Some(r) = rows.next()? {
            let row: ArticleRow = r.get(0)?;
            self.stale.insert(row);
            self.sequence = self.sequence.max(r.get(2)?);
            match Fingerprint::from_bytes(r.get_ref(1)?.as_blob()?) {
                Some(print) => self.others.insert(row, &print),
                None => self.others.remove(row),
            }
        }
        Ok(())
    }

    /// The part of the window that decides about a copy with this fingerprint.
    pub(in crate::store) fn part(
        &mut self,
        conn: &Connection,
        limits: Limits,
        now: Time,
        print: &Fingerprint,
    ) -> Sql<Grouper> {
        self.catch_up(conn)?;
        self.first = self.first.max(window_start(conn, limits, now)?);
        let mut found = Found {
            conn,
            limits,
            now,
            first: self.first,
            copies: HashMap::new(),
        };
        let mut lists: Vec<(Key, Vec<ArticleRow>)> = Vec::new();
        for key in Key::all_of(print) {
            if limits.near || !key.is_near() {
                lists.push((key, found.listed(key, &self.rows(key))?));
            }
        }
        let stories: BTreeSet<StoryRow> = found.all().map(|(copy, _)| copy.story).collect();
        for story in stories {
            found.story(story)?;
        }
        // Who stands on the page of another feed's host is looked at with those of that page.
        let guests = found.all().filter(|(copy, _)| !copy.own_page);
        let pages: BTreeSet<Key> = guests
            .flat_map(|(_, print)| Key::all_of(print))
            .filter(|key| matches!(key, Key::Page(_)))
            .collect();
        for page in pages {
            if lists.iter().all(|(key, _)| *key != page) {
                lists.push((page, found.listed(page, &self.rows(page))?));
            }
        }
        let mut copies: Vec<(StoredCopy, Fingerprint)> =
            found.copies.into_values().flatten().collect();
        copies.sort_by_key(|(copy, _)| copy.article);
        Ok(Grouper::of_part(limits, Window::of_part(copies, &lists)))
    }

    /// All articles with this key, ascending.
    fn rows(&self, key: Key) -> Vec<ArticleRow> {
        let wanted = entry(key);
        let mut rows: Vec<ArticleRow> = Vec::new();
        for part in &self.parts {
            let (entries, _) = part.keys.as_chunks::<ENTRY>();
            let from = entries.partition_point(|e| e.get(..5) < Some(&wanted[..]));
            let behind = entries.get(from..).unwrap_or_default();
            let own = behind
                .iter()
                .take_while(|e| e.get(..5) == Some(&wanted[..]));
            let own = own
                .map(|[.., high, low]| part.first.offset(u16::from_be_bytes([*high, *low]).into()));
            rows.extend(own.filter(|row| *row >= self.first && !self.stale.contains(row)));
        }
        let others = self.others.rows.get(&key).into_iter().flatten();
        rows.extend(others.filter(|row| **row >= self.first));
        rows.sort_unstable();
        rows
    }
}

/// The last article of the parts, if they hold the window from `first` on but for a few articles; else none.
fn covered(conn: &Connection, first: ArticleRow) -> Sql<Option<ArticleRow>> {
    let parts: Vec<(ArticleRow, ArticleRow)> = conn
        .prepare_cached(
            "SELECT first, last FROM copy_keys WHERE last >= ?1 AND layout = ?2 ORDER BY last",
        )?
        .query_map(params![first, LAYOUT], |r| Ok((r.get(0)?, r.get(1)?)))?
        .collect::<Sql<_>>()?;
    let is_whole = parts.first().is_some_and(|part| part.0 <= first)
        && parts
            .windows(2)
            .all(|pair| matches!(pair, [a, b] if a.1.offset(1) == b.0));
    let covered = parts.last().map_or(ArticleRow::default(), |part| part.1);
    let (others, all): (i64, i64) = conn.query_row(
        "SELECT (SELECT count(*) FROM (SELECT 1 FROM articles WHERE article > ?1 LIMIT ?3))
              + (SELECT count(*) FROM (SELECT 1 FROM copy_keys_stale WHERE article >= ?2 LIMIT ?3)),
           (SELECT count(*) FROM (SELECT 1 FROM articles WHERE article >= ?2 LIMIT ?4))",
        params![covered, first, OTHERS_MAX + 1, SKETCHES_MAX as i64 + 1],
        |r| Ok((r.get(0)?, r.get(1)?)),
    )?;
    let suffice = is_whole
        && others <= OTHERS_MAX
        && all <= SKETCHES_MAX as i64
        && !decisions::are_more_than(conn, DECIDED_MAX)?;
    Ok(suffice.then_some(covered))
}

/// Whether new articles could be decided by the keys that are kept.
pub(in crate::store) fn suffice(conn: &Connection, limits: Limits, now: Time) -> Sql<bool> {
    Ok(covered(conn, window_start(conn, limits, now)?)?.is_some())
}

/// Copies that were read, each once.
struct Found<'c> {
    conn: &'c Connection,
    limits: Limits,
    now: Time,
    first: ArticleRow,
    copies: HashMap<ArticleRow, Option<(StoredCopy, Fingerprint)>>,
}

impl Found<'_> {
    fn all(&self) -> impl Iterator<Item = &(StoredCopy, Fingerprint)> {
        self.copies.values().flatten()
    }

    fn listed(&mut self, key: Key, rows: &[ArticleRow]) -> Sql<Vec<ArticleRow>> {
        window::listed(rows, |row| self.feed_of(row, key.is_near()))
    }

    /// The feed of a copy that is in the window; `with_sketch`: with its sketch.
    fn feed_of(&mut self, row: ArticleRow, with_sketch: bool) -> Sql<Option<FeedRow>> {
        if !self.copies.contains_key(&row) {
            let read = self
                .conn
                .prepare_cached(&format!("{COPIES} WHERE article = ?1"))?
                .query_row([row], copies::read)
                .optional()?;
            self.take(row, read.flatten());
        }
        let copy = self.copies.get(&row).and_then(Option::as_ref);
        Ok(copy
            .filter(|(_, print)| !with_sketch || !print.sketch.is_empty())
            .map(|(copy, _)| copy.feed))
    }

    /// Reads all copies of a story that are in the window.
    fn story(&mut self, story: StoryRow) -> Sql<()> {
        let mut rows = self.conn.prepare_cached(&format!(
            "{COPIES} INDEXED BY articles_of_story WHERE story = ?1 AND article >= ?2"
        ))?;
        let mut rows = rows.query(params![story, self.first])?;
        while let Some(r) = rows.next()? {
            if let Some(read) = copies::read(r)? {
                self.take(read.0.article, Some(read));
            }
        }
        Ok(())
    }

    fn take(&mut self, row: ArticleRow, mut read: Option<(StoredCopy, Fingerprint)>) {
        if let Some((copy, print)) = &mut read
            && (is_too_old(copy, self.now) || !self.limits.near)
        {
            print.sketch = Default::default();
        }
        self.copies.insert(row, read);
    }
}

/// The first article of the window.
fn window_start(conn: &Connection, limits: Limits, now: Time) -> Sql<ArticleRow> {
    let since = now.minus(limits.window);
    let start = copies::first_since(conn, since)?;
    let seen = conn
        .prepare_cached(
            "SELECT article FROM articles WHERE article >= ?1 AND first_seen >= ?2 ORDER BY article LIMIT 1",
        )?
        .query_row(params![start, since.millis()], |r| r.get(0))
        .optional()?;
    Ok(seen.unwrap_or(start))
}

/// The keys of a part that find its copies also when they have no sketch any more: they stand first.
fn without_near(keys: &[u8]) -> &[u8] {
    let (entries, _) = keys.as_chunks::<ENTRY>();
    let near = entry(Key::Title(0));
    let count = entries.partition_point(|e| e.get(..5) < Some(&near[..]));
    keys.get(..count * ENTRY).unwrap_or(keys)
}

/// A key as parts hold it, in order.
fn entry(key: Key) -> [u8; 5] {
    let (kind, key) = match key {
        Key::Page(key) => (0, key),
        Key::Text(key) => (1, key),
        Key::Title(key) => (2, key),
        Key::Gram(key) => (3, key),
    };
    let [a, b, c, d] = key.to_be_bytes();
    [kind, a, b, c, d]
}

/// Whether parts are to be written or made again.
pub(in crate::store) fn is_due(conn: &Connection) -> Sql<bool> {
    conn.prepare_cached(
        "SELECT (SELECT count(*) FROM (SELECT 1 FROM articles
                  WHERE article > (SELECT coalesce(max(last), 0) FROM copy_keys) LIMIT ?1)) >= ?1
             OR (SELECT count(*) FROM (SELECT 1 FROM copy_keys_stale LIMIT ?2)) >= ?2",
    )?
    .query_row(params![PART_ROWS as i64, STALE_MAX + 1], |r| r.get(0))
}

/// Writes parts for the articles that are in none, as long as there is time; drops those that left the window. Whether there is
/// more to do.
pub(in crate::store) fn go_on(
    conn: &Connection,
    limits: Limits,
    now: Time,
    until: Instant,
) -> Sql<bool> {
    let start = window_start(conn, limits, now)?;
    conn.execute(
        "DELETE FROM copy_keys WHERE last < ?1 OR layout <> ?2",
        params![start, LAYOUT],
    )?;
    conn.execute(
        "DELETE FROM copy_keys_stale WHERE article < (SELECT coalesce(min(first), article + 1) FROM copy_keys)",
        [],
    )?;
    let worn: Vec<(ArticleRow, ArticleRow)> = conn
        .prepare_cached(
            "SELECT first, last FROM copy_keys k WHERE ?1 <
               (SELECT count(*) FROM copy_keys_stale WHERE article BETWEEN k.first AND k.last)",
        )?
        .query_map([STALE_MAX], |r| Ok((r.get(0)?, r.get(1)?)))?
        .collect::<Sql<_>>()?;
    for (first, last) in worn {
        if Instant::now() >= until {
            return Ok(true);
        }
        write_part(conn, first, Some(last))?;
    }
    loop {
        if Instant::now() >= until {
            return Ok(true);
        }
        let first = conn.query_row(
            "SELECT coalesce(max(last) + 1, ?1) FROM copy_keys",
            [start],
            |r| r.get(0),
        )?;
        if !write_part(conn, first, None)? {
            return Ok(false);
        }
    }
}

/// Writes a part that begins at `first`; without `last`, if there are enough articles. Whether it was written.
fn write_part(conn: &Connection, first: ArticleRow, last: Option<ArticleRow>) -> Sql<bool> {
    let most = first.offset(u16::MAX.into());
    let (mut entries, mut end, mut count, mut seen) = (Vec::new(), first, 0, 0);
    let mut rows = conn.prepare_cached(
        "SELECT article, fingerprint, first_seen FROM articles WHERE article BETWEEN ?1 AND ?2
         ORDER BY article LIMIT ?3",
    )?;
    let limit = if last.is_some() { -1 } else { PART_ROWS as i64 };
    let mut rows = rows.query(params![first, last.unwrap_or(most), limit])?;
    while let Some(r) = rows.next()? {
        (end, count) = (r.get::<_, ArticleRow>(0)?, count + 1);
        seen = seen.max(r.get::<_, i64>(2)?);
        let offset = u16::try_from(end.get() - first.get());
        let offset = offset.unwrap_or(u16::MAX).to_be_bytes();
        if let Some(print) = Fingerprint::from_bytes(r.get_ref(1)?.as_blob()?) {
            for key in Key::all_of(&print) {
                let mut bytes = [0; ENTRY];
                bytes[..5].copy_from_slice(&entry(key));
                bytes[5..].copy_from_slice(&offset);
                entries.push(bytes);
            }
        }
    }
    if last.is_none() && count < PART_ROWS {
        return Ok(false);
    }
    let last = last.unwrap_or(end);
    entries.sort_unstable();
    conn.execute(
        "INSERT OR REPLACE INTO copy_keys (last, first, layout, seen, keys) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![last, first, LAYOUT, seen, entries.concat()],
    )?;
    conn.execute(
        "DELETE FROM copy_keys_stale WHERE article BETWEEN ?1 AND ?2",
        [first, last],
    )?;
    Ok(true)
}

#[cfg(test)]
mod tests;
