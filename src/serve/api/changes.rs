//! `changes`.

use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;

use super::super::error::HttpError;
use super::super::state::{Cost, Shared};
use super::answer::{Request, with_token};
use crate::api::ChangeQuery;
use crate::api::routes::CHANGES;

/// `/api/v1/changes`
pub async fn changes(
    State(state): State<Shared>,
    query: RawQuery,
    headers: HeaderMap,
) -> Result<Response, HttpError> {
    let request = Request::new(&state, &headers, query, &CHANGES);
    let (query, token) = (ChangeQuery::read(&request.parameters()?)?, request.token());
    let selected = query.to_query_string();
    let make = request.answer(&selected, Cost::Small, move |_, reads, memory| {
        let mut page = query.load(reads, memory)?;
        page.next = with_token(page.next, token.as_ref());
        let next = page.next.clone();
        Ok((page, next))
    });
    make.await
}
