//! Whatever a user mistypes ends with the exit code of its kind and says, in a line, what is wrong and what would be right.

use super::filled;
use crate::support::cli_home::CliHome;

/// The line, the exit code, and what the user has to be told.
const MISTYPES: &[(&str, i32, &str)] = &[
    // Commands and options.
    ("lst", 2, "'list'"),
    ("serach boats", 2, "'search'"),
    ("topic tst boats", 2, "'test'"),
    ("topic", 2, "test"),
    ("dedup", 2, "Usage"),
    ("feed", 2, "<FEED>"),
    ("show", 2, "<ID|URL>"),
    ("search", 2, "<EXPR>"),
    ("add", 2, "<URL>"),
    ("import", 2, "<FILE|URL|->"),
    ("backup", 2, "<FILE>"),
    ("man", 2, "<DIR>"),
    ("render", 2, "--out"),
    ("set argus", 2, "<KEY=VALUE>"),
    ("list --limt 3", 2, "'--limit'"),
    ("search --josn a", 2, "'--json'"),
    ("topics -x", 2, "'-x'"),
    ("search -", 2, "missing after this"),
    ("prune --dryrun", 2, "'--dry-run'"),
    ("check --prnt", 2, "'--print'"),
    ("run --no-ftch", 2, "'--no-fetch'"),
    ("topics --jsn", 2, "'--json'"),
    ("feeds argus", 2, "'argus'"),
    ("status now", 2, "'now'"),
    ("fetch --all --due", 2, "'--due'"),
    ("list --json --format csv", 2, "'--format <FORMAT>'"),
    ("list --follow --sort best", 2, "'--sort <ORDER>'"),
    ("-v -q list", 2, "cannot be used with"),
    ("completions ksh", 2, "bash"),
    ("--color blue list", 2, "always"),
    ("--log-format xml list", 2, "human"),
    ("--log a=b=c fetch", 2, "newswire::fetch=debug"),
    ("--vers", 2, "'--version'"),
    // Values.
    ("list --format jsn", 2, "'json'"),
    ("export --format xml", 2, "'opml'"),
    ("emit sea --format atm", 2, "'atom'"),
    ("list --sort newest", 2, "arrived"),
    ("list --limit -1", 2, "for example 20"),
    ("list --limit many", 2, "for example 20"),
    ("list --after yesterday", 2, "--json"),
    ("list --since 24", 2, "24h"),
    ("list --since 2026-13-01", 2, "no such date"),
    ("list --since tomorow", 2, "2030-01-31"),
    ("list --until", 2, "--until <TIME>"),
    ("list --fields idd", 2, "\"id\""),
    ("list --fields id,,url", 2, "the fields are"),
    ("list --follow --format atom", 2, "jsonl"),
    ("list --sort best", 2, "expression"),
    ("set argus titel=x", 2, "title"),
    ("set argus interval=5", 2, "5m"),
    ("set argus folder", 2, "KEY=VALUE"),
    ("set argus paused=maybe", 2, "true or false"),
    ("set argus folder=a//b", 2, "news/world"),
    ("parse --url there feed.xml", 2, "URL"),
    // Expressions.
    ("list titel:x", 2, "title:"),
    ("list title:", 2, "missing after title:"),
    ("list \"open", 2, "add \""),
    ("list (a", 2, "add )"),
    ("list a)", 2, "could close"),
    ("list a OR", 2, "a OR b"),
    ("list a ||", 2, "a || b"),
    ("list | a", 2, "a | b"),
    ("list a &&", 2, "a && b"),
    ("list title:(a b)|c", 2, "title:(a OR b)"),
    ("list NOT", 2, "missing"),
    ("list copies>=x", 2, "copies>=3"),
    ("list words=>200", 2, "words>=3"),
    ("list since:tomorrow", 2, "yesterday"),
    ("list /[/", 2, "regular expression"),
    ("list NEAR(a, 5)", 2, "NEAR(a b, 5)"),
    ("list *", 2, "nothing to look for"),
    ("search -- ", 2, "newswire list"),
    // Names.
    ("feed argos", 66, "The Argus"),
    ("feed nosuch", 66, "newswire feeds"),
    ("list --feed The", 2, "more than one feed matches"),
    ("remove nosuch", 66, "newswire feeds"),
    ("pause nosuch", 66, "newswire feeds"),
    ("set nosuch title=x", 66, "newswire feeds"),
    ("fetch nosuch", 66, "newswire feeds"),
    ("list --topic se", 66, "\"sea\""),
    ("emit se", 66, "\"sea\""),
    ("topic explain se 123456", 66, "\"sea\""),
    ("show zzz", 2, "newswire list"),
    ("show v1.2.0", 66, "no story matches \"v1.2.0\""),
    ("show abcd", 66, "no story"),
    ("show abc", 2, "first 4"),
    ("open v1.2.0", 66, "no story"),
    ("explain nosuch", 2, "no story"),
    ("list --tag newz", 66, "no feed has the tag \"newz\""),
    ("feeds --folder news/wold", 66, "\"news/world\""),
    // By meaning.
    ("subscribe https://a.example/", 2, "use `newswire add`"),
    ("update", 2, "use `newswire fetch`"),
    ("merge a b", 2, "use `newswire join`"),
    ("unmerge a b", 2, "use `newswire split`"),
    ("refresh", 2, "use `newswire fetch`"),
    ("serve", 2, "use `newswire run`"),
    ("daemon", 2, "use `newswire run`"),
    ("stop", 2, "SIGTERM"),
    ("reload", 2, "SIGHUP"),
    ("list --count 3", 2, "use '--limit'"),
    ("list --category=a", 2, "use '--folder'"),
    ("fetch --folder news", 2, "'--folder' is an option of add"),
    ("emit sea --output x", 2, "use '--out'"),
    ("show ffffffff", 66, "newswire list"),
    ("explain https://a.example/none", 66, "no story has a copy"),
    // URLs and files.
    ("add notaurl", 2, "https://example.org/feed.xml"),
    ("add ftp://a.example/feed", 2, "http and https"),
    ("add http://", 2, "empty host"),
    ("add ./notes.txt", 2, "newswire parse ./notes.txt"),
    ("add notes.txt", 2, "it is a file"),
    ("add /etc/passwd", 2, "it is a file"),
    ("parse ftp://a.example/feed", 2, "http and https"),
    ("list --seen-since tomorow", 2, "--seen-since"),
    ("list --published-since 24", 2, "--published-since"),
    ("import none.opml", 66, "none.opml"),
    ("import notes.txt", 65, "OPML"),
    ("import -", 65, "stdin"),
    ("import .", 66, "directory"),
    ("parse none.xml", 66, "none.xml"),
    ("parse notes.txt", 65, "neither XML nor JSON"),
    ("backup notes.txt", 74, "never overwrites"),
    ("backup none/x.db", 74, "none/x.db"),
    ("emit sea --out none/x.atom", 1, "none/x.atom"),
    ("render --out notes.txt", 1, "not a directory"),
    ("--config none.toml list", 78, "none.toml"),
    ("--config notes.txt list", 78, "notes.txt:1"),
    ("--db none.db list", 66, "newswire add URL"),
    ("--db notes.txt list", 74, "notes.txt"),
    ("--db . list", 74, "directory"),
];

/// Words as a shell would part them; what stands behind the first of a `list` or `search` is one expression.
fn words(line: &str) -> Vec<&str> {
    for command in ["list ", "search "] {
        if let Some(rest) = line.strip_prefix(command)
            && !rest.starts_with("--")
        {
            return vec![command.trim_end(), rest];
        }
    }
    match line.strip_suffix("-- ") {
        Some(before) => before.split_whitespace().chain(["--", ""]).collect(),
        None => line.split_whitespace().collect(),
    }
}

#[test]
fn whatever_is_mistyped_gets_one_helpful_line() {
    let home = filled();
    home.write("notes.txt", "just some notes\n");
    let mut wrong = Vec::new();
    for (line, code, says) in MISTYPES {
        let ran = home.run(&words(line));
        let first = ran.err.lines().next().unwrap_or_default();
        let is_told = ["newswire: ", "error: "].iter().any(|b| first.starts_with(b))
            || ran.err.contains("Usage: newswire") // a command without its own: its help
            || ran.err.contains("-->"); // a place in the configuration
        let is_right = ran.code == Some(*code)
            && ran.out.is_empty()
            && is_told
            && ran.err.contains(says)
            && !ran.err.contains("invalid digit");
        if !is_right {
            wrong.push(format!("{line}: {ran:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_hidden_command_is_suggested_and_only_the_nearest() {
    let home = CliHome::empty();
    let err = home.run(&["serach", "x"]).err;
    assert!(
        err.contains("a similar subcommand exists: 'search'"),
        "{err}"
    );
}

#[test]
fn a_name_that_nothing_bears_is_told_where_nothing_matched() {
    let home = filled();
    for (expr, says) in [
        ("topic:se", "did you mean \"sea\"?"),
        ("feed:nosuch boats", "no feed matches \"nosuch\""),
        ("lang:english", "lang:en"),
    ] {
        let ran = home.run(&["list", "--json", expr]);
        assert_eq!(ran.exits(0), "", "{expr}");
        assert!(ran.err.contains(says), "{expr}: {}", ran.err);
        assert_eq!(home.run(&["-q", "list", "--json", expr]).err, "", "{expr}");
    }
    for expr in ["zebra", "topic:sea zebra", "lang:xx", "feed:argus zebra"] {
        assert_eq!(home.run(&["list", "--json", expr]).err, "", "{expr}");
    }
}

#[test]
fn an_interval_that_publishers_would_not_like_is_warned_of() {
    let home = filled();
    let ran = home.run(&["set", "argus", "interval=1m"]);
    ran.exits(0);
    assert!(ran.err.contains("five minutes"), "{}", ran.err);
    let ran = home.run(&["set", "argus", "interval=5m"]);
    assert!(!ran.err.contains("five minutes"), "{}", ran.err);
}
