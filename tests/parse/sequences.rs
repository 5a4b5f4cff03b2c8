//! What feeds list over time, against a simple model of the store: see `support::sequences`.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::support::sequences;

/// How many sequences are played: as many as take some ten seconds, or what `NEWSWIRE_SEQUENCES` says.
fn count() -> u32 {
    std::env::var("NEWSWIRE_SEQUENCES").map_or(40, |n| n.parse().unwrap())
}

#[test]
fn rel_12_whatever_feeds_list_over_time_nothing_is_lost_doubled_or_an_error() {
    let config = Config {
        cases: count(),
        failure_persistence: None,
        max_shrink_iters: 1000,
        ..Config::default()
    };
    // The same sequences in every run; `NEWSWIRE_SEED` tries others.
    let seed = std::env::var("NEWSWIRE_SEED").map_or(0, |n| n.parse().unwrap());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]);
    let mut runner = TestRunner::new_with_rng(config, rng);
    runner
        .run(&vec(any::<u8>(), 0..150), |bytes| {
            sequences::play(&bytes);
            Ok(())
        })
        .unwrap();
}
