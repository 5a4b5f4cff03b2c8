//! The running daemon: starts the tasks, reacts to signals, and stops. It opens no store and no sockets; [`super::run`] does.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use sd_notify::NotifyState;
use tokio::sync::{mpsc, watch};

use super::error::DaemonError;
use super::heartbeat::Heartbeat;
use super::publish::HubNotifier;
use super::sample::{self, SampleServer};
use super::signals::Signal;
use super::systemd::{self, notify};
use super::task::Task;
use super::tasks::Tasks;
use super::{gauges, maintenance, notifications, parts, process, reload};
use crate::clock::Clock;
use crate::config::{Config, ConfigFlags, WebSubConfig};
use crate::deliver::{Notifier, NotifierState, Target};
use crate::fetch::{Fetcher, LocalHosts};
use crate::ingest::Ingest;
use crate::ingest::scheduler::SchedulerRequest;
use crate::merged::BaseUrl;
use crate::model::{DaemonInfo, HubReply, Seq};
use crate::serve::{HubCallback, Listener, Registry, Server};
use crate::store::Store;

/// Maximum time from the signal to the end of the process (REL-08).
const STOP_TIME_MAX: Duration = Duration::from_millis(4500);

/// Which parts of the daemon run.
#[derive(Debug, Clone, Copy)]
pub struct RunOptions {
    /// Whether feeds are polled.
    pub fetch: bool,
    /// Whether HTTP is served.
    pub serve: bool,
}

/// What the daemon listens on.
pub(super) struct Sockets {
    /// The sockets of the HTTP server; empty: it does not run.
    pub(super) listeners: Vec<Listener>,
    /// The server of the sample, if the store is one.
    pub(super) sample: Option<SampleServer>,
}

/// The running daemon.
pub(super) struct Daemon {
    tasks: Tasks,
    heartbeat: Arc<Heartbeat>,
    store: Arc<Store>,
    clock: Clock,
    info: DaemonInfo,
    /// The hosts of the sample's newspapers, if the store is a sample.
    sample_hosts: Option<LocalHosts>,
    /// The targets of notifications, now and after each reload.
    targets: watch::Sender<Arc<Vec<Target>>>,
    notifier: NotifierState,
}

impl Daemon {
    /// A daemon without tasks.
    pub(super) fn new(
        store: Arc<Store>,
        clock: Clock,
        info: DaemonInfo,
        config: &Config,
        sample: Option<&SampleServer>,
    ) -> Self {
        Self {
            tasks: Tasks::new(),
            heartbeat: Arc::new(Heartbeat::new(config.fetch.timeout)),
            store,
            clock,
            info,
            sample_hosts: sample.map(SampleServer::hosts),
            targets: watch::Sender::new(Arc::new(config.notify.clone())),
            notifier: NotifierState::default(),
        }
    }

    /// Runs until a signal stops it or a task fails.
    pub(super) async fn run(
        mut self,
        flags: ConfigFlags,
        mut config: Config,
        what: RunOptions,
        sockets: Sockets,
        mut signals: mpsc::Receiver<Signal>,
    ) -> Result<(), DaemonError> {
        let (requests_in, requests) = mpsc::channel(1);
        self.start(&mut config, what, sockets, requests)?;
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
                    Some(Signal::Reload) => {
                        reload::reload(&flags, &mut config, &self.store).await;
                        self.targets.send_replace(Arc::new(config.notify.clone()));
                    }
                    Some(Signal::PollAll) => {
                        // If the queue is full, the same request is waiting in it already.
                        let _ = requests_in.try_send(SchedulerRequest::PollAll);
                    }
                    Some(Signal::Stop) | None => break Ok(()),
                },
                error = self.tasks.ended() => break Err(error),
            }
        };
        notify(&[NotifyState::Stopping]);
        self.stop().await;
        outcome
    }

    /// Starts all tasks.
    fn start(
        &mut self,
        config: &mut Config,
        what: RunOptions,
        sockets: Sockets,
        requests: mpsc::Receiver<SchedulerRequest>,
    ) -> Result<(), DaemonError> {
        let Sockets { listeners, sample } = sockets;
        if listeners.is_empty() {
            // Without a server no hub can reach our callback or read our feeds.
            config.websub = WebSubConfig::default();
        }
        if let Some(sample) = sample {
            let served = sample.serve(self.tasks.cancellation());
            self.tasks.spawn(Task::SampleServer, async move {
                served.await.map_err(DaemonError::Bind)
            });
        }
        let address = listeners.iter().find_map(Listener::address);
        let is_sample = self.sample_hosts.is_some();
        let sample_hint = is_sample.then(|| sample_hint(config, address));
        let (mut callback, mut sender) = (None, None);
        let mut registry = Registry::default();
        if what.fetch {
            let fetcher = parts::fetcher_with(config, &self.clock, self.sample_hosts.clone())?;
            sender = Some(fetcher.with_networks(&[])?);
            let ingest = parts::ingest(config, Arc::clone(&self.store), fetcher, &self.clock)?;
            callback = hub_callback(config, &ingest);
            gauges::register(&mut registry, &ingest);
            self.start_scheduler(ingest, requests, sample_hint);
        } else if let Some(hint) = sample_hint {
            tracing::info!("{hint}");
        }
        let (sequence_in, sequence) = watch::channel(self.store.reads().sequence()?);
        self.start_hub_notifier(config, &sequence)?;
        self.start_notifier(config, sender, &sequence)?;
        if !listeners.is_empty() {
            process::register(&mut registry, self.clock.now());
            notifications::register(&mut registry, self.notifier.clone());
            let server = self.server(config, sequence, what.fetch, (callback, registry));
            let cancel = self.tasks.cancellation();
            self.tasks.spawn(Task::HttpServer, async move {
                server.run(listeners, cancel).await;
                Ok(())
            });
        }
        self.start_maintenance(config, sequence_in, what.fetch);
        Ok(())
    }

    /// Polls the sample's newspapers first and then logs `sample_hint`, if the store is a sample.
    fn start_scheduler(
        &mut self,
        ingest: Arc<Ingest>,
        requests: mpsc::Receiver<SchedulerRequest>,
        sample_hint: Option<String>,
    ) {
        let (cancel, heartbeat) = (self.tasks.cancellation(), Arc::clone(&self.heartbeat));
        let reads = self.store.reads().clone();
        self.tasks.spawn(Task::Scheduler, async move {
            if let Some(hint) = sample_hint {
                if let Err(e) = sample::first_polls(&ingest, &reads, &cancel).await {
                    tracing::warn!("the newspapers of the sample will be polled later: {e}");
                }
                tracing::info!("{hint}");
            }
            ingest
                .run(cancel, requests, &|status| heartbeat.note(status))
                .await
                .map_err(DaemonError::Store)
        });
    }

    fn start_hub_notifier(
        &mut self,
        config: &Config,
        sequence: &watch::Receiver<Seq>,
    ) -> Result<(), DaemonError> {
        let (Some(hub), Some(public)) = (&config.websub.hub, &config.server.public_url) else {
            return Ok(());
        };
        let notifier = HubNotifier {
            hub: hub.clone(),
            base: BaseUrl::public(public),
            fetcher: parts::fetcher(config, &self.clock)?,
            reads: self.store.reads().clone(),
        };
        self.tasks
            .spawn(Task::HubNotifier, notifier.run(sequence.clone()));
        Ok(())
    }

    /// Starts the notifier, also without targets: a reload may add some.
    fn start_notifier(
        &mut self,
        config: &Config,
        fetcher: Option<Fetcher>,
        sequence: &watch::Receiver<Seq>,
    ) -> Result<(), DaemonError> {
        let notifier = Notifier {
            store: Arc::clone(&self.store),
            fetcher: match fetcher {
                Some(fetcher) => fetcher,
                None => parts::fetcher(config, &self.clock)?,
            },
            clock: self.clock.clone(),
            state: self.notifier.clone(),
        };
        let (targets, sequence) = (self.targets.subscribe(), sequence.clone());
        self.tasks.spawn(Task::Notifier, async move {
            notifier
                .run(targets, sequence)
                .await
                .map_err(DaemonError::Fetch)
        });
        Ok(())
    }

    fn server(
        &self,
        config: &Config,
        sequence: watch::Receiver<Seq>,
        fetches: bool,
        (callback, registry): (Option<HubCallback>, Registry),
    ) -> Server {
        let (heartbeat, store) = (Arc::clone(&self.heartbeat), Arc::downgrade(&self.store));
        let notifier = self.notifier.clone();
        Server {
            reads: self.store.reads().clone(),
            options: parts::serve_options(config, self.sample_hosts.is_some()),
            sequence,
            ready: Arc::new(move || {
                if store.upgrade().is_none_or(|s| !s.is_alive()) {
                    Err("the writer of the store has stopped".to_owned())
                } else if fetches {
                    heartbeat.check().and_then(|()| notifier.check())
                } else {
                    notifier.check()
                }
            }),
            registry: Arc::new(registry),
            callback,
            daemon: Some(self.info.clone()),
            clock: self.clock.clone(),
        }
    }

    fn start_maintenance(&mut self, config: &Config, sequence: watch::Sender<Seq>, fetches: bool) {
        let (store, reads) = (&self.store, self.store.reads());
        let heartbeat = fetches.then(|| Arc::clone(&self.heartbeat));
        self.tasks.spawn(
            Task::ChangeWatcher,
            maintenance::watch_sequence(reads.clone(), sequence),
        );
        self.tasks.spawn(
            Task::SizeWatcher,
            maintenance::watch_size(reads.clone(), config.store.size_warning),
        );
        let (keep, max_per_feed) = (config.store.keep.limit(), config.store.keep_max_per_feed);
        self.tasks.spawn(
            Task::Retention,
            maintenance::prune(Arc::clone(store), self.clock.clone(), keep, max_per_feed),
        );
        self.tasks.spawn(
            Task::TopicRefresh,
            maintenance::refresh_topics(Arc::clone(store)),
        );
        if !fetches {
            self.tasks.spawn(
                Task::ClockFollower,
                maintenance::follow_clock(self.clock.clone()),
            );
        }
        self.tasks.spawn(
            Task::Watchdog,
            systemd::watchdog(Arc::clone(store), heartbeat, self.clock.clone()),
        );
    }

    /// Stops all tasks, then the store.
    async fn stop(mut self) {
        tracing::info!("stopping");
        let store = self.store;
        let stopped = tokio::time::timeout(STOP_TIME_MAX, async {
            self.tasks.stop().await;
            // Dropping the last handle waits for queued writes.
            let _ = tokio::task::spawn_blocking(move || drop(store)).await;
        });
        if stopped.await.is_err() {
            tracing::warn!(
                "some tasks did not stop in time and were abandoned; no committed data is lost"
            );
        }
    }
}

/// Passes the requests of hubs from the server to `ingest`.
fn hub_callback(config: &Config, ingest: &Arc<Ingest>) -> Option<HubCallback> {
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

/// What a user of the sample can do next.
fn sample_hint(config: &Config, address: Option<SocketAddr>) -> String {
    let open = address.map_or_else(String::new, |address| {
        format!("open http://{address}/ in a browser, or ")
    });
    format!(
        "this is a sample with fictional newspapers: {open}list its stories with `newswire --db {} list`",
        config.store.path.display()
    )
}

/// The status line for systemd.
fn status(config: &Config, what: RunOptions) -> String {
    let addresses: Vec<String> = config
        .server
        .listen
        .iter()
        .map(ToString::to_string)
        .collect();
    let addresses = addresses.join(", ");
    match (what.fetch, what.serve && !addresses.is_empty()) {
        (true, true) => format!("polling feeds, serving on {addresses}"),
        (true, false) => "polling feeds".to_owned(),
        (false, true) => format!("serving on {addresses}"),
        (false, false) => "idle".to_owned(),
    }
}
