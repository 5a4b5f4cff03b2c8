//! The pages for people: the river, a topic, a search, a story with every copy and where they differ. Plain HTML that asks
//! nothing of anybody else: no script, no third-party request, so pictures inside articles are not shown (SEC-10).

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use bytes::Bytes;

use super::budget::Reservation;
use super::cache::Document;
use super::conditional::{Freshness, answer};
use super::copies::Copy;
use super::diff::Piece;
use super::frame::{Frame, HTML, broken, document, frame, guarded, headline, host};
use super::list::{List, Page, WRITTEN_A_BYTE, Wanted};
use super::merged::{Heading, last_change};
use super::refusal::Told;
use super::state::{self, Cost, Shared};
use super::{Refusal, copies};
use crate::model::{ArticleRow, StoryId, StoryView, Time};
use crate::store::{Reads, TopicInfo};

#[derive(Template)]
#[template(path = "river.html")]
struct River {
    frame: Frame,
    heading: Option<Heading>,
    days: Vec<Day>,
    empty: &'static str,
    first: Option<String>,
    next: Option<String>,
}

/// The stories that arrived on one day (UTC).
pub struct Day {
    /// As RFC 3339 has it.
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
    let wanted = Wanted::read("all", &query.unwrap_or_default())?;
    list(&state, &headers, wanted).await
}

/// `/topics/TOPIC`
pub async fn topic(
    State(state): State<Shared>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let mut wanted = Wanted::read("all", &query.unwrap_or_default())?;
    wanted.list = List::Topic(name);
    list(&state, &headers, wanted).await
}

/// `/search?q=EXPR`; without an expression, or with a wrong one, how to write one.
pub async fn search(
    State(state): State<Shared>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let query = query.unwrap_or_default();
    let q = q(&query);
    if q.trim().is_empty() {
        return explain_search(&state, q, None).await;
    }
    let wanted = Wanted::read("search", &query);
    let listed = match wanted {
        Ok(wanted) => list(&state, &headers, wanted).await,
        Err(refused) => Err(refused),
    };
    match listed {
        Ok(response) => Ok(response),
        Err(Refusal::Bad(mistake)) => explain_search(&state, q, Some(mistake)).await,
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
    let after = copies::after(query.as_deref().unwrap_or_default())?;
    let key = match after {
        0 => format!("/stories/{id}"),
        after => format!("/stories/{id}?after={after}"),
    };
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
            let html = Story {
                frame: frame(state, reads, "../", headline(&story))?,
                authors: story
                    .authors
                    .iter()
                    .filter_map(|a| a.name.clone())
                    .collect(),
                host: story.url.as_deref().map(host).unwrap_or_default(),
                updated: story.updated.filter(|t| Some(*t) != story.published),
                body: body(&story),
                is_first: after == 0,
                story,
                copies: page.copies,
                next: page.next,
            };
            document(changed, html.render(), room)
        },
    )
    .await
}

fn no_such_story() -> Refusal {
    Refusal::Missing("there is no such story; it may have been pruned, see store.keep".to_owned())
}

/// `/topics`: all of them, with counts.
pub async fn topics(State(state): State<Shared>, headers: HeaderMap) -> Result<Response, Refusal> {
    cached(
        &state,
        &headers,
        "/topics",
        Cost::Shared,
        |state, reads, room| {
            let topics = reads.topics()?;
            let newest = topics.iter().filter_map(|t| t.newest).max();
            let page = Topics {
                frame: frame(state, reads, "", "Topics")?,
                topics,
            };
            document(newest, page.render(), room)
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
        let changed = last_change(&page.stories, now);
        let river = river_of(state, reads, &wanted, heading, page)?;
        document(changed, river.render(), room)
    })
    .await
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
    let mut frame = frame(state, reads, root, &heading.title)?;
    let feed = Wanted::first(wanted.list.clone());
    let path = wanted.list.feed_path();
    frame.feed = Some(format!(
        "{}.atom{}",
        path.trim_start_matches('/'),
        feed.query()
    ));
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
        frame,
        heading: shown,
        days: days_of(page.stories),
        empty,
        first: wanted.before.map(|_| at(&wanted.from_place(None))),
        next: page.next.map(|place| at(&wanted.from_place(Some(place)))),
    })
}

async fn explain_search(
    state: &Shared,
    q: String,
    mistake: Option<String>,
) -> Result<Response, Refusal> {
    let status = if mistake.is_some() {
        StatusCode::BAD_REQUEST
    } else {
        StatusCode::OK
    };
    let page = state.read(Cost::Small, move |state, reads| {
        let mut frame = frame(state, reads, "", "Search")?;
        frame.q = q;
        let mistakes = mistakes(&mistake.unwrap_or_default());
        Search { frame, mistakes }.render().map_err(broken)
    });
    Ok(guarded((status, Html(page.await?)).into_response()))
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
pub async fn trouble(state: &Shared, path: &str, mut response: Response) -> Response {
    let Some(Told(told)) = response.extensions_mut().remove() else {
        return response;
    };
    let title = match response.status() {
        StatusCode::NOT_FOUND => "Page not found",
        StatusCode::BAD_REQUEST => "Not understood",
        StatusCode::SERVICE_UNAVAILABLE => "Not now",
        _ => "That failed",
    };
    let root = match path.matches('/').count() {
        0 | 1 => "",
        2 => "../",
        3 => "../../",
        _ => return response,
    };
    let page = state.read(Cost::Small, move |state, reads| {
        let frame = frame(state, reads, root, title)?;
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
    guarded(Response::from_parts(parts, page.into()))
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
    Ok(guarded(answer))
}

/// Stories in river order by the days on which they arrived.
pub fn days_of(stories: Vec<StoryView>) -> Vec<Day> {
    let mut days: Vec<Day> = Vec::new();
    for story in stories {
        let arrived = story.arrived.jiff();
        let date = arrived.strftime("%Y-%m-%d").to_string();
        match days.last_mut() {
            Some(day) if day.date == date => day.stories.push(story),
            _ => days.push(Day {
                date,
                name: arrived.strftime("%A, %-d %B %Y").to_string(),
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
