//! What is stored as JSON can be read by later versions: each struct says what a missing field is.

use std::path::Path;

use super::{read, sources};

/// Modules whose structs are stored.
const MODULES: &[&str] = &["src/model", "src/schedule", "src/store"];

/// Structs whose required fields every version stored, and structs that are never stored.
const EXCEPTIONS: &[(&str, &str)] = &[
    (
        "Stored",
        "the version and the basis make it an explanation of a plan",
    ),
    (
        "Constraints",
        "due and last make it a plan; other fields have defaults",
    ),
    (
        "Bound",
        "a bound without a kind, a time or a reason says nothing",
    ),
    (
        "Subscribed",
        "a line that `newswire schedule` reads, never stored",
    ),
];

#[test]
fn rel_14_stored_structs_have_defaults_for_missing_fields() {
    let mut found = Vec::new();
    for module in MODULES {
        let mut files = Vec::new();
        sources(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join(module),
            &mut files,
        );
        for file in files {
            let text = read(&file);
            let (mut is_read, mut has_default) = (false, false);
            for line in text.lines() {
                is_read |= line.starts_with("#[derive(") && line.contains("Deserialize");
                has_default |= line.starts_with("#[serde(default");
                let is_item = !line.starts_with("#[") && !line.starts_with("///");
                let name = line.split_once("struct ").filter(|_| line.ends_with(" {"));
                if let Some((_, name)) = name.filter(|_| is_read && !has_default) {
                    found.push(name.trim_end_matches(" {").to_owned());
                }
                if is_item {
                    (is_read, has_default) = (false, false);
                }
            }
        }
    }
    found.sort();
    let mut known: Vec<&str> = EXCEPTIONS.iter().map(|(name, _)| *name).collect();
    known.sort_unstable();
    assert_eq!(
        found, known,
        "needs #[serde(default)], or a row with its reason"
    );
}
