//! The feeds of the sites, each in its own format.

use askama::Template;
use serde_json::{Value, json};

use super::sites::{Format, Site};
use super::snapshot::{Item, Snapshot};
use crate::model::Time;

#[derive(Template)]
#[template(path = "sample-rss.xml")]
struct Rss<'e> {
    site: &'e Site,
    items: Vec<Item<'e>>,
    updated: Time,
}

#[derive(Template)]
#[template(path = "sample-rdf.xml")]
struct Rdf<'e> {
    site: &'e Site,
    items: Vec<Item<'e>>,
}

#[derive(Template)]
#[template(path = "sample-atom.xml")]
struct Atom<'e> {
    site: &'e Site,
    items: Vec<Item<'e>>,
    updated: Time,
}

/// The feed of a site, with corrected articles or with the first versions.
///
/// # Errors
/// The template fails, which is a bug.
pub fn feed(snapshot: &Snapshot, site: &Site, corrected: bool) -> askama::Result<String> {
    let items = snapshot.items(site, corrected);
    let updated = items.iter().map(|i| i.updated).max().unwrap_or(snapshot.at);
    match site.format {
        Format::Rss2 => Rss {
            site,
            items,
            updated,
        }
        .render(),
        Format::Rss1 => Rdf { site, items }.render(),
        Format::Atom => Atom {
            site,
            items,
            updated,
        }
        .render(),
        Format::Json => Ok(json_feed(site, &items).to_string()),
    }
}

fn json_feed(site: &Site, items: &[Item<'_>]) -> Value {
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
        "title": site.title,
        "description": site.about,
        "language": site.language,
        "home_page_url": site.home(),
        "feed_url": site.feed_url(),
        "items": items.iter().map(item).collect::<Vec<_>>(),
    })
}
