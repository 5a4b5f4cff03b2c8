//! Whether two texts are one form that was filled in twice: the weather of two cities, two issues of a series, two job
//! advertisements of one portal. Their common words are the form; the differences in corresponding places decide. The rules use
//! no word lists, so that they work in every language.
//!
//! - *Slot.* A headline names the subject of its text. Where two beginnings agree except for a few words in one place, that
//!   place may be a slot. If each article has a word of its own headline in a slot, and the other article lacks that word, they
//!   have different subjects. Words of a copy's changed headline occur in both texts instead. Where an editor cut words from the
//!   middle and wrote a new headline, an exchanged word is a synonym.
//! - *Subject.* If several words of each headline and its text are nowhere in the other article, the common part is the text
//!   that every release of one company ends with.
//! - *Numbers.* A correction changes one number. A form under another headline changes several.
//! - *Days.* A correction comes soon. A word exchanged much later under the same headline is the next day's.
//! - *Version.* A headline that is mostly a number (`v1.2.0`) differs from another one by that number alone.

use std::time::Duration;

use super::align::Alignment;
use super::fingerprint::{Fingerprint, VERSION_WORDS_MAX};
use super::sketch::{Sketch, is_number};

/// Words that a slot may hold: a name with its titles, an address.
const SLOT_WORDS_MAX: usize = 8;

/// Words that are exchanged together, such as a number and its unit: `3.4 million`.
const EXCHANGED_WORDS_MAX: usize = 3;

/// Places in which numbers are exchanged that a correction does not have.
const NUMBERS_MIN: usize = 2;

/// So long after an article no word of it is corrected: under the same headline it is another day's.
pub(super) const CORRECTED_WITHIN: Duration = Duration::from_secs(12 * 3600);

/// Words that only an editor leaves out between two that both texts have.
const CUT_WORDS_MIN: usize = 5;

/// The number of words that distinguish a first sentence.
const FIRST_WORDS: usize = 10;

/// The number of words in a headline that the other article lacks from which on they are not synonyms.
const OWN_WORDS_MIN: usize = 3;

/// Why two texts with much in common are two articles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difference {
    /// Each is about another thing.
    Subject,
    /// The numbers of one are not those of the other.
    Numbers,
}

/// Why two texts with much in common, printed so far apart, are two articles; `None` if they may be copies. The order of the
/// two does not matter.
#[must_use]
pub fn difference(p: &Fingerprint, q: &Fingerprint, apart: Duration) -> Option<Difference> {
    if are_versions(p, q) {
        return Some(Difference::Numbers);
    }
    if p.title == q.title {
        let is_late = apart >= CORRECTED_WITHIN;
        return (is_late && is_filled_in_again(p, q)).then_some(Difference::Numbers);
    }
    let (ours, theirs) = (Article::of(&p.sketch), Article::of(&q.sketch));
    let (one, other) = (Slots::of(ours, theirs), Slots::of(theirs, ours));
    if one.are_of_two_subjects || other.are_of_two_subjects || ours.is_apart_from(&theirs) {
        return Some(Difference::Subject);
    }
    let numbers = one.numbers.max(other.numbers);
    (numbers >= NUMBERS_MIN).then_some(Difference::Numbers)
}

/// Whether two articles fill one form with two subjects: the rule of slots alone.
#[must_use]
pub fn are_of_two_subjects(p: &Fingerprint, q: &Fingerprint) -> bool {
    let (ours, theirs) = (Article::of(&p.sketch), Article::of(&q.sketch));
    // Most pairs end here, without an alignment.
    !ours.subjects(&theirs).is_empty()
        && !theirs.subjects(&ours).is_empty()
        && (Slots::of(ours, theirs).are_of_two_subjects
            || Slots::of(theirs, ours).are_of_two_subjects)
}

/// Whether a word of one text is in the place of another word in the other text. The order of the two does not matter.
#[must_use]
pub(super) fn is_filled_in_again(p: &Fingerprint, q: &Fingerprint) -> bool {
    let (a, b) = (p.sketch.words(), q.sketch.words());
    has_exchanged(a, b) || has_exchanged(b, a)
}

fn has_exchanged(a: &[u16], b: &[u16]) -> bool {
    let mut gaps = Alignment::of(a, b).gaps.into_iter();
    gaps.any(|(x, y)| x.len().max(y.len()) <= EXCHANGED_WORDS_MAX && has_new(x, b) && has_new(y, a))
}

/// Whether most words of the first sentence of each text are not in the other.
#[must_use]
pub(super) fn begin_differently(p: &Fingerprint, q: &Fingerprint) -> bool {
    let (a, b) = (p.sketch.words(), q.sketch.words());
    let is_own = |text: &[u16], other: &[u16]| {
        let start = text.get(..FIRST_WORDS).unwrap_or(text);
        start.iter().filter(|w| !other.contains(w)).count() * 2 >= start.len()
    };
    is_own(a, b) && is_own(b, a)
}

/// Whether any of these words is not in a text.
fn has_new(words: &[u16], text: &[u16]) -> bool {
    words.iter().any(|w| !text.contains(w))
}

/// Whether each headline has a word that the other article lacks.
#[must_use]
pub(super) fn are_of_two_headlines(p: &Fingerprint, q: &Fingerprint) -> bool {
    let (ours, theirs) = (Article::of(&p.sketch), Article::of(&q.sketch));
    ours.own_words(&theirs).next().is_some() && theirs.own_words(&ours).next().is_some()
}

/// Whether both headlines are mostly numbers, and not the same numbers.
fn are_versions(p: &Fingerprint, q: &Fingerprint) -> bool {
    let numbers = |sketch: &Sketch| {
        let title = sketch.title();
        let mut numbers: Vec<u16> = title.iter().copied().filter(|w| is_number(*w)).collect();
        let is_version = !numbers.is_empty()
            && numbers.len() * 2 >= title.len()
            && title.len() <= VERSION_WORDS_MAX;
        numbers.sort_unstable();
        is_version.then_some(numbers)
    };
    match (numbers(&p.sketch), numbers(&q.sketch)) {
        (Some(ours), Some(theirs)) => ours != theirs,
        _ => false,
    }
}

/// What is in corresponding places of two articles, by one of the longest common subsequences of their beginnings.
struct Slots {
    /// Whether each has a word of its own headline in a slot, and no editor made one text from the other.
    are_of_two_subjects: bool,
    /// Places in which numbers are exchanged.
    numbers: usize,
}

impl Slots {
    fn of(a: Article<'_>, b: Article<'_>) -> Self {
        let gaps = Alignment::of(a.text, b.text).gaps;
        let (own, other) = (a.subjects(&b), b.subjects(&a));
        let is_slot = |(x, y): &(&[u16], &[u16])| {
            x.len().max(y.len()) <= SLOT_WORDS_MAX && has_new(x, b.text) && has_new(y, a.text)
        };
        let (ours, theirs): (Vec<&[u16]>, Vec<&[u16]>) =
            gaps.iter().copied().filter(is_slot).unzip();
        let (ours, theirs) = (ours.concat(), theirs.concat());
        let names = |slots: &[u16], words: &[u16]| words.iter().any(|w| slots.contains(w));
        let are_named = names(&ours, &own) && names(&theirs, &other);
        let has_number =
            |gap: &[u16], text: &[u16]| gap.iter().any(|w| is_number(*w) && !text.contains(w));
        let is_number_exchanged = |(x, y): &&(&[u16], &[u16])| {
            x.len().max(y.len()) <= EXCHANGED_WORDS_MAX
                && has_number(x, b.text)
                && has_number(y, a.text)
        };
        let is_cut = |(x, y): &(&[u16], &[u16])| {
            x.len().min(y.len()) == 0 && x.len().max(y.len()) >= CUT_WORDS_MIN
        };
        let is_edited = gaps.iter().any(is_cut);
        let is_reworded = a.is_reworded(&b, &ours) || b.is_reworded(&a, &theirs);
        Self {
            are_of_two_subjects: are_named && !(is_edited && is_reworded),
            numbers: gaps.iter().filter(is_number_exchanged).count(),
        }
    }
}

/// A headline and the beginning of its text.
#[derive(Clone, Copy)]
struct Article<'s> {
    title: &'s [u16],
    text: &'s [u16],
}

impl<'s> Article<'s> {
    fn of(sketch: &'s Sketch) -> Self {
        Self {
            title: sketch.title(),
            text: sketch.words(),
        }
    }

    /// The words of the headline that the other article has in neither headline nor text.
    fn own_words(&self, other: &Self) -> impl Iterator<Item = u16> {
        let lacks = |w: &u16| !other.text.contains(w) && !other.title.contains(w);
        self.title.iter().copied().filter(lacks)
    }

    /// The same that are in this article's text.
    fn subjects(&self, other: &Self) -> Vec<u16> {
        let words = self.own_words(other);
        words.filter(|w| self.text.contains(w)).collect()
    }

    /// Whether each headline and its text are about what the other article does not mention.
    fn is_apart_from(&self, other: &Self) -> bool {
        let (ours, theirs) = (self.subjects(other), other.subjects(self));
        ours.len().min(theirs.len()) >= OWN_WORDS_MIN
    }

    /// Whether the headline was written for this text: the words that fill the form's slots are not all that is its own.
    fn is_reworded(&self, other: &Self, slots: &[u16]) -> bool {
        let words = self.own_words(other);
        words.filter(|w| !slots.contains(w)).count() >= OWN_WORDS_MIN
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dedup::Subject;
    use crate::text::fold::fold;

    fn told(a: (&str, &str), b: (&str, &str)) -> Option<Difference> {
        after(0, a, b)
    }

    /// What sets two articles apart that were printed so many hours apart.
    fn after(hours: u64, a: (&str, &str), b: (&str, &str)) -> Option<Difference> {
        let apart = Duration::from_secs(hours * 3600);
        let print = |(title, body): (&str, &str)| {
            Fingerprint::of(&Subject {
                title: &fold(title),
                body: &fold(body),
                canonical_url: None,
            })
        };
        let (p, q) = (print(a), print(b));
        let found = difference(&p, &q, apart);
        assert_eq!(
            found,
            difference(&q, &p, apart),
            "it does not matter which comes first"
        );
        found
    }

    fn job(what: &str, place: &str) -> (String, String) {
        (
            format!("{what} in {place}"),
            format!(
                "Our client is looking for a {what} to join the team in {place} as soon as possible. You bring some \
                 experience and like to work with others. We offer a fair salary and thirty days of leave."
            ),
        )
    }

    #[test]
    fn a_form_that_is_filled_in_twice_is_two_articles() {
        let ads = [job("Rust engineer", "Berlin"), job("nurse", "Lisbon")];
        let [a, b] = [(&*ads[0].0, &*ads[0].1), (&*ads[1].0, &*ads[1].1)];
        assert_eq!(told(a, b), Some(Difference::Subject));
        let signs = [
            (
                "おうし座の運勢",
                "今日のおうし座は新しい出会いに恵まれる一日になりそうです。夕方までに連絡を済ませましょう。",
            ),
            (
                "さそり座の運勢",
                "今日のさそり座は新しい出会いに恵まれる一日になりそうです。夕方までに連絡を済ませましょう。",
            ),
        ];
        assert_eq!(told(signs[0], signs[1]), Some(Difference::Subject));
        let towns = [
            (
                "Погода в Одесі",
                "У середу в Одесі очікується дощ, вітер помірний, температура вдень близько десяти градусів тепла.",
            ),
            (
                "Погода у Львові",
                "У середу у Львові очікується дощ, вітер помірний, температура вдень близько десяти градусів тепла.",
            ),
        ];
        assert_eq!(told(towns[0], towns[1]), Some(Difference::Subject));
    }

    const TEXT: &str = "The port authority of Kessport said on Monday that the old lighthouse will be lit again before \
        the winter, ending years of argument between the two harbour towns over who should pay for the repair of 40 \
        lamps and 12 lenses.";

    #[test]
    fn a_copy_under_another_headline_is_a_copy() {
        let original = ("Lighthouse to be lit again", TEXT);
        for (title, text) in [
            ("Harbour towns settle their argument", TEXT.to_owned()),
            (
                "Kessport: port authority relents",
                TEXT.replace("said on Monday", "announced"),
            ),
            (
                "Old lighthouse returns",
                TEXT.split(", ending").next().unwrap().to_owned(),
            ),
            (
                "Lighthouse to be lit again",
                TEXT.replace("40", "45").replace("12", "15"),
            ),
            ("Correction: lighthouse lit again", TEXT.replace("40", "45")),
        ] {
            assert_eq!(told(original, (title, &text)), None, "{title}");
        }
    }

    #[test]
    fn several_numbers_under_another_headline_are_another_number_of_a_series() {
        let next = TEXT.replace("40", "45").replace("12", "15");
        let told = told(
            ("Lighthouse: the figures", TEXT),
            ("Lighthouse: new figures", &next),
        );
        assert_eq!(told, Some(Difference::Numbers));
    }

    #[test]
    fn a_number_under_one_headline_is_corrected_soon_or_is_another_days() {
        let (title, next) = ("Lighthouse: the figures", TEXT.replace("40", "45"));
        assert_eq!(after(3, (title, TEXT), (title, &next)), None);
        assert_eq!(
            after(20, (title, TEXT), (title, &next)),
            Some(Difference::Numbers)
        );
        assert_eq!(after(20, (title, TEXT), (title, TEXT)), None);
    }

    const NOTICE: &str = "Statements about the future may turn out otherwise. Kessport Lamps was founded in 1908 and makes \
        lamps for harbours in nine countries. Pictures may be had from the press office, which is open on weekdays.";

    #[test]
    fn releases_of_one_company_are_about_different_things() {
        let hired = format!(
            "Ada Brandt will direct sales of Kessport Lamps from the first of May. {NOTICE}"
        );
        let built = format!(
            "Kessport Lamps will build a factory in Aldmouth, where two hundred people are to work. {NOTICE}"
        );
        assert_eq!(
            told(
                ("Ada Brandt to direct sales", hired.as_str()),
                (
                    "Kessport Lamps to build a factory in Aldmouth",
                    built.as_str()
                )
            ),
            Some(Difference::Subject)
        );
        assert_eq!(
            told(
                ("Ada Brandt to direct sales", hired.as_str()),
                ("New head of sales at Kessport Lamps", hired.as_str())
            ),
            None
        );
    }

    #[test]
    fn an_edited_text_under_a_headline_written_anew_is_no_form() {
        let lead = |word: &str, cut: &str| {
            format!(
                "A {word} of the Harbour League put out the candles on the old pier with a hose{cut}, and was led \
                 out of the hall by guards while the meeting was broadcast."
            )
        };
        let one = (
            "Lawmaker puts out candles in the hall",
            &*lead("lawmaker", " on Tuesday at the feast"),
        );
        let title = "Harbour League politician turns hose on festive lights, drawing outrage";
        let (cut, whole) = (
            lead("politician", ""),
            lead("politician", " on Tuesday at the feast"),
        );
        assert_eq!(told(one, (title, &cut)), None);
        assert_eq!(
            told(one, (title, &whole)),
            Some(Difference::Subject),
            "nothing was cut"
        );
        let form = "Politician puts out candles in the hall";
        assert_eq!(
            told(one, (form, &cut)),
            Some(Difference::Subject),
            "one form of headline"
        );
    }

    #[test]
    fn a_promotion_before_the_text_hides_no_slot() {
        let text = |teams: &str| {
            format!("{teams} on Monday, looking for a first win at the ground this year.")
        };
        let promotion = "Take our application for alerts on your telephone, reading on trains and the daily quiz. Follow \
            us wherever you like. More stories like this one arrive in the Sunday supplement.";
        let (one, other) = (
            text("Marlow travel to Penbury"),
            text("Erith travel to Langdon"),
        );
        assert_eq!(
            told(
                ("Penbury meet Marlow: guide", &one),
                ("Langdon meet Erith: guide", &format!("{promotion} {other}"))
            ),
            Some(Difference::Subject)
        );
    }

    #[test]
    fn versions_are_told_by_their_numbers() {
        assert_eq!(
            told(("v1.2.0", TEXT), ("v0.9.3", TEXT)),
            Some(Difference::Numbers)
        );
        assert_eq!(told(("v1.2.0", TEXT), ("v1.2.0", TEXT)), None);
        assert_eq!(told(("v1.2.0", TEXT), ("Lighthouse lit", TEXT)), None);
    }
}
