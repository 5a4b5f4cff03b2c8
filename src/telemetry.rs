//! L4: the log. Everything goes to stderr, or to the journal where systemd reads it; data never does. A message reads
//! alone and carries fields.

use std::io::IsTerminal;

use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry};

/// How log lines look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For a person; with fields of its own where the journal reads it.
    #[default]
    Human,
    /// One JSON object a line.
    Json,
}

/// Starts the log; once a process. `filter` is a level or a list such as `newswire::fetch=debug,info`.
///
/// # Errors
/// A text for a person if the filter cannot be read or a log runs already.
pub fn start(filter: &str, format: LogFormat, color: bool) -> Result<(), String> {
    let filter = EnvFilter::try_new(filter).map_err(|e| {
        format!("cannot read the log filter \"{filter}\": {e}; write a level such as debug, or newswire::fetch=debug,info")
    })?;
    Registry::default()
        .with(output(format, color).with_filter(filter))
        .try_init()
        .map_err(|e| format!("cannot start the log: {e}"))
}

fn output(format: LogFormat, color: bool) -> Box<dyn Layer<Registry> + Send + Sync> {
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    match format {
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
        LogFormat::Human => match journal() {
            Some(journal) => journal.boxed(),
            None => {
                let is_terminal = std::io::stderr().is_terminal();
                lines
                    .with_target(false)
                    .with_ansi(color && is_terminal)
                    .boxed()
            }
        },
    }
}

/// The journal, if stderr leads there (systemd.exec(5), `$JOURNAL_STREAM`): a service that writes elsewhere keeps its
/// plain lines.
fn journal() -> Option<tracing_journald::Layer> {
    let told = std::env::var("JOURNAL_STREAM").ok()?;
    let (device, inode) = told.split_once(':')?;
    let stderr = rustix::fs::fstat(std::io::stderr()).ok()?;
    let is_ours = device.parse() == Ok(stderr.st_dev) && inode.parse() == Ok(stderr.st_ino);
    is_ours.then(tracing_journald::layer)?.ok()
}
