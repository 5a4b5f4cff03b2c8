//! `stories` and `articles`.

use axum::extract::{self, RawQuery};
use axum::http::HeaderMap;
use axum::response::Response;

use super::super::error::HttpError;
use super::super::state::{Cost, Shared};
use super::answer::{Request, with_token};
use crate::api::routes::{ARTICLES, STORIES};
use crate::api::{LIMIT_DEFAULT, ListQuery};

/// `/api/v1/stories`
pub async fn stories(
    extract::State(state): extract::State<Shared>,
    query: RawQuery,
    headers: HeaderMap,
) -> Result<Response, HttpError> {
    let request = Request::new(&state, &headers, query, &STORIES);
    let (query, token) = (ListQuery::read(&request.parameters()?)?, request.token());
    let (selected, cost) = (query.to_query_string(), cost(&query, false));
    let make = request.answer(&selected, cost, move |state, reads, memory| {
        let mut page = query.stories(reads, state.clock.now(), memory)?;
        page.next = with_token(page.next, token.as_ref());
        let next = page.next.clone();
        Ok((page, next))
    });
    make.await
}

/// `/api/v1/articles`
pub async fn articles(
    extract::State(state): extract::State<Shared>,
    query: RawQuery,
    headers: HeaderMap,
) -> Result<Response, HttpError> {
    let request = Request::new(&state, &headers, query, &ARTICLES);
    let (query, token) = (ListQuery::read(&request.parameters()?)?, request.token());
    let (selected, cost) = (query.to_query_string(), cost(&query, true));
    let make = request.answer(&selected, cost, move |state, reads, memory| {
        let mut page = query.articles(reads, state.clock.now(), memory)?;
        page.next = with_token(page.next, token.as_ref());
        let next = page.next.clone();
        Ok((page, next))
    });
    make.await
}

fn cost(query: &ListQuery, of_articles: bool) -> Cost {
    match query.is_indexed(of_articles) {
        false => Cost::Search,
        true if query.is_first_page() && query.limit == LIMIT_DEFAULT => Cost::Shared,
        true => Cost::Small,
    }
}
