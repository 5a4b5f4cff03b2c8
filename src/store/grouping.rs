//! The writer's window of copies: filled from the store, kept in step with it, and asked for every new article.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Row};

use crate::dedup::{Decision, Fingerprint, Grouper, Limits, StoredCopy};
use crate::model::Time;

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
    pub(super) fn new(window: Duration, near: bool) -> Self {
        Self {
            limits: Limits {
                window,
                copies_max: COPIES_MAX,
                near,
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
        let sequence = super::search::sequence(conn)?;
        let limits = self.limits;
        match &mut self.window {
            None => {
                let mut window = Grouper::new(limits);
                fill(conn, &mut window, now.minus(limits.window))?;
                self.window = Some(window);
            }
            Some(window) if sequence != self.sequence => {
                let mut rows = conn.prepare_cached(&format!("{COPIES} WHERE seq > ?1"))?;
                let mut rows = rows.query([self.sequence])?;
                while let Some(r) = rows.next()? {
                    take(window, r)?;
                }
            }
            Some(_) => {}
        }
        if let Some(window) = &mut self.window {
            window.evict(now);
        }
        self.sequence = sequence;
        Ok(())
    }

    /// The window knows the store up to this sequence.
    pub(super) fn seen(&mut self, sequence: i64) {
        self.sequence = sequence;
    }

    /// What becomes of a new copy. What another process has pruned or merged meanwhile is not joined.
    pub(super) fn decide(
        &mut self,
        conn: &Connection,
        new: &StoredCopy,
        print: &Fingerprint,
    ) -> Sql<Decision> {
        loop {
            let Some(window) = &self.window else {
                return Ok(Decision::default());
            };
            let decision = window.decide(new, print);
            let mut stale = Vec::new();
            for join in decision.join.iter().chain(&decision.bridged) {
                let story: Option<i64> = conn
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
        }
    }

    /// All copies of one story belong to another from now on.
    pub(super) fn merge(&mut self, from: i64, into: i64) {
        if let Some(window) = &mut self.window {
            window.merge(from, into);
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

const COPIES: &str = "SELECT article, story, feed, arrived, first_seen,
    published IS NOT NULL OR updated IS NOT NULL, own_host = 2, fingerprint FROM articles";

/// Reads the copies seen since `since` into the window: rows follow the time of the first sighting, so the walk from the
/// newest down ends at the first that is older.
fn fill(conn: &Connection, window: &mut Grouper, since: Time) -> Sql<()> {
    let mut rows = conn.prepare_cached(&format!("{COPIES} ORDER BY article DESC"))?;
    let mut rows = rows.query([])?;
    while let Some(r) = rows.next()? {
        if r.get::<_, i64>(4)? < since.millis() {
            break;
        }
        take(window, r)?;
    }
    Ok(())
}

fn take(window: &mut Grouper, r: &Row<'_>) -> Sql<()> {
    let copy = StoredCopy {
        article: r.get(0)?,
        story: r.get(1)?,
        feed: r.get(2)?,
        at: Time::from_millis(r.get(3)?),
        seen: Time::from_millis(r.get(4)?),
        dated: r.get(5)?,
        own_page: r.get(6)?,
    };
    if let Some(print) = Fingerprint::from_bytes(&r.get::<_, Vec<u8>>(7)?) {
        window.insert(copy, print);
    }
    Ok(())
}
