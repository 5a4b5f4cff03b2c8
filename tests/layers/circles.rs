//! No two source files depend on each other, directly or through others: to understand one, a reader must not need to
//! understand both.
//!
//! A file depends on another if it imports an item from it or names it by a path. A name that a parent re-exports counts as
//! one of the file that defines it. Modules of tests do not count.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::{read, sources};

/// The module path of each file (`["cli", "list"]`) with its code, without comments and tests.
type Files = BTreeMap<Vec<String>, String>;

/// Which files each file depends on.
type Graph = BTreeMap<Vec<String>, BTreeSet<Vec<String>>>;

#[test]
fn no_source_files_depend_on_each_other() {
    let circles: Vec<Vec<String>> = circles(&graph(&files()))
        .iter()
        .map(|circle| circle.iter().map(|file| file.join("/")).collect())
        .collect();
    assert!(circles.is_empty(), "files in circles: {circles:#?}");
}

#[test]
fn a_circle_through_a_third_file_and_a_re_export_is_found() {
    let file = |path: &str, text: &str| {
        let path = path.split('/').map(str::to_owned).collect::<Vec<_>>();
        (path, code(text))
    };
    let files = Files::from([
        file("a", "pub mod x;\npub use x::X;\nmod y;"),
        file("a/x", "use super::y::{Y, self};\npub struct X;"),
        file("a/y", "use crate::b;"),
        file("b", "fn b() { let x = crate::a::X; } // crate::c"),
        file(
            "c",
            "use crate::a::X;\n#[cfg(test)]\nmod tests {\n    use crate::d;\n}",
        ),
        file("d", "use crate::c;"),
    ]);
    let found = circles(&graph(&files));
    let names: Vec<Vec<String>> = found
        .iter()
        .map(|circle| circle.iter().map(|file| file.join("/")).collect())
        .collect();
    assert_eq!(names, [["a/x", "a/y", "b"]]);
}

fn files() -> Files {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    sources(&root, &mut paths);
    let is_test = |path: &[String]| path.iter().any(|part| part.ends_with("tests"));
    paths
        .iter()
        .map(|file| {
            let module = file.strip_prefix(&root).unwrap().with_extension("");
            let mut path: Vec<String> = module
                .iter()
                .map(|part| part.to_str().unwrap().to_owned())
                .collect();
            if path.last().is_some_and(|last| last == "mod") {
                path.pop();
            }
            (path, code(&read(file)))
        })
        .filter(|(path, _)| !is_test(path))
        .collect()
}

/// The code of a file, without comments and without a module of tests at its end.
fn code(text: &str) -> String {
    let code = text.split("#[cfg(test)]\nmod tests {").next();
    code.unwrap_or_default()
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .collect::<Vec<_>>()
        .join("\n")
        // The path of a visibility is no dependency.
        .replace("pub(in crate::", "pub(in ")
}

fn graph(files: &Files) -> Graph {
    let aliases = re_exports(files);
    let mut graph = Graph::new();
    for (file, code) in files {
        let (uses, rest) = split_uses(code);
        let imported = uses.iter().filter(|(is_public, _)| !is_public);
        let names = imported
            .flat_map(|(_, tree)| leaves(tree))
            .chain(paths_in(&rest));
        let of_file = graph.entry(file.clone()).or_default();
        for name in names {
            let Some(path) = absolute(file, &name, files) else {
                continue;
            };
            if let Some(other) = defining_file(path, files, &aliases).filter(|other| other != file)
            {
                of_file.insert(other);
            }
        }
    }
    graph
}

/// `pub use` of every file: the path that it makes, and the path that this stands for.
fn re_exports(files: &Files) -> BTreeMap<Vec<String>, Vec<String>> {
    let mut aliases = BTreeMap::new();
    for (file, code) in files {
        for (_, tree) in split_uses(code)
            .0
            .iter()
            .filter(|(is_public, _)| *is_public)
        {
            for name in leaves(tree) {
                if let (Some(path), Some(last)) = (absolute(file, &name, files), name.last()) {
                    let alias = [file.as_slice(), std::slice::from_ref(last)].concat();
                    aliases.insert(alias, path);
                }
            }
        }
    }
    aliases
}

/// The `use` declarations of a file (whether each is public, and what it imports), and the rest of its code.
fn split_uses(code: &str) -> (Vec<(bool, String)>, String) {
    let (mut uses, mut rest, mut open) = (Vec::new(), String::new(), None::<(bool, String)>);
    for line in code.lines() {
        let trimmed = line.trim_start();
        if open.is_none() {
            let private = trimmed.strip_prefix("use ").map(|tree| (false, tree));
            let public = trimmed
                .starts_with("pub")
                .then(|| trimmed.split_once(" use ").map(|(_, tree)| (true, tree)))
                .flatten();
            open = private
                .or(public)
                .map(|(is_public, _)| (is_public, String::new()));
            if let (Some((_, tree)), Some((_, text))) = (&mut open, private.or(public)) {
                tree.push_str(text);
            } else {
                rest.push_str(line);
                rest.push('\n');
            }
        } else if let Some((_, tree)) = &mut open {
            tree.push_str(trimmed);
        }
        if open.as_ref().is_some_and(|(_, tree)| tree.contains(';')) {
            uses.extend(open.take());
        }
    }
    (uses, rest)
}

/// The paths that a tree as `a::{b, c::{self, D as E}}` imports.
fn leaves(tree: &str) -> Vec<Vec<String>> {
    let tree = tree.trim().trim_end_matches(';').trim();
    let Some((prefix, group)) = tree.split_once('{') else {
        let name = tree.split(" as ").next().unwrap_or_default();
        return vec![parts(name)];
    };
    let prefix = parts(prefix);
    let group = group.trim_end().strip_suffix('}').unwrap_or(group);
    let (mut depth, mut members) = (0, vec![String::new()]);
    for c in group.chars() {
        depth += i32::from(c == '{') - i32::from(c == '}');
        match members.last_mut() {
            Some(_) if c == ',' && depth == 0 => members.push(String::new()),
            Some(member) => member.push(c),
            None => {}
        }
    }
    let members = members.iter().filter(|member| !member.trim().is_empty());
    members
        .flat_map(|member| leaves(member))
        .map(|leaf| [prefix.clone(), leaf].concat())
        .collect()
}

fn parts(path: &str) -> Vec<String> {
    let parts = path.split("::").map(str::trim);
    parts
        .filter(|part| !part.is_empty() && *part != "self")
        .map(str::to_owned)
        .collect()
}

/// The paths that code names without a `use`: those that begin with `crate::` or `super::`.
fn paths_in(code: &str) -> Vec<Vec<String>> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    code.split(|c| !is_part(c))
        .filter(|word| word.starts_with("crate::") || word.starts_with("super::"))
        .map(parts)
        .collect()
}

/// A path as one from the root of the crate; `None` for another crate's.
fn absolute(file: &[String], name: &[String], files: &Files) -> Option<Vec<String>> {
    let supers = name.iter().take_while(|part| *part == "super").count();
    let rest = name.get(supers..).unwrap_or_default();
    match name.first()?.as_str() {
        "crate" => Some(name.get(1..)?.to_vec()),
        "super" => Some([file.get(..file.len().checked_sub(supers)?)?, rest].concat()),
        first => {
            let child = [file, &[first.to_owned()]].concat();
            files.contains_key(&child).then(|| [file, name].concat())
        }
    }
}

/// The file that defines what a path names, through re-exports.
fn defining_file(
    mut path: Vec<String>,
    files: &Files,
    aliases: &BTreeMap<Vec<String>, Vec<String>>,
) -> Option<Vec<String>> {
    // A name is re-exported through a few modules at most.
    for _ in 0..5 {
        let alias = (1..=path.len())
            .filter_map(|n| Some((n, aliases.get(path.get(..n)?)?)))
            .next();
        match alias {
            Some((n, target)) if !path.starts_with(target) => {
                path = [target.as_slice(), path.get(n..)?].concat();
            }
            _ => break,
        }
    }
    (1..=path.len())
        .rev()
        .filter_map(|n| path.get(..n))
        .find(|module| files.contains_key(*module))
        .map(<[String]>::to_vec)
}

/// Sets of more than one file of which each is reachable from every other.
fn circles(graph: &Graph) -> Vec<Vec<Vec<String>>> {
    let reachable: BTreeMap<_, _> = graph
        .keys()
        .map(|file| (file, reachable(graph, file)))
        .collect();
    let mut found: BTreeSet<Vec<Vec<String>>> = BTreeSet::new();
    for (file, from_here) in &reachable {
        let circle: Vec<Vec<String>> = from_here
            .iter()
            .filter(|other| {
                reachable
                    .get(other)
                    .is_some_and(|there| there.contains(*file))
            })
            .cloned()
            .collect();
        if circle.len() > 1 {
            found.insert(circle);
        }
    }
    found.into_iter().collect()
}

fn reachable(graph: &Graph, from: &[String]) -> BTreeSet<Vec<String>> {
    let (mut found, mut next) = (BTreeSet::new(), vec![from.to_vec()]);
    while let Some(file) = next.pop() {
        for other in graph.get(&file).into_iter().flatten() {
            if found.insert(other.clone()) {
                next.push(other.clone());
            }
        }
    }
    found
}
