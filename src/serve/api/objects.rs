//! `stories/{id}`, `topics`, `feeds`, `status` and `openapi.json`.

use std::sync::LazyLock;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use bytes::Bytes;

use super::super::cache::Document;
use super::super::conditional::{Freshness, respond};
use super::super::error::HttpError;
use super::super::state::{Cost, Shared};
use super::answer::{JSON, Request, with_token};
use crate::api::routes::{FEEDS, OPENAPI, STATUS, STORY, TOPICS};
use crate::api::{BadParameter, FeedQuery, Parameters, StatusReport, StoryQuery, TopicPage};

/// Memory of a status: at most twenty hosts, and numbers.
const STATUS_BYTES: usize = 16 << 10;

static OPENAPI_JSON: LazyLock<Bytes> =
    LazyLock::new(|| Bytes::from(crate::api::openapi().to_string()));

/// `/api/v1/stories/{id}`
pub async fn story(
    State(state): State<Shared>,
    id: Result<Path<String>, PathRejection>,
    query: RawQuery,
    headers: HeaderMap,
) -> Result<Response, HttpError> {
    let request = Request::new(&state, &headers, query, &STORY);
    let Path(id) = id.map_err(|_| BadParameter::new("id", "it is not UTF-8"))?;
    let query = StoryQuery::read(&id, &request.parameters()?)?;
    let token = request.token();
    let selected = format!("#{}{}", query.id, query.to_query_string());
    let make = request.answer(&selected, Cost::Small, move |_, reads, memory| {
        let mut story = query.load(reads, memory)?;
        story.next = with_token(story.next, token.as_ref());
        let next = story.next.clone();
        Ok((story, next))
    });
    make.await
}

/// `/api/v1/topics`
pub async fn topics(
    State(state): State<Shared>,
    query: RawQuery,
    headers: HeaderMap,
) -> Result<Response, HttpError> {
    let request = Request::new(&state, &headers, query, &TOPICS);
    request.parameters()?;
    let make = request.answer("", Cost::Shared, |_, reads, memory| {
        Ok((TopicPage::load(reads, memory)?, None))
    });
    make.await
}

/// `/api/v1/feeds`
pub async fn feeds(
    State(state): State<Shared>,
    query: RawQuery,
    headers: HeaderMap,
) -> Result<Response, HttpError> {
    let request = Request::new(&state, &headers, query, &FEEDS);
    let (query, token) = (FeedQuery::read(&request.parameters()?)?, request.token());
    let selected = query.to_query_string();
    let make = request.answer(&selected, Cost::Small, move |_, reads, memory| {
        let mut page = query.load(reads, memory)?;
        page.next = with_token(page.next, token.as_ref());
        let next = page.next.clone();
        Ok((page, next))
    });
    make.await
}

/// `/api/v1/status`
pub async fn status(
    State(state): State<Shared>,
    query: RawQuery,
    headers: HeaderMap,
) -> Result<Response, HttpError> {
    let request = Request::new(&state, &headers, query, &STATUS);
    request.parameters()?;
    let make = request.answer("", Cost::Shared, |state, reads, memory| {
        memory.grow(STATUS_BYTES)?;
        let (daemon, bytes_max) = (state.daemon.clone(), state.options.size_warning);
        let report = StatusReport::load(reads, state.clock.now(), daemon, bytes_max)?;
        Ok((report, None))
    });
    make.await
}

/// `/api/v1/openapi.json`
pub async fn openapi(
    State(state): State<Shared>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, HttpError> {
    Parameters::of_query(&query.unwrap_or_default(), &OPENAPI)?;
    let render = async {
        Ok(Document {
            content_type: JSON,
            links: None,
            body: OPENAPI_JSON.clone(),
            changed: None,
            next_change: None,
        })
    };
    let (sequence, now) = (state.sequence(), state.clock.now());
    let key = "/api/v1/openapi.json";
    let rendered = state.cache.get(key, sequence, now, render).await?;
    let (freshness, cost) = (Freshness::Revalidate, Cost::Shared);
    respond(&state, &headers, rendered, freshness, cost).await
}
