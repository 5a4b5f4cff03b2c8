//! The pages of a list of stories, newest first and grouped by day: all stories, a topic, or a search. Each page links to the feeds
//! of the same list.

use askama::Template;
use axum::extract::{self, Path, RawQuery};
use axum::http::HeaderMap;
use axum::response::Response;

use super::budget::RENDERED_FACTOR;
use super::cached::cached_page;
use super::error::HttpError;
use super::frame::{Feeds, Frame, document, frame};
use super::state::{Cost, Shared, State};
use super::times::Times;
use crate::merged::top::start_of_hour;
use crate::merged::{Heading, List, ListRequest, Page, RankedStory, last_change, top};
use crate::model::StoryView;
use crate::store::{Reads, Selection};

/// Number of stories printed most on the front page.
const TOP_MAX: usize = 10;

#[derive(Template)]
#[template(path = "river.html")]
struct River {
    frame: Frame,
    heading: Option<Heading>,
    /// The stories printed most in the last day.
    top: Vec<RankedStory>,
    days: Vec<Day>,
    empty: &'static str,
    first: Option<String>,
    next: Option<String>,
}

/// The stories that arrived on one day, in the server's zone.
pub struct Day {
    /// The date in ISO 8601.
    pub date: String,
    /// The date in words.
    pub name: String,
    /// The stories.
    pub stories: Vec<StoryView>,
}

/// `/`
pub async fn river(
    extract::State(state): extract::State<Shared>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, HttpError> {
    let query = query.unwrap_or_default();
    let mut request = ListRequest::read("all", &query)?;
    request.token = state.page_token(&query);
    list(&state, &headers, request).await
}

/// `/topics/TOPIC`
pub async fn topic(
    extract::State(state): extract::State<Shared>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, HttpError> {
    let query = query.unwrap_or_default();
    let mut request = ListRequest::read("all", &query)?;
    request.list = List::Topic(name);
    request.token = state.page_token(&query);
    list(&state, &headers, request).await
}

/// The page of a list.
pub async fn list(
    state: &Shared,
    headers: &HeaderMap,
    request: ListRequest,
) -> Result<Response, HttpError> {
    let key = format!("{}{}", request.list.page_path(), request.query());
    let cost = Cost::of(&request);
    cached_page(
        state,
        headers,
        &key,
        cost,
        move |state, reads, mut reservation| {
            let now = state.clock.now();
            let heading = Heading::of(&request.list, reads, &state.options.title)?;
            let page =
                request.load(reads, now, state.options.page_size, false, &mut reservation)?;
            let stories: usize = page.stories.iter().map(StoryView::memory).sum();
            reservation.grow(RENDERED_FACTOR * stories)?;
            let mut changed = last_change(&page.stories, now);
            let mut river = river_page(state, reads, &request, heading, page)?;
            if is_front(&request) {
                let selection = Selection {
                    limit: Some(TOP_MAX),
                    now,
                    ..Selection::default()
                };
                river.top = top(reads, &selection, &mut reservation)?;
                let bytes = river.top.iter().map(|r| r.story.memory()).sum::<usize>();
                reservation.grow(RENDERED_FACTOR * bytes)?;
                // The list of the last day changes at full hours.
                changed = changed.max(Some(start_of_hour(now)));
            }
            document(changed, &river, &river.frame.times, reservation)
        },
    )
    .await
}

/// Whether this is the front page: all stories, without parameters.
fn is_front(request: &ListRequest) -> bool {
    matches!(request.list, List::All)
        && request.limit.is_none()
        && request.since.is_none()
        && request.before.is_none()
}

fn river_page(
    state: &State,
    reads: &Reads,
    request: &ListRequest,
    heading: Heading,
    page: Page,
) -> Result<River, HttpError> {
    let root = match &request.list {
        List::Topic(_) => "../",
        List::All | List::Top | List::Search(_) => "",
    };
    let mut frame = frame(state, reads, root, &heading.title, request.token.clone())?;
    let mut feed = ListRequest::first(request.list.clone());
    feed.token.clone_from(&request.token);
    frame.feeds = Some(Feeds {
        path: request.list.feed_path().trim_start_matches('/').to_owned(),
        query: feed.query(),
        is_listed: !matches!(request.list, List::Search(_)),
    });
    let (shown, empty) = match &request.list {
        List::All => (None, "There are no stories yet."),
        List::Top => (Some(heading), "No story of the last day is on two sites."),
        List::Topic(name) => {
            frame.topic = Some(name.clone());
            (Some(heading), "This topic has no stories yet.")
        }
        List::Search(text) => {
            frame.q.clone_from(text);
            (Some(heading), "No stories match.")
        }
    };
    // A link that begins with ? keeps the path; "./" is the path without parameters.
    let at = |request: &ListRequest| match request.query() {
        query if query.is_empty() && request.list.page_path() == "/" => "./".to_owned(),
        query if query.is_empty() => {
            format!("{root}{}", request.list.page_path().trim_start_matches('/'))
        }
        query => query,
    };
    Ok(River {
        heading: shown,
        top: Vec::new(),
        days: group_by_day(page.stories, &frame.times),
        frame,
        empty,
        first: request.before.map(|_| at(&request.from_place(None))),
        next: page.next.map(|place| at(&request.from_place(Some(place)))),
    })
}

/// Groups stories by the day on which they arrived. They must be in order of arrival.
pub fn group_by_day(stories: Vec<StoryView>, times: &Times) -> Vec<Day> {
    let mut days: Vec<Day> = Vec::new();
    for story in stories {
        let (date, name) = times.day(&story.arrived);
        match days.last_mut() {
            Some(day) if day.date == date => day.stories.push(story),
            _ => days.push(Day {
                date,
                name,
                stories: vec![story],
            }),
        }
    }
    days
}
