//! The layers of `src/lib.rs`: a module names only what lies below it.
#![allow(clippy::unwrap_used)]

mod circles;
mod helpers;
mod sizes;
mod stored;

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The module, its layer, and neighbours of the same layer that it may name (ARCHITECTURE.md).
const LAYERS: &[(&str, u8, &[&str])] = &[
    ("memory", 0, &[]),
    ("model", 0, &["memory"]),
    ("text", 0, &["model"]),
    ("parse", 1, &[]),
    ("normalize", 1, &[]),
    ("dedup", 1, &[]),
    ("schedule", 1, &[]),
    ("query", 1, &[]),
    ("emit", 1, &[]),
    ("notify", 1, &[]),
    ("clock", 2, &[]),
    ("fetch", 2, &["clock"]),
    ("store", 2, &["clock"]),
    ("ingest", 3, &[]),
    ("deliver", 3, &[]),
    ("merged", 3, &[]),
    ("api", 3, &["merged"]),
    ("mcp", 3, &["merged"]),
    ("serve", 3, &["api", "mcp", "merged"]),
    ("config", 4, &[]),
    ("daemon", 4, &["config", "telemetry"]),
    ("telemetry", 4, &[]),
    ("cli", 5, &[]),
];

/// Top-level modules that the table leaves out: only tests have them.
const OF_TESTS: &[&str] = &["faults"];

/// Modules that name nothing of [`IMPURE`]: these, and all of layer 1.
const PURE_BELOW: &[&str] = &["model", "text"];

/// Runtimes, networks, databases, files, clocks, environments.
const IMPURE: &[&str] = &[
    "tokio",
    "reqwest",
    "hyper",
    "rusqlite",
    "tracing",
    "rustix",
    "std::fs",
    "std::path",
    "std::net::Tcp",
    "std::net::Udp",
    "std::env",
    "std::process",
    "std::thread",
    "Instant",
    "SystemTime",
    "Timestamp::now",
    "Zoned::now",
    "TimeZone::system",
];

fn sources(dir: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|e| e == "rs") {
            into.push(path);
        }
    }
}

/// The modules of ours that a source file names, `use crate::{a, b}` included.
fn named(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for after in text.split("crate::").skip(1) {
        if let Some(group) = after.strip_prefix('{') {
            let mut depth = 0;
            let mut word = String::new();
            for c in group.chars() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => found.push(std::mem::take(&mut word)),
                    _ if depth == 0 => word.push(c),
                    _ => {}
                }
            }
            found.push(word);
        } else {
            found.push(after.to_owned());
        }
    }
    found
        .iter()
        .map(|w| {
            w.trim()
                .chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect()
        })
        .filter(|w: &String| !w.is_empty())
        .collect()
}

/// The source files of a module.
fn files_of(module: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let dir = root.join(module);
    let mut files = Vec::new();
    if dir.is_dir() {
        sources(&dir, &mut files);
    } else {
        files.push(root.join(format!("{module}.rs")));
    }
    files
}

/// What is wrong with a file of a module: names of its own layer or of one above.
fn names_above(module: &str, text: &str) -> Vec<String> {
    let Some((_, layer, beside)) = LAYERS.iter().find(|(m, ..)| *m == module) else {
        return vec![format!("{module} is in no layer")];
    };
    let is_above = |name: &String| {
        let other = LAYERS.iter().find(|(m, ..)| m == name);
        name != module
            && other.is_some_and(|(_, other, _)| other >= layer)
            && !beside.contains(&name.as_str())
    };
    named(text).into_iter().filter(is_above).collect()
}

/// What of [`IMPURE`] the code of a file names. Comments do not count, nor does a module of tests at its end.
fn impure_names(text: &str) -> Vec<&'static str> {
    let code = text
        .split("#[cfg(test)]\nmod tests {")
        .next()
        .unwrap_or_default();
    let code: Vec<&str> = code
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .collect();
    // `use std::{fs, time::Instant}` names what it groups.
    let words = named_in_std(&code.join("\n"));
    let is_named = |name: &&&str| {
        code.iter().any(|line| has_word(line, name))
            || words.iter().any(|word| has_word(word, name))
    };
    IMPURE.iter().filter(is_named).copied().collect()
}

/// Whether a text has a name, not only a longer one that ends or begins with it.
fn has_word(text: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    // `std::net::Tcp` stands for every name that begins so.
    let is_open = name.ends_with("Tcp") || name.ends_with("Udp");
    text.split(name)
        .skip(1)
        .zip(text.split(name))
        .any(|(behind, part)| {
            let before = part.chars().next_back();
            !before.is_some_and(is_part) && (is_open || !behind.starts_with(is_part))
        })
}

/// The names in groups `std::{a, b::c}`, each as `std::a`.
fn named_in_std(code: &str) -> Vec<String> {
    let groups = code.split("std::{").skip(1);
    groups
        .filter_map(|group| group.split(';').next())
        .flat_map(|group| group.split([',', '{', '}']))
        .map(|name| format!("std::{}", name.trim()))
        .collect()
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap()
}

#[test]
fn no_module_names_a_layer_above() {
    let mut wrong = Vec::new();
    for (module, ..) in LAYERS {
        for file in files_of(module) {
            for name in names_above(module, &read(&file)) {
                wrong.push(format!("{}: {module} names {name}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn pure_modules_name_no_runtime_file_clock_or_environment() {
    let layer_1 = LAYERS.iter().filter(|(_, layer, _)| *layer == 1);
    let mut wrong = Vec::new();
    for module in layer_1.map(|(m, ..)| m).chain(PURE_BELOW) {
        // Files that only tests have.
        let is_tests = |file: &PathBuf| file.ends_with("tests.rs");
        for file in files_of(module).iter().filter(|file| !is_tests(file)) {
            for name in impure_names(&read(file)) {
                wrong.push(format!("{}: {module} names {name}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_top_level_module_is_in_a_layer() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs");
    let declared = module_names(&read(&root));
    let known = |m: &str| OF_TESTS.contains(&m) || LAYERS.iter().any(|(l, ..)| *l == m);
    let unknown: Vec<&String> = declared.iter().filter(|m| !known(m)).collect();
    assert!(unknown.is_empty(), "in no layer: {unknown:?}");
    for (module, ..) in LAYERS {
        assert!(declared.iter().any(|m| m == module), "{module} is gone");
    }
}

/// The modules that a file declares.
fn module_names(text: &str) -> Vec<String> {
    let declared = |line: &str| {
        let line = line.trim().strip_prefix("pub ").unwrap_or(line.trim());
        let name = line.strip_prefix("mod ")?.strip_suffix(';')?;
        Some(name.to_owned())
    };
    text.lines().filter_map(declared).collect()
}

#[test]
fn what_is_forbidden_is_found() {
    assert_eq!(
        names_above("parse", "use crate::normalize::html;"),
        ["normalize"]
    );
    assert_eq!(
        names_above("text", "use crate::{model::Time, query};"),
        ["query"]
    );
    assert_eq!(names_above("told", ""), ["told is in no layer"]);
    assert_eq!(
        module_names("mod faults;\npub mod text;\n"),
        ["faults", "text"]
    );
    for (code, found) in [
        ("use tokio::time::sleep;", vec!["tokio"]),
        ("use std::{fmt, fs};", vec!["std::fs"]),
        (
            "use std::{\n    collections::HashMap,\n    env,\n};",
            vec!["std::env"],
        ),
        ("let now = std::time::Instant::now();", vec!["Instant"]),
        ("std::net::TcpStream::connect(at)", vec!["std::net::Tcp"]),
        ("use std::net::IpAddr; // never tokio", vec![]),
        ("Instantly; my_tokio", vec![]),
        (
            "x();\n#[cfg(test)]\nmod tests {\n    use std::fs;\n}",
            vec![],
        ),
    ] {
        assert_eq!(impure_names(code), found, "{code}");
    }
}

#[test]
fn groups_of_imports_are_seen() {
    let text =
        "use crate::{\n    model::{Time, Feed},\n    store,\n};\nlet x = crate::cli::main();";
    assert_eq!(named(text), ["model", "store", "cli"]);
}
