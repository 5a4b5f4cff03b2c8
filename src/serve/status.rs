//! `/status`: the subscribed feeds with their state, a page at a time, those with problems first. `q` selects by title or URL,
//! `state` by state; `page` starts at 1.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use url::form_urlencoded;

use super::budget::RENDERED_FACTOR;
use super::cached::cached_page;
use super::error::HttpError;
use super::frame::{self, Frame, document, state_name};
use super::plot;
use super::state::{Cost, Shared};
use crate::merged::{LinkToken, health};
use crate::model::{Feed, FeedState};
use crate::store::{HealthQuery, Status, size_warning};

/// Feeds per page.
const FEEDS_MAX: usize = 100;

/// Days of the plots.
const PLOT_DAYS: usize = 14;

/// Maximum length of `q`, in bytes.
const TEXT_BYTES_MAX: usize = 200;

#[derive(Template)]
#[template(path = "status.html")]
struct Health {
    frame: Frame,
    status: Status,
    warning: Option<String>,
    query: StatusQuery,
    /// The states that can be selected, and whether each is.
    states: Vec<(&'static str, bool)>,
    feeds: Vec<Row>,
    /// Which feeds are shown, of how many; `None` if all are.
    range: Option<String>,
    first: Option<String>,
    previous: Option<String>,
    next: Option<String>,
    failing: String,
    health_feed: &'static str,
}

/// A feed of the list, and a plot of its new articles.
struct Row {
    feed: Feed,
    plot: String,
}

/// The parameters of a request.
#[derive(Debug, Clone, Default)]
struct StatusQuery {
    state: Option<FeedState>,
    text: String,
    /// Starts at 0.
    page: usize,
    token: Option<LinkToken>,
}

/// `/status`
pub async fn status(
    State(state): State<Shared>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, HttpError> {
    let text = query.unwrap_or_default();
    let query = StatusQuery {
        token: state.page_token(&text),
        ..StatusQuery::parse(&text)?
    };
    let cost = match query.is_filtered() || query.page > 0 {
        true => Cost::Small,
        false => Cost::Shared,
    };
    let key = format!("/status{}", query.to_query_string());
    cached_page(
        &state,
        &headers,
        &key,
        cost,
        move |state, reads, mut reservation| {
            let now = state.clock.now();
            let status = reads.status(now)?;
            let found = reads.feeds_by_health(&HealthQuery {
                state: query.state,
                text: query.text.clone(),
                page_size: FEEDS_MAX,
                page: query.page,
            })?;
            let rows: Vec<_> = found.feeds.iter().map(|feed| feed.row).collect();
            let daily = reads.daily(&rows, PLOT_DAYS, now)?;
            reservation
                .grow(RENDERED_FACTOR * found.feeds.iter().map(Feed::memory).sum::<usize>())?;
            let first = found.page * FEEDS_MAX;
            let last = first + rows.len();
            let at = |page: usize| query.link(page);
            let page = Health {
                frame: frame::frame(state, reads, "", "Sources", query.token.clone())?,
                warning: size_warning(
                    status.db_bytes + status.wal_bytes,
                    state.options.size_warning,
                ),
                status,
                states: FeedState::ALL
                    .iter()
                    .map(|s| (state_name(s), query.state == Some(*s)))
                    .collect(),
                range: (rows.len() < found.found)
                    .then(|| format!("{} to {last} of {}", first + 1, found.found)),
                first: (found.page > 1).then(|| at(0)),
                previous: (found.page > 0).then(|| at(found.page - 1)),
                next: (last < found.found).then(|| at(found.page + 1)),
                failing: StatusQuery {
                    state: Some(FeedState::Failing),
                    token: query.token.clone(),
                    ..StatusQuery::default()
                }
                .link(0),
                feeds: found
                    .feeds
                    .into_iter()
                    .zip(daily)
                    .map(|(feed, counts)| Row {
                        plot: plot::days(&counts, "articles"),
                        feed,
                    })
                    .collect(),
                query,
                health_feed: health::NAME,
            };
            document(None, &page, &page.frame.times, reservation)
        },
    )
    .await
}

impl StatusQuery {
    fn parse(text: &str) -> Result<Self, HttpError> {
        let mut query = Self::default();
        for (name, value) in form_urlencoded::parse(text.as_bytes()) {
            match &*name {
                "q" if value.len() > TEXT_BYTES_MAX => {
                    return Err(HttpError::BadRequest(format!(
                        "q: expected at most {TEXT_BYTES_MAX} bytes of a title or URL"
                    )));
                }
                "q" => query.text = value.trim().to_owned(),
                "state" if value.is_empty() => {}
                "state" => {
                    let known = FeedState::from_name(&value);
                    let names = FeedState::ALL.map(FeedState::name).join(", ");
                    let wrong = || HttpError::BadRequest(format!("state: expected one of {names}"));
                    query.state = Some(known.ok_or_else(wrong)?);
                }
                "page" => {
                    let page = value.parse::<usize>().ok().filter(|page| *page > 0);
                    let wrong = || {
                        HttpError::BadRequest("page: expected a number of at least 1".to_owned())
                    };
                    query.page = page.ok_or_else(wrong)? - 1;
                }
                _ => {}
            }
        }
        Ok(query)
    }

    fn is_filtered(&self) -> bool {
        self.state.is_some() || !self.text.is_empty()
    }

    /// The link to another page of this list.
    fn link(&self, page: usize) -> String {
        let query = Self {
            page,
            ..self.clone()
        };
        match query.to_query_string() {
            query if query.is_empty() => "status".to_owned(),
            query => query,
        }
    }

    /// The query with its `?`, its parameters in a fixed order; empty without parameters.
    fn to_query_string(&self) -> String {
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
