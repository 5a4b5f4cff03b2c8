//! Requests that cost much, or that no schema describes.

use std::time::Duration;

use super::filled;
use crate::support::server_fixture::ServerFixture;

#[tokio::test]
async fn sec_21_no_parameter_makes_a_server_error() {
    let site = filled().await;
    let long = "x".repeat(5000);
    let values = [
        "",
        "0",
        "-1",
        "9223372036854775807",
        "9223372036854775808",
        "1e9",
        "NaN",
        "%00",
        "%0a",
        "%zz",
        "%",
        "+",
        "%F0%9F%9A%A2",
        "9999999999999999d",
        "0001-01-01",
        "9999-12-31",
        "2026-02-30",
        "true",
        "null",
        "[]",
        "*",
        "%22",
        "'",
        "title:",
        "/(a*)*b/",
        "__________8AAAAAAAAAAAAAAAAAAAAA",
        &long,
    ];
    for route in [
        "stories",
        "articles",
        "feeds",
        "topics",
        "status",
        "stories/00000000-0000-0000-0000-000000000000",
    ] {
        for name in [
            "q", "topic", "since", "until", "after", "before", "limit", "bodies", "state", "token",
            "x", "",
        ] {
            for value in values {
                let path = format!("/api/v1/{route}?{name}={value}");
                let page = site.get(&path).await;
                assert!(
                    [200, 400, 404].contains(&page.status),
                    "{path}: {}",
                    page.status
                );
            }
        }
    }
    for id in [
        "..",
        "%2e%2e",
        "%00",
        "a/b",
        "urn:uuid:00000000-0000-0000-0000-000000000000",
        &long,
    ] {
        let page = site.get(&format!("/api/v1/stories/{id}")).await;
        assert_eq!(page.status, 404, "{id}");
    }
}

#[tokio::test]
async fn a_changed_feed_or_topic_is_shown_within_a_minute() {
    let site = ServerFixture::open().await;
    site.arrive([1]);
    let count = |text: String| text.matches("\"folder\"").count();
    assert_eq!(count(site.get("/api/v1/feeds").await.text()), 1);
    site.fixture.subscribe("other.example");
    site.fixture.clock.advance(Duration::from_secs(60));
    assert_eq!(count(site.get("/api/v1/feeds").await.text()), 2);
}
