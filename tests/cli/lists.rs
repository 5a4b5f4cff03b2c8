//! `list` and `search`: filters, orders and shapes.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use newswire::clock::Clock;
use newswire::model::{Draft, Source, WebUrl};
use serde_json::Value;

use super::{HOSTILE, filled};
use crate::support::cli_home::{CliHome, draft, poll, subscribe, time};

fn titles(home: &CliHome, args: &[&str]) -> Vec<String> {
    let all: Vec<&str> = args.iter().copied().chain(["--json"]).collect();
    let items = home.run(&all).json();
    items
        .iter()
        .map(|item| item["title"].as_str().unwrap().to_owned())
        .collect()
}

fn keys(object: &Value) -> Vec<&str> {
    object
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

#[test]
fn an_expression_may_begin_with_a_minus_and_say_or_in_any_way() {
    let home = filled();
    let not_cup = ["Ukraine talks"];
    for args in [
        ["search", "-sport ukraine"],
        ["list", "-cup ukraine"],
        ["list", "-title:(cup | boats) ukraine"],
    ] {
        assert_eq!(titles(&home, &args), not_cup, "{args:?}");
    }
    assert_eq!(titles(&home, &["list", "-cup", "ukraine"]), not_cup);
    assert_eq!(
        titles(&home, &["list", "-n", "1", "-boats", "ukraine"]).len(),
        1
    );
    let tried = home.run(&["topic", "test", "-cup ukraine", "--json"]);
    assert_eq!(tried.json()[0]["match"], "-cup ukraine");
    let either = titles(&home, &["list", "boats OR ukraine"]);
    assert_eq!(either.len(), 3);
    for expr in ["boats | ukraine", "boats||ukraine", "title:boats|ukraine"] {
        assert_eq!(titles(&home, &["list", expr]), either, "{expr}");
    }
    assert_eq!(titles(&home, &["list", "ukraine && talks"]), not_cup);
}

#[test]
fn the_days_of_since_begin_at_midnight_utc() {
    let home = filled(); // every article is of this Thursday
    for (expr, stories) in [
        ("since:today", 4),
        ("until:today", 0),
        ("since:yesterday", 4),
        ("since:yesterday until:today", 0),
        ("since:thursday", 4),
        ("since:fri until:thu", 0),
        ("since:Wed -until:thursday", 4),
    ] {
        assert_eq!(titles(&home, &["list", expr]).len(), stories, "{expr}");
    }
    for (option, stories) in [("--since", 4), ("--until", 0)] {
        assert_eq!(titles(&home, &["list", option, "today"]).len(), stories);
    }
}

#[test]
fn a_story_has_the_fields_of_the_contract_in_their_order() {
    let home = filled();
    let story = home
        .run(&["list", "title:boats", "--json"])
        .json()
        .remove(0);
    assert_eq!(
        keys(&story),
        [
            "id",
            "seq",
            "title",
            "url",
            "summary",
            "authors",
            "agencies",
            "categories",
            "tags",
            "topics",
            "language",
            "published",
            "updated",
            "first_seen",
            "arrived",
            "image",
            "enclosures",
            "feed",
            "copies",
            "also_in"
        ]
    );
    assert_eq!(keys(&story["feed"]), ["id", "url", "title", "site"]);
    assert_eq!(
        keys(&story["also_in"][0]),
        ["feed_url", "feed_title", "url", "title", "published"]
    );
    assert_eq!(story["copies"], 2);
    assert_eq!(story["topics"], serde_json::json!(["sea"]));
    assert_eq!(story["tags"], serde_json::json!(["news/world", "daily"]));
    assert_eq!(story["arrived"], "2030-01-10T08:00:00Z");
    let full = home
        .run(&["list", "title:boats", "--json", "--full"])
        .json()
        .remove(0);
    assert!(
        full["content_html"]
            .as_str()
            .unwrap()
            .starts_with("<p>word0")
    );
    assert!(full["content_text"].as_str().unwrap().starts_with("word0"));
}

#[test]
fn what_was_left_out_of_bodies_is_a_field_and_shown() {
    let home = CliHome::empty();
    let clock = Clock::manual(time("2030-01-10T12:00:00Z"));
    let store = home.store(&clock);
    let feed = subscribe(&store, "argus.example", "The Argus");
    let pointer = Draft {
        content_html: "<p>Ten boats came.</p><p>Read more: The lighthouse</p>".to_owned(),
        ..draft("argus.example", 1, "Boats", "Ten boats came.")
    };
    poll(&store, &clock, feed, vec![pointer]);
    drop(store);
    let list = ["list", "--json", "--fields", "title,boilerplate"];
    let row = home.run(&list).json().remove(0);
    assert_eq!(row["boilerplate"][0], "Read more: The lighthouse");
    let id = home.run(&["list", "--json"]).json()[0]["id"].to_string();
    let id = id.trim_matches('"');
    let shown = home.run(&["show", id]).exits(0).to_owned();
    assert!(shown.contains("1 paragraph left out"), "{shown}");
    let explained = home.run(&["explain", id]).exits(0).to_owned();
    assert!(
        explained.contains("as boilerplate: Read more"),
        "{explained}"
    );
}

#[test]
fn copies_are_one_line_for_every_entry_of_every_feed() {
    let home = filled();
    let copies = home
        .run(&["list", "title:boats", "--copies", "--json"])
        .json();
    assert_eq!(copies.len(), 2);
    for key in [
        "feed_url",
        "guid",
        "url",
        "canonical_url",
        "comments_url",
        "rights",
        "source",
        "story_id",
        "same_as",
        "revision",
    ] {
        assert!(copies[0].get(key).is_some(), "{key}");
    }
    let first = copies
        .iter()
        .find(|c| c["feed_url"] == "https://argus.example/feed")
        .unwrap();
    let other = copies
        .iter()
        .find(|c| c["feed_url"] == "https://herald.example/feed")
        .unwrap();
    assert_eq!(first["same_as"], Value::Null);
    assert_eq!(
        other["same_as"],
        serde_json::json!({"signal": "text", "score": 1.0})
    );
    assert_eq!(first["id"], first["story_id"]);
    assert_eq!(first["story_id"], other["story_id"]);
    assert_eq!(
        first["url"],
        "https://argus.example/articles/1?utm_source=rss"
    );
    assert_eq!(first["canonical_url"], "https://argus.example/articles/1");
}

#[test]
fn copies_have_their_comments_rights_and_source() {
    let home = CliHome::empty();
    let clock = Clock::manual(time("2030-01-10T12:00:00Z"));
    let store = home.store(&clock);
    let feed = subscribe(&store, "argus.example", "The Argus");
    let credited = Draft {
        comments_url: WebUrl::parse("https://argus.example/1/comments").ok(),
        rights: Some("(c) The Argus".to_owned()),
        source: Some(Source {
            title: Some("The Herald".to_owned()),
            ..Source::default()
        }),
        ..draft("argus.example", 1, "Boats", "Ten boats came.")
    };
    poll(&store, &clock, feed, vec![credited]);
    drop(store);
    let id = home.run(&["list", "--json"]).json()[0]["id"].to_string();
    let shown = home.run(&["show", id.trim_matches('"'), "--json"]).json();
    let copy = &shown[0]["articles"][0];
    assert_eq!(copy["comments_url"], "https://argus.example/1/comments");
    assert_eq!(copy["rights"], "(c) The Argus");
    let source = serde_json::json!({"title": "The Herald", "url": null, "id": null});
    assert_eq!(copy["source"], source);
}

#[test]
fn filters_narrow_and_limits_hold() {
    let home = filled();
    let all = titles(&home, &["list"]);
    assert_eq!(all.len(), 4);
    assert!(
        all[0].starts_with("Ukraine") && all[3] == "Boats come in",
        "{all:?}"
    );
    let boats = ["Boats come in"];
    assert_eq!(titles(&home, &["list", "--topic", "sea"]), boats);
    assert_eq!(
        titles(&home, &["list", "--topic", "war"]),
        ["Ukraine talks"]
    );
    assert_eq!(titles(&home, &["list", "--feed", "argus"]).len(), 3);
    assert_eq!(
        titles(&home, &["list", "--until", "2030-01-10T08:30:00Z"]),
        boats
    );
    assert_eq!(titles(&home, &["list", "--since", "2h 30m"]).len(), 2);
    assert_eq!(titles(&home, &["list", "--since", "2030-01-11"]), [""; 0]);
    assert_eq!(titles(&home, &["list", "--limit", "1"]).len(), 1);
    assert_eq!(titles(&home, &["list", "--limit", "0"]), [""; 0]);
    assert_eq!(
        titles(&home, &["list", "ukraine", "talks"]),
        ["Ukraine talks"]
    );
    assert_eq!(titles(&home, &["search", "copies>=2"]), boats);
    assert_eq!(titles(&home, &["search", "title:ukraine OR kyiv"]).len(), 2);
}

#[test]
fn a_cursor_gives_what_is_newer_oldest_first() {
    let home = filled();
    let all = home.run(&["list", "--after", "0", "--json"]).json();
    let seqs: Vec<i64> = all.iter().map(|s| s["seq"].as_i64().unwrap()).collect();
    assert!(seqs.is_sorted() && seqs.len() == 4, "{seqs:?}");
    let cursor = seqs[1].to_string();
    let rest = home.run(&["list", "--after", &cursor, "--json"]).json();
    assert_eq!(rest, all[2..]);
    let last = seqs[3].to_string();
    assert_eq!(home.run(&["list", "--after", &last]).exits(0), "");
}

#[test]
fn a_table_lines_up_and_names_a_story_so_that_show_finds_it() {
    let home = filled();
    let table = home.run(&["list", "-n", "2"]).exits(0).to_owned();
    let lines: Vec<&str> = table.lines().collect();
    assert!(lines[0].starts_with("ID        ARRIVED"), "{table}");
    let id = lines[1].split_whitespace().next().unwrap();
    assert_eq!(id.len(), 8);
    assert!(home.run(&["show", id]).exits(0).starts_with("Ukraine"));
    assert!(!table.contains('\u{1b}'), "no colour in a pipe");
    assert!(
        home.run(&["--color", "always", "list"])
            .exits(0)
            .contains("\u{1b}[")
    );
}

#[test]
fn sec_14_nothing_that_is_printed_gives_orders_to_a_terminal() {
    let home = filled();
    let is_order = |c: char| {
        (c.is_control() && !matches!(c, '\n' | '\t')) || matches!(c, '\u{202a}'..='\u{202e}')
    };
    for format in ["table", "jsonl", "json", "csv", "tsv", "md", "ids", "urls"] {
        for full in [&["--full"][..], &[]] {
            let args: Vec<&str> = ["list", "--format", format]
                .into_iter()
                .chain(full.iter().copied())
                .collect();
            let ran = home.run(&args);
            let out = ran.exits(0);
            assert!(!out.chars().any(is_order), "{format}: {out:?}");
        }
    }
    let id = home
        .run(&["list", "wary", "--format", "ids"])
        .exits(0)
        .trim()
        .to_owned();
    for command in ["show", "explain"] {
        let ran = home.run(&[command, &id]);
        assert!(
            !ran.exits(0).chars().any(is_order),
            "{command}: {}",
            ran.out
        );
        assert_eq!(
            ran.out
                .lines()
                .filter(|line| line.contains("owned"))
                .count()
                .min(1),
            1
        );
    }
    let json = home.run(&["list", "wary", "--json"]).json();
    assert_eq!(json[0]["title"], HOSTILE, "JSON escapes and loses nothing");
    let told = home.run(&["feed", "x\u{1b}[2J"]);
    assert!(!told.err.chars().any(is_order), "{:?}", told.err);
}

#[test]
fn sec_15_a_spreadsheet_gets_no_formula() {
    let home = filled();
    let csv = home
        .run(&[
            "list",
            "wary",
            "--format",
            "csv",
            "--fields",
            "title,copies",
        ])
        .exits(0)
        .to_owned();
    assert_eq!(csv, "title,copies\n\"'=cmd]0;owned2J|\"\"x\"\", y\",1\n");
    let tsv = home
        .run(&["list", "wary", "--format", "tsv", "--fields", "title"])
        .exits(0)
        .to_owned();
    assert!(tsv.starts_with("title\n'=cmd"), "{tsv}");
}

#[test]
fn every_shape_says_the_same() {
    let home = filled();
    let shape = |format: &str| {
        home.run(&["list", "title:boats", "--format", format])
            .exits(0)
            .to_owned()
    };
    let story = home
        .run(&["list", "title:boats", "--json"])
        .json()
        .remove(0);
    assert_eq!(shape("ids").trim(), story["id"]);
    assert_eq!(shape("urls").trim(), story["url"]);
    assert_eq!(
        serde_json::from_str::<Value>(&shape("json")).unwrap(),
        serde_json::json!([story])
    );
    assert!(shape("csv").contains("The Argus,Boats come in"));
    assert!(shape("md").starts_with("- [Boats come in](<https://argus.example/articles/1"));
    assert!(shape("opml").contains("xmlUrl=\"https://argus.example/feed\""));
    assert!(shape("atom").contains("<title>Boats come in</title>"));
    let feed: Value = serde_json::from_str(&shape("jsonfeed")).unwrap();
    assert_eq!(feed["items"][0]["title"], "Boats come in");
    assert!(shape("rss").contains("<rss"));
    let none = home.run(&["list", "nothinglikethis", "--format", "atom"]);
    assert!(
        none.exits(0).contains("<updated>2030-01-"),
        "the store's creation"
    );
    let chosen = home
        .run(&["list", "title:boats", "--json", "--fields", "feed.title,id"])
        .json();
    assert_eq!(
        chosen[0],
        serde_json::json!({"feed.title": "The Argus", "id": story["id"]})
    );
}

#[test]
fn following_prints_what_comes_until_it_is_stopped() {
    let home = filled();
    let mut child = home
        .command(&["list", "--follow", "--json", "-n", "1"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map(|line| {
            let value: Value = serde_json::from_str(&line.unwrap()).unwrap();
            value["title"].as_str().unwrap().to_owned()
        });
    assert!(lines.next().unwrap().starts_with("Ukraine"));
    let clock = Clock::manual(time("2030-01-10T11:30:00Z"));
    let store = home.store(&clock);
    let argus = store.reads().feeds().unwrap().remove(0).row;
    poll(
        &store,
        &clock,
        argus,
        vec![draft("argus.example", 9, "News", "Just in.")],
    );
    assert_eq!(lines.next().unwrap(), "News");
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    assert_eq!(lines.next(), None);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn an_article_that_is_dated_by_its_update_alone_is_shown_with_that_date() {
    let home = CliHome::empty();
    let clock = Clock::manual(time("2030-01-10T08:00:00Z"));
    let store = home.store(&clock);
    let argus = crate::support::cli_home::subscribe(&store, "argus.example", "The Argus");
    let mut dated = draft("argus.example", 1, "Tides", "They come and go.");
    dated.updated = Some(time("2030-01-09T18:30:00Z"));
    poll(&store, &clock, argus, vec![dated]);
    drop(store);
    let id = home
        .run(&["list", "--format", "ids"])
        .exits(0)
        .trim()
        .to_owned();
    let shown = home.run(&["show", &id]);
    assert!(shown.exits(0).contains("2030-01-09 18:30"), "{shown:?}");
}
