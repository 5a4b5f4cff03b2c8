//! RFC 5005 (ET-53): what fell out of a feed while nobody looked is read off its newest archive page, once.

use crate::support::{EndToEnd, Internet, Item, Reply, rss};

const HOST: &str = "news.example";
const FEED: &str = "http://news.example/feed";

fn news(numbers: std::ops::Range<usize>, archive: Option<&str>) -> String {
    let items: Vec<Item> = numbers.map(|n| Item::numbered(HOST, n)).collect();
    let link = archive.map_or_else(String::new, |url| {
        format!("<link xmlns=\"http://www.w3.org/2005/Atom\" rel=\"prev-archive\" href=\"{url}\"/>")
    });
    rss("News", &items).replacen("<channel>", &format!("<channel>{link}"), 1)
}

fn asked(net: &Internet, path: &str) -> usize {
    net.log().iter().filter(|s| s.request.path == path).count()
}

/// A feed that showed articles 0 to 9 at its first poll and shows `numbers` now, with a link to an archive.
async fn later(numbers: std::ops::Range<usize>, archive: &str) -> (Internet, EndToEnd) {
    let net = Internet::start().await;
    net.always(HOST, "/feed", Reply::feed(news(0..10, None)));
    net.always(HOST, "/2030/1", Reply::feed(news(5..20, Some("/2030/0"))));
    net.always(HOST, "/2030/0", Reply::feed(news(0..5, None)));
    net.always("other.example", "/2030/1", Reply::feed(news(5..20, None)));
    let app = EndToEnd::new(&net);
    app.subscribe(&[FEED]);
    app.pass_due().await;
    net.always(HOST, "/feed", Reply::feed(news(numbers, Some(archive))));
    app.hours(24 * 30);
    (net, app)
}

#[tokio::test]
async fn et_53_rel_09_after_an_overflow_the_newest_archive_page_is_read_once() {
    let (net, app) = later(20..30, "/2030/1").await;
    let report = app.pass_due().await;
    assert_eq!(report.articles_new, 20, "ten shown, ten fallen out");
    assert_eq!(app.articles().len(), 30);
    assert_eq!(
        (asked(&net, "/2030/1"), asked(&net, "/2030/0")),
        (1, 0),
        "one page"
    );

    net.always(HOST, "/feed", Reply::feed(news(40..50, Some("/2030/1"))));
    app.hours(24 * 30);
    assert_eq!(app.pass_due().await.articles_new, 10);
    assert_eq!(
        asked(&net, "/2030/1"),
        1,
        "an archive page is never asked twice"
    );
    assert_eq!(net.log().len(), 4);
}

#[tokio::test]
async fn et_53_an_archive_page_that_fails_for_now_is_asked_for_again_and_nothing_is_lost() {
    let (net, app) = later(20..30, "/2030/1").await;
    let shown = Reply::feed(news(20..30, Some("/2030/1"))).header("ETag", "\"1\"");
    net.document(HOST, "/feed", shown);
    let mut tries = 0;
    net.on(HOST, "/2030/1", move |_| {
        tries += 1;
        match tries {
            1 => Reply::status(503),
            _ => Reply::feed(news(5..20, Some("/2030/0"))),
        }
    });
    assert_eq!(app.pass_due().await.articles_new, 10, "what is shown");
    app.hours(24);
    assert_eq!(app.pass_due().await.articles_new, 10, "what fell out");
    app.hours(24);
    assert_eq!(app.pass_due().await.not_modified, 1);
    assert_eq!(asked(&net, "/2030/1"), 2);
    assert_eq!(app.articles().len(), 30);
}

#[tokio::test]
async fn et_53_an_archive_page_that_always_fails_is_given_up() {
    let (net, app) = later(20..30, "/2030/1").await;
    net.always(HOST, "/2030/1", Reply::status(503));
    for _ in 0..5 {
        app.pass_due().await;
        app.hours(24);
    }
    assert_eq!(asked(&net, "/2030/1"), 3);
    assert_eq!((app.articles().len(), app.feeds()[0].failures), (20, 0));
}

#[tokio::test]
async fn et_53_without_an_overflow_no_archive_is_asked() {
    let (net, app) = later(9..19, "/2030/1").await;
    assert_eq!(app.pass_due().await.articles_new, 9);
    assert_eq!(asked(&net, "/2030/1"), 0);
    let net = Internet::start().await;
    net.always(HOST, "/feed", Reply::feed(news(0..10, Some("/2030/1"))));
    let app = EndToEnd::new(&net);
    app.subscribe(&[FEED]);
    assert_eq!(
        app.pass_due().await.articles_new,
        10,
        "the first document is no overflow"
    );
    assert_eq!(net.log().len(), 1);
}

#[tokio::test]
async fn et_53_sec_06_an_archive_elsewhere_is_not_asked_and_a_broken_one_costs_nothing() {
    for elsewhere in [
        "http://other.example/2030/1",
        "http://10.0.0.1/2030/1",
        "file:///etc/passwd",
    ] {
        let (net, app) = later(20..30, elsewhere).await;
        assert_eq!(app.pass_due().await.articles_new, 10);
        assert_eq!(net.log().len(), 2, "{elsewhere}");
    }
    let (net, app) = later(20..30, "/2030/9").await;
    assert_eq!(app.pass_due().await.articles_new, 10);
    assert_eq!(asked(&net, "/2030/9"), 1);
    assert_eq!(app.feeds()[0].failures, 0);
    net.always(
        HOST,
        "/2030/8",
        Reply::feed("<!doctype html><title>no feed</title>"),
    );
    net.always(HOST, "/feed", Reply::feed(news(40..50, Some("/2030/8"))));
    app.hours(24 * 30);
    assert_eq!(app.pass_due().await.articles_new, 10);
}

/// The document with a channel that says that it lists all there is.
fn complete(document: &str) -> String {
    let says = "<channel><fh:complete xmlns:fh=\"http://purl.org/syndication/history/1.0\"/>";
    document.replacen("<channel>", says, 1)
}

#[tokio::test]
async fn et_53_an_item_missing_in_a_complete_document_is_withdrawn_until_listed_again() {
    let net = Internet::start().await;
    net.always(HOST, "/feed", Reply::status(503));
    let app = EndToEnd::new(&net);
    app.subscribe(&[FEED]);
    let shows = async |document: String| -> Vec<String> {
        net.always(HOST, "/feed", Reply::feed(document));
        app.hours(24 * 30);
        app.pass_due().await;
        let mut titles: Vec<String> = app
            .articles()
            .into_iter()
            .map(|a| a.content.title)
            .collect();
        titles.sort();
        titles
    };
    let all = shows(news(0..4, None)).await;
    let newer = shows(complete(&news(2..6, None))).await;
    assert_eq!((all.len(), newer.len()), (4, 4));
    assert_eq!(newer[..2], all[2..]);
    assert_eq!(shows(complete(&news(0..4, None))).await, all);
    // What withdraws all, or had to be repaired, may be an accident.
    assert_eq!(shows(complete(&news(0..0, None))).await, all);
    let cut = complete(&news(0..2, None)).replace("</channel></rss>", "");
    assert_eq!(shows(cut).await, all);
}
