//! The page of a story: its text, then its copies, each with its headline, its page and where it differs.

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;

use super::HttpError;
use super::cached_page::{cached, key_of};
use super::copies::{self, Copy};
use super::diff::Piece;
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
    /// The picture, unless the body shows it.
    picture: Option<String>,
    body: String,
    /// Whether this is the page with the story itself.
    is_first: bool,
    copies: Vec<Copy>,
    /// Where the copies go on.
    next: Option<ArticleRow>,
}

/// `/stories/ID`: the story with its first copies, and with `after=ROW` those that follow that article.
pub async fn story(
    State(state): State<Shared>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, HttpError> {
    let id: StoryId = id.parse().map_err(|_| no_such_story())?;
    let query = query.unwrap_or_default();
    let after = copies::after(&query)?;
    let token = state.carried_by_pages(&query);
    let key = format!("/stories/{id}?after={after}{}", key_of(token.as_ref()));
    cached(
        &state,
        &headers,
        &key,
        Cost::Small,
        move |state, reads, mut room| {
            let story = reads.story_briefly(id)?.ok_or_else(no_such_story)?;
            room.grow(2 * story.memory())?;
            let page = copies::read(reads, &story, after, &mut room)?;
            let changed = last_change(std::slice::from_ref(&story), state.clock.now());
            let frame = frame(state, reads, "../", headline(&story), token)?;
            let picture = frame.picture(&story).map(str::to_owned);
            let shows = |url: &String| {
                let html = story.content_html.as_deref().unwrap_or_default();
                // Attributes are written with entities.
                html.contains(&*html_escape::encode_double_quoted_attribute(url))
            };
            let page = Story {
                authors: story
                    .authors
                    .iter()
                    .filter_map(|a| a.name.clone())
                    .collect(),
                host: story.url.as_deref().map(host).unwrap_or_default(),
                updated: story.updated.filter(|t| Some(*t) != story.published),
                picture: picture.filter(|url| after == 0 && !shows(url)),
                body: body(&story),
                is_first: after == 0,
                story,
                copies: page.copies,
                next: page.next,
                frame,
            };
            document(changed, &page, &page.frame.times, room)
        },
    )
    .await
}

fn no_such_story() -> HttpError {
    HttpError::Missing("there is no such story; it may have been pruned, see store.keep".to_owned())
}

/// The body as sanitized when it came in, else the summary as a paragraph.
fn body(story: &StoryView) -> String {
    let html = story.content_html.as_deref().unwrap_or_default();
    if html.is_empty() && !story.summary.is_empty() {
        return format!("<p>{}</p>", html_escape::encode_text(&story.summary));
    }
    html.to_owned()
}
