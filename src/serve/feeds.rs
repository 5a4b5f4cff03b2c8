//! The routes of the merged feeds, and of the two subscription lists.

use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;

use super::cache::Document;
use super::conditional::{Freshness, answer};
use super::list::{List, Wanted};
use super::merged::{Heading, channel, last_change};
use super::state::{Cost, Shared};
use super::{Refusal, health_feed, state, tokens};
use crate::emit::opml::Subscription;
use crate::emit::{self, Channel, Format, opml};
use crate::model::{Feed, Time, WebUrl};
use crate::store::Reads;

const OPML: &str = "text/x-opml; charset=utf-8";

/// `/feeds/NAME.FORMAT`
pub async fn feed(
    State(state): State<Shared>,
    Path(file): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let (name, format) = read_file(&file)?;
    if name == health_feed::NAME {
        return health(&state, &headers, &file, format).await;
    }
    let query = query.unwrap_or_default();
    let mut wanted = Wanted::read(name, &query)?;
    if state.options.tokens.is_some() {
        wanted.token = tokens::parameter(&query);
    }
    let key = format!("/feeds/{file}{}", wanted.query());
    let cost = match wanted.list {
        List::Search(_) => Cost::Search,
        List::All | List::Topic(_) => Cost::Small,
    };
    let (sequence, now) = (state.sequence(), state.clock.now());
    let render = state.read(cost, move |state, reads| {
        render(state, reads, &wanted, format)
    });
    let rendered = state.cache.get(&key, sequence, now, render).await?;
    answer(&state, &headers, rendered, Freshness::Planned).await
}

/// `/feeds.opml`: our merged feeds.
pub async fn merged_feeds(
    State(state): State<Shared>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    list(&state, &headers, "/feeds.opml", |state, reads| {
        let mut lists = vec![(state.options.title.clone(), List::All)];
        let topics = reads.topic_heads()?;
        lists.extend(topics.into_iter().map(|t| (t.title, List::Topic(t.name))));
        let ours = lists.into_iter().filter_map(|(title, list)| {
            let path = format!("{}.{}", list.feed_path(), Format::Atom.extension());
            Some(Subscription {
                title: Some(title),
                site: WebUrl::parse(&state.base.at(&list.page_path())).ok(),
                ..Subscription::new(WebUrl::parse(&state.base.at(&path)).ok()?)
            })
        });
        Ok(opml::write(&state.options.title, &ours.collect::<Vec<_>>()))
    })
    .await
}

/// `/subscriptions.opml`: our sources. The store's URLs have no userinfo.
pub async fn subscriptions(
    State(state): State<Shared>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    list(&state, &headers, "/subscriptions.opml", |state, reads| {
        let feeds = reads.feeds()?;
        let sources: Vec<_> = feeds.into_iter().filter_map(subscription).collect();
        Ok(opml::write(&state.options.title, &sources))
    })
    .await
}

fn read_file(file: &str) -> Result<(&str, Format), Refusal> {
    let parts = file.rsplit_once('.');
    let found = parts.and_then(|(name, extension)| {
        let format = Format::from_name(extension).filter(|f| f.extension() == extension)?;
        Some((name, format))
    });
    found.ok_or_else(|| {
        let name = parts.map_or(file, |(name, _)| name);
        Refusal::Missing(format!(
            "there is no feed {file}; it may be {name}.atom, {name}.rss or {name}.json"
        ))
    })
}

fn render(
    state: &state::State,
    reads: &Reads,
    wanted: &Wanted,
    format: Format,
) -> Result<Document, Refusal> {
    state.metrics.renderings.inc();
    let (options, now) = (&state.options, state.clock.now());
    let heading = Heading::of(&wanted.list, reads, &options.title)?;
    let page = wanted.load(reads, now, options.page_size, true)?;
    let changed = last_change(&page.stories, now);
    let hub = options.hub.as_ref();
    let channel = channel(wanted, format, heading, page, &state.base, hub);
    Ok(Document {
        changed,
        next_change: reads.next_poll()?,
        ..document(&channel, format)
    })
}

fn document(channel: &Channel, format: Format) -> Document {
    let links = [("self", &channel.self_url), ("hub", &channel.hub_url)];
    let links = links
        .into_iter()
        .filter_map(|(rel, url)| Some(format!("<{}>; rel=\"{rel}\"", url.as_deref()?)));
    Document {
        content_type: format.content_type(),
        links: Some(links.collect::<Vec<_>>().join(", ")),
        body: emit::render(channel, format),
        changed: None,
        next_change: None,
    }
}

/// `/feeds/newswire-health.FORMAT`
async fn health(
    state: &Shared,
    headers: &HeaderMap,
    file: &str,
    format: Format,
) -> Result<Response, Refusal> {
    let render = state.read(Cost::Small, move |state, reads| {
        state.metrics.renderings.inc();
        let (options, base) = (&state.options, &state.base);
        let channel =
            health_feed::channel(reads, format, &options.title, base, options.hub.as_ref())?;
        Ok(Document {
            changed: Some(channel.updated).filter(|t| *t > Time::EPOCH),
            next_change: reads.next_poll()?,
            ..document(&channel, format)
        })
    });
    let (sequence, now) = (state.sequence(), state.clock.now());
    let key = format!("/feeds/{file}");
    let rendered = state.cache.get(&key, sequence, now, render).await?;
    answer(state, headers, rendered, Freshness::Planned).await
}

async fn list(
    state: &Shared,
    headers: &HeaderMap,
    key: &str,
    write: fn(&state::State, &Reads) -> Result<String, Refusal>,
) -> Result<Response, Refusal> {
    let render = state.read(Cost::Small, move |state, reads| {
        state.metrics.renderings.inc();
        Ok(Document {
            content_type: OPML,
            links: None,
            body: write(state, reads)?,
            changed: None,
            next_change: None,
        })
    });
    let (sequence, now) = (state.sequence(), state.clock.now());
    let rendered = state.cache.get(key, sequence, now, render).await?;
    answer(state, headers, rendered, Freshness::Ask).await
}

fn subscription(feed: Feed) -> Option<Subscription> {
    Some(Subscription {
        title: Some(feed.title),
        site: feed.site.and_then(|site| WebUrl::parse(&site).ok()),
        folder: feed.folder,
        tags: feed.tags,
        others: feed.outline,
        ..Subscription::new(WebUrl::parse(&feed.url).ok()?)
    })
}
