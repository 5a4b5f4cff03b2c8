//! Whether two copies are the same piece. A false merge is worse than a miss: what merely tells the same event, fills the
//! same form with other numbers, or continues a story the next day, is another piece.
//!
//! The thresholds were chosen on labelled real feeds; each lies in the middle of a range in which the result hardly moves.

use std::time::Duration;

use super::fingerprint::{Fingerprint, Sketch};
use super::group::{Signal, StoredCopy};

/// Near copies are printed within so long of each other.
pub const NEAR: Duration = Duration::from_secs(36 * HOUR);
/// Within so long a rewritten copy is expected; after it only a nearly unchanged one.
const FRESH: Duration = Duration::from_secs(16 * HOUR);
/// An equal headline means the same piece within so long.
const SAME_TITLE: Duration = Duration::from_secs(24 * HOUR);
/// How far apart one feed may print the same text or name the same page and mean the same piece: a weekly column's
/// unchanged notice is another article.
pub const SAME_FEED: Duration = Duration::from_secs(36 * HOUR);

const HOUR: u64 = 3600;

/// Share of the shorter copy's grams that the other must hold: within [`FRESH`], and after it.
const GRAMS: f64 = 0.45;
const GRAMS_LATE: f64 = 0.95;
/// Below this the lead's words must agree too.
const GRAMS_SURE: f64 = 0.5;
const WORDS_BESIDE: f64 = 0.5;
/// A rewritten copy: some grams, most of the lead's words, most of the headline's.
const GRAMS_REWRITTEN: f64 = 0.25;
const WORDS_REWRITTEN: f64 = 0.8;
const TITLE_REWRITTEN: f64 = 0.6;
/// The same where the headline is of another editor's making.
const GRAMS_UNDER_ANOTHER_TITLE: f64 = 0.3;
const WORDS_UNDER_ANOTHER_TITLE: f64 = 0.9;
/// So near, a number may have been corrected.
const GRAMS_WHATEVER_NUMBERS: f64 = 0.85;
/// What one feed prints twice differs by little.
const GRAMS_SAME_FEED: f64 = 0.9;
const GRAMS_SAME_TITLE: f64 = 0.6;
const TITLE_SAME_FEED: f64 = 0.5;
/// An equal headline of so many words is enough; of fewer, the leads must have something in common.
const TITLE_WORDS_ALONE: usize = 8;
const TITLE_WORDS_MIN: usize = 6;
const WORDS_BESIDE_TITLE: f64 = 0.3;
/// Texts of fewer words are told by their headlines.
const WORDS_MIN: u32 = 8;
/// Share of the shorter lead's numbers that the other must hold.
const NUMBERS: f64 = 0.5;
/// Words of the shorter copy's beginning that are looked for, and of the other in which.
const LEAD_SOUGHT: usize = 40;
const LEAD_SEARCHED: usize = 60;

/// The signal and score by which `new` is a copy of `old`; none if it is not, as far as one can tell. `near`: whether
/// more than equality counts.
#[must_use]
pub fn compare(
    new: (&StoredCopy, &Fingerprint),
    old: (&StoredCopy, &Fingerprint),
    window: Duration,
    near: bool,
) -> Option<(Signal, f64)> {
    let ((a, p), (b, q)) = (new, old);
    let apart = a.apart(b);
    let is_same_feed = a.feed == b.feed;
    if apart > if is_same_feed { SAME_FEED } else { window } {
        return None;
    }
    let names_one = !is_same_feed || p.url_names_article;
    if p.url.is_some() && p.url == q.url && names_one {
        return Some((Signal::Url, 1.0));
    }
    if p.text.is_some() && p.text == q.text {
        return Some((Signal::Text, 1.0));
    }
    if !near || apart > NEAR {
        return None;
    }
    let score = if is_same_feed {
        within_a_feed(p, q, apart)
    } else {
        across_feeds(p, q, apart)
    };
    score.map(|score| (Signal::Near, score))
}

fn within_a_feed(p: &Fingerprint, q: &Fingerprint, apart: Duration) -> Option<f64> {
    if p.sketch.title_marks != q.sketch.title_marks || p.words.min(q.words) < WORDS_MIN {
        return None;
    }
    let pair = Pair::of(p, q);
    let grams = pair.grams();
    let is_near = p.title == q.title && grams >= GRAMS_SAME_TITLE
        || apart <= FRESH && grams >= GRAMS_SAME_FEED && pair.title() >= TITLE_SAME_FEED;
    (is_near && pair.numbers_agree()).then_some(grams)
}

fn across_feeds(p: &Fingerprint, q: &Fingerprint, apart: Duration) -> Option<f64> {
    let pair = Pair::of(p, q);
    let words = pair.words();
    if p.title == q.title && apart <= SAME_TITLE {
        let n = p.sketch.title.len();
        if n >= TITLE_WORDS_ALONE || n >= TITLE_WORDS_MIN && words >= WORDS_BESIDE_TITLE {
            return Some(GRAMS + words / 10.0);
        }
    }
    let grams = pair.grams();
    if p.words.min(q.words) < WORDS_MIN || grams < GRAMS_WHATEVER_NUMBERS && !pair.numbers_agree() {
        return None;
    }
    let least = if apart <= FRESH { GRAMS } else { GRAMS_LATE };
    if grams >= least && (grams >= GRAMS_SURE || words >= WORDS_BESIDE) {
        return Some(grams);
    }
    let is_rewritten =
        grams >= GRAMS_REWRITTEN && words >= WORDS_REWRITTEN && pair.title() >= TITLE_REWRITTEN
            || grams >= GRAMS_UNDER_ANOTHER_TITLE && words >= WORDS_UNDER_ANOTHER_TITLE;
    (is_rewritten && apart <= FRESH).then_some((grams + words) / 2.0 * 0.9)
}

/// Two sketches, the shorter text's first.
struct Pair<'s> {
    short: &'s Sketch,
    long: &'s Sketch,
}

impl<'s> Pair<'s> {
    fn of(p: &'s Fingerprint, q: &'s Fingerprint) -> Self {
        if p.words <= q.words {
            Self {
                short: &p.sketch,
                long: &q.sketch,
            }
        } else {
            Self {
                short: &q.sketch,
                long: &p.sketch,
            }
        }
    }

    /// Share of the shorter one's grams that stand in the other's sketch (containment, Broder 1997).
    fn grams(&self) -> f64 {
        share(&self.short.grams, &self.long.grams)
    }

    /// Share of the words of the shorter one's lead that stand in the other's.
    fn words(&self) -> f64 {
        let head = |words: &'s [u16], n: usize| words.get(..n).unwrap_or(words);
        share(
            head(&self.short.words, LEAD_SOUGHT),
            head(&self.long.words, LEAD_SEARCHED),
        )
    }

    /// Share of the shorter headline's words that stand in the other.
    fn title(&self) -> f64 {
        let (a, b) = (&self.short.title, &self.long.title);
        if a.len() <= b.len() {
            share(a, b)
        } else {
            share(b, a)
        }
    }

    /// Whether the numbers of the shorter lead stand in the other: forms are filled with numbers, and little else.
    fn numbers_agree(&self) -> bool {
        let of = |s: &'s Sketch, within: usize| -> Vec<u16> {
            let places = s.numbers.iter().map(|at| usize::from(*at));
            places
                .filter(|at| *at < within)
                .filter_map(|at| s.words.get(at).copied())
                .collect()
        };
        let (sought, searched) = (of(self.short, LEAD_SOUGHT), of(self.long, usize::MAX));
        sought.is_empty() || searched.is_empty() || share(&sought, &searched) >= NUMBERS
    }
}

/// Share of the different values of `of` that are among `among`; nothing holds nothing. Quadratic over at most a hundred
/// short values, which beats building sets.
fn share(of: &[u16], among: &[u16]) -> f64 {
    let (mut different, mut held) = (0_u32, 0_u32);
    for (at, value) in of.iter().enumerate() {
        if of.get(..at).is_some_and(|before| before.contains(value)) {
            continue;
        }
        different += 1;
        held += u32::from(among.contains(value));
    }
    if different == 0 {
        0.0
    } else {
        f64::from(held) / f64::from(different)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dedup::Subject;
    use crate::model::{FeedRow, Time};
    use crate::query::fold::fold;

    fn copy(feed: FeedRow, hour: i64) -> StoredCopy {
        let at = Time::from_seconds(hour * 3600);
        StoredCopy {
            article: 0,
            story: 0,
            feed,
            at,
            seen: at,
            dated: true,
        }
    }

    fn print(title: &str, body: &str) -> Fingerprint {
        Fingerprint::of(&Subject {
            title: &fold(title),
            body: &fold(body),
            canonical_url: None,
            published: None,
        })
    }

    /// Compares a copy of feed 1 at hour 0 with one of `feed` at `hour`.
    fn near(feed: FeedRow, hour: i64, a: (&str, &str), b: (&str, &str)) -> bool {
        let (old, new) = (print(a.0, a.1), print(b.0, b.1));
        let week = Duration::from_secs(7 * 24 * HOUR);
        compare((&copy(feed, hour), &new), (&copy(1, 0), &old), week, true).is_some()
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
}
