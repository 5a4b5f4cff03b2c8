//! `newswire add`: subscribing to a feed, or to the feed of a page.

use clap::Args;

use super::context::Context;
use super::exit::{Exit, Failure};
use super::human::count;
use super::{change, work};
use crate::ingest::{AddError, Added};
use crate::model::web_url;
use crate::store::{FeedSettings, NewFeed};

/// `newswire add`.
#[derive(Debug, Args)]
pub struct AddArgs {
    /// Feeds, or pages that name their feeds. https:// may be left out
    #[arg(value_name = "URL", required = true)]
    pub urls: Vec<String>,
    /// A title instead of the feed's own
    #[arg(long, value_name = "TITLE")]
    pub title: Option<String>,
    /// The folder, as in news/world
    #[arg(long, value_name = "FOLDER")]
    pub folder: Option<String>,
    /// A tag; may be given several times
    #[arg(long = "tag", value_name = "TAG")]
    pub tags: Vec<String>,
    /// Where a page names several feeds, take the first
    #[arg(long)]
    pub first: bool,
}

/// Runs `newswire add`.
pub fn add(cx: &mut Context, args: &AddArgs) -> Result<(), Failure> {
    if args.title.is_some() && args.urls.len() > 1 {
        return Err(Failure::usage("--title goes with one URL"));
    }
    let feeds = args
        .urls
        .iter()
        .map(|url| new_feed(url, args))
        .collect::<Result<Vec<_>, _>>()?;
    let config = cx.config()?;
    let store = cx.store(&config)?;
    let ingest = work::ingest(cx, &config, store)?;
    let runtime = work::runtime()?;
    let mut failed = false;
    runtime.block_on(async {
        let cancel = work::stopped_by_signals()?;
        for feed in feeds {
            match ingest.add(feed, args.first, &cancel).await {
                Ok(added) => {
                    failed |= added.failure.is_some();
                    tell(cx, &added)?;
                }
                Err(AddError::Store(e)) => return Err(Failure::from(e)),
                Err(refused) => {
                    failed = true;
                    super::output::complain(&format!("newswire: {}", in_full(&refused)));
                }
            }
            cx.out.flush()?;
            if cancel.is_cancelled() {
                return Err(Failure::new(Exit::Failed, "stopped"));
            }
        }
        Ok(())
    })?;
    runtime.shutdown_background();
    if failed {
        Err(Failure::Quiet(Exit::SomeFeeds))
    } else {
        Ok(())
    }
}

fn new_feed(url: &str, args: &AddArgs) -> Result<NewFeed, Failure> {
    let written = if url.contains("://") {
        url.to_owned()
    } else {
        format!("https://{url}")
    };
    // The URL may hold a password: the message names what is left of it.
    let (url, auth) = web_url::part(&written).map_err(|e| {
        Failure::usage(format!(
            "cannot subscribe to {:?}: {e}",
            written.rsplit('@').next().unwrap_or_default()
        ))
    })?;
    if let Some(folder) = &args.folder {
        change::check_folder(folder)?;
    }
    Ok(NewFeed {
        url,
        title: args.title.clone(),
        folder: args.folder.clone().filter(|f| !f.is_empty()),
        tags: args.tags.clone(),
        settings: FeedSettings {
            auth,
            ..FeedSettings::default()
        },
        declared: false,
    })
}

fn tell(cx: &mut Context, added: &Added) -> Result<(), Failure> {
    let Added { title, url, .. } = added;
    if !added.new {
        return cx.out.line(&format!("subscribed already: {title} ({url})"));
    }
    let news = match (&added.failure, &added.skipped) {
        (Some(failure), _) => format!("the first poll failed and will be tried again: {failure}"),
        (None, Some(reason)) => format!("not polled yet: {reason}"),
        (None, None) => count(added.articles, "article"),
    };
    cx.out.line(&format!("added {title} ({url}): {news}"))
}

fn in_full(refused: &AddError) -> String {
    let mut text = refused.to_string();
    if let AddError::Several { candidates, .. } = refused {
        for candidate in candidates {
            let title = candidate.title.as_deref().unwrap_or_default();
            text.push_str(format!("\n  {}  {title}", candidate.url).trim_end());
        }
    }
    text
}
