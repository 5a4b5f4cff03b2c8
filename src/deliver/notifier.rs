//! Plans what changes of stories fire, and starts a task for each target. It ends only when it is dropped; then all tasks end.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use super::blocking::blocking;
use super::sender::Sender;
use super::state::NotifierState;
use super::target::Target;
use super::worker::Worker;
use crate::clock::Clock;
use crate::fetch::{FetchSetupError, Fetcher};
use crate::model::{Seq, Time};
use crate::store::{OutboxPlan, OutboxTarget, Store, StoreError};

/// Longest time between two looks at the store, whatever the change watcher says.
const PLAN_INTERVAL: Duration = Duration::from_secs(60);

/// Pause after an error of the store.
const STORE_PAUSE: Duration = Duration::from_secs(5);

/// Interval at which old events are removed.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(6 * 3600);

/// Plans and delivers notifications.
pub struct Notifier {
    /// The store.
    pub store: Arc<Store>,
    /// Looks names up for the fetchers of the targets.
    pub fetcher: Fetcher,
    /// The clock.
    pub clock: Clock,
    /// What is known of the targets, for others.
    pub state: NotifierState,
}

/// The tasks of the targets of one configuration.
struct Running {
    targets: Vec<OutboxTarget>,
    configured: Arc<Vec<Target>>,
    wakes: Vec<Arc<Notify>>,
    /// Dropping it ends the tasks.
    tasks: JoinSet<()>,
}

impl Notifier {
    /// Runs until it is dropped. `targets` are those of the configuration, now and after each reload; `sequence` says that stories
    /// changed.
    ///
    /// # Errors
    /// [`FetchSetupError`] if the HTTP client cannot be set up at the start.
    pub async fn run(
        self,
        mut targets: watch::Receiver<Arc<Vec<Target>>>,
        mut sequence: watch::Receiver<Seq>,
    ) -> Result<(), FetchSetupError> {
        let configured = targets.borrow_and_update().clone();
        let mut running = self.start(configured).await?;
        let (mut upkeep_at, mut is_failing) = (Instant::now(), false);
        loop {
            if targets.has_changed().unwrap_or(false) {
                let new = targets.borrow_and_update().clone();
                if *new != *running.configured || running.tasks.len() < new.len() {
                    drop(running); // a message that is being sent is repeated with the same id
                    running = self.start(new).await?;
                }
            }
            sequence.mark_unchanged();
            match self.plan(&running).await {
                Ok(is_more) if is_more => continue,
                Ok(_) => {}
                Err(e) => {
                    if !std::mem::replace(&mut is_failing, true) {
                        tracing::warn!("cannot plan notifications: {e}");
                    }
                    sleep(STORE_PAUSE).await;
                    continue;
                }
            }
            is_failing = false;
            if upkeep_at <= Instant::now() {
                upkeep_at = Instant::now() + UPKEEP_INTERVAL;
                if let Err(e) = blocking(&self.store, Store::tidy_outbox).await {
                    tracing::warn!("cannot remove old notifications: {e}");
                }
            }
            let changed = async {
                tokio::select! {
                    changed = sequence.changed() => changed.is_ok(),
                    changed = targets.changed() => {
                        targets.mark_changed();
                        changed.is_ok()
                    }
                    Some(ended) = running.tasks.join_next() => {
                        tracing::error!("the task of a target ended: {ended:?}");
                        targets.mark_changed(); // starts all of them again
                        true
                    }
                }
            };
            if timeout(PLAN_INTERVAL, changed).await == Ok(false) {
                sleep(STORE_PAUSE).await; // the daemon ends
            }
        }
    }

    /// Writes the targets to the store and starts their tasks.
    async fn start(&self, configured: Arc<Vec<Target>>) -> Result<Running, FetchSetupError> {
        let sender = Sender::new(&self.fetcher, &configured, self.clock.clone())?;
        let targets: Vec<OutboxTarget> = configured.iter().map(Target::to_outbox).collect();
        let mut is_failing = false;
        loop {
            let all = targets.clone();
            match blocking(&self.store, move |s| s.set_targets(all)).await {
                Ok(()) => break,
                Err(e) => {
                    if !std::mem::replace(&mut is_failing, true) {
                        tracing::warn!("cannot set up the targets of notifications: {e}");
                    }
                    sleep(STORE_PAUSE).await;
                }
            }
        }
        let (mut tasks, mut wakes) = (JoinSet::new(), Vec::new());
        for target in configured.iter() {
            let wake = Arc::new(Notify::new());
            wakes.push(Arc::clone(&wake));
            let worker = Worker {
                target: Arc::new(target.clone()),
                sender: sender.clone(),
                store: Arc::clone(&self.store),
                clock: self.clock.clone(),
                wake,
            };
            tasks.spawn(worker.run());
        }
        Ok(Running {
            targets,
            configured,
            wakes,
            tasks,
        })
    }

    /// Decides the next changes. Returns whether more follow.
    async fn plan(&self, running: &Running) -> Result<bool, StoreError> {
        let now = self.clock.now();
        let due: Vec<Time> = running
            .configured
            .iter()
            .map(|target| target.due(now))
            .collect();
        let targets = running.targets.clone();
        let (made, is_more, status) = blocking(&self.store, move |store| {
            let targets: Vec<_> = targets.iter().zip(due).collect();
            let plan: OutboxPlan = store.reads().plan_outbox(&targets, now)?;
            let is_more = plan.is_more;
            let made = match plan.is_empty() {
                true => 0,
                false => store.write_outbox(plan)?,
            };
            Ok((made, is_more, store.reads().outbox_status()?))
        })
        .await?;
        self.state.note(status);
        if made > 0 {
            running.wakes.iter().for_each(|wake| wake.notify_one());
        }
        Ok(is_more)
    }
}
