//! Completion in the shell: what the options are, and which feeds and topics there are. A shell asks while somebody types:
//! whatever goes wrong, there is nothing to complete, and nothing is said.

use std::collections::BTreeSet;
use std::ffi::OsStr;

use clap::CommandFactory;
use clap_complete::engine::{ArgValueCandidates, ArgValueCompleter, CompletionCandidate};
use clap_complete::env::CompleteEnv;

use super::args::Cli;
use super::{change, item, safe};
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

/// Tags and folders of feeds.
pub fn tags() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let feeds = reads().and_then(|reads| reads.feeds().ok());
        let labels = feeds.into_iter().flatten();
        candidates(labels.flat_map(|feed| feed.tags.into_iter().chain(feed.folder)))
    })
}

/// Folders of feeds.
pub fn folders() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let feeds = reads().and_then(|reads| reads.feeds().ok());
        candidates(feeds.into_iter().flatten().filter_map(|feed| feed.folder))
    })
}

/// What `newswire set` changes.
pub fn changes() -> ArgValueCandidates {
    ArgValueCandidates::new(|| candidates(change::written().into_iter()))
}

/// The last of the fields that are written so far.
pub fn fields() -> ArgValueCompleter {
    ArgValueCompleter::new(|typed: &OsStr| {
        let typed = typed.to_str().unwrap_or_default();
        let (before, begun) = match typed.rsplit_once(',') {
            Some((before, begun)) => (format!("{before},"), begun),
            None => (String::new(), typed),
        };
        let names = item::names().filter(|name| name.starts_with(begun));
        candidates(names.map(|name| format!("{before}{name}")))
    })
}

fn candidates(values: impl Iterator<Item = String>) -> Vec<CompletionCandidate> {
    let values: BTreeSet<String> = values.map(|v| safe::line(&v).into_owned()).collect();
    values.into_iter().map(CompletionCandidate::new).collect()
}

/// The store of the configuration in force; what is typed before the word at hand is not known here.
fn reads() -> Option<Reads> {
    let config = config::load(&Given::default()).ok()?;
    Reads::open(&config.store.path).ok()
}
