//! `newswire emit` and `newswire render`: merged feeds without the HTTP server, byte for byte as it serves them.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use super::candidates;
use super::context::Context;
use super::exit::{Exit, Failure};
use super::import::subscription;
use super::{files, lookup};
use crate::config::{Config, Listen};
use crate::emit::opml::{self, Subscription};
use crate::emit::{Format, render as document};
use crate::merged::top;
use crate::merged::{
    BaseUrl, Heading, LIMIT_MAX, List, ListRequest, MergedError, Unlimited, channel, health,
};
use crate::model::{Time, WebUrl};
use crate::store::Reads;

/// `newswire emit`.
#[derive(Debug, Args)]
pub struct EmitArgs {
    /// Name of a topic, all, top, or newswire-health
    #[arg(value_name = "TOPIC", add = candidates::topics())]
    pub topic: String,
    /// Format; json and jsonfeed both mean JSON Feed 1.1
    #[arg(long, value_name = "FORMAT", default_value = "atom", value_parser = format_parser())]
    pub format: Format,
    /// Write to this file instead of stdout; an existing file is replaced atomically
    #[arg(long, short, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Maximum number of stories, from 1 to 1000 [default: server.page_size]
    #[arg(long, short = 'n', value_name = "N", value_parser = entries)]
    pub limit: Option<usize>,
}

/// `newswire render`.
#[derive(Debug, Args)]
pub struct RenderArgs {
    /// Output directory, created if it does not exist. Unchanged files are not rewritten
    #[arg(long, short, value_name = "DIR")]
    pub out: PathBuf,
}

/// The parser of `--format`.
fn format_parser() -> impl TypedValueParser<Value = Format> {
    let values = [
        ("atom", "Atom 1.0"),
        ("rss", "RSS 2.0"),
        ("json", "JSON Feed 1.1"),
        ("jsonfeed", "JSON Feed 1.1"),
    ];
    PossibleValuesParser::new(values.map(|(name, help)| PossibleValue::new(name).help(help)))
        .try_map(|name| Format::from_name(&name).ok_or("unknown format"))
}

fn entries(text: &str) -> Result<usize, String> {
    text.parse()
        .ok()
        .filter(|n| (1..=LIMIT_MAX).contains(n))
        .ok_or_else(|| format!("expected a number from 1 to {LIMIT_MAX}"))
}

/// Runs `newswire emit`.
pub fn emit(cx: &mut Context, args: &EmitArgs) -> Result<(), Failure> {
    let config = cx.config()?;
    let reads = Reads::open(&config.store.path)?;
    let source = Source::new(cx, &config, &reads);
    let format = args.format;
    let list = match args.topic.as_str() {
        health::NAME => None,
        "all" => Some(List::All),
        top::NAME => Some(List::Top),
        name => Some(List::Topic(lookup::topic(&reads, name)?.name)),
    };
    let text = match list {
        None => source.health(format)?,
        Some(list) => {
            let first = ListRequest::first(list);
            let limit = args.limit;
            source.feed(&ListRequest { limit, ..first }, format)?
        }
    };
    match &args.out {
        None => cx.out.document(&text),
        Some(file) => files::replace(file, text.as_bytes()).map(drop),
    }
}

/// Runs `newswire render`: the same paths and bytes as the server's. If the server is off (`server.listen = []`), there are no links
/// to older pages, which only the server has.
pub fn render(cx: &mut Context, args: &RenderArgs) -> Result<(), Failure> {
    let config = cx.config()?;
    let reads = Reads::open(&config.store.path)?;
    let source = Source {
        is_static: config.server.listen.is_empty(),
        ..Source::new(cx, &config, &reads)
    };
    let mut lists = vec![(config.server.title.clone(), List::All)];
    let topics = reads.topic_heads()?;
    lists.extend(topics.into_iter().map(|t| (t.title, List::Topic(t.name))));
    files::folder(&args.out)?;
    files::folder(&args.out.join("feeds"))?;
    let (mut files, mut written) = (0, 0);
    let mut write = |path: &str, text: &str| -> Result<(), Failure> {
        files += 1;
        written += usize::from(files::replace(&args.out.join(path), text.as_bytes())?);
        Ok(())
    };
    for (_, list) in &lists {
        for format in Format::ALL {
            let path = format!("{}.{}", list.feed_path(), format.extension());
            let text = source.feed(&ListRequest::first(list.clone()), format)?;
            write(path.trim_start_matches('/'), &text)?;
        }
    }
    for format in Format::ALL {
        let path = format!("feeds/{}.{}", health::NAME, format.extension());
        write(&path, &source.health(format)?)?;
    }
    let ours: Vec<Subscription> = lists
        .iter()
        .filter_map(|(title, list)| source.ours(title, list))
        .collect();
    let feeds = reads.feeds()?;
    let sources: Vec<Subscription> = feeds.iter().filter_map(subscription).collect();
    write("feeds.opml", &opml::write(&config.server.title, &ours))?;
    write(
        "subscriptions.opml",
        &opml::write(&config.server.title, &sources),
    )?;
    cx.out.note(&format!(
        "{files} files in {}, {written} written",
        args.out.display()
    ));
    Ok(())
}

/// Renders merged feeds as the server does.
struct Source<'s> {
    reads: &'s Reads,
    config: &'s Config,
    base: BaseUrl,
    now: Time,
    /// Whether there is no server for the pages after the first.
    is_static: bool,
}

impl<'s> Source<'s> {
    fn new(cx: &Context, config: &'s Config, reads: &'s Reads) -> Self {
        let base = match &config.server.public_url {
            Some(url) => BaseUrl::public(url),
            None => {
                BaseUrl::listening(config.server.listen.first().and_then(|place| match place {
                    Listen::Tcp(address) => Some(*address),
                    Listen::Unix(_) => None,
                }))
            }
        };
        Self {
            reads,
            config,
            base,
            now: cx.clock.now(),
            is_static: false,
        }
    }

    fn feed(&self, wanted: &ListRequest, format: Format) -> Result<String, Failure> {
        let server = &self.config.server;
        let heading = Heading::of(&wanted.list, self.reads, &server.title)?;
        let mut page = wanted.load(self.reads, self.now, server.page_size, true, &mut Unlimited)?;
        if self.is_static {
            (page.next, page.archive) = (None, None);
        }
        let place = (&self.base, self.config.websub.hub.as_ref());
        let channel = channel(wanted, format, heading, page, place, self.reads.created()?);
        Ok(document(&channel, format))
    }

    /// The feed of newswire's own events.
    fn health(&self, format: Format) -> Result<String, Failure> {
        let place = (&self.base, self.config.websub.hub.as_ref());
        let site = &self.config.server.title;
        let channel = health::channel(self.reads, format, site, place, None)?;
        Ok(document(&channel, format))
    }

    /// A merged feed as an entry of a subscription list.
    fn ours(&self, title: &str, list: &List) -> Option<Subscription> {
        let path = format!("{}.{}", list.feed_path(), Format::Atom.extension());
        Some(Subscription {
            title: Some(title.to_owned()),
            site: WebUrl::parse(&self.base.at(&list.page_path())).ok(),
            ..Subscription::new(WebUrl::parse(&self.base.at(&path)).ok()?)
        })
    }
}

impl From<MergedError> for Failure {
    fn from(error: MergedError) -> Self {
        match error {
            MergedError::Store(e) => e.into(),
            MergedError::NoSuchTopic { .. } => Self::missing(error.to_string()),
            MergedError::Parameter(_) | MergedError::NoMemory => {
                Self::new(Exit::Failed, error.to_string())
            }
        }
    }
}
