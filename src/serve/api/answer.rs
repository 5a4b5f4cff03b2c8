//! An object as a cached JSON document, with its entity tag and the link to the next page.

use axum::extract::RawQuery;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Serialize;

use super::super::budget::{RENDERED_FACTOR, Reservation};
use super::super::cache::Document;
use super::super::cached::{cached, token_key};
use super::super::conditional::Freshness;
use super::super::error::HttpError;
use super::super::state::{Cost, Shared, State};
use crate::api::{BASE, Parameters, Route, json};
use crate::merged::LinkToken;
use crate::store::Reads;

/// The Content-Type of answers.
pub const JSON: &str = "application/json";

/// A request to a route of the API.
pub struct Request<'r> {
    state: &'r Shared,
    headers: &'r HeaderMap,
    query: String,
    route: &'static Route,
}

/// The next page, as members of pages name it.
pub type Next = Option<String>;

impl<'r> Request<'r> {
    /// The request to a route.
    pub fn new(
        state: &'r Shared,
        headers: &'r HeaderMap,
        query: RawQuery,
        route: &'static Route,
    ) -> Self {
        Self {
            state,
            headers,
            query: query.0.unwrap_or_default(),
            route,
        }
    }

    /// The parameters of the request.
    ///
    /// # Errors
    /// [`HttpError::BadParameter`].
    pub fn parameters(&self) -> Result<Parameters, HttpError> {
        Ok(Parameters::of_query(&self.query, self.route)?)
    }

    /// The token of the request, which links to the next page carry on.
    pub fn token(&self) -> Option<LinkToken> {
        self.state.page_token(&self.query)
    }

    /// The object that `make` returns with the query of the next page, as a JSON document. `selected` is what identifies the
    /// object besides the route, in one form for all requests that select the same. `make` reserves the memory of the object.
    ///
    /// # Errors
    /// What `make` returns, or [`HttpError::Busy`] without memory for the document.
    pub async fn answer<T: Serialize>(
        &self,
        selected: &str,
        cost: Cost,
        make: impl FnOnce(&State, &Reads, &mut Reservation) -> Result<(T, Next), HttpError>
        + Send
        + 'static,
    ) -> Result<Response, HttpError> {
        let token = token_key(self.token().as_ref());
        let key = format!("{BASE}{}{selected}{token}", self.route.path);
        let how = (cost, Freshness::Revalidate);
        cached(
            self.state,
            self.headers,
            &key,
            how,
            move |state, reads, mut reservation| {
                let (object, next) = make(state, reads, &mut reservation)?;
                reservation.grow(RENDERED_FACTOR * reservation.bytes())?;
                let text = json::line(&object).map_err(|e| {
                    tracing::error!(error = %e, "an answer cannot be written as JSON");
                    HttpError::Internal
                })?;
                Ok(Document {
                    content_type: JSON,
                    links: next.map(|next| format!("<{next}>; rel=\"next\"")),
                    body: reservation.attach_to(text)?,
                    changed: None,
                    next_change: None,
                })
            },
        )
        .await
    }
}

/// The query of the next page with the token of the request.
pub fn with_token(next: Next, token: Option<&LinkToken>) -> Next {
    next.map(|query| format!("{query}{}", token_key(token)))
}
