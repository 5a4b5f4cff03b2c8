//! Checks of every request before its route is called, and headers of every response (SEC-10, SEC-18). Knows no store.

use std::sync::Once;

use axum::extract::{Request, State};
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use headers::{CacheControl, HeaderMapExt};
use tower_http::catch_panic::CatchPanicLayer;

use super::api;
use super::error::{HttpError, plain_text};
use super::hosts::HostError;
use super::metrics::Kind;
use super::pages;
use super::state::Shared;
use super::static_routes::{close_connection, method_not_allowed};

/// Maximum length of path and query.
pub const URL_BYTES_MAX: usize = 8 * 1024;

/// Characters of a refused host name that are logged: the maximum length of a host name.
const LOGGED_HOST_CHARS_MAX: usize = 255;

/// Headers of every response that does not set them itself: nothing in it runs, loads or frames anything, and browsers do not
/// resolve the names of linked hosts in advance.
const DEFAULT_HEADERS: [(HeaderName, HeaderValue); 4] = [
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'; sandbox"),
    ),
    (
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ),
    (
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    ),
    (
        header::X_DNS_PREFETCH_CONTROL,
        HeaderValue::from_static("off"),
    ),
];

/// For all routes: checks the request, limits its time, and sets the headers of the response and counts it.
pub async fn guard(State(state): State<Shared>, request: Request, next: Next) -> Response {
    let kind = kind_of(request.uri().path());
    let limit = state.options.limits.request_timeout;
    let mut response = match rejection(&state, &request) {
        Some(rejection) => rejection,
        None => tokio::time::timeout(limit, next.run(request))
            .await
            .unwrap_or_else(|_| {
                HttpError::Busy("this took too long; try again later".to_owned()).into_response()
            }),
    };
    if kind == Kind::Api {
        response = api::as_problem(response);
    }
    for (name, value) in DEFAULT_HEADERS {
        response.headers_mut().entry(name).or_insert(value);
    }
    state.metrics.count(kind, response.status());
    response
}

/// For the routes of readers: only GET and HEAD, and a token if the server has tokens. In a browser, errors are pages.
pub async fn guard_readers(State(state): State<Shared>, request: Request, next: Next) -> Response {
    let tokens = state.options.tokens.as_ref();
    let rejection = match request.method() {
        &Method::GET | &Method::HEAD => tokens.and_then(|tokens| tokens.rejection(&request)),
        _ => Some(method_not_allowed().await),
    };
    let is_page = matches!(kind_of(request.uri().path()), Kind::Page | Kind::Other);
    let page_url = (is_page && accepts_html(request.headers())).then(|| request.uri().clone());
    let mut response = match (rejection, page_url) {
        (Some(rejection), _) => rejection,
        (None, None) => next.run(request).await,
        (None, Some(url)) => pages::as_error_page(&state, &url, next.run(request).await).await,
    };
    if tokens.is_some() {
        forbid_shared_caching(response.headers_mut());
    }
    response
}

/// Whether the client is a browser, which accepts HTML by name.
fn accepts_html(headers: &HeaderMap) -> bool {
    let mut accepted = headers.get_all(header::ACCEPT).iter();
    accepted.any(|value| {
        value
            .to_str()
            .is_ok_and(|value| value.contains("text/html"))
    })
}

/// RFC 9111 section 5.2.2.7: a shared cache would give the response to clients without a token.
fn forbid_shared_caching(headers: &mut HeaderMap) {
    let current = headers.typed_get::<CacheControl>();
    let current = current.unwrap_or_else(CacheControl::new);
    headers.typed_insert(current.with_private());
    headers.append(header::VARY, HeaderValue::from_static("Authorization"));
}

/// Turns a panic of a route into a 500, so that it does not end the process.
pub fn catch_panics() -> CatchPanicLayer<fn(Box<dyn std::any::Any + Send>) -> Response> {
    CatchPanicLayer::custom(|_panic| {
        tracing::error!("a request panicked");
        HttpError::Internal.into_response()
    })
}

/// The response to a request that no route may see.
fn rejection(state: &Shared, request: &Request) -> Option<Response> {
    let url = request.uri();
    if url.path_and_query().map_or(0, |p| p.as_str().len()) > URL_BYTES_MAX {
        let message =
            format!("the URL is longer than {URL_BYTES_MAX} bytes; shorten the expression");
        return Some(plain_text(StatusCode::URI_TOO_LONG, &message));
    }
    match state.hosts.check(request) {
        Ok(()) => {}
        Err(HostError::Malformed) => {
            let message = "a request needs exactly one Host header with a valid host";
            let response = plain_text(StatusCode::BAD_REQUEST, message);
            return Some(close_connection(response));
        }
        Err(HostError::Unknown) => {
            log_unknown_host(request);
            let message = "this server does not answer to that host name; use its address or localhost, or add the name to \
                           the configuration: as server.public_url if readers use it, or to server.allowed_hosts if it is \
                           another name of this machine";
            return Some(plain_text(StatusCode::MISDIRECTED_REQUEST, message));
        }
    }
    // RFC 9112 section 6.3: a request with both framings can smuggle another past a proxy, and no reader's request has a body.
    // hyper drops a Content-Length that follows a Transfer-Encoding, so checking the latter is enough.
    if request.headers().contains_key(header::TRANSFER_ENCODING) {
        let message = match *request.method() {
            Method::POST => "the length of the body is missing (Content-Length)",
            _ => "a request here must not have a body",
        };
        let response = plain_text(StatusCode::BAD_REQUEST, message);
        return Some(close_connection(response));
    }
    None
}

/// Logged once per process: either the name is missing in the configuration, or this is an attack.
fn log_unknown_host(request: &Request) {
    static LOGGED: Once = Once::new();
    LOGGED.call_once(|| {
        let host = request.headers().get(header::HOST);
        let host = host.and_then(|host| host.to_str().ok()).unwrap_or_default();
        let host: String = host.chars().take(LOGGED_HOST_CHARS_MAX).collect();
        tracing::warn!(
            host,
            "a request with an unknown host name was refused (421); if readers use this name, set server.public_url or \
             server.allowed_hosts"
        );
    });
}

fn kind_of(path: &str) -> Kind {
    match path {
        "/" | "/status" | "/search" | "/style.css" | "/topics" => Kind::Page,
        "/feeds.opml" | "/subscriptions.opml" => Kind::Feed,
        "/healthz" | "/readyz" | "/metrics" => Kind::Probe,
        _ if path.starts_with("/feeds/") => Kind::Feed,
        _ if api::is_api(path) => Kind::Api,
        _ if ["/topics/", "/stories/", "/sources/"]
            .iter()
            .any(|p| path.starts_with(p)) =>
        {
            Kind::Page
        }
        _ => Kind::Other,
    }
}
