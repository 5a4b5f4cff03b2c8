//! The routes of the merged feeds and of the two OPML lists.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{self, Path, RawQuery};
use axum::http::HeaderMap;
use axum::response::Response;

use super::budget::{RENDERED_FACTOR, Reservation};
use super::cache::Document;
use super::conditional::{Freshness, respond};
use super::error::HttpError;
use super::state::{Cost, Shared, State};
use crate::emit::opml::Subscription;
use crate::emit::{self, Channel, Format, opml};
use crate::merged::{Heading, LinkToken, List, ListRequest, channel, health, last_change};
use crate::model::{StoryView, Time, WebUrl};
use crate::store::{Outline, OutlinePlace, Reads, Walk};

const OPML: &str = "text/x-opml; charset=utf-8";

/// `/feeds/NAME.FORMAT`
pub async fn feed(
    extract::State(state): extract::State<Shared>,
    Path(file): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, HttpError> {
    let (name, format) = parse_file_name(&file)?;
    let query = query.unwrap_or_default();
    if name == health::NAME {
        let token = state.link_token(&query);
        return health_feed(&state, &headers, &file, format, token).await;
    }
    let mut request = ListRequest::read(name, &query)?;
    request.token = state.link_token(&query);
    let key = format!("/feeds/{file}{}", request.query());
    let cost = Cost::of(&request);
    let (sequence, now) = (state.sequence(), state.clock.now());
    let render = state.render(cost, move |state, reads, reservation| {
        render(state, reads, &request, format, reservation)
    });
    let rendered = state.cache.get(&key, sequence, now, render).await?;
    respond(&state, &headers, rendered, Freshness::Planned, cost).await
}

/// `/feeds.opml`: the merged feeds.
pub async fn merged_feeds(
    extract::State(state): extract::State<Shared>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, HttpError> {
    let token = state.page_token(&query.unwrap_or_default());
    let token = token.map_or_else(String::new, |t| t.parameter('?'));
    let key = format!("/feeds.opml{token}");
    opml_list(&state, &headers, &key, move |state, reads, _| {
        let mut lists = vec![(state.options.title.clone(), List::All)];
        let topics = reads.topic_heads()?;
        lists.extend(topics.into_iter().map(|t| (t.title, List::Topic(t.name))));
        let feeds = lists.into_iter().filter_map(|(title, list)| {
            let path = format!("{}{token}", list.file(Format::Atom));
            let page = format!("{}{token}", list.page_path());
            Some(Subscription {
                title: Some(title),
                site: WebUrl::parse(&state.base.at(&page)).ok(),
                ..Subscription::new(WebUrl::parse(&state.base.at(&path)).ok()?)
            })
        });
        Ok(opml::write(
            &state.options.title,
            &feeds.collect::<Vec<_>>(),
        ))
    })
    .await
}

/// `/subscriptions.opml`: the subscribed feeds. Stored URLs contain no credentials.
pub async fn subscriptions(
    extract::State(state): extract::State<Shared>,
    headers: HeaderMap,
) -> Result<Response, HttpError> {
    opml_list(&state, &headers, "/subscriptions.opml", write_sources).await
}

/// Step in which memory for the OPML list is reserved.
const LIST_STEP_BYTES: usize = 1 << 20;

fn write_sources(
    state: &State,
    reads: &Reads,
    reservation: &mut Reservation,
) -> Result<String, HttpError> {
    reservation.grow(reads.outline_places_bytes()?)?;
    let places = sorted_by_folder(reads.outline_places()?);
    let mut reserved_bytes = places.len() * size_of::<OutlinePlace>();
    reservation.shrink_to(reserved_bytes);
    let mut list = opml::Writer::new(&state.options.title);
    let mut reserved = Ok(());
    reads.each_outline(places.iter().map(|p| p.feed), |outline| {
        let path = opml::path(outline.folder.as_deref());
        if let Some(subscription) = subscription(outline) {
            list.add(&path, &subscription);
        }
        if list.written() > reserved_bytes {
            reserved = reservation.grow(LIST_STEP_BYTES);
            reserved_bytes += LIST_STEP_BYTES;
        }
        match reserved {
            Ok(()) => Walk::Continue(()),
            Err(_) => Walk::Break(()),
        }
    })?;
    reserved.map(|()| list.finish())
}

/// A stable sort by folder, so that the order by title is kept within each.
fn sorted_by_folder(mut places: Vec<OutlinePlace>) -> Vec<OutlinePlace> {
    let mut paths: HashMap<Option<Arc<str>>, Vec<String>> = HashMap::new();
    for place in &places {
        paths
            .entry(place.folder.clone())
            .or_insert_with(|| opml::path(place.folder.as_deref()));
    }
    places.sort_by(|a, b| paths.get(&a.folder).cmp(&paths.get(&b.folder)));
    places
}

fn parse_file_name(file: &str) -> Result<(&str, Format), HttpError> {
    let parts = file.rsplit_once('.');
    let found = parts.and_then(|(name, extension)| {
        let format = Format::from_name(extension).filter(|f| f.extension() == extension)?;
        Some((name, format))
    });
    found.ok_or_else(|| {
        let name = parts.map_or(file, |(name, _)| name);
        HttpError::NotFound(format!(
            "there is no feed {file}; try {name}.atom, {name}.rss or {name}.json"
        ))
    })
}

fn render(
    state: &State,
    reads: &Reads,
    request: &ListRequest,
    format: Format,
    mut reservation: Reservation,
) -> Result<Document, HttpError> {
    let (options, now) = (&state.options, state.clock.now());
    let heading = Heading::of(&request.list, reads, &options.title)?;
    let page = request.load(reads, now, options.page_size, true, &mut reservation)?;
    let created = reads.created()?;
    let changed = last_change(&page.stories, now).or(Some(created));
    let publisher = (&state.base, options.hub.as_ref());
    let channel = channel(request, format, heading, page, publisher, created);
    Ok(Document {
        changed,
        next_change: reads.next_poll()?,
        ..document(&channel, format, reservation)?
    })
}

fn document(
    channel: &Channel,
    format: Format,
    mut reservation: Reservation,
) -> Result<Document, HttpError> {
    let stories: usize = channel.stories.iter().map(StoryView::memory).sum();
    reservation.grow(RENDERED_FACTOR * stories)?;
    let links = [("self", &channel.self_url), ("hub", &channel.hub_url)];
    let links = links
        .into_iter()
        .filter_map(|(rel, url)| Some(format!("<{}>; rel=\"{rel}\"", url.as_deref()?)));
    Ok(Document {
        content_type: format.content_type(),
        links: Some(links.collect::<Vec<_>>().join(", ")),
        body: reservation.attach_to(emit::render(channel, format).into_bytes())?,
        changed: None,
        next_change: None,
    })
}

/// `/feeds/newswire-health.FORMAT`
async fn health_feed(
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
    let render = state.render(Cost::Shared, move |state, reads, mut reservation| {
        let (options, base) = (&state.options, &state.base);
        let publisher = (base, options.hub.as_ref());
        let channel = health::channel(reads, format, &options.title, publisher, token.as_ref())?;
        reservation.grow(channel.stories.iter().map(StoryView::memory).sum())?;
        Ok(Document {
            changed: Some(channel.updated).filter(|t| *t > Time::EPOCH),
            next_change: reads.next_poll()?,
            ..document(&channel, format, reservation)?
        })
    });
    let (sequence, now) = (state.sequence(), state.clock.now());
    let rendered = state.cache.get(&key, sequence, now, render).await?;
    respond(state, headers, rendered, Freshness::Planned, Cost::Shared).await
}

async fn opml_list(
    state: &Shared,
    headers: &HeaderMap,
    key: &str,
    write: impl FnOnce(&State, &Reads, &mut Reservation) -> Result<String, HttpError> + Send + 'static,
) -> Result<Response, HttpError> {
    let render = state.render(Cost::Shared, move |state, reads, mut reservation| {
        let text = write(state, reads, &mut reservation)?;
        Ok(Document {
            content_type: OPML,
            links: None,
            body: reservation.attach_to(text.into_bytes())?,
            changed: None,
            next_change: None,
        })
    });
    let (sequence, now) = (state.sequence(), state.clock.now());
    let rendered = state.cache.get(key, sequence, now, render).await?;
    respond(
        state,
        headers,
        rendered,
        Freshness::Revalidate,
        Cost::Shared,
    )
    .await
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
