//! The writer's window of copies: filled from the store, kept in step with it, and asked for every new article.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};

use crate::dedup::{Fingerprint, Grouper, Join, Limits, StoredCopy};
use crate::model::{FeedRow, Time};

type Sql<T> = rusqlite::Result<T>;

/// Copies in one story at most.
const COPIES_MAX: usize = 1000;

/// The window, or nothing until it is first needed.
#[derive(Debug)]
pub(super) struct Grouping {
    limits: Limits,
    window: Option<Grouper>,
    /// The sequence up to which the window knows the store.
    sequence: i64,
}

impl Grouping {
    pub(super) fn new(window: Duration) -> Self {
        Self {
            limits: Limits {
                window,
                copies_max: COPIES_MAX,
            },
            window: None,
            sequence: 0,
        }
    }

    /// A transaction was undone: what the window has seen of it may not be so.
    pub(super) fn forget(&mut self) {
        self.window = None;
    }

    /// Fills the window, or takes in what other processes have written meanwhile.
    pub(super) fn catch_up(&mut self, conn: &Connection, now: Time) -> Sql<()> {
        let since = now.minus(self.limits.window);
        let after = match &self.window {
            Some(_) => self.sequence,
            None => 0,
        };
        let sequence = super::search::sequence(conn)?;
        let limits = self.limits;
        let window = self.window.get_or_insert_with(|| Grouper::new(limits));
        if sequence != self.sequence || after == 0 {
            let mut rows = conn.prepare_cached(
                "SELECT article, story, feed, arrived, fingerprint FROM articles
                 WHERE arrived >= ?1 AND seq > ?2",
            )?;
            let mut rows = rows.query(params![since.millis(), after])?;
            while let Some(r) = rows.next()? {
                let copy = StoredCopy {
                    article: r.get(0)?,
                    story: r.get(1)?,
                    feed: r.get(2)?,
                    at: Time::from_millis(r.get(3)?),
                };
                if let Some(print) = Fingerprint::from_bytes(&r.get::<_, Vec<u8>>(4)?) {
                    window.insert(copy, print);
                }
            }
        }
        window.evict_before(since);
        self.sequence = sequence;
        Ok(())
    }

    /// The window knows the store up to this sequence.
    pub(super) fn seen(&mut self, sequence: i64) {
        self.sequence = sequence;
    }

    /// The story of a new copy, if it has one. What another process has pruned meanwhile is not joined.
    pub(super) fn decide(
        &mut self,
        conn: &Connection,
        feed: FeedRow,
        at: Time,
        print: &Fingerprint,
    ) -> Sql<Option<Join>> {
        loop {
            let join = self
                .window
                .as_ref()
                .and_then(|w| w.decide(feed, at, print).join);
            let Some(join) = join else { return Ok(None) };
            let story: Option<i64> = conn
                .prepare_cached("SELECT story FROM articles WHERE article = ?1")?
                .query_row([join.with_article], |r| r.get(0))
                .optional()?;
            if story == Some(join.story) {
                return Ok(Some(join));
            }
            self.remove(join.with_article);
        }
    }

    pub(super) fn insert(&mut self, copy: StoredCopy, print: &Fingerprint) {
        if let Some(window) = &mut self.window {
            window.insert(copy, print.clone());
        }
    }

    pub(super) fn remove(&mut self, article: i64) {
        if let Some(window) = &mut self.window {
            window.remove(article);
        }
    }
}
