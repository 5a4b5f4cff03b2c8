//! L4: the daemon. Starts the rooms in order, watches over them, and stops them in order: lock, store, feeds and topics,
//! sockets, then scheduler, server, maintenance and watchdog, then READY=1. A task that ends unasked ends the process,
//! for systemd to start it anew. Never carries on half alive.
//!
//! | file | idea |
//! |---|---|
//! | [`parts`] | the configuration taken apart, the rooms put together; commands use it too |
//! | [`lock`] | one daemon a store |
//! | [`press`] | the made-up papers of the sample |
//! | `publish` | our own hub hears of changes |
//! | `gauges` | what polling has under way, for `/metrics` |
//! | `process` | the process in numbers, for `/metrics` |
//! | `heartbeat` | proof of progress, for `/readyz` and the watchdog |
//! | `sockets` | where it listens: inherited from systemd, or its own |
//! | `signals` | TERM and INT stop, HUP reloads, USR1 polls |
//! | `upkeep` | retention, topics kept true, other processes' writes noticed, the watchdog |

mod error;
mod gauges;
mod heartbeat;
pub mod lock;
pub mod parts;
pub mod press;
mod process;
mod publish;
mod signals;
mod sockets;
mod systemd;
mod upkeep;

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use sd_notify::NotifyState;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::config::{self, Config, ConfigError, Given, WebSubConfig};
use crate::fetch::LocalHosts;
use crate::ingest::Ingest;
use crate::ingest::scheduler::Wish;
use crate::merged::BaseUrl;
use crate::model::{HubReply, Seq};
use crate::serve::{HubCallback, Limits, Listener, Registry, ServeOptions, Server};
use crate::store::{Reads, Store, StoreError};
pub use error::DaemonError;
use heartbeat::Heartbeat;
use lock::{Daemon, Lock};
use press::Press;
use publish::Publisher;
use signals::Signal;
use systemd::notify;

/// Everything must have stopped so long after the signal (REL-08).
const STOP_MAX: Duration = Duration::from_millis(4500);

/// How long the pages of the store are looked at before the start: it is to be ready within a second (REL-08).
const LOOK_MAX: Duration = Duration::from_millis(400);

/// Which halves of the daemon run.
#[derive(Debug, Clone, Copy)]
pub struct RunOptions {
    /// Whether feeds are polled.
    pub fetch: bool,
    /// Whether the HTTP server runs.
    pub serve: bool,
}

/// Runs until a signal stops it. `given` is where `config` came from, for reloads.
///
/// # Errors
/// [`DaemonError`] if it cannot start, or if one of its tasks fails.
pub async fn run(
    given: Given,
    config: Config,
    clock: Clock,
    what: RunOptions,
) -> Result<(), DaemonError> {
    parts::check_place(&config)?;
    let mut lock = Lock::take(&config.store.path)?;
    let signals = signals::listen();
    let store = {
        let (config, clock) = (config.clone(), clock.clone());
        tokio::task::spawn_blocking(move || {
            look_at(&config.store.path)?;
            let store = Store::open(&config.store_options(), clock.clone())?;
            if config.is_sample && !press::edition::may_take(&store, &config)? {
                return Err(DaemonError::NotASample(config.store.path.clone()));
            }
            parts::apply(&config, &store)?;
            Ok(store)
        })
        .await
        .map_err(|e| ended("opening the store", &e))??
    };
    let store = Arc::new(store);
    let listeners = if what.serve {
        sockets::open(&config.server.listen).await?
    } else {
        Vec::new()
    };
    let press = press_of(&store, &config, &clock)?;
    let addresses = listeners.iter().map(Listener::name).collect();
    lock.describe(&Daemon::this(clock.now(), addresses));
    let house = House {
        tasks: Tasks::new(),
        heartbeat: Arc::new(Heartbeat::new(config.fetch.timeout)),
        store,
        clock,
        press: press.as_ref().map(Press::hosts),
    };
    house
        .run(given, config, what, (listeners, press), signals)
        .await
}

/// The press of a store that is a sample, or is to be one.
fn press_of(store: &Store, config: &Config, clock: &Clock) -> Result<Option<Press>, DaemonError> {
    let Some(edition) = press::edition::of_store(store, config.is_sample, clock.now())? else {
        return Ok(None);
    };
    let press = Press::bind(edition, &[press::PORT, 0])?;
    let address = press.address();
    if address.port() != press::PORT {
        tracing::warn!(
            "port {} is in use, so the papers of the sample are served at {address}. They are polled as usual, but links to \
             their articles lead to the program that has the port; stop it and restart newswire",
            press::PORT
        );
    }
    Ok(Some(press))
}

/// REL-03: a damaged store is refused before anything is written to it. One of an older version is brought up to date
/// first.
fn look_at(path: &std::path::Path) -> Result<(), StoreError> {
    match Reads::open(path) {
        Ok(reads) => reads.glance(LOOK_MAX),
        Err(_) => Ok(()), // whatever it is, opening it for writing says it
    }
}

/// What hubs say, carried from the server to ingest.
fn callback_of(config: &Config, ingest: &Arc<Ingest>) -> Option<HubCallback> {
    config.websub.callback_url.as_ref()?;
    let memory = ingest.memory().clone();
    let ingest = Arc::downgrade(ingest);
    Some(HubCallback {
        memory,
        body_bytes_max: usize::try_from(config.fetch.max_body_bytes).unwrap_or(usize::MAX),
        handler: Arc::new(move |path, call| {
            let ingest = ingest.upgrade();
            Box::pin(async move {
                match ingest {
                    Some(ingest) => ingest.answer_hub(path, call).await,
                    None => HubReply::Later,
                }
            })
        }),
    })
}

/// The rooms, running.
struct House {
    tasks: Tasks,
    heartbeat: Arc<Heartbeat>,
    store: Arc<Store>,
    clock: Clock,
    /// The papers of the sample, where the store is one.
    press: Option<LocalHosts>,
}

impl House {
    async fn run(
        mut self,
        given: Given,
        config: Config,
        what: RunOptions,
        (listeners, press): (Vec<Listener>, Option<Press>),
        mut signals: mpsc::Receiver<Signal>,
    ) -> Result<(), DaemonError> {
        let (wish, wishes) = mpsc::channel(1);
        let mut config = config;
        if listeners.is_empty() {
            // Nobody could call us, nor read what we tell of.
            config.websub = WebSubConfig::default();
        }
        if let Some(press) = press {
            let served = press.serve(self.tasks.cancel.clone());
            let served = async move { served.await.map_err(DaemonError::Bind) };
            self.tasks.spawn("the press of the sample", served);
        }
        let pages = listeners.iter().find_map(Listener::address);
        let sample = self.press.as_ref().map(|_| sample_told(&config, pages));
        let mut callback = None;
        let mut registry = Registry::default();
        if what.fetch {
            let fetcher = parts::fetcher_with(&config, &self.clock, self.press.clone())?;
            let ingest = parts::ingest(&config, Arc::clone(&self.store), fetcher, &self.clock)?;
            callback = callback_of(&config, &ingest);
            gauges::register(&mut registry, &ingest);
            self.schedule(ingest, wishes, sample);
        } else if let Some(sample) = sample {
            tracing::info!("{sample}");
        }
        let (sequence_in, sequence) = watch::channel(self.store.reads().sequence()?);
        self.publish(&config, &sequence)?;
        if !listeners.is_empty() {
            process::register(&mut registry, self.clock.now());
            let of_ingest = (callback, registry);
            self.serve(&config, listeners, sequence, what.fetch, of_ingest);
        }
        self.keep_up(&config, sequence_in, what.fetch);
        notify(&[
            NotifyState::Ready,
            NotifyState::Status(&status(&config, what)),
        ]);
        tracing::info!(
            "newswire {} runs on {}",
            env!("CARGO_PKG_VERSION"),
            config.store.path.display()
        );
        let outcome = loop {
            tokio::select! {
                signal = signals.recv() => match signal {
                    Some(Signal::Reload) => self.reload(&given, &mut config).await,
                    Some(Signal::PollAll) => {
                        // One is enough: a second wish before the first is heard says the same.
                        let _ = wish.try_send(Wish::PollAll);
                    }
                    Some(Signal::Stop) | None => break Ok(()),
                },
                ended = self.tasks.ended() => break Err(ended),
            }
        };
        notify(&[NotifyState::Stopping]);
        self.stop().await;
        outcome
    }

    /// `sample`: what is told when the papers of the sample were polled, which they are first.
    fn schedule(
        &mut self,
        ingest: Arc<Ingest>,
        wishes: mpsc::Receiver<Wish>,
        sample: Option<String>,
    ) {
        let (cancel, heartbeat) = (self.tasks.cancel.clone(), Arc::clone(&self.heartbeat));
        let reads = self.store.reads().clone();
        self.tasks.spawn("the scheduler", async move {
            if let Some(sample) = sample {
                if let Err(e) = press::first_polls(&ingest, &reads, &cancel).await {
                    tracing::warn!("the papers of the sample are polled later: {e}");
                }
                tracing::info!("{sample}");
            }
            ingest
                .run(cancel, wishes, &|beat| heartbeat.note(beat))
                .await
                .map_err(DaemonError::Store)
        });
    }

    fn publish(
        &mut self,
        config: &Config,
        sequence: &watch::Receiver<Seq>,
    ) -> Result<(), DaemonError> {
        let (Some(hub), Some(public)) = (&config.websub.hub, &config.server.public_url) else {
            return Ok(());
        };
        let publisher = Publisher {
            hub: hub.clone(),
            base: BaseUrl::public(public),
            fetcher: parts::fetcher(config, &self.clock)?,
            reads: self.store.reads().clone(),
        };
        self.tasks
            .spawn("the word to the hub", publisher.run(sequence.clone()));
        Ok(())
    }

    fn serve(
        &mut self,
        config: &Config,
        listeners: Vec<Listener>,
        sequence: watch::Receiver<Seq>,
        fetches: bool,
        (callback, registry): (Option<HubCallback>, Registry),
    ) {
        let (heartbeat, store) = (Arc::clone(&self.heartbeat), Arc::downgrade(&self.store));
        let server = Server {
            reads: self.store.reads().clone(),
            options: ServeOptions {
                title: config.server.title.clone(),
                public_url: config.server.public_url.clone(),
                allowed_hosts: config.server.allowed_hosts.clone(),
                callback_url: config.websub.callback_url.clone(),
                hub: config.websub.hub.clone(),
                tokens: config.server.tokens.clone(),
                page_size: config.server.page_size,
                is_sample: self.press.is_some(),
                size_warning: config.store.size_warning,
                zone: jiff::tz::TimeZone::system(),
                images: config.server.images,
                limits: Limits::default(),
            },
            sequence,
            ready: Arc::new(move || {
                if store.upgrade().is_none_or(|s| !s.is_alive()) {
                    Err("the store's writer has stopped".to_owned())
                } else if fetches {
                    heartbeat.check()
                } else {
                    Ok(())
                }
            }),
            registry: Arc::new(registry),
            callback,
            clock: self.clock.clone(),
        };
        let cancel = self.tasks.cancel.clone();
        self.tasks.spawn("the HTTP server", async move {
            server.run(listeners, cancel).await;
            Ok(())
        });
    }

    fn keep_up(&mut self, config: &Config, sequence: watch::Sender<Seq>, fetches: bool) {
        let reads = self.store.reads().clone();
        self.tasks.spawn(
            "the look for changes",
            upkeep::watch_sequence(reads, sequence),
        );
        self.tasks.spawn(
            "the look at the store's size",
            upkeep::watch_size(self.store.reads().clone(), config.store.size_warning),
        );
        let (keep, most) = (config.store.keep.limit(), config.store.keep_max_per_feed);
        self.tasks.spawn(
            "retention",
            upkeep::prune(Arc::clone(&self.store), self.clock.clone(), keep, most),
        );
        self.tasks
            .spawn("topics", upkeep::refresh_topics(Arc::clone(&self.store)));
        if !fetches {
            self.tasks
                .spawn("the clock", upkeep::follow(self.clock.clone()));
        }
        let heartbeat = fetches.then(|| Arc::clone(&self.heartbeat));
        self.tasks.spawn(
            "the watchdog",
            systemd::watchdog(Arc::clone(&self.store), heartbeat, self.clock.clone()),
        );
    }

    /// Reads the configuration again. A wrong one changes nothing.
    async fn reload(&self, given: &Given, config: &mut Config) {
        if let Ok(now) = NotifyState::monotonic_usec_now() {
            notify(&[NotifyState::Reloading, now]);
        }
        match self.put_in_force(given).await {
            Ok(new) => {
                for section in restart_needed(config, &new) {
                    tracing::warn!("[{section}] changed; restart to apply");
                }
                tracing::info!(
                    feeds = new.feeds.len(),
                    topics = new.topics.len(),
                    "the configuration was read again"
                );
                config.feeds = new.feeds;
                config.topics = new.topics;
            }
            Err(why) => tracing::error!(
                "the configuration was not read again, the old one stays in force: {why}"
            ),
        }
        notify(&[NotifyState::Ready]);
    }

    async fn put_in_force(&self, given: &Given) -> Result<Config, String> {
        let (given, store) = (given.clone(), Arc::clone(&self.store));
        tokio::task::spawn_blocking(move || {
            let new = config::load(&given)
                .and_then(|new| new.require_credentials().map(|()| new))
                .map_err(|e: ConfigError| e.render(false))?;
            parts::apply(&new, &store).map_err(|e| e.to_string())?;
            Ok(new)
        })
        .await
        .map_err(|e| e.to_string())?
    }

    /// Ends every task, then the store.
    async fn stop(mut self) {
        tracing::info!("stopping");
        let store = self.store;
        let stopped = tokio::time::timeout(STOP_MAX, async {
            self.tasks.stop().await;
            // The last handle waits for what is queued.
            let _ = tokio::task::spawn_blocking(move || drop(store)).await;
        });
        if stopped.await.is_err() {
            tracing::warn!(
                "something did not stop in time and was left; nothing committed is lost"
            );
        }
    }
}

/// Long-lived tasks by name. None of them ends before it is cancelled.
struct Tasks {
    set: JoinSet<(&'static str, Result<(), DaemonError>)>,
    cancel: CancellationToken,
}

impl Tasks {
    fn new() -> Self {
        Self {
            set: JoinSet::new(),
            cancel: CancellationToken::new(),
        }
    }

    fn spawn(
        &mut self,
        name: &'static str,
        task: impl Future<Output = Result<(), DaemonError>> + Send + 'static,
    ) {
        let cancel = self.cancel.clone();
        self.set.spawn(async move {
            let done = match name {
                // These two end in order by themselves.
                "the scheduler" | "the HTTP server" => task.await,
                _ => cancel.run_until_cancelled(task).await.unwrap_or(Ok(())),
            };
            (name, done)
        });
    }

    /// Waits for a task to end that should not.
    async fn ended(&mut self) -> DaemonError {
        match self.set.join_next().await {
            Some(Ok((_, Err(e)))) => e,
            Some(Ok((task, Ok(())))) => ended(task, &"it was not asked to"),
            Some(Err(e)) => ended("a task", &e),
            None => std::future::pending().await,
        }
    }

    async fn stop(&mut self) {
        self.cancel.cancel();
        while self.set.join_next().await.is_some() {}
    }
}

fn ended(task: &'static str, why: &dyn std::fmt::Display) -> DaemonError {
    DaemonError::Ended {
        task,
        reason: why.to_string(),
    }
}

/// What a person does next who looks at the sample.
fn sample_told(config: &Config, pages: Option<SocketAddr>) -> String {
    let pages = pages.map_or_else(String::new, |at| {
        format!("open http://{at}/ in a browser, or ")
    });
    format!(
        "this is a sample with made-up papers: {pages}list its stories with `newswire --db {} list`",
        config.store.path.display()
    )
}

fn status(config: &Config, what: RunOptions) -> String {
    let places: Vec<String> = config
        .server
        .listen
        .iter()
        .map(ToString::to_string)
        .collect();
    match (what.fetch, what.serve && !places.is_empty()) {
        (true, true) => format!("polling feeds, serving on {}", places.join(", ")),
        (true, false) => "polling feeds".to_owned(),
        (false, true) => format!("serving on {}", places.join(", ")),
        (false, false) => "waiting".to_owned(),
    }
}

/// The sections that only a restart puts in force and that differ.
fn restart_needed(old: &Config, new: &Config) -> Vec<&'static str> {
    [
        ("store", old.store != new.store),
        ("server", old.server != new.server),
        ("fetch", old.fetch != new.fetch),
        ("schedule", old.schedule != new.schedule),
        ("dedup", old.dedup != new.dedup),
        ("websub", old.websub != new.websub),
    ]
    .into_iter()
    .filter_map(|(name, differs)| differs.then_some(name))
    .collect()
}
