//! `full_text`: the bodies of new articles are read off their pages, politely and once.

use std::time::Duration;

use newswire::model::ArticleView;
use newswire::store::{FeedChange, FeedSettings, NewFeed};

use crate::support::cli_home::CliHome;
use crate::support::process::{Daemon, configuration, eventually, log_bytes};
use crate::support::{EndToEnd, Framing, Internet, Item, Reply, rss};

const HOST: &str = "paper.example";
const FEED: &str = "http://paper.example/feed";

/// What the page says beyond the feed.
const BODY: [&str; 4] = [
    "The council of the harbour met for the whole of Monday and counted every boat that lay behind the long pier.",
    "Two of its members asked for a second count, because fog had come in before noon and hidden the outer moorings.",
    "The harbour master said that the figures would be published on Friday, when the tide tables are printed as well.",
    "Nobody could say how many boats there had been in the year before, when the same question was first asked.",
];

fn item(n: usize) -> Item {
    Item {
        id: format!("id-{n}"),
        title: format!("Harbour council counts boats, report {n}"),
        link: format!("http://{HOST}/articles/{n}"),
        html: format!("<p>The council counted boats ({n}).</p>"),
        date: None,
    }
}

fn page(n: usize) -> Reply {
    let body: String = BODY.iter().map(|p| format!("<p>{p} ({n})</p>")).collect();
    html(format!(
        "<!DOCTYPE html><html lang=\"en\"><head><title>Harbour council counts boats, report {n} | The Paper</title>
         <meta property=\"article:published_time\" content=\"2030-01-1{n}T08:00:00Z\"><meta name=\"author\" content=\"Ada Brandt\">
         <script>if (a<b) '<div>';</script></head><body><nav><a href=\"/\">CliHome</a></nav><article>
         <h1>Harbour council counts boats, report {n}</h1><p class=\"byline\">By Ada Brandt</p>
         <div class=\"share-bar\">Share on Facebook</div>{body}<p>(Reuters)</p></article>
         <footer>All rights reserved.</footer></body></html>"
    ))
}

fn html(body: String) -> Reply {
    Reply::status(200)
        .header("Content-Type", "text/html; charset=utf-8")
        .body(body)
}

fn serve_items(net: &Internet, items: &[Item]) {
    net.always(HOST, "/feed", Reply::feed(rss("The Paper", items)));
}

/// An internet with a feed of `n` items and their pages; there is no robots.txt.
async fn paper(n: usize) -> Internet {
    let net = Internet::start().await;
    let items: Vec<Item> = (1..=n).map(item).collect();
    serve_items(&net, &items);
    for n in 1..=n {
        net.always(HOST, &format!("/articles/{n}"), page(n));
    }
    net
}

fn app(net: &Internet) -> EndToEnd {
    let app = EndToEnd::new(net);
    let feed = NewFeed {
        settings: FeedSettings {
            full_text: true,
            ..FeedSettings::default()
        },
        ..EndToEnd::feed(FEED)
    };
    app.store.subscribe(vec![feed]).unwrap();
    app
}

/// What was asked for beside the feed, in order.
fn asked(net: &Internet) -> Vec<String> {
    let paths = net.log().into_iter().map(|s| s.request.path);
    paths.filter(|path| path != "/feed").collect()
}

fn is_full(article: &ArticleView) -> bool {
    let text = article.content_text.as_deref().unwrap();
    BODY.iter().all(|paragraph| text.contains(paragraph))
}

fn full(app: &EndToEnd) -> usize {
    app.articles().iter().filter(|a| is_full(a)).count()
}

#[tokio::test]
async fn the_body_is_the_pages_and_the_rest_the_feeds() {
    let net = paper(1).await;
    let app = app(&net);
    assert_eq!(app.pass().await.articles_new, 1);
    let article = app.articles().remove(0);
    assert!(is_full(&article), "{:?}", article.content_text);
    assert_eq!(article.title, "Harbour council counts boats, report 1");
    assert_eq!(article.summary, "The council counted boats (1).");
    assert_eq!(article.authors[0].name.as_deref(), Some("Ada Brandt"));
    assert_eq!(
        article.published.unwrap().to_string(),
        "2030-01-11T08:00:00Z"
    );
    assert_eq!(article.agencies, ["Reuters"]);
    assert_eq!(article.language.as_deref(), Some("en"));
    let text = article.content.content_text.unwrap();
    for noise in ["Home", "By Ada", "Share", "rights", "if (a"] {
        assert!(!text.contains(noise), "{noise} in {text}");
    }
    let found = newswire::query::parse("\"outer moorings\"").unwrap();
    let selection = newswire::store::Selection {
        expr: Some(found),
        ..Default::default()
    };
    assert_eq!(app.store.reads().articles(&selection).unwrap().len(), 1);
}

#[tokio::test]
async fn et_47_et_48_one_request_a_page_one_for_robots_and_none_twice() {
    let net = paper(3).await;
    let app = app(&net);
    app.pass().await;
    assert_eq!(
        asked(&net),
        ["/robots.txt", "/articles/1", "/articles/2", "/articles/3"]
    );
    for seen in net.log() {
        assert_eq!(seen.request.method, "GET");
        assert!(
            seen.request
                .header("user-agent")
                .unwrap()
                .starts_with("newswire/")
        );
        assert!(
            seen.request.header("cookie").is_none() && seen.request.header("referer").is_none()
        );
    }
    // The same document, then one with an edit, a new guid for a known page and a new article.
    app.hours(2);
    app.pass().await;
    let mut edited = item(1);
    edited.html = "<p>The council counted boats twice (1).</p>".to_owned();
    let mut renamed = item(2);
    renamed.id = "id-2-again".to_owned();
    net.always(HOST, "/articles/4", page(4));
    serve_items(&net, &[item(4), edited, renamed, item(3)]);
    app.hours(2);
    let report = app.pass().await;
    assert_eq!((report.articles_new, report.articles_changed), (1, 1));
    assert_eq!(asked(&net)[4..], ["/articles/4"]);
    // The edit of the feed's teaser is seen, and the body that was read stays.
    assert_eq!(full(&app), 4);
    let articles = app.articles();
    let mut summaries = articles.iter().map(|a| a.summary.as_str());
    assert!(summaries.any(|s| s == "The council counted boats twice (1)."));
    assert_eq!(articles.len(), 4);
}

#[tokio::test]
async fn et_47_et_48_without_full_text_nothing_but_the_feed_is_asked_for() {
    let net = paper(2).await;
    let app = EndToEnd::new(&net);
    let row = app.subscribe(&[FEED])[0];
    app.pass().await;
    assert!(asked(&net).is_empty());
    assert_eq!(full(&app), 0);
    // Turned on later it holds for what is new from then on.
    let change = FeedChange {
        full_text: Some(true),
        ..FeedChange::default()
    };
    app.store.change_feed(row, change).unwrap();
    net.always(HOST, "/articles/3", page(3));
    serve_items(&net, &[item(3), item(2), item(1)]);
    app.hours(2);
    app.pass().await;
    assert_eq!(asked(&net), ["/robots.txt", "/articles/3"]);
    assert_eq!(full(&app), 1);
}

#[tokio::test]
async fn et_47_robots_txt_is_obeyed_and_kept_for_a_day() {
    let net = paper(2).await;
    let rules = "User-agent: *\nDisallow: /\n\nUser-agent: newswire\nDisallow: /articles/1$\n";
    net.always(HOST, "/robots.txt", Reply::status(200).body(rules));
    let app = app(&net);
    app.pass().await;
    assert_eq!(asked(&net), ["/robots.txt", "/articles/2"]);
    assert_eq!((app.articles().len(), full(&app)), (2, 1));
    for (hours, n) in [(20, 3), (5, 4)] {
        net.always(HOST, &format!("/articles/{n}"), page(n));
        serve_items(&net, &[item(n)]);
        app.hours(hours);
        app.pass().await;
    }
    let expected = ["/articles/3", "/robots.txt", "/articles/4"];
    assert_eq!(
        asked(&net)[2..],
        expected,
        "a day later it is asked for again"
    );
}

#[tokio::test]
async fn et_47_a_missing_robots_txt_frees_and_a_failing_one_forbids() {
    for (robots, pages) in [
        (Reply::status(404), 1),
        (Reply::status(403), 1),
        (Reply::status(500), 0),
        (Reply::status(503), 0),
        (
            Reply::status(200)
                .body("User-agent: *\nDisallow: /x")
                .framing(Framing::Cut(5)),
            0,
        ),
        (
            Reply::status(200).body(format!(
                "{}\nUser-agent: *\nDisallow: /",
                "#".repeat(600 << 10)
            )),
            1,
        ),
        (
            Reply::status(200).body("<!doctype html><title>Not found</title>"),
            1,
        ),
    ] {
        let status = robots.status;
        let net = paper(1).await;
        net.always(HOST, "/robots.txt", robots);
        let app = app(&net);
        app.pass().await;
        assert_eq!(asked(&net).len(), 1 + pages, "robots.txt answered {status}");
        assert_eq!(full(&app), pages);
        assert_eq!(app.articles().len(), 1, "the article is there all the same");
    }
}

#[tokio::test]
async fn et_47_robots_txt_holds_where_a_page_redirects_to() {
    let net = paper(1).await;
    net.always(
        HOST,
        "/articles/1",
        Reply::redirect(302, "http://other.example/private/1"),
    );
    net.always("other.example", "/private/1", page(1));
    let rules = "User-agent: *\nDisallow: /private/";
    net.always(
        "other.example",
        "/robots.txt",
        Reply::status(200).body(rules),
    );
    let app = app(&net);
    app.pass().await;
    assert_eq!(asked(&net), ["/robots.txt", "/articles/1", "/robots.txt"]);
    assert_eq!(full(&app), 0);
}

#[tokio::test]
async fn a_page_that_fails_or_says_less_keeps_what_the_feed_gave() {
    let wall = format!(
        "<body><h1>Your privacy</h1>{}",
        "<p>We and our partners store cookies on your device, for which we ask.</p>".repeat(20)
    );
    let pages = [
        Reply::status(500),
        Reply::status(404),
        Reply::status(200)
            .header("Content-Type", "image/png")
            .body("\u{89}PNG"),
        page(1).framing(Framing::Cut(200)),
        html("<body><article><p>Short.</p></article>".to_owned()),
        html(wall),
        html("<div>".repeat(50_000)),
        html(String::new()),
        Reply::status(200)
            .header("Content-Type", "text/html")
            .header("Content-Encoding", "strange")
            .body("\u{8b}packed in a strange way"),
    ];
    for (n, reply) in pages.into_iter().enumerate() {
        let net = paper(1).await;
        net.always(HOST, "/articles/1", reply);
        let app = app(&net);
        let report = app.pass().await;
        assert_eq!((report.failed, report.articles_new), (0, 1), "page {n}");
        let article = app.articles().remove(0);
        let text = article.content_text.as_deref();
        assert_eq!(text, Some("The council counted boats (1)."), "page {n}");
        // It is not asked again: the article is known.
        app.hours(2);
        app.pass().await;
        assert_eq!(asked(&net), ["/robots.txt", "/articles/1"], "page {n}");
    }
}

#[tokio::test]
async fn sec_06_sec_07_pages_at_private_addresses_are_never_asked_for() {
    let net = paper(1).await;
    let links = [
        "http://10.0.0.1/articles/1",
        "http://169.254.169.254/latest/meta-data",
        "http://[::ffff:10.0.0.1]/x",
        "http://paper.example:22/x",
        "http://paper.example/away",
    ];
    net.always(
        HOST,
        "/away",
        Reply::redirect(302, "http://192.168.0.1/admin"),
    );
    let items: Vec<Item> = links
        .iter()
        .enumerate()
        .map(|(n, link)| Item {
            link: (*link).to_owned(),
            ..item(n)
        })
        .collect();
    serve_items(&net, &items);
    let app = app(&net);
    let report = app.pass().await;
    assert_eq!((report.articles_new, report.failed), (5, 0));
    assert_eq!(asked(&net), ["/robots.txt", "/away"]);
    assert_eq!(full(&app), 0);
}

#[tokio::test]
async fn a_poll_asks_for_a_bounded_number_of_pages_the_newest_first() {
    let net = Internet::start().await;
    let items: Vec<Item> = (1..=30).map(item).collect();
    serve_items(&net, &items);
    for n in 1..=30 {
        let page = page(n % 10);
        net.always(HOST, &format!("/articles/{n}"), page);
    }
    let app = app(&net);
    app.pass().await;
    let pages = asked(&net);
    assert_eq!(pages.len(), 21);
    assert_eq!(
        (pages[1].as_str(), pages[20].as_str()),
        ("/articles/1", "/articles/20")
    );
    assert_eq!((app.articles().len(), full(&app)), (30, 20));
    app.hours(2);
    app.pass().await;
    assert_eq!(asked(&net).len(), 21, "the others are known now");
}

#[tokio::test]
async fn files_and_pages_that_several_articles_name_are_not_asked_for() {
    let net = paper(1).await;
    let at = |n: usize, link: &str| Item {
        link: link.to_owned(),
        ..item(n)
    };
    serve_items(
        &net,
        &[
            at(1, "http://paper.example/shared#a"),
            at(2, "http://paper.example/shared#b"),
            at(3, "http://paper.example/picture.JPG"),
            at(4, "http://paper.example/episode.mp3?x=1"),
        ],
    );
    let app = app(&net);
    app.pass().await;
    assert!(asked(&net).is_empty());
    assert_eq!(app.articles().len(), 4);
}

#[tokio::test]
async fn a_throttled_host_is_not_asked_for_its_other_pages() {
    let net = paper(5).await;
    net.always(
        HOST,
        "/articles/2",
        Reply::status(429).header("Retry-After", "600"),
    );
    let app = app(&net);
    app.pass().await;
    assert_eq!(asked(&net), ["/robots.txt", "/articles/1", "/articles/2"]);
    assert_eq!((app.articles().len(), full(&app)), (5, 1));
}

#[tokio::test]
async fn sec_10_what_pages_bring_is_sanitized_and_absolute() {
    let net = paper(1).await;
    let body: String = BODY
        .iter()
        .map(|p| format!("<p onclick=\"x()\">{p}</p>"))
        .collect();
    net.always(
        HOST,
        "/articles/1",
        html(format!(
            "<base href=\"http://cdn.example/\"><article><h1>Harbour council counts boats</h1>{body}
             <p><a href=\"javascript:x()\">a long enough paragraph with a link, and a picture</a><img src=\"b.png\" onerror=x()></p>
             <p><a href=\"/relative\">another long enough paragraph</a>, with more words than links, as texts have.</p></article>"
        )),
    );
    let app = app(&net);
    app.pass().await;
    let html = app.articles().remove(0).content.content_html.unwrap();
    assert!(
        html.contains("outer moorings") && html.contains("http://cdn.example/"),
        "{html}"
    );
    for bad in ["onclick", "javascript", "onerror", "href=\"/", "<script"] {
        assert!(!html.contains(bad), "{bad} in {html}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rel_02_pages_are_not_asked_for_again_when_the_store_takes_nothing() {
    const LOCAL: &str = "127.0.0.1";
    let net = Internet::start().await;
    let feed = |link: &str| {
        let item = Item {
            link: format!("http://{}{link}", net.address()),
            ..item(1)
        };
        Reply::feed(rss("The Paper", &[item]))
    };
    net.always(LOCAL, "/feed", feed("/articles/1"));
    let slowly = Framing::Drip(Duration::from_millis(1));
    net.always(LOCAL, "/articles/1", page(1).framing(slowly));
    let home = CliHome::empty();
    home.configure(&format!(
        "{}[[feed]]\nurl = \"http://{}/feed\"\nfull_text = true\n",
        configuration(&home),
        net.address()
    ));
    let daemon = Daemon::start(&home);
    let pages = || asked(&net).iter().filter(|p| *p == "/articles/1").count();
    eventually("the page to be asked for", || (pages() == 1).then_some(()));
    daemon.limit_files(Some(log_bytes(&home.db())));
    eventually("the complaint", || {
        daemon.log().contains("nothing can be stored").then_some(())
    });
    daemon.limit_files(None);
    eventually("the article", || {
        let (_, feed) = daemon.get("/feeds/all.atom");
        feed.contains("outer moorings").then_some(())
    });
    assert_eq!(pages(), 1);
}

/// The feed as it is shown and polled, the newest item first; the texts of its articles by headline.
async fn texts_of(net: &Internet, app: &EndToEnd, feed: &str) -> Vec<(String, String)> {
    net.always(HOST, "/feed", Reply::feed(feed));
    app.hours(2);
    app.pass().await;
    let articles = app.articles().into_iter();
    articles
        .map(|a| (a.content.title, a.content.content_text.unwrap_or_default()))
        .collect()
}

#[tokio::test]
async fn rel_06_a_new_article_on_the_page_of_another_does_not_get_its_body() {
    let net = paper(1).await;
    let app = app(&net);
    let path = "/articles/council-counts-boats-behind-the-pier";
    net.always(HOST, path, page(1));
    let on_page = |n: usize| Item {
        link: format!("http://{HOST}{path}"),
        ..item(n)
    };
    serve_items(&net, &[on_page(1)]);
    app.pass().await;
    assert_eq!(full(&app), 1);
    let both = rss("The Paper", &[on_page(2), on_page(1)]);
    for (title, text) in texts_of(&net, &app, &both).await {
        let has_page = text.contains("outer moorings");
        assert_eq!(has_page, title == item(1).title, "{title}: {text}");
    }
    // With the other article edited in the same document.
    let edited = Item {
        title: format!("{} (updated)", item(1).title),
        ..on_page(1)
    };
    let all = rss("The Paper", &[on_page(3), edited]);
    for (title, text) in texts_of(&net, &app, &all).await {
        let has_page = text.contains("outer moorings");
        assert_eq!(has_page, title.contains("report 1"), "{title}: {text}");
    }
}

#[tokio::test]
async fn rel_06_the_next_article_on_a_shared_link_does_not_get_the_last_ones_body() {
    let net = paper(1).await;
    let app = app(&net);
    let latest = |title: &str, day: usize| {
        format!(
            "<rss version='2.0'><channel><title>The Paper</title><item><title>{title}</title><link>http://{HOST}/latest</link>\
             <pubDate>{day:02} Jan 2030 08:00:00 GMT</pubDate><description>{title}.</description></item></channel></rss>"
        )
    };
    let (first, next) = (item(1).title, "Fog closes the northern pier");
    net.always(HOST, "/latest", page(1));
    let one = texts_of(&net, &app, &latest(&first, 9)).await;
    assert!(one[0].1.contains("outer moorings"), "{one:?}");
    net.always(HOST, "/latest", Reply::status(404));
    let two = texts_of(&net, &app, &latest(next, 10)).await;
    assert_eq!(two.len(), 2, "{two:?}");
    for (title, text) in two {
        assert_eq!(text.contains("outer moorings"), title == first, "{title}");
    }
}
