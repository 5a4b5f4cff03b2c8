//! What holds for every request before its route sees it, and for every response (SEC-10, SEC-18).

use std::sync::Once;

use axum::extract::{Request, State};
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;

use super::HttpError;
use super::error::text;
use super::hosts::Wrong;
use super::metrics::Kind;
use super::pages;
use super::state::Shared;

/// Longest path and query.
pub const URL_BYTES_MAX: usize = 8 * 1024;

/// Characters of a foreign host that the log shows: as long as names can be.
const HOST_CHARS_TOLD: usize = 255;

/// Set on every response that does not say otherwise: nothing in it runs, loads or frames anything, and not even the
/// names of the hosts it links to are looked up.
const GUARDS: [(HeaderName, HeaderValue); 4] = [
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

/// Checks the request, gives it its time, guards and counts the response.
pub async fn gate(State(state): State<Shared>, request: Request, next: Next) -> Response {
    let kind = kind_of(request.uri().path());
    let limit = state.options.limits.request_timeout;
    let mut response = match refused(&state, &request) {
        Some(refused) => refused,
        None => tokio::time::timeout(limit, next.run(request))
            .await
            .unwrap_or_else(|_| {
                HttpError::Busy("this took too long; try again later".to_owned()).into_response()
            }),
    };
    for (name, value) in GUARDS {
        response.headers_mut().entry(name).or_insert(value);
    }
    state.metrics.count(kind, response.status());
    response
}

/// What holds for the routes of readers: nothing is written there, and where there are tokens one is wanted. A person who
/// may read is told on a page what is not there.
pub async fn readers(State(state): State<Shared>, request: Request, next: Next) -> Response {
    let tokens = state.options.tokens.as_ref();
    let refused = match request.method() {
        &Method::GET | &Method::HEAD => tokens.and_then(|tokens| tokens.refused(&request)),
        _ => Some(only_reads().await),
    };
    let takes_pages = matches!(kind_of(request.uri().path()), Kind::Page | Kind::Other);
    let page = (takes_pages && self::takes_pages(request.headers())).then(|| request.uri().clone());
    let mut response = match (refused, page) {
        (Some(refused), _) => refused,
        (None, None) => next.run(request).await,
        (None, Some(url)) => pages::trouble(&state, &url, next.run(request).await).await,
    };
    if tokens.is_some() {
        keep_private(response.headers_mut());
    }
    response
}

/// Whether whoever asks shows pages to a person: browsers say so.
fn takes_pages(headers: &HeaderMap) -> bool {
    let mut accepted = headers.get_all(header::ACCEPT).iter();
    accepted.any(|value| {
        value
            .to_str()
            .is_ok_and(|value| value.contains("text/html"))
    })
}

/// No cache between us and the reader keeps what others may not see (RFC 9111 section 5.2.2.7).
fn keep_private(headers: &mut HeaderMap) {
    let told = headers.get(header::CACHE_CONTROL);
    let told = told.and_then(|value| value.to_str().ok());
    let private = told.map_or_else(|| "private".to_owned(), |told| format!("private, {told}"));
    if let Ok(value) = HeaderValue::from_str(&private) {
        headers.insert(header::CACHE_CONTROL, value);
    }
    headers.append(header::VARY, HeaderValue::from_static("Authorization"));
}

/// A bug in a route is one failed request, never the process.
pub fn catch_panics() -> CatchPanicLayer<fn(Box<dyn std::any::Any + Send>) -> Response> {
    CatchPanicLayer::custom(|_panic| {
        tracing::error!("a request panicked");
        HttpError::Internal.into_response()
    })
}

/// The answer where there is no route: an address with a slash too many leads to the one without.
pub async fn nothing_here(url: Uri) -> Response {
    let Some(bare) = url
        .path()
        .strip_suffix('/')
        .filter(|bare| !bare.is_empty() && !bare.ends_with('/'))
    else {
        let told = "there is nothing at this address; start at /".to_owned();
        return HttpError::Missing(told).into_response();
    };
    let name = bare.rsplit('/').next().unwrap_or_default();
    leads_to(StatusCode::PERMANENT_REDIRECT, &format!("../{name}"), &url)
}

/// The sources stand on the page of the status.
pub async fn sources(url: Uri) -> Response {
    leads_to(StatusCode::SEE_OTHER, "status", &url)
}

/// What is here is other publishers' news: search engines are asked to leave it alone.
pub async fn robots() -> Response {
    text(StatusCode::OK, "User-agent: *\nDisallow: /")
}

/// A redirect to `place`, which is relative, for a proxy may serve us under any path; with the query, which may hold a token.
fn leads_to(status: StatusCode, place: &str, from: &Uri) -> Response {
    let query = from.query().map_or_else(String::new, |q| format!("?{q}"));
    let mut response = status.into_response();
    match HeaderValue::from_str(&format!("{place}{query}")) {
        Ok(place) => drop(response.headers_mut().insert(header::LOCATION, place)),
        Err(_) => *response.status_mut() = StatusCode::NOT_FOUND,
    }
    response
}

/// The answer to any other method than GET and HEAD.
pub async fn only_reads() -> Response {
    let mut response = text(
        StatusCode::METHOD_NOT_ALLOWED,
        "this server only answers GET and HEAD",
    );
    let allow = HeaderValue::from_static("GET, HEAD");
    response.headers_mut().insert(header::ALLOW, allow);
    closing(response)
}

fn refused(state: &Shared, request: &Request) -> Option<Response> {
    let url = request.uri();
    if url.path_and_query().map_or(0, |p| p.as_str().len()) > URL_BYTES_MAX {
        let told = format!("the URL is longer than {URL_BYTES_MAX} bytes; shorten the expression");
        return Some(text(StatusCode::URI_TOO_LONG, &told));
    }
    match state.hosts.wrong(request) {
        None => {}
        Some(Wrong::Malformed) => {
            let told = "a request has one Host header, with a host in it";
            return Some(closing(text(StatusCode::BAD_REQUEST, told)));
        }
        Some(Wrong::Foreign) => {
            tell_of_foreign_host(request);
            let told = "this server does not answer to that name; ask for its address or for localhost, or write the \
                        name into the configuration: as server.public_url, the address that readers use, or into \
                        server.allowed_hosts, for another name of this machine";
            return Some(text(StatusCode::MISDIRECTED_REQUEST, told));
        }
    }
    // RFC 9112 section 6.3: both framings at once is how requests are smuggled past a proxy; and no reader's request has
    // a body. hyper forgets a Content-Length that follows a Transfer-Encoding, so the latter alone is refused.
    if request.headers().contains_key(header::TRANSFER_ENCODING) {
        let told = match *request.method() {
            Method::POST => "say how long the body is (Content-Length)",
            _ => "a request has no body here",
        };
        return Some(closing(text(StatusCode::BAD_REQUEST, told)));
    }
    None
}

/// Told once: it is a name that is missing in the configuration, or an attack.
fn tell_of_foreign_host(request: &Request) {
    static TOLD: Once = Once::new();
    TOLD.call_once(|| {
        let host = request.headers().get(header::HOST);
        let host = host.and_then(|host| host.to_str().ok()).unwrap_or_default();
        let host: String = host.chars().take(HOST_CHARS_TOLD).collect();
        tracing::warn!(
            host,
            "a request for a host name that is not ours was refused (421); if readers use it, set server.public_url or \
             server.allowed_hosts"
        );
    });
}

/// What follows on this connection may not be what it seems.
fn closing(mut response: Response) -> Response {
    let close = HeaderValue::from_static("close");
    response.headers_mut().insert(header::CONNECTION, close);
    response
}

fn kind_of(path: &str) -> Kind {
    match path {
        "/" | "/status" | "/search" | "/style.css" | "/topics" => Kind::Page,
        "/feeds.opml" | "/subscriptions.opml" => Kind::Feed,
        "/healthz" | "/readyz" | "/metrics" => Kind::Probe,
        _ if path.starts_with("/feeds/") => Kind::Feed,
        _ if ["/topics/", "/stories/", "/sources/"]
            .iter()
            .any(|p| path.starts_with(p)) =>
        {
            Kind::Page
        }
        _ => Kind::Other,
    }
}
