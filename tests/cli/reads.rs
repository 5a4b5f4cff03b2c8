//! Everything else that is read: show, explain, topics, emit, status, check.

use serde_json::Value;

use super::{filled, wire};
use crate::support::cli_home::{CliHome, exists};

#[test]
fn a_story_is_shown_by_id_by_a_copys_id_and_by_url() {
    let home = filled();
    let copies = home
        .run(&["list", "title:boats", "--copies", "--json"])
        .json();
    let story = copies[0]["story_id"].as_str().unwrap();
    let whole = home.run(&["show", story, "--json"]).json().remove(0);
    assert_eq!(whole["articles"].as_array().unwrap().len(), 2);
    assert_eq!(whole["content_text"], wire());
    for copy in &copies {
        let id = copy["id"].as_str().unwrap();
        let url = copy["url"].as_str().unwrap();
        let canonical = copy["canonical_url"].as_str().unwrap();
        let spread = format!(
            "{}?utm_campaign=x",
            canonical.trim_start_matches("https://")
        );
        for name in [id, id.split('-').next().unwrap(), url, canonical, &spread] {
            assert_eq!(
                home.run(&["show", name, "--json"]).json()[0],
                whole,
                "{name}"
            );
        }
    }
    let text = home.run(&["show", story, "--text"]).exits(0).to_owned();
    assert_eq!(text.trim(), wire());
    assert_eq!(
        home.run(&["show", story, "--html"]).exits(0).trim(),
        format!("<p>{}</p>", wire())
    );
    let readable = home.run(&["show", story]).exits(0).to_owned();
    for part in [
        "Boats come in",
        "The Argus · Ann Other",
        "2 copies:",
        "same text",
    ] {
        assert!(readable.contains(part), "{part}: {readable}");
    }
    assert!(
        readable.lines().all(|line| line.chars().count() <= 96),
        "wrapped"
    );
}

#[test]
fn an_explanation_names_identity_join_and_words() {
    let home = filled();
    let told = home
        .run(&["explain", "https://herald.example/articles/7", "--json"])
        .json()
        .remove(0);
    let copies = told["copies"].as_array().unwrap();
    assert_eq!(copies[0]["joined_with"], Value::Null);
    assert_eq!(copies[1]["joined_with"], copies[0]["id"]);
    assert_eq!(copies[1]["same_as"]["signal"], "text");
    assert_eq!(copies[0]["identity"], "guid");
    let topic = &copies[0]["topics"][0];
    assert_eq!(topic["name"], "sea");
    assert_eq!(
        topic["found"],
        serde_json::json!([{"field": "title", "words": "\"boats\""}])
    );
    let text = home
        .run(&["explain", "https://herald.example/articles/7"])
        .exits(0)
        .to_owned();
    assert!(text.contains("the same text as"), "{text}");
    assert!(
        text.contains("cleaned to  https://argus.example/articles/1\n"),
        "{text}"
    );
}

#[test]
fn topics_are_listed_tried_and_explained() {
    let home = filled();
    let topics = home.run(&["topics", "--json"]).json();
    let counts: Vec<(&str, u64, u64)> = topics
        .iter()
        .map(|t| {
            let n = |key: &str| t[key].as_u64().unwrap();
            (t["name"].as_str().unwrap(), n("stories"), n("articles"))
        })
        .collect();
    assert_eq!(counts, [("sea", 1, 2), ("war", 1, 1)]);
    let trial = home
        .run(&["topic", "test", "ukraine", "--topic", "war", "--json"])
        .json()
        .remove(0);
    assert_eq!(
        (&trial["stories"], &trial["articles"]),
        (&2.into(), &2.into())
    );
    assert_eq!(trial["topic"]["added"], 1);
    assert_eq!(trial["topic"]["removed"], 0);
    assert_eq!(
        trial["topic"]["added_newest"][0]["title"],
        "Ukraine wins the cup"
    );
    let recent = home
        .run(&["topic", "test", "boats", "--since", "3h", "--json"])
        .json()
        .remove(0);
    assert_eq!(
        (&recent["stories"], &recent["topic"]),
        (&0.into(), &Value::Null)
    );
    let text = home
        .run(&["topic", "test", "ukraine", "--topic", "war"])
        .exits(0)
        .to_owned();
    assert!(text.contains("would add 1 and remove 0"), "{text}");
    let why = home
        .run(&[
            "topic",
            "explain",
            "war",
            "https://argus.example/articles/3",
            "--json",
        ])
        .json()
        .remove(0);
    assert_eq!(
        (&why["member"], &why["copies"][0]["found"][0]["words"]),
        (&false.into(), &"\"ukraine\"".into())
    );
}

#[test]
fn a_topic_is_explained_by_facts_and_by_what_it_does_not_want_too() {
    let home = filled();
    home.configure(
        "[[topic]]\nname = \"argus\"\nmatch = 'feed:argus -ukraine'\n[[topic]]\nname = \"rest\"\nmatch = '-feed:argus'\n",
    );
    home.run(&["prune"]).exits(0);
    let about = |topic: &str, page: &str| {
        let page = format!("https://argus.example/articles/{page}");
        home.run(&["topic", "explain", topic, &page])
            .exits(0)
            .to_owned()
    };
    let inside = about("argus", "1");
    assert!(inside.contains("found feed:\"argus\""), "{inside}");
    let outside = about("argus", "3");
    assert!(
        outside.contains("found feed:\"argus\"; excluded by \"ukraine\" in title"),
        "{outside}"
    );
    let rest = about("rest", "3");
    assert!(
        rest.contains("no matching terms; excluded by feed:\"argus\""),
        "{rest}"
    );
}

#[test]
fn a_trial_finds_the_topic_that_the_configuration_gives_the_expression() {
    let home = filled();
    home.configure("[[topic]]\nname = \"war\"\nmatch = 'ukraine'\n");
    let trial = home
        .run(&["topic", "test", "ukraine", "--json"])
        .json()
        .remove(0);
    assert_eq!(trial["topic"]["name"], "war");
    let noted = home.run(&["topics"]);
    assert!(
        noted
            .err
            .contains("the configuration defines different topics"),
        "{}",
        noted.err
    );
}

#[test]
fn sec_19_a_merged_feed_goes_to_a_file_whole_and_through_no_link() {
    let home = filled();
    let atom = home.run(&["emit", "sea"]).exits(0).to_owned();
    assert!(
        atom.contains("<title>SEA</title>") && atom.contains("Boats come in"),
        "{atom}"
    );
    home.run(&["emit", "sea", "--out", "sea.atom"]).exits(0);
    assert_eq!(
        std::fs::read_to_string(home.path("sea.atom")).unwrap(),
        atom
    );
    let rss = home
        .run(&["emit", "all", "--format", "rss", "-n", "1"])
        .exits(0)
        .to_owned();
    assert_eq!(rss.matches("<item>").count(), 1);
    let json = home
        .run(&["emit", "all", "--format", "json"])
        .exits(0)
        .to_owned();
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["items"].as_array().unwrap().len(), 4);
    home.write("secret", "kept");
    std::os::unix::fs::symlink(home.path("secret"), home.path("link.atom")).unwrap();
    let refused = home.run(&["emit", "sea", "--out", "link.atom"]);
    refused.exits(1);
    assert!(refused.err.contains("link.atom"), "{}", refused.err);
    assert_eq!(
        std::fs::read_to_string(home.path("secret")).unwrap(),
        "kept"
    );
}

#[test]
fn all_feeds_are_rendered_and_what_did_not_change_is_left_alone() {
    let home = filled();
    let first = home.run(&["render", "--out", "www"]);
    first.exits(0);
    assert!(
        first.err.contains("14 files in www, 14 written"),
        "{}",
        first.err
    );
    for file in [
        "feeds/all.atom",
        "feeds/sea.rss",
        "feeds/war.json",
        "feeds/newswire-health.rss",
        "feeds.opml",
        "subscriptions.opml",
    ] {
        assert!(exists(&home.path("www").join(file)), "{file}");
    }
    let again = home.run(&["render", "--out", "www"]);
    assert!(
        again.err.contains("14 files in www, 0 written"),
        "{}",
        again.err
    );
    let atom = std::fs::read_to_string(home.path("www/feeds/sea.atom")).unwrap();
    assert_eq!(atom, home.run(&["emit", "sea"]).exits(0));
    let health = std::fs::read_to_string(home.path("www/feeds/newswire-health.atom")).unwrap();
    assert_eq!(health, home.run(&["emit", "newswire-health"]).exits(0));
}

#[test]
fn the_status_has_the_fields_of_the_contract_first() {
    let home = filled();
    let status = home.run(&["status", "--json"]).json().remove(0);
    let keys: Vec<&String> = status.as_object().unwrap().keys().take(6).collect();
    assert_eq!(
        keys,
        [
            "feeds", "articles", "stories", "topics", "sequence", "db_bytes"
        ]
    );
    assert_eq!(
        (&status["feeds"], &status["articles"], &status["stories"]),
        (&2.into(), &5.into(), &4.into())
    );
    let text = home.run(&["status"]).exits(0).to_owned();
    assert!(
        text.contains("argus.example") && text.contains("built-in defaults"),
        "{text}"
    );
    assert_eq!(status["warnings"], serde_json::json!([]));
    home.configure("[store]\nsize_warning = 1\n");
    let told = home.run(&["status", "--json"]).json().remove(0)["warnings"].to_string();
    let text = home.run(&["status"]).exits(0).to_owned();
    assert!(told.contains("store.size_warning") && text.contains("store.size_warning"));
}

#[test]
fn the_configuration_is_checked_and_printed_with_its_origins() {
    let home = filled();
    assert!(
        home.run(&["check"])
            .exits(0)
            .starts_with("built-in defaults: OK")
    );
    home.configure("[store]\nkeep = \"30d\"\n");
    let printed = home
        .run(&["--db", "x.db", "check", "--print"])
        .exits(0)
        .to_owned();
    assert!(printed.contains("store.keep = \"30d\"  # "), "{printed}");
    assert!(printed.contains("newswire.toml:2\n"), "{printed}");
    assert!(
        printed.contains("store.path = \"x.db\"  # --db"),
        "{printed}"
    );
    assert!(printed.contains("# default"), "{printed}");
}

#[test]
fn what_check_prints_is_a_configuration_that_says_the_same() {
    let home = filled();
    let text = "[store]\nkeep = \"30d\"\n[server]\nallowed_hosts = [\"a.example\"]\n[[feed]]\nurl = \"lwn.example/rss\"\n\
                title = \"A \\\"b\\\" # c\"\ntags = [\"x\", \"y\"]\nheaders = { \"X-Key\" = \"k\" }\n[[feed]]\nurl = \"https://b.example/\"\n\
                [[topic]]\nname = \"sea\"\nmatch = 'boats OR \"red fox\"'\nlanguage = \"en\"\n";
    home.configure(text);
    let print = |home: &CliHome, args: &[&str]| {
        let printed = home
            .run(&[&["check", "--print"], args].concat())
            .exits(0)
            .to_owned();
        let bare = printed
            .lines()
            .map(|line| line.rsplit_once("  # ").map_or(line, |(v, _)| v));
        (bare.collect::<Vec<_>>().join("\n"), printed)
    };
    let (values, printed) = print(&home, &[]);
    assert!(
        values.contains("url = \"https://lwn.example/rss\""),
        "{printed}"
    );
    assert!(
        printed.contains("# server.public_url is not set  # default"),
        "{printed}"
    );
    home.write("again.toml", &printed);
    let (again, _) = print(&home, &["--config", "again.toml"]);
    assert_eq!(again, values);
    let told = home.run(&["check", "--print", "--json"]).json().remove(0);
    assert_eq!((&told["ok"], &told["feeds"]), (&true.into(), &2.into()));
    home.configure("[store]\nkepp = 1\n");
    let wrong = home.run(&["check", "--json"]);
    wrong.exits(78);
    assert!(
        wrong.out.contains("\"ok\":false") && wrong.out.contains("keep"),
        "{wrong:?}"
    );
}

#[test]
fn a_topic_of_a_feed_that_is_not_there_is_warned_of() {
    let home = filled();
    let topic =
        |feeds: &str| format!("[[topic]]\nname = \"sea\"\nmatch = 'boats'\nfeeds = [{feeds}]\n");
    let declared = "[[feed]]\nurl = \"https://lwn.example/rss\"\ntitle = \"LWN\"\n";
    let warned = |text: &str| {
        home.configure(text);
        let ran = home.run(&["check"]);
        ran.exits(0);
        ran.err
    };
    for (feeds, says) in [
        (
            "\"Herold\", \"argus\"",
            "topic \"sea\": no feed matches \"Herold\"; did you mean \"The Herald\"?",
        ),
        ("\"LWN\"", "no feed matches \"LWN\""),
        ("\"The Argus\", \"https://herald.example/feed\"", ""),
    ] {
        let err = warned(&topic(feeds));
        assert!(
            err.contains(says) && says.is_empty() == err.is_empty(),
            "{err}"
        );
    }
    assert_eq!(warned(&format!("{declared}{}", topic("\"LWN\""))), "");
    let unread = declared.replace("title = \"LWN\"\n", "");
    let err = warned(&format!("{unread}{}", topic("\"X\"")));
    assert!(err.contains("\"X\" (1 feed never read so far)"), "{err}");
    let more = unread.replace("lwn", "two");
    let err = warned(&format!("{unread}{more}{}", topic("\"X\"")));
    assert_eq!(err, "", "most titles may still be X");
}

#[test]
fn a_backup_is_a_store_and_is_never_overwritten() {
    let home = filled();
    home.run(&["backup", "copy.db"]).exits(0);
    home.run(&["backup", "copy.db"]).exits(74);
    home.run(&["--db", "copy.db", "verify"]).exits(0);
    assert_eq!(
        home.run(&["--db", "copy.db", "list", "--json"]).out,
        home.run(&["list", "--json"]).out
    );
}

#[test]
fn a_dry_prune_removes_nothing() {
    let home = filled();
    home.configure("[store]\nkeep_max_per_feed = 1\n");
    let told = home.run(&["prune", "--dry-run"]).exits(0).to_owned();
    assert!(
        told.starts_with("would remove 3 articles and 2 stories"),
        "{told}"
    );
    assert_eq!(home.run(&["list", "--json"]).json().len(), 4);
    let done = home.run(&["prune", "--json"]).json().remove(0);
    assert_eq!(done["articles"], 3);
    assert_eq!(home.run(&["list", "--json"]).json().len(), 2);
}

#[test]
fn nobody_answers_a_health_check() {
    let home = filled();
    home.configure("[server]\nlisten = []\n");
    let ran = home.run(&["healthcheck"]);
    ran.exits(1);
    assert!(ran.err.contains("is not running"), "{}", ran.err);
}
