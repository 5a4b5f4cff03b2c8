//! What comparing needs of a copy: a few stable hashes, and a sketch of the text. Some 300 bytes per copy; the layout has a
//! version.

use std::num::NonZeroU64;

use super::sketch::Sketch;
use crate::model::WebUrl;
use crate::text::hash::hash;

/// A hash that represents its source.
pub type Hash = NonZeroU64;

/// The source of a fingerprint.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The folded headline ([`crate::text::fold`]), without labels before or after it.
    pub title: &'a str,
    /// Folded text without boilerplate, credits and dateline; may be empty.
    pub body: &'a str,
    /// The page without tracking and variants; `None` if it is not the page of this article only.
    pub canonical_url: Option<&'a WebUrl>,
}

/// The hashes of one copy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fingerprint {
    /// Of the canonical URL; `None` if there is none or it is the address of a whole site.
    pub url: Option<Hash>,
    /// Of the whole folded body; also of the headline where the body alone is too short to decide, and of its numbers where
    /// it is mostly a number: two releases may have one text.
    pub text: Option<Hash>,
    /// Of the folded headline; `None` if it is empty.
    pub title: Option<Hash>,
    /// Whether that URL looks like that of one article, not of a section or a programme.
    pub url_names_article: bool,
    /// Words of the body.
    pub words: u32,
    /// For near copies; empty if they are not wanted.
    pub sketch: Sketch,
}

/// Layout of [`Fingerprint::to_bytes`].
pub const VERSION: u8 = 3;

/// From this many words on, an equal body means the same article, whatever its headline.
const WORDS_ALONE: usize = 40;
/// Below this many words in headline and body together, equality means nothing.
const WORDS_MIN: usize = 10;

/// Words of a headline that is mostly a number.
pub(super) const VERSION_WORDS_MAX: usize = 6;

/// A URL is an article's if its last path segment has this many words, or its path this many digits.
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
            n if n >= WORDS_ALONE => Some(match version(subject.title) {
                Some(version) => hash(
                    &[body, hash(version.as_bytes())]
                        .map(u64::to_le_bytes)
                        .concat(),
                ),
                None => body,
            }),
            n if n + title_words >= WORDS_MIN => {
                Some(hash(&[body.to_le_bytes(), title.to_le_bytes()].concat()))
            }
            _ => None,
        };
        let url = subject.canonical_url.filter(|u| names_a_page(u));
        Self {
            url: url.map(|u| some(hash(u.as_str().as_bytes()))),
            url_names_article: url.is_some_and(names_an_article),
            text: text.map(some),
            title: (title_words > 0).then(|| some(title)),
            words: u32::try_from(words.len()).unwrap_or(u32::MAX),
            sketch: Sketch::of(subject.title, &words),
        }
    }

    /// The stored form: version, flags, the hashes that exist, the number of words, the sketch; little-endian.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let flags = u8::from(self.url.is_some())
            | u8::from(self.text.is_some()) << 1
            | u8::from(self.title.is_some()) << 2
            | u8::from(self.url_names_article) << 3;
        let mut out = vec![VERSION, flags];
        for h in [self.url, self.text, self.title].into_iter().flatten() {
            out.extend(h.get().to_le_bytes());
        }
        out.extend(self.words.to_le_bytes());
        self.sketch.write(&mut out);
        out
    }

    /// Reads the stored form; `None` if it is of another version or damaged.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (&[VERSION, flags], mut rest) = bytes.split_first_chunk::<2>()? else {
            return None;
        };
        let mut hash_if = |flag: u8| -> Option<Option<Hash>> {
            if flags & flag == 0 {
                return Some(None);
            }
            let (h, behind) = rest.split_first_chunk::<8>()?;
            rest = behind;
            Some(Hash::new(u64::from_le_bytes(*h)))
        };
        let (url, text, title) = (hash_if(1)?, hash_if(2)?, hash_if(4)?);
        let (words, sketch) = rest.split_first_chunk::<4>()?;
        Some(Self {
            url,
            text,
            title,
            url_names_article: flags & 8 != 0,
            words: u32::from_le_bytes(*words),
            sketch: Sketch::read(sketch)?,
        })
    }
}

/// The words with digits of a headline that is mostly a number, in one order: `v1.2.0`, `Rovers 2, Wanderers 1`. `None` if it
/// is another headline.
fn version(title: &str) -> Option<String> {
    let words: Vec<&str> = title.split_ascii_whitespace().collect();
    let has_digit = |w: &&str| w.chars().any(char::is_numeric);
    let mut numbers: Vec<&str> = words.iter().copied().filter(has_digit).collect();
    numbers.sort_unstable();
    let is_version =
        !numbers.is_empty() && numbers.len() * 2 >= words.len() && words.len() <= VERSION_WORDS_MAX;
    is_version.then(|| numbers.join(" "))
}

/// A home page is not an article, however many items link to it.
fn names_a_page(url: &WebUrl) -> bool {
    url.as_url().path().len() > 1 || url.as_url().query().is_some()
}

/// Whether a URL looks like that of one article, not of a section or a programme.
#[must_use]
pub fn names_an_article(url: &WebUrl) -> bool {
    let path = url.as_url().path();
    let slug = path
        .trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or_default();
    slug.split(['-', '_']).filter(|w| !w.is_empty()).count() >= SLUG_WORDS
        || path.bytes().filter(u8::is_ascii_digit).count() >= PATH_DIGITS
}

/// One value in 2^64 is moved.
fn some(h: u64) -> Hash {
    Hash::new(h).unwrap_or(Hash::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::fold::fold;

    fn print(title: &str, body: &str, url: &str) -> Fingerprint {
        let url = WebUrl::parse(url).ok();
        Fingerprint::of(&Subject {
            title: &fold(title),
            body: &fold(body),
            canonical_url: url.as_ref(),
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
            let bytes = print.to_bytes();
            assert_eq!(Fingerprint::from_bytes(&bytes), Some(print));
            assert!(bytes.len() < 330, "{}", bytes.len());
        }
        assert_eq!(Fingerprint::from_bytes(&[]), None);
        assert_eq!(Fingerprint::from_bytes(&[9, 9, 9]), None);
        let bytes = print("Boats", &words(300), "").to_bytes();
        assert_eq!(Fingerprint::from_bytes(&bytes[..100]), None);
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
    fn one_text_under_two_versions_is_two_texts() {
        let notes = words(60);
        let text = |title| print(title, &notes, "").text;
        for (one, other) in [
            ("v1.2.0", "v0.9.3"),
            ("v1.2.0", "v2.2.0"),
            ("Oxbow 2.4.0", "Quern 0.9.3"),
            ("2.4.0-rc1", "2.4.0-rc2"),
            ("r12", "r13"),
        ] {
            assert_ne!(text(one), text(other), "{one} {other}");
        }
        assert_eq!(text("Oxbow 2.4.0"), text("Oxbow 2.4.0 is out"));
        assert_eq!(text("Rovers 2, Wanderers 1"), text("Wanderers 1, Rovers 2"));
        assert_eq!(
            text("Boats come in"),
            text("12 boats come home late on Friday")
        );
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
