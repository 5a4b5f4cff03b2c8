//! `newswire add`: subscribing to a feed, or to the feed of a page.

use std::path::Path;

use clap::Args;
use serde::Serialize;

use super::context::Context;
use super::exit::{Exit, Failure};
use super::humanize::count;
use super::{change, runtime, terminal_escape};
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
    /// Print what was done as one JSON object
    #[arg(long)]
    pub json: bool,
}

/// What was done, as `--json` prints it.
#[derive(Default, Serialize)]
struct Told {
    feeds: Vec<AddedLine>,
    failed: Vec<Refused>,
}

/// A subscription that stands.
#[derive(Serialize)]
struct AddedLine {
    id: String,
    url: String,
    title: String,
    new: bool,
    articles: usize,
    /// Why its first poll failed or was put off, or what is wrong with its document.
    error: Option<String>,
}

/// An address that was not subscribed to.
#[derive(Serialize)]
struct Refused {
    url: String,
    error: String,
    candidates: Vec<Candidate>,
}

/// A feed that a page names.
#[derive(Serialize)]
struct Candidate {
    url: String,
    title: Option<String>,
}

impl From<Added> for AddedLine {
    fn from(added: Added) -> Self {
        Self {
            id: added.id.to_string(),
            url: added.url.to_string(),
            title: added.title,
            new: added.new,
            articles: added.articles,
            error: added
                .failure
                .or(added.skipped)
                .or(added.doubt.map(str::to_owned)),
        }
    }
}

impl From<&AddError> for Refused {
    fn from(error: &AddError) -> Self {
        let (url, candidates) = match error {
            AddError::Several { page, candidates } => (page.to_string(), candidates.as_slice()),
            AddError::NoFeed { url, .. } => (url.to_string(), &[][..]),
            AddError::Store(_) => (String::new(), &[][..]),
        };
        let candidates = candidates.iter().map(|named| Candidate {
            url: named.url.to_string(),
            title: named.title.clone(),
        });
        Self {
            url,
            error: error.to_string(),
            candidates: candidates.collect(),
        }
    }
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
    let ingest = runtime::ingest(cx, &config, store)?;
    let runtime = runtime::runtime()?;
    let mut failed = false;
    let mut told = Told::default();
    runtime.block_on(async {
        let cancel = runtime::stopped_by_signals()?;
        for feed in feeds {
            match ingest.add(feed, args.first, &cancel).await {
                Ok(added) => {
                    failed |= added.failure.is_some() || added.doubt.is_some();
                    match args.json {
                        true => told.feeds.push(AddedLine::from(added)),
                        false => tell(cx, &added)?,
                    }
                }
                Err(AddError::Store(e)) => return Err(Failure::from(e)),
                Err(refused) => {
                    failed = true;
                    match args.json {
                        true => told.failed.push(Refused::from(&refused)),
                        false => {
                            super::output::complain(&format!("newswire: {}", in_full(&refused)));
                        }
                    }
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
    if args.json {
        cx.out.json(&told)?;
    }
    if failed {
        Err(Failure::Quiet(Exit::SomeFeeds))
    } else {
        Ok(())
    }
}

fn new_feed(url: &str, args: &AddArgs) -> Result<NewFeed, Failure> {
    let refused = |why: &str| {
        let shown = terminal_escape::without_password(url);
        Failure::usage(format!("cannot subscribe to {shown:?}: {why}"))
    };
    if is_file(url) {
        return Err(refused(&format!(
            "that is a file, and newswire polls URLs; `newswire parse {url}` shows what it makes of it, `newswire import \
             FILE` reads an OPML list, and a web server can serve it as a feed"
        )));
    }
    let written = web_url::with_scheme(url)
        .ok_or_else(|| refused("that is no URL; write it as in https://example.org/feed.xml"))?;
    let (url, auth) = web_url::part(&written).map_err(|e| refused(&e.to_string()))?;
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

/// Whether a place in the file system is meant: a path that is written as one, or a file that is there.
fn is_file(given: &str) -> bool {
    let is_path = ["./", "../", "/", "~/", "file:"]
        .iter()
        .any(|begin| given.starts_with(begin));
    is_path || (!given.contains("://") && Path::new(given).is_file())
}

fn tell(cx: &mut Context, added: &Added) -> Result<(), Failure> {
    let Added { title, url, .. } = added;
    if !added.new {
        return cx.out.line(&format!("already subscribed: {title} ({url})"));
    }
    let news = match (&added.failure, &added.skipped) {
        (Some(failure), _) => format!("the first poll failed and will be tried again: {failure}"),
        (None, Some(reason)) => format!("not polled yet: {reason}"),
        (None, None) => match added.doubt {
            Some(doubt) if added.articles == 0 => doubt.to_owned(),
            Some(doubt) => format!("{}, but {doubt}", count(added.articles, "article")),
            None => count(added.articles, "article"),
        },
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
