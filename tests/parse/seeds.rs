//! The seeds of the fuzz targets, and what the targets found: every file in `fuzz/seeds/TARGET` holds (SEC-01).

use std::fs;
use std::path::Path;

use crate::support::{properties, sequences};

fn holds(target: &str, property: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/seeds")
        .join(target);
    let mut seeds = 0;
    for seed in fs::read_dir(&folder).unwrap() {
        property(&fs::read(seed.unwrap().path()).unwrap());
        seeds += 1;
    }
    assert!(seeds > 0, "{} has no seeds", folder.display());
}

#[test]
fn sec_01_documents_are_read_or_refused_and_come_back_as_they_went() {
    holds("document", properties::document);
}

#[test]
fn sec_10_fragments_are_inert_and_at_rest() {
    holds("fragment", properties::fragment);
}

#[test]
fn dates_are_read_again_as_they_were_read() {
    holds("date", properties::date);
}

#[test]
fn urls_are_read_again_as_they_were_read() {
    holds("url", properties::url);
}

#[test]
fn sec_10_articles_of_pages_are_inert() {
    holds("web_page", properties::web_page);
}

#[test]
fn expressions_are_read_again_as_they_were_printed() {
    holds("expression", properties::expression);
}

#[test]
fn sec_17_subscription_lists_are_read_again_as_they_were_written() {
    holds("subscriptions", properties::subscriptions);
}

#[test]
fn rel_12_sequences_of_documents_lose_and_double_nothing() {
    holds("sequences", sequences::play);
}
