//! What the program offers, as its man pages list it: commands, and options with the values that they take.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;

use crate::support::cli_home::CliHome;

/// A command as it is called, such as `topic test`, and its own options: of each, the values that it takes if they are listed.
pub type Commands = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

/// Every command that is not hidden.
pub fn commands(home: &CliHome) -> Commands {
    home.run(&["man", "man"]).exits(0);
    let pages = std::fs::read_dir(home.path("man")).unwrap();
    let paths = pages.map(|page| page.unwrap().path());
    let found = paths.filter_map(|path| {
        let name = path.file_name()?.to_str()?.to_owned();
        let command = name.strip_prefix("newswire-")?.strip_suffix(".1")?;
        let page = std::fs::read_to_string(&path).unwrap();
        Some((command.replacen('-', " ", 1), options(&page)))
    });
    found.collect()
}

fn options(page: &str) -> BTreeMap<String, BTreeSet<String>> {
    let option = Regex::new(r"--[a-z][a-z-]+").unwrap();
    let value = Regex::new(r"(?m)^\.IP \(bu 2\n([a-z0-9]+)").unwrap();
    let text = page.replace("\\fR", " ").replace('\\', "");
    let own = text.split(".SH OPTIONS").nth(1).unwrap_or_default();
    let own = own.split(".SH").next().unwrap();
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for entry in own.split(".TP\n") {
        // Options that the description names count as well: they are the program's.
        let values: BTreeSet<String> = value.captures_iter(entry).map(|c| c[1].into()).collect();
        for (n, name) in option.find_iter(entry).enumerate() {
            let of = found.entry(name.as_str().to_owned()).or_default();
            if n == 0 {
                of.extend(values.iter().cloned());
            }
        }
    }
    found
}

/// The values of `--format` of `list`.
pub fn list_formats(home: &CliHome) -> BTreeSet<String> {
    commands(home)["list"]["--format"].clone()
}
