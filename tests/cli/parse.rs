//! `newswire parse` exactly as contract.md has it.

use serde_json::Value;

use crate::support::cli_home::CliHome;
use crate::support::{Item, rss};

fn feed() -> String {
    rss(
        "The Argus",
        &[
            Item::numbered("argus.example", 1),
            Item::numbered("argus.example", 2),
        ],
    )
}

#[test]
fn a_feed_becomes_one_object_with_every_field() {
    let home = CliHome::empty();
    home.write("a.xml", &feed());
    home.write("b.xml", &feed().replace("The Argus", "The Herald"));
    let feeds = home.run(&["parse", "--json", "a.xml", "b.xml"]).json();
    assert_eq!(
        (&feeds[0]["title"], &feeds[1]["title"]),
        (&"The Argus".into(), &"The Herald".into())
    );
    let keys: Vec<&String> = feeds[0].as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        [
            "format",
            "id",
            "title",
            "link",
            "feed_url",
            "description",
            "language",
            "updated",
            "published",
            "authors",
            "contributors",
            "categories",
            "rights",
            "generator",
            "icon",
            "image",
            "hub",
            "ttl_minutes",
            "entries",
            "warnings"
        ]
    );
    assert_eq!(feeds[0]["format"], "rss2");
    assert_eq!(feeds[0]["entries"].as_array().unwrap().len(), 2);
    let piped = home.run_with(&["parse", "-"], feed().as_bytes());
    assert_eq!(piped.json()[0], feeds[0]);
}

#[test]
fn url_and_content_type_are_what_the_fetcher_would_know() {
    let home = CliHome::empty();
    let text = feed()
        .replace("https://argus.example/articles/1", "/articles/1")
        .replace("The Argus", "Caf\u{e9}");
    let text = text.replace("encoding=\"utf-8\"", "");
    let latin1: Vec<u8> = text.chars().map(|c| c as u8).collect();
    std::fs::write(home.path("a.xml"), latin1).unwrap();
    let args = [
        "parse",
        "--url",
        "https://x.example/f",
        "--content-type",
        "text/xml; charset=iso-8859-1",
        "a.xml",
    ];
    let feed = home.run(&args).json().remove(0);
    assert_eq!(feed["title"], "Café");
    assert_eq!(feed["entries"][0]["url"], "https://x.example/articles/1");
}

#[test]
fn what_is_no_feed_is_exit_65_and_the_others_are_read_all_the_same() {
    let home = CliHome::empty();
    home.write("a.xml", &feed());
    home.write(
        "page.html",
        "<!doctype html><html><body><p>Hello</p></body></html>",
    );
    home.write("empty", "");
    let ran = home.run(&["parse", "page.html", "a.xml"]);
    assert_eq!(ran.exits(65).lines().count(), 1);
    assert_eq!(ran.err.lines().count(), 1, "{}", ran.err);
    assert!(
        ran.err.starts_with("newswire: page.html: not a feed"),
        "{}",
        ran.err
    );
    home.run(&["parse", "empty"]).exits(65);
    home.run(&["parse", "."]).exits(66);
}

#[test]
fn a_batch_answers_line_by_line_in_order() {
    let home = CliHome::empty();
    home.write("a.xml", &feed());
    home.write("page.html", "<p>Hello</p>");
    let requests = "{\"file\":\"a.xml\",\"url\":\"https://x.example/\",\"content_type\":null}\n\
        {\"file\":\"none.xml\",\"url\":null,\"content_type\":null}\n\
        not json\n\
        {\"file\":\"page.html\",\"url\":\"not a url\",\"content_type\":\"text/html\"}\n\
        {\"file\":\"a.xml\"}";
    let ran = home.run_with(&["parse", "--json", "--batch"], requests.as_bytes());
    let answers = ran.json();
    assert_eq!(answers.len(), 5);
    assert_eq!(answers[0]["title"], "The Argus");
    for n in [1, 2, 3] {
        assert!(
            matches!(&answers[n], Value::Object(o) if o.len() == 1 && o["error"].is_string()),
            "{n}"
        );
    }
    assert_eq!(answers[4]["title"], "The Argus");
    assert_eq!(ran.err, "");
}

#[test]
fn a_broken_configuration_is_no_matter_of_parse() {
    let home = CliHome::empty();
    home.configure("nonsense");
    home.write("a.xml", &feed());
    home.run(&["parse", "a.xml"]).exits(0);
}
