//! `/stories/ID`: the page of a story, with its text, and its copies with their differences from it.

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;

use super::cached::{cached_page, token_key};
use super::copies::{self, Copy};
use super::diff::Segment;
use super::error::HttpError;
use super::frame::{Frame, document, frame, headline, host};
use super::state::{Cost, Shared};
use crate::merged::last_change;
use crate::model::{ArticleRow, StoryId, StoryView, Time};

#[derive(Template)]
#[template(path = "story.html")]
struct Story {
    frame: Frame,
    story: StoryView,
    authors: Vec<String>,
    host: String,
    updated: Option<Time>,
    /// The image, unless the body has it.
    picture: Option<String>,
    body: String,
    /// Whether this is the first page, with the story itself.
    is_first: bool,
    copies: Vec<Copy>,
    /// The last copy of this page, if there are more.
    next: Option<ArticleRow>,
}

/// `/stories/ID`: the story with its first copies; with `after=ROW`, the copies after that article.
pub async fn story(
    State(state): State<Shared>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, HttpError> {
    let id: StoryId = id.parse().map_err(|_| no_such_story())?;
    let query = query.unwrap_or_default();
    let after = copies::after(&query)?;
    let token = state.page_token(&query);
    let key = format!("/stories/{id}?after={after}{}", token_key(token.as_ref()));
    cached_page(
        &state,
        &headers,
        &key,
        Cost::Small,
        move |state, reads, mut reservation| {
            let story = reads.story_briefly(id)?.ok_or_else(no_such_story)?;
            reservation.grow(2 * story.memory())?;
            let page = copies::read(reads, &story, after, &mut reservation)?;
            let changed = last_change(std::slice::from_ref(&story), state.clock.now());
            let frame = frame(state, reads, "../", headline(&story), token)?;
            let picture = frame.picture(&story).map(str::to_owned);
            let shows = |url: &String| {
                let html = story.content_html.as_deref().unwrap_or_default();
                // URLs in attributes are written with entities.
                html.contains(&*html_escape::encode_double_quoted_attribute(url))
            };
            let is_first = after == ArticleRow::default();
            let page = Story {
                authors: story
                    .authors
                    .iter()
                    .filter_map(|a| a.name.clone())
                    .collect(),
                host: story.url.as_deref().map(host).unwrap_or_default(),
                updated: story.updated.filter(|t| Some(*t) != story.published),
                picture: picture.filter(|url| is_first && !shows(url)),
                body: body(&story),
                is_first,
                story,
                copies: page.copies,
                next: page.next,
                frame,
            };
            document(changed, &page, &page.frame.times, reservation)
        },
    )
    .await
}

fn no_such_story() -> HttpError {
    HttpError::NotFound(
        "there is no such story; it may have been removed because of its age (store.keep)"
            .to_owned(),
    )
}

/// The stored, sanitized body, else the summary as a paragraph.
fn body(story: &StoryView) -> String {
    let html = story.content_html.as_deref().unwrap_or_default();
    if html.is_empty() && !story.summary.is_empty() {
        return format!("<p>{}</p>", html_escape::encode_text(&story.summary));
    }
    html.to_owned()
}
