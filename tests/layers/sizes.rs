//! Files and names that a reader can take in: no source file is too long, and the name of a test fits on a line.

use std::path::{Path, PathBuf};

use super::{read, sources};

/// Maximum length of a source file, in lines.
const LINES_MAX: usize = 500;

/// Files that are longer, and how long each is. The numbers may only fall: a file that is short enough loses its row.
const LONGER: &[(&str, usize)] = &[("src/parse/xml.rs", 534), ("src/store/tests.rs", 1084)];

/// Maximum length of the name of a test, in characters.
const NAME_CHARS_MAX: usize = 80;

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

#[test]
fn names_of_tests_fit_on_a_line() {
    let mut long = Vec::new();
    for file in files("src").iter().chain(&files("tests")) {
        let text = read(file);
        let mut is_test = false;
        for line in text.lines().map(str::trim) {
            is_test |= line.starts_with("#[test]") || line.starts_with("#[tokio::test");
            let name = line
                .split_once("fn ")
                .and_then(|(_, rest)| rest.split_once('('));
            if let Some((name, _)) = name.filter(|_| is_test) {
                is_test = false;
                if name.chars().count() > NAME_CHARS_MAX {
                    long.push(name.to_owned());
                }
            }
        }
    }
    assert!(long.is_empty(), "longer than {NAME_CHARS_MAX}: {long:?}");
}
