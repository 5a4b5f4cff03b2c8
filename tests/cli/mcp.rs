//! `newswire mcp` as a process: one message a line in, one answer a line out.

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use serde_json::{Value, json};

use super::filled;
use crate::support::cli_home::CliHome;

/// The answers of a client with `initialize` to these requests, by name and arguments.
fn asked(home: &CliHome, calls: &[(&str, Value)]) -> Vec<Value> {
    let mut lines = vec![
        json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
        "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "x", "version": "1" } } }),
    ];
    for (n, (name, arguments)) in calls.iter().enumerate() {
        let params = json!({ "name": name, "arguments": arguments });
        lines.push(
            json!({ "jsonrpc": "2.0", "id": n + 1, "method": "tools/call", "params": params }),
        );
    }
    let input: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let mut answers = home.run_with(&["mcp"], input.as_bytes()).json();
    assert_eq!(answers.len(), calls.len() + 1);
    answers.remove(0);
    answers
}

#[test]
fn the_tools_answer_from_the_store_over_standard_input() {
    let home = filled();
    let answers = asked(
        &home,
        &[
            ("search_stories", json!({ "query": "boats" })),
            ("list_topics", json!({})),
            ("list_feeds", json!({ "limit": 1 })),
            ("whats_new", json!({ "since": "7d" })),
            ("search_stories", json!({ "topic": "nosuch" })),
        ],
    );
    let of = |n: usize| &answers[n]["result"]["structuredContent"];
    assert_eq!(of(0)["stories"][0]["copies"], 2);
    let topics: Vec<&str> = of(1)["topics"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|t| t["name"].as_str())
        .collect();
    assert_eq!(topics, ["sea", "war"]);
    assert!(of(2)["next_cursor"].is_string());
    assert_eq!(of(3)["stories"][0]["feeds"], 2);
    assert_eq!(of(3)["topics"][0]["topic"], "sea");
    let wrong = &answers[4]["result"];
    assert_eq!(wrong["isError"], true);
    assert!(
        wrong["content"][0]["text"]
            .as_str()
            .unwrap()
            .contains("the topics are sea, war")
    );
    // The same stories as a search prints.
    let printed = home.run(&["list", "boats", "--json"]).json();
    assert_eq!(of(0)["stories"][0]["id"], printed[0]["id"]);
}

#[test]
fn sec_18_what_is_no_message_is_answered_and_the_next_one_is_read() {
    let home = filled();
    let long = "x".repeat(300_000);
    let ping = r#"{"jsonrpc":"2.0","id":"p","method":"ping"}"#;
    let input = format!(
        "nonsense\n\n[]\n{long}\n{{\"jsonrpc\":\"2.0\",\"method\":\"notifications/x\"}}\n{ping}\n{long}"
    );
    let ran = home.run_with(&["mcp"], input.as_bytes());
    let codes: Vec<i64> = ran
        .json()
        .iter()
        .map(|a| a["error"]["code"].as_i64().unwrap_or(0))
        .collect();
    assert_eq!(codes, [-32700, -32600, -32600, 0, -32600]);
    assert_eq!(ran.err, "");
}

#[test]
fn a_missing_store_is_an_error_of_the_call_and_a_closed_pipe_is_success() {
    let home = CliHome::empty();
    let answers = asked(&home, &[("list_topics", json!({}))]);
    assert_eq!(answers[0]["result"]["isError"], true);
    assert!(!answers[0].to_string().contains("newswire.db"));
    let mut child = home
        .command(&["mcp"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let ping = b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\n";
    // An answer comes while standard input stays open.
    stdin.write_all(ping).unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    assert!(line.contains("\"result\":{}"), "{line}");
    drop(stdout);
    // The process may have ended before all of it is written.
    let _ = stdin.write_all(&ping.repeat(50));
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
