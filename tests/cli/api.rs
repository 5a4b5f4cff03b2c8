//! The HTTP API answers with the very objects that commands print.

use serde_json::Value;

use super::filled;
use crate::support::cli_home::{NOW, time};
use crate::support::process::{Daemon, configuration};

#[test]
fn the_api_answers_with_the_objects_that_commands_print() {
    let home = filled();
    let topics = "[[topic]]\nname = \"sea\"\nmatch = \"boats\"\n";
    home.configure(&(configuration(&home) + topics));
    let daemon = Daemon::at(&home, time(NOW));
    daemon.hears("READY=1");
    let get = |path: &str| -> Value {
        let (status, body) = daemon.get(&format!("/api/v1{path}"));
        assert_eq!(status, 200, "{path}: {body}");
        serde_json::from_str(&body).unwrap()
    };
    let printed = |args: &[&str]| home.run(args).json();
    let list = |value: Value, name: &str| value[name].as_array().unwrap().clone();
    let stories = printed(&["list", "--json"]);
    assert_eq!(list(get("/stories"), "stories"), stories);
    assert!(stories.len() > 3);
    assert_eq!(
        list(get("/articles?bodies=true&topic=sea"), "articles"),
        printed(&["list", "--copies", "--topic", "sea", "--full", "--json"])
    );
    assert_eq!(
        list(get("/stories?after=2&q=boats"), "stories"),
        printed(&["list", "boats", "--after", "2", "--json"])
    );
    assert_eq!(
        list(get("/topics"), "topics"),
        printed(&["topics", "--json"])
    );
    let id = stories[0]["id"].as_str().unwrap();
    assert_eq!(
        get(&format!("/stories/{id}")),
        printed(&["show", id, "--json"])[0]
    );
    let mut feeds = printed(&["feeds", "--json"]);
    feeds.sort_by_key(|feed| feed["id"].to_string());
    assert_eq!(list(get("/feeds"), "feeds"), feeds);
    let without_files = |mut status: Value| {
        // The daemon writes in the meantime.
        for name in ["db_bytes", "wal_bytes"] {
            status.as_object_mut().unwrap().remove(name).unwrap();
        }
        status
    };
    assert_eq!(
        without_files(get("/status")),
        without_files(printed(&["status", "--json"])[0].clone())
    );
    assert_eq!(
        get("/openapi.json"),
        home.run(&["schema", "openapi"])
            .exits(0)
            .parse::<Value>()
            .unwrap()
    );
}
