//! The feeds of the papers, each in its own format, as publishers write them.

use askama::Template;
use serde_json::{Value, json};

use super::edition::{Edition, Item};
use super::papers::{Format, Paper};
use crate::model::Time;

#[derive(Template)]
#[template(path = "press-rss.xml")]
struct Rss<'e> {
    paper: &'e Paper,
    items: Vec<Item<'e>>,
    updated: Time,
}

#[derive(Template)]
#[template(path = "press-rdf.xml")]
struct Rdf<'e> {
    paper: &'e Paper,
    items: Vec<Item<'e>>,
}

#[derive(Template)]
#[template(path = "press-atom.xml")]
struct Atom<'e> {
    paper: &'e Paper,
    items: Vec<Item<'e>>,
    updated: Time,
}

/// The feed of a paper, its articles corrected or as they were at first.
///
/// # Errors
/// The template failed, a bug.
pub fn feed(edition: &Edition, paper: &Paper, corrected: bool) -> askama::Result<String> {
    let items = edition.items(paper, corrected);
    let updated = items.iter().map(|i| i.updated).max().unwrap_or(edition.at);
    match paper.format {
        Format::Rss2 => Rss {
            paper,
            items,
            updated,
        }
        .render(),
        Format::Rss1 => Rdf { paper, items }.render(),
        Format::Atom => Atom {
            paper,
            items,
            updated,
        }
        .render(),
        Format::Json => Ok(json_feed(paper, &items).to_string()),
    }
}

fn json_feed(paper: &Paper, items: &[Item<'_>]) -> Value {
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
        "title": paper.title,
        "description": paper.about,
        "language": paper.language,
        "home_page_url": paper.home(),
        "feed_url": paper.feed_url(),
        "items": items.iter().map(item).collect::<Vec<_>>(),
    })
}
