//! What an operator reads of a feed that fails: what happened, since when, when it is tried again, and what to do, for
//! each kind in words of its own.

use std::process::Command;
use std::time::Duration;

use newswire::fetch::FetchOptions;

use crate::support::{EndToEnd, Framing, Internet, Reply};

const PAGE: &str =
    "<!doctype html><html><head><title>Welcome</title></head><body><p>Welcome</p></body></html>";

/// What the binary prints of the app's store at its present time.
fn newswire(app: &EndToEnd, args: &[&str]) -> String {
    let ran = Command::new(env!("CARGO_BIN_EXE_newswire"))
        .args(["--now", &app.clock.now().to_string()])
        .arg("--db")
        .arg(app.db())
        .args(args)
        .env_clear()
        .env("HOME", app.dir.path())
        .env("TZ", "UTC")
        .output()
        .unwrap();
    assert!(ran.status.success(), "{ran:?}");
    String::from_utf8(ran.stdout).unwrap()
}

fn quick(options: &mut FetchOptions) {
    options.timeout_total = Duration::from_millis(700);
    options.redirects_max = 2;
}

#[tokio::test]
async fn every_kind_of_failure_is_told_with_its_next_try_and_what_to_do() {
    let net = Internet::start().await;
    let hang = Reply::feed("x".repeat(60)).framing(Framing::Drip(Duration::from_secs(1)));
    let huge = Reply::feed("").framing(Framing::Claim(1 << 40));
    // Host, its answer, what the state says, what there is to do.
    let cases = [
        (
            "lost.example",
            Reply::status(404),
            "no such document",
            "looks for one",
        ),
        (
            "ended.example",
            Reply::status(410),
            "removed the document",
            "polled once more",
        ),
        (
            "members.example",
            Reply::status(401),
            "user name",
            "password_file",
        ),
        (
            "closed.example",
            Reply::status(403),
            "denies access",
            "fetch.contact",
        ),
        (
            "law.example",
            Reply::status(451),
            "legal",
            "may not serve it",
        ),
        (
            "busy.example",
            Reply::status(429),
            "fewer requests",
            "interval=6h",
        ),
        (
            "down.example",
            Reply::status(503),
            "asked later",
            "under maintenance",
        ),
        (
            "broken.example",
            Reply::status(500),
            "has a server error",
            "tell the publisher",
        ),
        (
            "odd.example",
            Reply::status(418),
            "unexpected",
            "in a browser",
        ),
        (
            "page.example",
            Reply::feed(PAGE),
            "not a feed",
            "another feed: `newswire add http",
        ),
        (
            "circle.example",
            Reply::redirect(301, "/feed"),
            "loop",
            "add that address",
        ),
        ("huge.example", huge, "limit", "fetch.max_body_bytes"),
        ("slow.example", hang, "in time", "fetch.timeout"),
    ];
    for (host, reply, ..) in &cases {
        net.always(host, "/feed", reply.clone());
    }
    net.always("plain.example", "/feed", Reply::status(200));
    let app = EndToEnd::with(&net, quick);
    let mut urls: Vec<String> = cases
        .iter()
        .map(|c| format!("http://{}/feed", c.0))
        .collect();
    let further = [
        ("https://plain.example/feed", "TLS", "fetch.extra_ca"),
        (
            "http://nowhere.example/feed",
            "nowhere.example",
            "spelled right",
        ),
        ("http://10.0.0.1/feed", "10.0.0.1", "fetch.allow_private"),
    ];
    urls.extend(further.iter().map(|f| f.0.to_owned()));
    app.subscribe(&urls.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(app.pass_due().await.failed, urls.len());

    let told = newswire(&app, &["feeds", "--failing"]);
    let of = |url: &str| {
        let paragraph = told
            .split("\n\n")
            .find(|p| p.contains(&format!("  {url}\n")));
        paragraph
            .unwrap_or_else(|| panic!("{url} is missing in {told}"))
            .to_owned()
    };
    let expected = cases
        .iter()
        .map(|c| (format!("http://{}/feed", c.0), c.2, c.3));
    let expected = expected.chain(further.iter().map(|f| (f.0.to_owned(), f.1, f.2)));
    for (url, what, todo) in expected {
        let paragraph = of(&url);
        for part in [what, todo, "once; no success yet", "next try", "(in "] {
            assert!(
                paragraph.contains(part),
                "{part:?} is missing in {paragraph}"
            );
        }
    }
    assert!(of("http://lost.example/feed").contains("(in 24 h); daily for two weeks"));
    assert_eq!(of("http://slow.example/feed").lines().count(), 6);

    let line = newswire(&app, &["feeds", "--failing", "--json"]);
    assert_eq!(line.lines().count(), urls.len());
    assert!(line.lines().all(|l| l.contains("\"what_to_do\":\"")));
    let one = newswire(&app, &["feed", "members.example"]);
    assert!(
        one.contains("what to do") && one.contains("password_file") && one.contains("next try"),
        "{one}"
    );
}

#[tokio::test]
async fn et_33_a_feed_that_is_gone_says_how_to_ask_once_more() {
    let net = Internet::start().await;
    net.always("ended.example", "/feed", Reply::status(410));
    let app = EndToEnd::new(&net);
    app.subscribe(&["http://ended.example/feed"]);
    for _ in 0..2 {
        assert_eq!(app.pass_due().await.failed, 1);
        app.hours(25);
    }
    let told = newswire(&app, &["feeds", "--failing"]);
    for part in [
        "gone: ",
        "2 times in a row",
        "next try    never",
        "newswire resume",
    ] {
        assert!(told.contains(part), "{part:?} is missing in {told}");
    }
    app.hours(24 * 400);
    assert_eq!(app.pass_due().await.feeds, 0, "never asked again");
    assert_eq!(net.log().len(), 2);
}
