//! Whether two copies are the same article. A false merge is worse than a miss: an article about the same event, the same
//! form with other numbers, or the continuation of a story on the next day, is a different article.
//!
//! The thresholds were chosen on labelled real feeds, on each half separately: each is in a range in which the result hardly
//! changes, at the end where fewer copies join.

use std::time::Duration;

use super::copy::StoredCopy;
use super::fingerprint::Fingerprint;
use super::headline;
use super::slots::{
    CORRECTED_WITHIN, Difference, are_of_two_headlines, are_of_two_subjects, begin_differently,
    difference, is_filled_in_again,
};
use super::verdict::{Ground, Likeness, Verdict};

/// Maximum time between near copies.
pub const NEAR: Duration = Duration::from_secs(36 * HOUR);
/// Within this time a rewritten copy is expected; later only a nearly unchanged one, because follow-up articles appear the
/// next day.
const FRESH: Duration = Duration::from_secs(18 * HOUR);
/// Within this time an equal headline means the same article.
const SAME_TITLE: Duration = Duration::from_secs(24 * HOUR);
/// How far apart one feed may print the same text or name the same page and mean the same piece: a weekly column's
/// unchanged notice is another article.
pub const SAME_FEED: Duration = Duration::from_secs(36 * HOUR);

const HOUR: u64 = 3600;

/// Share of the shorter copy's grams that the other must hold.
const GRAMS: f64 = 0.5;
/// As above, for texts of fewer than [`WORDS_SHORT`] words, of which one phrase is a large part.
const GRAMS_SHORT: f64 = 0.6;
const WORDS_SHORT: u32 = 20;
/// The same after [`FRESH`]; and a teaser comes under its old headline then.
const GRAMS_LATE: f64 = 0.95;
const TITLE_LATE: f64 = 0.5;
const TEASER_WORDS_MAX: u32 = 40;
/// A rewritten copy, which only longer texts can show: some grams, most of the lead's words.
const GRAMS_REWRITTEN: f64 = 0.25;
const WORDS_REWRITTEN: f64 = 0.8;
const REWRITTEN_WORDS_MIN: u32 = 40;
/// A text under another beginning.
const REST_UNDER_ANOTHER_LEAD: f64 = 0.7;
/// So near, a number may have been corrected.
const GRAMS_WHATEVER_NUMBERS: f64 = 0.7;
/// Share of the shorter lead's numbers that the other must hold.
const NUMBERS: f64 = 0.5;
/// Two articles of one feed with almost the same text differ in a few words.
const GRAMS_SAME_FEED: f64 = 0.95;
const GRAMS_SAME_TITLE: f64 = 0.7;
const TITLE_SAME_FEED: f64 = 0.5;
/// An equal headline of this many words is sufficient.
const TITLE_WORDS_ALONE: usize = 8;
/// From this many words on, the leads must also have words in common.
const TITLE_WORDS_BESIDE: usize = 6;
const WORDS_BESIDE_TITLE: f64 = 0.3;
/// From this many words on, one copy must be a headline alone, or the texts must have grams in common; then the headlines
/// may differ by a word.
const TITLE_WORDS_MIN: usize = 5;
const GRAMS_BESIDE_TITLE: f64 = 0.35;
/// Share of the shorter lead's words that the other must hold where one headline is the other in other dress.
const WORDS_IN_OTHER_DRESS: f64 = 0.6;
const TITLE_NEARLY: f64 = 0.85;
/// Copies of one story have at least one of these in common; of unrelated articles, one pair in two hundred has.
const GRAMS_OF_KIN: f64 = 0.1;
const WORDS_OF_KIN: f64 = 0.5;
const TITLE_OF_KIN: f64 = 0.5;
/// Texts of fewer words are compared by their headlines.
const WORDS_MIN: u32 = 10;

/// Whether `new` is a copy of `old`, and why. Without `near`, only equality is sufficient.
#[must_use]
pub fn compare(
    new: (&StoredCopy, &Fingerprint),
    old: (&StoredCopy, &Fingerprint),
    window: Duration,
    near: bool,
) -> Verdict {
    let ((a, p), (b, q)) = (new, old);
    let apart = a.apart(b);
    let is_same_feed = a.feed == b.feed;
    let equal = |ground| Verdict {
        ground,
        likeness: Likeness::default(),
        apart,
    };
    if apart > if is_same_feed { SAME_FEED } else { window } {
        return equal(Ground::TooFarApart);
    }
    let names_one = !is_same_feed || p.url_names_article;
    if p.url.is_some() && p.url == q.url && names_one {
        return equal(Ground::SamePage);
    }
    let is_of_one_series = is_same_feed && p.sketch.title_marks() != q.sketch.title_marks();
    if p.text.is_some() && p.text == q.text {
        // A feed that repeats one text under every day's headline adds nothing of its own in that text.
        return equal(match is_of_one_series {
            true => Ground::AnotherOfItsSeries,
            false => Ground::SameText,
        });
    }
    if !near || p.sketch.is_empty() || q.sketch.is_empty() {
        return equal(Ground::OnlyEquality);
    }
    if apart > NEAR {
        return equal(Ground::TooFarApart);
    }
    let likeness = Likeness::of(p, q);
    let ground = if is_same_feed {
        within_a_feed(p, q, &likeness, apart)
    } else {
        across_feeds(p, q, &likeness, apart)
    };
    let ground = match ground
        .is_one_piece()
        .then(|| difference(p, q, apart))
        .flatten()
    {
        Some(Difference::Subject) => Ground::OtherSubject,
        Some(Difference::Numbers) => Ground::OtherNumbers,
        None => ground,
    };
    Verdict {
        ground,
        likeness,
        apart,
    }
}

/// Whether two copies can belong to one story, however they came into it: whether they have anything in common. `None` if
/// that cannot be decided. A page that both name is sufficient if it is on the hosts of both feeds; otherwise their texts
/// decide.
#[must_use]
pub fn are_kin(
    one: (&StoredCopy, &Fingerprint),
    other: (&StoredCopy, &Fingerprint),
) -> Option<bool> {
    let ((a, p), (b, q)) = (one, other);
    let is_one_page = p.url.is_some() && p.url == q.url;
    let is_believed = a.feed == b.feed || a.own_page && b.own_page;
    if p.text.is_some() && p.text == q.text || is_one_page && is_believed {
        return Some(true);
    }
    if p.sketch.is_empty() || q.sketch.is_empty() {
        // Where neither has one, only equality can be recognized.
        let is_told = p.sketch.is_empty() && q.sketch.is_empty();
        return (is_told && p.text.is_some() && q.text.is_some()).then_some(false);
    }
    if are_of_two_subjects(p, q) {
        return Some(false);
    }
    let like = Likeness::of(p, q);
    let is_alike =
        like.grams >= GRAMS_OF_KIN || like.words >= WORDS_OF_KIN || like.title >= TITLE_OF_KIN;
    let is_short = p.words.min(q.words) < WORDS_MIN;
    match is_alike || is_one_page && is_short {
        true => Some(true),
        false => (!is_short).then_some(false),
    }
}

/// Whether two copies are long enough to compare and their texts, whatever their headlines, have nothing in common.
fn are_other_texts(p: &Fingerprint, q: &Fingerprint, like: &Likeness) -> bool {
    p.words.min(q.words) >= WORDS_SHORT && like.grams < GRAMS_OF_KIN && like.words < WORDS_OF_KIN
}

fn within_a_feed(p: &Fingerprint, q: &Fingerprint, like: &Likeness, apart: Duration) -> Ground {
    if p.sketch.title_marks() != q.sketch.title_marks() {
        return Ground::AnotherOfItsSeries;
    }
    if p.words.min(q.words) < WORDS_MIN {
        return Ground::TooShort;
    }
    let is_same_title = p.title == q.title
        && like.grams >= GRAMS_SAME_TITLE
        && !begin_differently(p, q)
        && !(apart >= CORRECTED_WITHIN && is_filled_in_again(p, q));
    let is_reprint = like.grams >= GRAMS_SAME_FEED
        && like.title >= TITLE_SAME_FEED
        && !are_of_two_headlines(p, q);
    if !is_same_title && !is_reprint {
        return Ground::TooLittle;
    }
    if !is_same_title && apart > FRESH {
        return Ground::TooLittleForSoLong;
    }
    if like.numbers < NUMBERS {
        return Ground::OtherNumbers;
    }
    Ground::Contained
}

fn across_feeds(p: &Fingerprint, q: &Fingerprint, like: &Likeness, apart: Duration) -> Ground {
    if is_under_one_headline(p, q, like, apart) {
        return Ground::SameHeadline;
    }
    let length = p.words.min(q.words);
    if length < WORDS_MIN {
        let is_bare = length <= headline::WORDS_MAX;
        let is_headline = |bare: &Fingerprint, other: &Fingerprint| {
            bare.words <= other.words && headline::is_headline_of(&bare.sketch, &other.sketch)
        };
        if is_bare && apart <= FRESH && (is_headline(p, q) || is_headline(q, p)) {
            return Ground::SameHeadline;
        }
        return Ground::TooShort;
    }
    let contained = if length < WORDS_SHORT {
        GRAMS_SHORT
    } else {
        GRAMS
    };
    let ground = if like.grams >= contained {
        Ground::Contained
    } else if is_rewritten(like, length) {
        Ground::Rewritten
    } else if like.rest >= REST_UNDER_ANOTHER_LEAD {
        Ground::UnderAnotherLead
    } else {
        return Ground::TooLittle;
    };
    if like.numbers < NUMBERS && like.grams < GRAMS_WHATEVER_NUMBERS {
        return Ground::OtherNumbers;
    }
    let is_late_teaser = length <= TEASER_WORDS_MAX && like.title < TITLE_LATE;
    if apart > FRESH && (like.grams < GRAMS_LATE || is_late_teaser) {
        return Ground::TooLittleForSoLong;
    }
    ground
}

fn is_under_one_headline(
    p: &Fingerprint,
    q: &Fingerprint,
    like: &Likeness,
    apart: Duration,
) -> bool {
    let title_words = p.sketch.title().len().min(q.sketch.title().len());
    let is_same = p.title == q.title;
    let is_enough = title_words >= TITLE_WORDS_ALONE
        || title_words >= TITLE_WORDS_BESIDE && like.words >= WORDS_BESIDE_TITLE;
    let is_headline_alone = p.words.min(q.words) == 0;
    let is_nearly =
        like.title >= TITLE_NEARLY && like.grams >= GRAMS_BESIDE_TITLE && like.numbers >= NUMBERS;
    is_same && is_enough && apart <= SAME_TITLE && !are_other_texts(p, q, like)
        || title_words >= TITLE_WORDS_MIN
            && apart <= FRESH
            && (is_same && is_headline_alone
                || is_nearly
                || !is_same && is_in_other_dress(p, q, like))
}

/// Whether one headline is the other with a kicker or the name of a paper, over texts that begin with the same words.
fn is_in_other_dress(p: &Fingerprint, q: &Fingerprint, like: &Likeness) -> bool {
    like.title >= 1.0
        && like.words >= WORDS_IN_OTHER_DRESS
        && headline::differ_by_dress(&p.sketch, &q.sketch)
}

fn is_rewritten(like: &Likeness, length: u32) -> bool {
    length >= REWRITTEN_WORDS_MIN && like.grams >= GRAMS_REWRITTEN && like.words >= WORDS_REWRITTEN
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dedup::Subject;
    use crate::model::{FeedRow, Time};
    use crate::text::fold::fold;

    /// Never at midnight, which would be a day without an hour.
    fn copy(feed: FeedRow, hour: i64) -> StoredCopy {
        let at = Time::from_seconds(hour * 3600 + 60);
        StoredCopy {
            article: 0,
            story: 0,
            feed,
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
    fn near(feed: FeedRow, hour: i64, a: (&str, &str), b: (&str, &str)) -> bool {
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
        let longer =
            format!("{text}港長は記者団に契約が結ばれたと述べた。漁師たちは決定を歓迎した。");
        assert!(near(2, 3, ("灯台", text), ("古い灯台", &longer)));
    }

    /// A text of words from a small vocabulary in several scripts, as these bytes say.
    fn text(bytes: &[u8]) -> String {
        const WORDS: [&str; 16] = [
            "harbour", "the", "7", "12", "2030", "灯台", "港", "مرفأ", "маяк", "🚢", "lit",
            "again", "monday", "of", "boats", "v1",
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
}
