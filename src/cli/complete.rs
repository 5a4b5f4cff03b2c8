//! Completion in the shell: what the options are, and which feeds and topics there are. A shell asks while somebody types:
//! whatever goes wrong, there is nothing to complete, and nothing is said.

use clap::CommandFactory;
use clap_complete::engine::{ArgValueCandidates, CompletionCandidate};
use clap_complete::env::CompleteEnv;

use super::args::Cli;
use super::safe;
use crate::config::{self, Given};
use crate::store::Reads;

/// The variable by which a completion script asks.
pub const VARIABLE: &str = "COMPLETE";

/// Answers a completion script and ends the process, if one asked.
pub fn answer() {
    CompleteEnv::with_factory(Cli::command)
        .var(VARIABLE)
        .complete();
}

/// Feeds by their URLs, told by their titles.
pub fn feeds() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let feeds = reads().and_then(|reads| reads.feeds().ok());
        let candidate = |(url, title): (String, String)| {
            CompletionCandidate::new(url).help(Some(safe::line(&title).into_owned().into()))
        };
        feeds
            .into_iter()
            .flatten()
            .map(|feed| candidate((feed.url, feed.title)))
            .collect()
    })
}

/// Topics by their names, told by their titles.
pub fn topics() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let topics = reads().and_then(|reads| reads.topic_heads().ok());
        topics
            .into_iter()
            .flatten()
            .map(|topic| {
                let title = safe::line(&topic.title).into_owned();
                CompletionCandidate::new(topic.name).help(Some(title.into()))
            })
            .collect()
    })
}

/// The store of the configuration in force; what is typed before the word at hand is not known here.
fn reads() -> Option<Reads> {
    let config = config::load(&Given::default()).ok()?;
    Reads::open(&config.store.path).ok()
}
