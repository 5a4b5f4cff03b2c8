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

/// Whether any text after a tag begins as a pointer might: most bodies have none, and are not read twice.
fn may_point(html: &str) -> bool {
    let starts = memchr::memchr_iter(b'>', html.as_bytes()).map(|at| at + 1);
    std::iter::once(0).chain(starts).any(|at| {
        let rest = html.get(at..).unwrap_or_default().trim_start();
        match rest.as_bytes() {
            [] | [b'<', ..] => false,
            [a, b, ..]
                if a.is_ascii_alphanumeric() && (b.is_ascii_alphanumeric() || *b == b' ') =>
            {
                let begins = [a.to_ascii_lowercase(), b.to_ascii_lowercase()];
                POINTERS.iter().any(|p| p.as_bytes().starts_with(&begins))
            }
            _ => true,
        }
    })
}

/// The body without the paragraphs whose [`digest`] is `known` and without pointers.
#[must_use]
pub fn without<'h>(html: &'h str, known: &HashSet<u64>) -> Cow<'h, str> {
    if known.is_empty() && !may_point(html) {
        return Cow::Borrowed(html);
    }
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
    fn every_pointer_is_looked_at_however_it_is_written() {
        for pointer in POINTERS {
            let (first, rest) = pointer.split_at(pointer.chars().next().unwrap().len_utf8());
            for written in [
                format!("<p>One.</p><p>{pointer}: x</p>"),
                format!("<p>One.</p><p> ({}: x)</p>", pointer.to_uppercase()),
                format!("<p>One.</p>\n<p><b>{first}</b>{rest}: x</p>"),
                format!("<p>One.</p><p>{}: x</p>", pointer.replace(' ', "&nbsp;")),
                format!("<p>One.</p><p>{}: x</p>", pointer.replace(' ', "\n")),
            ] {
                let left = without(&written, &HashSet::new());
                assert_eq!(left.trim_end(), "<p>One.</p>", "{written}");
            }
        }
        assert!(!may_point("<p>One.</p><ul><li>Two</li></ul>"));
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
