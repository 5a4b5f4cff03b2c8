//! What a server says of itself holds for itself (ET-26, ET-28): behind a redirect another host speaks. And what it gives us
//! to send back is bounded.

use newswire::model::{FeedRow, Outcome};

use crate::support::{EndToEnd, Internet, Item, Reply, rss};

const WEEK: &str = "604800";

fn news(host: &str) -> String {
    rss("News", &[Item::numbered(host, 1)])
}

fn resting(app: &EndToEnd) -> Vec<String> {
    let hosts = app.store.reads().resting_hosts(app.clock.now()).unwrap();
    hosts.into_iter().map(|(host, _)| host).collect()
}

fn asked(net: &Internet, host: &str) -> usize {
    net.log().iter().filter(|s| s.request.host == host).count()
}

#[tokio::test]
async fn et_26_et_28_a_redirects_target_rests_itself_and_not_the_host_that_led_there() {
    for answer in [
        Reply::status(429).header("Retry-After", WEEK),
        Reply::feed(news("b.example"))
            .header("RateLimit-Remaining", "0")
            .header("RateLimit-Reset", WEEK),
    ] {
        let net = Internet::start().await;
        net.always(
            "a.example",
            "/moved",
            Reply::redirect(302, "http://b.example/feed"),
        );
        net.always("a.example", "/feed", Reply::feed(news("a.example")));
        net.always("b.example", "/feed", answer);
        let app = EndToEnd::new(&net);
        app.subscribe(&["http://a.example/moved"]);
        app.pass().await;
        assert_eq!(resting(&app), ["b.example"]);
        // A restart knows nothing but what is stored.
        let app = app.again(&net);
        app.subscribe(&["http://a.example/feed"]);
        assert_eq!(app.pass_due().await.fetched, 1);
    }
}

#[tokio::test]
async fn et_28_a_redirect_to_a_resting_host_spares_the_redirecting_host_too() {
    let net = Internet::start().await;
    let full = Reply::feed(news("b.example"))
        .header("RateLimit-Remaining", "0")
        .header("RateLimit-Reset", WEEK);
    net.always("b.example", "/feed", full);
    net.always(
        "a.example",
        "/moved",
        Reply::redirect(302, "http://b.example/feed"),
    );
    let app = EndToEnd::new(&net);
    app.subscribe(&["http://b.example/feed"]);
    app.pass().await;
    app.subscribe(&["http://a.example/moved"]);
    app.pass_due().await;
    assert_eq!((asked(&net, "a.example"), asked(&net, "b.example")), (1, 1));
    assert_eq!(resting(&app), ["b.example"]);
}

#[tokio::test]
async fn et_28_a_redirect_speaks_for_its_own_host() {
    let net = Internet::start().await;
    let moved = Reply::redirect(302, "http://b.example/feed")
        .header("RateLimit-Remaining", "0")
        .header("RateLimit-Reset", "600");
    net.always("a.example", "/moved", moved);
    net.always("a.example", "/feed", Reply::feed(news("a.example")));
    net.always("b.example", "/feed", Reply::feed(news("b.example")));
    let app = EndToEnd::new(&net);
    app.subscribe(&["http://a.example/moved"]);
    assert_eq!(app.pass().await.fetched, 1);
    app.subscribe(&["http://a.example/feed"]);
    app.pass_due().await;
    assert_eq!((asked(&net, "a.example"), asked(&net, "b.example")), (1, 1));
}

#[tokio::test]
async fn sec_24_validators_that_are_too_long_are_neither_kept_nor_sent_back() {
    let net = Internet::start().await;
    let long = format!("\"{}\"", "x".repeat(5000));
    let reply = Reply::feed(news("a.example"))
        .header("ETag", &long)
        .header("Last-Modified", "Tue, 01 Jan 2030 00:00:00 GMT");
    net.always("a.example", "/feed", reply);
    let app = EndToEnd::new(&net);
    app.subscribe(&["http://a.example/feed"]);
    app.pass().await;
    // As a store of an older version has it.
    let db = rusqlite::Connection::open(app.db()).unwrap();
    db.execute("UPDATE validators SET etag = ?1", [long.as_bytes()])
        .unwrap();
    app.hours(24);
    app.pass().await;
    let log = net.log();
    assert_eq!(log.len(), 2);
    assert!(log[1].request.header("if-none-match").is_none());
    assert!(log[1].request.header("if-modified-since").is_some());
    let detail = app.store.reads().feed(FeedRow::new(1)).unwrap().unwrap();
    assert!(detail.validators[0].1.is_none());
}

#[tokio::test]
async fn sec_24_a_visit_keeps_no_validator_that_is_too_long() {
    let net = Internet::start().await;
    let long = "x".repeat(5000);
    net.always(
        "a.example",
        "/feed",
        Reply::feed("<rss/>").header("ETag", &long),
    );
    let (poll, _) = super::fetch::visit(&net, "http://a.example/feed").await;
    let Outcome::Document { validators, .. } = poll.outcome else {
        panic!("{:?}", poll.outcome)
    };
    assert!(validators.is_empty());
}
