//! The pages that are no list and no story: search and how to write one, topics, what is not there; and what all page routes
//! share. Plain HTML without any script. Nothing loads from elsewhere but pictures, where the operator says so (SEC-10).

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use bytes::Bytes;

use super::HttpError;
use super::cache::Document;
use super::cached_page::{cached, key_of};
use super::conditional::{Freshness, answer};
use super::error::Told;
use super::frame::{Frame, HTML, broken, document, frame, guarded};
use super::river::list;
use super::state::{Cost, Shared};
use crate::merged::{LinkToken, ListRequest};
use crate::store::TopicInfo;

#[derive(Template)]
#[template(path = "search.html")]
struct Search {
    frame: Frame,
    mistakes: Vec<Mistake>,
}

/// A mistake in an expression: what is wrong, and the place with a caret below it.
#[derive(Debug, PartialEq, Eq)]
struct Mistake {
    told: String,
    place: String,
}

#[derive(Template)]
#[template(path = "error.html")]
struct Trouble {
    frame: Frame,
    title: &'static str,
    told: String,
}

#[derive(Template)]
#[template(path = "topics.html")]
struct Topics {
    frame: Frame,
    topics: Vec<TopicInfo>,
}

/// `/search?q=EXPR`; without an expression, or with a wrong one, how to write one.
pub async fn search(
    State(state): State<Shared>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, HttpError> {
    let query = query.unwrap_or_default();
    let (q, token) = (q(&query), state.carried_by_pages(&query));
    if q.trim().is_empty() {
        return explain_search(&state, q, token, None).await;
    }
    let wanted = ListRequest::read("search", &query);
    let listed = match wanted {
        Ok(mut wanted) => {
            wanted.token.clone_from(&token);
            list(&state, &headers, wanted).await
        }
        Err(refused) => Err(refused.into()),
    };
    match listed {
        Ok(response) => Ok(response),
        Err(HttpError::Bad(mistake)) => explain_search(&state, q, token, Some(mistake)).await,
        Err(other) => Err(other),
    }
}

/// `/topics`: all of them, with counts.
pub async fn topics(
    State(state): State<Shared>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, HttpError> {
    let token = state.carried_by_pages(&query.unwrap_or_default());
    let key = format!("/topics{}", key_of(token.as_ref()));
    cached(
        &state,
        &headers,
        &key,
        Cost::Shared,
        move |state, reads, room| {
            let topics = reads.topics()?;
            let newest = topics.iter().filter_map(|t| t.newest).max();
            let page = Topics {
                frame: frame(state, reads, "", "Topics", token)?,
                topics,
            };
            document(newest, &page, &page.frame.times, room)
        },
    )
    .await
}

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
    answer(&state, &headers, rendered, Freshness::Planned, Cost::Shared).await
}

async fn explain_search(
    state: &Shared,
    q: String,
    token: Option<LinkToken>,
    mistake: Option<String>,
) -> Result<Response, HttpError> {
    let status = if mistake.is_some() {
        StatusCode::BAD_REQUEST
    } else {
        StatusCode::OK
    };
    let page = state.read(Cost::Small, move |state, reads| {
        let mut frame = frame(state, reads, "", "Search", token)?;
        frame.q = q;
        let mistakes = mistakes(&mistake.unwrap_or_default());
        Search { frame, mistakes }.render().map_err(broken)
    });
    let page = (status, Html(page.await?)).into_response();
    Ok(guarded(state, page))
}

/// What was told line by line: a message, then the lines with its place, which begin with spaces.
fn mistakes(told: &str) -> Vec<Mistake> {
    let mut found: Vec<Mistake> = Vec::new();
    for line in told.lines() {
        match found.last_mut() {
            Some(last) if line.starts_with("  ") => {
                last.place.push_str(line.get(2..).unwrap_or_default());
                last.place.push('\n');
            }
            _ => found.push(Mistake {
                told: line.strip_prefix("q: ").unwrap_or(line).to_owned(),
                place: String::new(),
            }),
        }
    }
    found
}

/// The answer to a person where there is no document: the same words as a page, with a way on. Whatever else the response
/// is, it stays as it was.
pub async fn trouble(state: &Shared, url: &Uri, mut response: Response) -> Response {
    let Some(Told(told)) = response.extensions_mut().remove() else {
        return response;
    };
    let title = match response.status() {
        StatusCode::NOT_FOUND => "Page not found",
        StatusCode::BAD_REQUEST => "Not understood",
        StatusCode::SERVICE_UNAVAILABLE => "Not now",
        _ => "That failed",
    };
    let token = state.carried_by_pages(url.query().unwrap_or_default());
    let root = match url.path().matches('/').count() {
        0 | 1 => "",
        2 => "../",
        3 => "../../",
        _ => return response,
    };
    let page = state.read(Cost::Small, move |state, reads| {
        let frame = frame(state, reads, root, title, token)?;
        Trouble { frame, title, told }.render().map_err(broken)
    });
    // Where no page can be made, what was said is said plainly.
    let Ok(page) = page.await else {
        return response;
    };
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts
        .headers
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(HTML));
    parts
        .headers
        .insert(header::VARY, HeaderValue::from_static("Accept"));
    guarded(state, Response::from_parts(parts, page.into()))
}

fn q(query: &str) -> String {
    let mut parameters = url::form_urlencoded::parse(query.as_bytes());
    let found = parameters.find(|(name, _)| name == "q");
    found
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}
