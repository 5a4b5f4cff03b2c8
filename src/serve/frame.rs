//! What all pages have in common: header and footer, security policy, and the formats of sizes and states.

use askama::Template;
use axum::http::{HeaderValue, header};
use axum::response::Response;

use super::budget::Reservation;
use super::cache::Document;
use super::error::HttpError;
use super::state::State;
use super::times::Times;
use crate::merged::LinkToken;
use crate::model::{FeedState, StoryView, Time, WebUrl};
use crate::store::{Reads, TopicHead};

/// Only our style sheet, our icon and the search form: nothing else is loaded, run or sent.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; \
     frame-ancestors 'none'; sandbox allow-forms allow-popups allow-popups-to-escape-sandbox allow-downloads",
);

/// The same with images from publishers (`server.images`).
const POLICY_WITH_IMAGES: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; img-src data: https: http:; form-action 'self'; base-uri 'none'; \
     frame-ancestors 'none'; sandbox allow-forms allow-popups allow-popups-to-escape-sandbox allow-downloads",
);

/// The Content-Type of pages.
pub const HTML: &str = "text/html; charset=utf-8";

/// Number of topics in the header of every page.
const HEADER_TOPICS_MAX: usize = 12;

/// What all pages show around their content, for `frame.html`.
pub struct Frame {
    pub site: String,
    /// The relative path from this page to the root: links are relative, so that a proxy may serve us under any path.
    pub root: &'static str,
    pub title: String,
    /// The merged feeds of the shown list.
    pub feeds: Option<Feeds>,
    pub topics: Vec<TopicHead>,
    pub topic: Option<String>,
    pub q: String,
    /// Whether the store is a sample.
    pub is_sample: bool,
    /// Since when there is no network connection.
    pub no_network_since: Option<Time>,
    pub times: Times,
    /// Whether images are shown.
    pub images: bool,
    token: Option<LinkToken>,
}

/// The merged feeds of a list.
pub struct Feeds {
    /// The path from the root, without the extension.
    pub path: String,
    /// The query with its `?`.
    pub query: String,
    /// Whether `/feeds.opml` lists them.
    pub is_listed: bool,
}

/// The frame of a page with this relative path to the `root`; its links carry `token`.
pub fn frame(
    state: &State,
    reads: &Reads,
    root: &'static str,
    title: &str,
    token: Option<LinkToken>,
) -> Result<Frame, HttpError> {
    let site = state.options.title.clone();
    let title = match title {
        own if own == site => site.clone(),
        other => format!("{other} – {site}"),
    };
    Ok(Frame {
        site,
        root,
        title,
        feeds: None,
        topics: reads.topic_heads()?,
        topic: None,
        q: String::new(),
        is_sample: state.options.is_sample,
        no_network_since: reads.network()?.down_since(state.clock.now()),
        times: Times::new(state.clock.now(), state.options.zone.clone()),
        images: state.options.images,
        token,
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

    /// The end of every link to one of our pages or feeds: the token of the request.
    pub fn token(&self) -> String {
        self.parameter('?')
    }

    /// The same after other parameters.
    pub fn and_token(&self) -> String {
        self.parameter('&')
    }

    /// The value of the token field of a form.
    pub fn token_field(&self) -> Option<&str> {
        self.token.as_ref().map(LinkToken::as_str)
    }

    fn parameter(&self, before: char) -> String {
        let token = self.token.as_ref();
        token.map_or_else(String::new, |t| t.parameter(before))
    }

    /// The URL of a story's image, if images are shown.
    pub fn picture<'s>(&self, story: &'s StoryView) -> Option<&'s str> {
        let image = story.image.as_deref().filter(|_| self.images)?;
        WebUrl::parse(image).is_ok().then_some(image)
    }

    /// The topics in the header of the page, and whether there are more.
    pub fn header_topics(&self) -> (&[TopicHead], bool) {
        match self.topics.get(..HEADER_TOPICS_MAX) {
            Some(shown) if self.topics.len() > HEADER_TOPICS_MAX => (shown, true),
            _ => (&self.topics, false),
        }
    }

    pub fn title_of<'t>(&'t self, topic: &'t str) -> &'t str {
        let known = self.topics.iter().find(|t| t.name == topic);
        known.map_or(topic, |t| t.title.as_str())
    }
}

/// Renders a page. It changed when its content or one of its relative times did; without a date of the content it has none.
pub fn document(
    changed: Option<Time>,
    page: &impl Template,
    times: &Times,
    reservation: Reservation,
) -> Result<Document, HttpError> {
    let html = page.render().map_err(template_error)?;
    Ok(Document {
        content_type: HTML,
        links: None,
        body: reservation.attach_to(html.into_bytes())?,
        changed: changed.map(|changed| times.changed().map_or(changed, |t| t.max(changed))),
        next_change: None,
    })
}

/// Sets the security policy of a page, also of a 304: a browser applies its headers to the cached page.
pub fn with_page_headers(state: &State, mut page: Response) -> Response {
    let policy = match state.options.images {
        true => POLICY_WITH_IMAGES,
        false => POLICY,
    };
    let headers = page.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    page
}

/// A template that fails is a bug.
pub fn template_error(e: askama::Error) -> HttpError {
    tracing::error!(error = %e, "a page could not be rendered");
    HttpError::Internal
}

/// The host of a URL, without `www.`.
pub fn host(url: &str) -> String {
    let url = WebUrl::parse(url);
    url.map(|u| u.host().trim_start_matches("www.").to_owned())
        .unwrap_or_default()
}

/// The title of a story, else its first words.
pub fn headline(story: &StoryView) -> &str {
    title_or_summary(&story.title, &story.summary)
}

/// The title, else the summary, else a remark that there is neither.
pub fn title_or_summary<'t>(title: &'t str, summary: &'t str) -> &'t str {
    [title, summary]
        .into_iter()
        .find(|t| !t.is_empty())
        .unwrap_or("(without a title)")
}

/// A message as a sentence: with a capital letter, unless it begins with a name, and a full stop. A message of several lines is
/// not changed.
pub fn sentence(message: &str) -> String {
    let message = message.trim();
    let mut words = message.split(' ');
    let is_word = |word: &str| {
        let word = word.trim_end_matches([',', ';']);
        !word.is_empty() && word.chars().all(char::is_alphabetic)
    };
    if message.contains('\n') || !words.next().is_some_and(is_word) {
        return message.to_owned();
    }
    let mut rest = message.chars();
    let capital: String = rest
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .collect();
    let stop = if message.ends_with(['.', '?', '!', ':', '…']) {
        ""
    } else {
        "."
    };
    format!("{capital}{}{stop}", rest.as_str())
}

/// Text as HTML; parts between backticks become `<code>`.
pub fn with_commands(text: &str) -> String {
    let mut html = String::new();
    for (n, part) in text.split('`').enumerate() {
        let part = html_escape::encode_text(part);
        match n % 2 {
            0 => html.push_str(&part),
            _ => html.push_str(&format!("<code>{part}</code>")),
        }
    }
    html
}

/// A number of bytes with its unit.
pub fn size(bytes: &u64) -> String {
    match *bytes {
        b if b < 1 << 10 => format!("{b} bytes"),
        b if b < 1 << 20 => format!("{} KiB", b >> 10),
        b => format!("{:.1} MiB", b as f64 / f64::from(1 << 20)),
    }
}

/// The name of a state, which is also its CSS class.
pub fn state_name(state: &FeedState) -> &'static str {
    state.name()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_becomes_a_sentence_unless_it_begins_with_a_name() {
        for (message, expected) in [
            ("there is no topic \"x\"", "There is no topic \"x\"."),
            ("nothing, if it passes", "Nothing, if it passes."),
            ("did you mean it?", "Did you mean it?"),
            ("limit: \"0\" is no number", "limit: \"0\" is no number"),
            ("news.example has moved", "news.example has moved"),
            ("a line\n  ^", "a line\n  ^"),
            ("", ""),
        ] {
            assert_eq!(sentence(message), expected);
        }
    }

    #[test]
    fn sec_10_commands_are_marked_and_nothing_else_is_markup() {
        assert_eq!(
            with_commands("<b> run `a <c>`, `d` & `e"),
            "&lt;b&gt; run <code>a &lt;c&gt;</code>, <code>d</code> &amp; <code>e</code>"
        );
    }
}
