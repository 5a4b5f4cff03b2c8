//! `/sources/ID`, the page about one source: what it brought, how late, how the last polls went, and why it is asked when it
//! is.

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;

use super::budget::RENDERED_FACTOR;
use super::cached_page::{cached, key_of};
use super::frame::{self, Frame, document};
use super::river::{Day, days_of};
use super::state::{Cost, Shared};
use super::{HttpError, plot};
use crate::model::{FeedId, FeedState};
use crate::schedule::remedy;
use crate::store::{FeedDetail, Selection, Walk};

/// Days of the large plot.
const DAYS_LARGE: usize = 42;

/// Stories that the page of a feed shows.
const STORIES: usize = 20;

#[derive(Template)]
#[template(path = "source.html")]
struct Source {
    frame: Frame,
    detail: FeedDetail,
    daily: String,
    delays: Option<Delays>,
    polls: String,
    days: usize,
    days_of_stories: Vec<Day>,
    /// What an operator can do about a failure, as HTML.
    remedy: Option<String>,
    /// By which rule it is tried again.
    next_try: Option<&'static str>,
    /// Why its credentials are not sent, as HTML.
    withheld: Option<String>,
}

struct Delays {
    plot: String,
    median: String,
}

/// `/sources/ID`
pub async fn source(
    State(state): State<Shared>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, HttpError> {
    let missing = || HttpError::Missing("there is no such source; /status lists them".to_owned());
    let id: FeedId = id.parse().map_err(|_| missing())?;
    let token = state.carried_by_pages(&query.unwrap_or_default());
    let key = format!("/sources/{id}{}", key_of(token.as_ref()));
    cached(
        &state,
        &headers,
        &key,
        Cost::Small,
        move |state, reads, mut room| {
            let now = state.clock.now();
            let (feed, activity) = reads.activity(id, DAYS_LARGE, now)?.ok_or_else(missing)?;
            let detail = reads.feed(feed)?.ok_or_else(missing)?;
            let newest = Selection {
                feed: Some(feed),
                limit: Some(STORIES),
                ..Selection::default()
            };
            let (mut stories, mut has_room) = (Vec::new(), Ok(()));
            reads.each_story(None, &reads.find_stories(&newest)?, false, |story| {
                has_room = room.grow(RENDERED_FACTOR * story.memory());
                stories.push(story);
                match has_room {
                    Ok(()) => Walk::Continue(()),
                    Err(_) => Walk::Break(()),
                }
            })?;
            has_room?;
            let mut late: Vec<u64> = activity.delays.iter().map(|(_, late)| *late).collect();
            late.sort_unstable();
            let first = activity.delays.first().map(|(seen, _)| *seen);
            let median = late.get(late.len() / 2);
            let delays = first.zip(median).map(|(first, median)| Delays {
                plot: plot::delays(&activity.delays, first, now),
                median: plot::span(*median),
            });
            let frame = frame::frame(state, reads, "../", &detail.feed.title, token)?;
            let fails = matches!(detail.feed.state, FeedState::Failing | FeedState::Gone);
            let remedy = remedy::what_to_do(&detail.feed).filter(|_| fails);
            let withheld = remedy::withheld(&detail.feed);
            let page = Source {
                daily: plot::days(&activity.daily, "articles"),
                delays,
                polls: plot::polls(&detail.polls, &frame.times),
                days: DAYS_LARGE,
                days_of_stories: days_of(stories, &frame.times),
                // What is the same is said once.
                withheld: withheld
                    .filter(|why| remedy.as_ref() != Some(why))
                    .map(|why| frame::with_commands(&frame::sentence(&why))),
                remedy: remedy.map(|words| frame::with_commands(&frame::sentence(&words))),
                next_try: remedy::next_try(&detail.feed).filter(|_| fails),
                detail,
                frame,
            };
            document(None, &page, &page.frame.times, room)
        },
    )
    .await
}
