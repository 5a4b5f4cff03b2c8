//! Adding feeds: how often a server is asked, and what is said when there is no feed.

use newswire::ingest::{AddError, Added};
use tokio_util::sync::CancellationToken;

use crate::support::{House, Internet, Item, Reply, rss};

const PAGE: &str =
    "<!doctype html><head><link rel=alternate type=application/rss+xml title=News href=/feed.xml>";

async fn add(house: &House, url: &str, first: bool) -> Result<Added, AddError> {
    house
        .ingest
        .add(House::feed(url), first, &CancellationToken::new())
        .await
}

async fn site() -> Internet {
    let net = Internet::start().await;
    let feed = rss("News of A", &[Item::numbered("a.example", 1)]);
    net.document(
        "a.example",
        "/feed.xml",
        Reply::feed(feed).header("ETag", "\"1\""),
    );
    net.always("a.example", "/", Reply::status(200).body(PAGE));
    let two = PAGE.to_owned() + "<link rel=alternate type=application/atom+xml href=/other.xml>";
    net.always("two.example", "/", Reply::status(200).body(two));
    net.always("none.example", "/", Reply::status(200).body("<p>Hello"));
    net.always("busy.example", "/feed", Reply::status(503));
    net
}

#[tokio::test]
async fn et_20_adding_a_feed_costs_one_request_and_a_page_one_more() {
    let net = site().await;
    let house = House::new(&net);
    let added = add(&house, "http://a.example/feed.xml", false)
        .await
        .unwrap();
    assert_eq!(
        (added.new, added.articles, added.title.as_str()),
        (true, 1, "News of A")
    );
    assert_eq!(net.log().len(), 1);
    let again = add(&house, "http://a.example/feed.xml", false)
        .await
        .unwrap();
    assert!(!again.new);
    assert_eq!(net.log().len(), 1, "it is there: nobody is asked");
    let house = House::new(&net);
    let found = add(&house, "http://a.example/", false).await.unwrap();
    assert_eq!(found.url.as_str(), "http://a.example/feed.xml");
    assert_eq!(net.log().len(), 3);
    // The poll counts: its validators stand, and it is not due at once.
    assert_eq!(house.pass_due().await.feeds, 0);
}

#[tokio::test]
async fn a_page_is_read_in_its_own_encoding() {
    let net = Internet::start().await;
    // Windows-1251: "Новости" and "Спорт".
    let page: &[u8] = b"<meta charset=windows-1251><link rel=alternate type=application/rss+xml href=/1 title='\xcd\xee\xe2\xee\xf1\xf2\xe8'>\
        <link rel=alternate type=application/rss+xml href=/2 title='\xd1\xef\xee\xf0\xf2'>";
    let reply = Reply::status(200).header("Content-Type", "text/html");
    net.document("ru.example", "/", reply.body(page));
    match add(&House::new(&net), "http://ru.example/", false).await {
        Err(AddError::Several { candidates, .. }) => {
            let titles: Vec<_> = candidates
                .iter()
                .filter_map(|c| c.title.as_deref())
                .collect();
            assert_eq!(titles, ["Новости", "Спорт"]);
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn several_feeds_are_listed_and_the_first_is_taken_on_request() {
    let net = site().await;
    let house = House::new(&net);
    match add(&house, "http://two.example/", false).await {
        Err(AddError::Several { candidates, .. }) => assert_eq!(candidates.len(), 2),
        other => panic!("{other:?}"),
    }
    assert!(house.feeds().is_empty());
}

#[tokio::test]
async fn what_is_no_feed_is_not_subscribed_and_what_fails_for_now_is() {
    let net = site().await;
    let house = House::new(&net);
    for url in [
        "http://none.example/",
        "http://a.example/missing",
        "http://two.example/other.xml",
    ] {
        let refused = add(&house, url, true).await.unwrap_err();
        assert!(
            matches!(refused, AddError::NoFeed { .. }),
            "{url}: {refused}"
        );
    }
    assert!(house.feeds().is_empty());
    let busy = add(&house, "http://busy.example/feed", false)
        .await
        .unwrap();
    assert!(busy.new && busy.failure.is_some());
    assert_eq!(house.feeds()[0].failures, 1);
}
