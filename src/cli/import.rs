//! `newswire import` and `newswire export`: subscription lists from and for other feed readers.

use std::path::Path;

use clap::Args;
use clap::builder::PossibleValue;
use serde::Serialize;

use super::context::Context;
use super::exit::{Exit, Failure};
use super::humanize::count;
use super::{parse, progress, runtime, terminal_escape};
use crate::config::Config;
use crate::emit::opml::{self, Subscription};
use crate::memory::Body;
use crate::model::{Feed, FeedState, WebUrl};
use crate::parse::{Warnings, charset};
use crate::store::{FeedSettings, NewFeed, Reads};

/// The Accept header for OPML.
const ACCEPT: &str = "text/x-opml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.5";

/// Maximum size of a list, in bytes: 200,000 feeds with titles and sites take about 60 MB.
const LIST_BYTES_MAX: u64 = 256 << 20;

/// `newswire import`.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// An OPML file, its URL, or - for stdin
    #[arg(value_name = "FILE|URL|-")]
    pub source: String,
}

/// `newswire export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "opml", value_parser = export_formats())]
    pub format: String,
}

/// Runs `newswire import`.
pub fn import(cx: &mut Context, args: &ImportArgs) -> Result<(), Failure> {
    let config = cx.config()?;
    let (downloaded, read);
    let bytes: &[u8] = match web_source(&args.source)? {
        Some(url) => {
            downloaded = download(cx, &config, &url)?;
            &downloaded
        }
        None => {
            read = parse::read_up_to(Path::new(&args.source), LIST_BYTES_MAX)?;
            &read
        }
    };
    let text = charset::to_text(bytes, None, &mut Warnings::default());
    let mut refused = Vec::new();
    let list = opml::read_with(&text, |outline| refused.push(outline)).map_err(|e| {
        let source = match args.source.as_str() {
            "-" => "stdin".into(),
            named => terminal_escape::without_password(named),
        };
        Failure::new(Exit::BadInput, format!("{source}: {e}"))
    })?;
    let spinner = progress::spinner(cx, &format!("subscribing to {} feeds", list.len()));
    let done = cx
        .store(&config)?
        .subscribe(list.into_iter().map(new_feed).collect())?;
    spinner.finish_and_clear();
    let new = done.iter().filter(|s| s.new).count();
    for outline in &refused {
        cx.out.note(&format!(
            "skipped line {} ({:?}): {}",
            outline.line,
            outline.title.as_deref().unwrap_or("no title"),
            outline.why
        ));
    }
    cx.out.note(&format!(
        "{}: {new} new, {} already known, {} skipped; a running daemon polls them now; without one, run `newswire fetch`",
        count(done.len() + refused.len(), "feed"),
        done.len() - new,
        refused.len()
    ));
    if refused.is_empty() {
        Ok(())
    } else {
        Err(Failure::Quiet(Exit::SomeFeeds))
    }
}

fn web_source(source: &str) -> Result<Option<WebUrl>, Failure> {
    if !source.starts_with("http://") && !source.starts_with("https://") {
        return Ok(None);
    }
    WebUrl::parse(source).map(Some).map_err(|e| {
        let shown = terminal_escape::without_password(source);
        Failure::usage(format!("cannot import from {shown:?}: {e}"))
    })
}

fn download(cx: &Context, config: &Config, url: &WebUrl) -> Result<Body, Failure> {
    let spinner = progress::spinner(cx, &format!("downloading from {}", url.host()));
    let page = runtime::get(config, &cx.clock, url, ACCEPT);
    spinner.finish_and_clear();
    page.map(|page| page.body)
}

/// A feed in nested folders also gets each of them as a tag.
fn new_feed(s: Subscription) -> NewFeed {
    let mut tags = s.tags;
    let levels: Vec<&str> = s.folder.as_deref().unwrap_or_default().split('/').collect();
    if levels.len() > 1 {
        for level in levels {
            if !tags.iter().any(|tag| tag == level) {
                tags.push(level.to_owned());
            }
        }
    }
    NewFeed {
        url: s.url,
        title: s.title,
        folder: s.folder,
        tags,
        settings: FeedSettings {
            auth: s.auth,
            outline: s.others,
            ..FeedSettings::default()
        },
        declared: false,
    }
}

/// A subscription in the output of `export --format json`.
#[derive(Serialize)]
struct Exported<'f> {
    url: &'f str,
    title: &'f str,
    site: Option<&'f str>,
    folder: Option<&'f str>,
    tags: &'f [String],
    interval_s: Option<u64>,
    paused: bool,
}

/// The values of `--format`.
fn export_formats() -> [PossibleValue; 2] {
    [
        PossibleValue::new("opml").help("OPML 2.0, for other readers"),
        PossibleValue::new("json").help("A JSON array"),
    ]
}

/// Runs `newswire export`.
pub fn export(cx: &mut Context, args: &ExportArgs) -> Result<(), Failure> {
    let config = cx.config()?;
    let feeds = Reads::open(&config.store.path)?.feeds()?;
    match args.format.as_str() {
        "opml" => {
            let list: Vec<Subscription> = feeds.iter().filter_map(subscription).collect();
            cx.out.document(&opml::write(&config.server.title, &list))
        }
        _ => {
            let list: Vec<Exported<'_>> = feeds.iter().map(exported).collect();
            cx.out.json(&list)
        }
    }
}

/// A feed as an entry of a subscription list.
pub fn subscription(feed: &Feed) -> Option<Subscription> {
    Some(Subscription {
        title: Some(feed.title.clone()),
        site: feed
            .site
            .as_deref()
            .and_then(|site| WebUrl::parse(site).ok()),
        folder: feed.folder.clone(),
        tags: feed.tags.clone(),
        others: feed.outline.clone(),
        ..Subscription::new(WebUrl::parse(&feed.url).ok()?)
    })
}

fn exported(feed: &Feed) -> Exported<'_> {
    Exported {
        url: &feed.url,
        title: &feed.title,
        site: feed.site.as_deref(),
        folder: feed.folder.as_deref(),
        tags: &feed.tags,
        interval_s: feed.interval_s,
        paused: feed.state == FeedState::Paused,
    }
}
