//! The pages for people: the river, a topic, a search, a story with every copy and where they differ. Plain HTML that asks
//! nothing of anybody else: no script, no third-party request, so pictures inside articles are not shown (SEC-10).

use std::time::Duration;

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use bytes::Bytes;

use super::budget::Reservation;
use super::cache::Document;
use super::conditional::{Freshness, answer};
use super::copies::Copy;
use super::diff::Piece;
use super::frame::{Feeds, Frame, HTML, broken, document, frame, guarded, headline, host};
use super::list::{List, Page, WRITTEN_A_BYTE, Wanted};
use super::merged::{Heading, last_change};
use super::refusal::Told;
use super::state::{self, Cost, Shared};
use super::times::Times;
use super::tokens::Carried;
use super::{Refusal, copies};
use crate::model::{ArticleRow, StoryId, StoryView, Time};
use crate::store::{Copied, Reads, TopicInfo};

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

#[derive(Template)]
#[template(path = "search.html")]
struct Search {
    frame: Frame,
    mistakes: Vec<Mistake>,
}

/// A mistake in an expression: what is wrong, and the place with a caret below it.
#[derive(Debug, PartialEq, Eq)]
struct Mistake {
    told: String,
    place: String,
}

#[derive(Template)]
#[template(path = "trouble.html")]
struct Trouble {
    frame: Frame,
    title: &'static str,
    told: String,
}

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

#[derive(Template)]
#[template(path = "topics.html")]
struct Topics {
    frame: Frame,
    topics: Vec<TopicInfo>,
}

/// `/`
pub async fn river(
    State(state): State<Shared>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let query = query.unwrap_or_default();
    let mut wanted = Wanted::read("all", &query)?;
    wanted.token = state.carried_by_pages(&query);
    list(&state, &headers, wanted).await
}

/// `/topics/TOPIC`
pub async fn topic(
    State(state): State<Shared>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let query = query.unwrap_or_default();
    let mut wanted = Wanted::read("all", &query)?;
    wanted.list = List::Topic(name);
    wanted.token = state.carried_by_pages(&query);
    list(&state, &headers, wanted).await
}

/// `/search?q=EXPR`; without an expression, or with a wrong one, how to write one.
pub async fn search(
    State(state): State<Shared>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let query = query.unwrap_or_default();
    let (q, token) = (q(&query), state.carried_by_pages(&query));
    if q.trim().is_empty() {
        return explain_search(&state, q, token, None).await;
    }
    let wanted = Wanted::read("search", &query);
    let listed = match wanted {
        Ok(mut wanted) => {
            wanted.token.clone_from(&token);
            list(&state, &headers, wanted).await
        }
        Err(refused) => Err(refused),
    };
    match listed {
        Ok(response) => Ok(response),
        Err(Refusal::Bad(mistake)) => explain_search(&state, q, token, Some(mistake)).await,
        Err(other) => Err(other),
    }
}

/// `/stories/ID`: the story with its first copies, and with `after=ROW` those that follow that article.
pub async fn story(
    State(state): State<Shared>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
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

fn no_such_story() -> Refusal {
    Refusal::Missing("there is no such story; it may have been pruned, see store.keep".to_owned())
}

/// `/topics`: all of them, with counts.
pub async fn topics(
    State(state): State<Shared>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let token = state.carried_by_pages(&query.unwrap_or_default());
    let key = format!("/topics{}", key_of(token.as_ref()));
    cached(
        &state,
        &headers,
        &key,
        Cost::Shared,
        move |state, reads, room| {
            let topics = reads.topics()?;
            let newest = topics.iter().filter_map(|t| t.newest).max();
            let page = Topics {
                frame: frame(state, reads, "", "Topics", token)?,
                topics,
            };
            document(newest, &page, &page.frame.times, room)
        },
    )
    .await
}

/// `/style.css`
pub async fn style(State(state): State<Shared>, headers: HeaderMap) -> Result<Response, Refusal> {
    let render = async {
        Ok(Document {
            content_type: "text/css; charset=utf-8",
            links: None,
            body: Bytes::from_static(include_bytes!("templates/style.css")),
            changed: None,
            next_change: None,
        })
    };
    let (sequence, now) = (state.sequence(), state.clock.now());
    let rendered = state.cache.get("/style.css", sequence, now, render).await?;
    answer(&state, &headers, rendered, Freshness::Planned, Cost::Shared).await
}

async fn list(state: &Shared, headers: &HeaderMap, wanted: Wanted) -> Result<Response, Refusal> {
    let key = format!("{}{}", wanted.list.page_path(), wanted.query());
    let cost = wanted.cost();
    cached(state, headers, &key, cost, move |state, reads, mut room| {
        let now = state.clock.now();
        let heading = Heading::of(&wanted.list, reads, &state.options.title)?;
        let page = wanted.load(reads, now, state.options.page_size, false, &mut room)?;
        let stories: usize = page.stories.iter().map(StoryView::memory).sum();
        room.grow(WRITTEN_A_BYTE * stories)?;
        let mut changed = last_change(&page.stories, now);
        let mut river = river_of(state, reads, &wanted, heading, page)?;
        if is_front(&wanted) {
            let hour = start_of_hour(now);
            river.copied = reads.most_copied(hour.minus(DAY), COPIED_MAX)?;
            let titles = river.copied.iter().map(|c| c.title.len()).sum::<usize>();
            room.grow(WRITTEN_A_BYTE * titles)?;
            // What falls out of the last day does so at a full hour.
            changed = changed.max(Some(hour));
        }
        document(changed, &river, &river.frame.times, room)
    })
    .await
}

/// Whether this is the page that the server begins with.
fn is_front(wanted: &Wanted) -> bool {
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

/// What tells the pages that carry a token from those that carry none, in the keys of the cache.
pub fn key_of(token: Option<&Carried>) -> String {
    token.map_or_else(String::new, |t| t.parameter('&'))
}

fn river_of(
    state: &state::State,
    reads: &Reads,
    wanted: &Wanted,
    heading: Heading,
    page: Page,
) -> Result<River, Refusal> {
    let root = match &wanted.list {
        List::Topic(_) => "../",
        List::All | List::Search(_) => "",
    };
    let mut frame = frame(state, reads, root, &heading.title, wanted.token.clone())?;
    let mut feed = Wanted::first(wanted.list.clone());
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
    let at = |wanted: &Wanted| match wanted.query() {
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

async fn explain_search(
    state: &Shared,
    q: String,
    token: Option<Carried>,
    mistake: Option<String>,
) -> Result<Response, Refusal> {
    let status = if mistake.is_some() {
        StatusCode::BAD_REQUEST
    } else {
        StatusCode::OK
    };
    let page = state.read(Cost::Small, move |state, reads| {
        let mut frame = frame(state, reads, "", "Search", token)?;
        frame.q = q;
        let mistakes = mistakes(&mistake.unwrap_or_default());
        Search { frame, mistakes }.render().map_err(broken)
    });
    let page = (status, Html(page.await?)).into_response();
    Ok(guarded(state, page))
}

/// What was told line by line: a message, then the lines with its place, which begin with spaces.
fn mistakes(told: &str) -> Vec<Mistake> {
    let mut found: Vec<Mistake> = Vec::new();
    for line in told.lines() {
        match found.last_mut() {
            Some(last) if line.starts_with("  ") => {
                last.place.push_str(line.get(2..).unwrap_or_default());
                last.place.push('\n');
            }
            _ => found.push(Mistake {
                told: line.strip_prefix("q: ").unwrap_or(line).to_owned(),
                place: String::new(),
            }),
        }
    }
    found
}

/// The answer to a person where there is no document: the same words as a page, with a way on. Whatever else the response
/// is, it stays as it was.
pub async fn trouble(state: &Shared, url: &Uri, mut response: Response) -> Response {
    let Some(Told(told)) = response.extensions_mut().remove() else {
        return response;
    };
    let title = match response.status() {
        StatusCode::NOT_FOUND => "Page not found",
        StatusCode::BAD_REQUEST => "Not understood",
        StatusCode::SERVICE_UNAVAILABLE => "Not now",
        _ => "That failed",
    };
    let token = state.carried_by_pages(url.query().unwrap_or_default());
    let root = match url.path().matches('/').count() {
        0 | 1 => "",
        2 => "../",
        3 => "../../",
        _ => return response,
    };
    let page = state.read(Cost::Small, move |state, reads| {
        let frame = frame(state, reads, root, title, token)?;
        Trouble { frame, title, told }.render().map_err(broken)
    });
    // Where no page can be made, what was said is said plainly.
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
    guarded(state, Response::from_parts(parts, page.into()))
}

/// A page from the cache, or rendered for it.
pub async fn cached(
    state: &Shared,
    headers: &HeaderMap,
    key: &str,
    cost: Cost,
    render: impl FnOnce(&state::State, &Reads, Reservation) -> Result<Document, Refusal>
    + Send
    + 'static,
) -> Result<Response, Refusal> {
    let (sequence, now) = (state.sequence(), state.clock.now());
    let render = state.render(cost, render);
    let rendered = state.cache.get(key, sequence, now, render).await?;
    let answer = answer(state, headers, rendered, Freshness::Ask, cost).await?;
    Ok(guarded(state, answer))
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

/// The body as sanitized when it came in, else the summary as a paragraph.
fn body(story: &StoryView) -> String {
    let html = story.content_html.as_deref().unwrap_or_default();
    if html.is_empty() && !story.summary.is_empty() {
        return format!("<p>{}</p>", html_escape::encode_text(&story.summary));
    }
    html.to_owned()
}

fn q(query: &str) -> String {
    let mut parameters = url::form_urlencoded::parse(query.as_bytes());
    let found = parameters.find(|(name, _)| name == "q");
    found
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}
