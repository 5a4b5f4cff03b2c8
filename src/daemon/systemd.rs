//! Messages to systemd about the state of this process, and its watchdog (sd_notify(3)). Without systemd they do nothing.

use std::sync::Arc;
use std::time::Duration;

use sd_notify::NotifyState;
use tokio::time::{MissedTickBehavior, interval};

use super::error::DaemonError;
use super::heartbeat::Heartbeat;
use super::maintenance::blocking;
use crate::clock::Clock;
use crate::store::{ClaimScope, Store, StoreError};

/// Sends states to systemd. The daemon runs the same if this fails.
pub(super) fn notify(states: &[NotifyState<'_>]) {
    let _ = sd_notify::notify(states);
}

/// Tells the watchdog of systemd that writer and scheduler make progress, if it is enabled (sd_watchdog_enabled(3)).
pub(super) async fn watchdog(
    store: Arc<Store>,
    heartbeat: Option<Arc<Heartbeat>>,
    clock: Clock,
) -> Result<(), DaemonError> {
    let Some(limit) = sd_notify::watchdog_enabled() else {
        return std::future::pending().await;
    };
    let mut ticks = interval(limit / 3);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let now = clock.now();
        // An empty claim passes through the writer and writes nothing.
        let nothing = ClaimScope::These {
            feeds: Vec::new(),
            manual_interval: Duration::ZERO,
        };
        let writer = blocking(&store, move |s| s.claim(now, nothing, 0)).await;
        let is_stuck = matches!(writer, Err(StoreError::Stopped | StoreError::Internal(_)))
            || heartbeat.as_ref().is_some_and(|p| p.is_stuck());
        if !is_stuck {
            notify(&[NotifyState::Watchdog]);
        }
    }
}
