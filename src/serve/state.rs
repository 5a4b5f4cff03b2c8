//! What all requests share. The store is only read on threads that may block, and by a limited number of requests at once.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::budget::{Reservation, ResponseBudget};
use super::cache::{Cache, Document};
use super::callback::HubCallback;
use super::error::HttpError;
use super::hosts::AllowedHosts;
use super::metrics::{Metrics, StoreNumbers};
use super::options::{Ready, ServeOptions, Server};
use super::pushes::Pushes;
use crate::clock::Clock;
use crate::merged::{BaseUrl, LinkToken, List, ListRequest};
use crate::model::{DaemonInfo, Seq};
use crate::store::{Reads, Stop};

/// Concurrent reads of the store: as many as it keeps connections for.
const READS_MAX: usize = 4;

/// Concurrent reads for other responses than [`Cost::Shared`]: one read is left for those, however many different addresses
/// a client asks for.
const UNSHARED_READS_MAX: usize = READS_MAX - 1;

/// Concurrent searches: an expensive expression must not delay the feeds.
const SEARCHES_MAX: usize = 2;

/// Tenths of the memory for responses that cached documents may take.
const CACHE_TENTHS: usize = 3;

/// Time limit of a search, without its wait for a permit (SEC-21).
const SEARCH_TIME_MAX: Duration = Duration::from_secs(4);

/// The state as handlers get it.
pub type Shared = Arc<State>;

/// What all requests share.
pub struct State {
    /// The operator's options.
    pub options: ServeOptions,
    /// The base of our URLs.
    pub base: BaseUrl,
    /// The host names that the server answers to.
    pub hosts: AllowedHosts,
    /// Readiness, for `/readyz`.
    pub ready: Ready,
    /// The handler of hubs' requests, if WebSub is configured.
    pub callback: Option<HubCallback>,
    /// This daemon, for the API.
    pub daemon: Option<DaemonInfo>,
    /// The clock.
    pub clock: Clock,
    /// The counters.
    pub metrics: Metrics,
    /// Rendered documents.
    pub cache: Cache,
    /// The last numbers of the store; locked while they are counted.
    pub store_numbers: tokio::sync::Mutex<Option<Arc<StoreNumbers>>>,
    /// The memory of all responses.
    pub budget: ResponseBudget,
    /// The limit of concurrent pushes.
    pub pushes: Pushes,
    reads: Reads,
    sequence: watch::Receiver<Seq>,
    read_permits: Arc<Semaphore>,
    unshared_permits: Arc<Semaphore>,
    search_permits: Arc<Semaphore>,
    message_permits: Arc<Semaphore>,
}

/// Messages to `/mcp` that are received at once.
pub const MESSAGES_MAX: usize = 32;

/// What a read of the store costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cost {
    /// An index answers it, and all clients get the same document; there are few such documents.
    Shared,
    /// An index answers it.
    Small,
    /// An expression of the client is evaluated.
    Search,
}

impl Cost {
    /// The cost of a list. Without parameters it is the same document for all clients.
    pub fn of(request: &ListRequest) -> Self {
        match request.list {
            List::Search(_) => Self::Search,
            _ if request.is_plain() => Self::Shared,
            _ => Self::Small,
        }
    }
}

impl State {
    /// The state of a server that starts.
    pub fn new(server: Server, base: BaseUrl) -> Self {
        let bytes_max = server.options.limits.response_bytes_max;
        Self {
            hosts: AllowedHosts::new(&server.options),
            options: server.options,
            base,
            ready: server.ready,
            callback: server.callback,
            daemon: server.daemon,
            clock: server.clock,
            metrics: Metrics::new(server.registry),
            cache: Cache::new(bytes_max / 10 * CACHE_TENTHS),
            store_numbers: tokio::sync::Mutex::new(None),
            budget: ResponseBudget::new(bytes_max),
            pushes: Pushes::default(),
            reads: server.reads,
            sequence: server.sequence,
            read_permits: Arc::new(Semaphore::new(READS_MAX)),
            unshared_permits: Arc::new(Semaphore::new(UNSHARED_READS_MAX)),
            search_permits: Arc::new(Semaphore::new(SEARCHES_MAX)),
            message_permits: Arc::new(Semaphore::new(MESSAGES_MAX)),
        }
    }

    /// The last known sequence of the store.
    pub fn sequence(&self) -> Seq {
        *self.sequence.borrow()
    }

    /// The valid token in a request's query, for the links to the feed that it opens.
    pub fn link_token(&self, query: &str) -> Option<LinkToken> {
        self.options.tokens.as_ref()?.link_token(query)
    }

    /// The valid token in a request's query, for links to pages: only one that opens every page.
    pub fn page_token(&self, query: &str) -> Option<LinkToken> {
        self.link_token(query)?.for_pages()
    }

    /// Renders a document with a reservation of the budget. `work` must reserve what it reads and writes, before or as it
    /// does so.
    ///
    /// # Errors
    /// What `work` returns.
    pub async fn render(
        self: &Arc<Self>,
        cost: Cost,
        work: impl FnOnce(&State, &Reads, Reservation) -> Result<Document, HttpError> + Send + 'static,
    ) -> Result<Document, HttpError> {
        let reservation = self.budget.start().await;
        self.read(cost, move |state, reads| {
            state.metrics.renderings.inc();
            work(state, reads, reservation)
        })
        .await
    }

    /// The permission to receive a message of a client, which may take its time.
    ///
    /// # Errors
    /// [`HttpError::Busy`] if [`MESSAGES_MAX`] are being received: slow ones must not take all connections.
    pub fn message_permit(&self) -> Result<OwnedSemaphorePermit, HttpError> {
        let permit = Arc::clone(&self.message_permits).try_acquire_owned();
        permit.map_err(|_| {
            HttpError::Busy("too many messages are being received; try again".to_owned())
        })
    }

    /// Runs `work` on a thread that may block, as soon as its permits are free. If the returned future is dropped, because
    /// the client is gone or its time is over, a search is stopped; other work is short and runs to its end.
    ///
    /// # Errors
    /// What `work` returns; [`HttpError::Internal`] if it panics.
    pub async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        cost: Cost,
        work: impl FnOnce(&State, &Reads) -> Result<T, HttpError> + Send + 'static,
    ) -> Result<T, HttpError> {
        let search = match cost {
            Cost::Search => Some(permit(&self.search_permits).await?),
            Cost::Shared | Cost::Small => None,
        };
        let unshared = match cost {
            Cost::Shared => None,
            Cost::Small | Cost::Search => Some(permit(&self.unshared_permits).await?),
        };
        let read = permit(&self.read_permits).await?;
        let state = Arc::clone(self);
        let stop = match cost {
            Cost::Search => Stop::after(SEARCH_TIME_MAX),
            Cost::Shared | Cost::Small => Stop::default(),
        };
        let reads = self.reads.stopping(stop.clone());
        let _cancel = (cost == Cost::Search).then(|| CancelOnDrop(stop));
        let done = tokio::task::spawn_blocking(move || {
            let _permits = (search, unshared, read);
            work(&state, &reads)
        });
        done.await.unwrap_or_else(|e| {
            tracing::error!(error = %e, "a request panicked");
            Err(HttpError::Internal)
        })
    }
}

/// Stops a search when its result is no longer awaited.
struct CancelOnDrop(Stop);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

async fn permit(of: &Arc<Semaphore>) -> Result<tokio::sync::OwnedSemaphorePermit, HttpError> {
    // The semaphores are never closed.
    let permit = Arc::clone(of).acquire_owned().await;
    permit.map_err(|_| HttpError::Internal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::Registry;
    use crate::store::{Selection, Store, StoreOptions};

    fn state(dir: &std::path::Path) -> Shared {
        let clock = Clock::manual(crate::model::Time::EPOCH);
        let options = StoreOptions {
            path: dir.join("newswire.db"),
            synchronous_full: false,
            dedup_window: Duration::ZERO,
            dedup_near: false,
        };
        let store = Store::open(&options, clock.clone()).unwrap();
        let server = Server {
            reads: store.reads().clone(),
            options: ServeOptions::default(),
            sequence: watch::channel(Seq::default()).1,
            ready: Arc::new(|| Ok(())),
            registry: Arc::new(Registry::default()),
            callback: None,
            daemon: None,
            clock,
        };
        Arc::new(State::new(server, BaseUrl::listening(None)))
    }

    #[tokio::test]
    async fn sec_21_a_search_stops_when_its_request_is_dropped() {
        let dir = tempfile::tempdir().unwrap();
        let state = state(dir.path());
        let (began, begins) = tokio::sync::oneshot::channel();
        let (ended, ends) = tokio::sync::oneshot::channel();
        let search = state.read(Cost::Search, move |_, reads| {
            let _ = began.send(());
            let selection = Selection {
                expr: Some(crate::query::parse("boats").unwrap()),
                ..Selection::default()
            };
            // Runs until it is stopped.
            while reads.stories(&selection).is_ok() {}
            let _ = ended.send(());
            Ok(())
        });
        tokio::select! {
            _ = search => unreachable!("it was not stopped"),
            begun = begins => begun.unwrap(),
        }
        ends.await.unwrap();
    }
}
