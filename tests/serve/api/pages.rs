//! Pages: every object is on exactly one, and each page leads to the next.

use std::collections::HashSet;

use serde_json::Value;

use super::{filled, ids, json, put, rich, wire};
use crate::support::server_fixture::{HOST, ServerFixture};
use crate::support::store_fixture::draft;

/// The ids on all pages from this one on, in their order, and the number of pages. Before each next page `meanwhile` happens.
async fn follow(
    site: &ServerFixture,
    start: &str,
    list: &str,
    meanwhile: impl Fn(usize),
) -> (Vec<String>, usize) {
    let path = start.split('?').next().unwrap();
    let (mut next, mut found, mut pages) = (start.to_owned(), Vec::new(), 0);
    loop {
        let page = site.get(&next).await;
        assert_eq!(page.status, 200, "{next}: {}", page.text());
        let answer = json(&page);
        found.extend(ids(&answer[list]));
        pages += 1;
        let Some(query) = answer.get("next").and_then(Value::as_str) else {
            assert_eq!(page.header("link"), "");
            return (found, pages);
        };
        assert_eq!(page.header("link"), format!("<{query}>; rel=\"next\""));
        next = format!("{path}{query}");
        meanwhile(pages);
    }
}

#[tokio::test]
async fn pages_have_neither_gap_nor_repeat_while_articles_arrive() {
    let site = ServerFixture::open().await;
    site.fixture.topics(&[("sea", "boats")]);
    site.arrive(0..23);
    for (path, list) in [("stories", "stories"), ("articles", "articles")] {
        let all = json(&site.get(&format!("/api/v1/{path}?limit=1000")).await);
        let all = ids(&all[list]);
        for (n, query) in [
            "limit=5",
            "topic=sea&limit=7",
            "q=boats&limit=4",
            "since=24h&limit=6",
        ]
        .into_iter()
        .enumerate()
        {
            let start = format!("/api/v1/{path}?{query}");
            let arrive = |page| site.arrive([1000 * (n + 1) + page + 500 * list.len()]);
            let (found, pages) = follow(&site, &start, list, arrive).await;
            let old: Vec<_> = found
                .iter()
                .filter(|id| all.contains(id))
                .cloned()
                .collect();
            assert_eq!(old, all, "{start}");
            assert!(pages > 3, "{start}");
            let distinct: HashSet<_> = found.iter().collect();
            assert_eq!(distinct.len(), found.len(), "{start}");
        }
    }
}

#[tokio::test]
async fn what_changed_after_a_sequence_comes_in_the_order_of_changes() {
    let site = ServerFixture::open().await;
    site.arrive(0..5);
    let before = site.fixture.store.reads().sequence().unwrap();
    site.arrive(5..12);
    for (path, list) in [("stories", "stories"), ("articles", "articles")] {
        let start = format!("/api/v1/{path}?after={before}&limit=3");
        let (found, pages) = follow(&site, &start, list, |_| ()).await;
        assert_eq!((found.len(), pages), (7, 3), "{path}");
        let all = json(&site.get(&format!("/api/v1/{path}?after={before}")).await);
        let seqs: Vec<i64> = all[list]
            .as_array()
            .unwrap()
            .iter()
            .map(|o| o["seq"].as_i64().unwrap())
            .collect();
        assert!(seqs.is_sorted() && seqs[0] > before.get(), "{seqs:?}");
        assert_eq!(ids(&all[list]), found);
    }
}

#[tokio::test]
async fn feeds_are_on_one_page_each() {
    let site = filled().await;
    for n in 0..6 {
        site.fixture.subscribe(&format!("more{n}.example"));
    }
    let change = |n| {
        put(&site, site.feed, vec![rich(HOST, 100 + n)]);
    };
    let (found, pages) = follow(&site, "/api/v1/feeds?limit=2", "feeds", change).await;
    assert_eq!((found.len(), pages), (9, 5));
    assert!(found.is_sorted(), "{found:?}");
    let paused = json(&site.get("/api/v1/feeds?state=paused").await);
    assert_eq!(paused["feeds"][0]["url"], "https://paused.example/feed");
    let named = json(&site.get("/api/v1/feeds?q=MORE3").await);
    assert_eq!(ids(&named["feeds"]).len(), 1);
}

#[tokio::test]
async fn sec_24_the_copies_of_a_large_story_come_in_pages() {
    let site = ServerFixture::open().await;
    let text = format!("{}{}", wire(), " x".repeat(100_000));
    for n in 0..60 {
        let host = format!("h{n}.example");
        let feed = site.fixture.subscribe(&host);
        put(&site, feed, vec![draft(&host, n, "Boats come in", &text)]);
    }
    let stories = json(&site.get("/api/v1/stories").await);
    assert_eq!(stories["stories"][0]["copies"], 60);
    let id = stories["stories"][0]["id"].as_str().unwrap();
    let start = format!("/api/v1/stories/{id}");
    let (found, pages) = follow(&site, &start, "articles", |_| ()).await;
    assert_eq!(found.len(), 60);
    assert!((5..12).contains(&pages), "{pages}");
    let size = site.get(&start).await.body.len();
    assert!(size < 6 << 20, "{size}");
    let (found, pages) = follow(&site, &format!("{start}?bodies=false"), "articles", |_| ()).await;
    assert_eq!((found.len(), pages), (60, 2));
}

#[tokio::test]
async fn sec_24_a_page_of_large_stories_ends_early() {
    let site = ServerFixture::open().await;
    let large = |n| {
        let mut large = draft(HOST, n, &format!("Report {n}"), &format!("{n} boats."));
        large.content_html.push_str(&" ".repeat(1 << 20));
        large
    };
    site.put((0..9).map(large).collect());
    for list in ["stories", "articles"] {
        let start = format!("/api/v1/{list}?bodies=true");
        let (found, pages) = follow(&site, &start, list, |_| ()).await;
        assert_eq!((found.len(), pages), (9, 3));
        let start = format!("/api/v1/{list}");
        assert_eq!(follow(&site, &start, list, |_| ()).await.1, 1);
    }
}
