//! Adding feeds: how often a server is asked, and what is said when there is no feed.

use newswire::ingest::{AddError, Added};
use tokio_util::sync::CancellationToken;

use crate::support::{EndToEnd, Internet, Item, Reply, rss};

const PAGE: &str =
    "<!doctype html><head><link rel=alternate type=application/rss+xml title=News href=/feed.xml>";

async fn add(app: &EndToEnd, url: &str, first: bool) -> Result<Added, AddError> {
    app.ingest
        .add(EndToEnd::feed(url), first, &CancellationToken::new())
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
    let app = EndToEnd::new(&net);
    let added = add(&app, "http://a.example/feed.xml", false).await.unwrap();
    assert_eq!(
        (added.new, added.articles, added.title.as_str()),
        (true, 1, "News of A")
    );
    assert_eq!(net.log().len(), 1);
    let again = add(&app, "http://a.example/feed.xml", false).await.unwrap();
    assert!(!again.new);
    assert_eq!(net.log().len(), 1, "it is there: nobody is asked");
    let app = EndToEnd::new(&net);
    let found = add(&app, "http://a.example/", false).await.unwrap();
    assert_eq!(found.url.as_str(), "http://a.example/feed.xml");
    assert_eq!(net.log().len(), 3);
    // The poll counts: its validators stand, and it is not due at once.
    assert_eq!(app.pass_due().await.feeds, 0);
}

#[tokio::test]
async fn a_page_is_read_in_its_own_encoding() {
    let net = Internet::start().await;
    // Windows-1251: "Новости" and "Спорт".
    let page: &[u8] = b"<meta charset=windows-1251><link rel=alternate type=application/rss+xml href=/1 title='\xcd\xee\xe2\xee\xf1\xf2\xe8'>\
        <link rel=alternate type=application/rss+xml href=/2 title='\xd1\xef\xee\xf0\xf2'>";
    let reply = Reply::status(200).header("Content-Type", "text/html");
    net.document("ru.example", "/", reply.body(page));
    match add(&EndToEnd::new(&net), "http://ru.example/", false).await {
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
    let app = EndToEnd::new(&net);
    match add(&app, "http://two.example/", false).await {
        Err(AddError::Several { candidates, .. }) => assert_eq!(candidates.len(), 2),
        other => panic!("{other:?}"),
    }
    assert!(app.feeds().is_empty());
}

#[tokio::test]
async fn what_is_no_feed_is_not_subscribed_and_what_fails_for_now_is() {
    let net = site().await;
    let app = EndToEnd::new(&net);
    for url in [
        "http://none.example/",
        "http://a.example/missing",
        "http://two.example/other.xml",
    ] {
        let refused = add(&app, url, true).await.unwrap_err();
        assert!(
            matches!(refused, AddError::NoFeed { .. }),
            "{url}: {refused}"
        );
    }
    assert!(app.feeds().is_empty());
    let busy = add(&app, "http://busy.example/feed", false).await.unwrap();
    assert!(busy.new && busy.failure.is_some());
    assert_eq!(app.feeds()[0].failures, 1);
}

#[tokio::test]
async fn a_feed_that_is_broken_gives_way_to_the_next_that_the_page_names() {
    let net = Internet::start().await;
    let link = |path: &str| format!("<link rel=alternate type=application/rss+xml href={path}>");
    let page = |paths: &[&str]| paths.iter().map(|path| link(path)).collect::<String>();
    let feed = rss("News", &[Item::numbered("a.example", 1)]);
    net.document("a.example", "/works", Reply::feed(feed));
    net.always("a.example", "/page", Reply::status(200).body("<p>No feed"));
    net.always("a.example", "/busy", Reply::status(503));
    for (at, broken) in ["/missing", "/page", "/busy"].into_iter().enumerate() {
        let app = EndToEnd::new(&net);
        let url = format!("/{at}");
        let all = page(&["/comments/feed", broken, "/works"]);
        net.always("a.example", &url, Reply::status(200).body(all));
        let added = add(&app, &format!("http://a.example{url}"), true)
            .await
            .unwrap();
        assert_eq!(added.url.as_str(), "http://a.example/works", "{broken}");
    }
    let none = page(&["/missing", "/page", "/1", "/2", "/3", "/4"]);
    net.always("a.example", "/none", Reply::status(200).body(none));
    let before = net.log().len();
    let refused = add(&EndToEnd::new(&net), "http://a.example/none", true)
        .await
        .unwrap_err();
    assert!(
        refused.to_string().contains("the first 5 do not work"),
        "{refused}"
    );
    assert_eq!(net.log().len(), before + 6);
}

#[tokio::test]
async fn a_feed_in_a_link_header_is_found_and_an_oembed_link_is_none() {
    let net = Internet::start().await;
    let feed = rss("News", &[Item::numbered("a.example", 1)]);
    net.document("a.example", "/feed.xml", Reply::feed(feed));
    let page = "<link rel=alternate type=application/json+oembed href=/oembed><p>Hello";
    let reply = Reply::status(200).body(page);
    let header = "</feed.xml>; rel=\"alternate\"; type=\"application/rss+xml\"";
    net.always("a.example", "/", reply.header("Link", header));
    let added = add(&EndToEnd::new(&net), "http://a.example/", false)
        .await
        .unwrap();
    assert_eq!(added.url.as_str(), "http://a.example/feed.xml");
}
