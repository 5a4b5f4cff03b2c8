//! Paragraphs that a feed prints in article after article: the comments notice, the newsletter pitch, the pointer to
//! another piece. Never drops a paragraph of an article that would be empty without it.

use std::borrow::Cow;
use std::collections::HashSet;

use super::blocks::{self, Block};
use crate::{dedup::fingerprint, query::fold::fold};

/// Words, folded, that begin a pointer to another piece, in the languages of many papers. What follows differs from
/// article to article, so the words alone say what the paragraph is.
const POINTERS: &[&str] = &[
    "read more",
    "read also",
    "also read",
    "read next",
    "related",
    "see also",
    "more on this story",
    "watch also",
    "lesen sie auch",
    "mehr zum thema",
    "lire aussi",
    "a lire aussi",
    "lea tambien",
    "lee tambien",
    "te puede interesar",
    "leggi anche",
    "leia tambem",
    "leia mais",
    "lees ook",
    "czytaj tez",
    "czytaj takze",
    "las ocksa",
    "les ogsa",
    "ilgili haber",
    "читаите также",
    "читаите також",
    "читать также",
    "اقرا ايضا",
];

/// Longest pointer, in characters.
const POINTER_CHARS_MAX: usize = 240;

/// What a paragraph is known by: a hash of its folded text, so that case and spacing do not matter.
#[must_use]
pub fn digest(paragraph: &str) -> u64 {
    fingerprint::hash(fold(paragraph.trim()).as_bytes())
}

/// Whether a paragraph only points to another piece: `Read more: …`.
#[must_use]
pub fn is_pointer(paragraph: &str) -> bool {
    let text = paragraph.trim();
    if text.chars().count() > POINTER_CHARS_MAX {
        return false;
    }
    let label = text
        .split([':', '|', '»', '>', '—', '–'])
        .next()
        .unwrap_or(text);
    let folded = fold(label);
    POINTERS.contains(&folded.trim())
}

/// The body without the paragraphs whose [`digest`] is `known` and without pointers.
#[must_use]
pub fn without<'h>(html: &'h str, known: &HashSet<u64>) -> Cow<'h, str> {
    let all = blocks::of(html);
    let dropped: Vec<&Block> = all
        .iter()
        .filter(|b| !b.text.is_empty() && (known.contains(&digest(&b.text)) || is_pointer(&b.text)))
        .collect();
    let is_all = dropped.len() == all.iter().filter(|b| !b.text.is_empty()).count();
    if dropped.is_empty() || is_all {
        Cow::Borrowed(html)
    } else {
        Cow::Owned(blocks::without(html, &dropped))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_known_goes_and_never_all_of_it() {
        let known = HashSet::from([digest("Comments are moderated.")]);
        let html = "<p>First.</p><p>COMMENTS <b>are</b> moderated.</p><p>Last.</p>";
        assert_eq!(without(html, &known), "<p>First.</p><p>Last.</p>");
        assert_eq!(without(html, &HashSet::new()), html);
        let alone = "<p>Comments are moderated.</p>";
        assert_eq!(without(alone, &known), alone);
    }

    #[test]
    fn pointers_to_other_pieces_go() {
        assert!(is_pointer(
            "Read more: Trainers on the ground, officials say"
        ));
        assert!(is_pointer("À lire aussi : Les négociations"));
        assert!(is_pointer("Читайте также: Переговоры"));
        assert!(!is_pointer("Related companies said they would read more."));
        let html = "<p>First.</p><p>Read more: <a href=\"https://a.example/2\">Boats</a></p>";
        assert_eq!(without(html, &HashSet::new()), "<p>First.</p>");
    }
}
