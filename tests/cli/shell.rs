//! The daily hands of a reader at a shell: filters by sighting, publication and folder, names by their beginnings, a browser,
//! and what `add`, `parse` and `set` say of a feed on loopback.

use std::collections::HashMap;

use newswire::clock::Clock;
use newswire::model::Draft;

use super::filled;
use super::subscriptions::serve;
use crate::support::cli_home::{CliHome, draft, poll, subscribe, time};
use crate::support::{Item, rss};

fn titles(home: &CliHome, args: &[&str]) -> Vec<String> {
    let rows = home.run(&[args, &["--json"]].concat()).json();
    let title = |row: &serde_json::Value| row["title"].as_str().unwrap().to_owned();
    rows.iter().map(title).collect()
}

/// A home with a feed whose backlog is a year old, and one more item a day later.
fn backlog() -> CliHome {
    let home = CliHome::empty();
    let clock = Clock::manual(time("2030-01-08T12:00:00Z"));
    let store = home.store(&clock);
    let feed = subscribe(&store, "argus.example", "The Argus");
    let dated = |n, title, published| Draft {
        published: Some(time(published)),
        ..draft("argus.example", n, title, title)
    };
    let old = vec![
        dated(1, "Old", "2029-01-01T00:00:00Z"),
        dated(2, "Recent", "2030-01-08T10:00:00Z"),
    ];
    poll(&store, &clock, feed, old);
    clock.advance(std::time::Duration::from_secs(86_400));
    let late = dated(3, "Late", "2029-06-01T00:00:00Z");
    poll(
        &store,
        &clock,
        feed,
        vec![late, draft("argus.example", 4, "Undated", "x")],
    );
    home
}

#[test]
fn what_was_seen_or_published_since_is_asked_for_by_itself() {
    let home = backlog();
    for command in ["list", "search"] {
        for copies in [&[][..], &["--copies"]] {
            let asked = |args: &[&str]| {
                let expr: &[&str] = if command == "search" {
                    &["feed:argus"]
                } else {
                    &[]
                };
                let mut titles = titles(&home, &[&[command], expr, args, copies].concat());
                titles.sort();
                titles
            };
            let all = ["Late", "Old", "Recent", "Undated"];
            assert_eq!(asked(&["--seen-since", "3d"]), all);
            assert_eq!(asked(&["--seen-since", "2030-01-09"]), ["Late", "Undated"]);
            assert_eq!(asked(&["--published-since", "2030-01-01"]), ["Recent"]);
            assert_eq!(
                asked(&["--published-since", "2029-03-01"]),
                ["Late", "Recent"]
            );
            let arrived = asked(&["--since", "2030-01-01"]);
            assert_eq!(arrived, ["Late", "Recent", "Undated"]);
        }
    }
    let newest = titles(&home, &["list", "--seen-since", "2030-01-09", "-n", "1"]);
    assert_eq!(newest, ["Undated"], "in the order of the river");
}

#[test]
fn lists_are_narrowed_by_tag_and_folder() {
    let home = filled();
    home.run(&["set", "herald", "folder=sport", "tags=weekly"])
        .exits(0);
    for (option, value, stories) in [
        ("--folder", "news", 3),
        ("--folder", "News/World/", 3),
        ("--tag", "daily", 3),
        ("--tag", "news/world", 3),
        ("--folder", "sport", 2),
        ("--tag", "weekly", 2),
    ] {
        let found = titles(&home, &["list", option, value]);
        assert_eq!(found.len(), stories, "{option} {value}");
        let copies = titles(&home, &["list", "--copies", option, value]);
        assert_eq!(copies.len(), stories, "{option} {value}");
        let boats = titles(&home, &["search", "boats", option, value]);
        assert_eq!(boats, ["Boats come in"], "{option} {value}");
        assert_eq!(titles(&home, &["feeds", option, value]).len(), 1);
    }
    let both = ["list", "--folder", "sport", "--tag", "daily"];
    assert!(titles(&home, &both).is_empty());
    home.run(&["list", "--folder", "new"]).exits(66);
}

#[test]
fn a_story_is_named_by_four_characters_that_only_it_has() {
    let home = filled();
    let list = home.run(&["ls", "title:boats", "--json"]).json();
    let id = list[0]["id"].as_str().unwrap();
    for command in ["show", "explain"] {
        let shown = home
            .run(&[command, id.get(..4).unwrap()])
            .exits(0)
            .to_owned();
        assert!(shown.contains("Boats come in"), "{shown}");
    }
    let many = CliHome::empty();
    let clock = Clock::manual(time("2030-01-10T08:00:00Z"));
    let store = many.store(&clock);
    let feed = subscribe(&store, "argus.example", "The Argus");
    let drafts = (0..2000).map(|n| {
        draft(
            "argus.example",
            n,
            &format!("Story {n}"),
            &format!("text {n}"),
        )
    });
    poll(&store, &clock, feed, drafts.collect());
    drop(store);
    let ids = many.run(&["list", "--format", "ids"]).exits(0).to_owned();
    let mut beginnings: Vec<&str> = ids.lines().map(|id| id.get(..4).unwrap()).collect();
    beginnings.sort_unstable();
    let twice = beginnings.windows(2).find(|two| two[0] == two[1]).unwrap()[0];
    let ran = many.run(&["show", twice]);
    ran.exits(2);
    let candidates = ran.err.lines().filter(|l| l.trim().starts_with(twice));
    assert!(
        candidates.count() >= 2 && ran.err.contains("Story "),
        "{ran:?}"
    );
}

#[test]
fn a_page_is_opened_by_the_browser_that_is_named_or_printed() {
    let home = filled();
    let page = "https://argus.example/articles/1?utm_source=rss";
    let printed = home.run(&["open", page]);
    assert_eq!(printed.exits(0), format!("{page}\n"), "no program is found");
    // The program itself stands for a browser: it shows the story at the URL.
    let program = env!("CARGO_BIN_EXE_newswire");
    let db = home.db();
    let browser = format!("none-such:{program} --db {} show %s --text", db.display());
    let mut command = home.command(&["open", page]);
    let output = command.env("BROWSER", browser).output().unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(shown.starts_with("word0 word1"), "{shown}");
}

fn online() -> (CliHome, String) {
    let home = CliHome::empty();
    home.configure("[fetch]\nallow_private = [\"127.0.0.0/8\"]\nhost_delay = \"0s\"\n");
    let whole = rss(
        "a.example",
        &[
            Item::numbered("a.example", 1),
            Item::numbered("a.example", 2),
        ],
    );
    let end = whole.rfind("<item>").unwrap() + 20;
    let kind = "application/rss+xml";
    let base = serve(HashMap::from([
        ("/cut.xml", (kind, whole.get(..end).unwrap().to_owned())),
        ("/none.xml", (kind, rss("b.example", &[]))),
        (
            "/slow.xml",
            (kind, whole.replace("<item>", "<ttl>60</ttl><item>")),
        ),
        ("/zero.xml", (kind, String::new())),
        ("/text.txt", ("text/plain", "hello".to_owned())),
        ("/whole.xml", (kind, whole)),
    ]));
    (home, base)
}

#[test]
fn adding_a_broken_or_empty_document_says_so_and_ends_with_3() {
    let (home, base) = online();
    for (path, says, feeds) in [
        ("/cut.xml", "breaks off", 1),
        ("/none.xml", "lists no articles", 2),
        ("/zero.xml", "the answer is empty", 2),
        ("/text.txt", "neither a feed nor a page", 2),
    ] {
        let ran = home.run(&["add", &format!("{base}{path}")]);
        ran.exits(3);
        assert!(format!("{}{}", ran.out, ran.err).contains(says), "{ran:?}");
        assert_eq!(home.run(&["feeds", "--json"]).json().len(), feeds, "{path}");
    }
    let json = home.run(&[
        "add",
        "--json",
        &format!("{base}/whole.xml"),
        &format!("{base}/none"),
    ]);
    json.exits(3);
    let told: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(
        (&told["feeds"][0]["articles"], &told["feeds"][0]["new"]),
        (&2.into(), &true.into())
    );
    assert_eq!(told["failed"][0]["url"], format!("{base}/none"));
    assert_eq!(json.err, "");
}

#[test]
fn a_url_is_parsed_without_being_stored() {
    let (home, base) = online();
    let parsed = home.run(&["parse", &format!("{base}/whole.xml")]).json();
    assert_eq!(parsed[0]["entries"].as_array().unwrap().len(), 2);
    assert!(!home.db().exists());
    home.run(&["parse", &format!("{base}/text.txt")]).exits(65);
    home.run(&["parse", &format!("{base}/none")]).exits(66);
}

#[test]
fn an_interval_that_the_server_overrides_says_so_at_once() {
    let (home, base) = online();
    home.run(&["add", &format!("{base}/slow.xml")]).exits(0);
    let short = home.run(&["set", "slow.xml", "interval=10m"]);
    short.exits(0);
    for part in [
        "interval=10m",
        "ttl 60 min",
        "no poll before 2030-01-10 13:00 UTC (in 60 min)",
    ] {
        assert!(short.err.contains(part), "{}", short.err);
    }
    let long = home.run(&["set", "slow.xml", "interval=2h"]);
    assert!(!long.err.contains("ttl"), "{}", long.err);
    let why = home.run(&["feeds", "--why-next"]).exits(0).to_owned();
    assert!(
        why.contains("It publishes about 0.3 articles a day"),
        "{why}"
    );
    assert!(!why.contains("<- binding"), "{why}");
}
