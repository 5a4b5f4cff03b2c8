//! `newswire add`: subscribes to feeds, or to the feeds of web pages.

use std::path::Path;

use clap::Args;
use serde::Serialize;

use super::context::Context;
use super::exit::{Exit, Failure};
use super::humanize::count;
use super::{runtime, set, terminal_escape};
use crate::ingest::{AddError, Added};
use crate::model::web_url;
use crate::store::{FeedSettings, NewFeed};

/// `newswire add`.
#[derive(Debug, Args)]
pub struct AddArgs {
    /// Feeds, or web pages that link to their feeds; https:// may be omitted
    #[arg(value_name = "URL", required = true)]
    pub urls: Vec<String>,
    /// Title to use instead of the feed's own
    #[arg(long, value_name = "TITLE")]
    pub title: Option<String>,
    /// Folder, for example news/world
    #[arg(long, value_name = "FOLDER")]
    pub folder: Option<String>,
    /// Tag; may be repeated
    #[arg(long = "tag", value_name = "TAG")]
    pub tags: Vec<String>,
    /// If a page links to several feeds, subscribe to the first one
    #[arg(long)]
    pub first: bool,
    /// Print the result as a JSON object
    #[arg(long)]
    pub json: bool,
}

/// The output of `--json`.
#[derive(Default, Serialize)]
struct AddResult {
    feeds: Vec<AddedLine>,
    failed: Vec<FailedLine>,
}

/// A subscription that was added or existed.
#[derive(Serialize)]
struct AddedLine {
    id: String,
    url: String,
    title: String,
    new: bool,
    articles: usize,
    /// Why its first poll failed or was postponed, or what is wrong with its document.
    error: Option<String>,
}

/// An address that could not be added.
#[derive(Serialize)]
struct FailedLine {
    url: String,
    error: String,
    candidates: Vec<Candidate>,
}

/// A feed that a page links to.
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

impl From<&AddError> for FailedLine {
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
        return Err(Failure::usage("--title can be used only with a single URL"));
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
    let mut result = AddResult::default();
    runtime.block_on(async {
        let cancel = runtime::stopped_by_signals()?;
        for feed in feeds {
            match ingest.add(feed, args.first, &cancel).await {
                Ok(added) => {
                    failed |= added.failure.is_some() || added.doubt.is_some();
                    match args.json {
                        true => result.feeds.push(AddedLine::from(added)),
                        false => print_added(cx, &added)?,
                    }
                }
                Err(AddError::Store(e)) => return Err(Failure::from(e)),
                Err(error) => {
                    failed = true;
                    match args.json {
                        true => result.failed.push(FailedLine::from(&error)),
                        false => {
                            super::output::print_error(&format!("newswire: {}", in_full(&error)));
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
        cx.out.json(&result)?;
    }
    if failed {
        Err(Failure::Quiet(Exit::SomeFeeds))
    } else {
        Ok(())
    }
}

fn new_feed(url: &str, args: &AddArgs) -> Result<NewFeed, Failure> {
    let error = |why: &str| {
        let shown = terminal_escape::without_password(url);
        Failure::usage(format!("cannot subscribe to {shown:?}: {why}"))
    };
    if is_file(url) {
        return Err(error(&format!(
            "it is a file, and newswire polls URLs; `newswire parse {url}` shows how newswire reads it, `newswire import \
             FILE` imports an OPML file, and a web server can serve it as a feed"
        )));
    }
    let written = web_url::with_scheme(url)
        .ok_or_else(|| error("it is not a URL; write it like https://example.org/feed.xml"))?;
    let (url, auth) = web_url::part(&written).map_err(|e| error(&e.to_string()))?;
    if let Some(folder) = &args.folder {
        set::check_folder(folder)?;
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

/// Whether the argument is a path: it looks like one, or the file exists.
fn is_file(given: &str) -> bool {
    let is_path = ["./", "../", "/", "~/", "file:"]
        .iter()
        .any(|begin| given.starts_with(begin));
    is_path || (!given.contains("://") && Path::new(given).is_file())
}

fn print_added(cx: &mut Context, added: &Added) -> Result<(), Failure> {
    let Added { title, url, .. } = added;
    if !added.new {
        return cx.out.line(&format!("already subscribed: {title} ({url})"));
    }
    let news = match (&added.failure, &added.skipped) {
        (Some(failure), _) => format!("the first poll failed and will be retried: {failure}"),
        (None, Some(reason)) => format!("not polled yet: {reason}"),
        (None, None) => match added.doubt {
            Some(doubt) if added.articles == 0 => doubt.to_owned(),
            Some(doubt) => format!("{}, but {doubt}", count(added.articles, "article")),
            None => count(added.articles, "article"),
        },
    };
    cx.out.line(&format!("added {title} ({url}): {news}"))
}

fn in_full(error: &AddError) -> String {
    let mut text = error.to_string();
    if let AddError::Several { candidates, .. } = error {
        for candidate in candidates {
            let title = candidate.title.as_deref().unwrap_or_default();
            text.push_str(format!("\n  {}  {title}", candidate.url).trim_end());
        }
    }
    text
}
