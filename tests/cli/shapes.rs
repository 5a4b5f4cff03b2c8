//! newswire-json(5) and docs/contract.md hold: whatever `--json` prints is explained there.

use std::collections::BTreeSet;

use serde_json::Value;

use super::filled;

fn names(value: &Value, out: &mut BTreeSet<String>) {
    match value {
        Value::Array(list) => list.iter().for_each(|v| names(v, out)),
        Value::Object(fields) => {
            for (name, value) in fields {
                out.insert(name.clone());
                names(value, out);
            }
        }
        _ => {}
    }
}

#[test]
fn every_field_that_is_printed_is_explained() {
    let home = filled();
    home.run(&["man", "man"]).exits(0);
    let page = std::fs::read_to_string(home.path("man/newswire-json.5")).unwrap();
    let document = home.path("feed.xml");
    std::fs::write(
        &document,
        "<rss version='2.0'><channel><title>P</title><item><title>One</title><author>Ann</author><category>c</category>\
         <enclosure url='https://p.example/1.mp3'/><source url='https://q.example/'>Q</source></item></channel></rss>",
    )
    .unwrap();
    let story = home.run(&["list", "title:boats", "--json"]).json()[0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut printed = BTreeSet::new();
    for args in [
        &["list", "--json"][..],
        &["list", "--copies", "--json"],
        &["list", "--changes"],
        &["search", "boats", "--json"],
        &["show", &story, "--json"],
        &["explain", &story, "--json"],
        &["feeds", "--why-next", "--json"],
        &["feed", "https://argus.example/feed", "--json"],
        &["topics", "--json"],
        &["topic", "test", "boats", "--json"],
        &["topic", "explain", "sea", &story, "--json"],
        &["status", "--json"],
        &["prune", "--dry-run", "--json"],
        &["dedup", "test", "--since", "3650d", "--json"],
        &[
            "split",
            "https://argus.example/articles/1",
            "--each",
            "--json",
        ],
        &["explain", "https://argus.example/articles/1", "--json"],
        &["dedup", "decisions", "--json"],
        &[
            "join",
            &story,
            "https://herald.example/articles/7",
            "--json",
        ],
        &["check", "--print", "--json"],
        &["verify", "--json"],
        &["backup", "copy.db", "--json"],
        &["parse", "--json", document.to_str().unwrap()],
    ] {
        let records = home.run(args).json();
        assert!(!records.is_empty(), "{args:?}");
        records.iter().for_each(|r| names(r, &mut printed));
    }
    assert!(printed.len() > 100, "{printed:?}");
    let contract = include_str!("../../docs/contract.md");
    for (name, text) in [
        ("newswire-json(5)", page.as_str()),
        ("docs/contract.md", contract),
    ] {
        let text = text.replace('\\', "");
        let explained: BTreeSet<&str> = text
            .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .collect();
        let missing: Vec<&String> = printed
            .iter()
            .filter(|field| !explained.contains(field.as_str()))
            .collect();
        assert!(missing.is_empty(), "not in {name}: {missing:?}");
    }
}
