//! What the outside asks for by signal. TERM and INT stop in order; a second one ends the process at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

/// A wish from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signal {
    /// TERM, INT.
    Stop,
    /// HUP.
    Reload,
    /// USR1.
    PollAll,
}

/// Status after a second TERM or INT: as if the signal had ended it.
const EXIT_AT_ONCE: i32 = 143;

/// Signals as they come.
pub(super) fn listen() -> mpsc::Receiver<Signal> {
    let (tell, signals) = mpsc::channel(8);
    let stopping = Arc::new(AtomicBool::new(false));
    for (kind, wish) in [
        (SignalKind::terminate(), Signal::Stop),
        (SignalKind::interrupt(), Signal::Stop),
        (SignalKind::hangup(), Signal::Reload),
        (SignalKind::user_defined1(), Signal::PollAll),
    ] {
        let Ok(mut signals) = signal(kind) else {
            tracing::warn!("signal {} cannot be listened to", kind.as_raw_value());
            continue;
        };
        let (tell, stopping) = (tell.clone(), Arc::clone(&stopping));
        tokio::spawn(async move {
            while signals.recv().await.is_some() {
                // TERM after INT is the second one too.
                if wish == Signal::Stop && stopping.swap(true, Ordering::Relaxed) {
                    std::process::exit(EXIT_AT_ONCE);
                }
                if tell.send(wish).await.is_err() && wish != Signal::Stop {
                    return;
                }
            }
        });
    }
    signals
}
