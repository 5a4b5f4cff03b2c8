//! What the operator does with a store: look whether a daemon runs, restore, check a backup, delete a feed's articles.

use super::filled;
use crate::support::cli_home::{CliHome, Ran};
use crate::support::process::{Daemon, configuration};

/// Fails the test unless the run printed this, to stdout or stderr.
#[track_caller]
fn says<'r>(ran: &'r Ran, text: &str) -> &'r Ran {
    assert!(ran.out.contains(text) || ran.err.contains(text), "{ran:?}");
    ran
}

fn articles(home: &CliHome) -> u64 {
    home.run(&["status", "--json"]).json()[0]["articles"]
        .as_u64()
        .unwrap()
}

#[test]
fn status_says_whether_a_daemon_runs_and_where_it_serves() {
    let home = filled();
    let status = home.run(&["status", "--json"]).json();
    assert_eq!(status[0]["daemon"], serde_json::Value::Null);
    home.configure(&configuration(&home));
    let daemon = Daemon::start(&home);
    let status = home.run(&["status", "--json"]).json();
    let shown = &status[0]["daemon"];
    assert_eq!(shown["version"], env!("CARGO_PKG_VERSION"));
    assert!(shown["pid"].as_u64().is_some() && shown["since"].is_string());
    let address = shown["addresses"][0].as_str().unwrap();
    assert!(address.starts_with("unix:/"), "{address}");
    says(&home.run(&["status"]), address);
    home.run(&["restore", "any.db"]).exits(75);
    drop(daemon);
    says(&home.run(&["status"]), "not running");
}

#[test]
fn a_backup_is_checked_and_restored_and_the_former_store_is_kept() {
    let home = filled();
    let before = articles(&home);
    let saved = home.path("saved.db");
    let saved = saved.to_str().unwrap();
    home.run(&["backup", saved]).exits(0);
    says(&home.run(&["verify", saved]), "no errors found (schema");
    home.run(&["remove", "--purge", "argus"]).exits(0);
    assert!(articles(&home) < before);
    let restored = home.run(&["restore", saved]);
    restored.exits(0);
    says(&restored, &format!("{before} articles"));
    says(&restored, "the previous store was kept as");
    assert_eq!(articles(&home), before);
    home.run(&["verify"]).exits(0);
    home.run(&["verify", "nowhere.db"]).exits(74);
    home.write("text.db", "no database, but a text of some length");
    let text = home.path("text.db");
    home.run(&["restore", text.to_str().unwrap()]).exits(74);
    assert_eq!(articles(&home), before);
}

#[test]
fn a_backup_that_cannot_be_brought_up_to_date_leaves_the_way_back() {
    let home = filled();
    let before = articles(&home);
    let saved = home.path("saved.db");
    let saved = saved.to_str().unwrap();
    home.run(&["backup", saved]).exits(0);
    // It has the tables of a newer schema already, so that the upgrade fails.
    let conn = rusqlite::Connection::open(saved).unwrap();
    conn.pragma_update(None, "user_version", 3).unwrap();
    drop(conn);
    let restored = home.run(&["restore", saved]);
    assert_ne!(restored.code, Some(0));
    let (_, kept) = restored
        .err
        .split_once("the previous store was kept as ")
        .unwrap();
    let kept = kept.split(';').next().unwrap();
    home.run(&["restore", kept]).exits(0);
    assert_eq!(articles(&home), before);
}

#[test]
fn a_file_name_that_is_not_utf8_is_read_and_printed_as_json() {
    use std::os::unix::ffi::OsStrExt;
    let home = filled();
    let saved = home
        .path("")
        .join(std::ffi::OsStr::from_bytes(b"saved-\xff.db"));
    for arguments in [&["backup", "--json"], &["verify", "--json"]] {
        let output = home.command(arguments).arg(&saved).output().unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        let made: serde_json::Value = serde_json::from_str(&printed).expect(&printed);
        assert!(
            made["file"]
                .as_str()
                .unwrap()
                .ends_with("saved-\u{fffd}.db")
        );
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
    }
    let page = home
        .path("")
        .join(std::ffi::OsStr::from_bytes(b"page-\xff.html"));
    std::fs::write(&page, "<title>A</title><p>Some words of a page.</p>").unwrap();
    let output = home.command(&["extract"]).arg(&page).output().unwrap();
    serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap();
}

#[test]
fn a_purged_feed_leaves_no_article_and_comes_back_whole() {
    let home = filled();
    let of = |feed: &str| home.run(&["list", "--copies", "--json", "--feed", feed]);
    assert!(!of("argus").json().is_empty());
    let before = articles(&home);
    says(&home.run(&["remove", "--purge", "argus"]), "and 3 articles");
    assert_eq!(articles(&home), before - 3);
    home.run(&["verify"]).exits(0);
    let left = home.run(&["list", "--copies", "--json"]).json();
    assert!(left.iter().all(|a| a["feed"]["title"] != "The Argus"));
    // The wire story is the other paper's alone now.
    let boats = home.run(&["list", "boats", "--json"]).json();
    assert_eq!((boats.len(), &boats[0]["copies"]), (1, &1.into()));
}

#[test]
fn quiet_shows_failures_only_and_very_quiet_shows_nothing() {
    let home = filled();
    let shown = |args: &[&str]| {
        let ran = home.run(args);
        format!("{}{}", ran.out, ran.err)
    };
    assert_ne!(shown(&["pause", "argus"]), "");
    assert_eq!(shown(&["pause", "argus", "-q"]), "");
    assert!(shown(&["pause", "nothing", "-q"]).contains("nothing"));
    assert_eq!(shown(&["pause", "nothing", "-qq"]), "");
    home.run(&["pause", "nothing", "-qq"]).exits(66);
}

#[test]
fn only_the_default_directory_of_a_store_is_made() {
    let home = CliHome::empty();
    let elsewhere = home.path("missing/n.db");
    let elsewhere = elsewhere.to_str().unwrap();
    for args in [
        &["--db", elsewhere, "import", "-"][..],
        &["--db", elsewhere, "run"],
        &["--db", elsewhere, "restore", "x"],
    ] {
        let ran = home.run_with(args, b"<opml version='2.0'><body/></opml>");
        says(says(&ran, "does not exist; create it"), "--db").exits(74);
    }
    assert!(!home.path("missing").exists());
}
