//! What is sent over the network and into files, and what answers mean.

use std::sync::Arc;
use std::time::Duration;

use newswire::clock::Clock;
use newswire::deliver::{Attempt, Destination, Notifier, NotifierState, Sender, Target};
use newswire::fetch::{FetchOptions, Fetcher, Names};
use newswire::model::{FeedRow, Secret, Seq, Time, WebUrl};
use newswire::notify::firing::Rule;
use newswire::notify::hours::Quiet;
use newswire::notify::{EventKind, Notice, sample_story, webhook};
use tokio::sync::{mpsc, watch};

use crate::support::store_fixture::{StoreFixture, draft};
use crate::support::{Framing, Internet, Reply};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

pub fn to(name: &str, destination: Destination) -> Target {
    Target {
        name: name.to_owned(),
        expr: None,
        source: String::new(),
        rule: Rule::default(),
        destination,
        allow_private: vec!["127.0.0.0/8".parse().unwrap()],
        quiet: None,
        per_hour: None,
        every: None,
        zone: jiff::tz::TimeZone::UTC,
    }
}

fn hook(name: &str, url: &str) -> Target {
    let url = WebUrl::parse(url).unwrap();
    let secrets = vec![Secret::new(SECRET)];
    to(name, Destination::Webhook { url, secrets })
}

fn fetcher(net: &Internet) -> Fetcher {
    let options = FetchOptions {
        names: Names::Table(net.names()),
        timeout_total: Duration::from_secs(2),
        ..FetchOptions::default()
    };
    Fetcher::new(options, Clock::manual(Time::from_seconds(1_900_000_000))).unwrap()
}

fn notice() -> Notice {
    Notice {
        id: "msg_1".to_owned(),
        kind: EventKind::New,
        at: Time::from_seconds(1_900_000_000),
        story: sample_story(Time::EPOCH),
    }
}

async fn send(net: &Internet, target: &Target) -> Attempt {
    let clock = Clock::manual(Time::from_seconds(1_900_000_000));
    let sender = Sender::new(&fetcher(net), std::slice::from_ref(target), clock).unwrap();
    sender.send(target, vec![notice()]).await
}

/// Sends a message about stories with these headlines.
pub async fn send_all(net: &Internet, target: &Target, titles: &[&str]) -> Attempt {
    let clock = Clock::manual(Time::from_seconds(1_900_000_000));
    let sender = Sender::new(&fetcher(net), std::slice::from_ref(target), clock).unwrap();
    let notices = titles.iter().enumerate().map(|(n, title)| {
        let mut notice = notice();
        notice.id = format!("msg_{n}");
        notice.story.content.title = (*title).to_owned();
        notice
    });
    sender.send(target, notices.collect()).await
}

pub fn error(attempt: Attempt) -> String {
    match attempt {
        Attempt::Failed { error, .. } => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_webhook_is_signed_as_standard_webhooks_requires() {
    let net = Internet::start().await;
    net.always("hook.example", "/in", Reply::status(204));
    let target = hook("desk", "http://hook.example/in");
    assert_eq!(send(&net, &target).await, Attempt::Sent);
    let request = net.log().remove(0).request;
    assert_eq!(request.method, "POST");
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(request.header("webhook-id"), Some("msg_1"));
    assert_eq!(request.header("webhook-timestamp"), Some("1900000000"));
    let body = String::from_utf8(request.body.clone()).unwrap();
    let expected = webhook::signature(
        &[Secret::new(SECRET)],
        "msg_1",
        Time::from_seconds(1_900_000_000),
        &body,
    );
    assert_eq!(request.header("webhook-signature"), Some(expected.as_str()));
    let json: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        (&json["type"], &json["data"]["copies"]),
        (&"story.new".into(), &1.into())
    );
}

#[tokio::test]
async fn sec_07_a_redirect_is_an_error_and_is_not_followed() {
    let net = Internet::start().await;
    for status in [301, 302, 307, 308] {
        net.always(
            "hook.example",
            "/in",
            Reply::redirect(status, "http://127.0.0.1/private"),
        );
        let error = error(send(&net, &hook("desk", "http://hook.example/in")).await);
        assert!(error.contains("redirects"), "{error}");
    }
    assert_eq!(net.log().len(), 4);
}

#[tokio::test]
async fn sec_06_a_private_address_is_refused_unless_the_target_allows_it() {
    let net = Internet::start().await;
    net.always("hook.example", "/in", Reply::status(204));
    let port = net.address().port();
    for url in [
        "http://hook.example/in".to_owned(),
        format!("http://127.0.0.1:{port}/in"),
        "http://[::ffff:7f00:1]/".to_owned(),
    ] {
        let mut target = hook("desk", &url);
        target.allow_private = Vec::new();
        let error = error(send(&net, &target).await);
        assert!(
            error.contains("private") && error.contains("[[notify]]"),
            "{error}"
        );
        assert!(!error.contains("/in"), "{error}");
    }
    assert_eq!(net.log().len(), 0);
}

#[tokio::test]
async fn sec_05_an_answer_without_an_end_and_none_at_all_end() {
    let net = Internet::start().await;
    let endless = Reply::status(200)
        .body(vec![b'x'; 1 << 20])
        .framing(Framing::Drip(Duration::from_secs(5)));
    net.always("endless.example", "/", endless);
    assert_eq!(
        send(&net, &hook("a", "http://endless.example/")).await,
        Attempt::Sent
    );
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", silent.local_addr().unwrap());
    let error = error(send(&net, &hook("b", &url)).await);
    assert!(error.contains("in time"), "{error}");
}

#[tokio::test]
async fn each_service_gets_its_request() {
    let net = Internet::start().await;
    let (server, token) = (
        WebUrl::parse("http://chat.example/").unwrap(),
        Secret::new("t0ken"),
    );
    let room = "/_matrix/client/v3/rooms/!r:x/send/m.room.message/msg_1";
    for path in ["/", "/slack", "/discord", "/apprise", room] {
        net.always("chat.example", path, Reply::status(200));
    }
    let at = |path: &str| server.join(path).unwrap();
    for (destination, method, path, field) in [
        (
            Destination::Ntfy {
                server: server.clone(),
                topic: "news".to_owned(),
                token: Some(token.clone()),
            },
            "POST",
            "/",
            "topic",
        ),
        (Destination::Slack(at("slack")), "POST", "/slack", "blocks"),
        (
            Destination::Discord(at("discord")),
            "POST",
            "/discord",
            "embeds",
        ),
        (
            Destination::Apprise(at("apprise")),
            "POST",
            "/apprise",
            "body",
        ),
        (
            Destination::Matrix {
                server: server.clone(),
                room: "!r:x".to_owned(),
                token: token.clone(),
            },
            "PUT",
            room,
            "formatted_body",
        ),
    ] {
        net.forget();
        let has_token = matches!(
            destination,
            Destination::Ntfy { .. } | Destination::Matrix { .. }
        );
        assert_eq!(
            send(&net, &to("chat", destination)).await,
            Attempt::Sent,
            "{path}"
        );
        let request = net.log().remove(0).request;
        assert_eq!(
            (request.method.as_str(), request.path.as_str()),
            (method, path)
        );
        let sent = request.header("authorization");
        assert_eq!(sent, has_token.then_some("Bearer t0ken"), "{path}");
        let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
        assert!(!body[field].is_null(), "{path}: {body}");
    }
}

/// A store with a polled feed, and its notifier.
pub fn run(
    net: &Internet,
    targets: Vec<Target>,
) -> (
    StoreFixture,
    FeedRow,
    tokio::task::JoinHandle<()>,
    watch::Sender<Seq>,
) {
    let fixture = StoreFixture::new();
    let feed = fixture.subscribe("a.example");
    fixture.put(feed, Vec::new());
    fixture
        .store
        .set_targets(targets.iter().map(Target::to_outbox).collect())
        .unwrap();
    let notifier = Notifier {
        store: Arc::clone(&fixture.store),
        fetcher: fetcher(net),
        clock: fixture.clock.clone(),
        state: NotifierState::default(),
    };
    let (sequence, changes) = watch::channel(Seq::default());
    let task = tokio::spawn(async move {
        let (_keep, targets) = watch::channel(Arc::new(targets));
        notifier.run(targets, changes).await.unwrap();
    });
    (fixture, feed, task, sequence)
}

/// Answers with a status and tells the test.
fn heard(net: &Internet, host: &str, status: u16) -> mpsc::UnboundedReceiver<String> {
    let (tell, heard) = mpsc::unbounded_channel();
    net.on(host, "/", move |request| {
        tell.send(request.header("webhook-id").unwrap_or_default().to_owned())
            .unwrap();
        Reply::status(status)
    });
    heard
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_target_that_never_answers_delays_no_other() {
    let net = Internet::start().await;
    let mut quick = heard(&net, "quick.example", 200);
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let slow = format!("http://{}/", silent.local_addr().unwrap());
    let (fixture, feed, task, sequence) = run(
        &net,
        vec![hook("slow", &slow), hook("quick", "http://quick.example/")],
    );
    for n in 1..=5 {
        let body = format!("word{n} is the only word of article {n} that counts {n}");
        sequence.send_replace(fixture.put(
            feed,
            vec![draft("a.example", n, &format!("Title{n}"), &body)],
        ));
        assert!(quick.recv().await.unwrap().starts_with("msg_"));
    }
    task.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_target_that_answers_410_is_switched_off() {
    let net = Internet::start().await;
    let mut gone = heard(&net, "gone.example", 410);
    let mut other = heard(&net, "other.example", 200);
    let (fixture, feed, task, sequence) = run(
        &net,
        vec![
            hook("gone", "http://gone.example/"),
            hook("other", "http://other.example/"),
        ],
    );
    sequence.send_replace(fixture.put(
        feed,
        vec![draft(
            "a.example",
            1,
            "One",
            "The first story is about bread",
        )],
    ));
    gone.recv().await.unwrap();
    other.recv().await.unwrap();
    // The next event reaches the other only.
    let off = || fixture.store.reads().outbox_status().unwrap()[0].clone();
    while off().state != "off" {
        tokio::task::yield_now().await;
    }
    assert!(off().reason.unwrap().contains("HTTP 410"));
    sequence.send_replace(fixture.put(
        feed,
        vec![draft(
            "a.example",
            2,
            "Two",
            "Another one tells of ships and storms",
        )],
    ));
    other.recv().await.unwrap();
    assert!(gone.try_recv().is_err());
    task.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_gets_a_line_per_event() {
    let net = Internet::start().await;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("events.jsonl");
    let (fixture, feed, task, sequence) =
        run(&net, vec![to("log", Destination::File(path.clone()))]);
    let drafts = (1..=3).map(|n| {
        draft(
            "a.example",
            n,
            &format!("Title{n}"),
            &format!("word{n} alone {n}"),
        )
    });
    sequence.send_replace(fixture.put(feed, drafts.collect()));
    while fixture.store.reads().outbox_status().unwrap()[0].sent < 3 {
        tokio::task::yield_now().await;
    }
    let text = std::fs::read_to_string(&path).unwrap();
    let events: Vec<serde_json::Value> = text
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    assert_eq!(events.len(), 3);
    assert!(
        events
            .iter()
            .all(|e| e["type"] == "story.new" && e["id"].as_str().unwrap().starts_with("msg_"))
    );
    task.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_per_hour_and_quiet_hours_delay_what_waits() {
    let net = Internet::start().await;
    let mut rated = heard(&net, "rated.example", 200);
    let mut quiet = heard(&net, "quiet.example", 200);
    let mut target = hook("rated", "http://rated.example/");
    target.per_hour = Some(1);
    let mut other = hook("quiet", "http://quiet.example/");
    other.quiet = Quiet::parse("11:00-13:00", jiff::tz::TimeZone::UTC);
    let (fixture, feed, task, sequence) = run(&net, vec![other, target]);
    let story = |n: usize| {
        draft(
            "a.example",
            n,
            &format!("Title{n}"),
            &format!("word{n} alone {n}"),
        )
    };
    sequence.send_replace(fixture.put(feed, vec![story(1), story(2)]));
    let first = rated.recv().await.unwrap();
    let status = |n: usize| fixture.store.reads().outbox_status().unwrap().remove(n);
    while status(1).sent == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(
        (status(0).waiting, status(0).sent, status(1).waiting),
        (2, 0, 1)
    );
    assert!(quiet.try_recv().is_err() && rated.try_recv().is_err());
    // Two hours later.
    fixture.clock.advance(Duration::from_secs(7200));
    sequence.send_replace(fixture.put(feed, vec![story(3)]));
    assert_ne!(rated.recv().await.unwrap(), first);
    for _ in 0..3 {
        quiet.recv().await.unwrap();
    }
    assert!(rated.try_recv().is_err());
    task.abort();
}
