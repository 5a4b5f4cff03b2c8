//! What feeds list over time, against a simple model of the store: see `support::sequences`.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::support::sequences;

/// How many threads play.
const PARTS: u8 = 2;

/// How many sequences are played: as many as take some ten seconds, or what `NEWSWIRE_SEQUENCES` says.
fn count() -> u32 {
    std::env::var("NEWSWIRE_SEQUENCES").map_or(40, |n| n.parse().unwrap())
}

/// Plays a part of the sequences: the same ones in every run. `NEWSWIRE_SEED` tries others.
fn play(part: u8) {
    let config = Config {
        cases: count().div_ceil(u32::from(PARTS)),
        failure_persistence: None,
        max_shrink_iters: 1000,
        ..Config::default()
    };
    let mut seed = [std::env::var("NEWSWIRE_SEED").map_or(0, |n| n.parse().unwrap()); 32];
    seed[0] ^= part;
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    let mut runner = TestRunner::new_with_rng(config, rng);
    runner
        .run(&vec(any::<u8>(), 0..150), |bytes| {
            sequences::play(&bytes);
            Ok(())
        })
        .unwrap();
}

#[test]
fn rel_12_whatever_feeds_list_over_time_nothing_is_lost_doubled_or_an_error() {
    // The longest test of this program: side by side, since nothing else may be left to run beside it.
    std::thread::scope(|scope| {
        for part in 0..PARTS {
            scope.spawn(move || play(part));
        }
    });
}
