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

use crate::model::{ArticleRow, FeedRow, Time};
use crate::store::articles::removal;
use crate::store::articles::writing::{self, Desk};
use crate::store::error::StoreError;
use crate::store::feeds::feed_settings::{FeedChange, NewFeed, Subscribed};
use crate::store::feeds::subscriptions;
use crate::store::hubs;
use crate::store::leases::claim::{ClaimScope, Skipped};
use crate::store::leases::runs::Run;
use crate::store::leases::{claims, held};
use crate::store::maintenance::clock_set;
use crate::store::maintenance::idle::{self, Tidying};
use crate::store::maintenance::log::Log;
use crate::store::polls::poll_commit::{Committed, HubChange, PollCommit};
use crate::store::polls::prepare::Prepared;
use crate::store::polls::recording;
use crate::store::search::reindex;
use crate::store::search::word_index::WordIndex;
use crate::store::sequence::{self, Numbers};
use crate::store::sql::Sql;
use crate::store::stories::copy_keys;
use crate::store::stories::grouping::{Grouping, Review};
use crate::store::stories::regroup::{self, Regrouped};
use crate::store::topics::backfill;
use crate::store::topics::definition::TopicDefinition;
use crate::store::topics::tagging::{self, Published, Tagger};
use crate::store::writer::fault::{Fault, guarded};
use crate::store::writer::upcoming::Coming;

pub(super) mod fault;
pub(super) mod upcoming;

/// Takes the answer to where it is waited for; never blocks.
pub(in crate::store) type Reply<T> = Box<dyn FnOnce(Result<T, StoreError>) + Send>;

/// Commands in one transaction at most.
const GROUP_MAX: usize = 64;

/// A poll of more articles is a transaction of its own, without a savepoint. Behind one SQLite keeps every page that is
/// changed, in a list which each statement walks to its end: ten thousand edits took six seconds that way, and one without.
const ALONE_MIN: usize = 300;

/// Pages that are kept in memory, in KiB: SQLite's own measure, for rest; that of polls, which holds what a group of them
/// changes; and that of a large poll. What does not fit goes into the log before its time, and again when it has changed again.
const CACHE_KIB: i64 = 2000;
const CACHE_POLLS_KIB: i64 = 16 << 10;
const CACHE_LARGE_KIB: i64 = 32 << 10;

/// Longest time a transaction stays open for more: visits wait for it, and a site's next turn may pass. Tests of groups must not
/// depend on how busy the machine is.
const GROUP_TIME: Duration = Duration::from_millis(if cfg!(test) { 60_000 } else { 20 });

/// After so long without a command the memory of SQLite goes back.
const REST: Duration = Duration::from_secs(5);

/// How long the backfill of topics goes on before others have their turn.
const TELLING_TIME: Duration = Duration::from_millis(50);

/// How long the writer goes on with lists of the backfill after the last command.
const ENDING_TIME: Duration = Duration::from_secs(1);

/// How long the writer goes on with keys of copies when it ends.
const KEYS_TIME: Duration = Duration::from_secs(1);

/// Without a command for so long the writer tidies up, a step at a time, so far apart.
const IDLE: Duration = Duration::from_millis(200);
const BETWEEN_STEPS: Duration = Duration::from_millis(20);

/// Whether a poll may be committed in one transaction with others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Sharing {
    /// With others that wait.
    Shared,
    /// By itself: what fails then is its own fault.
    Alone,
}

/// What the writer can be asked for.
pub(in crate::store) enum Command {
    Subscribe(Vec<NewFeed>, Reply<Vec<Subscribed>>),
    SubscribeAsked(Box<NewFeed>, Time, Reply<Asked>),
    Unsubscribe(FeedRow, Reply<()>),
    ChangeFeed(FeedRow, FeedChange, Reply<()>),
    Reconcile(Vec<NewFeed>, Reply<()>),
    SetTopics(Vec<TopicDefinition>, Reply<usize>),
    Claim(Time, ClaimScope, usize, Reply<(Vec<Claim>, Vec<Skipped>)>),
    GiveBack((FeedRow, i64), Option<Time>, Option<String>, Reply<()>),
    SpreadOverdue(Time, Reply<usize>),
    Short(Work, Reply<()>),
    MoveTimes(i64, Reply<()>),
    BoundTimes(Time, Reply<usize>),
    Remember(&'static str, String, Reply<()>),
    RefreshTopics(Reply<()>),
    /// The last but one is dropped as soon as the poll is written, before it is committed.
    Commit(
        Box<PollCommit>,
        Vec<Prepared>,
        Sharing,
        Held,
        Reply<Committed>,
    ),
    Prune(Vec<ArticleRow>, Reply<removal::Progress>),
    Regroup(Regroup, bool, Reply<Regrouped>),
    SettleTopics(Reply<()>),
}

impl Command {
    /// How many articles are to be compared with those of the window.
    fn articles(&self) -> usize {
        match self {
            Self::Commit(_, drafts, ..) => drafts.len(),
            _ => 0,
        }
    }

    /// Whether the texts of its articles were read for the topics that this tagger knows.
    fn is_read_for(&self, tagger: &Tagger) -> bool {
        let Self::Commit(_, drafts, ..) = self else {
            return true;
        };
        let mut drafts = drafts.iter().filter(|p| !p.seems_known);
        drafts.all(|p| tagger.knows(p.topics.as_ref()))
    }

    /// Whether it is a poll of many articles.
    fn is_large(&self) -> bool {
        matches!(self, Self::Commit(_, drafts, ..) if drafts.len() > ALONE_MIN)
    }

    /// Whether it is a transaction of its own.
    fn is_alone(&self) -> bool {
        self.is_large() || matches!(self, Self::Commit(_, _, Sharing::Alone, ..))
    }

    /// Whether it is a poll. Words are written at the end of a group, so that polls share groups with polls only: what
    /// fails there is no other command's error.
    fn is_poll(&self) -> bool {
        matches!(self, Self::Commit(..))
    }
}

/// What a poll holds until it is written.
pub(in crate::store) type Held = Option<Box<dyn std::any::Any + Send>>;

/// A step that needs the connection only.
pub(in crate::store) type Work = Box<dyn FnOnce(&Connection) -> Sql<()> + Send>;

/// A subscription and its lease, or why there is none.
pub(in crate::store) type Asked = (Subscribed, Result<Claim, Skipped>);

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
    pub(in crate::store) untold: bool,
    pub(in crate::store) settling: Vec<Reply<()>>,
    pub(in crate::store) tidying: Tidying,
    pub(in crate::store) log: Log,
    /// What this process's leases name as their holder.
    pub(in crate::store) run: Run,
    /// Polls that are being prepared.
    pub(in crate::store) coming: Arc<Coming>,
    /// How many KiB of pages SQLite keeps.
    pub(in crate::store) cache_kib: i64,
}

/// An answer that waits for the commit.
type Pending = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

impl Writer {
    /// Works until every sender is gone. Between groups of commands, and while there are none, the backfill of topics goes on.
    pub(in crate::store) fn run(mut self, commands: &Receiver<Command>) {
        let mut next = None;
        while let Some(command) = next.take().or_else(|| self.wait(commands)) {
            self.survive(|w| w.log.note(&w.path));
            match command {
                Command::SettleTopics(reply) => {
                    self.settling.push(reply);
                    self.untold = true;
                }
                command => {
                    next = self.group(command, commands);
                    self.untold |= self.tagger.has_begun();
                }
            }
            if self.untold {
                self.tell_topics();
            }
            self.tidying.note_write();
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
            self.tidying = Tidying::default();
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

    /// The next command; none: nobody is left who could send one. What is untold then waits for the next writer.
    fn wait(&mut self, commands: &Receiver<Command>) -> Option<Command> {
        while self.untold {
            match commands.try_recv() {
                Ok(command) => return Some(command),
                Err(TryRecvError::Disconnected) => return None,
                Err(TryRecvError::Empty) => {
                    self.survive(|w| w.log.note(&w.path));
                    self.tell_topics();
                }
            }
            self.survive(|w| w.log.bound(&mut w.conn, &w.path));
        }
        let mut patience = IDLE;
        while self.tidying.is_wanted() {
            match commands.recv_timeout(patience) {
                Ok(command) => return Some(command),
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => self.survive(|w| w.tidying.step(&w.conn)),
            }
            patience = BETWEEN_STEPS;
        }
        if self.cache_kib > CACHE_KIB {
            match commands.recv_timeout(REST) {
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
            match commands.recv_timeout(patience.max(BETWEEN_STEPS)) {
                Ok(command) => return Some(command),
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => self.survive(Self::review_window),
            }
        }
        commands.recv().ok()
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
        let until = Instant::now() + TELLING_TIME;
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
            self.tell_topics();
            if !self.untold {
                return;
            }
        }
    }

    /// Goes on with the backfill of topics, else of the word index, for a short while, in one transaction.
    fn tell_topics(&mut self) {
        let now = self.clock.now();
        let until = Instant::now() + TELLING_TIME;
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
        self.untold = matches!(told, Ok(true));
        if self.untold {
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

    /// One transaction over `first` and what waits behind it. Returns a command that does not belong into it.
    fn group(&mut self, first: Command, commands: &Receiver<Command>) -> Option<Command> {
        let mut pending: Vec<Pending> = Vec::new();
        let mut left = None;
        if first.is_large() {
            self.cache(CACHE_LARGE_KIB);
        } else if first.articles() > 0 {
            self.cache(CACHE_POLLS_KIB);
        }
        let work = || self.transact(first, commands, &mut pending, &mut left);
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

    /// How much SQLite keeps in memory from now on; it works with any measure.
    fn cache(&mut self, kib: i64) {
        if self.cache_kib != kib {
            self.cache_kib = kib;
            let _ = self.conn.pragma_update(None, "cache_size", -kib);
        }
    }

    /// Reads the texts that were not read for the topics in force: they were redefined since, or could not be seen.
    fn read_topics(&mut self, command: &mut Command, now: Time) -> Sql<()> {
        self.tagger.refresh(&self.conn, now)?;
        let Command::Commit(_, drafts, ..) = command else {
            return Ok(());
        };
        for p in drafts {
            let is_read = p.seems_known || self.tagger.knows(p.topics.as_ref());
            if let Some(topics) = self.tagger.topics().filter(|_| !is_read) {
                p.read_topics(topics);
            }
        }
        Ok(())
    }

    fn transact(
        &mut self,
        mut first: Command,
        commands: &Receiver<Command>,
        pending: &mut Vec<Pending>,
        left: &mut Option<Command>,
    ) -> Result<(), Fault> {
        let now = self.clock.now();
        let path = self.path.clone();
        if first.articles() > 0 {
            // Before the lock is taken: it may be a hundred thousand copies. What fails here fails again below.
            let fill = || self.grouping.fill(&self.conn, now, first.articles());
            if guarded(fill).is_err() {
                self.grouping.forget();
            }
            if guarded(|| self.read_topics(&mut first, now)).is_err() {
                self.tagger.forget();
            }
        }
        let mut tx = match self
            .conn
            .transaction_with_behavior(TransactionBehavior::Immediate)
        {
            Ok(tx) => tx,
            Err(e) => {
                refuse(first, StoreError::from_sqlite(&path, &e));
                return Ok(());
            }
        };
        let are_polls = first.is_poll();
        let until = Instant::now() + GROUP_TIME;
        let mut next = Some(first);
        let mut count = 0;
        while let Some(command) = next.take() {
            let articles = command.articles();
            let needs_window = articles > 0 && !self.grouping.is_ready_for(articles);
            let is_alone = command.is_alone();
            let needs_reading = !command.is_read_for(&self.tagger);
            let is_other =
                needs_window || needs_reading || is_alone || command.is_poll() != are_polls;
            if matches!(command, Command::SettleTopics(_)) || is_other && count > 0 {
                *left = Some(command);
                break;
            }
            let indexed = self.index.begin();
            let mut hands = Hands {
                grouping: &mut self.grouping,
                tagger: &mut self.tagger,
                index: &mut self.index,
                run: &mut self.run,
            };
            // The first has nobody's work before it that it could undo. A poll without articles hardly ever fails; if it does,
            // all polls of the group are tried again, each by itself.
            if count == 0 || are_polls && articles == 0 {
                let (answer, failed) = execute(&tx, command, &mut hands, &path, now);
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
                        refuse(command, StoreError::from_sqlite(&path, &e));
                        return Err(e.into());
                    }
                };
                let (answer, failed) = execute(&savepoint, command, &mut hands, &path, now);
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
                next = self.coming.next(commands, until, are_polls);
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

/// What a command works with besides the connection.
struct Hands<'a> {
    grouping: &'a mut Grouping,
    tagger: &'a mut Tagger,
    index: &'a mut WordIndex,
    run: &'a mut Run,
}

/// Executes one command inside the open transaction. The answer is sent after the commit; an error: roll it back.
fn execute(
    conn: &Connection,
    command: Command,
    hands: &mut Hands<'_>,
    path: &std::path::Path,
    now: Time,
) -> (Pending, Option<Fault>) {
    match command {
        Command::Subscribe(list, reply) => {
            let done = || subscribe(conn, hands.tagger, &list, now);
            answer(done, reply, path)
        }
        Command::SubscribeAsked(feed, now, reply) => {
            let done = || subscribe_asked(conn, hands, path, *feed, now);
            answer(done, reply, path)
        }
        Command::Unsubscribe(feed, reply) => {
            answer(|| subscriptions::unsubscribe(conn, feed, now), reply, path)
        }
        Command::ChangeFeed(feed, change, reply) => {
            let changed = || {
                let write = || subscriptions::change(conn, feed, &change, now);
                match subscriptions::renames(conn, feed, write)? {
                    true => hands.tagger.feeds_changed(conn, &[feed], now),
                    false => Ok(()),
                }
            };
            answer(changed, reply, path)
        }
        Command::Reconcile(list, reply) => {
            let done = || {
                let renamed = subscriptions::reconcile(conn, &list, now)?;
                hands.tagger.feeds_changed(conn, &renamed, now)
            };
            answer(done, reply, path)
        }
        Command::SetTopics(list, reply) => {
            answer(|| tagging::set(conn, hands.tagger, list, now), reply, path)
        }
        Command::Claim(now, scope, limit, reply) => {
            let done = || claims::claim(conn, now, &scope, limit, || hands.run.id(conn, path));
            answer(done, reply, path)
        }
        Command::GiveBack(lease, due, why, reply) => {
            let done = || claims::give_back(conn, lease, due, why.as_deref());
            answer(done, reply, path)
        }
        Command::SpreadOverdue(now, reply) => {
            answer(|| claims::spread_overdue(conn, now), reply, path)
        }
        Command::Short(work, reply) => answer(|| work(conn), reply, path),
        Command::MoveTimes(ms, reply) => answer(|| clock_set::move_all(conn, ms), reply, path),
        Command::BoundTimes(now, reply) => answer(|| clock_set::bound(conn, now), reply, path),
        Command::Remember(name, text, reply) => answer(|| remember(conn, name, &text), reply, path),
        Command::Commit(poll, prepared, _, held, reply) => {
            let done = answer(|| commit(conn, hands, &poll, prepared), reply, path);
            drop(held);
            done
        }
        Command::RefreshTopics(reply) => answer(|| hands.tagger.tag_times(conn, now), reply, path),
        Command::Prune(part, reply) => {
            let pruned = || removal::remove_part(conn, hands.grouping, hands.tagger, &part, now);
            answer(pruned, reply, path)
        }
        Command::Regroup(wanted, is_trial, reply) => {
            let wanted = (&wanted, is_trial);
            let done = || regroup::regroup(conn, hands.grouping, hands.tagger, wanted, now);
            answer(done, reply, path)
        }
        // It is no part of any transaction, see `run`.
        Command::SettleTopics(_) => (Box::new(|_| {}), None),
    }
}

/// Subscribes. A feed that was there once may come back under another name.
fn subscribe(
    conn: &Connection,
    tagger: &mut Tagger,
    list: &[NewFeed],
    now: Time,
) -> Sql<Vec<Subscribed>> {
    let made = subscriptions::subscribe(conn, list, now)?;
    let new: Vec<FeedRow> = made.iter().filter(|m| m.new).map(|m| m.row).collect();
    tagger.feeds_changed(conn, &new, now)?;
    Ok(made)
}

fn remember(conn: &Connection, name: &str, text: &str) -> Sql<()> {
    conn.prepare_cached("INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)")?
        .execute([name, text])?;
    Ok(())
}

/// Subscribes, and leases in the same moment.
fn subscribe_asked(
    conn: &Connection,
    hands: &mut Hands<'_>,
    path: &std::path::Path,
    feed: NewFeed,
    now: Time,
) -> Sql<Asked> {
    let made = subscribe(conn, hands.tagger, &[feed], now)?
        .into_iter()
        .next();
    let made = made.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
    let scope = ClaimScope::These {
        feeds: vec![made.row],
        manual_interval: Duration::ZERO,
    };
    let holder = || hands.run.id(conn, path);
    let (claims, skipped) = claims::claim(conn, now, &scope, 1, holder)?;
    let lease = match (claims.into_iter().next(), skipped.into_iter().next()) {
        (Some(claim), _) => Ok(claim),
        (None, Some(skipped)) => Err(skipped),
        (None, None) => return Err(rusqlite::Error::QueryReturnedNoRows),
    };
    Ok((made, lease))
}

/// One poll: its articles, validators, plan and health together (ET-08, REL-01).
fn commit(
    conn: &Connection,
    hands: &mut Hands<'_>,
    commit: &PollCommit,
    prepared: Vec<Prepared>,
) -> Sql<Committed> {
    let Some(before) = held::held(conn, &commit.claim)? else {
        return Ok(Committed {
            lease_lost: true,
            sequence: sequence::current(conn)?,
            ..Committed::default()
        });
    };
    let now = commit.poll.finished;
    let mut done = Committed {
        sequence: before.sequence,
        ..Committed::default()
    };
    let feed = commit.claim.feed;
    #[cfg(test)]
    crate::faults::at("commit", commit.claim.url.host())?;
    if let Some(document) = &commit.document {
        #[cfg(test)]
        crate::faults::at("name", commit.claim.url.host())?;
        if subscriptions::renames(conn, feed, || recording::name(conn, feed, document))? {
            hands.tagger.feeds_changed(conn, &[feed], now)?;
        }
        hands.tagger.refresh(conn, now)?;
        // The window is for what is new or edited; to fill it for nothing takes long.
        let is_compared = !prepared.is_empty();
        if is_compared {
            hands.grouping.catch_up(conn, now, prepared.len())?;
        }
        let mut desk = Desk {
            conn,
            grouping: hands.grouping,
            tagger: hands.tagger,
            index: hands.index,
            numbers: Numbers::default(),
            last_row: None,
        };
        #[cfg(test)]
        crate::faults::at("window", commit.claim.url.host())?;
        let listed;
        (done, listed) = writing::write(&mut desk, &commit.claim, prepared, &document.listed, now)?;
        #[cfg(test)]
        crate::faults::at("articles", commit.claim.url.host())?;
        if document.is_complete {
            done.withdrawn =
                removal::withdraw(conn, hands.grouping, hands.tagger, feed, &listed, now)?;
        }
        #[cfg(test)]
        crate::faults::at("withdrawn", commit.claim.url.host())?;
        done.sequence = sequence::current(conn)?;
        if is_compared {
            hands.grouping.seen(done.sequence);
        }
    }
    recording::record(conn, commit, &before, &done)?;
    match &commit.hub {
        HubChange::Unchanged => {}
        HubChange::Offered(hub) => hubs::offer(conn, feed, hub, now)?,
        HubChange::Removed => hubs::leave(conn, feed, now)?,
    }
    #[cfg(test)]
    crate::faults::at("recorded", commit.claim.url.host())?;
    Ok(done)
}

/// Does `work`, and makes of it what is answered after the commit.
fn answer<T: Send + 'static>(
    work: impl FnOnce() -> Sql<T>,
    reply: Reply<T>,
    path: &std::path::Path,
) -> (Pending, Option<Fault>) {
    match guarded(work) {
        Ok(done) => {
            let tell = move |committed: Result<(), StoreError>| {
                reply(committed.map(|()| done));
            };
            (Box::new(tell), None)
        }
        Err(e) => {
            let told = e.told(path);
            let tell = move |_| {
                reply(Err(told));
            };
            (Box::new(tell), Some(e))
        }
    }
}

/// Answers a command that could not even begin.
fn refuse(command: Command, e: StoreError) {
    match command {
        Command::Subscribe(_, r) => r(Err(e)),
        Command::SubscribeAsked(.., r) => r(Err(e)),
        Command::Unsubscribe(_, r)
        | Command::ChangeFeed(_, _, r)
        | Command::Reconcile(_, r)
        | Command::GiveBack(.., r)
        | Command::Remember(.., r)
        | Command::RefreshTopics(r)
        | Command::SettleTopics(r) => r(Err(e)),
        Command::SetTopics(_, r) | Command::SpreadOverdue(_, r) => r(Err(e)),
        Command::Claim(.., r) => r(Err(e)),
        Command::Commit(.., r) => r(Err(e)),
        Command::Short(_, r) => r(Err(e)),
        Command::MoveTimes(_, r) => r(Err(e)),
        Command::BoundTimes(_, r) => r(Err(e)),
        Command::Prune(_, r) => r(Err(e)),
        Command::Regroup(.., r) => r(Err(e)),
    }
}
