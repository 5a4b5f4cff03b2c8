//! The beginning of a text, and a sample of what follows, for comparing near copies. At most 300 bytes per copy, so that a
//! window of many copies fits into memory.

use crate::text::hash::{hash, mix};

/// 4-grams of a text's beginning.
pub const LEAD_GRAMS: usize = 40;
/// 4-grams kept of what follows.
pub const REST_GRAMS: usize = 32;
/// Grams that a copy is indexed by, of the lead, of the rest and of the headline. Both ends take the smallest, so that copies take the same.
const LEAD_KEYS: usize = 10;
const REST_KEYS: usize = 4;
const TITLE_KEYS: usize = 4;
/// Words kept of a text's beginning.
pub const LEAD_WORDS: usize = 70;
/// Words kept of a headline.
const TITLE_WORDS: usize = 40;

/// Hashes of 16 bits: among a hundred of them one in a thousand agrees by chance, which no threshold feels.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sketch {
    /// The first [`LEAD_WORDS`] words; the [`REST_GRAMS`] smallest 4-grams after the lead's (bottom-k sampling, Broder
    /// 1997), their low halves; the high halves of the first [`REST_KEYS`] of these; the words of the headline.
    hashes: Box<[u16]>,
    lead: u8,
    rest: u8,
    /// The hash of the numbers, weekdays and months of the headline, in order: the headlines of a serial column differ in
    /// these only.
    title_marks: u16,
}

impl Sketch {
    /// Of a folded headline and the words of a folded body. A body too short for a 4-gram is represented by its words alone.
    pub(super) fn of(title: &str, words: &[&str]) -> Self {
        let hashed: Vec<u16> = words.iter().map(|w| word(w)).collect();
        let lead = hashed.get(..LEAD_WORDS).unwrap_or(&hashed);
        let rest = rest_grams(&hashed, &lead_grams(lead));
        let title_words = title.split_ascii_whitespace().take(TITLE_WORDS).map(word);
        let hashes = lead.iter().copied();
        let hashes = hashes.chain(rest.iter().map(|gram| low(*gram)));
        let hashes = hashes.chain(rest.iter().take(REST_KEYS).map(|gram| low(gram >> 16)));
        Self {
            lead: u8::try_from(lead.len()).unwrap_or(u8::MAX),
            rest: u8::try_from(rest.len()).unwrap_or(u8::MAX),
            title_marks: marks(title),
            hashes: hashes.chain(title_words).collect(),
        }
    }

    /// Whether there is nothing to compare.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// The words of the text's beginning, in order.
    pub(super) fn words(&self) -> &[u16] {
        self.part(0, self.lead.into())
    }

    /// The words of the headline, in order.
    pub(super) fn title(&self) -> &[u16] {
        let before = usize::from(self.lead) + usize::from(self.rest) + self.rest_keys();
        self.part(before, usize::MAX)
    }

    /// See [`Sketch::title_marks`].
    pub(super) fn title_marks(&self) -> u16 {
        self.title_marks
    }

    /// The grams: of the lead, then of the rest. A teaser is found in the lead of the full text, a trimmed text in both.
    pub(super) fn grams(&self) -> Vec<u16> {
        let lead = lead_grams(self.words());
        lead.into_iter()
            .map(low)
            .chain(self.rest().iter().copied())
            .collect()
    }

    /// The grams of the rest, a sample.
    pub(super) fn rest(&self) -> &[u16] {
        self.part(self.lead.into(), self.rest.into())
    }

    /// The grams that the index knows the copy by, at full width: of the lead, of the headline, of the rest. A headline
    /// without a text is found in the headlines and in the leads of others.
    pub(super) fn keys(&self) -> Vec<u32> {
        let smallest = |words: &[u16], most: usize| {
            let mut grams = lead_grams(words);
            grams.sort_unstable();
            grams.truncate(most);
            grams
        };
        let mut keys = smallest(self.words(), LEAD_KEYS);
        let of_title = if keys.is_empty() {
            LEAD_KEYS
        } else {
            TITLE_KEYS
        };
        keys.extend(smallest(self.title(), of_title));
        let (lead, rest) = (usize::from(self.lead), usize::from(self.rest));
        let lows = self.rest().iter();
        let highs = self.part(lead + rest, self.rest_keys()).iter();
        keys.extend(
            lows.zip(highs)
                .map(|(l, h)| u32::from(*h) << 16 | u32::from(*l)),
        );
        keys
    }

    /// All hashes, and how many of them are words of the lead and grams of the rest.
    pub(super) fn parts(&self) -> (&[u16], u8, u8) {
        (&self.hashes, self.lead, self.rest)
    }

    /// A sketch of its [`Sketch::parts`].
    pub(super) fn from_parts(hashes: &[u16], (lead, rest): (u8, u8), title_marks: u16) -> Self {
        Self {
            hashes: hashes.into(),
            lead,
            rest,
            title_marks,
        }
    }

    /// The stored form; see [`super::Fingerprint::to_bytes`].
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend([self.lead, self.rest]);
        out.extend(self.title_marks.to_le_bytes());
        out.extend(self.hashes.iter().flat_map(|h| h.to_le_bytes()));
    }

    /// Reads the stored form, which extends to the end; `None` if it is damaged.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let (&[lead, rest, m, n], hashes) = bytes.split_first_chunk::<4>()?;
        let (hashes, odd) = hashes.as_chunks::<2>();
        let sketch = Self {
            lead,
            rest,
            title_marks: u16::from_le_bytes([m, n]),
            hashes: hashes.iter().map(|h| u16::from_le_bytes(*h)).collect(),
        };
        let least = usize::from(lead) + usize::from(rest) + sketch.rest_keys();
        (odd.is_empty() && sketch.hashes.len() >= least).then_some(sketch)
    }

    fn rest_keys(&self) -> usize {
        REST_KEYS.min(self.rest.into())
    }

    fn part(&self, from: usize, len: usize) -> &[u16] {
        let rest = self.hashes.get(from..).unwrap_or_default();
        rest.get(..len).unwrap_or(rest)
    }
}

/// The lowest bit of a word's hash marks a number.
pub(super) fn is_number(word: u16) -> bool {
    word & 1 == 1
}

/// The different 4-grams of the first words, in order.
fn lead_grams(words: &[u16]) -> Vec<u32> {
    let mut grams = Vec::with_capacity(LEAD_GRAMS);
    for gram in words.windows(4).map(gram) {
        if grams.len() == LEAD_GRAMS {
            break;
        }
        if !grams.contains(&gram) {
            grams.push(gram);
        }
    }
    grams
}

/// The [`REST_GRAMS`] smallest distinct 4-grams of all words that are not among the lead's, in order.
fn rest_grams(words: &[u16], lead: &[u32]) -> Vec<u32> {
    if words.len() <= lead.len() + 3 {
        return Vec::new();
    }
    let mut lead = lead.to_vec();
    lead.sort_unstable();
    let grams = words.windows(4).map(gram);
    let mut rest: Vec<u32> = grams.filter(|g| lead.binary_search(g).is_err()).collect();
    rest.sort_unstable();
    rest.dedup();
    rest.truncate(REST_GRAMS);
    rest
}

fn gram(words: &[u16]) -> u32 {
    let packed = words.iter().fold(0, |h, w| h << 16 | u64::from(*w));
    u32::try_from(mix(mix(packed)) >> 32).unwrap_or_default()
}

fn word(word: &str) -> u16 {
    low(u32::try_from(hash(word.as_bytes()) & 0xfffe).unwrap_or_default())
        | u16::from(word.chars().all(char::is_numeric))
}

fn low(h: u32) -> u16 {
    u16::try_from(h & 0xffff).unwrap_or_default()
}

/// A hash over the numbers, weekdays and months of a headline.
fn marks(title: &str) -> u16 {
    let marks: Vec<&str> = title
        .split_ascii_whitespace()
        .filter(|w| w.chars().all(char::is_numeric) || CALENDAR.contains(w))
        .collect();
    word(&marks.join(" "))
}

/// Weekdays and months, folded. English only: in other languages the numbers of a date are sufficient.
const CALENDAR: [&str; 19] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn sketch(title: &str, body: &str) -> Sketch {
        Sketch::of(title, &body.split(' ').collect::<Vec<_>>())
    }

    fn words(range: std::ops::Range<u32>) -> String {
        range.map(|n| format!("w{n}")).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_teaser_lies_in_the_lead_of_its_text() {
        let (full, teaser) = (
            sketch("boats", &words(0..300)),
            sketch("boats", &words(0..30)),
        );
        assert_eq!(full.words().len(), LEAD_WORDS);
        assert_eq!(full.grams().len(), LEAD_GRAMS + REST_GRAMS);
        let grams = full.grams();
        assert_eq!(teaser.grams().len(), 27);
        assert!(teaser.grams().iter().all(|gram| grams.contains(gram)));
        assert!(teaser.keys().iter().any(|key| full.keys().contains(key)));
    }

    #[test]
    fn texts_with_another_lead_have_keys_of_the_rest_in_common() {
        let a = sketch("", &words(0..400));
        let b = sketch("", &format!("{} {}", words(900..960), words(60..400)));
        assert!(a.keys().iter().any(|key| b.keys().contains(key)));
    }

    #[test]
    fn numbers_and_headlines_are_told() {
        let s = sketch("day 38 of boats", "the 12 boats of 1931");
        let numbers: Vec<bool> = s.words().iter().map(|w| is_number(*w)).collect();
        assert_eq!(numbers, [false, true, false, false, true]);
        assert_eq!(s.title().len(), 4);
        let marks = |title| sketch(title, "").title_marks();
        assert_ne!(marks("day 38 of boats"), marks("day 41 of boats"));
        assert_ne!(marks("boats on monday"), marks("boats on friday"));
        assert_eq!(marks("boats, day 38"), marks("more boats on day 38"));
    }
}
