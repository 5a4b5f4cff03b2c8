//! What comparing two copies needs of each: a few stable hashes, and a sketch of how the text begins and what else it
//! says. Some 400 bytes a copy; the layout bears a version.

use std::collections::HashSet;

use crate::model::{Time, WebUrl};

/// What a fingerprint is taken from.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// Folded headline ([`crate::query::fold`]), without what a paper sets before or behind it.
    pub title: &'a str,
    /// Folded text without boilerplate, credits and dateline; may be empty.
    pub body: &'a str,
    /// The page without tracking and variants; none if it is not this article's alone.
    pub canonical_url: Option<&'a WebUrl>,
    /// First publication, as claimed.
    pub published: Option<Time>,
}

/// The hashes of one copy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fingerprint {
    /// Of the canonical URL; none if there is none or it names a whole site.
    pub url: Option<u64>,
    /// Whether that URL looks like one article's, not like a section's or a programme's.
    pub url_names_article: bool,
    /// Of the whole folded body, and of the headline too where the body alone is too short to tell.
    pub text: Option<u64>,
    /// Of the folded headline.
    pub title: u64,
    /// Words of the body.
    pub words: u32,
    /// For near copies.
    pub sketch: Sketch,
}

/// How a text begins, and some of what follows. Hashes of 16 bits: among a hundred of them one in a thousand agrees by
/// chance, which no threshold feels.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sketch {
    /// Word 4-grams: the first [`LEAD_GRAMS`], then the [`REST_GRAMS`] smallest of the rest (bottom-k sampling,
    /// Broder 1997). A teaser is found in the lead of the full text, a trimmed text in both.
    pub grams: Vec<u16>,
    /// How many of `grams` are of the lead.
    pub lead_grams: u8,
    /// The smallest grams at full width: what the index knows the copy by.
    pub keys: Vec<u32>,
    /// The first [`LEAD_WORDS`] words, in order.
    pub words: Vec<u16>,
    /// Which of `words` are numbers, by their places.
    pub numbers: Vec<u8>,
    /// The words of the headline.
    pub title: Vec<u16>,
    /// Of the numbers, weekdays and months of the headline, in order: a serial column changes nothing else.
    pub title_marks: u16,
}

/// 4-grams kept of a text's beginning.
pub const LEAD_GRAMS: usize = 40;
/// 4-grams kept of what follows.
pub const REST_GRAMS: usize = 32;
/// Grams that a copy is indexed by, of the lead and of the rest. Both ends take the smallest, so that copies take the same.
const LEAD_KEYS: usize = 12;
const REST_KEYS: usize = 4;
/// Words kept of a text's beginning.
pub const LEAD_WORDS: usize = 70;
/// Words kept of a headline.
const TITLE_WORDS: usize = 40;

/// Layout of [`Fingerprint::to_bytes`].
const VERSION: u8 = 2;

/// From so many words on, an equal body is the same piece whatever its headline.
const WORDS_ALONE: usize = 40;
/// Below so many words, headline and body together, equality says nothing.
const WORDS_MIN: usize = 10;

/// A last path segment of so many words, or so many digits in the path, is an article's.
const SLUG_WORDS: usize = 4;
const PATH_DIGITS: usize = 5;

impl Fingerprint {
    /// Takes the fingerprint of a copy.
    #[must_use]
    pub fn of(subject: &Subject<'_>) -> Self {
        let words: Vec<&str> = subject.body.split_ascii_whitespace().collect();
        let title_words = subject.title.split_ascii_whitespace().count();
        let body = hash(subject.body.trim().as_bytes());
        let title = hash(subject.title.trim().as_bytes());
        let text = match words.len() {
            0 => None,
            n if n >= WORDS_ALONE => Some(body),
            n if n + title_words >= WORDS_MIN => {
                Some(hash(&[body.to_le_bytes(), title.to_le_bytes()].concat()))
            }
            _ => None,
        };
        let url = subject.canonical_url.filter(|u| names_a_page(u));
        Self {
            url: url.map(|u| hash(u.as_str().as_bytes())),
            url_names_article: url.is_some_and(names_an_article),
            text,
            title,
            words: u32::try_from(words.len()).unwrap_or(u32::MAX),
            sketch: Sketch::of(subject.title, &words),
        }
    }

    /// The stored form: version, flags, hashes, then each list of the sketch with its length; little-endian.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let flags = u8::from(self.url.is_some())
            | u8::from(self.text.is_some()) << 1
            | u8::from(self.url_names_article) << 2;
        let mut out = vec![VERSION, flags];
        for h in [self.url, self.text].into_iter().flatten() {
            out.extend(h.to_le_bytes());
        }
        out.extend(self.title.to_le_bytes());
        out.extend(self.words.to_le_bytes());
        let s = &self.sketch;
        out.extend(s.title_marks.to_le_bytes());
        out.push(s.lead_grams);
        for list in [&s.grams, &s.words, &s.title] {
            out.push(u8::try_from(list.len()).unwrap_or(u8::MAX));
            out.extend(list.iter().flat_map(|h| h.to_le_bytes()));
        }
        out.push(u8::try_from(s.keys.len()).unwrap_or(u8::MAX));
        out.extend(s.keys.iter().flat_map(|k| k.to_le_bytes()));
        out.push(u8::try_from(s.numbers.len()).unwrap_or(u8::MAX));
        out.extend(&s.numbers);
        out
    }

    /// Reads the stored form; none if it is of another version or damaged.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut r = Bytes(bytes);
        let [VERSION, flags] = r.array()? else {
            return None;
        };
        let hash_if = |flag: u8, r: &mut Bytes<'_>| -> Option<Option<u64>> {
            if flags & flag == 0 {
                return Some(None);
            }
            r.array().map(|b| Some(u64::from_le_bytes(b)))
        };
        let url = hash_if(1, &mut r)?;
        let text = hash_if(2, &mut r)?;
        let title = u64::from_le_bytes(r.array()?);
        let words = u32::from_le_bytes(r.array()?);
        let title_marks = u16::from_le_bytes(r.array()?);
        let [lead_grams] = r.array()?;
        let sketch = Sketch {
            title_marks,
            lead_grams,
            grams: r.list(u16::from_le_bytes)?,
            words: r.list(u16::from_le_bytes)?,
            title: r.list(u16::from_le_bytes)?,
            keys: r.list(u32::from_le_bytes)?,
            numbers: r.list(|[b]: [u8; 1]| b)?,
        };
        Some(Self {
            url,
            url_names_article: flags & 4 != 0,
            text,
            title,
            words,
            sketch,
        })
    }
}

impl Sketch {
    /// Of a folded headline and the words of a folded body. A body too short for a 4-gram is told by its words alone.
    fn of(title: &str, words: &[&str]) -> Self {
        let mut seen = HashSet::new();
        let mut lead: Vec<u32> = Vec::new();
        let mut rest: Vec<u32> = Vec::new();
        for gram in words.windows(4) {
            let h = wide(gram);
            if !seen.insert(h) {
                continue;
            }
            if lead.len() < LEAD_GRAMS {
                lead.push(h);
            } else {
                rest.push(h);
            }
        }
        rest.sort_unstable();
        rest.truncate(REST_GRAMS);
        let mut keys = lead.clone();
        keys.sort_unstable();
        keys.truncate(LEAD_KEYS);
        keys.extend(rest.iter().take(REST_KEYS));
        let begin: Vec<&str> = words.iter().take(LEAD_WORDS).copied().collect();
        let numbers = begin.iter().enumerate().filter(|(_, w)| is_number(w));
        Self {
            lead_grams: u8::try_from(lead.len()).unwrap_or(u8::MAX),
            grams: lead
                .iter()
                .chain(&rest)
                .map(|h| narrow(u64::from(*h)))
                .collect(),
            keys,
            numbers: numbers
                .filter_map(|(at, _)| u8::try_from(at).ok())
                .collect(),
            words: begin.iter().map(|w| narrow(hash(w.as_bytes()))).collect(),
            title: title
                .split_ascii_whitespace()
                .take(TITLE_WORDS)
                .map(|w| narrow(hash(w.as_bytes())))
                .collect(),
            title_marks: marks(title),
        }
    }
}

/// A hash over the numbers, weekdays and months of a headline.
fn marks(title: &str) -> u16 {
    let marks: Vec<&str> = title
        .split_ascii_whitespace()
        .filter(|w| is_number(w) || CALENDAR.contains(w))
        .collect();
    narrow(hash(marks.join(" ").as_bytes()))
}

/// Weekdays and months, folded. English only: elsewhere the numbers of a date tell.
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

fn is_number(word: &str) -> bool {
    word.chars().all(char::is_numeric)
}

fn wide(gram: &[&str]) -> u32 {
    let mut h = FNV_BASIS;
    for word in gram {
        h = fnv(fnv(h, word.as_bytes()), b" ");
    }
    let h = mix(h);
    u32::try_from(h >> 32).unwrap_or_default()
}

fn narrow(h: u64) -> u16 {
    u16::try_from(h & 0xffff).unwrap_or_default()
}

/// A home page is no article, however many items link to it.
fn names_a_page(url: &WebUrl) -> bool {
    url.as_url().path().len() > 1 || url.as_url().query().is_some()
}

fn names_an_article(url: &WebUrl) -> bool {
    let path = url.as_url().path();
    let slug = path
        .trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or_default();
    slug.split(['-', '_']).filter(|w| !w.is_empty()).count() >= SLUG_WORDS
        || path.bytes().filter(u8::is_ascii_digit).count() >= PATH_DIGITS
}

const FNV_BASIS: u64 = 0xcbf2_9ce4_8422_2325;

/// FNV-1a, 64 bits, with a final mix (Fowler, Noll, Vo; finalizer of MurmurHash3): stable for ever, on every machine.
pub(crate) fn hash(bytes: &[u8]) -> u64 {
    mix(fnv(FNV_BASIS, bytes))
}

fn fnv(h: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(h, |h, b| {
        (h ^ u64::from(*b)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

fn mix(h: u64) -> u64 {
    let h = (h ^ (h >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    h ^ (h >> 33)
}

/// Reads from the front of a slice.
struct Bytes<'b>(&'b [u8]);

impl Bytes<'_> {
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*head)
    }

    fn list<const N: usize, T>(&mut self, read: impl Fn([u8; N]) -> T) -> Option<Vec<T>> {
        let [len] = self.array()?;
        (0..len).map(|_| self.array().map(&read)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::fold::fold;

    fn print(title: &str, body: &str, url: &str) -> Fingerprint {
        let url = WebUrl::parse(url).ok();
        Fingerprint::of(&Subject {
            title: &fold(title),
            body: &fold(body),
            canonical_url: url.as_ref(),
            published: None,
        })
    }

    fn words(n: usize) -> String {
        (0..n).map(|i| format!("w{i} ")).collect()
    }

    #[test]
    fn the_stored_form_reads_back() {
        for print in [
            Fingerprint::default(),
            print(
                "Boats, 3 May",
                &words(300),
                "https://a.example/2030/01/boats",
            ),
            print("", "one two", "https://a.example/"),
        ] {
            assert_eq!(
                Fingerprint::from_bytes(&print.to_bytes()),
                Some(print.clone())
            );
            assert!(print.to_bytes().len() < 520, "{}", print.to_bytes().len());
        }
        assert_eq!(Fingerprint::from_bytes(&[]), None);
        assert_eq!(Fingerprint::from_bytes(&[9, 9, 9]), None);
    }

    #[test]
    fn home_pages_name_nothing_and_sections_no_article() {
        let of = |url| print("t", "", url);
        assert_eq!(of("https://a.example/").url, None);
        assert!(!of("https://a.example/world/asia").url_names_article);
        assert!(of("https://a.example/world/boats-come-home-late").url_names_article);
        assert!(of("https://a.example/a/123456").url_names_article);
    }

    #[test]
    fn short_texts_need_their_headline() {
        let long = words(50);
        assert_eq!(print("A", &long, "").text, print("B", &long, "").text);
        assert_ne!(
            print("A b c", &words(12), "").text,
            print("B b c", &words(12), "").text
        );
        assert_eq!(print("A", "one two", "").text, None);
    }
}
