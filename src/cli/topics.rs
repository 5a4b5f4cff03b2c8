//! `newswire topics`: the stored topics with their counts.

use clap::Args;

use super::columns::Column;
use super::context::Context;
use super::exit::Failure;
use super::table::Table;
use crate::config::Config;
use crate::store::{Reads, TopicInfo};

/// `newswire topics`.
#[derive(Debug, Args)]
pub struct TopicsArgs {
    /// Print one JSON object per line
    #[arg(long)]
    pub json: bool,
}

/// Runs `newswire topics`.
pub fn topics(cx: &mut Context, args: &TopicsArgs) -> Result<(), Failure> {
    let config = cx.config()?;
    let reads = Reads::open(&config.store.path)?;
    let topics = reads.topics()?;
    if args.json {
        return topics.iter().try_for_each(|topic| cx.out.json(topic));
    }
    let mut table = Table::new([
        Column::value("TOPIC"),
        Column::number("STORIES"),
        Column::number("ARTICLES"),
        Column::value(cx.times.near_heading("NEWEST")),
        Column::text("TITLE"),
        Column::reason("MATCH"),
    ]);
    for t in &topics {
        let cells = vec![
            t.name.clone(),
            t.stories.to_string(),
            t.articles.to_string(),
            cx.times.near(t.newest, "-"),
            t.title.clone(),
            t.source.clone(),
        ];
        table.row(&mut cx.out, cells)?;
    }
    table.finish(&mut cx.out)?;
    if differs(&config, &topics) {
        cx.out.note(
            "the configuration defines different topics; `newswire run`, or any command that writes to the store, applies them",
        );
    }
    Ok(())
}

/// Whether the stored topics differ from those of the configuration.
fn differs(config: &Config, stored: &[TopicInfo]) -> bool {
    let declared = config.topics();
    if config.file.is_none() && declared.is_empty() {
        return false; // without a configuration the stored topics stay
    }
    declared.len() != stored.len()
        || declared.iter().any(|d| {
            !stored
                .iter()
                .any(|s| s.name == d.name && s.source == d.source)
        })
}
