//! SEC-14: nothing that is printed gives orders to a terminal, in any format and by any command. The formats and the commands are
//! those that exist, so that a new one is tested or fails the test.

use super::surface;
use super::{HOSTILE, filled};
use crate::support::cli_home::CliHome;

/// What commands are called with here: `ID` stands for the story whose headline is hostile, `BAD` for a hostile text.
const ARGUMENTS: &[(&str, &[&str])] = &[
    ("add", &["BAD"]),
    ("backup", &["BAD.db"]),
    ("completions", &["bash"]),
    ("emit", &["all"]),
    ("explain", &["ID"]),
    ("export", &["--format", "json"]),
    ("feed", &["argus"]),
    ("feeds", &["--why-next"]),
    ("import", &["BAD"]),
    ("join", &["ID", "BAD"]),
    ("notify test", &["BAD"]),
    ("parse", &["bad.xml"]),
    ("pause", &["BAD"]),
    ("remove", &["BAD"]),
    ("render", &["--out", "BAD"]),
    ("restore", &["BAD"]),
    ("resume", &["BAD"]),
    ("schema", &["BAD"]),
    ("search", &["wary"]),
    ("set", &["argus", "title=BAD"]),
    ("show", &["ID"]),
    ("split", &["ID", "BAD"]),
    ("topic explain", &["sea", "ID"]),
    ("topic test", &["wary"]),
    ("verify", &["BAD"]),
];

/// Commands that need nothing.
const ALONE: &[&str] = &[
    "check",
    "config",
    "config example",
    "config sections",
    "dedup",
    "dedup decisions",
    "dedup test",
    "healthcheck",
    "list",
    "mcp",
    "notify",
    "notify log",
    "prune",
    "status",
    "topic",
    "top",
    "topics",
];

/// Commands that start the daemon, a browser or polls, and one that writes files and prints how many.
const ELSEWHERE: &[&str] = &["demo", "fetch", "man", "open", "run"];

fn is_order(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\t')) || matches!(c, '\u{202a}'..='\u{202e}')
}

#[track_caller]
fn gives_no_orders(home: &CliHome, args: &[&str]) -> String {
    let ran = home.run(args);
    for text in [&ran.out, &ran.err] {
        assert!(!text.chars().any(is_order), "{args:?}: {text:?}");
    }
    ran.out
}

#[test]
fn sec_14_no_format_of_a_list_gives_orders_to_a_terminal() {
    let home = filled();
    for format in surface::list_formats(&home) {
        for args in [&["list", "--full"][..], &["list"], &["search", "wary"]] {
            let args: Vec<&str> = args
                .iter()
                .copied()
                .chain(["--format", format.as_str()])
                .collect();
            let out = gives_no_orders(&home, &args);
            assert!(!out.is_empty() || args.contains(&"--full"), "{args:?}");
        }
    }
    let json = home.run(&["list", "wary", "--json"]).json();
    assert_eq!(json[0]["title"], HOSTILE, "JSON escapes and loses nothing");
}

#[test]
fn sec_14_no_command_gives_orders_to_a_terminal() {
    let home = filled();
    let ran = home.run(&["list", "wary", "--format", "ids"]);
    let id = ran.exits(0).trim().to_owned();
    let item = format!("<item><title>{}</title></item>", &HOSTILE[5..]);
    home.write("bad.xml", &format!("<rss><channel>{item}</channel></rss>"));
    let mut with_headline = 0;
    for command in surface::commands(&home).into_keys() {
        let arguments = ARGUMENTS.iter().find(|(name, _)| *name == command);
        if ELSEWHERE.contains(&command.as_str()) {
            continue;
        }
        assert!(
            arguments.is_some() || ALONE.contains(&command.as_str()),
            "{command}: a row in one of the tables says how it is called here"
        );
        let arguments = arguments.map_or(&[][..], |(_, arguments)| arguments);
        let arguments = arguments
            .iter()
            .map(|word| word.replace("ID", &id).replace("BAD", "x\u{1b}[2J\u{202e}"));
        let words: Vec<String> = command
            .split(' ')
            .map(str::to_owned)
            .chain(arguments)
            .collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let out = gives_no_orders(&home, &words);
        with_headline += usize::from(out.contains("owned"));
    }
    assert!(with_headline >= 5, "{with_headline} show the headline");
}
