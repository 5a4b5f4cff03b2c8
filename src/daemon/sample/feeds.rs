//! The feeds of the newspapers, each in its own format.

use askama::Template;
use serde_json::{Value, json};

use super::newspapers::{Format, Newspaper};
use super::snapshot::{Item, Snapshot};
use crate::model::Time;

#[derive(Template)]
#[template(path = "sample-rss.xml")]
struct Rss<'e> {
    newspaper: &'e Newspaper,
    items: Vec<Item<'e>>,
    updated: Time,
}

#[derive(Template)]
#[template(path = "sample-rdf.xml")]
struct Rdf<'e> {
    newspaper: &'e Newspaper,
    items: Vec<Item<'e>>,
}

#[derive(Template)]
#[template(path = "sample-atom.xml")]
struct Atom<'e> {
    newspaper: &'e Newspaper,
    items: Vec<Item<'e>>,
    updated: Time,
}

/// The feed of a newspaper, with corrected articles or with the first versions.
///
/// # Errors
/// The template fails, which is a bug.
pub fn feed(snapshot: &Snapshot, newspaper: &Newspaper, corrected: bool) -> askama::Result<String> {
    let items = snapshot.items(newspaper, corrected);
    let updated = items.iter().map(|i| i.updated).max().unwrap_or(snapshot.at);
    match newspaper.format {
        Format::Rss2 => Rss {
            newspaper,
            items,
            updated,
        }
        .render(),
        Format::Rss1 => Rdf { newspaper, items }.render(),
        Format::Atom => Atom {
            newspaper,
            items,
            updated,
        }
        .render(),
        Format::Json => Ok(json_feed(newspaper, &items).to_string()),
    }
}

fn json_feed(newspaper: &Newspaper, items: &[Item<'_>]) -> Value {
    let item = |i: &Item<'_>| {
        json!({
            "id": i.id,
            "url": i.url,
            "title": i.headline,
            "summary": i.article.lead,
            "content_html": i.html(),
            "date_published": i.published.to_string(),
            "authors": [{ "name": i.article.author }],
            "tags": [i.article.section],
        })
    };
    json!({
        "version": "https://jsonfeed.org/version/1.1",
        "title": newspaper.title,
        "description": newspaper.about,
        "language": newspaper.language,
        "home_page_url": newspaper.home(),
        "feed_url": newspaper.feed_url(),
        "items": items.iter().map(item).collect::<Vec<_>>(),
    })
}
