//! `newswire remove`, `pause` and `resume`. Feeds that the configuration file declares are refused, because the file would take
//! precedence at the next start.

use clap::Args;

use super::candidates;
use super::context::Context;
use super::exit::{Exit, Failure};
use super::humanize::count;
use super::lookup;
use crate::config::Config;
use crate::model::{Feed, FeedState};
use crate::store::FeedChange;

/// The feeds that `pause` and `resume` take.
#[derive(Debug, Args)]
pub struct SomeFeeds {
    /// Ids, URLs or unique parts of titles
    #[arg(value_name = "FEED", required = true, add = candidates::feeds())]
    pub feeds: Vec<String>,
}

/// `newswire remove`.
#[derive(Debug, Args)]
pub struct RemoveArgs {
    /// Ids, URLs or unique parts of titles
    #[arg(value_name = "FEED", required = true, add = candidates::feeds())]
    pub feeds: Vec<String>,
    /// Also delete their articles and everything learned about them. This cannot be undone
    #[arg(long)]
    pub purge: bool,
}

/// Runs `newswire remove`.
pub fn remove(cx: &mut Context, args: &RemoveArgs) -> Result<(), Failure> {
    let config = cx.config()?;
    let store = cx.existing_store(&config)?;
    let feeds = store.reads().feeds()?;
    let selected = lookup::feeds(&feeds, &args.feeds)?;
    refuse_declared(&config, &selected)?;
    for feed in selected {
        store.unsubscribe(feed.row)?;
        if args.purge {
            let purged = store.purge(feed.row)?;
            cx.out.note(&format!(
                "removed {} ({}) and {}",
                feed.title,
                feed.url,
                count(purged.articles, "article")
            ));
            continue;
        }
        cx.out.note(&format!(
            "removed {} ({}); kept {}",
            feed.title,
            feed.url,
            count(feed.articles, "article")
        ));
    }
    Ok(())
}

/// Runs `newswire pause` and `newswire resume`.
pub fn pause(cx: &mut Context, args: &SomeFeeds, paused: bool) -> Result<(), Failure> {
    let config = cx.config()?;
    let store = cx.existing_store(&config)?;
    let feeds = store.reads().feeds()?;
    let selected = lookup::feeds(&feeds, &args.feeds)?;
    // A declared feed that is gone may be resumed by command, but not one that the file pauses.
    let in_file: Vec<&Feed> = selected
        .iter()
        .copied()
        .filter(|f| paused || f.state == FeedState::Paused)
        .collect();
    refuse_declared(&config, &in_file)?;
    for feed in selected {
        let change = FeedChange {
            paused: Some(paused),
            ..FeedChange::default()
        };
        store.change_feed(feed.row, change)?;
        let done = if paused { "paused" } else { "resumed" };
        cx.out
            .note(&format!("{done} {} ({})", feed.title, feed.url));
    }
    Ok(())
}

/// Fails if one of the feeds is declared in the configuration.
pub fn refuse_declared(config: &Config, feeds: &[&Feed]) -> Result<(), Failure> {
    match feeds.iter().find(|f| f.declared) {
        None => Ok(()),
        Some(feed) if config.is_sample => Err(Failure::new(
            Exit::Failed,
            format!(
                "{} ({}) belongs to the sample, whose feeds cannot be changed",
                feed.title, feed.url
            ),
        )),
        Some(feed) => Err(Failure::new(
            Exit::Failed,
            format!(
                "{} ({}) is declared in {}: change it there, then restart or reload the daemon",
                feed.title,
                feed.url,
                config.source()
            ),
        )),
    }
}
