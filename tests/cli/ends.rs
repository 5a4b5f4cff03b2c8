//! How commands end: one exit code for each kind of mistake, one message, and never a panic.

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

use newswire::clock::Clock;

use super::filled;
use crate::support::cli_home::{CliHome, NOW, exists, time, topics};

/// Runs a command that must fail so, with one message that begins with our name and says `says`.
#[track_caller]
fn fails(home: &CliHome, args: &[&str], code: i32, says: &str) {
    let ran = home.run(args);
    ran.exits(code);
    assert_eq!(ran.out, "", "{args:?}");
    assert!(ran.err.starts_with("newswire: "), "{args:?}: {}", ran.err);
    assert!(ran.err.contains(says), "{args:?}: {}", ran.err);
}

#[test]
fn without_a_store_reads_say_what_to_do() {
    let home = CliHome::empty();
    for args in [
        &["list"][..],
        &["search", "x"],
        &["feeds"],
        &["feed", "x"],
        &["show", "123456"],
        &["explain", "123456"],
        &["topics"],
        &["topic", "test", "x"],
        &["emit", "all"],
        &["export"],
        &["status"],
        &["verify"],
        &["prune"],
        &["backup", "copy.db"],
        &["remove", "x"],
        &["pause", "x"],
        &["set", "x", "title=y"],
    ] {
        fails(&home, args, 66, "newswire add URL");
    }
    assert!(!exists(&home.db()), "looking makes no store");
}

#[test]
fn wrong_usage_is_exit_2() {
    let home = filled();
    for (args, says) in [
        (&["list", "--since", "tomorrow"][..], "24h"),
        (&["list", "--fields", "titel"], "title"),
        (&["list", "--format", "ids", "--fields", "id"], "--fields"),
        (&["list", "--sort", "best"], "expression"),
        (&["list", "--follow", "--format", "json"], "--follow"),
        (&["list", "--feed", "The"], "more than one feed matches"),
        (&["show", "boats!"], "no story matches"),
        (&["set", "argus", "titel=x"], "title"),
        (&["set", "argus", "interval=30"], "30m"),
        (&["set", "argus", "title"], "KEY=VALUE"),
        (&["add", "ftp://x.example/feed"], "http"),
        (
            &["add", "a.example", "b.example", "--title", "x"],
            "--title",
        ),
        (&["import", "https://"], "https://"),
        (
            &["run", "--log", "a=b=c", "--no-serve", "--no-fetch"],
            "log filter",
        ),
    ] {
        fails(&home, args, 2, says);
    }
    for args in [
        &["lisst"][..],
        &["list", "--limit", "many"],
        &["list", "--json", "--format", "csv"],
        &["search"],
        &["fetch", "--all", "--due"],
        &["--now", "noon", "status"],
        &[],
    ] {
        let ran = home.run(args);
        ran.exits(2);
        assert!(!ran.err.is_empty(), "{args:?}");
    }
}

#[test]
fn a_bad_expression_is_exit_2_with_a_caret() {
    let home = filled();
    for args in [
        &["list", "ukraine ("][..],
        &["search", "titel:x"],
        &["topic", "test", "/(/"],
    ] {
        let ran = home.run(args);
        ran.exits(2);
        assert!(ran.err.contains('^'), "{args:?}: {}", ran.err);
    }
    let ran = home.run(&["search", "titel:x"]);
    assert!(ran.err.contains("title"), "{}", ran.err);
}

#[test]
fn what_is_not_there_is_exit_66_with_the_nearest_name() {
    let home = filled();
    for (args, says) in [
        (&["feed", "The Argos"][..], "The Argus"),
        (&["list", "--feed", "zzz"], "newswire feeds"),
        (&["list", "--topic", "se"], "sea"),
        (&["emit", "see"], "sea"),
        (
            &["topic", "explain", "ocean", "00000000"],
            "newswire topics",
        ),
        (&["show", "00000000"], "newswire list"),
        (
            &["show", "https://argus.example/none"],
            "no story has a copy",
        ),
        (&["remove", "zzz"], "newswire feeds"),
        (&["parse", "none.xml"], "none.xml"),
        (&["import", "none.opml"], "none.opml"),
    ] {
        fails(&home, args, 66, says);
    }
}

#[test]
fn a_wrong_configuration_is_exit_78_with_line_and_nearest_name() {
    let home = filled();
    home.configure("[server]\nlistenn = []\n");
    for args in [&["check"][..], &["list"], &["run"], &["fetch"]] {
        let ran = home.run(args);
        ran.exits(78);
        assert!(
            ran.err.contains("newswire.toml:2") && ran.err.contains("listen"),
            "{}",
            ran.err
        );
    }
    fails(
        &CliHome::empty(),
        &["--config", "none.toml", "check"],
        78,
        "none.toml",
    );
}

#[test]
fn rel_03_a_store_that_is_none_is_exit_74_and_stays_as_it_is() {
    let home = CliHome::empty();
    let notes = "not a database, just notes ".repeat(100);
    home.write("notes.db", &notes);
    for args in [
        &["--db", "notes.db", "list"][..],
        &["--db", "notes.db", "verify"],
    ] {
        fails(&home, args, 74, "notes.db");
    }
    let opml = home.write(
        "a.opml",
        r#"<opml version="2.0"><body><outline xmlUrl="https://a.example/f"/></body></opml>"#,
    );
    fails(
        &home,
        &["--db", "notes.db", "import", opml.to_str().unwrap()],
        74,
        "notes.db",
    );
    assert_eq!(
        std::fs::read_to_string(home.path("notes.db")).unwrap(),
        notes
    );
}

#[test]
fn nothing_matched_is_success_unless_it_was_asked_for() {
    let home = filled();
    assert_eq!(home.run(&["list", "zebra"]).exits(0), "");
    assert_eq!(
        home.run(&["list", "zebra", "--json", "--fail-empty"])
            .exits(4),
        ""
    );
    assert_eq!(
        home.run(&["list", "zebra", "--format", "json"]).exits(0),
        "[]\n"
    );
    assert_ne!(home.run(&["list", "boats", "--fail-empty"]).exits(0), "");
}

#[test]
fn a_closed_pipe_is_success() {
    let home = filled();
    for args in [
        &["list", "--json"][..],
        &["status"],
        &["--help"],
        &["completions", "bash"],
    ] {
        let mut child = home
            .command(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let mut err = String::new();
        child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut err)
            .unwrap();
        assert_eq!(
            (child.wait().unwrap().code(), err.as_str()),
            (Some(0), ""),
            "{args:?}"
        );
    }
}

#[test]
fn a_full_disk_behind_stdout_is_told() {
    let home = filled();
    let full = std::fs::File::options()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let output = home.command(&["list"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(74));
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot write the output"));
}

#[test]
fn rel_08_the_daemon_is_well_is_one_and_ends_in_order() {
    let home = filled();
    let socket = home.path("http.sock");
    home.configure(&format!(
        "[server]\nlisten = [\"unix:{}\"]\n",
        socket.display()
    ));
    let mut daemon = home
        .command(&["run", "--no-fetch"])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = BufReader::new(daemon.stderr.take().unwrap()).lines();
    assert!(log.any(|line| line.unwrap().contains("runs on")));
    home.run(&["healthcheck"]).exits(0);
    let second = home.run(&["run"]);
    second.exits(75);
    assert!(
        second.err.contains(&daemon.id().to_string()),
        "{}",
        second.err
    );
    assert_eq!(home.run(&["list", "--json"]).json().len(), 4);
    home.run(&["pause", "argus"]).exits(0);
    let pid = rustix::process::Pid::from_child(&daemon);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert_eq!(daemon.wait().unwrap().code(), Some(0));
    home.run(&["healthcheck"]).exits(1);
}

#[test]
fn a_store_that_cannot_be_looked_for_is_not_said_to_be_missing() {
    // As in a directory that only root may look into, which a test that runs as root cannot make.
    let home = CliHome::empty();
    let file = home.write("file", "");
    let db = file.join("store.db");
    for args in [&["list"][..], &["add", "http://a.example/"], &["verify"]] {
        let ran = home.run(&[&["--db", db.to_str().unwrap()], args].concat());
        ran.exits(74);
        assert!(ran.err.contains("Not a directory"), "{}", ran.err);
    }
    let ran = home.run(&["--db", db.to_str().unwrap(), "check"]);
    assert!(ran.exits(0).contains("cannot be read"), "{ran:?}");
}

#[test]
fn help_version_completions_and_man_pages_are_there() {
    let home = CliHome::empty();
    assert!(home.run(&["--version"]).exits(0).starts_with("newswire "));
    assert!(
        home.run(&["list", "--help"])
            .exits(0)
            .contains("--fail-empty")
    );
    assert!(
        home.run(&["completions", "zsh"])
            .exits(0)
            .contains("#compdef newswire")
    );
    home.run(&["man", "man1"]).exits(0);
    let page = std::fs::read_to_string(home.path("man1/newswire-topic-test.1")).unwrap();
    assert!(page.contains("newswire\\-topic\\-test"), "{page}");
    assert!(exists(&home.path("man1/newswire.1")));
}

#[test]
fn a_shell_completes_feeds_and_topics() {
    let home = filled();
    let completed = |words: &[&str]| {
        let done = home
            .command(&["--", "newswire"])
            .args(words)
            .env("COMPLETE", "bash")
            .env("_CLAP_COMPLETE_INDEX", words.len().to_string())
            .env("_CLAP_IFS", "\n")
            .output()
            .unwrap();
        assert!(done.stderr.is_empty());
        String::from_utf8(done.stdout).unwrap()
    };
    assert!(completed(&["feed", ""]).contains("https://argus.example/feed"));
    assert_eq!(completed(&["topic", "explain", "s"]).trim(), "sea");
    assert!(completed(&["list", "--topic", ""]).contains("war"));
    assert!(completed(&["expl"]).contains("explain"));
    let nothing = CliHome::empty();
    let done = nothing
        .command(&["--", "newswire", "feed", ""])
        .env("COMPLETE", "bash")
        .env("_CLAP_COMPLETE_INDEX", "2")
        .output()
        .unwrap();
    assert!(done.stderr.is_empty(), "no store is nothing to complete");
    assert!(done.status.success());
}

/// What bash puts on its command line.
fn completed_by_bash(home: &CliHome, line: &str, words: &str, at: usize, word: &str) -> String {
    let script = home.run(&["completions", "bash"]).exits(0).to_owned();
    assert!(script.contains("-F _newswire newswire"), "{script}");
    home.write("completions.bash", &script);
    let bin = std::path::Path::new(env!("CARGO_BIN_EXE_newswire"));
    let asked = format!(
        "source completions.bash; COMP_WORDBREAKS=' :'; COMP_TYPE=9
         COMP_LINE='{line}' COMP_WORDS=({words}) COMP_CWORD={at}
         _newswire newswire '{word}' ''; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    );
    let done = std::process::Command::new("bash")
        .args(["--norc", "-c", &asked])
        .env_clear()
        .env("HOME", home.path(""))
        .env(
            "PATH",
            format!("{}:/usr/bin:/bin", bin.parent().unwrap().display()),
        )
        .current_dir(home.path(""))
        .output()
        .unwrap();
    String::from_utf8(done.stdout).unwrap().trim().to_owned()
}

#[test]
fn bash_completes_urls_though_it_parts_them_at_colons() {
    let home = filled();
    let completed = |line, words, at, word| completed_by_bash(&home, line, words, at, word);
    let line = "newswire feed https://argus.ex";
    let words = "newswire feed https : //argus.ex";
    assert_eq!(
        completed(line, words, 4, "//argus.ex"),
        "//argus.example/feed"
    );
    let line = "newswire list --feed https://her -n 3";
    let words = "newswire list --feed https : //her -n 3";
    assert_eq!(completed(line, words, 5, "//her"), "//herald.example/feed");
    let line = "newswire emit se";
    assert_eq!(completed(line, "newswire emit se", 2, "se"), "sea");
}

#[test]
fn sec_15_bash_gets_names_of_others_as_words_and_not_as_commands() {
    let home = CliHome::empty();
    let list = "<opml version='2.0'><body><outline text='$(id) `id`;id'>
        <outline xmlUrl='https://x.example/?a=$(id)&amp;b=1' category='*,q&quot;,a b'/></outline></body></opml>";
    home.run_with(&["import", "-"], list.as_bytes()).exits(0);
    let completed = |line, words, at, word| completed_by_bash(&home, line, words, at, word);
    let line = "newswire list --folder ";
    let folder = completed(line, "newswire list --folder ''", 3, "");
    assert_eq!(folder, r"\$\(id\)\ \`id\`\;id");
    let line = "newswire feed https://x";
    let url = completed(line, "newswire feed https : //x", 4, "//x");
    assert_eq!(url, r"//x.example/\?a=\$\(id\)\&b=1");
    let line = "newswire list --tag ";
    let tags = completed(line, "newswire list --tag ''", 3, "");
    let mut tags: Vec<&str> = tags.lines().collect();
    tags.sort_unstable();
    assert_eq!(&tags[tags.len() - 3..], [r"\*", r"a\ b", r#"q\""#]);
    let line = "newswire list --tag a\\ ";
    assert_eq!(
        completed(line, r"newswire list --tag 'a\ '", 3, "a\\ "),
        r"a\ b"
    );
}

#[test]
fn a_dry_run_and_a_backup_put_nothing_in_force() {
    let home = CliHome::empty();
    let clock = Clock::manual(time(NOW));
    {
        let store = home.store(&clock);
        topics(&store, &[("sea", "boats")]);
    }
    home.configure("[[topic]]\nname = \"land\"\nmatch = 'hills'\n");
    home.run(&["prune", "--dry-run"]).exits(0);
    home.run(&["backup", "copy.db"]).exits(0);
    let names: Vec<String> = (home.run(&["topics", "--json"]).json().iter())
        .map(|topic| topic["name"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(names, ["sea"]);
}
