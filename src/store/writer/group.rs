//! What waits together is committed together: one transaction over a command and those that wait behind it, each in a
//! savepoint where it could undo the work of others. A disk that is full fails the whole group (REL-02).

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use rusqlite::TransactionBehavior;

use crate::store::error::StoreError;
use crate::store::polls::committing::ALONE_MIN;
use crate::store::writer::command::{Job, Pending, Request, WriteContext};
use crate::store::writer::fault::{Fault, guarded};
use crate::store::writer::{CACHE_LARGE_KIB, CACHE_POLLS_KIB, Writer};

/// Commands in one transaction at most.
const GROUP_MAX: usize = 64;

/// Longest time a transaction stays open for more: visits wait for it, and a site's next turn may pass. Tests of groups must not
/// depend on how busy the machine is.
const GROUP_TIME: Duration = Duration::from_millis(if cfg!(test) { 60_000 } else { 20 });

impl Writer {
    /// One transaction over `first` and what waits behind it. Returns a command that does not belong into it.
    pub(super) fn group(
        &mut self,
        first: Box<dyn Job>,
        requests: &Receiver<Request>,
    ) -> Option<Request> {
        let mut pending: Vec<Pending> = Vec::new();
        let mut left = None;
        if first.articles() > ALONE_MIN {
            self.cache(CACHE_LARGE_KIB);
        } else if first.articles() > 0 {
            self.cache(CACHE_POLLS_KIB);
        }
        let work = || self.transact(first, requests, &mut pending, &mut left);
        let outcome = catch_unwind(AssertUnwindSafe(work))
            .unwrap_or_else(|panic| Err(Fault::of_panic(&*panic)));
        if outcome.is_err() {
            self.forget();
        }
        let is_shared = pending.len() > 1;
        for answer in pending {
            answer(match &outcome {
                Ok(()) => Ok(()),
                Err(e) => Err(match e.told(&self.path) {
                    StoreError::Internal(what) if is_shared => StoreError::Shared(what),
                    told => told,
                }),
            });
        }
        left
    }

    fn transact(
        &mut self,
        mut first: Box<dyn Job>,
        requests: &Receiver<Request>,
        pending: &mut Vec<Pending>,
        left: &mut Option<Request>,
    ) -> Result<(), Fault> {
        let now = self.clock.now();
        let path = self.path.clone();
        if first.articles() > 0 {
            // Before the lock is taken: it may be a hundred thousand copies. What fails here fails again below.
            let fill = || self.grouping.fill(&self.conn, now, first.articles());
            if guarded(fill).is_err() {
                self.grouping.forget();
            }
            let read = || {
                self.tagger.refresh(&self.conn, now)?;
                first.read_topics(&self.tagger);
                Ok(())
            };
            if guarded(read).is_err() {
                self.tagger.forget();
            }
        }
        let mut tx = match self
            .conn
            .transaction_with_behavior(TransactionBehavior::Immediate)
        {
            Ok(tx) => tx,
            Err(e) => {
                first.refuse(StoreError::from_sqlite(&path, &e));
                return Ok(());
            }
        };
        let are_polls = first.is_poll();
        let until = Instant::now() + GROUP_TIME;
        let mut next = Some(Request::Write(first));
        let mut count = 0;
        while let Some(request) = next.take() {
            let command = match request {
                Request::Write(command) => command,
                other => {
                    *left = Some(other);
                    break;
                }
            };
            let articles = command.articles();
            let needs_window = articles > 0 && !self.grouping.is_ready_for(articles);
            let is_alone = command.is_alone();
            let needs_reading = !command.is_read_for(&self.tagger);
            let is_other =
                needs_window || needs_reading || is_alone || command.is_poll() != are_polls;
            if is_other && count > 0 {
                *left = Some(Request::Write(command));
                break;
            }
            let indexed = self.index.begin();
            // The first command has no work before it that its failure could undo. A poll without articles hardly ever fails; if it does,
            // all polls of the group are tried again, each by itself.
            if count == 0 || are_polls && articles == 0 {
                let mut context = WriteContext {
                    conn: &tx,
                    grouping: &mut self.grouping,
                    tagger: &mut self.tagger,
                    index: &mut self.index,
                    run: &mut self.run,
                    path: &path,
                    now,
                };
                let (answer, failed) = command.execute(&mut context);
                pending.push(answer);
                if let Some(e) = failed {
                    return Err(e);
                }
                if is_alone {
                    break;
                }
            } else {
                let mut savepoint = match tx.savepoint() {
                    Ok(savepoint) => savepoint,
                    Err(e) => {
                        command.refuse(StoreError::from_sqlite(&path, &e));
                        return Err(e.into());
                    }
                };
                let mut context = WriteContext {
                    conn: &savepoint,
                    grouping: &mut self.grouping,
                    tagger: &mut self.tagger,
                    index: &mut self.index,
                    run: &mut self.run,
                    path: &path,
                    now,
                };
                let (answer, failed) = command.execute(&mut context);
                pending.push(answer);
                if let Some(e) = failed {
                    // A disk that is full may have ended the transaction, and with it the savepoint: then it is
                    // why the whole group failed.
                    if savepoint.rollback().is_err() {
                        return Err(e);
                    }
                    self.grouping.forget();
                    self.tagger.forget();
                    self.index.forget_after(indexed);
                }
                savepoint.commit()?;
            }
            self.index.bound(&tx)?;
            count += 1;
            if count < GROUP_MAX {
                next = self.upcoming.next(requests, until, are_polls);
            }
        }
        self.index.flush(&tx)?;
        tx.commit()?;
        if let Some(topics) = self.tagger.topics() {
            self.published.set(topics);
        }
        Ok(())
    }
}
