//! `newswire split` and `newswire join`: how stories and copies are named, what is said, and with which exit code (issue 21).

use serde_json::Value;

use super::filled;
use crate::support::cli_home::CliHome;

const ARGUS: &str = "https://argus.example/articles/1";
const HERALD: &str = "https://herald.example/articles/7";

/// The ids of the copies at these pages and those of their stories.
fn ids(home: &CliHome) -> [(String, String); 2] {
    let copies = home.run(&["list", "--copies", "--json"]).json();
    [ARGUS, HERALD].map(|page| {
        let copy = copies
            .iter()
            .find(|copy| copy["canonical_url"] == page)
            .unwrap();
        let text = |field: &str| copy[field].as_str().unwrap().to_owned();
        (text("id"), text("story_id"))
    })
}

fn are_one_story(home: &CliHome) -> bool {
    let [(_, a), (_, b)] = ids(home);
    a == b
}

#[test]
fn a_copy_is_split_off_by_id_or_url_and_joined_again() {
    let home = filled();
    let [(argus, story), (herald, _)] = ids(&home);
    for copy in [&herald, &herald[..8], HERALD, "herald.example/articles/7"] {
        let told = home
            .run(&["split", &story, copy, "--json"])
            .json()
            .remove(0);
        assert_eq!(told["stories"][0]["id"], Value::from(&*story), "{copy}");
        assert_eq!(told["stories"][1]["id"], Value::from(&*herald), "{copy}");
        assert!(!are_one_story(&home));
        let again = home.run(&["split", ARGUS, copy, "--json"]).json().remove(0);
        assert_eq!(
            (&again["changed"], &told["changed"]),
            (&false.into(), &true.into())
        );
        assert_eq!(again["stories"], told["stories"]);
        let joined = home
            .run(&["join", HERALD, ARGUS, "--json"])
            .json()
            .remove(0);
        assert_eq!(joined["stories"][0]["id"], Value::from(&*argus));
        assert!(are_one_story(&home));
    }
    home.run(&["verify"]).exits(0);
}

#[test]
fn a_dry_run_tells_what_would_be_done_and_changes_nothing() {
    let home = filled();
    let told = home.run(&["split", ARGUS, HERALD, "--dry-run"]);
    told.exits(0);
    assert!(
        told.err.contains("would split 1 copy off into a new story"),
        "{told:?}"
    );
    assert!(are_one_story(&home));
    let done = home.run(&["split", ARGUS, HERALD]);
    assert_eq!(done.out, told.out);
    home.run(&["join", ARGUS, HERALD, "--dry-run"]).exits(0);
    assert!(!are_one_story(&home));
}

#[test]
fn what_cannot_be_split_or_joined_is_named() {
    let home = filled();
    let [(argus, story), (herald, _)] = ids(&home);
    let other = home.run(&["list", "-title:boats", "--json"]).json()[0]["id"].clone();
    let other = other.as_str().unwrap();
    for (args, exit, says) in [
        (&["split", &story, other][..], 66, "does not belong to"),
        (&["split", other, other], 2, "nothing to split"),
        (&["split", &story, &argus, &herald], 2, "--each"),
        (&["split", &story, "abc"], 2, "first 4 characters"),
        (&["split", &story, "no copy"], 2, "newswire explain"),
        (&["split", &story, "0123456789"], 66, "no copy"),
        (&["split", &story], 2, "COPY"),
        (&["split", "0123456789", &argus], 66, "no story"),
        (&["join", &story], 2, "STORY"),
        (&["join", &story, "0123456789"], 66, "no story"),
    ] {
        let ran = home.run(args);
        ran.exits(exit);
        assert!(ran.err.contains(says), "{args:?}: {ran:?}");
    }
    assert!(are_one_story(&home));
    let none = home.run(&["dedup", "decisions"]);
    assert_eq!(none.exits(0), "");
}

#[test]
fn a_story_that_lost_its_first_copy_is_still_shown_by_its_id() {
    let home = filled();
    let [(argus, story), _] = ids(&home);
    assert_eq!(argus, story);
    home.run(&["split", &story, ARGUS]).exits(0);
    let shown = home.run(&["show", &story, "--json"]).json().remove(0);
    assert_eq!(shown["articles"][0]["canonical_url"], HERALD);
    let new = home.run(&["show", ARGUS, "--json"]).json().remove(0);
    assert_ne!(new["id"], Value::from(story));
}

#[test]
fn decisions_are_explained_and_counted_and_are_labels() {
    let home = filled();
    home.run(&["split", ARGUS, HERALD]).exits(0);
    let told = home.run(&["explain", HERALD]).exits(0).to_owned();
    assert!(told.contains("decided     split off by hand, "), "{told}");
    assert!(told.contains("no: they were split by hand"), "{told}");
    let status = home.run(&["status"]).exits(0).to_owned();
    assert!(status.contains("1 split of 2 copies"), "{status}");
    let counts = home.run(&["status", "--json"]).json()[0]["decisions"].clone();
    assert_eq!(
        counts,
        serde_json::json!({"splits": 1, "joins": 0, "copies": 2})
    );
    let labels = home.run(&["dedup", "decisions"]).exits(0).to_owned();
    assert_eq!(
        labels
            .lines()
            .filter(|line| line.split('\t').count() == 3)
            .count(),
        3
    );
    home.write("labels.tsv", &labels);
    let agreement = |more: &[&str]| {
        let args = ["dedup", "test", "--labels", "labels.tsv", "--json"];
        home.run(&[&args, more].concat()).json()[0]["agreement"].clone()
    };
    assert_eq!(agreement(&[])["then"]["wrong"], 0);
    let rules = agreement(&["--rules-only"]);
    assert_eq!(
        (&rules["then"]["wrong"], &rules["stored"]["wrong"]),
        (&1.into(), &0.into())
    );
}

#[test]
fn decisions_are_part_of_a_backup_and_outlive_lists_of_feeds() {
    let home = filled();
    home.run(&["split", ARGUS, HERALD]).exits(0);
    home.run(&["backup", "saved.db"]).exits(0);
    let list = home.run(&["export"]).exits(0).to_owned();
    home.write("feeds.opml", &list);
    home.run(&["import", "feeds.opml"]).exits(0);
    home.run(&["join", ARGUS, HERALD]).exits(0);
    home.run(&["restore", "saved.db"]).exits(0);
    assert!(!are_one_story(&home));
    let decided = home.run(&["dedup", "decisions", "--json"]).json();
    assert_eq!((decided.len(), &decided[0]["kind"]), (1, &"split".into()));
}
