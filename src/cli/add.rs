//! `newswire add`: subscribing to a feed, or to the feed of a page.

use clap::Args;

use super::context::Context;
use super::exit::{Exit, Failure};
use super::human::count;
use super::{change, safe, work};
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
    let refused = |why: &str| {
        let shown = safe::without_password(url);
        Failure::usage(format!("cannot subscribe to {shown:?}: {why}"))
    };
    let written = with_scheme(url)
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

/// A URL as people type or paste it: without `https://`, or behind the `feed:` that some sites put there. None if it is
/// just a word.
fn with_scheme(typed: &str) -> Option<String> {
    let typed = typed.trim();
    let url = match typed.strip_prefix("feed:") {
        Some(rest) => rest.strip_prefix("//").unwrap_or(rest),
        None => typed,
    };
    if url.contains("://") {
        return Some(url.to_owned());
    }
    let host = url.split(['/', '?', '#']).next().unwrap_or_default();
    let host = host.rsplit('@').next().unwrap_or_default();
    let name = host.split(':').next().unwrap_or_default();
    let is_host = name.contains('.') || name == "localhost" || host.starts_with('[');
    is_host.then(|| format!("https://{url}"))
}

fn tell(cx: &mut Context, added: &Added) -> Result<(), Failure> {
    let Added { title, url, .. } = added;
    if !added.new {
        return cx.out.line(&format!("already subscribed: {title} ({url})"));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_may_lack_its_scheme_but_a_word_is_none() {
        for (typed, url) in [
            ("https://a.example/x", Some("https://a.example/x")),
            (" a.example/x?y=1 ", Some("https://a.example/x?y=1")),
            ("feed:https://a.example/x", Some("https://a.example/x")),
            ("feed://a.example/x", Some("https://a.example/x")),
            ("localhost:8080/feed", Some("https://localhost:8080/feed")),
            ("[::1]:8080", Some("https://[::1]:8080")),
            ("ann:secret@a.example", Some("https://ann:secret@a.example")),
            ("notaurl", None),
            ("notaurl/feed.xml", None),
            ("http:/a.example", None),
            ("", None),
        ] {
            assert_eq!(with_scheme(typed).as_deref(), url, "{typed:?}");
        }
    }
}
