//! What comparing two copies needs of each: a few stable hashes.

use crate::model::{Time, WebUrl};

/// What a fingerprint is taken from.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// Folded headline ([`crate::query::fold`]).
    pub title: &'a str,
    /// Folded body without boilerplate.
    pub body: &'a str,
    /// The page without tracking and variants.
    pub canonical_url: Option<&'a WebUrl>,
    /// First publication, as claimed.
    pub published: Option<Time>,
}

/// The hashes of one copy. Stored; the layout bears a version.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fingerprint {
    /// Of the canonical URL; none if there is none or it names a whole site.
    pub url: Option<u64>,
    /// Of the whole folded body, and of the headline too where the body alone is too short to tell.
    pub text: Option<u64>,
    /// Of the folded headline.
    pub title: u64,
    /// Words of the body.
    pub words: u32,
}

/// Layout of [`Fingerprint::to_bytes`].
const VERSION: u8 = 1;

/// From so many words on, an equal body is the same piece whatever its headline.
const WORDS_ALONE: usize = 40;

/// Below so many words an equal body says nothing, not even beside an equal headline.
const WORDS_MIN: usize = 12;

impl Fingerprint {
    /// Takes the fingerprint of a copy.
    pub fn of(subject: &Subject<'_>) -> Self {
        let words = subject.body.split_ascii_whitespace().count();
        let body = hash(subject.body.trim().as_bytes());
        let title = hash(subject.title.trim().as_bytes());
        let text = match words {
            0..WORDS_MIN => None,
            WORDS_MIN..WORDS_ALONE => {
                Some(hash(&[body.to_le_bytes(), title.to_le_bytes()].concat()))
            }
            _ => Some(body),
        };
        Self {
            url: subject
                .canonical_url
                .filter(|u| names_a_page(u))
                .map(|u| hash(u.as_str().as_bytes())),
            text,
            title,
            words: u32::try_from(words).unwrap_or(u32::MAX),
        }
    }

    /// The stored form: version, flags, then the present hashes in order, little-endian.
    pub fn to_bytes(&self) -> Vec<u8> {
        let flags = u8::from(self.url.is_some()) | u8::from(self.text.is_some()) << 1;
        let mut out = vec![VERSION, flags];
        for h in [self.url, self.text].into_iter().flatten() {
            out.extend(h.to_le_bytes());
        }
        out.extend(self.title.to_le_bytes());
        out.extend(self.words.to_le_bytes());
        out
    }

    /// Reads the stored form; none if it is of another version or damaged.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (head, mut rest) = bytes.split_first_chunk::<2>()?;
        let [VERSION, flags] = *head else { return None };
        let mut take = || -> Option<u64> {
            let (h, left) = rest.split_first_chunk::<8>()?;
            rest = left;
            Some(u64::from_le_bytes(*h))
        };
        let url = if flags & 1 != 0 { Some(take()?) } else { None };
        let text = if flags & 2 != 0 { Some(take()?) } else { None };
        let title = take()?;
        let words = u32::from_le_bytes(rest.try_into().ok()?);
        Some(Self {
            url,
            text,
            title,
            words,
        })
    }
}

/// A home page is no article, however many items link to it.
fn names_a_page(url: &WebUrl) -> bool {
    url.as_url().path().len() > 1 || url.as_url().query().is_some()
}

/// FNV-1a, 64 bits, with a final mix (Fowler, Noll, Vo; finalizer of MurmurHash3): stable for ever, on every machine.
pub(crate) fn hash(bytes: &[u8]) -> u64 {
    let h = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| {
        (h ^ u64::from(*b)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    let h = (h ^ (h >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    h ^ (h >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(title: &str, body: &str, url: Option<&str>) -> Fingerprint {
        let url = url.map(|u| WebUrl::parse(u).unwrap());
        Fingerprint::of(&Subject {
            title,
            body,
            canonical_url: url.as_ref(),
            published: None,
        })
    }

    #[test]
    fn a_short_body_tells_only_beside_its_headline_and_a_tiny_one_not_at_all() {
        let short = "one two three four five six seven eight nine ten eleven twelve";
        assert_ne!(of("a", short, None).text, of("b", short, None).text);
        assert_eq!(of("a", short, None).text, of("a", short, None).text);
        assert_eq!(of("a", "read more", None).text, None);
        let long = "word ".repeat(50);
        assert_eq!(of("a", &long, None).text, of("b", &long, None).text);
    }

    #[test]
    fn a_home_page_is_no_identity() {
        assert_eq!(of("a", "", Some("https://paper.example/")).url, None);
        assert!(
            of("a", "", Some("https://paper.example/?p=7"))
                .url
                .is_some()
        );
    }

    proptest! {
        #[test]
        fn the_stored_form_is_read_back(title in "\\PC{0,20}", body in "[a-f ]{0,300}", page in any::<bool>()) {
            let print = of(&title, &body, page.then_some("https://paper.example/a"));
            prop_assert_eq!(Fingerprint::from_bytes(&print.to_bytes()), Some(print));
        }

        #[test]
        fn damaged_bytes_are_refused_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = Fingerprint::from_bytes(&bytes);
        }
    }
}
