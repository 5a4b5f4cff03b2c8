//! WebSub as subscriber (ET-50, ET-51): hubs are asked, verified, renewed and left; what they push is stored like what a
//! poll brings, and polls become rare.

use std::time::Duration;

use aws_lc_rs::hmac;
use newswire::ingest::WebSub;
use newswire::memory::{Body, MemoryBudget};
use newswire::model::{FeedRow, HubCall, HubReply, WebUrl};
use newswire::store::HubStatus;
use tokio_util::sync::CancellationToken;

use crate::support::browser::{Page, say};
use crate::support::cli_home::CliHome;
use crate::support::internet::Request;
use crate::support::process::{Daemon, configuration, eventually};
use crate::support::{EndToEnd, Internet, Item, Reply, rss};

pub const PAPER: &str = "paper.example";
const FEED: &str = "http://paper.example/feed";
const TOPIC: &str = "http://paper.example/rss.xml";
const HUB: &str = "http://hub.example/hub";
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);

pub fn news(numbers: &[usize]) -> String {
    let items: Vec<Item> = numbers.iter().map(|n| Item::numbered(PAPER, *n)).collect();
    rss("The Paper", &items)
}

fn links() -> String {
    format!("<{HUB}>; rel=\"hub\", <{TOPIC}>; rel=\"self\"")
}

/// A paper whose headers name a hub, subscribed and polled once, and the hub asked.
async fn paper() -> (Internet, EndToEnd, FeedRow) {
    let net = Internet::start().await;
    let feed = Reply::feed(news(&[1])).header("ETag", "\"1\"");
    net.document(PAPER, "/feed", feed.header("Link", &links()));
    net.always("hub.example", "/hub", Reply::status(202));
    let app = EndToEnd::called_back(&net);
    let feed = app.subscribe(&[FEED])[0];
    assert_eq!(app.pass_due().await.articles_new, 1);
    ask(&app).await;
    (net, app, feed)
}

pub async fn ask(app: &EndToEnd) {
    app.ingest
        .send_hub_requests(&CancellationToken::new())
        .await
        .unwrap();
}

/// What the hub was asked, in order.
pub fn asked(net: &Internet) -> Vec<Request> {
    let log = net.log().into_iter().map(|seen| seen.request);
    log.filter(|request| request.host == "hub.example")
        .collect()
}

/// The end of the callback that the hub was given, and the secret.
fn given(net: &Internet) -> (String, String) {
    let last = asked(net).pop().unwrap();
    let callback = last.form("hub.callback").unwrap();
    let path = callback
        .strip_prefix("https://reader.example/websub/")
        .unwrap()
        .to_owned();
    (path, last.form("hub.secret").unwrap_or_default())
}

fn verify(subscribe: bool, topic: &str) -> HubCall {
    HubCall::Verify {
        subscribe,
        topic: topic.to_owned(),
        challenge: "ch4llenge".to_owned(),
        lease_s: Some(10 * 86_400),
    }
}

fn held(body: &str) -> Body {
    let body = body.as_bytes().to_vec();
    MemoryBudget::new().try_hold(body).unwrap()
}

pub fn push(secret: &str, body: &str) -> HubCall {
    let tag = hmac::sign(
        &hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()),
        body.as_bytes(),
    );
    let hex: String = tag.as_ref().iter().map(|b| format!("{b:02x}")).collect();
    HubCall::Content {
        signature: Some(format!("sha256={hex}")),
        content_type: Some("application/rss+xml".to_owned()),
        body: held(body),
    }
}

fn hub(app: &EndToEnd, feed: FeedRow) -> Option<HubStatus> {
    app.store.reads().feed(feed).unwrap().unwrap().hub
}

fn wait(app: &EndToEnd) -> Duration {
    app.feeds()[0].next_poll.unwrap().since(app.clock.now())
}

/// The paper, its lease verified.
pub async fn verified() -> (Internet, EndToEnd, FeedRow, String, String) {
    let (net, app, feed) = paper().await;
    let (path, secret) = given(&net);
    let reply = app
        .ingest
        .answer_hub(path.clone(), verify(true, TOPIC))
        .await;
    assert_eq!(reply, HubReply::Challenge("ch4llenge".to_owned()));
    (net, app, feed, path, secret)
}

#[tokio::test]
async fn et_50_the_hub_is_asked_for_a_lease_with_a_secret_and_nothing_else_is_said() {
    let (net, _house, _feed) = paper().await;
    let asked = asked(&net);
    assert_eq!(asked.len(), 1);
    let request = &asked[0];
    assert_eq!(request.method, "POST");
    assert_eq!(request.form("hub.mode").as_deref(), Some("subscribe"));
    assert_eq!(request.form("hub.topic").as_deref(), Some(TOPIC));
    assert_eq!(request.form("hub.lease_seconds").as_deref(), Some("864000"));
    let (path, secret) = given(&net);
    assert!(path.len() == 40 && secret.len() == 40 && path != secret);
    assert!(
        request
            .header("user-agent")
            .unwrap()
            .starts_with("newswire/")
    );
    for name in ["cookie", "referer", "origin", "authorization"] {
        assert_eq!(request.header(name), None);
    }
}

#[tokio::test]
async fn et_50_without_a_callback_no_hub_is_asked() {
    let (net, app, feed) = paper().await;
    let app = app.with_hubs(&net, None);
    app.hours(30);
    app.pass_due().await;
    ask(&app).await;
    assert_eq!(asked(&net).len(), 1);
    app.store.reach_by(None, app.clock.now()).unwrap();
    assert_eq!(hub(&app, feed).unwrap().ask_at, None);
}

#[tokio::test]
async fn et_50_only_what_was_asked_for_is_verified() {
    let (net, app, feed) = paper().await;
    let (path, _) = given(&net);
    let answer = |path: &str, call: HubCall| app.ingest.answer_hub(path.to_owned(), call);
    assert_eq!(answer("0000", verify(true, TOPIC)).await, HubReply::Unknown);
    assert_eq!(
        answer(&path, verify(true, "http://paper.example/other")).await,
        HubReply::Unknown
    );
    assert_eq!(answer(&path, verify(false, TOPIC)).await, HubReply::Unknown);
    assert_eq!(hub(&app, feed).unwrap().verified, None);
    assert!(matches!(
        answer(&path, verify(true, TOPIC)).await,
        HubReply::Challenge(_)
    ));
    let lease = hub(&app, feed).unwrap();
    assert_eq!(lease.verified, Some(app.clock.now()));
    assert_eq!(lease.lease_until, Some(app.clock.now().plus(DAY * 10)));
}

#[tokio::test]
async fn et_50_the_document_names_hub_and_self_where_headers_do_not() {
    let net = Internet::start().await;
    let head = format!(
        "<channel><link xmlns=\"http://www.w3.org/2005/Atom\" rel=\"hub\" href=\"{HUB}\"/>\
         <link xmlns=\"http://www.w3.org/2005/Atom\" rel=\"self\" href=\"{TOPIC}\"/>"
    );
    net.document(
        PAPER,
        "/feed",
        Reply::feed(news(&[1]).replacen("<channel>", &head, 1)),
    );
    net.always("hub.example", "/hub", Reply::status(202));
    let app = EndToEnd::called_back(&net);
    app.subscribe(&[FEED]);
    app.pass_due().await;
    ask(&app).await;
    assert_eq!(asked(&net)[0].form("hub.topic").as_deref(), Some(TOPIC));
}

#[tokio::test]
async fn et_50_a_signed_push_is_stored_like_a_poll_and_an_unsigned_one_is_not() {
    let (_net, app, feed, path, secret) = verified().await;
    let push_to = |path: &str, call: HubCall| app.ingest.answer_hub(path.to_owned(), call);
    app.clock.advance(HOUR / 2);
    for wrong in ["", "0".repeat(40).as_str()] {
        let reply = push_to(&path, push(wrong, &news(&[2]))).await;
        assert_eq!(reply, HubReply::Taken, "what is wrong about it is not told");
    }
    let unsigned = HubCall::Content {
        signature: None,
        content_type: None,
        body: held(&news(&[2])),
    };
    assert_eq!(push_to(&path, unsigned).await, HubReply::Taken);
    assert_eq!(app.articles().len(), 1);

    let signed = push_to(&path, push(&secret, &news(&[2, 3]))).await;
    assert_eq!(signed, HubReply::Taken);
    assert_eq!(app.articles().len(), 3);
    let elsewhere = push_to(&"f".repeat(40), push(&secret, &news(&[4]))).await;
    assert_eq!(elsewhere, HubReply::Unknown);
    let detail = app.store.reads().feed(feed).unwrap().unwrap();
    assert_eq!(detail.polls[0].outcome, "push");
    assert_eq!(detail.polls[0].new, 2);
}

#[tokio::test]
async fn et_50_a_push_repeated_writes_nothing_and_one_with_an_edit_edits() {
    let (_net, app, _feed, path, secret) = verified().await;
    let pushed = |body: String| app.ingest.answer_hub(path.clone(), push(&secret, &body));
    pushed(news(&[2, 3])).await;
    let sequence = app.store.reads().sequence().unwrap();
    pushed(news(&[2, 3])).await;
    assert_eq!(app.store.reads().sequence().unwrap(), sequence);
    pushed(news(&[3]).replace("counted", "counted twice")).await;
    let revisions: Vec<_> = app.articles().iter().map(|a| a.revision).collect();
    assert_eq!(revisions.len(), 3);
    assert_eq!(revisions.iter().filter(|r| **r == 2).count(), 1);

    // The feed's validators are what they were, and what it no longer shows stays.
    app.hours(25);
    assert_eq!(app.pass_due().await.not_modified, 1);
    assert_eq!(app.articles().len(), 3);
}

#[tokio::test]
async fn et_51_polls_become_rare_while_the_lease_holds_and_come_back_when_it_is_lost() {
    let (_net, app, _feed, ..) = verified().await;
    app.hours(4);
    assert_eq!(app.pass_due().await.not_modified, 1);
    assert!(wait(&app) >= DAY - HOUR, "{:?}", wait(&app));
    for _ in 0..12 {
        app.hours(25);
        app.pass_due().await;
    }
    // Ten days are over, and no hub has verified a renewal.
    ask(&app).await;
    assert!(wait(&app) <= HOUR, "{:?}", wait(&app));
    app.hours(1);
    assert_eq!(app.pass_due().await.not_modified, 1);
    assert!(wait(&app) < DAY - HOUR, "{:?}", wait(&app));
}

#[tokio::test]
async fn et_50_a_lease_is_renewed_at_four_fifths_with_the_same_path_and_secret() {
    let (net, app, feed, path, secret) = verified().await;
    app.hours(8 * 24 - 1);
    ask(&app).await;
    assert_eq!(asked(&net).len(), 1);
    app.hours(2);
    ask(&app).await;
    assert_eq!(asked(&net).len(), 2);
    assert_eq!(given(&net), (path.clone(), secret));
    let since = hub(&app, feed).unwrap().verified;
    app.ingest.answer_hub(path, verify(true, TOPIC)).await;
    let renewed = hub(&app, feed).unwrap();
    assert_eq!(renewed.lease_until, Some(app.clock.now().plus(DAY * 10)));
    assert_eq!(renewed.verified, since, "without a gap");
}

#[tokio::test]
async fn et_50_a_failing_hub_is_asked_again_ever_later_and_a_denying_one_after_a_week() {
    let (net, app, feed) = paper().await;
    net.always("hub.example", "/hub", Reply::status(500));
    let mut times = 0;
    for _ in 0..48 {
        app.clock.advance(HOUR / 2);
        ask(&app).await;
        times = asked(&net).len();
    }
    assert!((4..=6).contains(&times), "{times} times in a day");
    assert!(hub(&app, feed).unwrap().last_error.unwrap().contains("500"));
    let denied = HubCall::Denied {
        topic: TOPIC.to_owned(),
        reason: Some("no such topic".to_owned()),
    };
    let (path, _) = given(&net);
    assert_eq!(app.ingest.answer_hub(path, denied).await, HubReply::Taken);
    app.hours(6 * 24);
    ask(&app).await;
    assert_eq!(asked(&net).len(), times);
    assert!(
        hub(&app, feed)
            .unwrap()
            .last_error
            .unwrap()
            .contains("no such topic")
    );
    app.hours(25);
    ask(&app).await;
    assert_eq!(asked(&net).len(), times + 1);
}

#[tokio::test]
async fn et_51_a_thin_ping_leads_to_one_conditional_get_within_a_minute() {
    let (net, app, _feed, path, secret) = verified().await;
    app.hours(4);
    app.pass_due().await;
    assert!(wait(&app) > HOUR);
    let before = net.log().len();
    for body in ["", "<!doctype html><title>updated</title>"] {
        let reply = app
            .ingest
            .answer_hub(path.clone(), push(&secret, body))
            .await;
        assert_eq!(reply, HubReply::Taken);
    }
    assert!(wait(&app) <= Duration::from_secs(60), "{:?}", wait(&app));
    assert_eq!(app.feeds()[0].failures, 0);
    app.clock.advance(Duration::from_secs(60));
    assert_eq!(app.pass_due().await.not_modified, 1);
    assert_eq!(net.log().len(), before + 1);
    assert!(net.log()[before].request.header("if-none-match").is_some());
}

#[tokio::test]
async fn et_51_a_ping_does_not_go_below_the_servers_word() {
    let (net, app, _feed, path, secret) = verified().await;
    let reply = Reply::feed(news(&[1]))
        .header("ETag", "\"1\"")
        .header("Cache-Control", "max-age=7200");
    net.document(PAPER, "/feed", reply);
    app.hours(4);
    app.pass_due().await;
    app.ingest.answer_hub(path, push(&secret, "")).await;
    assert!(
        wait(&app) >= HOUR * 2 - Duration::from_secs(60),
        "{:?}",
        wait(&app)
    );
}

#[tokio::test]
async fn et_50_a_feed_that_is_removed_leaves_its_hub() {
    let (net, app, feed, path, secret) = verified().await;
    app.store.unsubscribe(feed).unwrap();
    ask(&app).await;
    let last = asked(&net).pop().unwrap();
    assert_eq!(last.form("hub.mode").as_deref(), Some("unsubscribe"));
    assert_eq!(last.form("hub.secret"), None);
    let reply = app
        .ingest
        .answer_hub(path.clone(), push(&secret, &news(&[2])))
        .await;
    assert_eq!(reply, HubReply::Gone);
    assert_eq!(
        app.ingest
            .answer_hub(path.clone(), verify(true, TOPIC))
            .await,
        HubReply::Unknown
    );
    let reply = app
        .ingest
        .answer_hub(path.clone(), verify(false, TOPIC))
        .await;
    assert!(matches!(reply, HubReply::Challenge(_)));
    let reply = app
        .ingest
        .answer_hub(path, push(&secret, &news(&[2])))
        .await;
    assert_eq!(reply, HubReply::Unknown);
    app.hours(100);
    ask(&app).await;
    assert_eq!(asked(&net).len(), 2, "and that was that");
    assert_eq!(app.articles().len(), 1);
}

#[tokio::test]
async fn sec_06_a_hub_passes_the_same_guard_as_a_feed() {
    let net = Internet::start().await;
    for (host, hub) in [
        ("a.example", "http://10.0.0.1/hub"),
        ("b.example", "http://[::1]/hub"),
    ] {
        let link = format!("<{hub}>; rel=hub");
        net.document(host, "/feed", Reply::feed(news(&[1])).header("Link", &link));
    }
    let app = EndToEnd::called_back(&net);
    let feeds = app.subscribe(&["http://a.example/feed", "http://b.example/feed"]);
    app.pass_due().await;
    ask(&app).await;
    for feed in feeds {
        let told = hub(&app, feed).unwrap().last_error.unwrap();
        assert!(told.contains("10.0.0.1") || told.contains("::1"), "{told}");
    }
    assert_eq!(net.log().len(), 2);
}

/// A daemon that has asked the hub of its feed for a lease, at its own address.
struct CalledBack {
    daemon: Daemon,
    port: std::net::SocketAddr,
    /// The path of the callback.
    path: String,
    secret: String,
    topic: String,
    _net: Internet,
    _home: CliHome,
}

impl CalledBack {
    async fn start() -> Self {
        let net = Internet::start().await;
        let topic = format!("http://{}/feed", net.address());
        let link = format!(
            "<http://{}/hub>; rel=hub, <{topic}>; rel=self",
            net.address()
        );
        let document = Reply::feed(news(&[1])).header("Link", &link);
        net.document("127.0.0.1", "/feed", document);
        net.always("127.0.0.1", "/hub", Reply::status(202));
        let home = CliHome::empty();
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap();
        drop(free);
        let text = configuration(&home).replace("listen = [", &format!("listen = [\"{port}\", "));
        home.configure(&format!(
            "{text}[websub]\ncallback_url = \"http://{port}/websub/\"\n[[feed]]\nurl = \"{topic}\"\n"
        ));
        let daemon = Daemon::start(&home);
        let ask = eventually("the hub is asked", || {
            let log = net.log().into_iter().map(|seen| seen.request);
            log.into_iter().find(|r| r.method == "POST")
        });
        let callback = WebUrl::parse(&ask.form("hub.callback").unwrap()).unwrap();
        Self {
            daemon,
            port,
            path: callback.as_url().path().to_owned(),
            secret: ask.form("hub.secret").unwrap(),
            topic,
            _net: net,
            _home: home,
        }
    }

    async fn post(&self, path: &str, signature: &str, body: &str) -> Page {
        let (port, length) = (self.port, body.len());
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {port}\r\nConnection: close\r\nX-Hub-Signature: {signature}\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        );
        say(port, request.as_bytes()).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn et_50_the_daemon_verifies_what_it_asked_for_on_its_own_server() {
    let called = CalledBack::start().await;
    let path = &called.path;
    assert!(path.starts_with("/websub/"), "{path}");
    let topic: String = url::form_urlencoded::byte_serialize(called.topic.as_bytes()).collect();
    let get = |path: &str, query: &str| called.daemon.get(&format!("{path}?{query}"));
    let verify = format!(
        "hub.mode=subscribe&hub.topic={topic}&hub.challenge=%3Cb%3Ehi&hub.lease_seconds=86400"
    );
    assert_eq!(get(path, &verify), (200, "<b>hi".to_owned()));
    assert_eq!(get(path, &verify.replace("feed", "other")).0, 404);
    assert_eq!(get(path, "hub.mode=subscribe").0, 400);
    let stranger = format!("/websub/{}", "0".repeat(40));
    assert_eq!(get(&stranger, &verify).0, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn et_50_the_daemon_serves_what_hubs_push_and_takes_no_other_post() {
    let called = CalledBack::start().await;
    let body = news(&[1, 2]);
    let HubCall::Content { signature, .. } = push(&called.secret, &body) else {
        unreachable!()
    };
    let signature = signature.unwrap();
    let post = |path: &str, signature: &str| {
        let (path, signature, body) = (path.to_owned(), signature.to_owned(), &body);
        let called = &called;
        async move { called.post(&path, &signature, body).await }
    };
    assert_eq!(post(&called.path, "sha256=00").await.status, 202);
    let served = || called.daemon.get("/feeds/all.atom").1;
    let entries = || served().matches("<entry").count();
    assert_eq!(entries(), 1);
    let page = post(&called.path, &signature).await;
    assert_eq!((page.status, page.body.len()), (202, 0));
    eventually("the pushed article is served", || {
        (entries() == 2).then_some(())
    });
    let stranger = format!("/websub/{}", "0".repeat(40));
    for (path, status) in [
        ("/feeds/all.atom", 405),
        (stranger.as_str(), 404),
        ("/websub", 405),
        ("/websub/../feeds/all.atom", 405),
    ] {
        assert_eq!(post(path, &signature).await.status, status, "{path}");
    }
}

#[tokio::test]
async fn a_callback_that_was_taken_away_costs_no_news() {
    let (net, app, _feed, ..) = verified().await;
    app.hours(4);
    app.pass_due().await;
    assert!(wait(&app) > HOUR);
    let app = app.with_hubs(&net, None);
    app.store.reach_by(None, app.clock.now()).unwrap();
    assert!(wait(&app) <= HOUR, "{:?}", wait(&app));
    let app = app.with_hubs(
        &net,
        Some(WebSub {
            callback: WebUrl::parse("https://elsewhere.example/").unwrap(),
        }),
    );
    let elsewhere = Some("https://elsewhere.example/".to_owned());
    app.store.reach_by(elsewhere, app.clock.now()).unwrap();
    ask(&app).await;
    let callback = asked(&net).pop().unwrap().form("hub.callback").unwrap();
    assert!(
        callback.starts_with("https://elsewhere.example/"),
        "{callback}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn our_own_hub_is_told_of_every_changed_feed() {
    let net = Internet::start().await;
    let base = format!("http://{}", net.address());
    net.document("127.0.0.1", "/feed", Reply::feed(news(&[1])));
    net.always("127.0.0.1", "/hub", Reply::status(204));
    let home = CliHome::empty();
    let text = configuration(&home).replace(
        "[server]\n",
        "[server]\npublic_url = \"https://news.example/river\"\n",
    );
    home.configure(&format!(
        "{text}[websub]\nhub = \"{base}/hub\"\n[[feed]]\nurl = \"{base}/feed\"\n\
         [[topic]]\nname = \"paper\"\nmatch = \"feed:paper\"\n[[topic]]\nname = \"none\"\nmatch = \"nothing\"\n"
    ));
    let daemon = Daemon::start(&home);
    let told = eventually("the hub is told", || {
        let mut log = net.log().into_iter().map(|seen| seen.request);
        log.find(|r| r.method == "POST")
    });
    assert_eq!(told.form("hub.mode").as_deref(), Some("publish"));
    let body = String::from_utf8(told.body.clone()).unwrap();
    let urls: Vec<String> = url::form_urlencoded::parse(body.as_bytes())
        .filter(|(name, _)| name == "hub.url")
        .map(|(_, url)| url.into_owned())
        .collect();
    let feeds = [
        "all.atom",
        "all.rss",
        "all.json",
        "paper.atom",
        "paper.rss",
        "paper.json",
    ];
    let at = |feed: &str| format!("https://news.example/river/feeds/{feed}");
    assert_eq!(urls, feeds.map(at));
    let (_, feed) = daemon.get("/feeds/paper.atom");
    assert!(
        feed.contains(&format!("<link rel=\"hub\" href=\"{base}/hub\"/>")),
        "{feed}"
    );
}
