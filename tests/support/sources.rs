//! What the sources say of themselves, for tests of all that exists.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use regex::Regex;

/// The text of a module's files, or of one file.
pub fn source(path: &Path) -> String {
    if path.is_dir() {
        let entries = fs::read_dir(path).unwrap();
        return entries
            .map(|entry| source(&entry.unwrap().path()))
            .collect();
    }
    match path.extension().is_some_and(|e| e == "rs") {
        true => fs::read_to_string(path).unwrap_or_default(),
        false => String::new(),
    }
}

/// The routes of the server, such as `/stories/{id}`.
pub fn routes() -> BTreeSet<String> {
    let server = source(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/serve"));
    let route = Regex::new(r#"\.route\("([^"]+)""#).unwrap();
    route
        .captures_iter(&server)
        .map(|c| c[1].to_owned())
        .collect()
}
