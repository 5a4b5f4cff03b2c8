//! What the press answers to a request: the feeds, the first page and the articles of the paper that the host names. Answers
//! GET and HEAD, keeps nothing of a request, and shows nothing but its own texts.

use askama::Template;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

use super::edition::{Edition, Item};
use super::feeds::feed;
use super::papers::Paper;

const HTML: &str = "text/html; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

#[derive(Template)]
#[template(path = "press-page.html")]
struct Page<'e> {
    paper: &'e Paper,
    title: &'e str,
    item: Option<&'e Item<'e>>,
    items: Vec<Item<'e>>,
    /// Whether the request was for the former address of the feed.
    moved: bool,
}

/// Answers a request.
pub async fn answer(State(edition): State<Arc<Edition>>, request: Request) -> Response {
    let mut response = match *request.method() {
        Method::GET | Method::HEAD => of_paper(&edition, &request),
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

fn of_paper(edition: &Edition, request: &Request) -> Response {
    let host = host_of(request);
    let paper = edition
        .papers
        .iter()
        .find(|p| host.as_deref() == Some(p.host.as_str()));
    match paper {
        Some(paper) => of_path(edition, paper, request),
        // Also what an attacker's name gets that leads here (SEC-22).
        None => said(StatusCode::MISDIRECTED_REQUEST, papers_at(edition)),
    }
}

fn of_path(edition: &Edition, paper: &Paper, request: &Request) -> Response {
    let path = request.uri().path();
    if path == paper.feed {
        return of_feed(edition, paper, request.headers());
    }
    let is_former = paper.former_feed.as_deref() == Some(path);
    if path == "/" || is_former {
        let page = Page {
            paper,
            title: &paper.title,
            item: None,
            items: edition.items(paper, true),
            moved: is_former,
        };
        return rendered(page.render(), HTML);
    }
    if path == "/robots.txt" {
        return said(StatusCode::OK, "User-agent: *\nAllow: /\n".to_owned());
    }
    // The date says nothing: a link of another edition leads to the same text.
    let slug = path.rsplit('/').next().unwrap_or_default();
    let items = edition.items(paper, true);
    let Some(item) = items.iter().find(|i| i.article.slug == slug) else {
        let told = format!("{} has no such page; see {}\n", paper.title, paper.home());
        return said(StatusCode::NOT_FOUND, told);
    };
    let page = Page {
        paper,
        title: item.headline,
        item: Some(item),
        items: Vec::new(),
        moved: false,
    };
    rendered(page.render(), HTML)
}

/// The feed. Who has its first version gets the corrected one: so a correction is seen as one, by every store, however often
/// the press was restarted in between.
fn of_feed(edition: &Edition, paper: &Paper, headers: &HeaderMap) -> Response {
    let tag = |version: u8| format!("\"{}-{version}\"", edition.at.seconds());
    let known = headers.get(header::IF_NONE_MATCH);
    let known = known.and_then(|v| v.to_str().ok()).unwrap_or_default();
    let (first, second) = (tag(1), tag(2));
    let corrected = paper.has_correction() && (known.contains(&first) || known.contains(&second));
    let current = if corrected { second } else { first };
    let tag = [(header::ETAG, current.clone())];
    if known.contains(&current) {
        return (StatusCode::NOT_MODIFIED, tag).into_response();
    }
    let document = rendered(feed(edition, paper, corrected), paper.format.content_type());
    (tag, document).into_response()
}

fn rendered(document: askama::Result<String>, content_type: &'static str) -> Response {
    match document {
        Ok(text) => ([(header::CONTENT_TYPE, content_type)], text).into_response(),
        Err(e) => {
            tracing::error!("a page of the sample's press could not be rendered: {e}");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn said(status: StatusCode, text: String) -> Response {
    (status, [(header::CONTENT_TYPE, TEXT)], text).into_response()
}

fn papers_at(edition: &Edition) -> String {
    let papers = edition.papers.iter();
    let papers: String = papers
        .map(|p| format!("{}  {}\n", p.home(), p.title))
        .collect();
    format!("The made-up papers of the newswire sample are at:\n{papers}")
}

/// The name that the request is meant for, without its port; none if that is not clear.
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
