//! `/feeds/newswire-health.atom` (and .rss, .json): events of the subscribed feeds (broken, recovered, moved, …) as a feed, so
//! that an operator can follow them in any feed reader.

use uuid::Uuid;

use super::base_url::BaseUrl;
use super::error::MergedError;
use super::token::LinkToken;
use crate::emit::{Channel, Format};
use crate::model::{Content, Seq, StoryId, StoryView, WebUrl};
use crate::store::{EventKind, FeedEvent, Reads};

/// The name of the feed, which no topic may have.
pub const NAME: &str = "newswire-health";

/// Maximum number of entries.
const ENTRIES_MAX: usize = 100;

/// The feed. Its links to our own pages carry the token that was given in its address.
///
/// # Errors
/// The store's error.
pub fn channel(
    reads: &Reads,
    format: Format,
    site: &str,
    (base, hub): (&BaseUrl, Option<&WebUrl>),
    token: Option<&LinkToken>,
) -> Result<Channel, MergedError> {
    let path = format!("/feeds/{NAME}");
    let parameter =
        |token: Option<&LinkToken>| token.map_or_else(String::new, |t| t.parameter('?'));
    let own = parameter(token);
    let of_pages = parameter(token.cloned().and_then(LinkToken::for_pages).as_ref());
    let events = reads.events(ENTRIES_MAX)?;
    Ok(Channel {
        id: base.id(&path),
        title: format!("{site}: health of the feeds"),
        description: "Feeds that broke, recovered, moved or fell silent".to_owned(),
        self_url: Some(base.at(&format!("{path}.{}{own}", format.extension()))),
        home_url: Some(base.at(&format!("/status{of_pages}"))),
        hub_url: hub.map(WebUrl::to_string),
        updated: match events.first() {
            Some(newest) => newest.at,
            None => reads.created()?,
        },
        stories: events
            .into_iter()
            .map(|e| entry(e, base, &of_pages))
            .collect(),
        ..Channel::default()
    })
}

fn entry(event: FeedEvent, base: &BaseUrl, token: &str) -> StoryView {
    let name = format!(
        "{}/{}/{}",
        event.feed.id,
        event.kind.as_str(),
        event.at.millis()
    );
    let (title, text) = message(&event);
    StoryView {
        id: StoryId(Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes())),
        seq: Seq::default(),
        content: Content {
            title,
            url: Some(base.at(&format!("/sources/{}{token}", event.feed.id))),
            content_html: Some(format!("<p>{}</p>", html_escape::encode_text(&text))),
            content_text: Some(text),
            language: Some("en".to_owned()),
            published: Some(event.at),
            first_seen: event.at,
            arrived: event.at,
            feed: event.feed,
            ..Content::default()
        },
        copies: 1,
        also_in: Vec::new(),
    }
}

/// Headline and text.
fn message(event: &FeedEvent) -> (String, String) {
    let (feed, note) = (&event.feed.title, &event.note);
    match event.kind {
        EventKind::Broke => (
            format!("{feed} is broken"),
            format!(
                "Three polls in a row failed: {note}. newswire retries it, at growing intervals."
            ),
        ),
        EventKind::Recovered => (
            format!("{feed} works again"),
            "The last poll succeeded.".to_owned(),
        ),
        EventKind::Moved => (
            format!("{feed} has moved"),
            format!("It is polled at {note} from now on."),
        ),
        EventKind::Gone => (
            format!("{feed} is gone"),
            format!(
                "Its server reports that it was removed for good: {note}. newswire no longer polls it; `newswire resume` polls it again."
            ),
        ),
        EventKind::Silent => (
            format!("{feed} fell silent"),
            format!(
                "Its newest article arrived at {note}, much longer ago than usual for this feed."
            ),
        ),
        EventKind::Spoke => (
            format!("{feed} has new articles again"),
            "A new article arrived after a long time without any.".to_owned(),
        ),
    }
}
