//! `/top`: the stories printed most, with the number of sites that carry each.

use askama::Template;
use axum::extract::{self, RawQuery};
use axum::http::HeaderMap;
use axum::response::Response;

use super::budget::RENDERED_FACTOR;
use super::cached::cached_page;
use super::error::HttpError;
use super::frame::{Feeds, Frame, document, frame};
use super::state::{Cost, Shared};
use crate::merged::top::NAME;
use crate::merged::{Heading, ListRequest, RankedStory};

#[derive(Template)]
#[template(path = "top.html")]
struct Top {
    frame: Frame,
    heading: Heading,
    top: Vec<RankedStory>,
}

/// `/top`
pub async fn top(
    extract::State(state): extract::State<Shared>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, HttpError> {
    let query = query.unwrap_or_default();
    let mut request = ListRequest::read(NAME, &query)?;
    request.token = state.page_token(&query);
    let key = format!("{}{}", request.list.page_path(), request.query());
    let cost = Cost::of(&request);
    cached_page(
        &state,
        &headers,
        &key,
        cost,
        move |state, reads, mut reservation| {
            let now = state.clock.now();
            let heading = Heading::of(&request.list, reads, &state.options.title)?;
            let size = state.options.page_size;
            let top = request.top(reads, now, size, &mut reservation)?;
            let bytes: usize = top.iter().map(|r| r.story.memory()).sum();
            reservation.grow(RENDERED_FACTOR * bytes)?;
            let changed = top.iter().map(|r| r.story.first_seen).max();
            // The list of the last day changes at full hours.
            let changed = changed.max(request.left_by_age(now));
            let token = request.token.clone();
            let mut frame = frame(state, reads, "", &heading.title, token)?;
            frame.feeds = Some(Feeds {
                path: request.list.feed_path().trim_start_matches('/').to_owned(),
                query: request.query(),
                is_listed: false,
            });
            let page = Top {
                frame,
                heading,
                top,
            };
            document(changed, &page, &page.frame.times, reservation)
        },
    )
    .await
}
