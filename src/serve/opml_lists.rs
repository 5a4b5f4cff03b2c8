//! `/feeds.opml` and `/subscriptions.opml`: our merged feeds, and the subscribed feeds, for import into other programs.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{self, RawQuery};
use axum::http::HeaderMap;
use axum::response::Response;

use super::budget::Reservation;
use super::cache::Document;
use super::cached::cached;
use super::conditional::Freshness;
use super::error::HttpError;
use super::state::{Cost, Shared, State};
use crate::emit::Format;
use crate::emit::opml::{self, Subscription};
use crate::merged::List;
use crate::model::WebUrl;
use crate::store::{Outline, OutlinePlace, Reads, Walk};

const OPML: &str = "text/x-opml; charset=utf-8";

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

async fn opml_list(
    state: &Shared,
    headers: &HeaderMap,
    key: &str,
    write: impl FnOnce(&State, &Reads, &mut Reservation) -> Result<String, HttpError> + Send + 'static,
) -> Result<Response, HttpError> {
    let how = (Cost::Shared, Freshness::Revalidate);
    cached(
        state,
        headers,
        key,
        how,
        move |state, reads, mut reservation| {
            let text = write(state, reads, &mut reservation)?;
            Ok(Document {
                content_type: OPML,
                links: None,
                body: reservation.attach_to(text.into_bytes())?,
                changed: None,
                next_change: None,
            })
        },
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
