//! The list as a feed, and the feeds that it comes from as OPML. Both are printed at the end, as one document.

use uuid::Uuid;

use super::{Printer, Setup};
use crate::cli::exit::Failure;
use crate::cli::item::Item;
use crate::cli::output::Out;
use crate::emit::opml::{self, Subscription};
use crate::emit::{Channel, Format, render};
use crate::model::{StoryView, Time, WebUrl};

/// The printer of `atom`.
pub fn atom(setup: Setup) -> Box<dyn Printer> {
    feed(Format::Atom, setup)
}

/// The printer of `rss`.
pub fn rss(setup: Setup) -> Box<dyn Printer> {
    feed(Format::Rss, setup)
}

/// The printer of `jsonfeed`.
pub fn json_feed(setup: Setup) -> Box<dyn Printer> {
    feed(Format::Json, setup)
}

/// The printer of `opml`.
pub fn opml(setup: Setup) -> Box<dyn Printer> {
    Box::new(Sources {
        title: setup.title,
        list: Vec::new(),
    })
}

fn feed(format: Format, setup: Setup) -> Box<dyn Printer> {
    Box::new(Feed {
        format,
        title: setup.title,
        created: setup.created,
        stories: Vec::new(),
    })
}

struct Feed {
    format: Format,
    title: String,
    created: Time,
    stories: Vec<StoryView>,
}

impl Printer for Feed {
    fn item(&mut self, _out: &mut Out, item: Item) -> Result<(), Failure> {
        self.stories.push(item.into_story());
        Ok(())
    }

    /// The id of the feed is derived from its title, which is the expression.
    fn end(&mut self, out: &mut Out) -> Result<(), Failure> {
        let name = format!("https://newswire.invalid/list/{}", self.title);
        let stories = std::mem::take(&mut self.stories);
        let newest = stories.iter().map(|story| story.first_seen).max();
        let channel = Channel {
            id: format!(
                "urn:uuid:{}",
                Uuid::new_v5(&Uuid::NAMESPACE_URL, name.as_bytes())
            ),
            title: self.title.clone(),
            description: "Stories as newswire lists them".to_owned(),
            updated: newest.unwrap_or(self.created),
            stories,
            ..Channel::default()
        };
        out.document(&render(&channel, self.format))
    }
}

/// The feeds of the items, each once.
struct Sources {
    title: String,
    list: Vec<Subscription>,
}

impl Printer for Sources {
    fn item(&mut self, _out: &mut Out, item: Item) -> Result<(), Failure> {
        let feed = item.into_story().content.feed;
        if let Ok(url) = WebUrl::parse(&feed.url)
            && !self.list.iter().any(|known| known.url == url)
        {
            let site = feed.site.and_then(|site| WebUrl::parse(&site).ok());
            self.list.push(Subscription {
                title: Some(feed.title),
                site,
                ..Subscription::new(url)
            });
        }
        Ok(())
    }

    fn end(&mut self, out: &mut Out) -> Result<(), Failure> {
        out.document(&opml::write(&self.title, &self.list))
    }
}
