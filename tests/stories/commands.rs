//! `newswire explain` and `newswire dedup test`: why copies are one story, why others are not, and what other settings
//! would do.

use newswire::clock::Clock;
use newswire::store::Selection;

use crate::support::cli_home::{self, CliHome, draft, poll, subscribe};

const BOATS: &str = "The harbour masters of Aldmouth and Kessport agreed on Friday to mark the channel through the \
    winter, after three boats had run aground within a week. Buoys are to be laid out before the end of the month.";
const TEASER: &str = "The harbour masters of Aldmouth and Kessport agreed on Friday to mark the channel through the \
    winter, after three boats had run aground";
const SHARES: &str = "Shares in Aldmouth closed higher on Monday. The main index rose by 1.8 percent to 3412 points, \
    led by shipping companies. Turnover was 12 billion crowns.";
const SHARES_NEXT: &str = "Shares in Aldmouth closed lower on Tuesday. The main index fell by 2.3 percent to 3368 \
    points, led by shipping companies. Turnover was 15 billion crowns.";

/// Four papers: a story in two of them, and a form filled twice.
fn papers() -> CliHome {
    let home = CliHome::empty();
    let clock = Clock::manual(cli_home::time("2030-01-10T08:00:00Z"));
    let store = home.store(&clock);
    let printed = [
        ("argus", "Harbour masters agree on buoys", BOATS),
        ("beacon", "Buoys for the winter channel", TEASER),
        ("courier", "Shares close higher in Aldmouth", SHARES),
        ("dispatch", "Shares close lower in Aldmouth", SHARES_NEXT),
    ];
    for (paper, title, text) in printed {
        let host = format!("{paper}.example");
        let feed = subscribe(&store, &host, paper);
        poll(&store, &clock, feed, vec![draft(&host, 1, title, text)]);
    }
    home
}

#[test]
fn a_join_is_told_with_its_figures_and_the_words_in_common() {
    let home = papers();
    let told = home
        .run(&["explain", "https://beacon.example/articles/1", "--json"])
        .json();
    let copy = &told[0]["copies"][1];
    assert_eq!(copy["same_as"]["signal"], "near");
    assert_eq!(copy["joined_with"], told[0]["copies"][0]["id"]);
    let alike = &copy["alike"];
    assert_eq!(alike["ground"], "contained");
    assert_eq!(
        (&alike["runs"], &alike["words"]),
        (&1.0.into(), &1.0.into())
    );
    assert_eq!(alike["headline_words"], serde_json::json!(["buoys"]));
    let passage = alike["passages"][0].as_str().unwrap();
    assert!(
        passage.starts_with("the harbour masters of aldmouth"),
        "{passage}"
    );
    let text = home.run(&["explain", "https://beacon.example/articles/1"]);
    let text = text.exits(0);
    for part in [
        "joined      nearly the same text as ",
        "because     one contains most of the other: 100% of four-word sequences",
        "in both     “the harbour masters of aldmouth",
        "headlines   buoys",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn what_came_closest_is_told_with_what_held_them_apart() {
    let home = papers();
    let told = home
        .run(&["explain", "https://dispatch.example/articles/1", "--json"])
        .json();
    let nearest = &told[0]["copies"][0]["nearest"];
    assert_eq!(nearest["feed_title"], "courier");
    assert_eq!(nearest["title"], "Shares close higher in Aldmouth");
    assert_ne!(nearest["alike"]["ground"], "contained");
    let text = home.run(&["explain", "https://dispatch.example/articles/1"]);
    let text = text.exits(0);
    assert!(
        text.contains("nearest    courier: Shares close higher"),
        "{text}"
    );
    assert!(text.contains("joined     no\n"), "{text}");
}

#[test]
fn other_settings_are_tried_without_touching_the_store() {
    let home = papers();
    let clock = Clock::manual(cli_home::time("2030-01-10T08:00:00Z"));
    let sequence = home.store(&clock).reads().sequence().unwrap();
    let same = home.run(&["dedup", "test", "--json"]).json();
    assert_eq!(
        (&same[0]["copies"], &same[0]["stories"]),
        (&4.into(), &3.into())
    );
    assert_eq!(same[0]["stories_then"], 3);
    assert_eq!(
        (&same[0]["joined"], &same[0]["parted"]),
        (&serde_json::json!([]), &serde_json::json!([]))
    );
    let equal = home
        .run(&["dedup", "test", "--near", "false", "--json"])
        .json();
    assert_eq!(
        (&equal[0]["stories_then"], &equal[0]["near"]),
        (&4.into(), &false.into())
    );
    assert_eq!(
        equal[0]["parted"][0][1]["title"],
        "Buoys for the winter channel"
    );
    let text = home.run(&[
        "dedup", "test", "--near", "false", "--window", "2d", "--since", "24h",
    ]);
    let text = text.exits(0);
    assert!(
        text.contains("3 stories now, 4 stories with a window of 2d and near copies not joined"),
        "{text}"
    );
    assert!(text.contains("Stories that would be split (1):"), "{text}");
    let store = home.store(&clock);
    assert_eq!(store.reads().sequence().unwrap(), sequence);
    assert_eq!(
        store.reads().stories(&Selection::default()).unwrap().len(),
        3
    );
}

#[test]
fn odd_settings_are_refused() {
    let home = papers();
    home.run(&["dedup", "test", "--near", "maybe"]).exits(2);
    home.run(&["dedup", "test", "--since", "tomorrow"]).exits(2);
}

#[test]
fn labels_say_how_good_the_stories_are() {
    let home = papers();
    let copies = home.run(&["list", "--copies", "--json"]).json();
    let id = |paper: &str| {
        let copy = copies.iter().find(|c| c["feed"]["title"] == paper);
        copy.unwrap()["id"].as_str().unwrap().to_owned()
    };
    let labels: String = [
        ("argus", "buoys"),
        ("beacon", "buoys"),
        ("courier", "shares"),
        ("dispatch", "shares"),
    ]
    .map(|(paper, label)| format!("{}\t{label}\n", id(paper)))
    .concat();
    let file = home.write("labels.tsv", &format!("# copy\tstory\n{labels}"));
    let file = file.to_str().unwrap();
    let told = home
        .run(&["dedup", "test", "--labels", file, "--json"])
        .json();
    let stored = &told[0]["agreement"]["stored"];
    assert_eq!(
        (&stored["precision"], &stored["recall"]),
        (&1.0.into(), &0.5.into())
    );
    assert_eq!(stored["missed_pairs"].as_array().unwrap().len(), 1);
    let apart = [
        "dedup", "test", "--near", "false", "--labels", file, "--json",
    ];
    let then = home.run(&apart).json()[0]["agreement"]["then"].clone();
    assert_eq!(then["recall"], 0.0);
    let text = home.run(&["dedup", "test", "--labels", file]);
    assert!(
        text.exits(0).contains("precision 100.0 %, recall 50.0 %"),
        "{}",
        text.out
    );
    let bad = home.write("bad.tsv", "x\ty\n");
    home.run(&["dedup", "test", "--labels", bad.to_str().unwrap()])
        .exits(65);
    home.run(&["dedup", "test", "--labels", "nowhere.tsv"])
        .exits(66);
}
