//! Being stopped by the person at the keyboard (SIGINT) or by a supervisor (SIGTERM): work ends in order, with exit 0
//! or what it has come to.

use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::exit::{Exit, Failure};

/// Tells when somebody wants us to stop.
pub struct Stop {
    runtime: Runtime,
    interrupt: Signal,
    terminate: Signal,
}

impl Stop {
    /// From here on a signal is noticed instead of ending the process.
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

    /// Waits so long; true at once if somebody wants us to stop.
    pub fn comes_within(&mut self, span: Duration) -> bool {
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
