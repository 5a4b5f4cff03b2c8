//! Pairs of copies, and what comparing them comes to.

use super::*;
use crate::dedup::Subject;
use crate::model::{ArticleRow, FeedRow, StoryRow, Time};
use crate::text::fold::fold;

/// Never at midnight, which would be a day without an hour.
fn copy(feed: i64, hour: i64) -> StoredCopy {
    let at = Time::from_seconds(hour * 3600 + 60);
    StoredCopy {
        article: ArticleRow::default(),
        story: StoryRow::default(),
        feed: FeedRow::new(feed),
        at,
        seen: at,
        dated: true,
        own_page: true,
    }
}

fn print(title: &str, body: &str) -> Fingerprint {
    Fingerprint::of(&Subject {
        title: &fold(title),
        body: &fold(body),
        canonical_url: None,
    })
}

/// Compares a copy of feed 1 at hour 0 with one of `feed` at `hour`.
fn near(feed: i64, hour: i64, a: (&str, &str), b: (&str, &str)) -> bool {
    let (old, new) = (print(a.0, a.1), print(b.0, b.1));
    let week = Duration::from_secs(7 * 24 * HOUR);
    compare((&copy(feed, hour), &new), (&copy(1, 0), &old), week, true)
        .join()
        .is_some()
}

const FULL: &str = "The port authority of Kessport said on Monday that the old lighthouse will be lit again before \
        the winter, ending years of argument between the two harbour towns over who should pay for the repair. \
        Ada Brandt, the harbour master, told reporters that a contract had been signed with a yard in Aldmouth. \
        Fishermen welcomed the decision, and the mayor promised that the channel would be dredged as well.";
const TEASER: &str = "The port authority of Kessport said on Monday that the old lighthouse will be lit again \
        before the winter, ending years of argument";
const REWRITTEN: &str = "The port authority of Kessport announced on Monday that the old lighthouse will be lit \
        again ahead of winter, ending years of argument between the two harbour towns about who should pay for its \
        repair. Harbour master Ada Brandt told reporters a contract was signed with a yard in Aldmouth.";

#[test]
fn teasers_and_rewritten_copies_are_near() {
    let of = |t, b| (t, b);
    let full = of("Lighthouse to be lit again", FULL);
    assert!(near(2, 2, full, of("Old light returns", TEASER)));
    assert!(near(
        2,
        2,
        full,
        of("Lighthouse will be lit again", REWRITTEN)
    ));
    assert!(near(2, 2, of("Old light returns", TEASER), full));
}

#[test]
fn a_follow_up_of_the_next_day_is_another_piece() {
    let full = ("Lighthouse to be lit again", FULL);
    assert!(!near(2, 30, full, ("Lighthouse: mayor answers", REWRITTEN)));
    assert!(
        near(2, 30, full, ("Lighthouse to be lit again", FULL)),
        "unless nothing changed"
    );
}

#[test]
fn the_same_event_in_other_words_is_another_piece() {
    let other = "Kessport's lighthouse is to shine once more. After a long quarrel the councils found the money, \
            and work on the lamp begins this week, officials in both towns confirmed.";
    assert!(!near(
        2,
        1,
        ("Lighthouse to be lit again", FULL),
        ("Kessport lighthouse shines", other)
    ));
}

#[test]
fn forms_with_other_numbers_are_other_pieces() {
    let form = |city: &str, day: u32, high: u32, low: u32| {
        format!(
            "Residents of {city} can expect dense fog on day {day}. The high will reach {high} degrees and the \
                 low will fall to {low} degrees, according to the national weather service, with light winds."
        )
    };
    let (a, b) = (form("Aldmouth", 6, 12, 4), form("Kessport", 7, 9, 1));
    assert!(!near(
        2,
        3,
        ("Fog in Aldmouth", &a),
        ("Fog in Kessport", &b)
    ));
    assert!(near(
        2,
        3,
        ("Fog in Aldmouth", &a),
        ("Aldmouth: fog expected", &a)
    ));
}

#[test]
fn a_serial_column_of_one_feed_stays_apart() {
    let a = ("Strait crisis, day 38: what we know", FULL);
    let b = ("Strait crisis, day 41: what we know", FULL);
    let long = FULL.replace("Monday", "Thursday");
    assert!(!near(1, 20, a, (b.0, &long)));
    assert!(
        near(1, 2, a, (a.0, &long)),
        "an edited item under a new guid"
    );
}

#[test]
fn a_feed_prints_one_notice_for_several_things() {
    let notice = "Written answers may be sent to the council within three weeks of this notice. The file may be read at \
            the office on weekdays, where copies can be had for a fee. The committee meets in public on the first Monday.";
    let of = |lead: &str| format!("{lead} {notice}");
    let (flats, gym) = (
        of("The owner of the old laundry wants to build nine flats in it."),
        of("A gym asks to stay open all night in the former tyre depot."),
    );
    let title = "Planning: Wharf Road, Kessport";
    assert!(
        !near(1, 1, (title, &flats), (title, &gym)),
        "one headline, another lead"
    );
    assert!(
        near(
            1,
            1,
            (title, &flats),
            (title, &flats.replace("nine", "ten"))
        ),
        "corrected"
    );
    assert!(
        !near(
            1,
            24,
            (title, &flats),
            (title, &flats.replace("nine", "ten"))
        ),
        "the next day's"
    );
}

#[test]
fn one_text_under_the_headlines_of_two_days_is_two_articles_of_one_feed() {
    let (monday, tuesday) = (
        ("Live view of the strait, 13 November", FULL),
        ("Live view of the strait, 15 November", FULL),
    );
    assert!(!near(1, 20, monday, tuesday));
    assert!(near(
        1,
        20,
        monday,
        ("A live view of the strait, 13 November", FULL)
    ));
    assert!(near(2, 2, monday, tuesday), "another paper's headline");
}

#[test]
fn a_headline_in_other_dress_joins_texts_that_begin_alike() {
    let teaser = "The lighthouse of Kessport will be lit again before winter, the port authority said Monday, ending \
            years of argument.";
    let headline = "Lighthouse of Kessport to be lit again";
    assert!(near(
        2,
        2,
        (headline, FULL),
        ("Region: Lighthouse of Kessport to be lit again", teaser)
    ));
    assert!(!near(
        2,
        2,
        (headline, FULL),
        ("Region: harbour towns settle", teaser)
    ));
}

#[test]
fn headlines_alone_need_to_be_long_and_equal() {
    let long = "Harbour masters of two towns agree on the old lighthouse";
    assert!(near(2, 3, (long, ""), (long, FULL)));
    assert!(!near(2, 30, (long, ""), (long, FULL)), "a day later");
    assert!(!near(
        2,
        3,
        ("What to know today", ""),
        ("What to know today", FULL)
    ));
    assert!(!near(1, 3, (long, ""), (long, FULL)), "within one feed");
}

#[test]
fn scripts_without_spaces_are_compared_too() {
    let text = "港湾当局は月曜日、古い灯台が冬の前に再び点灯されると発表し、修理費を誰が払うかをめぐる二つの港町の長年の論争に終止符を打った。";
    let longer = format!("{text}港長は記者団に契約が結ばれたと述べた。漁師たちは決定を歓迎した。");
    assert!(near(2, 3, ("灯台", text), ("古い灯台", &longer)));
}

/// A text of words from a small vocabulary in several scripts, as these bytes say.
fn text(bytes: &[u8]) -> String {
    const WORDS: [&str; 16] = [
        "harbour", "the", "7", "12", "2030", "灯台", "港", "مرفأ", "маяк", "🚢", "lit", "again",
        "monday", "of", "boats", "v1",
    ];
    let words = bytes.iter().map(|b| WORDS[usize::from(b % 16)]);
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn the_order_of_two_copies_does_not_matter() {
    use proptest::prelude::*;
    let any_text = |most| prop::collection::vec(any::<u8>(), 0..most);
    let pairs = (
        any_text(9),
        any_text(90),
        any_text(9),
        any_text(90),
        any::<u8>(),
    );
    proptest!(ProptestConfig::with_cases(2000), |((t, a, u, b, how) in pairs)| {
        // Mostly texts that have much in common.
        let mut b = b;
        if how & 1 == 0 {
            b = a.clone();
            let by = usize::from(how >> 4).min(b.len());
            b.rotate_left(by);
        }
        let u = if how & 2 == 0 { t.clone() } else { u };
        let (p, q) = (print(&text(&t), &text(&a)), print(&text(&u), &text(&b)));
        let (one, other) = (copy(1, 0), copy(if how & 4 == 0 { 1 } else { 2 }, i64::from(how & 24)));
        let week = Duration::from_secs(7 * 24 * HOUR);
        let forth = compare((&one, &p), (&other, &q), week, true);
        let back = compare((&other, &q), (&one, &p), week, true);
        prop_assert_eq!(forth.join(), back.join());
        prop_assert_eq!(are_kin((&one, &p), (&other, &q)), are_kin((&other, &q), (&one, &p)));
    });
}
