//! Two stores that are shown the same: one is held open and holds the window of copies, the other is opened for each poll, as
//! `newswire fetch` opens it, and reads keys. Whatever is listed, edited, withdrawn, pruned, split and joined, their copies stand
//! in the same stories under the same ids.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::decisions::{copy, text};
use super::ids::{is_sound, shows_all};
use super::*;
use crate::model::{ArticleId, FeedRow, StoryId};

const HOSTS: [&str; 4] = ["a.example", "b.example", "c.example", "d.example"];
const PIECES: usize = 6;
/// Texts that there are.
const TEXTS: usize = 4;

#[derive(Debug, Clone)]
enum Step {
    /// A feed lists these pieces: not at all, whole, cut, or two in one; as all that it has or not.
    Poll(usize, [u8; PIECES], bool),
    /// Of a story, every second copy leaves.
    Split(usize, bool),
    Join(usize, usize),
    /// Retention leaves so many articles a feed.
    Prune(u64),
    Hours(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let form = || prop_oneof![4 => Just(0_u8), 5 => Just(1), 2 => Just(2), 1 => Just(3)];
    let listed = [form(), form(), form(), form(), form(), form()];
    prop_oneof![
        8 => (0..HOSTS.len(), listed, prop::bool::weighted(0.2))
            .prop_map(|(feed, listed, all)| Step::Poll(feed, listed, all)),
        2 => (0..8_usize, any::<bool>()).prop_map(|(story, each)| Step::Split(story, each)),
        1 => (0..8_usize, 0..8_usize).prop_map(|(a, b)| Step::Join(a, b)),
        1 => (2..8_u64).prop_map(Step::Prune),
        2 => prop_oneof![Just(2_u64), Just(30), Just(100)].prop_map(Step::Hours),
    ]
}

fn drafts(host: &str, (from, listed): (usize, [u8; PIECES])) -> Vec<Draft> {
    let pieces = listed.iter().enumerate().map(|(n, form)| (n + from, form));
    let drafts = pieces.filter_map(|(piece, form)| {
        let (of, next) = (piece % TEXTS, (piece + 1) % TEXTS);
        let whole = copy(host, piece, of);
        let body = match form {
            0 => return None,
            1 => return Some(whole),
            2 => text(of, 45),
            _ => format!("{} {}", text(of, 60), text(next, 60)),
        };
        Some(draft(host, piece, &whole.title, &body))
    });
    drafts.collect()
}

struct Twin {
    house: House,
    feeds: Vec<FeedRow>,
    is_reopened: bool,
}

impl Twin {
    fn new(is_reopened: bool) -> Self {
        let house = House::new();
        let feeds = HOSTS.iter().map(|host| house.subscribe(host)).collect();
        Self {
            house,
            feeds,
            is_reopened,
        }
    }

    fn stories(&self) -> BTreeMap<StoryId, Vec<ArticleId>> {
        let reads = self.house.store.reads();
        let copies = |id| {
            let copies = reads.copies(id).unwrap();
            let mut copies: Vec<ArticleId> = copies.into_iter().map(|c| c.id).collect();
            copies.sort();
            copies
        };
        let river = self.house.river().into_iter();
        river.map(|s| (s.id, copies(s.id))).collect()
    }

    fn regroup(&self, wanted: Regroup) {
        self.house.store.regroup(wanted, false).unwrap();
    }

    fn takes(self, step: &Step, at: usize) -> Self {
        let Self {
            mut house,
            feeds,
            is_reopened,
        } = self;
        if is_reopened {
            drop(house.store);
            house.store = Store::open(&options(house.dir.path()), house.clock.clone()).unwrap();
        }
        let twin = Self {
            house,
            feeds,
            is_reopened,
        };
        let stories: Vec<_> = twin.stories().into_iter().collect();
        let story = |n: usize| stories.get(n % stories.len().max(1));
        match step {
            Step::Poll(feed, listed, all) => {
                // Pieces come and go.
                let drafts = drafts(HOSTS[*feed], (at / 6, *listed));
                match all {
                    true => shows_all(&twin.house, twin.feeds[*feed], drafts),
                    false => twin.house.poll(twin.feeds[*feed], drafts),
                };
            }
            Step::Split(n, each) => {
                if let Some((id, copies)) = story(*n) {
                    twin.regroup(Regroup::Split {
                        story: *id,
                        copies: copies.iter().copied().step_by(2).collect(),
                        each: *each,
                    });
                }
            }
            Step::Join(a, b) => {
                if let (Some((a, _)), Some((b, _))) = (story(*a), story(*b)) {
                    twin.regroup(Regroup::Join(vec![*a, *b]));
                }
            }
            Step::Prune(most) => {
                twin.house.store.prune(None, *most, false).unwrap();
            }
            Step::Hours(hours) => twin.house.clock.advance(60 * MINUTE * *hours as u32),
        }
        twin
    }
}

#[test]
fn a_process_that_reads_keys_decides_as_one_that_holds_the_window() {
    let cases = std::env::var("NEWSWIRE_SEQUENCES").map_or(8, |n| n.parse().unwrap());
    let config = ProptestConfig {
        cases,
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(11),
        ..ProptestConfig::default()
    };
    proptest!(config, |(steps in prop::collection::vec(step(), 20..40))| {
        let (mut keys, mut window) = (Twin::new(true), Twin::new(false));
        for (at, step) in steps.iter().enumerate() {
            (keys, window) = (keys.takes(step, at), window.takes(step, at));
            prop_assert_eq!(keys.stories(), window.stories());
        }
        is_sound(&keys.house);
    });
}
