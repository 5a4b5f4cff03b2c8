//! Whether a headline without a text is a variant of another copy's headline: with a label before it, cut at its end,
//! without an article, or taken from the first sentence. Words added or left out at the edges are allowed. Words exchanged,
//! or added in the middle, make a different headline; so does a number that the other copy does not have.

use super::align::{Alignment, Gap};
use super::sketch::{Sketch, is_number};

/// Words of a text that is not one: the name of an agency.
pub const WORDS_MAX: u32 = 3;

/// Words that both have in one order.
const MATCHED_MIN: usize = 5;

/// Words of a kicker, such as `Update 3:`.
const KICKER_MAX: usize = 3;

/// Words that are left out in the middle, such as an article.
const LEFT_OUT_MAX: usize = 1;

/// Words of a text's beginning, beyond those of the headline, among which the headline is looked for.
const BEGINNING: usize = 6;

/// Whether the headline of `bare` is that of `other`, or the beginning of its text.
#[must_use]
pub fn is_headline_of(bare: &Sketch, other: &Sketch) -> bool {
    let title = bare.title();
    let text = other.words();
    let beginning = text.get(..title.len() + BEGINNING).unwrap_or(text);
    is_dress(title, other.title(), text) || is_dress(title, beginning, text)
}

/// Whether the headlines of two copies differ by dress alone.
#[must_use]
pub fn differ_by_dress(one: &Sketch, other: &Sketch) -> bool {
    let (a, b) = (one.title(), other.title());
    is_dress(a, b, other.words()) || is_dress(b, a, one.words())
}

/// Whether two headlines differ by dress; `text` is that of the second.
fn is_dress(a: &[u16], b: &[u16], text: &[u16]) -> bool {
    let found = Alignment::of(a, b);
    let is_one_sided = |(x, y): &Gap<'_>, most: usize| {
        x.is_empty() && y.len() <= most || y.is_empty() && x.len() <= most
    };
    // A gap before the first match is at the beginning of one of them, if not of both.
    let starts_with_gap = a.first().is_some_and(|w| b.first() != Some(w));
    let (kicker, middle) = match found.gaps.split_first() {
        Some((first, rest)) if starts_with_gap => (Some(first), rest),
        _ => (None, &found.gaps[..]),
    };
    // A number that occurs in the text is part of the news; any other is a date or the number of a series.
    let is_new_number = |w: &u16| is_number(*w) && !text.contains(w);
    let shorter_is_whole = found.tail.0.is_empty() || found.tail.1.is_empty();
    found.matched >= MATCHED_MIN
        && shorter_is_whole
        && kicker.is_none_or(|gap| is_one_sided(gap, KICKER_MAX))
        && middle.iter().all(|gap| is_one_sided(gap, LEFT_OUT_MAX))
        && !found.tail.0.iter().chain(found.tail.1).any(is_new_number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::fold::fold;

    fn sketch(title: &str, body: &str) -> Sketch {
        let body = fold(body);
        Sketch::of(&fold(title), &body.split_whitespace().collect::<Vec<_>>())
    }

    const HEADLINE: &str = "Harbour towns agree to light the old lighthouse again";

    #[test]
    fn a_headline_in_other_dress_is_the_same() {
        for (title, body) in [
            (
                "Watch: Harbour towns agree to light the old lighthouse again",
                "",
            ),
            ("Harbour towns agree to light old lighthouse", ""),
            (
                "Towns settle",
                "Harbour towns agree to light the old lighthouse again, officials said.",
            ),
        ] {
            let other = sketch(title, body);
            assert!(is_headline_of(&sketch(HEADLINE, ""), &other), "{title}");
        }
    }

    #[test]
    fn full_texts_come_under_a_headline_in_other_dress_too() {
        let one = sketch(&format!("Region: {HEADLINE}"), "Some text.");
        assert!(differ_by_dress(&one, &sketch(HEADLINE, "Another text.")));
        let other = sketch(
            "Region: Harbour towns agree to light the old beacon again",
            "",
        );
        assert!(
            !differ_by_dress(&one, &other),
            "the same dress over another headline"
        );
        let longer = sketch(&format!("{HEADLINE} - The Kessport Paper"), "");
        assert!(differ_by_dress(&longer, &sketch(HEADLINE, "")));
    }

    #[test]
    fn another_word_in_one_place_is_another_headline() {
        for title in [
            "Harbour towns agree to light the old beacon again",
            "Harbour towns agree to light the old lighthouse on Sunday",
            "Mountain towns agree to light the old lighthouse again",
            "Harbour towns agree to light the old lighthouse again, part 2",
            "Harbour towns agree in the end to light the old lighthouse again",
            "Harbour towns agree",
        ] {
            assert!(
                !is_headline_of(&sketch(HEADLINE, ""), &sketch(title, "")),
                "{title}"
            );
        }
    }
}
