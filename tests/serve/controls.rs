//! SEC-14: no answer of the server holds controls or reorders text, whatever is stored. The routes are those that exist.

use crate::support::server_fixture::{HOST, ServerFixture};
use crate::support::sources::routes;
use crate::support::store_fixture::draft;

const HOSTILE: &str = "=cmd\u{1b}]0;owned\u{7}\u{9b}2J\u{202e}x";

fn is_order(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\t' | '\r')) || matches!(c, '\u{202a}'..='\u{202e}')
}

#[tokio::test]
async fn sec_14_no_route_answers_with_controls_whatever_is_stored() {
    let site = ServerFixture::open().await;
    let topics = site.fixture.definitions(&[("sea", "boats")]);
    site.fixture.store.set_topics(topics).unwrap();
    site.put(vec![draft(HOST, 1, HOSTILE, "Three boats lay there.")]);
    let stories = site.fixture.store.reads().stories(&Default::default());
    let story = stories.unwrap()[0].id.to_string();
    let feed = site.fixture.store.reads().feeds().unwrap()[0]
        .id
        .to_string();
    let mut with_headline = 0;
    // What /mcp answers is tested in mcp.rs: it has no GET.
    for route in routes().into_iter().filter(|route| route != "/mcp") {
        let path = route
            .replace("{topic}", "sea")
            .replace("{file}", "all.atom");
        let id = if path.contains("/stories") {
            &story
        } else {
            &feed
        };
        let path = match path.as_str() {
            "/search" => "/search?q=boats%20%1b%5b2J%e2%80%ae".to_owned(),
            path => path.replace("{id}", id),
        };
        let page = site.get(&path).await;
        let text = page.text();
        assert!(
            [200, 303, 308, 400].contains(&page.status),
            "{path}: {text}"
        );
        assert!(!text.chars().any(is_order), "{path}: {text:?}");
        with_headline += usize::from(text.contains("owned"));
    }
    for file in ["all.rss", "all.json", "sea.atom", "search.atom?q=boats"] {
        let text = site.get(&format!("/feeds/{file}")).await.text();
        assert!(text.contains("owned"), "{file}: {text}");
        assert!(!text.chars().any(is_order), "{file}: {text:?}");
    }
    assert!(with_headline >= 5, "{with_headline} show the headline");
}
