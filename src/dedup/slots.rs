//! Whether two texts are one form that was filled in twice: the weather of two cities, two numbers of a series, two job
//! advertisements of one portal. What they have in common is the form; what differs in corresponding places decides. The
//! rules know no words, so that they hold in every language.
//!
//! - *Slot.* A headline names what its text is about. Where two beginnings agree but for a few words in one place, that place
//!   may be a slot. If each article has a word of its own headline in a slot that the other article lacks, they are about
//!   different things. In a copy with another headline the words of that headline are in both texts.
//! - *Numbers.* A correction changes one number. A form under another headline changes several.
//! - *Version.* A headline that is mostly a number (`v1.2.0`) differs from another one by that number alone.

use super::align::Alignment;
use super::fingerprint::{Fingerprint, VERSION_WORDS_MAX};
use super::sketch::{Sketch, is_number};

/// Words that a slot may hold: a name with its titles, an address.
const SLOT_WORDS_MAX: usize = 8;

/// Words that a number is exchanged together with, as in `3.4 million`.
const NUMBER_WORDS_MAX: usize = 3;

/// Places in which numbers are exchanged that a correction does not have.
const NUMBERS_MIN: usize = 2;

/// Why two texts with much in common are two articles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difference {
    /// Each is about another thing.
    Subject,
    /// The numbers of one are not those of the other.
    Numbers,
}

/// Why two texts with much in common are two articles; `None` if they may be copies. The order of the two does not matter.
#[must_use]
pub fn difference(p: &Fingerprint, q: &Fingerprint) -> Option<Difference> {
    if are_versions(p, q) {
        return Some(Difference::Numbers);
    }
    if p.title == q.title {
        return None;
    }
    let (ours, theirs) = (Article::of(&p.sketch), Article::of(&q.sketch));
    let (one, other) = (Slots::of(ours, theirs), Slots::of(theirs, ours));
    if one.are_of_two_subjects || other.are_of_two_subjects {
        return Some(Difference::Subject);
    }
    let numbers = one.numbers.max(other.numbers);
    (numbers >= NUMBERS_MIN).then_some(Difference::Numbers)
}

/// Whether each of two articles is about another thing: [`Difference::Subject`] alone, at less cost.
#[must_use]
pub fn are_of_two_subjects(p: &Fingerprint, q: &Fingerprint) -> bool {
    let (ours, theirs) = (Article::of(&p.sketch), Article::of(&q.sketch));
    // Most pairs end here: no alignment is needed.
    !ours.subjects(&theirs).is_empty()
        && !theirs.subjects(&ours).is_empty()
        && (Slots::of(ours, theirs).are_of_two_subjects
            || Slots::of(theirs, ours).are_of_two_subjects)
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

/// What stands in corresponding places of two articles, by one of the longest common subsequences of their beginnings.
struct Slots {
    /// Whether each has a word of its own headline in a slot.
    are_of_two_subjects: bool,
    /// Places in which numbers are exchanged.
    numbers: usize,
}

impl Slots {
    fn of(a: Article<'_>, b: Article<'_>) -> Self {
        let (own, other) = (a.subjects(&b), b.subjects(&a));
        let holds = |gap: &[u16], words: &[u16]| gap.iter().any(|w| words.contains(w));
        let is_new = |gap: &[u16], text: &[u16]| gap.iter().any(|w| !text.contains(w));
        let has_number =
            |gap: &[u16], text: &[u16]| gap.iter().any(|w| is_number(*w) && !text.contains(w));
        let (mut has_own, mut has_other, mut numbers) = (false, false, 0);
        for (x, y) in Alignment::of(a.text, b.text).gaps {
            let length = x.len().max(y.len());
            if length <= SLOT_WORDS_MAX && is_new(x, b.text) && is_new(y, a.text) {
                has_own |= holds(x, &own);
                has_other |= holds(y, &other);
            }
            let is_exchanged = has_number(x, b.text) && has_number(y, a.text);
            numbers += usize::from(is_exchanged && length <= NUMBER_WORDS_MAX);
        }
        Self {
            are_of_two_subjects: has_own && has_other,
            numbers,
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

    /// The words that headline and text share and the other article has in neither. Of a longer text only as much counts
    /// as the other has: behind that the other was cut.
    fn subjects(&self, other: &Self) -> Vec<u16> {
        let own = self.text.get(..other.text.len()).unwrap_or(self.text);
        let lacks = |w: &u16| !other.text.contains(w) && !other.title.contains(w);
        let words = self.title.iter().copied();
        words.filter(|w| own.contains(w) && lacks(w)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dedup::Subject;
    use crate::text::fold::fold;

    fn told(a: (&str, &str), b: (&str, &str)) -> Option<Difference> {
        let print = |(title, body): (&str, &str)| {
            Fingerprint::of(&Subject {
                title: &fold(title),
                body: &fold(body),
                canonical_url: None,
            })
        };
        let (p, q) = (print(a), print(b));
        let found = difference(&p, &q);
        assert_eq!(
            found,
            difference(&q, &p),
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
    fn versions_are_told_by_their_numbers() {
        assert_eq!(
            told(("v1.2.0", TEXT), ("v0.9.3", TEXT)),
            Some(Difference::Numbers)
        );
        assert_eq!(told(("v1.2.0", TEXT), ("v1.2.0", TEXT)), None);
        assert_eq!(told(("v1.2.0", TEXT), ("Lighthouse lit", TEXT)), None);
    }
}
