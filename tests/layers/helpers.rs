//! Helpers of tests are used. The compiler cannot tell: each test program compiles all of `tests/support` and uses a part.

use std::collections::BTreeMap;

use super::read;
use super::sizes::files;

/// The names that a file defines for others, and its own functions: items that are public or not indented.
fn defined(text: &str) -> Vec<&str> {
    let name = |line: &str| {
        let public = line.trim_start().strip_prefix("pub ");
        let item = public.or_else(|| (!line.starts_with(' ')).then_some(line))?;
        let item = item.strip_prefix("async ").unwrap_or(item);
        let kinds = ["fn ", "const ", "struct ", "enum ", "static "];
        let rest = kinds.iter().find_map(|kind| item.strip_prefix(kind))?;
        let end = rest.find(|c| !is_of_name(c)).unwrap_or(rest.len());
        Some(line.find(rest).map(|at| (at, at + end)))
    };
    text.lines()
        .filter_map(|line| {
            name(line)
                .flatten()
                .and_then(|(from, to)| line.get(from..to))
        })
        .collect()
}

fn is_of_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// How often each name stands in the code of a text.
fn count<'a>(text: &'a str, into: &mut BTreeMap<&'a str, usize>) {
    let code = text.lines().map(|line| line.split("//").next().unwrap());
    for name in code.flat_map(|line| line.split(|c| !is_of_name(c))) {
        *into.entry(name).or_default() += 1;
    }
}

fn unused<'a>(support: &'a [String], others: &'a [String]) -> Vec<&'a str> {
    let mut counts = BTreeMap::new();
    for text in support.iter().chain(others) {
        count(text, &mut counts);
    }
    let mut definitions: BTreeMap<&str, usize> = BTreeMap::new();
    for name in support.iter().flat_map(|text| defined(text)) {
        *definitions.entry(name).or_default() += 1;
    }
    let is_unused = |(name, times): &(&&str, &usize)| counts.get(**name) <= Some(*times);
    definitions
        .iter()
        .filter(is_unused)
        .map(|(name, _)| *name)
        .collect()
}

#[test]
fn every_helper_of_tests_is_used() {
    let (support, others): (Vec<_>, Vec<_>) = files("tests")
        .into_iter()
        .partition(|file| file.parent().unwrap().ends_with("support"));
    assert!(support.len() > 10, "{support:?}");
    let texts = |files: &[std::path::PathBuf]| files.iter().map(|f| read(f)).collect::<Vec<_>>();
    let (support, others) = (texts(&support), texts(&others));
    assert_eq!(unused(&support, &others), Vec::<&str>::new());
}

#[test]
fn a_helper_that_only_its_definition_and_comments_name_is_unused() {
    let support = ["pub fn a() {}\npub struct B;\nimpl B {\n    pub async fn c() {}\n    fn d() {}\n}\nfn e() {}\n// e()\n".to_owned()];
    let others = ["a(B::new())\n".to_owned()];
    assert_eq!(unused(&support, &others), ["c", "e"]);
}
