//! `docs/rules.md` is complete: every rule that is named anywhere stands there, with tests that exist.
#![allow(clippy::unwrap_used)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// What names rules: code, tests, benches, documents and the files of the service.
const PLACES: &[&str] = &[
    "src", "tests", "benches", "fuzz", "docs", "config", "systemd", ".ci",
];

/// The documents beside them, and the configuration of cargo-deny.
const FILES: &[&str] = &[
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "README.md",
    "SECURITY.md",
    "Cargo.toml",
    "deny.toml",
];

fn top() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files(dir: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        // What fuzzers and failed runs leave behind is no part of the repository.
        let is_output = ["target", "corpus", "artifacts"]
            .iter()
            .any(|name| path.ends_with(name));
        if path.is_dir() && !is_output {
            files(&path, into);
        } else if path.is_file() {
            into.push(path);
        }
    }
}

/// Every text of the repository that may name a rule; seeds and test data in other encodings are passed over.
fn texts() -> Vec<(PathBuf, String)> {
    let mut found: Vec<PathBuf> = FILES.iter().map(|file| top().join(file)).collect();
    for place in PLACES {
        files(&top().join(place), &mut found);
    }
    found
        .into_iter()
        .filter_map(|path| Some((path.clone(), fs::read_to_string(path).ok()?)))
        .collect()
}

/// The ids of rules in a text: `SEC-05` in prose, `sec_05_` in the name of a test.
fn ids(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for mark in ["ET-", "SEC-", "REL-", "et_", "sec_", "rel_"] {
        let parts = text.split(mark).zip(text.split(mark).skip(1));
        for (before, behind) in parts {
            let number: String = behind.chars().take_while(char::is_ascii_digit).collect();
            let is_part = before
                .chars()
                .next_back()
                .is_some_and(char::is_alphanumeric);
            if number.len() == 2 && !is_part {
                let family = mark.trim_end_matches(['-', '_']).to_uppercase();
                found.insert(format!("{family}-{number}"));
            }
        }
    }
    found
}

/// The rules of the document, each with the tests that it names.
fn rules(document: &str) -> BTreeMap<String, Vec<String>> {
    let mut found = BTreeMap::new();
    for section in document.split("\n### ").skip(1) {
        let (id, body) = section.split_once('\n').unwrap();
        let tests = body
            .lines()
            .find_map(|line| line.strip_prefix("- Tests: "))
            .unwrap_or_default()
            .split(", ")
            .filter(|name| !name.is_empty())
            .map(|name| name.trim_matches('`').to_owned())
            .collect();
        assert!(body.contains("\n- Source: "), "{id} names no source");
        assert!(found.insert(id.to_owned(), tests).is_none(), "{id} twice");
    }
    found
}

/// The names of functions that stand right below a `#[test]`, its other attributes left out.
fn test_names(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut is_test = false;
    for line in text.lines().map(str::trim) {
        let is_attribute = line.starts_with("#[");
        is_test |= is_attribute && (line.starts_with("#[test]") || line.contains("::test"));
        let code = ["pub ", "async "]
            .iter()
            .fold(line, |l, word| l.strip_prefix(word).unwrap_or(l));
        if let Some(name) = code.strip_prefix("fn ") {
            let name = name.split(['(', '<']).next().unwrap();
            found.extend(std::mem::take(&mut is_test).then(|| name.to_owned()));
        }
    }
    found
}

fn document() -> String {
    fs::read_to_string(top().join("docs/rules.md")).unwrap()
}

#[test]
fn every_rule_that_is_named_anywhere_stands_in_the_document() {
    let known = rules(&document());
    let mut missing = Vec::new();
    for (path, text) in texts() {
        let unknown = ids(&text).into_iter().filter(|id| !known.contains_key(id));
        missing.extend(unknown.map(|id| format!("{id}, named in {}", path.display())));
    }
    assert!(
        missing.is_empty(),
        "not in docs/rules.md:\n{}",
        missing.join("\n")
    );
    assert!(known.len() > 90, "{}", known.len());
}

#[test]
fn every_rule_names_tests_that_exist_and_bear_its_id() {
    let tests: BTreeSet<String> = texts()
        .iter()
        .flat_map(|(_, text)| test_names(text))
        .collect();
    assert!(tests.len() > 1000, "{}", tests.len());
    let mut wrong = Vec::new();
    for (id, named) in rules(&document()) {
        let gone = named.iter().filter(|name| !tests.contains(*name));
        wrong.extend(gone.map(|name| format!("{id}: there is no test {name}")));
        if !named.iter().any(|name| ids(name).contains(&id)) {
            wrong.push(format!("{id}: names no test of its own"));
        }
    }
    assert!(wrong.is_empty(), "docs/rules.md:\n{}", wrong.join("\n"));
}

#[test]
fn sec_20_dependencies_come_from_the_registry_with_a_checksum() {
    let lock = fs::read_to_string(top().join("Cargo.lock")).unwrap();
    let packages: Vec<&str> = lock.split("[[package]]").skip(1).collect();
    let is_ours = |package: &&&str| package.contains("name = \"newswire\"\n");
    assert_eq!(packages.iter().filter(is_ours).count(), 1);
    for package in packages.iter().filter(|package| !is_ours(package)) {
        let source =
            "source = \"registry+https://github.com/rust-lang/crates.io-index\"\nchecksum = \"";
        assert!(package.contains(source), "{package}");
    }
    let manifest = fs::read_to_string(top().join("Cargo.toml")).unwrap();
    assert!(manifest.contains("\nunsafe_code = \"forbid\"\n"));
}

#[test]
fn ids_tests_and_rules_are_read_as_they_are_written() {
    let found: Vec<String> = ids("SEC-05, et_09_a sec_06_sec_07_b; REL-123 SET-01 x_rel_02_y")
        .into_iter()
        .collect();
    assert_eq!(found, ["ET-09", "REL-02", "SEC-05", "SEC-06", "SEC-07"]);
    let code = "#[tokio::test(start_paused = true)]\n#[ignore]\nasync fn a_b() {}\nfn helper() {}\n#[test]\nfn c() {}";
    assert_eq!(test_names(code), ["a_b", "c"]);
    let known = rules(
        "# R\n\n### ET-01\nText.\n- Source: none\n- Tests: `a`, `b`\n\n### ET-02\nText.\n- Source: none\n",
    );
    assert_eq!(known["ET-01"], ["a", "b"]);
    assert!(known["ET-02"].is_empty());
}
