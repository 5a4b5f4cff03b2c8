//! The JSON API: its answers, its schemas, and its errors.

mod answers;
mod attacks;
mod changes;
mod pages;
mod requests;

use serde_json::Value;

use newswire::model::{Category, Draft, Enclosure, FeedRow, Person, Source, Time, WebUrl};
use newswire::store::FeedSettings;

use crate::support::browser::Page;
use crate::support::server_fixture::{HOST, ServerFixture};
use crate::support::store_fixture::draft;

/// The body of an answer.
fn json(page: &Page) -> Value {
    serde_json::from_slice(&page.body).unwrap()
}

/// A text that is long enough to be recognized.
fn wire() -> String {
    let words: Vec<String> = (0..60).map(|n| format!("word{n}")).collect();
    words.join(" ")
}

/// An article with everything that an article can have.
fn rich(host: &str, n: usize) -> Draft {
    let url = |path: &str| WebUrl::parse(&format!("https://{host}/{path}?a|b[c]")).ok();
    let time = Time::parse_rfc3339("2030-01-09T08:00:00.25Z");
    Draft {
        summary: "Ten boats.".to_owned(),
        published: time,
        updated: time,
        authors: vec![Person {
            name: Some("Ann".to_owned()),
            email: None,
            url: url("ann").map(|url| url.to_string()),
        }],
        agencies: vec!["Reuters".to_owned()],
        categories: vec![Category {
            term: "sea".to_owned(),
            label: Some("The sea".to_owned()),
            scheme: None,
        }],
        image: url("image"),
        enclosures: vec![Enclosure {
            url: format!("https://{host}/{n}.mp3"),
            mime: None,
            length: Some(3),
        }],
        language: Some("en".to_owned()),
        comments_url: url("comments"),
        rights: Some("All rights reserved".to_owned()),
        source: Some(Source {
            title: Some("The Origin".to_owned()),
            url: url("origin").map(|url| url.to_string()),
            id: Some("tag:origin.example,1".to_owned()),
        }),
        ..draft(host, n, "Boats \u{202e}come in", &wire())
    }
}

/// A server with two topics and stories of several kinds: with everything and in two feeds, with next to nothing, with
/// boilerplate, and of a feed that is no longer subscribed.
async fn filled() -> ServerFixture {
    let site = ServerFixture::open().await;
    site.fixture.topics(&[("sea", "boats"), ("air", "planes")]);
    let herald = site.fixture.subscribe_titled("herald.example", None);
    let gone = site
        .fixture
        .subscribe_with("gone.example", Some("Gone"), FeedSettings::default());
    site.put(vec![rich(HOST, 1)]);
    put(&site, herald, vec![rich("herald.example", 2)]);
    let bare = Draft {
        url: None,
        canonical_url: None,
        guid: None,
        title: String::new(),
        content_html: String::new(),
        content_text: String::new(),
        ..draft(HOST, 3, "", "")
    };
    site.put(vec![bare]);
    put(
        &site,
        gone,
        vec![draft("gone.example", 4, "Old", "It was removed.")],
    );
    site.fixture.store.unsubscribe(gone).unwrap();
    let paused = site.fixture.subscribe("paused.example");
    let change = newswire::store::FeedChange {
        paused: Some(true),
        ..Default::default()
    };
    site.fixture.store.change_feed(paused, change).unwrap();
    site
}

fn put(site: &ServerFixture, feed: FeedRow, drafts: Vec<Draft>) {
    let sequence = site.fixture.put(feed, drafts);
    site.sequence.send_replace(sequence);
}

/// The members of a list of objects.
fn ids(list: &Value) -> Vec<String> {
    let objects = list.as_array().unwrap().iter();
    objects
        .map(|o| o["id"].as_str().unwrap().to_owned())
        .collect()
}
