//! What all pages have in common: their head and foot, their policy, and how times, sizes and states are written.

use axum::http::{HeaderValue, header};
use axum::response::Response;

use super::Refusal;
use super::budget::Reservation;
use super::cache::Document;
use super::state;
use crate::model::{FeedState, StoryView, Time, WebUrl};
use crate::store::{Reads, TopicHead};

/// The pages' own style and icon, and the search form; nothing else loads, runs, or is sent anywhere.
pub const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; \
     frame-ancestors 'none'; sandbox allow-forms allow-popups allow-popups-to-escape-sandbox allow-downloads",
);

/// The Content-Type of pages.
pub const HTML: &str = "text/html; charset=utf-8";

/// Topics that stand in the head of every page; the others are a page away.
const TOPICS_SHOWN: usize = 12;

/// What all pages show around their content.
pub struct Frame {
    pub site: String,
    /// From this page to the root: links are relative, so that a proxy may serve us under any path.
    pub root: &'static str,
    pub title: String,
    /// The feed of what is shown, from the root.
    pub feed: Option<String>,
    pub topics: Vec<TopicHead>,
    pub topic: Option<String>,
    pub q: String,
    /// Whether the store is a sample.
    pub is_sample: bool,
    /// Since when nothing can be reached.
    pub no_network: Option<Time>,
}

/// What stands around a page at `root`.
pub fn frame(
    state: &state::State,
    reads: &Reads,
    root: &'static str,
    title: &str,
) -> Result<Frame, Refusal> {
    let site = state.options.title.clone();
    let title = match title {
        own if own == site => site.clone(),
        other => format!("{other} – {site}"),
    };
    Ok(Frame {
        site,
        root,
        title,
        feed: None,
        topics: reads.topic_heads()?,
        topic: None,
        q: String::new(),
        is_sample: state.options.is_sample,
        no_network: reads.network()?.down_since(state.clock.now()),
    })
}

impl Frame {
    pub fn home(&self) -> &str {
        if self.root.is_empty() {
            "./"
        } else {
            self.root
        }
    }

    /// The topics in the head of the page, and whether there are more.
    pub fn shown(&self) -> (&[TopicHead], bool) {
        match self.topics.get(..TOPICS_SHOWN) {
            Some(shown) if self.topics.len() > TOPICS_SHOWN => (shown, true),
            _ => (&self.topics, false),
        }
    }

    pub fn title_of<'t>(&'t self, topic: &'t str) -> &'t str {
        let known = self.topics.iter().find(|t| t.name == topic);
        known.map_or(topic, |t| t.title.as_str())
    }
}

/// A rendered page as a document.
pub fn document(
    changed: Option<Time>,
    html: askama::Result<String>,
    room: Reservation,
) -> Result<Document, Refusal> {
    Ok(Document {
        content_type: HTML,
        links: None,
        body: room.hold(html.map_err(broken)?.into_bytes())?,
        changed,
        next_change: None,
    })
}

/// A 304 carries the policy too: a browser takes it over for what it kept.
pub fn guarded(mut page: Response) -> Response {
    let headers = page.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY);
    page
}

/// A page that could not be rendered: a bug.
pub fn broken(e: askama::Error) -> Refusal {
    tracing::error!(error = %e, "a page could not be rendered");
    Refusal::Internal
}

/// The host of a URL, for people.
pub fn host(url: &str) -> String {
    let url = WebUrl::parse(url);
    url.map(|u| u.host().trim_start_matches("www.").to_owned())
        .unwrap_or_default()
}

/// The headline; of a story without one, its first words.
pub fn headline(story: &StoryView) -> &str {
    [&story.title, &story.summary]
        .into_iter()
        .find(|t| !t.is_empty())
        .map_or("(without a title)", String::as_str)
}

/// The hour of a moment, UTC.
pub fn hour(t: &Time) -> String {
    t.jiff().strftime("%H:%M").to_string()
}

/// A moment in full.
pub fn moment(t: &Time) -> String {
    t.jiff().strftime("%-d %b %Y, %H:%M UTC").to_string()
}

/// A moment near now, which needs no year.
pub fn soon(t: &Time) -> String {
    t.jiff().strftime("%-d %b, %H:%M").to_string()
}

/// A number of bytes.
pub fn size(bytes: &u64) -> String {
    match *bytes {
        b if b < 1 << 10 => format!("{b} bytes"),
        b if b < 1 << 20 => format!("{} KiB", b >> 10),
        b => format!("{:.1} MiB", b as f64 / f64::from(1 << 20)),
    }
}

/// The name of a state, which is also its class.
pub fn state_name(state: &FeedState) -> &'static str {
    match state {
        FeedState::New => "new",
        FeedState::Ok => "ok",
        FeedState::Failing => "failing",
        FeedState::Gone => "gone",
        FeedState::Paused => "paused",
    }
}
