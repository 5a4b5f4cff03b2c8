//! Which story a new copy joins.

use super::*;
use crate::dedup::fingerprint::Hash;

const HOUR: Duration = Duration::from_secs(3600);

fn grouper() -> Grouper {
    Grouper::new(Limits {
        window: HOUR * 24 * 7,
        copies_max: 3,
        near: true,
    })
}

fn copy(article: i64, feed: i64, hour: i64) -> StoredCopy {
    let at = Time::from_seconds(hour * 3600);
    StoredCopy {
        article: ArticleRow::new(article),
        story: StoryRow::new(article),
        feed: FeedRow::new(feed),
        at,
        seen: at,
        dated: true,
        own_page: true,
    }
}

fn print(url: u64, text: u64) -> Fingerprint {
    Fingerprint {
        url: Hash::new(url << 32),
        text: Hash::new(text << 32),
        ..Fingerprint::default()
    }
}

fn joined(g: &Grouper, feed: i64, hour: i64, p: &Fingerprint) -> Option<(i64, Signal)> {
    let join = g.decide(&copy(0, feed, hour), p).join;
    join.map(|j| (j.story.get(), j.signal))
}

#[test]
fn the_same_page_or_the_same_text_in_another_feed_is_a_copy() {
    let mut g = grouper();
    g.insert(copy(1, 1, 0), print(5, 6));
    assert_eq!(joined(&g, 2, 1, &print(5, 0)), Some((1, Signal::Url)));
    assert_eq!(joined(&g, 2, 1, &print(9, 6)), Some((1, Signal::Text)));
    assert_eq!(joined(&g, 2, 1, &print(9, 9)), None);
}

#[test]
fn one_text_under_two_versions_joins_neither_later_nor_where_only_equality_counts() {
    let notes = "this release bumps three libraries and changes nothing else ".repeat(6);
    let release = |title| {
        Fingerprint::of(&crate::dedup::Subject {
            title,
            body: &notes,
            canonical_url: None,
        })
    };
    for near in [true, false] {
        let mut g = Grouper::new(Limits {
            window: HOUR * 24 * 7,
            copies_max: 3,
            near,
        });
        g.insert(copy(1, 1, 0), release("v1 2 0"));
        // By then what near copies need is forgotten.
        g.evict(Time::from_seconds(70 * 3600));
        assert_eq!(joined(&g, 2, 70, &release("v0 9 3")), None);
        let same = joined(&g, 2, 70, &release("v1 2 0"));
        assert_eq!(same, Some((1, Signal::Text)));
    }
}

#[test]
fn a_page_that_one_feed_lists_twice_names_no_article() {
    let mut g = grouper();
    g.insert(copy(1, 1, 0), print(5, 1));
    assert_eq!(joined(&g, 1, 1, &print(5, 2)), None, "the same feed");
    g.insert(copy(2, 1, 1), print(5, 2));
    assert_eq!(joined(&g, 2, 1, &print(5, 3)), None, "another feed");
}

#[test]
fn an_articles_page_under_a_new_headline_is_the_same_article() {
    let article = |url| Fingerprint {
        url_names_article: true,
        ..print(url, 0)
    };
    let mut g = grouper();
    g.insert(copy(1, 1, 0), article(5));
    assert_eq!(joined(&g, 1, 9, &article(5)), Some((1, Signal::Url)));
    assert_eq!(joined(&g, 1, 90, &article(5)), None, "days later");
    g.insert(copy(2, 1, 1), article(5));
    g.insert(copy(3, 1, 2), article(5));
    assert_eq!(
        joined(&g, 1, 9, &article(5)),
        None,
        "the page of a programme"
    );
}

#[test]
fn a_feed_that_repeats_a_text_the_next_week_prints_a_new_article() {
    let mut g = grouper();
    g.insert(copy(1, 1, 0), print(0, 7));
    assert_eq!(joined(&g, 1, 2, &print(0, 7)), Some((1, Signal::Text)));
    assert_eq!(joined(&g, 1, 100, &print(0, 7)), None);
    assert_eq!(joined(&g, 2, 100, &print(0, 7)), Some((1, Signal::Text)));
    assert_eq!(
        joined(&g, 2, 24 * 8, &print(0, 7)),
        None,
        "outside the window"
    );
}

#[test]
fn an_undated_copy_is_of_the_time_it_was_seen() {
    let mut g = grouper();
    let old = StoredCopy {
        seen: Time::from_seconds(1_000_000),
        ..copy(1, 1, 0)
    };
    g.insert(old, print(0, 7));
    let seen = Time::from_seconds(1_000_060);
    let undated = StoredCopy {
        at: seen,
        seen,
        dated: false,
        ..copy(0, 2, 0)
    };
    assert!(g.decide(&undated, &print(0, 7)).join.is_some());
    assert!(
        g.decide(
            &StoredCopy {
                dated: true,
                ..undated
            },
            &print(0, 7)
        )
        .join
        .is_none()
    );
}

/// Words of texts, by where they stand in them.
fn parts(parts: &[(char, std::ops::Range<u8>)]) -> Fingerprint {
    let letter = |n: u8| char::from(b'a' + n % 26);
    let words = parts.iter().flat_map(|(text, range)| {
        let word = move |n: u8| format!("{text}{}{}", letter(n / 26), letter(n));
        range.clone().map(word)
    });
    let body: Vec<String> = words.collect();
    Fingerprint::of(&crate::dedup::Subject {
        title: "",
        body: &body.join(" "),
        canonical_url: None,
    })
}

fn part(text: char, range: std::ops::Range<u8>) -> Fingerprint {
    parts(&[(text, range)])
}

fn bridged(g: &Grouper, hour: i64, p: &Fingerprint) -> (Option<i64>, Vec<i64>) {
    let decision = g.decide(&copy(0, 3, hour), p);
    let others = decision.bridged.iter().map(|j| j.story.get()).collect();
    (decision.join.map(|j| j.story.get()), others)
}

#[test]
fn a_copy_of_two_stories_that_have_something_in_common_shows_that_they_are_one() {
    let mut g = grouper();
    g.insert(copy(1, 1, 0), part('x', 0..40));
    g.insert(copy(2, 2, 1), part('x', 20..60));
    assert_eq!(
        joined(&g, 2, 1, &part('x', 20..60)),
        Some((2, Signal::Text))
    );
    assert_eq!(bridged(&g, 2, &part('x', 0..60)), (Some(1), vec![2]));
    g.merge(StoryRow::new(2), StoryRow::new(1));
    assert_eq!(
        joined(&g, 4, 2, &part('x', 20..60)),
        Some((1, Signal::Text))
    );
    g.insert(copy(9, 9, 24 * 4), part('x', 20..60));
    let (_, far) = bridged(&g, 24 * 4, &part('x', 0..60));
    assert!(far.is_empty(), "too far apart to be one story");
}

#[test]
fn sec_13_a_copy_of_several_texts_joins_none_of_them() {
    let mut g = grouper();
    let roundup = parts(&[('x', 0..40), ('y', 0..40)]);
    g.insert(copy(1, 1, 0), part('x', 0..40));
    assert_eq!(bridged(&g, 2, &roundup), (Some(1), vec![]));
    g.insert(copy(2, 2, 0), part('y', 0..40));
    assert_eq!(bridged(&g, 2, &roundup), (None, vec![]));
    g.insert(copy(4, 4, 1), roundup.clone());
    assert_eq!(joined(&g, 5, 2, &roundup), Some((4, Signal::Text)));
    assert_eq!(joined(&g, 5, 2, &part('y', 0..40)), Some((2, Signal::Text)));
}

#[test]
fn sec_13_a_common_text_counts_more_than_a_page_on_another_host() {
    let on_page = |part: Fingerprint| Fingerprint {
        url: Hash::new(5 << 32),
        ..part
    };
    let elsewhere = |copy: StoredCopy| StoredCopy {
        own_page: false,
        ..copy
    };
    let mut g = grouper();
    g.insert(copy(1, 1, 0), part('x', 0..40));
    g.insert(elsewhere(copy(2, 99, 1)), on_page(part('y', 0..5)));
    let new = elsewhere(copy(0, 3, 2));
    let join = |g: &Grouper, print| g.decide(&new, &print).join.map(|j| j.story.get());
    assert_eq!(join(&g, on_page(part('x', 0..38))), Some(1));
    assert_eq!(join(&g, on_page(part('z', 0..5))), Some(2));
}

#[test]
fn sec_13_a_copy_on_a_foreign_page_with_another_text_has_no_vote() {
    let on_page = |part: Fingerprint| Fingerprint {
        url: Hash::new(5 << 32),
        ..part
    };
    let mut g = grouper();
    g.insert(copy(1, 1, 0), on_page(part('x', 0..40)));
    let hostile = StoredCopy {
        own_page: false,
        ..copy(2, 99, 1)
    };
    let print = on_page(part('y', 0..40));
    let join = g.decide(&hostile, &print).join.map(|j| j.story);
    let story = join.unwrap_or(hostile.story);
    g.insert(StoredCopy { story, ..hostile }, print);
    assert_eq!(joined(&g, 2, 2, &part('x', 0..38)), Some((1, Signal::Near)));
}

#[test]
fn one_headline_over_unrelated_texts_is_no_story() {
    let text = |body: &str| {
        Fingerprint::of(&crate::dedup::Subject {
            title: "what we know so far of the storm in the north today",
            body,
            canonical_url: None,
        })
    };
    let mut g = grouper();
    let words = |from: u8| -> String {
        let letter = |n: u8| char::from(b'a' + n % 26);
        let words = (from..from + 30).map(|n| format!("w{}{}", letter(n / 26), letter(n)));
        words.collect::<Vec<_>>().join(" ")
    };
    g.insert(copy(1, 1, 0), text(&words(0)));
    assert_eq!(joined(&g, 2, 1, &text(&words(100))), None);
    assert_eq!(joined(&g, 2, 1, &text("")), Some((1, Signal::Near)));
}

#[test]
fn a_story_is_bounded_in_copies() {
    let mut g = grouper();
    for i in 1..=3 {
        g.insert(
            StoredCopy {
                story: StoryRow::new(1),
                ..copy(i, i, 0)
            },
            print(0, 7),
        );
    }
    assert_eq!(joined(&g, 9, 1, &print(0, 7)), None);
}

#[test]
fn what_is_removed_or_evicted_is_forgotten() {
    let mut g = grouper();
    g.insert(copy(1, 1, 0), print(5, 6));
    g.insert(copy(2, 2, 200), print(7, 8));
    g.evict(Time::from_seconds(200 * 3600));
    assert_eq!(joined(&g, 3, 1, &print(5, 6)), None);
    assert_eq!(g.len(), 1);
    g.remove(ArticleRow::new(2));
    assert!(g.is_empty());
}
