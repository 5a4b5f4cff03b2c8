//! A list of stories as a merged feed: what it is called, where it is, and its pages (RFC 5005). `newswire emit` and
//! `render` make theirs here too, so that a feed is the same wherever it comes from.

use super::Refusal;
use super::links::Base;
use super::list::{List, Page, Wanted};
use super::tokens::Carried;
use crate::emit::{Channel, Format};
use crate::model::{StoryView, Time, WebUrl};
use crate::store::Reads;

/// What a list is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heading {
    /// The title.
    pub title: String,
    /// What is in it, in a line.
    pub description: String,
}

impl Heading {
    /// What `list` is called; `everything` is the title of [`List::All`].
    ///
    /// # Errors
    /// [`Refusal::Missing`] for a topic that is not in force, with the nearest one that is.
    pub fn of(list: &List, reads: &Reads, everything: &str) -> Result<Self, Refusal> {
        match list {
            List::All => Ok(Self {
                title: everything.to_owned(),
                description: "Every story, newest first".to_owned(),
            }),
            List::Search(text) => Ok(Self {
                title: text.clone(),
                description: format!("Stories that match {text}"),
            }),
            List::Topic(name) => {
                let topics = reads.topic_heads()?;
                let found = topics.iter().find(|t| t.name == *name);
                let names = topics.iter().map(|t| t.name.as_str());
                let topic = found
                    .ok_or_else(|| Refusal::no_such("topic", name, names, "/topics lists them"))?;
                Ok(Self {
                    title: topic.title.clone(),
                    description: format!("Stories that match {}", topic.source),
                })
            }
        }
    }
}

/// The merged feed of one page of a list. One without stories was last changed when the store was `created`.
pub fn channel(
    wanted: &Wanted,
    format: Format,
    heading: Heading,
    page: Page,
    (base, hub): (&Base, Option<&WebUrl>),
    created: Time,
) -> Channel {
    let path = wanted.list.feed_path();
    let page_at = |wanted: &Wanted| {
        let query = wanted.query();
        base.at(&format!("{path}.{}{query}", format.extension()))
    };
    let mut first = Wanted::first(wanted.list.clone());
    let id = base.id(&format!("{path}{}", first.query()));
    first.token = wanted.token.clone().and_then(Carried::of_pages);
    let home = format!("{}{}", wanted.list.page_path(), first.query());
    let newest = wanted.before.map(|_| page_at(&wanted.from_place(None)));
    Channel {
        id,
        title: heading.title,
        description: heading.description,
        self_url: Some(page_at(wanted)),
        home_url: Some(base.at(&home)),
        first_url: newest.clone().filter(|_| !wanted.is_archive),
        current_url: newest.filter(|_| wanted.is_archive),
        archive_url: page
            .archive
            .map(|place| page_at(&wanted.archive_from(place))),
        is_archive: page.is_settled,
        next_url: page
            .next
            .map(|place| page_at(&wanted.from_place(Some(place)))),
        hub_url: hub.map(WebUrl::to_string),
        updated: last_seen(&page.stories).unwrap_or(created),
        stories: page.stories,
    }
}

/// When the newest of the stories was first seen.
fn last_seen(stories: &[StoryView]) -> Option<Time> {
    stories.iter().map(|s| s.first_seen).max()
}

/// When something in the stories last changed, as far as they tell; a claim about the future tells nothing.
pub(super) fn last_change(stories: &[StoryView], now: Time) -> Option<Time> {
    let told = stories
        .iter()
        .flat_map(|s| [Some(s.first_seen), s.updated.filter(|t| *t <= now)]);
    told.flatten().max()
}
