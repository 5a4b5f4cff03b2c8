//! The layers of `src/lib.rs`: a module names only what lies below it.
#![allow(clippy::unwrap_used)]

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The module, its layer, and neighbours of the same layer that it may name (ARCHITECTURE.md).
const LAYERS: &[(&str, u8, &[&str])] = &[
    ("memory", 0, &[]),
    ("model", 0, &["memory"]),
    ("parse", 1, &["normalize"]),
    ("normalize", 1, &["dedup", "query"]),
    ("dedup", 1, &["query"]),
    ("schedule", 1, &[]),
    ("query", 1, &[]),
    ("emit", 1, &[]),
    ("clock", 2, &[]),
    ("fetch", 2, &["clock"]),
    ("store", 2, &["clock"]),
    ("ingest", 3, &[]),
    ("serve", 3, &[]),
    ("config", 4, &[]),
    ("daemon", 4, &["config", "telemetry"]),
    ("telemetry", 4, &[]),
    ("cli", 5, &[]),
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

#[test]
fn nobody_names_a_layer_above() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    for (module, layer, beside) in LAYERS {
        let mut files = Vec::new();
        let dir = root.join(module);
        if dir.is_dir() {
            sources(&dir, &mut files);
        } else {
            files.push(root.join(format!("{module}.rs")));
        }
        assert!(!files.is_empty(), "{module} has no source");
        for file in files {
            for name in named(&fs::read_to_string(&file).unwrap()) {
                let Some((_, other, _)) = LAYERS.iter().find(|(m, ..)| *m == name) else {
                    continue;
                };
                if name != *module && other >= layer && !beside.contains(&name.as_str()) {
                    wrong.push(format!("{}: {module} names {name}", file.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn groups_of_imports_are_seen() {
    let text =
        "use crate::{\n    model::{Time, Feed},\n    store,\n};\nlet x = crate::cli::main();";
    assert_eq!(named(text), ["model", "store", "cli"]);
}
