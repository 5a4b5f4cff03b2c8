//! Completion candidates for feeds, topics and other values. They are computed while the user types, so errors are ignored and
//! nothing is printed.

use std::collections::BTreeSet;
use std::ffi::OsStr;

use clap_complete::engine::{ArgValueCandidates, ArgValueCompleter, CompletionCandidate};

use super::{item, terminal_escape};
use crate::config::{self, ConfigFlags};
use crate::store::Reads;

/// The environment variable with which a completion script requests candidates.
pub const VARIABLE: &str = "COMPLETE";

/// URLs of feeds, with their titles as descriptions.
pub fn feeds() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let feeds = reads().and_then(|reads| reads.feeds().ok());
        let candidate = |(url, title): (String, String)| {
            CompletionCandidate::new(url)
                .help(Some(terminal_escape::line(&title).into_owned().into()))
        };
        feeds
            .into_iter()
            .flatten()
            .map(|feed| candidate((feed.url, feed.title)))
            .collect()
    })
}

/// Names of topics, with their titles as descriptions.
pub fn topics() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let topics = reads().and_then(|reads| reads.topic_heads().ok());
        topics
            .into_iter()
            .flatten()
            .map(|topic| {
                let title = terminal_escape::line(&topic.title).into_owned();
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

/// The last name in a comma-separated list of fields.
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

/// The values, sorted, without duplicates.
pub fn candidates(values: impl Iterator<Item = String>) -> Vec<CompletionCandidate> {
    let values: BTreeSet<String> = values
        .map(|v| terminal_escape::line(&v).into_owned())
        .collect();
    values.into_iter().map(CompletionCandidate::new).collect()
}

/// The store of the default configuration. Options on the command line, such as --db, are not known here.
fn reads() -> Option<Reads> {
    let config = config::load(&ConfigFlags::default()).ok()?;
    Reads::open(&config.store.path).ok()
}
