//! What all requests share. Every read of the store happens on a thread that may block, and only so many at once.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, watch};

use super::budget::{AnswerBudget, Reservation};
use super::cache::{Cache, Document};
use super::callback::HubCallback;
use super::error::HttpError;
use super::hosts::Hosts;
use super::metrics::{Metrics, StoreNumbers};
use super::options::{Ready, ServeOptions, Server};
use super::pushes::Pushes;
use crate::clock::Clock;
use crate::merged::{BaseUrl, LinkToken, List, ListRequest};
use crate::model::Seq;
use crate::store::{Reads, Stop};

/// Reads of the store at once: as many as it keeps connections for.
const READS_MAX: usize = 4;

/// Of these, reads for answers that few ask for: one is left for those that all readers share, however many addresses
/// somebody makes up.
const OTHERS_MAX: usize = READS_MAX - 1;

/// Of these, searches: a costly expression must not hold up the feeds.
const SEARCHES_MAX: usize = 2;

/// Tenths of the memory of all answers that rendered documents are kept in, so that there is always room for what is not
/// kept.
const CACHED_TENTHS: usize = 3;

/// Longest time a search takes (SEC-21), from its turn on.
const SEARCH_TIME: Duration = Duration::from_secs(4);

/// Shared by all requests.
pub type Shared = Arc<State>;

/// What all requests share.
pub struct State {
    /// What the operator decided.
    pub options: ServeOptions,
    /// Where this server is for its readers.
    pub base: BaseUrl,
    /// The names that it answers to.
    pub hosts: Hosts,
    /// The answer of `/readyz`.
    pub ready: Ready,
    /// The callback of hubs.
    pub callback: Option<HubCallback>,
    /// The clock.
    pub clock: Clock,
    /// What is counted.
    pub metrics: Metrics,
    /// What was rendered.
    pub cache: Cache,
    /// What the store counted last; whoever counts holds it.
    pub numbers: tokio::sync::Mutex<Option<Arc<StoreNumbers>>>,
    /// The memory of all answers.
    pub budget: AnswerBudget,
    /// Leave to take what a hub pushes.
    pub pushes: Pushes,
    reads: Reads,
    sequence: watch::Receiver<Seq>,
    reading: Arc<Semaphore>,
    others: Arc<Semaphore>,
    searching: Arc<Semaphore>,
}

/// What a read may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cost {
    /// An index answers it, and it is the same for all who ask: there are only so many such answers.
    Shared,
    /// An index answers it.
    Small,
    /// An expression of the request decides.
    Search,
}

impl Cost {
    /// The cost of a list. Without parameters it is the same document for all readers.
    pub fn of(request: &ListRequest) -> Self {
        match request.list {
            List::Search(_) => Self::Search,
            _ if request.is_plain() => Self::Shared,
            _ => Self::Small,
        }
    }
}

impl State {
    /// Nothing asked yet.
    pub fn new(server: Server, base: BaseUrl) -> Self {
        let bytes_max = server.options.limits.answer_bytes_max;
        Self {
            hosts: Hosts::of(&server.options),
            options: server.options,
            base,
            ready: server.ready,
            callback: server.callback,
            clock: server.clock,
            metrics: Metrics::new(server.registry),
            cache: Cache::new(bytes_max / 10 * CACHED_TENTHS),
            numbers: tokio::sync::Mutex::new(None),
            budget: AnswerBudget::new(bytes_max),
            pushes: Pushes::default(),
            reads: server.reads,
            sequence: server.sequence,
            reading: Arc::new(Semaphore::new(READS_MAX)),
            others: Arc::new(Semaphore::new(OTHERS_MAX)),
            searching: Arc::new(Semaphore::new(SEARCHES_MAX)),
        }
    }

    /// The last sequence that was told.
    pub fn sequence(&self) -> Seq {
        *self.sequence.borrow()
    }

    /// The token that a request gave in its address: links to the feed that it opens carry it on.
    pub fn carried(&self, query: &str) -> Option<LinkToken> {
        self.options.tokens.as_ref()?.carried(query)
    }

    /// The same for links to pages: only a token that opens every page.
    pub fn carried_by_pages(&self, query: &str) -> Option<LinkToken> {
        self.carried(query)?.for_pages()
    }

    /// Renders a document in a reservation of the budget. What is read for it, and what is written, is reserved before it
    /// is there or as it comes.
    pub async fn render(
        self: &Arc<Self>,
        cost: Cost,
        work: impl FnOnce(&State, &Reads, Reservation) -> Result<Document, HttpError> + Send + 'static,
    ) -> Result<Document, HttpError> {
        let room = self.budget.begin().await;
        self.read(cost, move |state, reads| {
            state.metrics.renderings.inc();
            work(state, reads, room)
        })
        .await
    }

    /// Does `work` on a thread that may block, when it is its turn. A client that goes away, or that was told that it takes
    /// too long, ends the wait, and a search with it; other work is bounded, and ends by itself.
    pub async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        cost: Cost,
        work: impl FnOnce(&State, &Reads) -> Result<T, HttpError> + Send + 'static,
    ) -> Result<T, HttpError> {
        let search = match cost {
            Cost::Search => Some(turn(&self.searching).await?),
            Cost::Shared | Cost::Small => None,
        };
        let other = match cost {
            Cost::Shared => None,
            Cost::Small | Cost::Search => Some(turn(&self.others).await?),
        };
        let read = turn(&self.reading).await?;
        let state = Arc::clone(self);
        let stop = match cost {
            Cost::Search => Stop::after(SEARCH_TIME),
            Cost::Shared | Cost::Small => Stop::default(),
        };
        let reads = self.reads.stopping(stop.clone());
        let _stopper = (cost == Cost::Search).then(|| Stopper(stop));
        let done = tokio::task::spawn_blocking(move || {
            let _turns = (search, other, read);
            work(&state, &reads)
        });
        done.await.unwrap_or_else(|e| {
            tracing::error!(error = %e, "a request panicked");
            Err(HttpError::Internal)
        })
    }
}

/// Stops a search whose answer is not waited for any more.
struct Stopper(Stop);

impl Drop for Stopper {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

async fn turn(of: &Arc<Semaphore>) -> Result<tokio::sync::OwnedSemaphorePermit, HttpError> {
    // The semaphores are never closed.
    let turn = Arc::clone(of).acquire_owned().await;
    turn.map_err(|_| HttpError::Internal)
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
            sequence: watch::channel(0).1,
            ready: Arc::new(|| Ok(())),
            registry: Arc::new(Registry::default()),
            callback: None,
            clock,
        };
        Arc::new(State::new(server, BaseUrl::listening(None)))
    }

    #[tokio::test]
    async fn sec_21_a_search_ends_when_nobody_waits_for_it() {
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
            // Searches for as long as it is let.
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
