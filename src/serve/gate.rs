//! What holds for every request before its route sees it, and for every response (SEC-10, SEC-18).

use axum::extract::{Request, State};
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::{HeaderMap, Method, StatusCode, Version};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;

use super::Refusal;
use super::metrics::Kind;
use super::pages;
use super::refusal::text;
use super::state::Shared;

/// Longest path and query.
pub const URL_BYTES_MAX: usize = 8 * 1024;

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
    let callback = state.callback.as_ref();
    let is_hubs = callback.is_some_and(|c| is_of_a_hub(request.uri().path(), &c.path));
    let is_push = is_hubs && *request.method() == Method::POST;
    // A hub has no token of ours: its calls are told by their path and their signature.
    let tokens = state.options.tokens.as_ref().filter(|_| !is_hubs);
    let refused = refused(&request, is_push).or_else(|| tokens?.refused(&request));
    let takes_pages = matches!(kind, Kind::Page | Kind::Other) && takes_pages(request.headers());
    let page = takes_pages.then(|| request.uri().path().to_owned());
    let mut response = match refused {
        Some(refused) => refused,
        None => match tokio::time::timeout(limit, next.run(request)).await {
            Ok(response) => match page {
                Some(path) => pages::trouble(&state, &path, response).await,
                None => response,
            },
            Err(_) => {
                Refusal::Busy("this took too long; try again later".to_owned()).into_response()
            }
        },
    };
    for (name, value) in GUARDS {
        response.headers_mut().entry(name).or_insert(value);
    }
    if tokens.is_some() {
        keep_private(response.headers_mut());
    }
    state.metrics.count(kind, response.status());
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
        Refusal::Internal.into_response()
    })
}

/// The answer where there is no route.
pub async fn nothing_here() -> Refusal {
    Refusal::Missing("there is nothing at this address; start at /".to_owned())
}

/// Whether this is where hubs call: they ask there, and send the one POST that is taken.
fn is_of_a_hub(path: &str, callback: &str) -> bool {
    let rest = path.strip_prefix(callback.trim_end_matches('/'));
    rest.is_some_and(|rest| rest.starts_with('/'))
}

fn refused(request: &Request, is_push: bool) -> Option<Response> {
    let headers = request.headers();
    if !is_push && !matches!(*request.method(), Method::GET | Method::HEAD) {
        let mut response = text(
            StatusCode::METHOD_NOT_ALLOWED,
            "this server only answers GET and HEAD",
        );
        let allow = HeaderValue::from_static("GET, HEAD");
        response.headers_mut().insert(header::ALLOW, allow);
        return Some(closing(response));
    }
    let url = request.uri();
    if url.path_and_query().map_or(0, |p| p.as_str().len()) > URL_BYTES_MAX {
        let told = format!("the URL is longer than {URL_BYTES_MAX} bytes; shorten the expression");
        return Some(text(StatusCode::URI_TOO_LONG, &told));
    }
    // RFC 9112 section 3.2: a request of HTTP/1.1 has one Host. It is not read further.
    let hosts = headers.get_all(header::HOST).iter().count();
    if hosts > 1 || (hosts == 0 && request.version() == Version::HTTP_11) {
        let told = "a request has one Host header";
        return Some(closing(text(StatusCode::BAD_REQUEST, told)));
    }
    // RFC 9112 section 6.3: both framings at once is how requests are smuggled past a proxy; and no request here has
    // a body. hyper forgets a Content-Length that follows a Transfer-Encoding, so the latter alone is refused.
    if headers.contains_key(header::TRANSFER_ENCODING) {
        let told = match is_push {
            true => "say how long the body is (Content-Length)",
            false => "a request has no body here",
        };
        return Some(closing(text(StatusCode::BAD_REQUEST, told)));
    }
    None
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
