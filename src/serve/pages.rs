//! The pages for searching, for the list of topics, and for errors. Pages are plain HTML without scripts. They load nothing from
//! other servers, except images if the operator allows it (SEC-10).

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};

use super::cached::{cached_page, token_key};
use super::error::{HttpError, PlainText};
use super::frame::{Frame, HTML, document, frame, rendered, with_page_headers};
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

/// A mistake in an expression: the message, and the lines of the expression with a caret.
#[derive(Debug, PartialEq, Eq)]
struct Mistake {
    message: String,
    excerpt: String,
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage {
    frame: Frame,
    title: &'static str,
    message: String,
}

#[derive(Template)]
#[template(path = "topics.html")]
struct Topics {
    frame: Frame,
    topics: Vec<TopicInfo>,
}

/// `/search?q=EXPR`: the matching stories. Without an expression, or with an invalid one: how to write one.
pub async fn search(
    State(state): State<Shared>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, HttpError> {
    let query = query.unwrap_or_default();
    let (q, token) = (expression(&query), state.page_token(&query));
    if q.trim().is_empty() {
        return search_help(&state, q, token, None).await;
    }
    let request = ListRequest::read("search", &query);
    let listed = match request {
        Ok(mut request) => {
            request.token.clone_from(&token);
            list(&state, &headers, request).await
        }
        Err(refused) => Err(refused.into()),
    };
    match listed {
        Ok(response) => Ok(response),
        Err(HttpError::BadRequest(mistake)) => search_help(&state, q, token, Some(mistake)).await,
        Err(other) => Err(other),
    }
}

/// `/topics`: all topics with their number of stories.
pub async fn topics(
    State(state): State<Shared>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, HttpError> {
    let token = state.page_token(&query.unwrap_or_default());
    let key = format!("/topics{}", token_key(token.as_ref()));
    cached_page(
        &state,
        &headers,
        &key,
        Cost::Shared,
        move |state, reads, reservation| {
            let topics = reads.topics()?;
            let newest = topics.iter().filter_map(|t| t.newest).max();
            let page = Topics {
                frame: frame(state, reads, "", "Topics", token)?,
                topics,
            };
            document(newest, &page, &page.frame.times, reservation)
        },
    )
    .await
}

async fn search_help(
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
        let mistakes = parse_mistakes(&mistake.unwrap_or_default());
        rendered(&Search { frame, mistakes })
    });
    let page = (status, Html(page.await?)).into_response();
    Ok(with_page_headers(state, page))
}

/// The mistakes in an error message: each is a line, followed by indented lines of the expression.
fn parse_mistakes(message: &str) -> Vec<Mistake> {
    let mut found: Vec<Mistake> = Vec::new();
    for line in message.lines() {
        match found.last_mut() {
            Some(last) if line.starts_with("  ") => {
                last.excerpt.push_str(line.get(2..).unwrap_or_default());
                last.excerpt.push('\n');
            }
            _ => found.push(Mistake {
                message: line.strip_prefix("q: ").unwrap_or(line).to_owned(),
                excerpt: String::new(),
            }),
        }
    }
    found
}

/// Turns an error of plain text into a page with the same text and status; other responses are returned unchanged.
pub async fn as_error_page(state: &Shared, url: &Uri, mut response: Response) -> Response {
    let Some(PlainText(message)) = response.extensions_mut().remove() else {
        return response;
    };
    let title = match response.status() {
        StatusCode::NOT_FOUND => "Page not found",
        StatusCode::BAD_REQUEST => "Bad request",
        StatusCode::SERVICE_UNAVAILABLE => "Temporarily unavailable",
        _ => "Error",
    };
    let token = state.page_token(url.query().unwrap_or_default());
    let root = match url.path().matches('/').count() {
        0 | 1 => "",
        2 => "../",
        3 => "../../",
        _ => return response,
    };
    let page = state.read(Cost::Small, move |state, reads| {
        let frame = frame(state, reads, root, title, token)?;
        rendered(&ErrorPage {
            frame,
            title,
            message,
        })
    });
    // If the page cannot be rendered, the plain text is sent.
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
    with_page_headers(state, Response::from_parts(parts, page.into()))
}

fn expression(query: &str) -> String {
    let mut parameters = url::form_urlencoded::parse(query.as_bytes());
    let found = parameters.find(|(name, _)| name == "q");
    found
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}
