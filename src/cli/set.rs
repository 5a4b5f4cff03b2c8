//! `newswire set`: changes a subscription. The keys are those of a `[[feed]]` in the configuration.

use std::time::Duration;

use clap::Args;
use clap_complete::engine::ArgValueCandidates;

use super::candidates;
use super::change::refuse_declared;
use super::context::Context;
use super::exit::Failure;
use super::lookup;
use super::times::Times;
use crate::config::INTERVAL_TOLERATED;
use crate::model::{Feed, Time, span};
use crate::store::{FeedChange, Reads};
use crate::text::nearest::nearest;

/// `newswire set`.
#[derive(Debug, Args)]
pub struct SetArgs {
    /// Id, URL or unique part of the title
    #[arg(value_name = "FEED", add = candidates::feeds())]
    pub feed: String,
    /// What to change: title=…, folder=a/b, tags=a,b, interval=2h, paused=true, full_text=true,
    /// keep_boilerplate=true, near_dedup=false. An empty value restores the default. A longer
    /// interval requested by the server (ttl, max-age, Retry-After) takes precedence
    #[arg(value_name = "KEY=VALUE", required = true, add = changes())]
    pub changes: Vec<String>,
}

/// Index of the first key whose values are true and false.
const SWITCHES_FROM: usize = 4;

const KEYS: [&str; 8] = [
    "title",
    "folder",
    "tags",
    "interval",
    "paused",
    "full_text",
    "keep_boilerplate",
    "near_dedup",
];

/// Completion candidates: every key; boolean keys with both values.
fn changes() -> ArgValueCandidates {
    ArgValueCandidates::new(|| candidates::candidates(key_value_pairs().into_iter()))
}

fn key_value_pairs() -> Vec<String> {
    let both = |key: &str| ["true", "false"].map(|value| format!("{key}={value}"));
    let (texts, switches) = KEYS.split_at(SWITCHES_FROM);
    let texts = texts.iter().map(|key| format!("{key}="));
    texts
        .chain(switches.iter().flat_map(|key| both(key)))
        .collect()
}

/// Runs `newswire set`.
pub fn set(cx: &mut Context, args: &SetArgs) -> Result<(), Failure> {
    let change = args
        .changes
        .iter()
        .try_fold(FeedChange::default(), read_change)?;
    let config = cx.config()?;
    let store = cx.existing_store(&config)?;
    let feeds = store.reads().feeds()?;
    let feed = lookup::feed(&feeds, &args.feed)?;
    refuse_declared(&config, &[feed])?;
    if let Some(interval) = change
        .interval
        .filter(|i| !i.is_zero() && *i < INTERVAL_TOLERATED)
    {
        cx.out.warn(&format!(
            "interval={} is shorter than the five minutes that publishers tolerate",
            span::exact(interval)
        ));
    }
    let interval = change.interval.filter(|i| !i.is_zero());
    store.change_feed(feed.row, change)?;
    store.settle_topics()?; // so that tag: and feed: use the new names when the command ends
    cx.out
        .note(&format!("changed {} ({})", feed.title, feed.url));
    if let Some(interval) = interval
        && let Some(floor) = floor_above(interval, feed, store.reads())?
    {
        cx.out.warn(&format!(
            "interval={} is shorter than the server allows {}",
            span::exact(interval),
            floor_in_words(&floor, &cx.times)
        ));
    }
    Ok(())
}

/// The minimum wait that the server requested at the last poll, if it is longer than the interval: its end and its reason.
fn floor_above(
    interval: Duration,
    feed: &Feed,
    reads: &Reads,
) -> Result<Option<(Time, String)>, Failure> {
    let floor = reads.feed(feed.row)?.and_then(|detail| detail.floor);
    let last = feed.last_poll.unwrap_or(Time::EPOCH);
    Ok(floor.filter(|(until, _)| until.since(last) > interval))
}

fn floor_in_words((until, why): &(Time, String), times: &Times) -> String {
    match *until > times.now {
        true => format!("({why}); no poll before {}", times.full(*until)),
        false => format!("({why})"),
    }
}

fn read_change(mut change: FeedChange, given: &String) -> Result<FeedChange, Failure> {
    let (key, value) = given.split_once('=').ok_or_else(|| {
        Failure::usage(format!(
            "{given:?}: expected KEY=VALUE, for example title=\"The Argus\""
        ))
    })?;
    let value = value.trim();
    match key.trim() {
        "title" => change.title = Some(value.to_owned()),
        "folder" => {
            check_folder(value)?;
            change.folder = Some(value.to_owned());
        }
        "tags" => {
            let tags = value
                .split(',')
                .map(str::trim)
                .filter(|tag| !tag.is_empty());
            change.tags = Some(tags.map(str::to_owned).collect());
        }
        "interval" if value.is_empty() => change.interval = Some(Duration::ZERO),
        "interval" => {
            let interval = span::parse(value)
                .map_err(|why| Failure::usage(format!("interval {value:?}: {why}")))?;
            change.interval = Some(interval);
        }
        "paused" => change.paused = Some(read_claim("paused", value)?),
        "full_text" => change.full_text = Some(read_claim("full_text", value)?),
        "keep_boilerplate" => {
            change.keep_boilerplate = Some(read_claim("keep_boilerplate", value)?);
        }
        "near_dedup" if value.is_empty() => change.near_dedup = Some(true),
        "near_dedup" => change.near_dedup = Some(read_claim("near_dedup", value)?),
        other => {
            let hint = nearest(other, KEYS.iter().copied()).map_or_else(
                || format!("the keys are {}", KEYS.join(", ")),
                |near| format!("did you mean {near}?"),
            );
            return Err(Failure::usage(format!("unknown key {other:?}; {hint}")));
        }
    }
    Ok(change)
}

/// Parses a boolean; empty means false.
fn read_claim(key: &str, value: &str) -> Result<bool, Failure> {
    match value {
        "true" | "yes" | "on" => Ok(true),
        "false" | "no" | "off" | "" => Ok(false),
        _ => Err(Failure::usage(format!(
            "{key} must be true or false, not {value:?}"
        ))),
    }
}

/// Checks a folder: `a/b`, or empty for none.
pub fn check_folder(folder: &str) -> Result<(), Failure> {
    if !folder.is_empty() && folder.split('/').any(|part| part.trim().is_empty()) {
        return Err(Failure::usage(format!(
            "folder {folder:?} has an empty part; write it like news/world"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::exit::Exit;

    fn read(given: &str) -> Result<FeedChange, Failure> {
        read_change(FeedChange::default(), &given.to_owned())
    }

    #[test]
    fn changes_are_read_and_an_empty_value_is_the_default() {
        assert_eq!(read("title=a=b").unwrap().title.as_deref(), Some("a=b"));
        assert_eq!(
            read("tags=a, b,").unwrap().tags,
            Some(vec!["a".into(), "b".into()])
        );
        assert_eq!(read("tags=").unwrap().tags, Some(Vec::new()));
        assert_eq!(
            read("interval=1h 30m").unwrap().interval,
            Some(Duration::from_secs(5400))
        );
        assert_eq!(read("interval=").unwrap().interval, Some(Duration::ZERO));
        assert_eq!(read("paused=yes").unwrap().paused, Some(true));
        assert_eq!(read("full_text=on").unwrap().full_text, Some(true));
        assert_eq!(read("near_dedup=false").unwrap().near_dedup, Some(false));
        assert_eq!(read("near_dedup=").unwrap().near_dedup, Some(true));
    }

    #[test]
    fn wrong_changes_say_what_would_be_right() {
        let message_of = |given| match read(given) {
            Err(Failure::Message(Exit::Usage, message)) => message,
            other => format!("{other:?}"),
        };
        assert!(message_of("titel=x").contains("title"));
        assert!(message_of("title").contains("KEY=VALUE"));
        assert!(message_of("interval=30").contains("30m"));
        assert!(message_of("folder=a//b").contains("empty part"));
        assert!(message_of("paused=maybe").contains("true or false"));
        assert!(message_of("full_text=maybe").contains("full_text must be true or false"));
    }
}
