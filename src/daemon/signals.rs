//! The signals of the daemon: TERM and INT stop it in order, a second one at once; HUP reloads the configuration; USR1 polls all
//! feeds.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signal {
    /// TERM, INT.
    Stop,
    /// HUP.
    Reload,
    /// USR1.
    PollAll,
}

/// Exit status after a second TERM or INT, as if the signal had killed the process.
const KILLED_STATUS: i32 = 143;

/// The signals as they arrive. Needs a runtime.
pub(super) fn listen() -> mpsc::Receiver<Signal> {
    let (sender, signals) = mpsc::channel(8);
    let stopping = Arc::new(AtomicBool::new(false));
    for (kind, request) in [
        (SignalKind::terminate(), Signal::Stop),
        (SignalKind::interrupt(), Signal::Stop),
        (SignalKind::hangup(), Signal::Reload),
        (SignalKind::user_defined1(), Signal::PollAll),
    ] {
        let Ok(mut signals) = signal(kind) else {
            tracing::warn!("cannot listen to signal {}", kind.as_raw_value());
            continue;
        };
        let (sender, stopping) = (sender.clone(), Arc::clone(&stopping));
        tokio::spawn(async move {
            while signals.recv().await.is_some() {
                // TERM after INT counts as the second one too.
                if request == Signal::Stop && stopping.swap(true, Ordering::Relaxed) {
                    std::process::exit(KILLED_STATUS);
                }
                if sender.send(request).await.is_err() && request != Signal::Stop {
                    return;
                }
            }
        });
    }
    signals
}
