//! A page from the cache, or rendered into it. Every page route answers through this.

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

/// The page with this key. `render` is called if the cache has none that is still valid.
///
/// # Errors
/// What `render` returns.
pub async fn cached(
    state: &Shared,
    headers: &HeaderMap,
    key: &str,
    cost: Cost,
    render: impl FnOnce(&State, &Reads, Reservation) -> Result<Document, HttpError> + Send + 'static,
) -> Result<Response, HttpError> {
    let (sequence, now) = (state.sequence(), state.clock.now());
    let render = state.render(cost, render);
    let rendered = state.cache.get(key, sequence, now, render).await?;
    let response = respond(state, headers, rendered, Freshness::Revalidate, cost).await?;
    Ok(with_page_headers(state, response))
}

/// The part of a cache key that separates pages whose links carry a token from those without one.
pub fn token_key(token: Option<&LinkToken>) -> String {
    token.map_or_else(String::new, |t| t.parameter('&'))
}
