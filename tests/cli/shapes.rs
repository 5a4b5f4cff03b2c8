//! newswire-json(5) and docs/contract.md hold: each field that `--json` prints is explained where its object is.

use std::collections::BTreeSet;

use serde_json::Value;

use super::filled;
use crate::support::cli_home::CliHome;

/// A command, the objects of the contract that its output consists of, and the commands whose description in newswire-json(5)
/// explains them.
type Shape = (
    &'static [&'static str],
    &'static [&'static str],
    &'static [&'static str],
);

/// `STORY` stands for the id of a story, `DOCUMENT` for a file with a feed.
const SHAPES: &[Shape] = &[
    (&["list", "--json"], &["Story"], &["list"]),
    (
        &["list", "--copies", "--json"],
        &["Story", "Copy"],
        &["list", "list --copies"],
    ),
    (
        &["list", "--changes"],
        &["Change", "Story", "Copy"],
        &["list --changes", "list", "list --copies"],
    ),
    (&["search", "boats", "--json"], &["Story"], &["search"]),
    (
        &["show", "STORY", "--json"],
        &["Story", "Copy"],
        &["show", "list --copies"],
    ),
    (
        &["explain", "STORY", "--json"],
        &["Explanation", "Copy"],
        &["explain", "list", "list --copies"],
    ),
    (&["feeds", "--why-next", "--json"], &["Feed"], &["feeds"]),
    (
        &["feed", "https://argus.example/feed", "--json"],
        &["Feed", "Status"],
        &["feed", "status"],
    ),
    (&["export", "--format", "json"], &["Subscription"], &[]),
    (&["topics", "--json"], &["Topics"], &["topics"]),
    (
        &["topic", "test", "boats", "--topic", "sea", "--json"],
        &["Topics"],
        &["topic test"],
    ),
    (
        &["topic", "explain", "sea", "STORY", "--json"],
        &["Topics"],
        &["topic explain"],
    ),
    (&["status", "--json"], &["Status"], &["status"]),
    (
        &["prune", "--dry-run", "--json"],
        &["Store and configuration"],
        &["prune"],
    ),
    (
        &["dedup", "test", "--since", "3650d", "--json"],
        &["Grouping"],
        &["dedup test"],
    ),
    (
        &[
            "split",
            "https://argus.example/articles/1",
            "--each",
            "--json",
        ],
        &["Grouping"],
        &["split"],
    ),
    (
        &["explain", "https://argus.example/articles/1", "--json"],
        &["Explanation", "Copy"],
        &["explain", "list", "list --copies"],
    ),
    (
        &["dedup", "decisions", "--json"],
        &["Grouping"],
        &["dedup decisions"],
    ),
    (
        &[
            "join",
            "STORY",
            "https://herald.example/articles/7",
            "--json",
        ],
        &["Grouping"],
        &["join"],
    ),
    (
        &["check", "--print", "--json"],
        &["Store and configuration"],
        &["check"],
    ),
    (
        &["verify", "--json"],
        &["Store and configuration"],
        &["verify"],
    ),
    (
        &["backup", "copy.db", "--json"],
        &["Store and configuration"],
        &["backup"],
    ),
    (
        &["parse", "--json", "DOCUMENT"],
        &["Document", "Story"],
        &["parse --json", "list"],
    ),
];

const DOCUMENT: &str = "<rss version='2.0'><channel><title>P</title><item><title>One</title><author>Ann</author>\
    <category>c</category><enclosure url='https://p.example/1.mp3'/><source url='https://q.example/'>Q</source></item>\
    </channel></rss>";

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

fn words(text: &str) -> BTreeSet<String> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .map(str::to_owned)
        .collect()
}

/// The words in code of the paragraphs of these objects, which begin with their names.
fn in_contract(objects: &[&str]) -> BTreeSet<String> {
    let contract = include_str!("../../docs/contract.md");
    let of = |object: &&str| {
        let head = format!("**{object}**");
        let paragraph = contract.split("\n\n").find(|p| p.starts_with(&head));
        let paragraph = paragraph.unwrap_or_else(|| panic!("{object} is not in the contract"));
        let code = paragraph.split('`').skip(1).step_by(2);
        words(&code.collect::<Vec<_>>().join(" "))
    };
    objects.iter().flat_map(of).collect()
}

/// The words of the parts of newswire-json(5) that begin with these commands. A part ends where another command is described.
fn in_page(page: &str, commands: &[&str]) -> BTreeSet<String> {
    let page = page.replace('\\', "");
    let mut described: Vec<&str> = Vec::new();
    let mut text = String::new();
    for line in page.lines() {
        let is_head = line.starts_with(".B newswire ") || line.starts_with(".BR \"newswire ");
        if is_head || line.starts_with(".SH") {
            let parts = line.split("newswire ").skip(1);
            described = parts.filter_map(|p| p.split('"').next()).collect();
        } else if commands.iter().any(|command| described.contains(command)) {
            text = text + line + "\n";
        }
    }
    words(&text)
}

/// What a command prints, with the fields of all objects in it.
fn printed(home: &CliHome, args: &[&str], story: &str) -> BTreeSet<String> {
    let document = home.path("feed.xml");
    std::fs::write(&document, DOCUMENT).unwrap();
    let args = args.iter().map(|arg| match *arg {
        "STORY" => story,
        "DOCUMENT" => document.to_str().unwrap(),
        arg => arg,
    });
    let records = home.run(&args.collect::<Vec<_>>()).json();
    let mut fields = BTreeSet::new();
    records.iter().for_each(|r| names(r, &mut fields));
    fields
}

#[test]
fn every_field_that_is_printed_is_explained_with_its_object() {
    let home = filled();
    home.run(&["man", "man"]).exits(0);
    let page = std::fs::read_to_string(home.path("man/newswire-json.5")).unwrap();
    let boats = home.run(&["list", "title:boats", "--json"]).json();
    let story = boats[0]["id"].as_str().unwrap();
    let mut all = BTreeSet::new();
    let mut missing = Vec::new();
    for (args, objects, commands) in SHAPES {
        let fields = printed(&home, args, story);
        assert!(!fields.is_empty(), "{args:?}");
        let (contract, page) = (in_contract(objects), in_page(&page, commands));
        for field in &fields {
            if !contract.contains(field) {
                missing.push(format!(
                    "{args:?}: {field} is not in {objects:?} of the contract"
                ));
            }
            if !commands.is_empty() && !page.contains(field) {
                missing.push(format!("{args:?}: {field} is not in newswire-json(5)"));
            }
        }
        all.extend(fields);
    }
    assert!(missing.is_empty(), "{missing:#?}");
    assert!(all.len() > 100, "{all:?}");
}
