//! `list --changes`: what a script that keeps a copy of the store relies on.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use newswire::clock::Clock;
use serde_json::Value;

use super::filled;
use crate::support::cli_home::{CliHome, draft, poll, time};

/// The copy that a script makes of these lines: articles by id.
fn apply(articles: &mut BTreeMap<String, Value>, changes: &[Value]) {
    for change in changes.iter().filter(|c| c["type"] == "article") {
        let id = change["id"].as_str().unwrap().to_owned();
        match change.get("article") {
            Some(article) => articles.insert(id, article.clone()),
            None => articles.remove(&id),
        };
    }
}

fn copies(home: &CliHome) -> BTreeMap<String, Value> {
    let copies = home.run(&["list", "--copies", "--json"]).json();
    let id = |c: &Value| c["id"].as_str().unwrap().to_owned();
    copies.into_iter().map(|c| (id(&c), c)).collect()
}

/// The options with which the next run goes on.
fn go_on<'a>(last: &'a Value, seq: &'a mut String) -> [&'a str; 6] {
    *seq = last["seq"].to_string();
    let epoch = last["epoch"].as_str().unwrap();
    ["list", "--changes", "--after", seq, "--epoch", epoch]
}

#[test]
fn a_script_that_applies_changes_holds_what_list_copies_shows() {
    let home = filled();
    let mut held = BTreeMap::new();
    let first = home.run(&["list", "--changes"]).json();
    apply(&mut held, &first);
    assert_eq!(held, copies(&home));
    let (mut seq, last) = (String::new(), first.last().unwrap());
    assert_eq!(home.run(&go_on(last, &mut seq)).exits(0), "");
    home.run(&["remove", "--purge", "argus"]).exits(0);
    let gone = home.run(&go_on(last, &mut seq)).json();
    assert!(gone.iter().any(|c| c["change"] == "purged"), "{gone:?}");
    apply(&mut held, &gone);
    let ids = |of: &BTreeMap<String, Value>| of.keys().cloned().collect::<Vec<_>>();
    assert_eq!(ids(&held), ids(&copies(&home)));
    assert_eq!(held.len(), 2);
    let two = home.run(&["list", "--changes", "-n", "2"]).json();
    assert_eq!(two.len(), 2);
}

#[test]
fn rel_03_after_a_restore_a_follower_must_start_again() {
    let home = filled();
    let saved = home.path("saved.db");
    let saved = saved.to_str().unwrap();
    home.run(&["backup", saved]).exits(0);
    let all = home.run(&["list", "--changes"]).json();
    let mut seq = String::new();
    let go_on = go_on(all.last().unwrap(), &mut seq);
    assert_eq!(home.run(&go_on).exits(0), "");
    for _ in 0..2 {
        home.run(&["restore", saved]).exits(0);
        let refused = home.run(&go_on);
        assert_eq!(refused.exits(65), "");
        assert!(
            refused.err.contains("restored from a backup"),
            "{}",
            refused.err
        );
    }
    home.run(&["list", "--changes", "--after", "4000000"])
        .exits(65);
    let wrong = home.run(&["list", "--changes", "--after", "1", "--epoch", "12"]);
    assert_eq!(wrong.exits(2), "");
    assert!(wrong.err.contains("\"epoch\" of a change"), "{}", wrong.err);
    for (option, value) in [("--topic", "sea"), ("--format", "csv"), ("--since", "1h")] {
        home.run(&["list", "--changes", option, value]).exits(2);
    }
    home.run(&["list", "--changes", "boats"]).exits(2);
}

#[test]
fn changes_are_printed_as_they_come_until_a_signal() {
    let home = filled();
    let mut child = home
        .command(&["list", "--changes", "--follow"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap());
    let stored = home.run(&["list", "--changes"]).json();
    for change in &stored {
        assert_eq!(lines.next().as_ref(), Some(change));
    }
    let clock = Clock::manual(time("2030-01-10T11:30:00Z"));
    let store = home.store(&clock);
    let argus = store.reads().feeds().unwrap().remove(0).row;
    let news = vec![draft("argus.example", 9, "News", "Just in.")];
    poll(&store, &clock, argus, news);
    let new = lines.next().unwrap();
    assert_eq!(
        (&new["change"], &new["article"]["title"]),
        (&"new".into(), &"News".into())
    );
    assert_eq!(lines.next().unwrap()["type"], "story");
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    assert_eq!(lines.next(), None);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
