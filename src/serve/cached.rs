//! A document from the cache, or rendered into it. The routes of feeds, lists and pages answer through this.

use axum::http::HeaderMap;
use axum::response::Response;

use super::budget::Reservation;
use super::cache::Document;
use super::conditional::{Freshness, respond};
use super::error::HttpError;
use super::frame::with_page_headers;
use super::state::{Cost, Shared, State};
use crate::merged::LinkToken;
use crate::store::Reads;

/// The document with this key. `render` is called if the cache has none that is still valid.
///
/// # Errors
/// What `render` returns.
pub async fn cached(
    state: &Shared,
    headers: &HeaderMap,
    key: &str,
    (cost, freshness): (Cost, Freshness),
    render: impl FnOnce(&State, &Reads, Reservation) -> Result<Document, HttpError> + Send + 'static,
) -> Result<Response, HttpError> {
    let (sequence, now) = (state.sequence(), state.clock.now());
    let render = state.render(cost, render);
    let rendered = state.cache.get(key, sequence, now, render).await?;
    respond(state, headers, rendered, freshness, cost).await
}

/// The page with this key, with the headers of pages.
///
/// # Errors
/// What `render` returns.
pub async fn cached_page(
    state: &Shared,
    headers: &HeaderMap,
    key: &str,
    cost: Cost,
    render: impl FnOnce(&State, &Reads, Reservation) -> Result<Document, HttpError> + Send + 'static,
) -> Result<Response, HttpError> {
    let response = cached(state, headers, key, (cost, Freshness::Revalidate), render);
    Ok(with_page_headers(state, response.await?))
}

/// The part of a cache key that separates pages whose links carry a token from those without one.
pub fn token_key(token: Option<&LinkToken>) -> String {
    token.map_or_else(String::new, |t| t.parameter('&'))
}
