//! Routes whose responses depend on no stored data: the style sheet, robots.txt, redirects, and what answers where there is no
//! route.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;

use super::api;
use super::cache::Document;
use super::conditional::{Freshness, respond};
use super::error::{HttpError, plain_text};
use super::state::{Cost, Shared};

/// `/style.css`
pub async fn style(State(state): State<Shared>, headers: HeaderMap) -> Result<Response, HttpError> {
    let render = async {
        Ok(Document {
            content_type: "text/css; charset=utf-8",
            links: None,
            body: Bytes::from_static(include_bytes!("templates/style.css")),
            changed: None,
            next_change: None,
        })
    };
    let (sequence, now) = (state.sequence(), state.clock.now());
    let rendered = state.cache.get("/style.css", sequence, now, render).await?;
    respond(&state, &headers, rendered, Freshness::Planned, Cost::Shared).await
}

/// `/robots.txt`: asks search engines to index nothing, because the texts are other publishers'.
pub async fn robots() -> Response {
    plain_text(StatusCode::OK, "User-agent: *\nDisallow: /")
}

/// `/sources`: a redirect to `/status`, which lists the sources.
pub async fn sources(url: Uri) -> Response {
    redirect(StatusCode::SEE_OTHER, "status", &url)
}

/// Any other path: 404, or a redirect to the path without a trailing slash.
pub async fn not_found(url: Uri) -> Response {
    let Some(bare) = url
        .path()
        .strip_suffix('/')
        .filter(|bare| !bare.is_empty() && !bare.ends_with('/'))
    else {
        let start = match api::is_api(url.path()) {
            true => "/api/v1/openapi.json lists the addresses of the API",
            false => "start at /",
        };
        let message = format!("there is nothing at this address; {start}");
        return HttpError::NotFound(message).into_response();
    };
    let name = bare.rsplit('/').next().unwrap_or_default();
    redirect(StatusCode::PERMANENT_REDIRECT, &format!("../{name}"), &url)
}

/// Any other method than GET and HEAD.
pub async fn method_not_allowed() -> Response {
    let mut response = plain_text(
        StatusCode::METHOD_NOT_ALLOWED,
        "this server only answers GET and HEAD",
    );
    let allow = HeaderValue::from_static("GET, HEAD");
    response.headers_mut().insert(header::ALLOW, allow);
    close_connection(response)
}

/// Closes the connection after this response: what follows the request on it may not be another request.
pub fn close_connection(mut response: Response) -> Response {
    let close = HeaderValue::from_static("close");
    response.headers_mut().insert(header::CONNECTION, close);
    response
}

/// A redirect to a relative `target`, because a proxy may serve us under any path. The query is kept: it may have a token.
fn redirect(status: StatusCode, target: &str, from: &Uri) -> Response {
    let query = from.query().map_or_else(String::new, |q| format!("?{q}"));
    let mut response = status.into_response();
    match HeaderValue::from_str(&format!("{target}{query}")) {
        Ok(target) => drop(response.headers_mut().insert(header::LOCATION, target)),
        Err(_) => *response.status_mut() = StatusCode::NOT_FOUND,
    }
    response
}
