//! A list of stories as a merged feed: its title, its id, and its links to other pages and archive documents (RFC 5005).

use super::base_url::BaseUrl;
use super::error::MergedError;
use super::page::Page;
use super::request::{List, ListRequest};
use super::token::LinkToken;
use crate::emit::{Channel, Format};
use crate::model::{StoryView, Time, WebUrl};
use crate::store::Reads;

/// Title and description of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heading {
    /// The title.
    pub title: String,
    /// What the list contains, in one line.
    pub description: String,
}

impl Heading {
    /// The heading of `list`; `everything` is the title of [`List::All`].
    ///
    /// # Errors
    /// [`MergedError::NoSuchTopic`], or the store's error.
    pub fn of(list: &List, reads: &Reads, everything: &str) -> Result<Self, MergedError> {
        match list {
            List::All => Ok(Self {
                title: everything.to_owned(),
                description: "Every story, newest first".to_owned(),
            }),
            List::Top => Ok(Self {
                title: format!("{everything}: printed most"),
                description: "Stories that the most sites carry, newer ones first among equals"
                    .to_owned(),
            }),
            List::Search(text) => Ok(Self {
                title: text.clone(),
                description: format!("Stories that match {text}"),
            }),
            List::Topic(name) => {
                let topics = reads.topic_heads()?;
                let Some(topic) = topics.iter().find(|t| t.name == *name) else {
                    return Err(MergedError::NoSuchTopic {
                        name: name.clone(),
                        topics: topics.into_iter().map(|t| t.name).collect(),
                    });
                };
                Ok(Self {
                    title: topic.title.clone(),
                    description: format!("Stories that match {}", topic.source),
                })
            }
        }
    }
}

/// The merged feed of one page of a list. Without stories, its date is that at which the store was `created`.
pub fn channel(
    request: &ListRequest,
    format: Format,
    heading: Heading,
    page: Page,
    (base, hub): (&BaseUrl, Option<&WebUrl>),
    created: Time,
) -> Channel {
    let path = request.list.feed_path();
    let page_at = |request: &ListRequest| {
        let query = request.query();
        base.at(&format!("{path}.{}{query}", format.extension()))
    };
    let mut first = ListRequest::first(request.list.clone());
    let id = base.id(&format!("{path}{}", first.query()));
    first.token = request.token.clone().and_then(LinkToken::for_pages);
    let home = format!("{}{}", request.list.page_path(), first.query());
    let newest = request.before.map(|_| page_at(&request.from_place(None)));
    Channel {
        id,
        title: heading.title,
        description: heading.description,
        self_url: Some(page_at(request)),
        home_url: Some(base.at(&home)),
        first_url: newest.clone().filter(|_| !request.is_archive),
        current_url: newest.filter(|_| request.is_archive),
        archive_url: page
            .archive
            .map(|place| page_at(&request.archive_from(place))),
        is_archive: page.is_settled,
        next_url: page
            .next
            .map(|place| page_at(&request.from_place(Some(place)))),
        hub_url: hub.map(WebUrl::to_string),
        updated: last_seen(&page.stories).unwrap_or(created),
        stories: page.stories,
    }
}

/// When the newest of the stories was first seen.
fn last_seen(stories: &[StoryView]) -> Option<Time> {
    stories.iter().map(|s| s.first_seen).max()
}

/// The latest change of any of the stories. `updated` is the publisher's claim: one in the future is ignored.
pub fn last_change(stories: &[StoryView], now: Time) -> Option<Time> {
    let changes = stories
        .iter()
        .flat_map(|s| [Some(s.first_seen), s.updated.filter(|t| *t <= now)]);
    changes.flatten().max()
}
