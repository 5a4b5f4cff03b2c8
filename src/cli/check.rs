//! `newswire check`: whether the configuration is right, and what is in force.

use std::path::Path;

use clap::Args;

use super::context::Context;
use super::exit::Failure;
use super::human::count;
use crate::store::Reads;

/// `newswire check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Print every value that is in force and where it comes from
    #[arg(long)]
    pub print: bool,
}

/// Runs `newswire check`.
pub fn check(cx: &mut Context, args: &CheckArgs) -> Result<(), Failure> {
    let config = cx.config()?;
    for warning in config.warnings.iter().chain(&config.unavailable) {
        cx.out.warn(warning);
    }
    if args.print {
        for setting in &config.settings {
            let origin = config.origin_of(&setting.key);
            cx.out
                .line(&format!("{} = {}  # {origin}", setting.key, setting.value))?;
        }
        return Ok(());
    }
    cx.out.line(&format!(
        "{}: OK; {} and {} in the file; {}",
        config.source(),
        count(config.feeds.len(), "feed"),
        count(config.topics.len(), "topic"),
        store_in_words(&config.store.path)
    ))
}

/// Where the store is, and what is in it. A store that cannot be read is no fault of the configuration.
fn store_in_words(path: &Path) -> String {
    let place = path.display();
    if !path.exists() {
        return format!("the store {place} does not exist yet");
    }
    match Reads::open(path).and_then(|reads| reads.feeds()) {
        Ok(feeds) => format!("{} in the store {place}", count(feeds.len(), "feed")),
        Err(e) => format!("the store cannot be read: {e}"),
    }
}
