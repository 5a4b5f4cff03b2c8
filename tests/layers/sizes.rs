//! Files and names that a reader can take in: no source file and no test is too long, and the name of a test fits on a line.

use std::path::{Path, PathBuf};

use super::{read, sources};

/// Maximum length of a source file, in lines.
const LINES_MAX: usize = 500;

/// Maximum length of the name of a test, in characters.
const NAME_CHARS_MAX: usize = 80;

/// Maximum length of a test, in lines.
const TEST_LINES_MAX: usize = 60;

/// Tests that are longer, and how long each is. The numbers may only fall: a test that is short enough loses its row.
const LONGER_TESTS: &[(&str, usize)] = &[
    ("a_digest_feed_has_what_fired_until_its_hour", 64),
    (
        "a_wrong_request_is_a_problem_that_says_what_would_be_right",
        89,
    ),
    ("each_service_gets_its_request", 67),
    ("every_answer_is_what_its_schema_says", 83),
    ("every_mistake_of_a_target_is_shown_at_its_place", 173),
    ("sec_21_no_parameter_makes_a_server_error", 67),
    ("the_documented_file_names_every_key", 89),
];

pub fn files(dir: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join(dir), &mut files);
    files.sort();
    files
}

#[test]
fn no_source_file_is_too_long() {
    let mut longer = Vec::new();
    for file in files("src") {
        let lines = read(&file).lines().count();
        if lines > LINES_MAX {
            longer.push((file, lines));
        }
    }
    assert!(
        longer.is_empty(),
        "longer than {LINES_MAX} lines: {longer:?}"
    );
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
    let max = |name: &str| {
        let row = LONGER_TESTS.iter().find(|(known, _)| *known == name);
        row.map_or(TEST_LINES_MAX, |(_, lines)| *lines)
    };
    let long = too_much(|name, lines| lines > max(name));
    assert!(long.is_empty(), "longer than {TEST_LINES_MAX}: {long:#?}");
    for (known, _) in LONGER_TESTS {
        let longer = too_much(|name, lines| name == *known && lines > TEST_LINES_MAX);
        assert!(
            !longer.is_empty(),
            "{known} is short enough now: remove its row"
        );
    }
}

#[test]
fn tests_are_measured_from_their_head_to_their_end() {
    let text = "    #[tokio::test(flavor = \"x\")]\n    #[ignore]\n    async fn a() {\n        if b {\n        }\n    }\n\
                fn helper() {\n}\n#[test]\nfn c() {\n}\n";
    assert_eq!(tests(text), [("a", 4), ("c", 2)]);
}
