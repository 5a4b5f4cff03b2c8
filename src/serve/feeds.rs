//! The routes of the merged feeds.

use axum::extract::{self, Path, RawQuery};
use axum::http::HeaderMap;
use axum::response::Response;

use super::budget::{RENDERED_FACTOR, Reservation};
use super::cache::Document;
use super::cached::cached;
use super::conditional::Freshness;
use super::error::HttpError;
use super::state::{Cost, Shared, State};
use crate::emit::{self, Channel, Format};
use crate::merged::{Heading, LinkToken, ListRequest, channel, digests, health, last_change};
use crate::model::{StoryView, Time};
use crate::store::Reads;

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
    if let Some(target) = name.strip_prefix(digests::PREFIX) {
        let token = state.link_token(&query);
        let found = digest_feed(&state, &headers, (&file, target, format), token).await;
        // A topic may have such a name too.
        if !matches!(found, Err(HttpError::NotFound(_))) {
            return found;
        }
    }
    let mut request = ListRequest::read(name, &query)?;
    request.token = state.link_token(&query);
    let key = format!("/feeds/{file}{}", request.query());
    let cost = Cost::of(&request);
    let how = (cost, Freshness::Planned);
    cached(
        &state,
        &headers,
        &key,
        how,
        move |state, reads, reservation| render(state, reads, &request, format, reservation),
    )
    .await
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
    let changed = last_change(&page.stories, now).unwrap_or(created);
    let changed = Some(changed).max(request.left_by_age(now));
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
    let how = (Cost::Shared, Freshness::Planned);
    cached(
        state,
        headers,
        &key,
        how,
        move |state, reads, mut reservation| {
            let (options, base) = (&state.options, &state.base);
            let publisher = (base, options.hub.as_ref());
            let channel =
                health::channel(reads, format, &options.title, publisher, token.as_ref())?;
            reservation.grow(channel.stories.iter().map(StoryView::memory).sum())?;
            Ok(Document {
                changed: Some(channel.updated).filter(|t| *t > Time::EPOCH),
                next_change: reads.next_poll()?,
                ..document(&channel, format, reservation)?
            })
        },
    )
    .await
}

/// `/feeds/digest-NAME.FORMAT`
async fn digest_feed(
    state: &Shared,
    headers: &HeaderMap,
    (file, target, format): (&str, &str, Format),
    token: Option<LinkToken>,
) -> Result<Response, HttpError> {
    let own = token
        .as_ref()
        .map_or_else(String::new, |t| t.parameter('?'));
    let key = format!("/feeds/{file}?digest{own}");
    let how = (Cost::Shared, Freshness::Planned);
    let target = target.to_owned();
    cached(
        state,
        headers,
        &key,
        how,
        move |state, reads, mut reservation| {
            let (options, base) = (&state.options, &state.base);
            let publisher = (base, options.hub.as_ref());
            let place = (target.as_str(), format);
            let channel =
                digests::channel(reads, place, &options.title, publisher, token.as_ref())?;
            let channel = channel.ok_or_else(|| HttpError::NotFound(String::new()))?;
            reservation.grow(channel.stories.iter().map(StoryView::memory).sum())?;
            Ok(Document {
                changed: Some(channel.updated).filter(|t| *t > Time::EPOCH),
                next_change: reads.next_poll()?,
                ..document(&channel, format, reservation)?
            })
        },
    )
    .await
}
