//! A page from the cache, or rendered into it. Every page route answers through this.

use axum::http::HeaderMap;
use axum::response::Response;

use super::HttpError;
use super::budget::Reservation;
use super::cache::Document;
use super::conditional::{Freshness, answer};
use super::frame::guarded;
use super::state::{Cost, Shared, State};
use crate::merged::LinkToken;
use crate::store::Reads;

/// A page from the cache, or rendered for it.
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
    let answer = answer(state, headers, rendered, Freshness::Ask, cost).await?;
    Ok(guarded(state, answer))
}

/// What tells the pages that carry a token from those that carry none, in the keys of the cache.
pub fn key_of(token: Option<&LinkToken>) -> String {
    token.map_or_else(String::new, |t| t.parameter('&'))
}
