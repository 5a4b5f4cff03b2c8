//! `newswire run` and `newswire demo`: start the daemon.

use clap::Args;

use super::context::Context;
use super::exit::{Exit, Failure};
use super::{runtime, warnings};
use crate::daemon::lock::LockError;
use crate::daemon::{self, DaemonError, RunOptions};

/// `newswire run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// Do not poll feeds
    #[arg(long)]
    pub no_fetch: bool,
    /// Do not serve HTTP
    #[arg(long)]
    pub no_serve: bool,
    /// Use a built-in configuration for a first look: a dozen public feeds, seven fictional newspapers that work without a
    /// network, and topics. It has a store of its own
    #[arg(long, conflicts_with = "config")]
    pub sample: bool,
    /// Listen on this address instead of those in server.listen: 127.0.0.1:8390 or unix:/path; may be repeated
    #[arg(long, value_name = "ADDR", conflicts_with = "no_serve")]
    pub listen: Vec<String>,
}

/// Runs `newswire run`.
pub fn run(cx: &mut Context, args: &RunArgs) -> Result<(), Failure> {
    run_as(cx, args, args.sample)
}

/// Runs `newswire demo`.
pub fn demo(cx: &mut Context, args: &RunArgs) -> Result<(), Failure> {
    if cx.given.config.is_some() {
        return Err(Failure::usage(
            "demo has its own configuration; omit --config, or use `newswire run`",
        ));
    }
    run_as(cx, args, true)
}

fn run_as(cx: &mut Context, args: &RunArgs, is_sample: bool) -> Result<(), Failure> {
    cx.given.sample = is_sample;
    cx.given = cx.places();
    cx.given.listen.clone_from(&args.listen);
    let config = cx.config()?;
    config
        .require_credentials()
        .map_err(|e| Failure::of_config(&e, cx.out.color_err))?;
    for warning in &config.warnings {
        cx.out.warn(warning);
    }
    for warning in warnings::of_topics(&config) {
        cx.out.warn(&warning);
    }
    let what = RunOptions {
        fetch: !args.no_fetch,
        serve: !args.no_serve,
    };
    let runtime = runtime::runtime()?;
    let ended = runtime.block_on(daemon::run(
        cx.given.clone(),
        config,
        cx.clock.clone(),
        what,
    ));
    // Blocking tasks had their time to finish during the shutdown of the daemon.
    runtime.shutdown_background();
    Ok(ended?)
}

impl From<DaemonError> for Failure {
    fn from(error: DaemonError) -> Self {
        let exit = match error {
            DaemonError::Store(e) => return e.into(),
            DaemonError::Fetch(e) => return e.into(),
            DaemonError::Lock(LockError::Held { .. }) => Exit::Busy,
            DaemonError::Lock(LockError::Unusable { .. }) => Exit::Store,
            DaemonError::NotASample(_) => Exit::Usage,
            DaemonError::Bind(_) => Exit::Failed,
            DaemonError::Opening(_) | DaemonError::Ended { .. } => Exit::Internal,
        };
        Self::new(exit, error.to_string())
    }
}
