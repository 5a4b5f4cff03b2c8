//! The documents hold: links lead somewhere, commands exist, tables of exit codes and names of metrics are the program's.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use clap::error::ErrorKind;
use newswire::clock::Clock;
use regex::Regex;

use super::surface;
use crate::support::cli_home::{CliHome, NOW, poll, subscribe, time};
use crate::support::process::{Daemon, configuration};
use crate::support::sources::{routes, source};

fn top() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The documents for users and developers, with their text.
fn documents() -> Vec<(PathBuf, String)> {
    let folders = ["", "docs", "docs/decisions", "src/cli/man"].map(|folder| top().join(folder));
    let mut found: Vec<PathBuf> = folders
        .iter()
        .flat_map(|folder| fs::read_dir(folder).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "md"))
        .collect();
    found.sort();
    assert!(found.len() > 10, "{found:?}");
    found
        .into_iter()
        .map(|path| (path.clone(), fs::read_to_string(path).unwrap()))
        .collect()
}

/// The text without what stands in fences, and the fenced blocks.
fn parts(text: &str) -> (String, Vec<String>) {
    let (mut prose, mut blocks) = (String::new(), Vec::new());
    for (n, part) in text.split("```").enumerate() {
        if n % 2 == 0 {
            prose.push_str(part);
        } else {
            let code = part.split_once('\n').map_or("", |(_, code)| code);
            blocks.push(code.to_owned());
        }
    }
    (prose, blocks)
}

/// The anchors that GitHub gives to headings.
fn anchors(text: &str) -> BTreeSet<String> {
    let slug = |heading: &str| -> String {
        let kept = |c: &char| c.is_alphanumeric() || [' ', '-', '_'].contains(c);
        heading.to_lowercase().chars().filter(kept).collect()
    };
    parts(text)
        .0
        .lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| slug(line.trim_start_matches('#').trim()).replace(' ', "-"))
        .collect()
}

#[test]
fn every_relative_link_in_the_documents_leads_somewhere() {
    let link = Regex::new(r"\]\(([^)\s]+)\)").unwrap();
    let mut found = 0;
    for (path, text) in documents() {
        let prose = parts(&text).0;
        let targets = link.captures_iter(&prose).map(|c| c[1].to_owned());
        for target in targets.filter(|target| !target.contains("://")) {
            let (file, anchor) = target.split_once('#').unwrap_or((&target, ""));
            let to = match file {
                "" => path.clone(),
                file => path.parent().unwrap().join(file),
            };
            assert!(to.exists(), "{}: {target}", path.display());
            if !anchor.is_empty() {
                let there = anchors(&fs::read_to_string(&to).unwrap());
                assert!(there.contains(anchor), "{}: {target}", path.display());
            }
            found += 1;
        }
    }
    assert!(found > 30, "{found}");
}

/// The commands of a script as words, told apart at the shell's operators; quotes and comments are the shell's too.
fn commands(script: &str) -> Vec<Vec<String>> {
    let mut all = vec![Vec::new()];
    let (mut word, mut quote, mut in_word) = (String::new(), None, false);
    let mut chars = script.replace("\\\n", " ").replace('\r', "");
    chars.push('\n');
    let mut chars = chars.chars().peekable();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(q), c) if q == c => quote = None,
            (Some(_), c) => word.push(c),
            (None, '\'' | '"') => (quote, in_word) = (Some(c), true),
            (None, '#') if !in_word => while chars.next_if(|c| *c != '\n').is_some() {},
            (None, c) if c.is_whitespace() || "|&;<>()`".contains(c) => {
                if std::mem::take(&mut in_word) {
                    all.last_mut().unwrap().push(std::mem::take(&mut word));
                }
                if c == '\n' || !c.is_whitespace() {
                    all.push(Vec::new());
                }
            }
            (None, c) => {
                word.push(c);
                in_word = true;
            }
        }
    }
    all
}

/// What newswire is called with by a command line; none if it calls something else.
fn arguments(words: &[String]) -> Option<&[String]> {
    let of = |name: &str| words.iter().rposition(|word| word == name);
    let start = match words.first()?.as_str() {
        "cargo" if words.get(1)? == "run" => of("--")?,
        "cargo" => return None,
        "docker" if !words.windows(2).any(|two| two == ["newswire", "newswire"]) => return None,
        _ => of("newswire")?,
    };
    words.get(start + 1..).filter(|rest| !rest.is_empty())
}

#[test]
fn every_command_line_in_the_documents_can_be_run() {
    let code = Regex::new("`(newswire [^`]+)`").unwrap();
    let mut found = 0;
    for (path, text) in documents() {
        let (prose, blocks) = parts(&text);
        let spans = code.captures_iter(&prose).map(|c| c[1].replace('\n', " "));
        let scripts = blocks.into_iter().map(|b| (b, true));
        for (script, is_whole) in scripts.chain(spans.map(|s| (s, false))) {
            for words in commands(&script) {
                let Some(given) = arguments(&words) else {
                    continue;
                };
                let value =
                    |word: &String| if word.starts_with('$') { "1" } else { word }.to_owned();
                let line = std::iter::once("newswire".to_owned()).chain(given.iter().map(value));
                let error = newswire::cli::read_line(line).err();
                let is_fine = |kind| {
                    use ErrorKind::*;
                    let shortened = [MissingRequiredArgument, MissingSubcommand, InvalidValue];
                    [DisplayHelp, DisplayVersion].contains(&kind)
                        || (!is_whole && shortened.contains(&kind))
                };
                if let Some(error) = error.filter(|e| !is_fine(e.kind())) {
                    panic!("{}: {words:?}\n{error}", path.display());
                }
                found += 1;
            }
        }
    }
    assert!(found > 60, "{found}");
}

#[test]
fn the_exit_codes_of_the_documents_are_those_of_the_program() {
    let row = Regex::new(r"(?m)^\| (\d+) \| (.+) \|$").unwrap();
    let codes: Vec<(u8, &str)> = newswire::cli::exit_codes().collect();
    let mut tables = 0;
    for (path, text) in documents() {
        for table in text.split("| Code | Meaning |").skip(1) {
            let table = table.split("\n\n").next().unwrap();
            let rows = row.captures_iter(table).map(|c| c.extract().1);
            let rows: Vec<(u8, &str)> = rows.map(|[n, what]| (n.parse().unwrap(), what)).collect();
            assert_eq!(rows, codes, "{}", path.display());
            tables += 1;
        }
    }
    assert_eq!(tables, 2);
}

#[test]
fn every_metric_of_the_dashboard_and_the_alerts_is_one_that_is_printed() {
    let home = CliHome::empty();
    home.configure(&configuration(&home));
    let clock = Clock::manual(time(NOW));
    let store = home.store(&clock);
    let feed = subscribe(&store, "argus.example", "The Argus");
    poll(&store, &clock, feed, Vec::new());
    drop(store);
    let daemon = Daemon::start(&home);
    // What is counted by kind is printed once there is one.
    daemon.get("/");
    let (_, printed) = daemon.get("/metrics");
    let family = Regex::new(r"(?m)^# TYPE (\S+) ").unwrap();
    let families: BTreeSet<&str> = family
        .captures_iter(&printed)
        .map(|c| c.extract::<1>().1[0])
        .collect();
    let name = Regex::new(r"\b(?:newswire|process)_[a-z_]+").unwrap();
    let mut found = 0;
    for file in ["docs/grafana.json", "docs/operations.md"] {
        let text = fs::read_to_string(top().join(file)).unwrap();
        let lines = text.lines().filter(|line| line.contains("expr"));
        for metric in lines.flat_map(|line| name.find_iter(line)) {
            let metric = metric.as_str();
            let suffixes = ["_total", "_bucket", "_info", ""];
            let is_printed = suffixes
                .iter()
                .filter_map(|suffix| metric.strip_suffix(suffix))
                .any(|base| families.contains(base));
            assert!(is_printed, "{file}: {metric} is none of {families:?}");
            found += 1;
        }
    }
    assert!(found > 25, "{found}");
}

#[test]
fn the_printed_configurations_are_right() {
    let home = CliHome::empty();
    for (name, feeds) in [("example", "0 feeds"), ("sections", "0 feeds")] {
        let ran = home.run(&["config", name]);
        let printed = ran.exits(0);
        let file = home.write("printed.toml", printed);
        let ran = home.run(&["--config", file.to_str().unwrap(), "check"]);
        let checked = ran.exits(0);
        assert!(checked.contains(feeds), "{name}: {checked}");
        assert!(printed.starts_with("# "), "{name}");
    }
}

#[test]
fn the_package_can_name_its_store_in_the_example() {
    // .ci/package takes the comment off this line.
    let example = fs::read_to_string(top().join("config/newswire.toml")).unwrap();
    let line = "# path = \"/var/lib/newswire/newswire.db\"";
    assert_eq!(example.lines().filter(|l| *l == line).count(), 1);
    let script = fs::read_to_string(top().join(".ci/package")).unwrap();
    assert!(script.contains(line), "the two differ");
}

/// Whether a word of the program stands in the contract as code: by itself, or as a part of what stands there.
fn is_promised(contract: &str, word: &str) -> bool {
    let spans = contract.split('`').skip(1).step_by(2);
    spans
        .flat_map(|span| std::iter::once(span).chain(span.split([' ', '|', '\\'])))
        .any(|part| part == word)
}

#[test]
fn every_command_option_and_setting_stands_in_the_contract() {
    let contract = fs::read_to_string(top().join("docs/contract.md")).unwrap();
    let home = CliHome::empty();
    let mut promised = BTreeSet::new();
    for (command, options) in surface::commands(&home) {
        promised.insert(command);
        promised.extend(options.into_keys());
    }
    let settings = home.run(&["check", "--print"]).exits(0).to_owned();
    let key = Regex::new(r"(?m)^(?:# )?[a-z]+\.([a-z_]+) ").unwrap();
    promised.extend(key.captures_iter(&settings).map(|c| c[1].to_owned()));
    let example = fs::read_to_string(top().join("config/newswire.toml")).unwrap();
    let key = Regex::new(r"(?m)^# ([a-z_]+) = ").unwrap();
    promised.extend(key.captures_iter(&example).map(|c| c[1].to_owned()));
    promised.extend(routes());
    assert!(promised.contains("/stories/{id}"), "no routes");
    let missing: Vec<&String> = promised
        .iter()
        .filter(|word| !is_promised(&contract, word))
        .collect();
    assert!(missing.is_empty(), "not in docs/contract.md: {missing:?}");
    assert!(promised.len() > 100, "{promised:?}");
}

#[test]
fn the_values_of_options_stand_beside_them_in_the_contract() {
    let contract = fs::read_to_string(top().join("docs/contract.md")).unwrap();
    let mut found = 0;
    for (command, options) in surface::commands(&CliHome::empty()) {
        let name = command.split(' ').next().unwrap();
        for (option, values) in options {
            // The row of the option, or that of the command; the options of `search` are those of `list`.
            let heads = [
                format!("| `{option} "),
                format!("| `{name}` "),
                format!("| `{command}`"),
            ];
            let is_of = |line: &&str| heads.iter().any(|head| line.starts_with(head));
            let rows: Vec<&str> = contract.lines().filter(is_of).collect();
            let missing: Vec<&String> = values
                .iter()
                .filter(|value| !is_promised(&rows.join("\n"), value))
                .collect();
            assert!(
                missing.is_empty(),
                "{command} {option}: {missing:?} in {rows:?}"
            );
            found += values.len();
        }
    }
    assert!(found > 20, "{found}");
}

/// Whether the sources have what a document calls `module::file::name`. What is no module of ours is not looked for.
fn is_in_the_sources(name: &str) -> bool {
    let mut parts = name.split("::").peekable();
    let mut place = top().join("src");
    while let Some(part) = parts.peek() {
        let next = [place.join(part), place.join(format!("{part}.rs"))];
        match next.into_iter().find(|path| path.exists()) {
            Some(next) if place.is_dir() => place = next,
            _ => break,
        }
        parts.next();
    }
    if place.ends_with("src") {
        return true;
    }
    let word = |text: &str, name: &str| {
        let mut words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
        words.any(|word| word == name)
    };
    let text = source(&place) + &source(&place.with_extension("rs"));
    parts.all(|name| word(&text, name))
}

#[test]
fn every_file_and_module_named_in_the_documents_exists() {
    let file = Regex::new(r"`((?:[a-z_]+/)+[a-z_]+\.(?:rs|sql|5))`").unwrap();
    let module = Regex::new(r"`([a-z_]+(?:::[A-Za-z_]+)+)`").unwrap();
    let mut found = 0;
    // What the glossary lists is to go.
    let lasting = |path: &PathBuf| !path.ends_with("docs/glossary.md");
    for (path, text) in documents().into_iter().filter(|(path, _)| lasting(path)) {
        let files = file.captures_iter(&text).map(|c| c[1].to_owned());
        for name in files {
            let exists = |folder: &str| top().join(folder).join(&name).exists();
            assert!(exists("") || exists("src"), "{}: {name}", path.display());
            found += 1;
        }
        for name in module.captures_iter(&text).map(|c| c[1].to_owned()) {
            assert!(is_in_the_sources(&name), "{}: {name}", path.display());
            found += 1;
        }
    }
    assert!(found > 100, "{found}");
}
