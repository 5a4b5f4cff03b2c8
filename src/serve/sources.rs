//! The pages about our sources: `/status` with all of them, the unwell first, and `/sources/ID` with one: what it brought,
//! how late, how the last polls went, and why it is asked when it is.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;

use super::cache::Rendered;
use super::conditional::{Freshness, answer};
use super::frame::{self, Frame, document, guarded};
use super::pages::{Day, days_of};
use super::state::{self, Cost, Shared};
use super::{Refusal, plot};
use crate::model::{Feed, FeedId, FeedState, Time};
use crate::store::{FeedDetail, Reads, Selection, Status};

/// Feeds that the status page lists, the unwell first.
const FEEDS_MAX: usize = 500;

/// Days of the small plots, and of the large one.
const DAYS_SMALL: usize = 14;
const DAYS_LARGE: usize = 42;

/// Stories that the page of a feed shows.
const STORIES: usize = 20;

#[derive(Template)]
#[template(path = "status.html")]
struct Health {
    frame: Frame,
    status: Status,
    feeds: Vec<Row>,
    more: usize,
    health_feed: &'static str,
}

/// A feed of the list, and what it brought lately.
struct Row {
    feed: Feed,
    plot: String,
}

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
}

struct Delays {
    plot: String,
    median: String,
}

/// `/status`: as it is now, so it is rendered each time.
pub async fn status(State(state): State<Shared>, headers: HeaderMap) -> Result<Response, Refusal> {
    now(&state, &headers, |state, reads| {
        let now = state.clock.now();
        let mut feeds = reads.feeds()?;
        feeds.sort_by_key(|feed| match feed.state {
            FeedState::Failing => 0,
            FeedState::Gone => 1,
            FeedState::Paused => 2,
            FeedState::Ok => 3,
        });
        let more = feeds.len().saturating_sub(FEEDS_MAX);
        feeds.truncate(FEEDS_MAX);
        let rows: Vec<_> = feeds.iter().map(|feed| feed.row).collect();
        let daily = reads.daily(&rows, DAYS_SMALL, now)?;
        let feeds = feeds.into_iter().zip(daily);
        Ok(Health {
            frame: frame::frame(state, reads, "", "Sources")?,
            status: reads.status(now)?,
            feeds: feeds
                .map(|(feed, counts)| Row {
                    plot: plot::days(&counts, "articles"),
                    feed,
                })
                .collect(),
            more,
            health_feed: super::HEALTH_FEED,
        }
        .render())
    })
    .await
}

/// `/sources/ID`
pub async fn source(
    State(state): State<Shared>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let missing = || Refusal::Missing("there is no such source; /status lists them".to_owned());
    let id: FeedId = id.parse().map_err(|_| missing())?;
    now(&state, &headers, move |state, reads| {
        let now = state.clock.now();
        let (feed, activity) = reads.activity(id, DAYS_LARGE, now)?.ok_or_else(missing)?;
        let detail = reads.feed(feed)?.ok_or_else(missing)?;
        let newest = Selection {
            feed: Some(feed),
            limit: Some(STORIES),
            ..Selection::default()
        };
        let mut late: Vec<u64> = activity.delays.iter().map(|(_, late)| *late).collect();
        late.sort_unstable();
        let first = activity.delays.first().map(|(seen, _)| *seen);
        let median = late.get(late.len() / 2);
        let delays = first.zip(median).map(|(first, median)| Delays {
            plot: plot::delays(&activity.delays, first, now),
            median: plot::span(*median),
        });
        Ok(Source {
            frame: frame::frame(state, reads, "../", &detail.feed.title)?,
            daily: plot::days(&activity.daily, "articles"),
            delays,
            polls: plot::polls(&detail.polls),
            days: DAYS_LARGE,
            days_of_stories: days_of(reads.stories(&newest)?),
            detail,
        }
        .render())
    })
    .await
}

/// A page that is rendered each time.
async fn now(
    state: &Shared,
    headers: &HeaderMap,
    render: impl FnOnce(&state::State, &Reads) -> Result<askama::Result<String>, Refusal>
    + Send
    + 'static,
) -> Result<Response, Refusal> {
    let (sequence, now) = (state.sequence(), state.clock.now());
    let page = state.read(Cost::Small, move |state, reads| {
        document(None, render(state, reads)?)
    });
    let rendered = Rendered::new(page.await?, sequence, now, None);
    let answer = answer(state, headers, rendered.into(), Freshness::Ask).await?;
    Ok(guarded(answer))
}

/// What a moment is called in a table.
fn when(t: &Option<Time>) -> String {
    t.as_ref().map_or_else(|| "never".to_owned(), frame::soon)
}
