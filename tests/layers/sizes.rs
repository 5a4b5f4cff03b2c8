//! Files and names that a reader can take in: no source file and no test is too long, and the name of a test fits on a line.

use std::path::{Path, PathBuf};

use super::{read, sources};

/// Maximum length of a source file, in lines.
const LINES_MAX: usize = 500;

/// Files that are longer, and how long each is. The numbers may only fall: a file that is short enough loses its row.
const LONGER: &[(&str, usize)] = &[("src/parse/xml.rs", 534), ("src/store/tests.rs", 1084)];

/// Maximum length of the name of a test, in characters.
const NAME_CHARS_MAX: usize = 80;

/// Maximum length of a test, in lines.
const TEST_LINES_MAX: usize = 60;

pub fn files(dir: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join(dir), &mut files);
    files.sort();
    files
}

#[test]
fn no_source_file_is_too_long() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let longer: Vec<(String, usize)> = files("src")
        .iter()
        .map(|file| {
            let name = file.strip_prefix(root).unwrap().display().to_string();
            (name, read(file).lines().count())
        })
        .filter(|(_, lines)| *lines > LINES_MAX)
        .collect();
    let longer: Vec<(&str, usize)> = longer.iter().map(|(f, n)| (f.as_str(), *n)).collect();
    let grown = longer.iter().filter(|(file, lines)| {
        let known = LONGER.iter().find(|(known, _)| known == file);
        known.is_none_or(|(_, known)| lines > known)
    });
    let grown: Vec<_> = grown.collect();
    assert!(grown.is_empty(), "longer than {LINES_MAX} lines: {grown:?}");
    for (file, _) in LONGER {
        let is_longer = longer.iter().any(|(f, _)| f == file);
        assert!(is_longer, "{file} is short enough now: remove its row");
    }
}

/// The tests of a file: the name of each, and how many lines its function has, from `fn` to the closing brace.
fn tests(text: &str) -> Vec<(&str, usize)> {
    let mut lines = text.lines();
    let mut found = Vec::new();
    while let Some(line) = lines.next() {
        if !line.trim().starts_with("#[test]") && !line.trim().starts_with("#[tokio::test") {
            continue;
        }
        let Some(head) = lines.find(|line| line.contains("fn ")) else {
            break;
        };
        let (before, name) = head.split_once("fn ").unwrap_or_default();
        let indent: String = before.chars().take_while(|c| *c == ' ').collect();
        let end = format!("{indent}}}");
        let body = lines.by_ref().take_while(|line| *line != end).count();
        let name = name.split(['(', '<']).next().unwrap_or_default();
        found.push((name, body + 2));
    }
    found
}

fn too_much(is_too_much: impl Fn(&str, usize) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for file in files("src").iter().chain(&files("tests")) {
        let text = read(file);
        let tests = tests(&text);
        let tests = tests
            .into_iter()
            .filter(|(name, lines)| is_too_much(name, *lines));
        found.extend(
            tests.map(|(name, lines)| format!("{}: {name}, {lines} lines", file.display())),
        );
    }
    found
}

#[test]
fn names_of_tests_fit_on_a_line() {
    let long = too_much(|name, _| name.chars().count() > NAME_CHARS_MAX);
    assert!(long.is_empty(), "longer than {NAME_CHARS_MAX}: {long:#?}");
}

#[test]
fn no_test_is_too_long() {
    let long = too_much(|_, lines| lines > TEST_LINES_MAX);
    assert!(long.is_empty(), "longer than {TEST_LINES_MAX}: {long:#?}");
}

#[test]
fn tests_are_measured_from_their_head_to_their_end() {
    let text = "    #[tokio::test(flavor = \"x\")]\n    #[ignore]\n    async fn a() {\n        if b {\n        }\n    }\n\
                fn helper() {\n}\n#[test]\nfn c() {\n}\n";
    assert_eq!(tests(text), [("a", 4), ("c", 2)]);
}
