//! The pages of a list of stories: the front page with all of them, a topic, a search. By days, newest first, and each with the
//! feeds that hold the same.

use std::time::Duration;

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;

use super::HttpError;
use super::budget::RENDERED_FACTOR;
use super::cached_page::cached;
use super::frame::{Feeds, Frame, document, frame};
use super::state::{self, Cost, Shared};
use super::times::Times;
use crate::merged::{Heading, List, ListRequest, Page, last_change};
use crate::model::{StoryView, Time};
use crate::store::{Copied, Reads};

/// Stories that the front page names as the most copied ones of the last day.
const COPIED_MAX: usize = 10;

#[derive(Template)]
#[template(path = "river.html")]
struct River {
    frame: Frame,
    heading: Option<Heading>,
    /// The most copied stories of the last day.
    copied: Vec<Copied>,
    days: Vec<Day>,
    empty: &'static str,
    first: Option<String>,
    next: Option<String>,
}

/// The stories that arrived on one day, in the server's zone.
pub struct Day {
    /// As ISO 8601 has it.
    pub date: String,
    /// As people have it.
    pub name: String,
    /// Its stories.
    pub stories: Vec<StoryView>,
}

/// `/`
pub async fn river(
    State(state): State<Shared>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, HttpError> {
    let query = query.unwrap_or_default();
    let mut wanted = ListRequest::read("all", &query)?;
    wanted.token = state.carried_by_pages(&query);
    list(&state, &headers, wanted).await
}

/// `/topics/TOPIC`
pub async fn topic(
    State(state): State<Shared>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, HttpError> {
    let query = query.unwrap_or_default();
    let mut wanted = ListRequest::read("all", &query)?;
    wanted.list = List::Topic(name);
    wanted.token = state.carried_by_pages(&query);
    list(&state, &headers, wanted).await
}

/// A list as a page.
pub async fn list(
    state: &Shared,
    headers: &HeaderMap,
    wanted: ListRequest,
) -> Result<Response, HttpError> {
    let key = format!("{}{}", wanted.list.page_path(), wanted.query());
    let cost = Cost::of(&wanted);
    cached(state, headers, &key, cost, move |state, reads, mut room| {
        let now = state.clock.now();
        let heading = Heading::of(&wanted.list, reads, &state.options.title)?;
        let page = wanted.load(reads, now, state.options.page_size, false, &mut room)?;
        let stories: usize = page.stories.iter().map(StoryView::memory).sum();
        room.grow(RENDERED_FACTOR * stories)?;
        let mut changed = last_change(&page.stories, now);
        let mut river = river_of(state, reads, &wanted, heading, page)?;
        if is_front(&wanted) {
            let hour = start_of_hour(now);
            river.copied = reads.most_copied(hour.minus(DAY), COPIED_MAX)?;
            let titles = river.copied.iter().map(|c| c.title.len()).sum::<usize>();
            room.grow(RENDERED_FACTOR * titles)?;
            // What falls out of the last day does so at a full hour.
            changed = changed.max(Some(hour));
        }
        document(changed, &river, &river.frame.times, room)
    })
    .await
}

/// Whether this is the page that the server begins with.
fn is_front(wanted: &ListRequest) -> bool {
    matches!(wanted.list, List::All)
        && wanted.limit.is_none()
        && wanted.since.is_none()
        && wanted.before.is_none()
}

const DAY: Duration = Duration::from_secs(24 * 3600);
const HOUR_MS: i64 = 3_600_000;

fn start_of_hour(t: Time) -> Time {
    Time::from_millis(t.millis() - t.millis().rem_euclid(HOUR_MS))
}

fn river_of(
    state: &state::State,
    reads: &Reads,
    wanted: &ListRequest,
    heading: Heading,
    page: Page,
) -> Result<River, HttpError> {
    let root = match &wanted.list {
        List::Topic(_) => "../",
        List::All | List::Search(_) => "",
    };
    let mut frame = frame(state, reads, root, &heading.title, wanted.token.clone())?;
    let mut feed = ListRequest::first(wanted.list.clone());
    feed.token.clone_from(&wanted.token);
    frame.feeds = Some(Feeds {
        path: wanted.list.feed_path().trim_start_matches('/').to_owned(),
        query: feed.query(),
        is_listed: !matches!(wanted.list, List::Search(_)),
    });
    let (shown, empty) = match &wanted.list {
        List::All => (None, "Nothing has arrived yet."),
        List::Topic(name) => {
            frame.topic = Some(name.clone());
            (Some(heading), "No story belongs to this topic yet.")
        }
        List::Search(text) => {
            frame.q.clone_from(text);
            (Some(heading), "No story matches.")
        }
    };
    // Links that begin with ? stay on this path; "./" stands for a path without parameters.
    let at = |wanted: &ListRequest| match wanted.query() {
        query if query.is_empty() && wanted.list.page_path() == "/" => "./".to_owned(),
        query if query.is_empty() => {
            format!("{root}{}", wanted.list.page_path().trim_start_matches('/'))
        }
        query => query,
    };
    Ok(River {
        heading: shown,
        copied: Vec::new(),
        days: days_of(page.stories, &frame.times),
        frame,
        empty,
        first: wanted.before.map(|_| at(&wanted.from_place(None))),
        next: page.next.map(|place| at(&wanted.from_place(Some(place)))),
    })
}

/// Stories in river order by the days on which they arrived.
pub fn days_of(stories: Vec<StoryView>, times: &Times) -> Vec<Day> {
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
