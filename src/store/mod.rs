//! L2: the store. SQL is written here and nowhere else; no rusqlite type leaves.
//!
//! One thread writes ([`Store`]), any number of threads read ([`Reads`]). The store never knows where feeds come from (`fetch`)
//! or who asks (`serve`, `cli`).
//!
//! A directory for each kind of thing:
//!
//! | module | what it holds |
//! |---|---|
//! | `feeds` | subscriptions, their health and events, what is known of their texts |
//! | `leases` | which feeds may be polled, and by which process |
//! | `polls` | what a document lists and what the store has of it; drafts made ready to be written |
//! | `articles` | writing, reading and removing articles |
//! | `stories` | which copies are one story, by the rules and by the user's decisions |
//! | `topics` | definitions and memberships, and the backfill of stored articles |
//! | `search` | selections: the word index, and the evaluator for what SQL cannot answer |
//! | `hosts`, `hubs` | how each host was treated; WebSub subscriptions |
//! | `settings`, `sequence`, `status` | values of the store as a whole |
//! | `maintenance` | retention, backup, restore, the write-ahead log, a clock that was set |
//! | `writer` | the thread that writes |
//! | `file` | opening the file, its schema and its owner |
//! | `connections` | the connections that read |
//! | `error`, `options`, `sql`, `stop` | what all of them use |

mod articles;
mod connections;
mod error;
mod feeds;
mod file;
mod hosts;
mod hubs;
mod leases;
mod maintenance;
mod options;
mod polls;
mod search;
mod sequence;
mod settings;
mod sql;
mod status;
mod stop;
mod stories;
#[cfg(test)]
mod tests;
mod topics;
mod writer;

pub use articles::article_views::Lineage;
pub use articles::removal::Pruned;
pub use articles::standings::Standing;
pub use connections::Reads;
pub use error::{StoreError, io_reason};
pub use feeds::activity::Activity;
pub use feeds::events::{EventKind, FeedEvent};
pub use feeds::feed_settings::{FeedChange, FeedSettings, NewFeed, Subscribed};
pub use feeds::feed_views::{FeedDetail, PollRecord};
pub use feeds::health::{HealthPage, HealthQuery};
pub use feeds::outlines::{Outline, OutlinePlace};
pub use file::opening::exists;
pub use file::owner::create_new;
pub use file::place::place_of;
pub use hosts::{HostStatus, PollTotals};
pub use hubs::{HubAsk, HubLease, HubOffer, HubRow, HubStatus};
pub use leases::claim::{Candidate, Claim, ClaimScope, DueLimits, Rest, Skipped};
pub use maintenance::restore::{Restored, restore};
pub use options::{DedupSettings, StoreOptions};
pub use polls::listing::{Item, Listed, Listing};
pub use polls::poll_commit::{
    ArchiveCommit, Committed, DocumentCommit, HubChange, PlanCommit, PollCommit,
};
pub use search::find::RANKED_MAX;
pub use search::selection::{Order, RiverPlace, Selection};
pub use status::{Overview, Status, size_warning};
pub use stop::Stop;
pub use stories::copies::Nearest;
pub use stories::decisions::{Decided, DecisionCounts, DecisionKind};
pub use stories::most_copied::Copied;
pub use stories::regroup::{Regroup, RegroupOutcome, Regrouped};
pub use stories::walk::Walk;
pub use topics::definition::{TopicDefinition, TopicFeed, TopicHead, TopicInfo};
pub use writer::upcoming::OnItsWay;

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{self, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::clock::Clock;
use crate::model::{ArticleRow, FeedRow, Network, Time};
use articles::{removal, tombstones};
use feeds::subscriptions;
use file::opening;
use leases::claims;
use leases::runs::{self, Run};
use maintenance::log::Log;
use maintenance::{idle, prune};
use polls::prepare;
use search::word_index::WordIndex;
use stories::decisions;
use stories::grouping::Grouping;
use topics::tagging;
use writer::upcoming::Coming;
use writer::{Command, Reply, Sharing, Writer};

/// The store with its writer thread. Every write blocks until it is committed; call it from a thread that may
/// block. Dropping the last handle ends the writer after what is queued.
#[derive(Debug)]
pub struct Store {
    commands: Option<mpsc::Sender<Command>>,
    writer: Option<JoinHandle<()>>,
    reads: Reads,
    topics: tagging::Published,
    coming: Arc<Coming>,
    clock: Clock,
}

/// A poll that is ready to be committed.
#[derive(Debug)]
pub struct ReadyCommit {
    commit: Box<PollCommit>,
    drafts: Vec<prepare::Prepared>,
    sharing: Sharing,
    held: writer::Held,
}

impl ReadyCommit {
    /// To be committed in a transaction of its own, so that what fails is its own fault.
    #[must_use]
    pub fn alone(self) -> Self {
        Self {
            sharing: Sharing::Alone,
            ..self
        }
    }

    fn command(self, reply: Reply<Committed>) -> Command {
        Command::Commit(self.commit, self.drafts, self.sharing, self.held, reply)
    }

    /// Holds `what` until the poll is written: its drafts take no memory from then on, though it is not committed yet.
    #[must_use]
    pub fn holding(self, what: impl Send + 'static) -> Self {
        Self {
            held: Some(Box::new(what)),
            ..self
        }
    }
}

impl Store {
    /// Opens or creates, migrates, starts the writer.
    ///
    /// # Errors
    /// [`StoreError::Unusable`] if the file cannot be opened or written, is damaged, foreign or newer;
    /// [`StoreError::Busy`] if another process holds it for longer than twenty seconds.
    pub fn open(options: &StoreOptions, clock: Clock) -> Result<Self, StoreError> {
        let conn = opening::writer(&options.path, options.synchronous_full)?;
        Self::writing_to(conn, options, clock)
    }

    /// Starts the writer on a connection that is open.
    fn writing_to(
        conn: rusqlite::Connection,
        options: &StoreOptions,
        clock: Clock,
    ) -> Result<Self, StoreError> {
        settings::note_creation(&conn, clock.now())
            .map_err(|e| StoreError::from_sqlite(&options.path, &e))?;
        let reads = Reads::open(&options.path)?;
        let (commands, queue) = mpsc::channel();
        let published = tagging::Published::default();
        let coming = Arc::default();
        let writer = Writer {
            conn,
            path: options.path.clone(),
            grouping: Grouping::new(DedupSettings {
                window: options.dedup_window,
                near: options.dedup_near,
            }),
            tagger: tagging::Tagger::default(),
            published: published.clone(),
            index: WordIndex::default(),
            clock: clock.clone(),
            untold: true,
            settling: Vec::new(),
            tidying: idle::Tidying::default(),
            log: Log::default(),
            run: Run::default(),
            coming: Arc::clone(&coming),
            cache_kib: 0,
        };
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || writer.run(&queue))
            .map_err(|e| StoreError::Internal(format!("cannot start the writer thread: {e}")))?;
        Ok(Self {
            commands: Some(commands),
            writer: Some(thread),
            reads,
            topics: published,
            coming,
            clock,
        })
    }

    /// Read access.
    pub fn reads(&self) -> &Reads {
        &self.reads
    }

    /// Whether the writer thread still works: a dead one ends the daemon.
    pub fn is_alive(&self) -> bool {
        self.writer.as_ref().is_some_and(|w| !w.is_finished())
    }

    /// Subscribes; all or nothing. A feed that is there stays as it is.
    pub fn subscribe(&self, feeds: Vec<NewFeed>) -> Result<Vec<Subscribed>, StoreError> {
        self.ask(|reply| Command::Subscribe(feeds, reply))
    }

    /// Subscribes to a feed that was asked already, and leases it in the same moment, so that nobody asks it again
    /// before its first answer is committed (ET-20). Without a lease it says why.
    pub fn subscribe_asked(
        &self,
        feed: NewFeed,
        now: Time,
    ) -> Result<(Subscribed, Result<Claim, Skipped>), StoreError> {
        self.ask(|reply| Command::SubscribeAsked(Box::new(feed), now, reply))
    }

    /// Unsubscribes; the articles stay.
    pub fn unsubscribe(&self, feed: FeedRow) -> Result<(), StoreError> {
        self.ask(|reply| Command::Unsubscribe(feed, reply))
    }

    /// Changes a subscription.
    pub fn change_feed(&self, feed: FeedRow, change: FeedChange) -> Result<(), StoreError> {
        self.ask(|reply| Command::ChangeFeed(feed, change, reply))
    }

    /// Makes the declared feeds those of the file: subscribes, updates, unsubscribes.
    pub fn reconcile(&self, declared: Vec<NewFeed>) -> Result<(), StoreError> {
        self.ask(|reply| Command::Reconcile(declared, reply))
    }

    /// Makes these the topics in force: at once for what comes. What is stored is told anew part by part, the newest
    /// first, while the store goes on with other things; see [`Self::settle_topics`]. Returns how many topics changed
    /// in any way.
    pub fn declare_topics(&self, topics: Vec<TopicDefinition>) -> Result<usize, StoreError> {
        self.ask(|reply| Command::SetTopics(topics, reply))
    }

    /// Waits until every topic holds all that it says of what is stored.
    pub fn settle_topics(&self) -> Result<(), StoreError> {
        self.ask(Command::SettleTopics)
    }

    /// Declares and settles.
    pub fn set_topics(&self, topics: Vec<TopicDefinition>) -> Result<usize, StoreError> {
        let changed = self.declare_topics(topics)?;
        self.settle_topics()?;
        Ok(changed)
    }

    /// Tells anew which articles belong to topics with relative times (`since:7d`), and goes on with what is untold.
    pub fn refresh_topics(&self) -> Result<(), StoreError> {
        self.ask(Command::RefreshTopics)?;
        self.settle_topics()
    }

    /// Splits a story or joins stories, as the user decided: whatever the rules of grouping say, now and later. A trial tells
    /// what would come of it and changes nothing.
    pub fn regroup(&self, wanted: Regroup, is_trial: bool) -> Result<Regrouped, StoreError> {
        self.ask(|reply| Command::Regroup(wanted, is_trial, reply))
    }

    /// Leases up to `limit` feeds.
    pub fn claim(
        &self,
        now: Time,
        scope: ClaimScope,
        limit: usize,
    ) -> Result<(Vec<Claim>, Vec<Skipped>), StoreError> {
        self.ask(|reply| Command::Claim(now, scope, limit, reply))
    }

    /// Makes leases last as long again from `now` on, each by its feed and fencing number: for visits that take long.
    pub fn renew(&self, leases: Vec<(FeedRow, i64)>, now: Time) -> Result<(), StoreError> {
        self.short(move |conn| claims::renew(conn, &leases, now))
    }

    /// Frees the feeds that processes held which have died; gives how many. To be called before anything is claimed.
    pub fn free_dead_leases(&self, now: Time) -> Result<usize, StoreError> {
        let path = self.reads.path().to_owned();
        self.short(move |conn| runs::free_dead(conn, &path, now))
    }

    /// Gives a claimed feed back unasked: it is due when it was.
    pub fn give_back(&self, claim: &Claim) -> Result<(), StoreError> {
        let (lease, due) = ((claim.feed, claim.lease), claim.due);
        self.ask(|reply| Command::GiveBack(lease, due, None, reply))
    }

    /// Gives a claimed feed back unasked: it is due at `until`, for the reason `why`.
    pub fn defer(&self, claim: &Claim, until: Time, why: &str) -> Result<(), StoreError> {
        let (lease, why) = ((claim.feed, claim.lease), why.to_owned());
        self.ask(|reply| Command::GiveBack(lease, Some(until), Some(why), reply))
    }

    /// Spreads the feeds that are overdue and were polled before over the time to come: at most one a second, or all
    /// within a quarter of an hour if that is more (ET-22). Returns how many.
    pub fn spread_overdue(&self, now: Time) -> Result<usize, StoreError> {
        self.ask(|reply| Command::SpreadOverdue(now, reply))
    }

    /// The machine's clock was set by `ms`, back if below zero: every plan, lease and rest moves along (ET-24).
    pub fn move_times(&self, ms: i64) -> Result<(), StoreError> {
        self.ask(|reply| Command::MoveTimes(ms, reply))
    }

    /// Takes back what a wrong clock planned before this process began: no wait is longer than it was meant to be.
    /// Returns how many feeds had been polled in the future.
    pub fn bound_times(&self, now: Time) -> Result<usize, StoreError> {
        self.ask(|reply| Command::BoundTimes(now, reply))
    }

    /// To be held while a poll is being prepared: what is committed meanwhile waits a moment for it, to share a transaction.
    pub fn is_coming(&self) -> OnItsWay {
        OnItsWay::new(&self.coming)
    }

    /// Makes a poll ready to be committed: the costly part of a write, which needs no lock.
    pub fn prepare(&self, mut commit: PollCommit) -> ReadyCommit {
        let mut drafts = prepare::prepare(&mut commit);
        // Without topics or digests (the store is busy) the writer reads the texts before it takes the lock.
        if !drafts.is_empty()
            && let Ok(topics) = self.reads.topics_in_force(&self.topics)
            && let Ok(known) = self.reads.digests(&commit.claim, &drafts)
        {
            prepare::read_topics(&mut drafts, &topics, &known);
        }
        ReadyCommit {
            commit: Box::new(commit),
            drafts,
            sharing: Sharing::Shared,
            held: None,
        }
    }

    /// Tells a fault of newswire itself as a claimed feed's failure where not even a failed poll can be committed: the feed
    /// is due again at `until`.
    pub fn note_fault(
        &self,
        claim: &Claim,
        message: String,
        until: Time,
        now: Time,
    ) -> Result<(), StoreError> {
        let (feed, lease) = (claim.feed, Some(claim.lease));
        self.short(move |conn| claims::note_fault(conn, feed, lease, &message, until, now))
    }

    /// Commits one poll.
    pub fn commit(&self, ready: ReadyCommit) -> Result<Committed, StoreError> {
        self.ask(|reply| ready.command(reply))
    }

    /// Commits one poll; no thread waits for it. It is on its way at once: dropping the future only misses the answer.
    pub fn commit_soon(
        &self,
        ready: ReadyCommit,
    ) -> impl Future<Output = Result<Committed, StoreError>> + Send + use<> {
        let (told, answer) = oneshot::channel();
        let reply = Box::new(move |done| drop(told.send(done)));
        let sent = self.send(ready.command(reply));
        async move {
            sent?;
            answer.await.unwrap_or_else(|_| Err(dropped()))
        }
    }

    /// Which hubs are to be asked now, at most `limit`; each is claimed by being put off. Leases that ended are given up.
    pub fn hub_asks(
        &self,
        callback: String,
        now: Time,
        limit: usize,
    ) -> Result<Vec<HubAsk>, StoreError> {
        self.short(move |conn| {
            hubs::lapse(conn, now)?;
            hubs::asks(conn, &callback, now, limit)
        })
    }

    /// What came of asking: an error, or a yes that is still to be verified.
    pub fn hub_asked(&self, path: String, error: Option<String>) -> Result<(), StoreError> {
        self.short(move |conn| hubs::asked(conn, &path, error.as_deref()))
    }

    /// A hub asks whether we meant to subscribe; whether we did. Then the lease runs from now.
    pub fn hub_verified(
        &self,
        path: String,
        topic: String,
        lease: Duration,
        now: Time,
    ) -> Result<bool, StoreError> {
        self.short(move |conn| hubs::verify(conn, &path, &topic, lease, now))
    }

    /// A hub asks whether we meant to unsubscribe; whether we did. Then it is over.
    pub fn hub_left(&self, path: String, topic: String) -> Result<bool, StoreError> {
        self.short(move |conn| hubs::part(conn, &path, &topic))
    }

    /// A hub will not tell us; whether that is about a subscription of ours.
    pub fn hub_denied(
        &self,
        path: String,
        topic: String,
        reason: String,
        now: Time,
    ) -> Result<bool, StoreError> {
        self.short(move |conn| hubs::deny(conn, &path, &topic, &reason, now))
    }

    /// From now on hubs reach us at `callback`, or not at all. Returns how many leases are lost by that.
    pub fn reach_by(&self, callback: Option<String>, now: Time) -> Result<usize, StoreError> {
        self.short(move |conn| hubs::reach(conn, callback.as_deref(), now))
    }

    /// Makes a feed due at `at` if it would be later; floors and a poll on its way win.
    pub fn poll_soon(&self, feed: FeedRow, at: Time, why: &'static str) -> Result<(), StoreError> {
        self.short(move |conn| hubs::soon(conn, feed, at, why))
    }

    /// A short step that needs none of the writer's memory.
    fn short<T: Send + 'static>(
        &self,
        work: impl FnOnce(&rusqlite::Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (told, answer) = sync_channel(1);
        self.ask(|reply| {
            let work = move |conn: &rusqlite::Connection| {
                let _ = told.send(work(conn)?);
                Ok(())
            };
            Command::Short(Box::new(work), reply)
        })?;
        answer.recv().map_err(|_| dropped())
    }

    /// Keeps a text under a name, for [`Reads::remembered`].
    pub fn remember(&self, name: &'static str, text: String) -> Result<(), StoreError> {
        self.ask(|reply| Command::Remember(name, text, reply))
    }

    /// Keeps what was seen of the network, for [`Reads::network`].
    pub fn note_network(&self, seen: Network) -> Result<(), StoreError> {
        self.remember(settings::NETWORK, seen.to_text())
    }

    /// Removes what retention no longer keeps (`keep` none: for ever), in small parts between which polls are committed.
    /// `dry_run`: only tells.
    pub fn prune(
        &self,
        keep: Option<Duration>,
        keep_max_per_feed: u64,
        dry_run: bool,
    ) -> Result<Pruned, StoreError> {
        let now = self.clock.now();
        if dry_run {
            return self.reads.prunable(keep, keep_max_per_feed, now);
        }
        let doomed = self.reads.doomed(keep, keep_max_per_feed, now)?;
        let pruned = self.remove_all(&doomed)?;
        for part in self.reads.weathered(now)?.chunks(removal::PART_MAX) {
            let part = part.to_vec();
            self.short(move |conn| tombstones::level(conn, &part))?;
        }
        self.short(move |conn| hosts::forget_hosts(conn, now))?;
        self.short(move |conn| decisions::forget_withdrawn(conn, now))?;
        for feed in self.reads.forsaken(now)? {
            self.short(move |conn| {
                if subscriptions::is_subscribed(conn, feed)? {
                    return Ok(()); // it has come back meanwhile
                }
                prune::forget(conn, feed)
            })?;
        }
        Ok(pruned)
    }

    /// Removes these articles in small parts between which polls are committed.
    fn remove_all(&self, articles: &[ArticleRow]) -> Result<Pruned, StoreError> {
        let mut pruned = Pruned::default();
        let mut left = articles;
        let mut part_max = removal::PART_MAX;
        while !left.is_empty() {
            let part: Vec<_> = left.iter().take(part_max).copied().collect();
            let first = part.first().copied();
            let done = match self.ask(|reply| Command::Prune(part, reply)) {
                Ok(progress) => {
                    pruned.articles += progress.pruned.articles;
                    pruned.stories += progress.pruned.stories;
                    progress.done
                }
                Err(e) if e.is_of_store() => return Err(e),
                // One article that cannot be removed must not keep the others (REL-12).
                Err(_) if part_max > 1 => {
                    part_max = 1;
                    continue;
                }
                Err(e) => {
                    tracing::warn!(article = first, "an article could not be removed: {e}");
                    part_max = removal::PART_MAX;
                    1
                }
            };
            left = left.get(done..).unwrap_or_default();
        }
        Ok(pruned)
    }

    /// Deletes every article of a feed that was unsubscribed, and what was learned about the feed, in small parts. No
    /// tombstones stay: if the feed is added again, its articles come back. The feed's row keeps its address.
    ///
    /// # Errors
    /// [`StoreError`]; what was deleted before stays deleted, and another call goes on.
    pub fn purge(&self, feed: FeedRow) -> Result<Pruned, StoreError> {
        let articles = self.reads.articles_of(feed)?;
        let pruned = self.remove_all(&articles)?;
        self.short(move |conn| prune::purge(conn, feed))?;
        Ok(pruned)
    }

    /// Online backup into a new file.
    pub fn backup(&self, to: &Path) -> Result<(), StoreError> {
        self.reads.backup(to)
    }

    fn ask<T: Send + 'static>(
        &self,
        command: impl FnOnce(Reply<T>) -> Command,
    ) -> Result<T, StoreError> {
        let (told, answer) = sync_channel(1);
        // The asker may have gone away; the write stands all the same.
        self.send(command(Box::new(move |done| drop(told.send(done)))))?;
        answer.recv().unwrap_or_else(|_| Err(dropped()))
    }

    /// Never blocks. The queue needs no bound: whoever asks waits for the answer before it asks again.
    fn send(&self, command: Command) -> Result<(), StoreError> {
        let commands = self.commands.as_ref().ok_or(StoreError::Stopped)?;
        commands.send(command).map_err(|_| StoreError::Stopped)
    }
}

/// A write ended without an answer. Whether the writer has ended too shows at the next write.
fn dropped() -> StoreError {
    StoreError::Internal("a write was given up".to_owned())
}

impl Drop for Store {
    fn drop(&mut self) {
        // Whoever closes the file last writes the log back into it; a reader may not.
        self.reads.rest();
        self.commands = None;
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}
