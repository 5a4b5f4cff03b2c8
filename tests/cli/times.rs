//! Times for people are local and say so; times for programs are UTC.

use super::filled;
use crate::support::cli_home::CliHome;

fn in_berlin(home: &CliHome, args: &[&str]) -> String {
    let output = home.command(args).env("TZ", "Europe/Berlin").output();
    String::from_utf8(output.unwrap().stdout).unwrap()
}

#[test]
fn a_table_of_news_is_local_and_names_its_zone() {
    let home = filled();
    let boats = ["list", "title:boats"];
    let table = in_berlin(&home, &boats);
    assert!(table.contains("ARRIVED (CET)"), "{table}");
    assert!(table.contains("2030-01-10 09:00  The Argus"), "{table}");
    for utc in [&["--utc"][..], &["--time", "utc"]] {
        let table = in_berlin(&home, &[&boats, utc].concat());
        assert!(table.contains("ARRIVED (UTC)"), "{table}");
        assert!(table.contains("2030-01-10 08:00  The Argus"), "{table}");
    }
    let table = in_berlin(&home, &[&boats[..], &["--time", "relative"]].concat());
    assert!(table.contains("4 h ago  The Argus"), "{table}");
    let table = in_berlin(&home, &["list", "--fields", "id,arrived,title"]);
    assert!(table.contains("arrived (CET)"), "{table}");
    assert!(table.contains("2030-01-10 09:00  Boats"), "{table}");
}

#[test]
fn polls_are_told_by_their_distance_and_sentences_have_both() {
    let home = filled();
    let table = in_berlin(&home, &["feeds"]);
    assert!(table.contains("LAST POLL  NEXT POLL"), "{table}");
    assert!(table.contains("3 h ago    due"), "{table}");
    let table = in_berlin(&home, &["feeds", "--time", "local"]);
    assert!(table.contains("LAST POLL (CET)"), "{table}");
    let feed = in_berlin(&home, &["feed", "herald"]);
    assert!(feed.contains("2030-01-10 10:00 CET (3 h ago)"), "{feed}");
    let page = "https://argus.example/articles/1";
    let shown = in_berlin(&home, &["show", page]);
    assert!(shown.contains("2030-01-10 09:00 CET (4 h ago)"), "{shown}");
    let explained = in_berlin(&home, &["explain", page]);
    let meaning = "never before the feed's previous poll";
    assert_eq!(explained.matches(meaning).count(), 1, "{explained}");
}

#[test]
fn what_programs_read_is_utc_whatever_the_zone() {
    let home = filled();
    for format in ["jsonl", "json", "csv", "tsv", "atom", "jsonfeed"] {
        let args = ["list", "--format", format, "--time", "local"];
        let here = in_berlin(&home, &args);
        assert_eq!(here, home.run(&args).exits(0), "{format}");
        assert!(here.contains("T08:00:00Z"), "{format}");
    }
}
