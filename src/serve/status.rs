//! `/status`: the sources and how they are doing, a page at a time, those that need a look first. `q` finds them by title or
//! URL, `state` keeps those in one state, `page` counts from 1.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use url::form_urlencoded;

use super::budget::RENDERED_FACTOR;
use super::cached_page::cached;
use super::frame::{self, Frame, document, state_name};
use super::state::{Cost, Shared};
use super::{HttpError, plot};
use crate::merged::{LinkToken, health};
use crate::model::{Feed, FeedState};
use crate::store::{HealthQuery, Status, size_warning};

/// Feeds of a page.
const FEEDS: usize = 100;

/// Days of the plots.
const DAYS: usize = 14;

/// Longest `q`, in bytes.
const TEXT_BYTES_MAX: usize = 200;

const STATES: [FeedState; 5] = [
    FeedState::Failing,
    FeedState::Gone,
    FeedState::Paused,
    FeedState::New,
    FeedState::Ok,
];

#[derive(Template)]
#[template(path = "status.html")]
struct Health {
    frame: Frame,
    status: Status,
    warning: Option<String>,
    wanted: StatusQuery,
    /// The states that can be asked for, and whether this one is.
    states: Vec<(&'static str, bool)>,
    feeds: Vec<Row>,
    /// Which feeds are shown, of how many; none if all are.
    range: Option<String>,
    first: Option<String>,
    previous: Option<String>,
    next: Option<String>,
    failing: String,
    health_feed: &'static str,
}

/// A feed of the list, and what it brought lately.
struct Row {
    feed: Feed,
    plot: String,
}

/// What a request asks for.
#[derive(Debug, Clone, Default)]
struct StatusQuery {
    state: Option<FeedState>,
    text: String,
    /// From 0 on.
    page: usize,
    token: Option<LinkToken>,
}

/// `/status`
pub async fn status(
    State(state): State<Shared>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, HttpError> {
    let query = query.unwrap_or_default();
    let wanted = StatusQuery {
        token: state.carried_by_pages(&query),
        ..StatusQuery::read(&query)?
    };
    let cost = match wanted.is_filtered() || wanted.page > 0 {
        true => Cost::Small,
        false => Cost::Shared,
    };
    let key = format!("/status{}", wanted.query());
    cached(
        &state,
        &headers,
        &key,
        cost,
        move |state, reads, mut room| {
            let now = state.clock.now();
            let status = reads.status(now)?;
            let found = reads.feeds_by_health(&HealthQuery {
                state: wanted.state,
                text: wanted.text.clone(),
                page_size: FEEDS,
                page: wanted.page,
            })?;
            let rows: Vec<_> = found.feeds.iter().map(|feed| feed.row).collect();
            let daily = reads.daily(&rows, DAYS, now)?;
            room.grow(RENDERED_FACTOR * found.feeds.iter().map(Feed::memory).sum::<usize>())?;
            let first = found.page * FEEDS;
            let last = first + rows.len();
            let at = |page: usize| wanted.at(page);
            let page = Health {
                frame: frame::frame(state, reads, "", "Sources", wanted.token.clone())?,
                warning: size_warning(
                    status.db_bytes + status.wal_bytes,
                    state.options.size_warning,
                ),
                status,
                states: STATES
                    .iter()
                    .map(|s| (state_name(s), wanted.state == Some(*s)))
                    .collect(),
                range: (rows.len() < found.found)
                    .then(|| format!("{} to {last} of {}", first + 1, found.found)),
                first: (found.page > 1).then(|| at(0)),
                previous: (found.page > 0).then(|| at(found.page - 1)),
                next: (last < found.found).then(|| at(found.page + 1)),
                failing: StatusQuery {
                    state: Some(FeedState::Failing),
                    token: wanted.token.clone(),
                    ..StatusQuery::default()
                }
                .at(0),
                feeds: found
                    .feeds
                    .into_iter()
                    .zip(daily)
                    .map(|(feed, counts)| Row {
                        plot: plot::days(&counts, "articles"),
                        feed,
                    })
                    .collect(),
                wanted,
                health_feed: health::NAME,
            };
            document(None, &page, &page.frame.times, room)
        },
    )
    .await
}

impl StatusQuery {
    fn read(query: &str) -> Result<Self, HttpError> {
        let mut wanted = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "q" if value.len() > TEXT_BYTES_MAX => {
                    return Err(HttpError::Bad(format!(
                        "q: at most {TEXT_BYTES_MAX} bytes of a title or URL"
                    )));
                }
                "q" => wanted.text = value.trim().to_owned(),
                "state" if value.is_empty() => {}
                "state" => {
                    let known = STATES.iter().find(|s| state_name(s) == value);
                    let names = STATES.map(|s| state_name(&s)).join(", ");
                    let wrong = || HttpError::Bad(format!("state: expected one of {names}"));
                    wanted.state = Some(*known.ok_or_else(wrong)?);
                }
                "page" => {
                    let page = value.parse::<usize>().ok().filter(|page| *page > 0);
                    let wrong = || HttpError::Bad("page: expected a number from 1 on".to_owned());
                    wanted.page = page.ok_or_else(wrong)? - 1;
                }
                _ => {}
            }
        }
        Ok(wanted)
    }

    fn is_filtered(&self) -> bool {
        self.state.is_some() || !self.text.is_empty()
    }

    /// The link to a page of the same.
    fn at(&self, page: usize) -> String {
        let there = Self {
            page,
            ..self.clone()
        };
        match there.query() {
            query if query.is_empty() => "status".to_owned(),
            query => query,
        }
    }

    /// The parameters in one order, with their `?`; empty if there are none.
    fn query(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if !self.text.is_empty() {
            query.append_pair("q", &self.text);
        }
        if let Some(state) = &self.state {
            query.append_pair("state", state_name(state));
        }
        if self.page > 0 {
            query.append_pair("page", &(self.page + 1).to_string());
        }
        if let Some(token) = &self.token {
            query.append_pair("token", token.as_str());
        }
        match query.finish() {
            query if query.is_empty() => query,
            query => format!("?{query}"),
        }
    }
}
