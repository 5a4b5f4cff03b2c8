//! [`Ingest`]: what all polls share, and how it calls the store. It must never block an async thread: the store blocks, so
//! calls go through [`Ingest::with_store`].

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicI64};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use prometheus_client::metrics::histogram::Histogram;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::options::IngestOptions;
use super::outage::Outage;
use super::panics;
use super::poll_cost::SharedPollCost;
use crate::clock::{Clock, Moment};
use crate::fetch::{self, Fetcher};
use crate::memory::MemoryBudget;
use crate::model::{FeedRow, Network};
use crate::store::{Store, StoreError};

/// Documents that are read at once, besides one large one. Each needs a core, and many times its size in memory.
pub const READING_MAX: usize = 4;
/// Large documents that are read at once: each needs some hundred megabytes.
const READING_LARGE_MAX: usize = 1;
/// Polls that are read and wait for the writer: enough to share transactions, too few to fill the memory.
const COMMITTING_MAX: usize = 16;

/// Buckets of the histogram of [`Ingest::durations`], in seconds.
const DURATIONS: [f64; 10] = [0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0];

/// Polls feeds and stores their articles. One for the whole process.
#[derive(Debug)]
pub struct Ingest {
    pub(super) store: Arc<Store>,
    pub(super) fetcher: Arc<Fetcher>,
    pub(super) clock: Clock,
    pub(super) options: IngestOptions,
    outage: Mutex<Outage>,
    /// The state of the network that is stored, and when this was checked.
    pub(super) network_stored: tokio::sync::Mutex<Option<(Network, Moment)>>,
    pub(super) poll_cost: Arc<SharedPollCost>,
    /// Whether times in the future were corrected.
    pub(super) times_checked: AtomicBool,
    /// Whether the leases of processes that died were freed.
    pub(super) leases_checked: AtomicBool,
    /// Feeds for which the log says that their secrets are not sent.
    pub(super) withheld_logged: Mutex<HashSet<FeedRow>>,
    /// By how many milliseconds the system clock was set without the stored times being moved yet.
    pub(super) clock_set_by: AtomicI64,
    pub(super) reading: Arc<Semaphore>,
    pub(super) reading_large: Arc<Semaphore>,
    pub(super) committing: Arc<Semaphore>,
    /// Whether subscription requests are being sent to hubs.
    pub(super) hubs_busy: AtomicBool,
    /// Pushes of hubs that are being stored.
    pub(super) pushes: TaskTracker,
    pub(super) durations: Histogram,
    /// The process is stopping: no more requests are made.
    pub(super) stopping: CancellationToken,
}

/// Resources in use; all zero while nothing is in progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Load {
    /// By requests.
    pub fetch: fetch::Load,
    /// Documents that are being read, without large ones.
    pub reading: usize,
    /// Large documents that are being read.
    pub reading_large: usize,
    /// Polls that are read and not yet committed.
    pub committing: usize,
    /// Pushes of hubs that are being stored.
    pub pushes: usize,
}

impl Ingest {
    /// Reads what an earlier process stored about the network and the cost of polls. Makes no requests.
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
            network_stored: tokio::sync::Mutex::default(),
            store,
            times_checked: AtomicBool::new(false),
            leases_checked: AtomicBool::new(false),
            withheld_logged: Mutex::default(),
            clock_set_by: AtomicI64::new(0),
            reading: Arc::new(Semaphore::new(READING_MAX)),
            reading_large: Arc::new(Semaphore::new(READING_LARGE_MAX)),
            committing: Arc::new(Semaphore::new(COMMITTING_MAX)),
            hubs_busy: AtomicBool::new(false),
            pushes: TaskTracker::new(),
            durations: Histogram::new(DURATIONS),
            stopping: CancellationToken::new(),
        })
    }

    /// The memory budget that everything read off the network shares.
    pub fn memory(&self) -> &MemoryBudget {
        self.fetcher.memory()
    }

    /// Durations of polls in seconds, from the first request to the last byte.
    pub fn durations(&self) -> &Histogram {
        &self.durations
    }

    /// What is in use now.
    pub fn load(&self) -> Load {
        let in_use = |all: usize, free: &Semaphore| all.saturating_sub(free.available_permits());
        Load {
            fetch: self.fetcher.load(),
            reading: in_use(READING_MAX, &self.reading),
            reading_large: in_use(READING_LARGE_MAX, &self.reading_large),
            committing: in_use(COMMITTING_MAX, &self.committing),
            pushes: self.pushes.len(),
        }
    }

    pub(super) fn outage(&self) -> MutexGuard<'_, Outage> {
        self.outage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls the store on a thread that may block.
    pub(super) async fn with_store<T: Send + 'static>(
        &self,
        call: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let store = Arc::clone(&self.store);
        tokio::task::spawn_blocking(move || call(&store))
            .await
            .map_err(|e| match e.try_into_panic() {
                Ok(panic) => panics::of_panic(&*panic),
                Err(e) => StoreError::Internal(format!("a store call was cancelled: {e}")),
            })?
    }
}
