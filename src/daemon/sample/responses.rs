//! The responses of the sample's newspapers: the feed, the front page and the articles of the newspaper that the Host header names. Answers
//! only GET and HEAD, stores nothing, and never repeats a part of a request.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::feeds::feed;
use super::newspapers::Newspaper;
use super::snapshot::{Item, Snapshot};

const HTML: &str = "text/html; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

#[derive(Template)]
#[template(path = "sample-page.html")]
struct Page<'e> {
    newspaper: &'e Newspaper,
    title: &'e str,
    item: Option<&'e Item<'e>>,
    items: Vec<Item<'e>>,
    /// Whether the request was for the previous URL of the feed.
    moved: bool,
}

/// Answers a request.
pub async fn respond(State(snapshot): State<Arc<Snapshot>>, request: Request) -> Response {
    let mut response = match *request.method() {
        Method::GET | Method::HEAD => of_newspaper(&snapshot, &request),
        _ => {
            let allow = [(header::ALLOW, "GET, HEAD")];
            (StatusCode::METHOD_NOT_ALLOWED, allow).into_response()
        }
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; base-uri 'none'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

fn of_newspaper(snapshot: &Snapshot, request: &Request) -> Response {
    let host = host_of(request);
    let newspaper = snapshot
        .newspapers
        .iter()
        .find(|p| host.as_deref() == Some(p.host.as_str()));
    match newspaper {
        Some(newspaper) => of_path(snapshot, newspaper, request),
        // Also for a foreign name that resolves to this machine (SEC-22).
        None => text(
            StatusCode::MISDIRECTED_REQUEST,
            list_of_newspapers(snapshot),
        ),
    }
}

fn of_path(snapshot: &Snapshot, newspaper: &Newspaper, request: &Request) -> Response {
    let path = request.uri().path();
    if path == newspaper.feed {
        return of_feed(snapshot, newspaper, request.headers());
    }
    let is_former = newspaper.former_feed.as_deref() == Some(path);
    if path == "/" || is_former {
        let page = Page {
            newspaper,
            title: &newspaper.title,
            item: None,
            items: snapshot.items(newspaper, true),
            moved: is_former,
        };
        return rendered(page.render(), HTML);
    }
    if path == "/robots.txt" {
        return text(StatusCode::OK, "User-agent: *\nAllow: /\n".to_owned());
    }
    // The date in the URL is ignored, so that links of another snapshot lead to the same article.
    let slug = path.rsplit('/').next().unwrap_or_default();
    let items = snapshot.items(newspaper, true);
    let Some(item) = items.iter().find(|i| i.article.slug == slug) else {
        let message = format!(
            "{} has no such page; see {}\n",
            newspaper.title,
            newspaper.home()
        );
        return text(StatusCode::NOT_FOUND, message);
    };
    let page = Page {
        newspaper,
        title: item.headline,
        item: Some(item),
        items: Vec::new(),
        moved: false,
    };
    rendered(page.render(), HTML)
}

/// The feed. A client that has the first version gets the corrected one, so that every store sees a correction, also after restarts
/// of the server.
fn of_feed(snapshot: &Snapshot, newspaper: &Newspaper, headers: &HeaderMap) -> Response {
    let tag = |version: u8| format!("\"{}-{version}\"", snapshot.at.seconds());
    let known = headers.get(header::IF_NONE_MATCH);
    let known = known.and_then(|v| v.to_str().ok()).unwrap_or_default();
    let (first, second) = (tag(1), tag(2));
    let corrected =
        newspaper.has_correction() && (known.contains(&first) || known.contains(&second));
    let current = if corrected { second } else { first };
    let tag = [(header::ETAG, current.clone())];
    if known.contains(&current) {
        return (StatusCode::NOT_MODIFIED, tag).into_response();
    }
    let document = rendered(
        feed(snapshot, newspaper, corrected),
        newspaper.format.content_type(),
    );
    (tag, document).into_response()
}

fn rendered(document: askama::Result<String>, content_type: &'static str) -> Response {
    match document {
        Ok(text) => ([(header::CONTENT_TYPE, content_type)], text).into_response(),
        Err(e) => {
            tracing::error!("a page of the sample could not be rendered: {e}");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn text(status: StatusCode, text: String) -> Response {
    (status, [(header::CONTENT_TYPE, TEXT)], text).into_response()
}

fn list_of_newspapers(snapshot: &Snapshot) -> String {
    let newspapers = snapshot.newspapers.iter();
    let newspapers: String = newspapers
        .map(|p| format!("{}  {}\n", p.home(), p.title))
        .collect();
    format!("The fictional newspapers of the newswire sample:\n{newspapers}")
}

/// The host name of the request without its port; `None` if there are several Host headers or none.
fn host_of(request: &Request) -> Option<String> {
    let mut named = request.headers().get_all(header::HOST).iter();
    let (first, second) = (named.next(), named.next());
    if second.is_some() {
        return None;
    }
    let of_target = request.uri().authority().map(|a| a.as_str());
    let authority = of_target.or_else(|| first?.to_str().ok())?;
    let host = authority
        .rsplit_once(':')
        .map_or(authority, |(host, _)| host);
    Some(host.trim_end_matches('.').to_ascii_lowercase())
}
