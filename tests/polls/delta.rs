//! RFC 3229 (ET-10): what is new since the validators we hold, and never read as all there is.

use crate::support::{EndToEnd, Internet, Item, Reply, rss};

const HOST: &str = "news.example";
const FEED: &str = "http://news.example/feed";

fn news(numbers: std::ops::Range<usize>) -> String {
    let items: Vec<Item> = numbers.map(|n| Item::numbered(HOST, n)).collect();
    rss("News", &items)
}

/// A feed of ten articles, polled once; then `reply` to whoever asks with its ETag.
async fn then(reply: Reply) -> (Internet, EndToEnd) {
    let net = Internet::start().await;
    net.on(HOST, "/feed", move |request| {
        match request.header("if-none-match") {
            Some(_) => reply.clone(),
            None => Reply::feed(news(0..10)).header("ETag", "\"10\""),
        }
    });
    let app = EndToEnd::new(&net);
    app.subscribe(&[FEED]);
    assert_eq!(app.pass_due().await.articles_new, 10);
    app.hours(30);
    (net, app)
}

fn delta(numbers: std::ops::Range<usize>) -> Reply {
    let mut reply = Reply::feed(news(numbers))
        .header("ETag", "\"12\"")
        .header("IM", "feed");
    reply.status = 226;
    reply
}

#[tokio::test]
async fn et_10_a_delta_is_asked_for_only_with_an_etag_and_adds_to_what_is_there() {
    let (net, app) = then(delta(10..12)).await;
    let report = app.pass_due().await;
    assert_eq!(
        (report.fetched, report.articles_new, report.failed),
        (1, 2, 0)
    );
    assert_eq!(app.articles().len(), 12);
    let detail = app.store.reads().feed(app.feeds()[0].row).unwrap().unwrap();
    assert_eq!(detail.polls[0].outcome, "delta");
    app.hours(30);
    app.pass_due().await;
    let sent = |name: &str| -> Vec<Option<String>> {
        let log = net.log();
        log.iter()
            .map(|s| s.request.header(name).map(str::to_owned))
            .collect()
    };
    let feed = || Some("feed".to_owned());
    assert_eq!(sent("a-im"), [None, feed(), feed()]);
    assert_eq!(
        sent("if-none-match")[2].as_deref(),
        Some("\"12\""),
        "the new whole's tag"
    );
}

#[tokio::test]
async fn rel_14_the_language_of_a_feed_of_before_is_not_learned_from_a_delta() {
    let (net, app) = then(delta(10..12)).await;
    let conn = rusqlite::Connection::open(app.db()).unwrap();
    conn.execute_batch("UPDATE feeds SET languages = NULL")
        .unwrap();
    assert_eq!(app.pass_due().await.articles_new, 2);
    let is_known = || {
        conn.query_row("SELECT languages IS NOT NULL FROM feeds", [], |r| {
            r.get::<_, bool>(0)
        })
        .unwrap()
    };
    assert!(!is_known(), "two new articles are not the feed");
    net.always(HOST, "/feed", Reply::feed(news(0..13)));
    app.hours(30);
    assert_eq!(app.pass_due().await.articles_new, 1);
    assert!(is_known());
}

#[tokio::test]
async fn et_10_et_53_a_delta_of_new_articles_only_is_no_overflow() {
    let (_net, app) = then(delta(10..30)).await;
    app.pass_due().await;
    assert_eq!(app.articles().len(), 30);
    let detail = app.store.reads().feed(app.feeds()[0].row).unwrap().unwrap();
    let window = detail.polls.iter().map(|p| p.new).collect::<Vec<_>>();
    assert_eq!(window, [20, 10]);
}

#[tokio::test]
async fn et_10_a_226_that_nobody_asked_for_or_of_another_kind_stores_nothing() {
    for im in ["vcdiff", "feed, gzip", ""] {
        let mut reply = Reply::feed(news(10..12))
            .header("ETag", "\"12\"")
            .header("IM", im);
        reply.status = 226;
        let (net, app) = then(reply).await;
        let report = app.pass_due().await;
        assert_eq!(report.failed, 1, "{im}");
        assert_eq!(app.articles().len(), 10);
        app.hours(30);
        app.pass_due().await;
        let tag = net.log()[2]
            .request
            .header("if-none-match")
            .map(str::to_owned);
        assert_eq!(
            tag.as_deref(),
            Some("\"10\""),
            "validators stay as they were"
        );
    }
    let net = Internet::start().await;
    let mut uninvited = Reply::feed(news(0..2)).header("IM", "feed");
    uninvited.status = 226;
    net.always(HOST, "/feed", uninvited);
    let app = EndToEnd::new(&net);
    app.subscribe(&[FEED]);
    assert_eq!(app.pass_due().await.failed, 1);
}
