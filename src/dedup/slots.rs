//! Whether two texts are one form that was filled in twice: the weather of two cities, two numbers of a series, two job
//! advertisements of one portal. What they have in common is the form; what differs in corresponding places decides. The
//! rules know no words, so that they hold in every language.
//!
//! - *Slot.* A headline names what its text is about. If in one place of two otherwise equal beginnings each has a word of
//!   its own headline that the other article lacks, that place is a slot and the articles are about different things. In a
//!   copy with another headline the words of that headline are in both texts.
//! - *Numbers.* A correction changes one number. A form under another headline changes several.
//! - *Version.* A headline that is mostly a number (`v1.2.0`) is told from another one by that number alone.

use super::fingerprint::Fingerprint;
use super::sketch::{Sketch, is_number};

/// Words that a slot may hold: a name with its titles, an address.
const SLOT_WORDS_MAX: usize = 8;

/// Words that a number is exchanged together with, as in `3.4 million`.
const NUMBER_WORDS_MAX: usize = 3;

/// Places in which numbers are exchanged that a correction does not have.
const NUMBERS_MIN: usize = 2;

/// Words of a headline that is mostly a number.
const VERSION_WORDS_MAX: usize = 4;

/// Why two texts with much in common are two articles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difference {
    /// Each is about another thing.
    Subject,
    /// The numbers of one are not those of the other.
    Numbers,
}

/// What tells two texts apart that have much in common; `None` if they may be copies.
#[must_use]
pub fn difference(p: &Fingerprint, q: &Fingerprint) -> Option<Difference> {
    if are_versions(p, q) {
        return Some(Difference::Numbers);
    }
    let ours = Article::of(&p.sketch);
    let theirs = Article::of(&q.sketch);
    let (own, other) = (ours.subjects(&theirs), theirs.subjects(&ours));
    let is_retitled = p.title != q.title;
    let mut numbers = 0;
    for (x, y) in gaps(ours.text, theirs.text) {
        let holds = |gap: &[u16], subjects: &[u16]| gap.iter().any(|w| subjects.contains(w));
        let length = x.len().max(y.len());
        if length <= SLOT_WORDS_MAX && holds(x, &own) && holds(y, &other) {
            return Some(Difference::Subject);
        }
        let has_number =
            |gap: &[u16], among: &[u16]| gap.iter().any(|w| is_number(*w) && !among.contains(w));
        let is_exchanged = has_number(x, theirs.text) && has_number(y, ours.text);
        numbers += usize::from(is_exchanged && length <= NUMBER_WORDS_MAX);
    }
    (is_retitled && numbers >= NUMBERS_MIN).then_some(Difference::Numbers)
}

/// Whether both headlines are mostly numbers, and not the same.
#[must_use]
pub fn are_versions(p: &Fingerprint, q: &Fingerprint) -> bool {
    let is_version = |sketch: &Sketch| {
        let title = sketch.title();
        let numbers = title.iter().filter(|w| is_number(**w)).count();
        numbers > 0 && numbers * 2 >= title.len() && title.len() <= VERSION_WORDS_MAX
    };
    p.title != q.title && is_version(&p.sketch) && is_version(&q.sketch)
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

/// What stands between the words that a longest common subsequence of two texts matches, in order.
fn gaps<'s>(a: &'s [u16], b: &'s [u16]) -> Vec<(&'s [u16], &'s [u16])> {
    let rows = remaining(a, b);
    let longest = |i: usize, j: usize| rows.get(i).and_then(|row| row.get(j)).copied();
    let (mut i, mut j) = (0, 0);
    let (mut from, mut gaps) = ((0, 0), Vec::new());
    while let (Some(x), Some(y)) = (a.get(i), b.get(j)) {
        if x == y {
            if from != (i, j) {
                let gap = (a.get(from.0..i), b.get(from.1..j));
                gaps.push((gap.0.unwrap_or_default(), gap.1.unwrap_or_default()));
            }
            (i, j) = (i + 1, j + 1);
            from = (i, j);
        } else if longest(i + 1, j) >= longest(i, j + 1) {
            i += 1;
        } else {
            j += 1;
        }
    }
    gaps
}

/// For each pair of places the length of the longest common subsequence of what follows.
fn remaining(a: &[u16], b: &[u16]) -> Vec<Vec<u8>> {
    let mut rows = vec![vec![0_u8; b.len() + 1]];
    for x in a.iter().rev() {
        let below = rows.last().map_or(&[][..], Vec::as_slice);
        let mut row = vec![0_u8; b.len() + 1];
        for (j, y) in b.iter().enumerate().rev() {
            let at = |row: &[u8], j: usize| row.get(j).copied().unwrap_or(0);
            let value = match x == y {
                true => at(below, j + 1).saturating_add(1),
                false => at(below, j).max(at(&row, j + 1)),
            };
            if let Some(cell) = row.get_mut(j) {
                *cell = value;
            }
        }
        rows.push(row);
    }
    rows.reverse();
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dedup::Subject;
    use crate::query::fold::fold;

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

    #[test]
    fn gaps_are_what_lies_between_matches() {
        let shown = gaps(&[1, 2, 9, 3, 4], &[1, 2, 7, 8, 3, 4]);
        assert_eq!(shown, [(&[9][..], &[7, 8][..])]);
        assert!(gaps(&[1, 2], &[1, 2]).is_empty());
        assert!(gaps(&[], &[1]).is_empty());
    }
}
