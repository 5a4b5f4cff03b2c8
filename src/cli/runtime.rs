//! What commands that poll feeds share: the tokio runtime, the ingest, and the handling of Ctrl-C.

use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::context::Context;
use super::exit::{Exit, Failure};
use crate::clock::Clock;
use crate::config::Config;
use crate::daemon::sample::{self, SampleServer};
use crate::daemon::{DaemonError, parts};
use crate::fetch::{FetchSetupError, LocalHosts, Page};
use crate::ingest::Ingest;
use crate::model::WebUrl;
use crate::store::Store;

/// Minimum number of worker threads. A server that sends endless interim responses keeps a thread busy until the visit times
/// out, so that with one thread per core a few such servers would block all other visits (REL-04).
const THREADS_MIN: usize = 8;
/// Maximum number of worker threads, so that all threads stay below `TasksMax=64` of the systemd unit.
const THREADS_MAX: usize = 12;

/// Maximum number of threads for blocking calls. With the workers, the lookup threads (`fetch::lookup`) and the writer they stay
/// below `TasksMax=64` of the systemd unit: if a thread cannot be started, its task never runs.
const BLOCKING_MAX: usize = 24;

/// The runtime for network requests.
pub fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let workers = cores.clamp(THREADS_MIN, THREADS_MAX);
    let begun = AtomicUsize::new(0);
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(workers)
        .max_blocking_threads(BLOCKING_MAX)
        // The workers start first. `top -H` and `benches/ingest` attribute CPU time by these names.
        .thread_name_fn(move || match begun.fetch_add(1, Ordering::Relaxed) {
            n if n < workers => format!("worker-{n}"),
            n => format!("blocking-{}", n - workers),
        })
        .enable_all()
        .build()
        .map_err(|e| Failure::new(Exit::Internal, format!("cannot start the runtime: {e}")))
}

/// The ingest that writes to this store.
pub fn ingest(cx: &Context, config: &Config, store: Store) -> Result<Arc<Ingest>, Failure> {
    let sample_hosts = serve_sample(&store, cx)?;
    let fetcher = parts::fetcher_with(config, &cx.clock, sample_hosts)?;
    Ok(parts::ingest(config, Arc::new(store), fetcher, &cx.clock)?)
}

/// Serves the newspapers of a sample store on a thread of its own until the process ends, because the daemon may not be running.
fn serve_sample(store: &Store, cx: &Context) -> Result<Option<LocalHosts>, Failure> {
    let Some(at) = sample::snapshot::time_of(store, false, cx.clock.now())? else {
        return Ok(None);
    };
    let server = SampleServer::bind(at, &[0]).map_err(DaemonError::Bind)?;
    let hosts = server.hosts();
    let serve = move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.map(|runtime| runtime.block_on(server.serve(CancellationToken::new())))
    };
    let served = std::thread::Builder::new().spawn(serve);
    served.map_err(|e| Failure::new(Exit::Internal, format!("cannot start a thread: {e}")))?;
    Ok(Some(hosts))
}

/// Fetches a document once, under the rules of the configuration.
///
/// # Errors
/// Exit 66 if it cannot be fetched.
pub fn get(config: &Config, clock: &Clock, url: &WebUrl, accept: &str) -> Result<Page, Failure> {
    let fetcher = parts::fetcher(config, clock)?;
    let cancel = CancellationToken::new();
    runtime()?
        .block_on(fetcher.get(url, accept, usize::MAX, &cancel))
        .map_err(|e| Failure::missing(format!("cannot fetch {url}: {}", e.message)))
}

/// A token that the first SIGINT or SIGTERM cancels, for an orderly stop; a second signal exits at once. Must be called inside
/// a runtime.
pub fn stopped_by_signals() -> Result<CancellationToken, Failure> {
    let failed =
        |e: std::io::Error| Failure::new(Exit::Internal, format!("cannot wait for signals: {e}"));
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let cancel = CancellationToken::new();
    let token = cancel.clone();
    tokio::spawn(async move {
        for again in [false, true] {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            if again {
                std::process::exit(Exit::Failed as i32);
            }
            token.cancel();
        }
    });
    Ok(cancel)
}

impl From<FetchSetupError> for Failure {
    fn from(error: FetchSetupError) -> Self {
        Self::new(Exit::Config, error.to_string())
    }
}
