//! Files and names that a reader can take in: no source file is too long, and the name of a test fits on a line.

use std::path::{Path, PathBuf};

use super::{read, sources};

/// Maximum length of a source file, in lines.
const LINES_MAX: usize = 500;

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
