//! SEC-13 as a property: papers print what they print, in any order, once with a hostile feed among them and once
//! without. The hostile feed never changes which copies of the papers stand together.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use newswire::dedup::{Fingerprint, Grouper, Limits, StoredCopy, Subject};
use newswire::model::{ArticleRow, FeedRow, StoryRow, Time, WebUrl};
use newswire::text::fold::fold;
use proptest::prelude::*;

const PAPERS: i64 = 5;
const PIECES: usize = 4;
const HOSTILE: FeedRow = FeedRow::new(99);

/// A copy as a feed prints it, before anything is decided about it.
#[derive(Debug, Clone)]
struct Printed {
    feed: FeedRow,
    title: String,
    body: String,
    page: String,
    own_page: bool,
    minute: i64,
}

/// Word `n` of piece `piece`: no two pieces have a word in common.
fn word(piece: usize, n: usize) -> String {
    const SYLLABLES: [&str; 8] = ["ba", "ke", "mi", "no", "ru", "sta", "tor", "vel"];
    let initial = ["a", "o", "u", "e"][piece];
    let (high, low) = (SYLLABLES[n / 8 % 8], SYLLABLES[n % 8]);
    format!("{initial}{high}{low}{}", SYLLABLES[n / 64 % 8])
}

/// Words of a piece; the whole has 90.
fn words(piece: usize, range: std::ops::Range<usize>) -> String {
    let words: Vec<String> = range.map(|n| word(piece, n)).collect();
    words.join(" ")
}

fn headline(piece: usize) -> String {
    words(piece, 200..209)
}

fn page(feed: i64, piece: usize) -> String {
    format!("https://paper{feed}.example/2030/01/10/piece-number-{piece}-of-day")
}

/// A paper's copy of a piece: whole or without its end, under the common headline or its own, with or without a credit.
fn honest() -> impl Strategy<Value = Printed> {
    let cut = prop_oneof![Just(90_usize), 70_usize..90];
    let of = (1..=PAPERS, 0..PIECES, cut, any::<bool>(), any::<bool>());
    (of, any::<bool>(), 0_i64..600).prop_map(
        |((feed, piece, end, is_retitled, is_credited), own_page, minute)| {
            let credit = if is_credited { "harbour agency " } else { "" };
            Printed {
                feed: FeedRow::new(feed),
                title: match is_retitled {
                    true => format!(
                        "{} {}",
                        word(piece, 300 + feed as usize),
                        words(piece, 200..204)
                    ),
                    false => headline(piece),
                },
                body: format!("{credit}{}", words(piece, 0..end)),
                page: page(feed, piece),
                own_page,
                minute,
            }
        },
    )
}

/// Anything that is made of what the papers print: several texts in one, parts, foreign headlines and pages.
fn hostile() -> impl Strategy<Value = Printed> {
    let range = prop_oneof![
        3 => Just(0..90_usize),
        1 => Just(0..45_usize),
        1 => Just(45..90_usize),
        1 => Just(0..0_usize),
    ];
    let parts = proptest::collection::vec((0..PIECES, range), 1..4);
    let page_of = proptest::option::of((1..=PAPERS, 0..PIECES));
    (parts, 0..PIECES + 1, page_of, 0..100_i64, 0_i64..600).prop_map(
        |(parts, title, page_of, own, minute)| Printed {
            feed: HOSTILE,
            title: match title {
                PIECES => format!("exclusive {own}"),
                piece => headline(piece),
            },
            body: parts
                .into_iter()
                .map(|(piece, range)| words(piece, range) + " ")
                .collect(),
            page: match page_of {
                Some((feed, piece)) => page(feed, piece),
                None => format!("https://bad.example/a-page-of-its-own-{own}"),
            },
            own_page: page_of.is_none(),
            minute,
        },
    )
}

/// Which copies stand together, in the order given, without those of `except`.
fn partition(printed: &[Printed], near: bool, except: Option<FeedRow>) -> BTreeSet<Vec<usize>> {
    let mut grouper = Grouper::new(Limits {
        window: Duration::from_secs(7 * 86_400),
        copies_max: 1000,
        near,
    });
    let mut stories: BTreeMap<usize, StoryRow> = BTreeMap::new();
    for (at, copy) in printed.iter().enumerate() {
        if Some(copy.feed) == except {
            continue;
        }
        let url = WebUrl::parse(&copy.page).unwrap();
        let print = Fingerprint::of(&Subject {
            title: &fold(&copy.title),
            body: &fold(&copy.body),
            canonical_url: Some(&url),
        });
        let article = at as i64 + 1;
        let moment = Time::from_seconds(1_900_000_060 + copy.minute * 60);
        let mut stored = StoredCopy {
            article: ArticleRow::new(article),
            story: StoryRow::new(article),
            feed: copy.feed,
            at: moment,
            seen: moment,
            dated: true,
            own_page: copy.own_page,
        };
        let decision = grouper.decide(&stored, &print);
        stored.story = decision.join.map_or(stored.story, |join| join.story);
        for other in decision.bridged {
            let (into, from) = (stored.story.min(other.story), stored.story.max(other.story));
            grouper.merge(from, into);
            stories
                .values_mut()
                .filter(|s| **s == from)
                .for_each(|s| *s = into);
            stored.story = into;
        }
        stories.insert(at, stored.story);
        grouper.insert(stored, print);
    }
    let mut together: BTreeMap<StoryRow, Vec<usize>> = BTreeMap::new();
    for (at, story) in stories {
        if printed[at].feed != HOSTILE {
            together.entry(story).or_default().push(at);
        }
    }
    together.into_values().collect()
}

fn mixed() -> impl Strategy<Value = Vec<Printed>> {
    let papers = proptest::collection::vec(honest(), 2..14);
    let hostile = proptest::collection::vec(hostile(), 1..7);
    let all = (papers, hostile).prop_map(|(mut papers, hostile)| {
        // A paper prints a piece once.
        let mut pages = BTreeSet::new();
        papers.retain(|copy| pages.insert(copy.page.clone()));
        [papers, hostile].concat()
    });
    all.prop_shuffle()
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    })]
    #[test]
    fn sec_13_a_hostile_feed_changes_no_story_of_others(printed in mixed(), near in any::<bool>()) {
        let without = partition(&printed, near, Some(HOSTILE));
        prop_assert_eq!(partition(&printed, near, None), without);
    }
}
