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
mod tests;
