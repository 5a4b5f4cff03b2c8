//! `/sources/ID`: the page about one subscribed feed, with its articles, its last polls and the explanation of its schedule.

use std::time::Duration;

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;

use super::budget::RENDERED_FACTOR;
use super::cached::{cached_page, token_key};
use super::error::HttpError;
use super::frame::{self, Frame, document};
use super::plot;
use super::river::{Day, group_by_day};
use super::state::{Cost, Shared};
use crate::model::{FeedId, FeedState, span};
use crate::schedule::remedy;
use crate::store::{FeedDetail, Selection, Walk};

/// Days of the plot.
const PLOT_DAYS: usize = 42;

/// Number of stories on the page.
const STORIES_MAX: usize = 20;

#[derive(Template)]
#[template(path = "source.html")]
struct Source {
    frame: Frame,
    detail: FeedDetail,
    daily: String,
    delays: Option<Delays>,
    polls: String,
    days: usize,
    stories_by_day: Vec<Day>,
    /// What the operator can do about a failure, as HTML.
    remedy: Option<String>,
    /// The rule for the next attempt.
    next_try: Option<&'static str>,
    /// Why the feed's credentials are not sent, as HTML.
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
    let missing = || HttpError::NotFound("there is no such source; /status lists them".to_owned());
    let id: FeedId = id.parse().map_err(|_| missing())?;
    let token = state.page_token(&query.unwrap_or_default());
    let key = format!("/sources/{id}{}", token_key(token.as_ref()));
    cached_page(
        &state,
        &headers,
        &key,
        Cost::Small,
        move |state, reads, mut reservation| {
            let now = state.clock.now();
            let (feed, activity) = reads.activity(id, PLOT_DAYS, now)?.ok_or_else(missing)?;
            let detail = reads.feed(feed)?.ok_or_else(missing)?;
            let newest = Selection {
                feed: Some(feed),
                limit: Some(STORIES_MAX),
                ..Selection::default()
            };
            let (mut stories, mut reserved) = (Vec::new(), Ok(()));
            reads.each_story(None, &reads.find_stories(&newest)?, false, |story| {
                reserved = reservation.grow(RENDERED_FACTOR * story.memory());
                stories.push(story);
                match reserved {
                    Ok(()) => Walk::Continue(()),
                    Err(_) => Walk::Break(()),
                }
            })?;
            reserved?;
            let mut late: Vec<u64> = activity.delays.iter().map(|(_, late)| *late).collect();
            late.sort_unstable();
            let first = activity.delays.first().map(|(seen, _)| *seen);
            let median = late.get(late.len() / 2);
            let delays = first.zip(median).map(|(first, median)| Delays {
                plot: plot::delays(&activity.delays, first, now),
                median: span::in_words(Duration::from_millis(*median)),
            });
            let frame = frame::frame(state, reads, "../", &detail.feed.title, token)?;
            let fails = matches!(detail.feed.state, FeedState::Failing | FeedState::Gone);
            let remedy = remedy::what_to_do(&detail.feed).filter(|_| fails);
            let withheld = remedy::withheld(&detail.feed);
            let page = Source {
                daily: plot::days(&activity.daily, "articles"),
                delays,
                polls: plot::polls(&detail.polls, &frame.times),
                days: PLOT_DAYS,
                stories_by_day: group_by_day(stories, &frame.times),
                // The remedy may be the same text.
                withheld: withheld
                    .filter(|why| remedy.as_ref() != Some(why))
                    .map(|why| frame::with_commands(&frame::sentence(&why))),
                remedy: remedy.map(|words| frame::with_commands(&frame::sentence(&words))),
                next_try: remedy::next_try(&detail.feed).filter(|_| fails),
                detail,
                frame,
            };
            document(None, &page, &page.frame.times, reservation)
        },
    )
    .await
}
