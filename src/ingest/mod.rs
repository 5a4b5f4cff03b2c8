//! L3: from due feeds to stored articles. Claims feeds in the store, visits them, reads what came, commits each visit in
//! one transaction. Never keeps a plan of its own: what is due, and why, stands in the store, so a restart loses
//! nothing. A feed's failure is that feed's; `Err` here means that newswire itself cannot go on.
//!
//! | file | idea |
//! |---|---|
//! | `visit` | one feed: ask, read, plan, commit |
//! | `archive` | what fell out of a feed, off its archive (ET-53) |
//! | `fault` | what goes wrong in newswire itself is the feed's failure (REL-12) |
//! | `full_text` | bodies read off the pages of new articles |
//! | [`pass`] | many feeds at once, and one verdict on the network |
//! | `candidates` | feeds that may be asked, each site's in a queue of its own (REL-16) |
//! | `flight` | visits under way, their sites and leases |
//! | [`scheduler`] | claims feeds as they fall due, for as long as the daemon runs |
//! | `poll_all` | all that may be polled, by one signal |
//! | `push` | hubs that tell of news, and what they push (ET-50) |
//! | `poll_cost` | the cost of a poll, which all plans share |
//! | [`outage`] | is it the feed, or are we offline (ET-30) |
//! | [`add`] | a new subscription: ask once, find the feed behind a page |
//! | [`report`] | what a pass did |

pub mod add;
mod archive;
mod candidates;
pub mod document;
mod fault;
mod flight;
mod full_text;
pub mod outage;
pub mod pass;
mod poll_all;
mod poll_cost;
mod push;
pub mod report;
pub mod scheduler;
#[cfg(test)]
mod tests;
mod visit;

pub use add::{AddError, Added};
pub use fault::VISIT_MAX;
pub use push::WebSub;
pub use report::{PassReport, Progress};

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use prometheus_client::metrics::histogram::Histogram;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::{self, Clock, Moment};
use crate::fetch::{self, Fetcher};
use crate::memory::MemoryBudget;
use crate::model::{FeedRow, Network};
use crate::schedule::Policy;
use crate::store::{Claim, Store, StoreError};
use outage::Outage;
use poll_cost::SharedPollCost;

/// Documents read at the same time, beside one large one: each takes a core, and many times its size.
const READING_MAX: usize = 4;

/// Large documents read at the same time: each takes some hundred megabytes.
const READING_LARGE_MAX: usize = 1;

/// Visits that are read and wait for the disk: enough to be committed together, too few to fill the memory.
const READY_MAX: usize = 16;

/// What the store says of the network is looked at so often: other processes write it too.
const NETWORK_CHECK: Duration = Duration::from_secs(60);

/// Bounds of the histogram of [`Ingest::durations`], in seconds.
const DURATIONS: [f64; 10] = [0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0];

/// What the operator decides about polling.
#[derive(Debug, Clone)]
pub struct IngestOptions {
    /// When feeds are asked; ingest itself sets the cost of a poll.
    pub policy: Policy,
    /// Least time between two polls of a feed by command.
    pub manual_interval: Duration,
    /// Whether hubs are asked to tell of news, and where they reach us.
    pub websub: Option<WebSub>,
}

/// What is taken at a moment; all zero while nothing is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Load {
    /// By requests.
    pub fetch: fetch::Load,
    /// Documents that are being read, large ones excepted.
    pub reading: usize,
    /// Large documents that are being read.
    pub reading_large: usize,
    /// Visits that are read and not committed yet.
    pub committing: usize,
    /// Pushes of hubs that are being stored.
    pub pushes: usize,
}

/// Brings news from feeds into the store. One for the whole process.
#[derive(Debug)]
pub struct Ingest {
    store: Arc<Store>,
    fetcher: Arc<Fetcher>,
    clock: Clock,
    options: IngestOptions,
    outage: Mutex<Outage>,
    /// What the store knows of the network, and since when we know that it does.
    network_told: tokio::sync::Mutex<Option<(Network, Moment)>>,
    poll_cost: Arc<SharedPollCost>,
    clock_checked: AtomicBool,
    leases_checked: AtomicBool,
    /// Feeds of which the log says that their secrets are not sent.
    withheld_told: Mutex<HashSet<FeedRow>>,
    /// By how many ms the clock was set without the plans being moved yet.
    clock_set_by: AtomicI64,
    reading: Arc<Semaphore>,
    reading_large: Arc<Semaphore>,
    committing: Arc<Semaphore>,
    asking_hubs: AtomicBool,
    /// Pushes of hubs that are being stored.
    pushes: TaskTracker,
    durations: Histogram,
    /// The process ends: nothing more is asked for.
    stopping: CancellationToken,
}

impl Ingest {
    /// Puts the parts together; asks nobody.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub fn new(
        store: Arc<Store>,
        fetcher: Arc<Fetcher>,
        clock: Clock,
        options: IngestOptions,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            fetcher,
            clock,
            options,
            poll_cost: Arc::new(SharedPollCost::load(&store)?),
            outage: Mutex::new(Outage::after(store.reads().network()?)),
            network_told: tokio::sync::Mutex::default(),
            store,
            clock_checked: AtomicBool::new(false),
            leases_checked: AtomicBool::new(false),
            withheld_told: Mutex::default(),
            clock_set_by: AtomicI64::new(0),
            reading: Arc::new(Semaphore::new(READING_MAX)),
            reading_large: Arc::new(Semaphore::new(READING_LARGE_MAX)),
            committing: Arc::new(Semaphore::new(READY_MAX)),
            asking_hubs: AtomicBool::new(false),
            pushes: TaskTracker::new(),
            durations: Histogram::new(DURATIONS),
            stopping: CancellationToken::new(),
        })
    }

    /// The memory that everything read off the network shares.
    pub fn memory(&self) -> &MemoryBudget {
        self.fetcher.memory()
    }

    /// How long polls took, in seconds: from the first request to the last byte.
    pub fn durations(&self) -> &Histogram {
        &self.durations
    }

    /// What is under way now.
    pub fn load(&self) -> Load {
        let taken = |all: usize, free: &Semaphore| all.saturating_sub(free.available_permits());
        Load {
            fetch: self.fetcher.load(),
            reading: taken(READING_MAX, &self.reading),
            reading_large: taken(READING_LARGE_MAX, &self.reading_large),
            committing: taken(READY_MAX, &self.committing),
            pushes: self.pushes.len(),
        }
    }

    /// Frees, once, the feeds that were being polled when another process died: they need not wait for their leases.
    async fn free_dead_leases(&self) -> Result<(), StoreError> {
        if self.leases_checked.load(Ordering::SeqCst) {
            return Ok(());
        }
        let now = self.clock.now();
        let freed = self.ask(move |store| store.free_dead_leases(now)).await?;
        self.leases_checked.store(true, Ordering::SeqCst);
        if freed > 0 {
            tracing::info!(
                feeds = freed,
                "{freed} feeds were being polled when newswire was killed; they are due again"
            );
        }
        Ok(())
    }

    /// Keeps in the store what was seen of the network, for commands and pages. That this fails is no reason to fail: it is
    /// written with the next visit.
    async fn tell_network(&self) {
        let mut told = self.network_told.lock().await;
        let seen = self.outage().network();
        if told
            .is_some_and(|(network, at)| network == seen && self.clock.elapsed(at) < NETWORK_CHECK)
        {
            return;
        }
        let written = self.ask(move |store| {
            if store.reads().network()? != seen {
                store.note_network(seen)?;
            }
            Ok(())
        });
        match written.await {
            Ok(()) => *told = Some((seen, self.clock.moment())),
            Err(e) => tracing::debug!("what was seen of the network was not kept: {e}"),
        }
    }

    fn outage(&self) -> MutexGuard<'_, Outage> {
        self.outage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says once a feed that its secrets are not sent where it is now, and what to do (SEC-23).
    fn tell_withheld(&self, claim: &Claim) {
        let Some(origin) = &claim.secrets_withheld else {
            return;
        };
        let mut told = self
            .withheld_told
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if told.insert(claim.feed) {
            tracing::warn!(
                feed.url = claim.url.as_str(),
                "feed \"{}\" has moved to {}: its credentials and headers were given for {origin} and are not sent there. \
                 If they are meant for it, give them with that address",
                claim.title,
                claim.url
            );
        }
    }

    /// Looks whether the machine's clock was set, and lets every wait last as long as it was meant to (ET-24, REL-07):
    /// a clock set forward makes nothing overdue, one set back puts nothing off. To be called before feeds are claimed.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be used; then it is tried again at the next call.
    pub async fn follow_clock(&self) -> Result<(), StoreError> {
        if !self.clock_checked.load(Ordering::SeqCst) {
            let now = self.clock.now();
            let wrong = self.ask(move |store| store.bound_times(now)).await?;
            self.clock_checked.store(true, Ordering::SeqCst);
            if wrong > 0 {
                tracing::warn!(
                    feeds = wrong,
                    "{wrong} feeds were polled in the future: the machine's clock was set back; they wait from now on"
                );
            }
        }
        let set = self.clock.follow();
        let by = self.clock_set_by.fetch_add(set, Ordering::SeqCst) + set;
        if by.unsigned_abs() < clock::STEP_MS {
            return Ok(());
        }
        self.ask(move |store| store.move_times(by)).await?;
        self.clock_set_by.fetch_sub(by, Ordering::SeqCst);
        let way = if by < 0 { "back" } else { "on" };
        let seconds = by.unsigned_abs() / 1000;
        tracing::warn!(
            "the machine's clock was put {way} by {seconds} s; every feed waits as long as it would have"
        );
        Ok(())
    }

    /// The store's answer to `ask`, which blocks, from a thread that may block.
    async fn ask<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let store = Arc::clone(&self.store);
        tokio::task::spawn_blocking(move || ask(&store))
            .await
            .map_err(|e| match e.try_into_panic() {
                Ok(panic) => StoreError::Internal(fault::said(&*panic)),
                Err(e) => StoreError::Internal(format!("a store call ended early: {e}")),
            })?
    }
}
