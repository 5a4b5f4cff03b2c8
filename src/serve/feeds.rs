//! The routes of the merged feeds, and of the two subscription lists.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;

use super::budget::{RENDERED_FACTOR, Reservation};
use super::cache::Document;
use super::conditional::{Freshness, answer};
use super::state::{Cost, Shared};
use super::{HttpError, state};
use crate::emit::opml::Subscription;
use crate::emit::{self, Channel, Format, opml};
use crate::merged::{Heading, LinkToken, List, ListRequest, channel, health, last_change};
use crate::model::{StoryView, Time, WebUrl};
use crate::store::{Outline, OutlinePlace, Reads, Walk};

const OPML: &str = "text/x-opml; charset=utf-8";

/// `/feeds/NAME.FORMAT`
pub async fn feed(
    State(state): State<Shared>,
    Path(file): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, HttpError> {
    let (name, format) = read_file(&file)?;
    let query = query.unwrap_or_default();
    if name == health::NAME {
        let token = state.carried(&query);
        return health(&state, &headers, &file, format, token).await;
    }
    let mut wanted = ListRequest::read(name, &query)?;
    wanted.token = state.carried(&query);
    let key = format!("/feeds/{file}{}", wanted.query());
    let cost = Cost::of(&wanted);
    let (sequence, now) = (state.sequence(), state.clock.now());
    let render = state.render(cost, move |state, reads, room| {
        render(state, reads, &wanted, format, room)
    });
    let rendered = state.cache.get(&key, sequence, now, render).await?;
    answer(&state, &headers, rendered, Freshness::Planned, cost).await
}

/// `/feeds.opml`: our merged feeds.
pub async fn merged_feeds(
    State(state): State<Shared>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, HttpError> {
    let token = state.carried_by_pages(&query.unwrap_or_default());
    let token = token.map_or_else(String::new, |t| t.parameter('?'));
    let key = format!("/feeds.opml{token}");
    list(&state, &headers, &key, move |state, reads, _room| {
        let mut lists = vec![(state.options.title.clone(), List::All)];
        let topics = reads.topic_heads()?;
        lists.extend(topics.into_iter().map(|t| (t.title, List::Topic(t.name))));
        let ours = lists.into_iter().filter_map(|(title, list)| {
            let path = format!("{}{token}", list.file(Format::Atom));
            let page = format!("{}{token}", list.page_path());
            Some(Subscription {
                title: Some(title),
                site: WebUrl::parse(&state.base.at(&page)).ok(),
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
) -> Result<Response, HttpError> {
    list(&state, &headers, "/subscriptions.opml", sources).await
}

/// Bytes of a list that are reserved at a time.
const LIST_STEP_BYTES: usize = 1 << 20;

fn sources(
    state: &state::State,
    reads: &Reads,
    room: &mut Reservation,
) -> Result<String, HttpError> {
    room.grow(reads.outline_places_bytes()?)?;
    let places = in_folders(reads.outline_places()?);
    let mut reserved = places.len() * size_of::<OutlinePlace>();
    room.shrink_to(reserved);
    let mut list = opml::Writer::new(&state.options.title);
    let mut has_room = Ok(());
    reads.each_outline(places.iter().map(|p| p.feed), |outline| {
        let path = opml::path(outline.folder.as_deref());
        if let Some(subscription) = subscription(outline) {
            list.add(&path, &subscription);
        }
        if list.written() > reserved {
            has_room = room.grow(LIST_STEP_BYTES);
            reserved += LIST_STEP_BYTES;
        }
        match has_room {
            Ok(()) => Walk::Continue(()),
            Err(_) => Walk::Break(()),
        }
    })?;
    has_room.map(|()| list.finish())
}

/// Sorted by the folders that they are in, by title within.
fn in_folders(mut places: Vec<OutlinePlace>) -> Vec<OutlinePlace> {
    let mut paths: HashMap<Option<Arc<str>>, Vec<String>> = HashMap::new();
    for place in &places {
        paths
            .entry(place.folder.clone())
            .or_insert_with(|| opml::path(place.folder.as_deref()));
    }
    places.sort_by(|a, b| paths.get(&a.folder).cmp(&paths.get(&b.folder)));
    places
}

fn read_file(file: &str) -> Result<(&str, Format), HttpError> {
    let parts = file.rsplit_once('.');
    let found = parts.and_then(|(name, extension)| {
        let format = Format::from_name(extension).filter(|f| f.extension() == extension)?;
        Some((name, format))
    });
    found.ok_or_else(|| {
        let name = parts.map_or(file, |(name, _)| name);
        HttpError::Missing(format!(
            "there is no feed {file}; it may be {name}.atom, {name}.rss or {name}.json"
        ))
    })
}

fn render(
    state: &state::State,
    reads: &Reads,
    wanted: &ListRequest,
    format: Format,
    mut room: Reservation,
) -> Result<Document, HttpError> {
    let (options, now) = (&state.options, state.clock.now());
    let heading = Heading::of(&wanted.list, reads, &options.title)?;
    let page = wanted.load(reads, now, options.page_size, true, &mut room)?;
    let created = reads.created()?;
    let changed = last_change(&page.stories, now).or(Some(created));
    let place = (&state.base, options.hub.as_ref());
    let channel = channel(wanted, format, heading, page, place, created);
    Ok(Document {
        changed,
        next_change: reads.next_poll()?,
        ..document(&channel, format, room)?
    })
}

fn document(
    channel: &Channel,
    format: Format,
    mut room: Reservation,
) -> Result<Document, HttpError> {
    let stories: usize = channel.stories.iter().map(StoryView::memory).sum();
    room.grow(RENDERED_FACTOR * stories)?;
    let links = [("self", &channel.self_url), ("hub", &channel.hub_url)];
    let links = links
        .into_iter()
        .filter_map(|(rel, url)| Some(format!("<{}>; rel=\"{rel}\"", url.as_deref()?)));
    Ok(Document {
        content_type: format.content_type(),
        links: Some(links.collect::<Vec<_>>().join(", ")),
        body: room.hold(emit::render(channel, format).into_bytes())?,
        changed: None,
        next_change: None,
    })
}

/// `/feeds/newswire-health.FORMAT`
async fn health(
    state: &Shared,
    headers: &HeaderMap,
    file: &str,
    format: Format,
    token: Option<LinkToken>,
) -> Result<Response, HttpError> {
    let own = token
        .as_ref()
        .map_or_else(String::new, |t| t.parameter('?'));
    let key = format!("/feeds/{file}{own}");
    let render = state.render(Cost::Shared, move |state, reads, mut room| {
        let (options, base) = (&state.options, &state.base);
        let place = (base, options.hub.as_ref());
        let channel = health::channel(reads, format, &options.title, place, token.as_ref())?;
        room.grow(channel.stories.iter().map(StoryView::memory).sum())?;
        Ok(Document {
            changed: Some(channel.updated).filter(|t| *t > Time::EPOCH),
            next_change: reads.next_poll()?,
            ..document(&channel, format, room)?
        })
    });
    let (sequence, now) = (state.sequence(), state.clock.now());
    let rendered = state.cache.get(&key, sequence, now, render).await?;
    answer(state, headers, rendered, Freshness::Planned, Cost::Shared).await
}

async fn list(
    state: &Shared,
    headers: &HeaderMap,
    key: &str,
    write: impl FnOnce(&state::State, &Reads, &mut Reservation) -> Result<String, HttpError>
    + Send
    + 'static,
) -> Result<Response, HttpError> {
    let render = state.render(Cost::Shared, move |state, reads, mut room| {
        let text = write(state, reads, &mut room)?;
        Ok(Document {
            content_type: OPML,
            links: None,
            body: room.hold(text.into_bytes())?,
            changed: None,
            next_change: None,
        })
    });
    let (sequence, now) = (state.sequence(), state.clock.now());
    let rendered = state.cache.get(key, sequence, now, render).await?;
    answer(state, headers, rendered, Freshness::Ask, Cost::Shared).await
}

fn subscription(outline: Outline) -> Option<Subscription> {
    Some(Subscription {
        title: Some(outline.title),
        site: outline.site.and_then(|site| WebUrl::parse(&site).ok()),
        folder: outline.folder,
        tags: outline.tags,
        others: outline.others,
        ..Subscription::new(WebUrl::parse(&outline.url).ok()?)
    })
}
