//! Subscriptions by command: import and export, add and fetch over loopback, set, pause, remove.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;

use newswire::clock::Clock;

use super::filled;
use crate::support::cli_home::{CliHome, NOW, exists, time};
use crate::support::{Item, rss};

const OPML: &str = r#"<?xml version="1.0"?>
<opml version="2.0"><head><title>mine</title></head><body>
<outline text="News"><outline text="World">
  <outline type="rss" text="The Argus" xmlUrl="https://argus.example/feed" htmlUrl="https://argus.example/"/>
</outline></outline>
<outline type="rss" text="LWN &amp; friends" xmlUrl="https://lwn.example/rss"/>
</body></opml>"#;

#[test]
fn a_second_import_changes_nothing() {
    let home = CliHome::empty();
    home.write("subs.opml", OPML);
    let first = home.run(&["import", "subs.opml"]);
    first.exits(0);
    assert!(first.err.contains("2 feeds: 2 new"), "{}", first.err);
    let feeds = home.run(&["feeds", "--json"]).out;
    let again = home.run_with(&["import", "-"], OPML.as_bytes());
    again.exits(0);
    assert!(
        again.err.contains("0 new, 2 already known"),
        "{}",
        again.err
    );
    assert_eq!(home.run(&["feeds", "--json"]).out, feeds);
    let feeds = home.run(&["feeds", "--json"]).json();
    let argus = feeds.iter().find(|f| f["title"] == "The Argus").unwrap();
    assert_eq!(argus["folder"], "News/World");
    assert_eq!(argus["tags"], serde_json::json!(["News", "World"]));
    assert_eq!(
        argus["last_poll"],
        serde_json::Value::Null,
        "it subscribes and does not poll"
    );
}

#[test]
fn sec_17_a_malformed_list_is_taken_as_a_whole_or_not_at_all() {
    let home = CliHome::empty();
    home.write("broken.opml", &OPML.replace("</body>", ""));
    let ran = home.run(&["import", "broken.opml"]);
    ran.exits(65);
    assert!(
        ran.err.contains("line ") && ran.err.contains("column "),
        "{}",
        ran.err
    );
    home.write("feed.xml", &rss("x", &[]));
    home.run(&["import", "feed.xml"]).exits(65);
    assert!(!exists(&home.db()));
}

#[test]
fn sec_17_outlines_that_are_never_asked_are_told_and_the_rest_is_taken() {
    let home = CliHome::empty();
    home.write(
        "subs.opml",
        &OPML.replace("https://lwn.example/rss", "exec:rm -rf /"),
    );
    let ran = home.run(&["import", "subs.opml"]);
    ran.exits(3);
    assert!(
        ran.err.contains("skipped line 6 (\"LWN & friends\"): "),
        "{}",
        ran.err
    );
    assert_eq!(home.run(&["feeds", "--json"]).json().len(), 1);
}

#[test]
fn what_is_exported_is_imported_as_it_was() {
    let home = filled();
    let opml = home.run(&["export"]).exits(0).to_owned();
    // Another reader's own attributes come back out.
    let opml = opml.replacen(" xmlUrl", " maxItems=\"3\" xmlUrl", 1);
    let other = CliHome::empty();
    other.run_with(&["import", "-"], opml.as_bytes()).exits(0);
    let again = other.run(&["export"]).exits(0).to_owned();
    assert_eq!(again.matches("xmlUrl").count(), 2);
    assert_eq!(again.matches("maxItems=\"3\"").count(), 1);
    other.run_with(&["import", "-"], again.as_bytes()).exits(0);
    assert_eq!(other.run(&["export"]).exits(0), again);
    let json: serde_json::Value =
        serde_json::from_str(home.run(&["export", "--format", "json"]).exits(0)).unwrap();
    assert_eq!(json[0]["url"], "https://argus.example/feed");
    assert_eq!(json[0]["folder"], "news/world");
}

#[test]
fn a_feed_line_has_the_fields_of_the_contract_first() {
    let home = filled();
    let feed = home.run(&["feeds", "--json"]).json().remove(0);
    let keys: Vec<&String> = feed.as_object().unwrap().keys().take(13).collect();
    assert_eq!(
        keys,
        [
            "id",
            "url",
            "title",
            "site",
            "folder",
            "tags",
            "state",
            "last_poll",
            "last_success",
            "next_poll",
            "failures",
            "last_error",
            "articles"
        ]
    );
    assert_eq!(
        (&feed["state"], &feed["articles"]),
        (&"ok".into(), &3.into())
    );
    let why = home
        .run(&["feeds", "--json", "--why-next"])
        .json()
        .remove(0);
    assert_eq!(why["why_next"], "hourly, as planned");
    assert_eq!(home.run(&["feeds", "--failing"]).exits(0), "");
    let full = home.run(&["feed", "argus"]).exits(0).to_owned();
    for part in [
        "\"v1\"",
        "Hourly, as planned",
        "a bad date was left out",
        "news/world",
        "document",
    ] {
        assert!(full.contains(part), "{part}: {full}");
    }
}

#[test]
fn a_subscription_is_set_paused_resumed_and_removed() {
    let home = filled();
    let feed = |home: &CliHome| {
        home.run(&["feed", "https://argus.example/feed", "--json"])
            .json()
            .remove(0)
    };
    home.run(&[
        "set",
        "argus",
        "title=Morning Argus",
        "tags=a, b",
        "interval=2h",
        "folder=",
    ])
    .exits(0);
    let changed = feed(&home);
    assert_eq!(changed["title"], "Morning Argus");
    assert_eq!(changed["tags"], serde_json::json!(["a", "b"]));
    assert_eq!(
        (&changed["interval_s"], &changed["folder"]),
        (&7200.into(), &serde_json::Value::Null)
    );
    home.run(&["pause", "argus", "herald"]).exits(0);
    assert_eq!(feed(&home)["state"], "paused");
    home.run(&["resume", "argus"]).exits(0);
    assert_eq!(feed(&home)["state"], "ok");
    let gone = home.run(&["remove", "argus"]);
    gone.exits(0);
    assert!(gone.err.contains("; kept 3 articles"), "{}", gone.err);
    assert_eq!(home.run(&["feeds", "--json"]).json().len(), 1);
    assert_eq!(home.run(&["list", "--json"]).json().len(), 4);
}

#[test]
fn what_the_file_declares_is_changed_in_the_file() {
    let home = filled();
    home.configure("[[feed]]\nurl = \"https://argus.example/feed\"\ntitle = \"Declared\"\n");
    for args in [
        &["remove", "argus"][..],
        &["pause", "argus"],
        &["set", "argus", "title=x"],
    ] {
        let ran = home.run(args);
        ran.exits(1);
        assert!(ran.err.contains("newswire.toml"), "{}", ran.err);
    }
    assert_eq!(
        home.run(&["feeds", "--json"]).json()[0]["title"],
        "Declared"
    );
}

/// A server on loopback that gives these documents by path, until the test ends.
pub fn serve(documents: HashMap<&'static str, (&'static str, String)>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap())
                .lines()
                .map_while(Result::ok);
            let path = lines
                .next()
                .unwrap_or_default()
                .split(' ')
                .nth(1)
                .unwrap_or_default()
                .to_owned();
            for _ in lines.by_ref().take_while(|line| !line.is_empty()) {}
            let answer = match documents.get(path.as_str()) {
                Some((kind, body)) => format!(
                    "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                    body.len()
                ),
                None => "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                    .to_owned(),
            };
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    format!("http://{address}")
}

fn online() -> (CliHome, String) {
    let home = CliHome::empty();
    home.configure(
        "[fetch]\nallow_private = [\"127.0.0.0/8\"]\nhost_delay = \"0s\"\n[schedule]\nmanual_interval = \"0s\"\n",
    );
    let link = |path: &str| {
        format!("<link rel=alternate type=application/rss+xml title=\"{path}\" href=\"{path}\">")
    };
    let feed = |title: &str| rss(title, &[Item::numbered(title, 1), Item::numbered(title, 2)]);
    let base = serve(HashMap::from([
        ("/a.xml", ("application/rss+xml", feed("argus.example"))),
        ("/b.xml", ("application/rss+xml", feed("herald.example"))),
        (
            "/page",
            (
                "text/html",
                format!("<html><head>{}</head></html>", link("/a.xml")),
            ),
        ),
        (
            "/both",
            (
                "text/html",
                format!(
                    "<html><head>{}{}</head></html>",
                    link("/a.xml"),
                    link("/b.xml")
                ),
            ),
        ),
        ("/subs", ("text/x-opml", OPML.to_owned())),
    ]));
    (home, base)
}

#[test]
fn a_feed_or_the_feed_of_a_page_is_added_and_polled_once() {
    let (home, base) = online();
    let added = home.run(&[
        "add",
        &format!("{base}/page"),
        "--tag",
        "x",
        "--folder",
        "news",
    ]);
    assert!(added.exits(0).contains("2 articles"), "{added:?}");
    let feed = home.run(&["feeds", "--json"]).json().remove(0);
    assert_eq!(feed["url"], format!("{base}/a.xml"));
    assert_eq!(
        (&feed["folder"], &feed["tags"]),
        (&"news".into(), &serde_json::json!(["x"]))
    );
    let again = home.run(&["add", &format!("{base}/a.xml")]);
    assert!(again.exits(0).contains("already subscribed"), "{again:?}");
    let several = home.run(&["add", &format!("{base}/both")]);
    several.exits(3);
    assert!(
        several.err.contains("/a.xml") && several.err.contains("/b.xml"),
        "{}",
        several.err
    );
    let missing = home.run(&["add", &format!("{base}/none"), &format!("{base}/b.xml")]);
    missing.exits(3);
    assert!(
        missing.out.contains("/b.xml") && missing.err.contains("/none"),
        "{missing:?}"
    );
    assert_eq!(home.run(&["feeds", "--json"]).json().len(), 2);
}

#[test]
fn a_pass_reports_in_the_shape_of_the_contract() {
    let (home, base) = online();
    let outline = |path: &str| format!("<outline type=\"rss\" xmlUrl=\"{base}{path}\"/>");
    let opml = format!(
        "<opml version=\"2.0\"><body>{}{}</body></opml>",
        outline("/a.xml"),
        outline("/none")
    );
    home.run_with(&["import", "-"], opml.as_bytes()).exits(0);
    let ran = home.run(&["fetch", "--json"]);
    ran.exits(3);
    let report: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let keys: Vec<&String> = report.as_object().unwrap().keys().take(10).collect();
    assert_eq!(
        keys,
        [
            "feeds",
            "fetched",
            "not_modified",
            "failed",
            "skipped",
            "articles_new",
            "articles_changed",
            "bytes",
            "seconds",
            "failures"
        ]
    );
    assert_eq!(
        (&report["feeds"], &report["failed"], &report["articles_new"]),
        (&2.into(), &1.into(), &2.into())
    );
    assert_eq!(report["failures"][0]["kind"], "not_found");
    assert_eq!(ran.err, "");
    let again = home.run(&["fetch", "--all"]);
    assert!(
        again.err.contains("failed: ") && again.err.contains("2 feeds: "),
        "{}",
        again.err
    );
    home.run(&["fetch", "a.xml"]).exits(0);
    assert_eq!(home.run(&["feeds", "--failing", "--json"]).json().len(), 1);
}

#[test]
fn a_list_is_imported_from_its_url() {
    let (home, base) = online();
    home.run(&["import", &format!("{base}/subs")]).exits(0);
    assert_eq!(home.run(&["feeds", "--json"]).json().len(), 2);
    home.run(&["import", &format!("{base}/none")]).exits(66);
}

#[test]
fn sec_14_names_of_feeds_are_clean_when_they_come_in() {
    let home = CliHome::empty();
    let list = "<opml><body><outline text=\"A\u{202e}B\"><outline text=\"T\u{202e}x&#10;y\" \
                xmlUrl=\"https://a.example/f\"/></outline></body></opml>";
    home.run_with(&["import", "-"], list.as_bytes()).exits(0);
    let clock = Clock::manual(time(NOW));
    let named = |home: &CliHome| home.store(&clock).reads().feeds().unwrap().remove(0);
    let feed = named(&home);
    assert_eq!(
        (feed.title.as_str(), feed.folder.as_deref()),
        ("Tx y", Some("AB"))
    );
    home.run(&[
        "set",
        "a.example",
        "title=C\u{202e}\u{1b}D",
        "tags=e\u{9b}f,\u{202e}",
        "folder=\u{202e}",
    ])
    .exits(0);
    let feed = named(&home);
    assert_eq!((feed.title.as_str(), feed.folder), ("CD", None));
    assert_eq!(feed.tags, ["ef"]);
}
