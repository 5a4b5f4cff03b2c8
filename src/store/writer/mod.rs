//! The one thread that writes. Commands are values; what waits together is committed together.
//!
//! Never holds a transaction open while the queue is empty. A command that fails or panics is rolled back alone, and what
//! the writer remembers is read again (REL-12); a disk that is full fails the whole group, and the next group is tried
//! afresh (REL-02). Nothing that a command does ends the thread.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::{Duration, Instant};

use rusqlite::{Connection, TransactionBehavior};

use crate::model::Time;
use crate::store::leases::runs::Run;
use crate::store::maintenance::idle::{self, IdleMaintenance};
use crate::store::maintenance::log::Log;
use crate::store::search::reindex;
use crate::store::search::word_index::WordIndex;
use crate::store::stories::copy_keys;
use crate::store::stories::grouping::{Grouping, Review};
use crate::store::topics::backfill;
use crate::store::topics::tagging::{Published, Tagger};
use crate::store::writer::command::{Reply, Request};
use crate::store::writer::fault::guarded;
use crate::store::writer::upcoming::UpcomingPolls;

pub(super) mod command;
pub(super) mod fault;
mod group;
pub(super) mod upcoming;

/// Pages that are kept in memory, in KiB: SQLite's own measure, for rest; that of polls, which holds what a group of them
/// changes; and that of a large poll. What does not fit goes into the log before its time, and again when it has changed again.
const CACHE_KIB: i64 = 2000;
const CACHE_POLLS_KIB: i64 = 16 << 10;
const CACHE_LARGE_KIB: i64 = 32 << 10;

/// After so long without a command the memory of SQLite goes back.
const REST: Duration = Duration::from_secs(5);

/// How long the backfill of topics goes on before others have their turn.
const BACKFILL_TIME: Duration = Duration::from_millis(50);

/// How long the writer goes on with lists of the backfill after the last command.
const ENDING_TIME: Duration = Duration::from_secs(1);

/// How long the writer goes on with keys of copies when it ends.
const KEYS_TIME: Duration = Duration::from_secs(1);

/// Without a command for so long the writer tidies up, a step at a time, so far apart.
const IDLE: Duration = Duration::from_millis(200);
const BETWEEN_STEPS: Duration = Duration::from_millis(20);

/// The writer's own state.
pub(in crate::store) struct Writer {
    pub(in crate::store) conn: Connection,
    pub(in crate::store) path: PathBuf,
    pub(in crate::store) grouping: Grouping,
    pub(in crate::store) tagger: Tagger,
    /// The topics as last committed, for those who prepare polls.
    pub(in crate::store) published: Published,
    pub(in crate::store) index: WordIndex,
    pub(in crate::store) clock: crate::clock::Clock,
    /// Whether the backfill of topics may have work, and who waits for the end of it.
    pub(in crate::store) may_backfill: bool,
    pub(in crate::store) settling: Vec<Reply<()>>,
    pub(in crate::store) maintenance: IdleMaintenance,
    pub(in crate::store) log: Log,
    /// What this process's leases name as their holder.
    pub(in crate::store) run: Run,
    /// Polls that are being prepared.
    pub(in crate::store) upcoming: Arc<UpcomingPolls>,
    /// How many KiB of pages SQLite keeps.
    pub(in crate::store) cache_kib: i64,
}

impl Writer {
    /// Works until every sender is gone. Between groups of commands, and while there are none, the backfill of topics goes on.
    pub(in crate::store) fn run(mut self, requests: &Receiver<Request>) {
        let mut next = None;
        while let Some(request) = next.take().or_else(|| self.wait(requests)) {
            self.survive(|w| w.log.note(&w.path));
            match request {
                Request::SettleTopics(reply) => {
                    self.settling.push(reply);
                    self.may_backfill = true;
                }
                Request::Write(command) => {
                    next = self.group(command, requests);
                    self.may_backfill |= self.tagger.has_begun();
                }
            }
            if self.may_backfill {
                self.backfill_topics();
            }
            self.maintenance.note_write();
            self.survive(|w| w.log.bound(&mut w.conn, &w.path));
            self.survive(Self::review_window);
        }
        self.survive(Self::end_backfill);
        self.survive(Self::keep_keys);
        self.survive(|w| std::mem::take(&mut w.run).end(&w.conn));
        self.survive(|w| {
            let _ = idle::optimize(&w.conn);
        });
    }

    /// Does work of the writer's own. A panic in it costs what the writer remembers and nothing else.
    fn survive(&mut self, work: impl FnOnce(&mut Self)) {
        if catch_unwind(AssertUnwindSafe(|| work(self))).is_err() {
            self.forget();
            self.maintenance = IdleMaintenance::default();
        }
    }

    /// How much SQLite keeps in memory from now on; it works with any measure.
    fn cache(&mut self, kib: i64) {
        if self.cache_kib != kib {
            self.cache_kib = kib;
            let _ = self.conn.pragma_update(None, "cache_size", -kib);
        }
    }

    /// A transaction was undone: what is remembered of it may not be so.
    fn forget(&mut self) {
        if !self.conn.is_autocommit() {
            let _ = self.conn.execute_batch("ROLLBACK");
        }
        self.grouping.forget();
        self.tagger.forget();
        self.index.forget_after(0);
    }

    /// The next request; `None` if every sender is gone. What is left of the backfill then waits for the next writer.
    fn wait(&mut self, requests: &Receiver<Request>) -> Option<Request> {
        while self.may_backfill {
            match requests.try_recv() {
                Ok(command) => return Some(command),
                Err(TryRecvError::Disconnected) => return None,
                Err(TryRecvError::Empty) => {
                    self.survive(|w| w.log.note(&w.path));
                    self.backfill_topics();
                }
            }
            self.survive(|w| w.log.bound(&mut w.conn, &w.path));
        }
        let mut patience = IDLE;
        while self.maintenance.is_wanted() {
            match requests.recv_timeout(patience) {
                Ok(command) => return Some(command),
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => self.survive(|w| w.maintenance.step(&w.conn)),
            }
            patience = BETWEEN_STEPS;
        }
        if self.cache_kib > CACHE_KIB {
            match requests.recv_timeout(REST) {
                Ok(command) => return Some(command),
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => {
                    self.cache(CACHE_KIB);
                    let _ = self.conn.execute_batch("PRAGMA shrink_memory");
                }
            }
        }
        while let Some(review) = self.grouping.next_review() {
            let patience = review.saturating_duration_since(Instant::now());
            match requests.recv_timeout(patience.max(BETWEEN_STEPS)) {
                Ok(command) => return Some(command),
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => self.survive(Self::review_window),
            }
        }
        requests.recv().ok()
    }

    /// Releases the window of copies when it is not worth its memory, after a step of what has to be written for that.
    fn review_window(&mut self) {
        let now = self.clock.now();
        let mut is_kept = false;
        loop {
            let review = || {
                self.grouping
                    .review(&self.conn, now, Instant::now(), is_kept)
            };
            match guarded(review) {
                Ok(Review::NeedsKeys) if self.keep_some_keys(now) => return,
                Ok(Review::NeedsKeys) => is_kept = true,
                Ok(Review::Settled) => return,
                Err(_) => return self.grouping.forget(),
            }
        }
    }

    /// Where no daemon runs, the next process finds copies by the keys that this one leaves.
    fn keep_keys(&mut self) {
        let (now, end) = (self.clock.now(), Instant::now() + KEYS_TIME);
        let mut is_left = matches!(copy_keys::is_due(&self.conn), Ok(true));
        while is_left && Instant::now() < end {
            is_left = self.keep_some_keys(now);
        }
    }

    /// Writes keys for a short while, in one transaction; whether more can be written.
    fn keep_some_keys(&mut self, now: Time) -> bool {
        let until = Instant::now() + BACKFILL_TIME;
        let kept = guarded(|| {
            let tx = self
                .conn
                .transaction_with_behavior(TransactionBehavior::Immediate)?;
            let is_left = self.grouping.keep_keys(&tx, now, until)?;
            tx.commit().map(|()| is_left)
        });
        kept.unwrap_or_else(|e| {
            let error = e.told(&self.path);
            tracing::debug!(%error, "keys of copies were not kept; the copies themselves are read instead");
            false
        })
    }

    /// A command that renamed a feed, or a pass of polls, ends with topics as they should be, unless that takes long. Where no
    /// daemon runs, this is also when stored articles are indexed again.
    fn end_backfill(&mut self) {
        let until = Instant::now() + ENDING_TIME;
        let is_left = |conn: &Connection| {
            Ok::<_, rusqlite::Error>(backfill::is_list_left(conn)? || reindex::is_left(conn)?)
        };
        while Instant::now() < until && matches!(is_left(&self.conn), Ok(true)) {
            self.backfill_topics();
            if !self.may_backfill {
                return;
            }
        }
    }

    /// Goes on with the backfill of topics, else of the word index, for a short while, in one transaction.
    fn backfill_topics(&mut self) {
        let now = self.clock.now();
        let until = Instant::now() + BACKFILL_TIME;
        let told = guarded(|| {
            if !backfill::is_any_left(&self.conn)? && !reindex::is_left(&self.conn)? {
                return Ok(false);
            }
            let tx = self
                .conn
                .transaction_with_behavior(TransactionBehavior::Immediate)?;
            let mut is_left = self.tagger.go_on(&tx, now, until)?;
            if !is_left && reindex::is_left(&tx)? {
                is_left = true;
                if !reindex::go_on(&tx, now, until)? {
                    self.tagger.tag_words(&tx, now)?;
                }
            }
            tx.commit().map(|()| is_left)
        });
        self.may_backfill = matches!(told, Ok(true));
        if self.may_backfill {
            return;
        }
        if let Err(e) = &told {
            self.forget();
            // The next look at relative times tries again.
            let error = e.told(&self.path);
            tracing::warn!(%error, "topics of stored articles could not be computed again; newswire tries again in some minutes");
        }
        for reply in std::mem::take(&mut self.settling) {
            let told = told.as_ref().map(drop);
            reply(told.map_err(|e| e.told(&self.path)));
        }
    }
}
