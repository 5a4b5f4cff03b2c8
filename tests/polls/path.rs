//! Feeds through the whole path, and the merged feed read back. The texts are of our own, in the shapes of the wild.

use newswire::emit::{Channel, Format, render};
use newswire::model::FeedState;
use newswire::parse::{ParseContext, parse};

use crate::support::{EndToEnd, Framing, Internet, Item, Reply, rss};

const PAPER: &str = "paper.example";
const GAZETTE: &str = "gazette.example";

/// The paragraphs of a wire story about two harbours.
const WIRE: [&str; 5] = [
    "The harbour masters of Aldmouth and Kessport spoke in a rare phone call on Friday.",
    "They discussed the safety of the strait, including the situation at the old lighthouse, the port authority of \
     Kessport said in a statement.",
    "\"On January 18, 2030, telephone conversations were held between the harbour master of Kessport, Ada Brandt, and \
     the harbour master of Aldmouth, Lewis Oram,\" the statement said.",
    "Oram's spokeswoman said that he \"emphasised the importance of keeping the channel marked through the winter\".",
    "The lighthouse has been dark since 2021.",
];

/// The wire story as a newspaper prints it: headline, standfirst, byline, a pointer, a credit, the comments notice.
fn as_printed() -> String {
    let mut text = String::from(
        "Harbour masters discuss 'safety of the strait' in rare phone call\n\n\
         Ada Brandt and Lewis Oram also spoke about the dark lighthouse\n\n\n\
         News Desk January 18, 2030\n\n",
    );
    for (n, paragraph) in WIRE.iter().enumerate() {
        text.push_str(paragraph);
        text.push_str("\n\n");
        if n == 3 {
            text.push_str("Read more: Buoys on the ground help ships, pilots say\n\n");
        }
    }
    text.push_str(
        "(With additional input from Harbour News Agency)\n\nCOMMENTS\n\nReplying to X\n\n\
         Comments are moderated and generally will be posted if they are on-topic and not abusive.\n\n\
         For more information, please see our Comments FAQ",
    );
    text
}

fn item(host: &str, id: &str, title: &str, html: String) -> Item {
    Item {
        id: id.to_owned(),
        title: title.to_owned(),
        link: format!("https://{host}/{id}"),
        html,
        date: None,
    }
}

/// Other items of the paper, with the same notice under each.
fn others() -> Vec<Item> {
    (1..=3)
        .map(|n| {
            let mut other = Item::numbered(PAPER, n);
            other.html.push_str(
                "<p>COMMENTS</p><p>Replying to X</p><p>Comments are moderated and generally will be posted if they \
                 are on-topic and not abusive.</p><p>For more information, please see our Comments FAQ</p>",
            );
            other
        })
        .collect()
}

fn paragraphs(texts: &[&str]) -> String {
    texts.iter().map(|t| format!("<p>{t}</p>")).collect()
}

async fn two_papers() -> (Internet, EndToEnd) {
    let net = Internet::start().await;
    let headline = "Harbour masters discuss 'safety of the strait' in rare phone call";
    let mut items = vec![item(PAPER, "strait", headline, as_printed())];
    items.extend(others());
    net.document(
        PAPER,
        "/feed",
        Reply::feed(rss("The Paper", &items)).header("ETag", "\"p1\""),
    );
    let copy = item(GAZETTE, "7001", "Harbour masters talk", paragraphs(&WIRE));
    net.document(
        GAZETTE,
        "/rss",
        Reply::feed(rss("The Gazette", &[copy, Item::numbered(GAZETTE, 9)]))
            .header("ETag", "W/\"g\""),
    );
    let app = EndToEnd::new(&net);
    app.topics(&[
        ("strait", "strait (lighthouse OR harbour)"),
        ("boats", "boats"),
    ]);
    app.subscribe(&["http://paper.example/feed", "http://gazette.example/rss"]);
    (net, app)
}

#[tokio::test]
async fn a_wire_story_as_a_newspaper_prints_it_becomes_a_clean_article() {
    let (_net, app) = two_papers().await;
    let report = app.pass().await;
    assert_eq!((report.feeds, report.fetched, report.failed), (2, 2, 0));
    assert_eq!(report.articles_new, 6);
    let articles = app.articles();
    let a = articles
        .iter()
        .find(|a| a.url.as_deref() == Some("https://paper.example/strait"))
        .unwrap();
    assert_eq!(
        a.title,
        "Harbour masters discuss 'safety of the strait' in rare phone call"
    );
    assert_eq!(
        a.summary,
        "Ada Brandt and Lewis Oram also spoke about the dark lighthouse"
    );
    assert_eq!(a.authors[0].name.as_deref(), Some("News Desk"));
    assert_eq!(a.agencies, ["Harbour News Agency"]);
    assert_eq!(a.published.unwrap().to_string(), "2030-01-18T00:00:00Z");
    assert_eq!(a.language.as_deref(), Some("en"));
    assert_eq!(a.topics, ["strait"]);
    for body in [
        a.content_text.as_deref().unwrap(),
        a.content_html.as_deref().unwrap(),
    ] {
        assert!(body.contains("spoke in a rare phone call") && body.contains("dark since 2021"));
        for noise in [
            "Read more",
            "COMMENTS",
            "moderated",
            "Comments FAQ",
            "News Desk",
            "Replying",
        ] {
            assert!(!body.contains(noise), "{noise} in {body}");
        }
    }
    let text = a.content_text.as_deref().unwrap();
    assert!(text.starts_with(WIRE[0]), "{text}");
}

#[tokio::test]
async fn a_second_papers_copy_of_the_wire_text_is_the_same_story() {
    let (_net, app) = two_papers().await;
    app.pass().await;
    let river = app.river();
    assert_eq!(river.len(), 5, "six articles, two of them copies");
    let story = river.iter().find(|s| s.copies == 2).unwrap();
    assert_eq!(story.also_in.len(), 1);
    let feeds = [story.feed.url.as_str(), story.also_in[0].feed_url.as_str()];
    assert!(
        feeds.contains(&"http://paper.example/feed")
            && feeds.contains(&"http://gazette.example/rss")
    );
}

#[tokio::test]
async fn et_09_a_second_pass_asks_conditionally_and_writes_nothing() {
    let (net, app) = two_papers().await;
    app.pass().await;
    let (before, sequence) = (app.river(), app.store.reads().sequence().unwrap());
    app.hours(2);
    let report = app.pass().await;
    assert_eq!(
        (
            report.not_modified,
            report.articles_new,
            report.articles_changed
        ),
        (2, 0, 0)
    );
    assert_eq!(app.river(), before);
    assert_eq!(app.store.reads().sequence().unwrap(), sequence);
    let asked: Vec<Option<String>> = net
        .log()
        .iter()
        .map(|s| s.request.header("if-none-match").map(str::to_owned))
        .collect();
    assert_eq!(
        asked.iter().filter(|a| a.is_none()).count(),
        2,
        "only the first time"
    );
}

#[tokio::test]
async fn what_is_stored_goes_out_as_a_feed_that_says_the_same() {
    let (_net, app) = two_papers().await;
    app.pass().await;
    let stories = app.river();
    for format in [Format::Atom, Format::Rss, Format::Json] {
        let channel = Channel {
            id: "urn:uuid:5d2a9f3c-0000-4000-8000-000000000000".to_owned(),
            title: "All".to_owned(),
            stories: stories.clone(),
            ..Channel::default()
        };
        let document = render(&channel, format);
        let read = parse(document.as_bytes(), &ParseContext::default()).unwrap();
        assert_eq!(read.entries.len(), stories.len());
        for (entry, story) in read.entries.iter().zip(&stories) {
            assert_eq!(entry.title.as_deref(), Some(story.title.as_str()));
            assert_eq!(entry.url.as_ref().map(|u| u.as_str()), story.url.as_deref());
            assert_eq!(entry.id, Some(format!("urn:uuid:{}", story.id)));
        }
    }
}

#[tokio::test]
async fn rel_04_one_bad_feed_never_hurts_another() {
    let net = Internet::start().await;
    let good = rss("Good", &[Item::numbered("good.example", 1)]);
    net.always("good.example", "/feed", Reply::feed(good.clone()));
    net.always(
        "page.example",
        "/",
        Reply::status(200).body("<!doctype html><p>Hello"),
    );
    net.always("empty.example", "/", Reply::feed(""));
    net.always("broken.example", "/", Reply::status(500));
    net.always(
        "cut.example",
        "/",
        Reply::feed(good).framing(Framing::Cut(100)),
    );
    let deep = format!("<rss><channel><item>{}", "<media:group>".repeat(50_000));
    net.always("deep.example", "/", Reply::feed(deep));
    net.always("bin.example", "/", Reply::feed(vec![0xff_u8; 4096]));
    let app = EndToEnd::new(&net);
    app.subscribe(&[
        "http://page.example/",
        "http://empty.example/",
        "http://broken.example/",
        "http://cut.example/",
        "http://deep.example/",
        "http://bin.example/",
        "http://nowhere.example/",
        "http://good.example/feed",
    ]);
    let report = app.pass().await;
    assert_eq!(report.articles_new, 1);
    assert!(report.failed >= 6, "{:?}", report.failures);
    let feeds = app.feeds();
    let kind = |url: &str| {
        let feed = feeds.iter().find(|f| f.url == url).unwrap();
        feed.failure_kind.map(|k| k.as_str())
    };
    assert_eq!(kind("http://page.example/"), Some("not_a_feed"));
    assert_eq!(kind("http://empty.example/"), Some("not_a_feed"));
    assert_eq!(kind("http://broken.example/"), Some("server"));
    assert_eq!(kind("http://cut.example/"), Some("body"));
    assert_eq!(kind("http://nowhere.example/"), Some("dns"));
    assert_eq!(kind("http://good.example/feed"), None);
    for feed in feeds.iter().filter(|f| f.state == FeedState::Failing) {
        let error = feed.last_error.as_deref().unwrap();
        assert!(!error.is_empty() && !error.contains('\n'), "{error:?}");
        assert!(feed.next_poll.unwrap() > app.clock.now());
    }
}

#[tokio::test]
async fn et_08_et_35_validators_of_what_was_not_read_are_not_kept() {
    let net = Internet::start().await;
    let document = rss("News", &[Item::numbered("a.example", 1)]);
    let mut visits = 0;
    net.on("a.example", "/feed", move |request| {
        visits += 1;
        let reply = Reply::feed(document.clone()).header("ETag", "\"1\"");
        match visits {
            1 => reply.framing(Framing::Cut(60)),
            2 => Reply::status(200)
                .header("ETag", "\"2\"")
                .body("<html>Maintenance"),
            _ => reply.conditional(request),
        }
    });
    let app = EndToEnd::new(&net);
    app.subscribe(&["http://a.example/feed"]);
    for _ in 0..3 {
        app.pass().await;
        app.hours(30);
    }
    let log = net.log();
    assert_eq!(log.len(), 3);
    assert!(
        log.iter()
            .all(|s| s.request.header("if-none-match").is_none())
    );
    assert_eq!(app.articles().len(), 1);
}

#[tokio::test]
async fn et_21_restarts_ask_for_nothing_that_is_not_due() {
    let (net, mut app) = two_papers().await;
    app.pass().await;
    let asked = net.log().len();
    for _ in 0..10 {
        app = app.again(&net);
        assert_eq!(app.pass_due().await.feeds, 0);
    }
    assert_eq!(net.log().len(), asked);
    app.hours(30);
    assert_eq!(app.pass_due().await.feeds, 2);
}

#[tokio::test]
async fn et_22_overdue_feeds_are_spread() {
    let (_net, app) = two_papers().await;
    app.pass().await;
    app.hours(48);
    assert_eq!(app.store.spread_overdue(app.clock.now()).unwrap(), 2);
    assert_eq!(
        app.pass_due().await.feeds,
        1,
        "the other one a second later"
    );
}

#[tokio::test]
async fn et_30_an_outage_is_no_feeds_fault() {
    let net = Internet::start().await;
    let app = EndToEnd::new(&net); // knows no name at all
    app.subscribe(&[
        "http://a.example/feed",
        "http://b.example/feed",
        "http://c.example/feed",
        "http://d.example/feed",
    ]);
    let report = app.pass().await;
    assert!(report.offline);
    assert_eq!(report.failed, 4);
    assert!(
        app.feeds()
            .iter()
            .all(|f| f.failures == 0 && f.last_error.is_none())
    );
    // None was ever read, so none is well.
    let is_new = |f: &newswire::model::Feed| f.state == FeedState::New;
    assert!(app.feeds().iter().all(is_new), "{:?}", app.feeds());
    let status = app.store.reads().status(app.clock.now()).unwrap();
    assert_eq!((status.feeds_new, status.feeds_failing), (4, 0));
}

#[tokio::test]
async fn rel_06_changed_guids_and_edits_are_the_same_articles() {
    let net = Internet::start().await;
    let mut visits = 0;
    net.on("a.example", "/feed", move |_| {
        visits += 1;
        let mut one = Item::numbered("a.example", 1);
        let mut two = Item::numbered("a.example", 2);
        one.id = format!("{}-{visits}", one.id);
        if visits == 2 {
            two.html.push_str("<p>Corrected.</p>");
        }
        Reply::feed(rss("News", &[one, two]))
    });
    let app = EndToEnd::new(&net);
    app.subscribe(&["http://a.example/feed"]);
    app.pass().await;
    let before: Vec<_> = app.articles().iter().map(|a| a.id).collect();
    app.hours(30);
    let report = app.pass().await;
    assert_eq!(report.articles_new, 0);
    let after = app.articles();
    assert_eq!(after.iter().map(|a| a.id).collect::<Vec<_>>(), before);
    let two = after.iter().find(|a| a.title.contains("number 2")).unwrap();
    assert_eq!(two.revision, 2);
    assert!(two.content_text.as_deref().unwrap().contains("Corrected."));
}

#[tokio::test]
async fn et_26_a_hosts_429_holds_its_other_feeds_back_even_after_a_restart() {
    let net = Internet::start().await;
    let busy = Reply::status(429).header("Retry-After", "7200");
    net.always("a.example", "/one", busy);
    let two = rss("Two", &[Item::numbered("a.example", 2)]);
    net.always("feeds.a.example", "/two", Reply::feed(two));
    let app = EndToEnd::new(&net);
    app.subscribe(&["http://a.example/one"]);
    app.pass().await;
    let app = app.again(&net);
    app.subscribe(&["http://feeds.a.example/two"]);
    let report = app.pass_due().await;
    assert_eq!(
        (report.fetched, report.skipped),
        (0, 1),
        "{:?}",
        report.skipped_feeds
    );
    assert_eq!(net.log().len(), 1);
    let left = app.feeds().into_iter().find(|f| f.url.ends_with("two"));
    assert!(left.unwrap().next_poll.unwrap() > app.clock.now());
}

#[tokio::test]
async fn rel_05_a_feed_that_lost_its_items_is_not_ok_and_heals_by_itself() {
    let net = Internet::start().await;
    let items = rss("Paper", &[Item::numbered(PAPER, 1)]);
    let empty = rss("Paper", &[]);
    let lost =
        "<rss><channel><title>P</title><media:item><title>One</title></media:item></channel></rss>";
    let documents = [
        items.clone(),
        empty.clone(),
        empty,
        items.clone(),
        lost.to_owned(),
        items,
    ];
    let mut polls = 0;
    net.on(PAPER, "/feed", move |request| {
        let reply = Reply::feed(documents[polls].clone()).header("ETag", &format!("\"{polls}\""));
        polls += 1;
        reply.conditional(request)
    });
    let app = EndToEnd::new(&net);
    app.subscribe(&[&format!("http://{PAPER}/feed")]);
    let mut seen = Vec::new();
    for _ in 0..6 {
        app.hours(48);
        let report = app.pass().await;
        assert_eq!(
            report.not_modified, 0,
            "no validator of a broken document is kept"
        );
        let feed = app.feeds().remove(0);
        seen.push((feed.state, feed.failure_kind.map(|k| k.as_str())));
    }
    let (ok, failing) = (FeedState::Ok, FeedState::Failing);
    let empty = (failing, Some("empty"));
    assert_eq!(seen[..4], [(ok, None), empty, empty, (ok, None)]);
    assert_eq!(seen[4].0, failing);
    assert_eq!(seen[5], (ok, None));
    assert_eq!(app.articles().len(), 1, "nothing is withdrawn");
}
