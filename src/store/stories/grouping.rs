//! The writer's window of copies: filled from the store, kept in step with it, and asked for every new article. Of a large store
//! the first new articles are decided by what their keys find ([`copy_keys`]): a process that writes a few does not fill
//! a window for them. A window that few articles need is released ([`Grouping::review`]).

use std::time::{Duration, Instant};

use rusqlite::{Connection, OptionalExtension};

use crate::dedup::{Decision, Fingerprint, Grouper, Limits, StoredCopy};
use crate::model::{ArticleId, ArticleRow, Seq, StoryRow, Time};
use crate::store::options::DedupSettings;
use crate::store::sequence;
use crate::store::sql::Sql;
use crate::store::stories::copy_keys::{self, CopyKeys};
use crate::store::stories::{copies, decisions};

/// New articles that are decided by keys, which takes as long as it takes to fill the window; then it is filled.
const BY_KEYS_MAX: usize = 400;

/// How often it is reviewed whether the window is worth its memory.
const REVIEW_EVERY: Duration = Duration::from_secs(20);

/// New articles between two reviews that need no window: by keys a machine decides about them in less than a hundredth of
/// that time.
const FEW: usize = 15;

/// The window, or nothing until it is first needed.
#[derive(Debug)]
pub(in crate::store) struct Grouping {
    limits: Limits,
    window: Option<Grouper>,
    /// The keys of the window, in its place.
    keys: Option<CopyKeys>,
    /// How many articles were decided by keys.
    by_keys: usize,
    /// The sequence up to which the window knows the store.
    sequence: Seq,
    /// The version of the user's decisions that the window follows.
    decided: i64,
    /// When the last review was due, and how many articles were compared since.
    reviewed: Instant,
    compared: usize,
}

/// What a review comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Review {
    /// It is not due, or nothing is to be done.
    Settled,
    /// First the keys of articles that are in no part are to be written ([`Grouping::keep_keys`]).
    NeedsKeys,
}

impl Grouping {
    pub(in crate::store) fn new(settings: DedupSettings) -> Self {
        Self {
            limits: settings.limits(),
            window: None,
            keys: None,
            by_keys: 0,
            sequence: Seq::default(),
            decided: 0,
            reviewed: Instant::now(),
            compared: 0,
        }
    }

    #[cfg(test)]
    pub(in crate::store) fn limits(&self) -> Limits {
        self.limits
    }

    /// When the next review is due; none: there is nothing to release.
    pub(in crate::store) fn next_review(&self) -> Option<Instant> {
        let is_held = self.window.is_some() || self.keys.is_some();
        is_held.then(|| self.reviewed + REVIEW_EVERY)
    }

    /// Releases the window if few articles came since the last review and keys can decide about the next; releases the keys if
    /// no article came, or if many of those that came since they were read are in no part. `is_kept`: no more keys can be written.
    pub(in crate::store) fn review(
        &mut self,
        conn: &Connection,
        now: Time,
        at: Instant,
        is_kept: bool,
    ) -> Sql<Review> {
        if self.next_review().is_none_or(|due| at < due) {
            return Ok(Review::Settled);
        }
        let are_few = self.compared <= FEW;
        if (self.window.is_none() || are_few) && !is_kept && copy_keys::is_due(conn)? {
            return Ok(Review::NeedsKeys);
        }
        if self.window.is_some() {
            if are_few && copy_keys::suffice(conn, self.limits, now)? {
                self.window = None;
                self.by_keys = 0;
            }
        } else {
            self.by_keys = self.by_keys.saturating_sub(FEW);
            if self.compared == 0 || is_kept {
                self.keys = None;
            }
        }
        (self.reviewed, self.compared) = (at, 0);
        Ok(Review::Settled)
    }

    /// A transaction was undone: what the window has seen of it may not be so.
    pub(in crate::store) fn forget(&mut self) {
        self.window = None;
        self.keys = None;
    }

    /// Whether so many new articles can be decided as it stands.
    pub(in crate::store) fn is_ready_for(&self, articles: usize) -> bool {
        let are_few = self.by_keys + articles <= BY_KEYS_MAX;
        self.window.is_some() || are_few && self.keys.is_some()
    }

    /// Makes ready for so many new articles, if it is not.
    pub(in crate::store) fn fill(
        &mut self,
        conn: &Connection,
        now: Time,
        articles: usize,
    ) -> Sql<()> {
        if self.is_ready_for(articles) {
            return Ok(());
        }
        (self.reviewed, self.compared) = (Instant::now(), 0);
        self.keys = match self.by_keys + articles <= BY_KEYS_MAX {
            true => CopyKeys::load(conn, self.limits, now)?,
            false => None,
        };
        match self.keys {
            Some(_) => Ok(()),
            None => self.fill_window(conn, now),
        }
    }

    fn fill_window(&mut self, conn: &Connection, now: Time) -> Sql<()> {
        // Read first: what is written meanwhile is newer, and taken in with what comes.
        let sequence = sequence::current(conn)?;
        let mut window = Grouper::new(self.limits);
        copies::each_since(conn, now.minus(self.limits.window), |copy, print| {
            window.restore(copy, print, now);
        })?;
        self.window = Some(window);
        self.sequence = sequence;
        self.read_decisions(conn)
    }

    /// Reads what the user decided.
    fn read_decisions(&mut self, conn: &Connection) -> Sql<()> {
        self.decided = decisions::version(conn)?;
        if let Some(window) = &mut self.window {
            *window.decisions() = decisions::read(conn)?;
        }
        Ok(())
    }

    /// Makes ready for so many new articles, or takes in what other processes have written meanwhile.
    pub(in crate::store) fn catch_up(
        &mut self,
        conn: &Connection,
        now: Time,
        articles: usize,
    ) -> Sql<()> {
        self.fill(conn, now, articles)?;
        if self.keys.is_some() {
            return Ok(());
        }
        let sequence = sequence::current(conn)?;
        match &mut self.window {
            Some(window) if sequence != self.sequence => {
                // Left to itself, SQLite reads all articles to spare itself sorting these few.
                let changed = format!(
                    "{} INDEXED BY articles_seq WHERE seq > ?1 ORDER BY article",
                    copies::COPIES
                );
                let mut rows = conn.prepare_cached(&changed)?;
                let mut rows = rows.query([self.sequence])?;
                while let Some(r) = rows.next()? {
                    if let Some((copy, print)) = copies::read(r)? {
                        window.insert(copy, print);
                    }
                }
            }
            _ => {}
        }
        if let Some(window) = &mut self.window {
            window.evict(now);
        }
        self.sequence = sequence;
        if self.decided != decisions::version(conn)? {
            self.read_decisions(conn)?;
        }
        Ok(())
    }

    /// The window knows the store up to this sequence.
    pub(in crate::store) fn seen(&mut self, sequence: Seq) {
        self.sequence = sequence;
    }

    /// What becomes of a new copy. What another process has pruned or merged meanwhile is not joined.
    pub(in crate::store) fn decide(
        &mut self,
        conn: &Connection,
        id: ArticleId,
        new: &StoredCopy,
        print: &Fingerprint,
    ) -> Sql<Decision> {
        self.compared += 1;
        if let Some(keys) = &mut self.keys {
            self.by_keys += 1;
            let mut part = keys.part(conn, self.limits, new.seen, print)?;
            *part.decisions() = decisions::read(conn)?;
            return Ok(part.decide_of(id, new, print));
        }
        loop {
            let Some(window) = &mut self.window else {
                return Ok(Decision::default());
            };
            let decision = window.decide_of(id, new, print);
            let mut stale = Vec::new();
            for join in decision.join.iter().chain(&decision.bridged) {
                let story: Option<StoryRow> = conn
                    .prepare_cached("SELECT story FROM articles WHERE article = ?1")?
                    .query_row([join.with_article], |r| r.get(0))
                    .optional()?;
                if story != Some(join.story) {
                    stale.push(join.with_article);
                }
            }
            if stale.is_empty() {
                return Ok(decision);
            }
            stale.into_iter().for_each(|article| self.remove(article));
            self.read_decisions(conn)?;
        }
    }

    /// All copies of one story belong to another from now on.
    pub(in crate::store) fn merge(&mut self, from: StoryRow, into: StoryRow) {
        if let Some(window) = &mut self.window {
            window.merge(from, into);
        }
    }

    /// Writes keys of articles that are in no part yet, for the next process; whether there is more to do. See
    /// [`copy_keys`].
    pub(in crate::store) fn keep_keys(
        &self,
        conn: &Connection,
        now: Time,
        until: Instant,
    ) -> Sql<bool> {
        copy_keys::go_on(conn, self.limits, now, until)
    }

    pub(in crate::store) fn insert(&mut self, copy: StoredCopy, print: &Fingerprint) {
        if let Some(window) = &mut self.window {
            window.insert(copy, print.clone());
        }
    }

    /// A new copy was stored. The user may have decided about it, if its publisher listed it before.
    pub(in crate::store) fn note_stored(&mut self, conn: &Connection, id: ArticleId) -> Sql<()> {
        let is_about = match &mut self.window {
            Some(window) => window.decisions().is_about(id),
            None => self.keys.is_some() && decisions::are_about(conn, id)?,
        };
        if is_about {
            decisions::note_came_back(conn, id)?;
            self.read_decisions(conn)?;
        }
        Ok(())
    }

    pub(in crate::store) fn remove(&mut self, article: ArticleRow) {
        if let Some(window) = &mut self.window {
            window.remove(article);
        }
    }
}
