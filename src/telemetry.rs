//! L4: the log. It is written to stderr, or to the journal of systemd if stderr leads there; output data never is. Every message
//! can be understood without its fields.

use std::io::IsTerminal;

use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry};

/// The format of log lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// Text for people; in the journal, with structured fields.
    #[default]
    Human,
    /// One JSON object per line.
    Json,
}

/// Starts the log, once per process. `filter` is a level or a list such as `newswire::fetch=debug,info`.
///
/// # Errors
/// A message for people if the filter is invalid or the log was started before.
pub fn start(filter: &str, format: LogFormat, color: bool) -> Result<(), String> {
    let filter = EnvFilter::try_new(filter).map_err(|e| {
        format!("invalid log filter \"{filter}\": {e}; use a level such as debug, or a list such as newswire::fetch=debug,info")
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

/// The journal, if stderr leads there (systemd.exec(5), `$JOURNAL_STREAM`). Otherwise stderr gets plain lines.
fn journal() -> Option<tracing_journald::Layer> {
    let stream = std::env::var("JOURNAL_STREAM").ok()?;
    let (device, inode) = stream.split_once(':')?;
    let stderr = rustix::fs::fstat(std::io::stderr()).ok()?;
    let is_ours = device.parse() == Ok(stderr.st_dev) && inode.parse() == Ok(stderr.st_ino);
    is_ours.then(tracing_journald::layer)?.ok()
}
