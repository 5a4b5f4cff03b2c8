//! Waiting that SIGINT and SIGTERM interrupt, so that a command can stop in order.

use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::exit::{Exit, Failure};

/// Catches SIGINT and SIGTERM.
pub struct Stop {
    runtime: Runtime,
    interrupt: Signal,
    terminate: Signal,
}

impl Stop {
    /// From here on a signal no longer ends the process.
    pub fn new() -> Result<Self, Failure> {
        let failed = |e: std::io::Error| {
            Failure::new(Exit::Internal, format!("cannot wait for signals: {e}"))
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(failed)?;
        let inside = runtime.enter();
        let interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
        let terminate = signal(SignalKind::terminate()).map_err(failed)?;
        drop(inside);
        Ok(Self {
            runtime,
            interrupt,
            terminate,
        })
    }

    /// Waits for `span`; returns true as soon as a signal arrives.
    pub fn requested_within(&mut self, span: Duration) -> bool {
        let (interrupt, terminate) = (&mut self.interrupt, &mut self.terminate);
        self.runtime.block_on(async {
            tokio::select! {
                _ = interrupt.recv() => true,
                _ = terminate.recv() => true,
                () = tokio::time::sleep(span) => false,
            }
        })
    }
}
