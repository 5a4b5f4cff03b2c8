//! L4: the daemon. It starts everything in order (lock, store, feeds and topics, sockets, then the tasks, then READY=1), watches
//! the tasks, and stops them in order. If a task ends without being asked to, the process ends, so that systemd restarts it: the
//! daemon never continues with a part missing.
//!
//! | file | purpose |
//! |---|---|
//! | `running` | the running daemon: its tasks, signals, reloads, the end |
//! | `task`, `tasks` | the long-running tasks |
//! | `error` | why it cannot start, or ended |
//! | [`parts`] | builds fetcher, ingest and store from the configuration; commands use it too |
//! | [`lock`] | one daemon per store |
//! | [`sample`] | the fictional newspapers of the sample |
//! | `sockets` | the listening sockets: inherited from systemd, or its own |
//! | `signals` | TERM and INT stop, HUP reloads, USR1 polls |
//! | `reload` | which changes of the configuration a reload applies |
//! | `heartbeat` | progress of the scheduler, for `/readyz` and the watchdog |
//! | `systemd` | readiness and watchdog messages to systemd |
//! | `publish` | notifies our WebSub hub of changes |
//! | `maintenance` | retention, topics with relative times, changes by other processes |
//! | `gauges`, `notifications`, `process` | metrics of polling, of notifications and of the process |

mod error;
mod gauges;
mod heartbeat;
pub mod lock;
mod maintenance;
mod notifications;
pub mod parts;
mod process;
mod publish;
mod reload;
mod running;
pub mod sample;
mod signals;
mod sockets;
mod systemd;
mod task;
mod tasks;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Clock;
use crate::config::{Config, ConfigFlags};
use crate::model::DaemonInfo;
use crate::serve::Listener;
use crate::store::{Reads, Store, StoreError};
pub use error::DaemonError;
use lock::Lock;
pub use running::RunOptions;
use running::{Daemon, Sockets};
use sample::SampleServer;
pub use task::Task;

/// Time limit of the check of the store's pages before the start, which must be ready within a second (REL-08).
const CHECK_TIME_MAX: Duration = Duration::from_millis(400);

/// Runs until a signal stops it. `flags` are those that `config` was read with; a reload reads it again.
///
/// # Errors
/// [`DaemonError`] if it cannot start, or if one of its tasks fails.
pub async fn run(
    flags: ConfigFlags,
    config: Config,
    clock: Clock,
    what: RunOptions,
) -> Result<(), DaemonError> {
    parts::check_store_directory(&config)?;
    let mut lock = Lock::take(&config.store.path)?;
    let signals = signals::listen();
    let store = open_store(config.clone(), clock.clone()).await?;
    let listeners = if what.serve {
        sockets::open(&config.server.listen).await?
    } else {
        Vec::new()
    };
    let sample = sample_server(&store, &config, &clock)?;
    let addresses = listeners.iter().map(Listener::name).collect();
    let info = DaemonInfo::of_this_process(clock.now(), addresses);
    lock.describe(&info);
    let daemon = Daemon::new(Arc::new(store), clock, info, &config, sample.as_ref());
    let sockets = Sockets { listeners, sample };
    daemon.run(flags, config, what, sockets, signals).await
}

/// Opens the store and applies the feeds and topics of the configuration.
async fn open_store(config: Config, clock: Clock) -> Result<Store, DaemonError> {
    let open = move || {
        check_pages(&config.store.path)?;
        let store = Store::open(&config.store_options(), clock)?;
        if config.is_sample && !sample::snapshot::may_use(&store, &config)? {
            return Err(DaemonError::NotASample(config.store.path.clone()));
        }
        parts::apply(&config, &store)?;
        Ok(store)
    };
    tokio::task::spawn_blocking(open)
        .await
        .map_err(|e| DaemonError::Opening(e.to_string()))?
}

/// The server of the sample's newspapers, if the store is a sample or becomes one.
fn sample_server(
    store: &Store,
    config: &Config,
    clock: &Clock,
) -> Result<Option<SampleServer>, DaemonError> {
    let Some(at) = sample::snapshot::time_of(store, config.is_sample, clock.now())? else {
        return Ok(None);
    };
    let server = SampleServer::bind(at, &[sample::PORT, 0])?;
    let address = server.address();
    if address.port() != sample::PORT {
        tracing::warn!(
            "port {} is in use, so the newspapers of the sample are served at {address}. Their feeds are polled as usual, but \
             links to their articles lead to the program that uses the port; stop it and restart newswire",
            sample::PORT
        );
    }
    Ok(Some(server))
}

/// REL-03: refuses a damaged store before anything is written to it. A store of an older version is upgraded later.
fn check_pages(path: &Path) -> Result<(), StoreError> {
    match Reads::open(path) {
        Ok(reads) => reads.glance(CHECK_TIME_MAX),
        Err(_) => Ok(()), // opening it for writing gives the error
    }
}
