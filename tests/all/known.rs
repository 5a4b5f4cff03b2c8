//! Of a document only what is new or edited is normalized. What is stored must be the same as if all of it were.

use std::path::Path;

use newswire::ingest::document::Normalized;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::support::sequences;

/// Every row of a store, table by table.
fn rows(folder: &Path) -> Vec<String> {
    let conn = rusqlite::Connection::open(folder.join("newswire.db")).unwrap();
    let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name";
    let mut tables = conn.prepare(tables).unwrap();
    let tables = tables.query_map([], |r| r.get::<_, String>(0)).unwrap();
    let mut rows = Vec::new();
    for table in tables.map(Result::unwrap) {
        let mut all = conn.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let columns = all.column_count();
        let read = all.query_map([], |r| {
            let values = (0..columns).map(|at| format!("{:?}", r.get_ref_unwrap(at)));
            Ok(format!("{table} {}", values.collect::<Vec<_>>().join(" ")))
        });
        rows.extend(read.unwrap().map(Result::unwrap));
    }
    rows
}

#[test]
fn rel_06_documents_read_in_part_store_what_documents_read_whole_store() {
    let cases = std::env::var("NEWSWIRE_SEQUENCES").map_or(20, |n| n.parse().unwrap());
    let config = Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: 300,
        ..Config::default()
    };
    let seed = std::env::var("NEWSWIRE_SEED").map_or(1, |n| n.parse().unwrap());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]);
    TestRunner::new_with_rng(config, rng)
        .run(&vec(any::<u8>(), 0..150), |bytes| {
            let part = sequences::played(&bytes, Normalized::Unknown);
            let whole = sequences::played(&bytes, Normalized::AllForTheStore);
            let (part, whole) = (rows(part.path()), rows(whole.path()));
            for (part, whole) in part.iter().zip(&whole) {
                prop_assert_eq!(part, whole);
            }
            prop_assert_eq!(part.len(), whole.len());
            Ok(())
        })
        .unwrap();
}
