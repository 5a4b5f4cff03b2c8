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

/// URL, how its server answers if there is one, what the state says, what there is to do.
type Failure = (&'static str, Option<Reply>, &'static str, &'static str);

fn failures() -> Vec<Failure> {
    let hang = Reply::feed("x".repeat(60)).framing(Framing::Drip(Duration::from_secs(1)));
    let huge = Reply::feed("").framing(Framing::Claim(1 << 40));
    let page = "another feed: `newswire add http";
    let row = |url, reply, what, todo| (url, Some(reply), what, todo);
    let status = |url, status, what, todo| row(url, Reply::status(status), what, todo);
    vec![
        status(
            "http://lost.example/feed",
            404,
            "no such document",
            "looks for one",
        ),
        status(
            "http://ended.example/feed",
            410,
            "removed the document",
            "polled once more",
        ),
        status(
            "http://members.example/feed",
            401,
            "user name",
            "password_file",
        ),
        status(
            "http://closed.example/feed",
            403,
            "denies access",
            "fetch.contact",
        ),
        status("http://law.example/feed", 451, "legal", "may not serve it"),
        status(
            "http://busy.example/feed",
            429,
            "fewer requests",
            "interval=6h",
        ),
        status(
            "http://down.example/feed",
            503,
            "asked later",
            "under maintenance",
        ),
        status(
            "http://broken.example/feed",
            500,
            "has a server error",
            "tell the publisher",
        ),
        status("http://odd.example/feed", 418, "unexpected", "in a browser"),
        row(
            "http://page.example/feed",
            Reply::feed(PAGE),
            "not a feed",
            page,
        ),
        row(
            "http://circle.example/feed",
            Reply::redirect(301, "/feed"),
            "loop",
            "add that address",
        ),
        row(
            "http://huge.example/feed",
            huge,
            "limit",
            "fetch.max_body_bytes",
        ),
        row("http://slow.example/feed", hang, "in time", "fetch.timeout"),
        ("https://plain.example/feed", None, "TLS", "fetch.extra_ca"),
        (
            "http://nowhere.example/feed",
            None,
            "nowhere.example",
            "spelled right",
        ),
        (
            "http://10.0.0.1/feed",
            None,
            "10.0.0.1",
            "fetch.allow_private",
        ),
    ]
}

#[tokio::test]
async fn every_kind_of_failure_is_told_with_its_next_try_and_what_to_do() {
    let net = Internet::start().await;
    let failures = failures();
    for (url, reply, ..) in &failures {
        let host = url.split('/').nth(2).unwrap();
        if let Some(reply) = reply {
            net.always(host, "/feed", reply.clone());
        }
    }
    net.always("plain.example", "/feed", Reply::status(200));
    let app = EndToEnd::with(&net, quick);
    app.subscribe(&failures.iter().map(|f| f.0).collect::<Vec<_>>());
    assert_eq!(app.pass_due().await.failed, failures.len());

    let told = newswire(&app, &["feeds", "--failing"]);
    let of = |url: &str| {
        let address = format!("  {url}\n");
        let paragraph = told.split("\n\n").find(|p| p.contains(&address));
        paragraph.unwrap_or_else(|| panic!("{url} is missing in {told}"))
    };
    for (url, _, what, todo) in &failures {
        let paragraph = of(url);
        for part in [*what, todo, "once; no success yet", "next try", "(in "] {
            assert!(paragraph.contains(part), "{part:?} is missing: {paragraph}");
        }
    }
    assert!(of("http://lost.example/feed").contains("(in 24 h); daily for two weeks"));
    assert_eq!(of("http://slow.example/feed").lines().count(), 6);

    let lines = newswire(&app, &["feeds", "--failing", "--json"]);
    assert_eq!(lines.lines().count(), failures.len());
    assert!(lines.lines().all(|l| l.contains("\"what_to_do\":\"")));
    let one = newswire(&app, &["feed", "members.example"]);
    for part in ["what to do", "password_file", "next try"] {
        assert!(one.contains(part), "{part:?} is missing: {one}");
    }
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
