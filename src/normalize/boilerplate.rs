//! Paragraphs that a feed repeats in article after article: the comments notice, the newsletter advertisement, the pointer
//! to another article. Only plain paragraphs at the beginning or the end of a body are removed, and only together with a
//! whole sentence: recurring ingredients, headings, table cells, code and fields are content. Never empties an article.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::text::blocks::{self, Block};
use crate::text::body::Body;
use crate::text::fold::fold;
use crate::text::hash::hash;

/// The known boilerplate of one feed.
#[derive(Debug, Clone, Default)]
pub struct Boilerplate {
    /// [Digests](digest) of paragraphs that recur.
    paragraphs: HashSet<u64>,
    /// Whether nothing is left out, by the user's choice.
    is_kept: bool,
}

impl Boilerplate {
    /// These paragraphs are boilerplate, and so are pointers to other pieces.
    #[must_use]
    pub fn of(paragraphs: HashSet<u64>) -> Self {
        Self {
            paragraphs,
            is_kept: false,
        }
    }

    /// Nothing is left out of this feed's articles.
    #[must_use]
    pub fn kept() -> Self {
        Self {
            is_kept: true,
            ..Self::default()
        }
    }

    /// The same with more paragraphs.
    #[must_use]
    pub fn with(&self, more: HashSet<u64>) -> Self {
        let mut all = self.clone();
        all.paragraphs.extend(more);
        all
    }

    /// Whether a paragraph of this text recurs.
    pub(super) fn knows(&self, text: &str) -> bool {
        !self.is_kept && !self.paragraphs.is_empty() && self.paragraphs.contains(&digest(text))
    }
}

/// Words, folded, that begin a pointer to another article, in many languages. The text after them differs from article to
/// article, so they alone identify such a paragraph.
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

/// Minimum number of words in a notice. Shorter paragraphs that recur are labels and values, unless they are next to a
/// notice.
const SENTENCE_WORDS_MIN: usize = 5;

/// Maximum length of a pointer, in characters.
const POINTER_CHARS_MAX: usize = 240;

/// The digest of a paragraph: a hash of its folded text, so that case and spacing do not matter.
#[must_use]
pub fn digest(paragraph: &str) -> u64 {
    hash(fold(paragraph.trim()).as_bytes())
}

/// Whether a paragraph only points to another piece: `Read more: …`.
#[must_use]
pub fn is_pointer(paragraph: &str) -> bool {
    let text = paragraph.trim();
    if !may_begin_pointer(text) || text.chars().count() > POINTER_CHARS_MAX {
        return false;
    }
    let label = text
        .split([':', '|', '»', '>', '—', '–'])
        .next()
        .unwrap_or(text);
    let folded = fold(label);
    POINTERS.contains(&folded.trim())
}

/// Whether any text after a tag begins as a pointer might: most bodies have none and need not be examined.
fn may_point(html: &str) -> bool {
    let starts = memchr::memchr_iter(b'>', html.as_bytes()).map(|at| at + 1);
    std::iter::once(0).chain(starts).any(|at| {
        let rest = html.get(at..).unwrap_or_default().trim_start();
        !rest.starts_with('<') && may_begin_pointer(rest)
    })
}

/// Whether the first two letters may begin a pointer: most paragraphs are not folded to find that out.
fn may_begin_pointer(text: &str) -> bool {
    match text.as_bytes() {
        [] => false,
        [a, b, ..] if a.is_ascii_alphanumeric() && (b.is_ascii_alphanumeric() || *b == b' ') => {
            let begins = [a.to_ascii_lowercase(), b.to_ascii_lowercase()];
            POINTERS.iter().any(|p| p.as_bytes().starts_with(&begins))
        }
        _ => true,
    }
}

/// The digests of a paragraph: of its text, and of the text around its links, so that "The post … appeared first on …" is
/// one pattern.
pub(super) fn digests(block: &Block) -> impl Iterator<Item = u64> + '_ {
    let around = block.around_links.as_deref().filter(|t| is_sentence(t));
    let own = Some(&*block.text).filter(|t| !t.is_empty());
    let texts = own.into_iter().chain(around);
    texts.filter(|_| block.is_plain).map(digest)
}

/// Whether a text is more than a label or a value.
fn is_sentence(text: &str) -> bool {
    text.split_whitespace()
        .nth(SENTENCE_WORDS_MIN - 1)
        .is_some()
}

/// The body without what is `known` at its beginning and its end, and without pointers.
#[must_use]
pub fn without<'h>(html: &'h str, known: &Boilerplate) -> Cow<'h, str> {
    separate(html, known).0
}

/// The same, and the texts of the paragraphs that are left out, in order.
#[must_use]
pub fn separate<'h>(html: &'h str, known: &Boilerplate) -> (Cow<'h, str>, Vec<String>) {
    if may_hold_none(html, known) {
        return (Cow::Borrowed(html), Vec::new());
    }
    let body = Body::read(html.to_owned());
    let removed = removed_of(body.blocks(), known);
    if removed.is_empty() {
        return (Cow::Borrowed(html), Vec::new());
    }
    let kept = blocks::without(html, &removed);
    let texts = removed.into_iter().map(|b| b.text.to_string()).collect();
    (Cow::Owned(kept), texts)
}

/// The text of a body without what is `known` at its beginning and its end, and without pointers.
#[must_use]
pub fn text_without<'b>(body: &'b Body, known: &Boilerplate) -> Cow<'b, str> {
    if known.is_kept {
        return Cow::Borrowed(body.text());
    }
    match removed_of(body.blocks(), known) {
        removed if removed.is_empty() => Cow::Borrowed(body.text()),
        removed => Cow::Owned(body.text_without(&removed)),
    }
}

/// A quick check whether nothing has to be removed.
fn may_hold_none(html: &str, known: &Boilerplate) -> bool {
    known.is_kept || known.paragraphs.is_empty() && !may_point(html)
}

fn removed_of<'b>(all: &'b [Block], known: &Boilerplate) -> Vec<&'b Block> {
    let filled: Vec<&Block> = all.iter().filter(|b| !b.text.is_empty()).collect();
    let recurs = |b: &Block| {
        !known.paragraphs.is_empty() && digests(b).any(|digest| known.paragraphs.contains(&digest))
    };
    let is_dropped = |b: &Block| b.is_plain && (is_pointer(&b.text) || recurs(b));
    let head = filled.iter().take_while(|b| is_dropped(b)).count();
    let tail = filled.iter().rev().take_while(|b| is_dropped(b)).count();
    let is_notice = |blocks: &[&Block]| blocks.iter().any(|b| is_sentence(&b.text));
    let has_head = filled.get(..head).is_some_and(is_notice);
    let has_tail = filled.get(filled.len() - tail..).is_some_and(is_notice);
    let removed: Vec<&Block> = filled
        .iter()
        .enumerate()
        .filter(|(at, b)| {
            let is_at_edge = has_head && *at < head || has_tail && *at >= filled.len() - tail;
            is_at_edge || b.is_plain && is_pointer(&b.text)
        })
        .map(|(_, b)| *b)
        .collect();
    // An article is never emptied.
    match removed.len() == filled.len() {
        true => Vec::new(),
        false => removed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_known_goes_and_never_all_of_it() {
        let known = Boilerplate::of(HashSet::from([
            digest("Comments are moderated by our editors."),
            digest("Comments"),
        ]));
        let notice = "<p>Comments</p><p>COMMENTS <b>are</b> moderated by our editors.</p>";
        let html = format!("<p>First.</p><p>Last.</p>{notice}");
        assert_eq!(without(&html, &known), "<p>First.</p><p>Last.</p>");
        assert_eq!(without(&html, &Boilerplate::default()), html);
        assert_eq!(without(&html, &Boilerplate::kept()), html);
        let texts = ["Comments", "COMMENTS are moderated by our editors."];
        assert_eq!(separate(&html, &known).1, texts);
        assert_eq!(without(notice, &known), notice);
        let between = format!("<p>First.</p>{notice}<p>Last.</p>");
        assert_eq!(
            without(&between, &known),
            between,
            "what follows belongs to the article"
        );
    }

    #[test]
    fn what_recurs_and_is_no_notice_stays() {
        let data = [
            "<p>Text.</p><table><tr><td>Wind from the north and west</td></tr></table>",
            "<p>Text.</p><ul><li>2 eggs and a pinch of salt</li></ul>",
            "<h2>What has changed in this release</h2><p>Text.</p>",
            "<p>Text.</p><pre>cargo install rope with all features</pre>",
            "<figure><figcaption>Photo: Ann Lens of the Harbour Agency</figcaption></figure><p>Text.</p>",
            "<p>Text.</p><blockquote><p>To be or not to be</p></blockquote>",
            "<p>Text.</p><p>Severity: Moderate</p><p>Area: Inner basin</p>",
            "<p>Text.</p><h3>Breaking changes</h3><p>None.</p>",
            "<p>Text.</p><dl><dt>Weather of the day here</dt><dd>fair</dd></dl>",
        ];
        for html in data {
            let body = Body::read(html.to_owned());
            let known = body
                .blocks()
                .iter()
                .map(|b| digest(&b.text))
                .filter(|d| *d != digest("Text."));
            assert_eq!(without(html, &Boilerplate::of(known.collect())), html);
        }
    }

    #[test]
    fn a_sentence_whose_links_differ_is_one_pattern() {
        let body = |n: u32| {
            format!(
                "<p>Text {n}.</p><p>The post <a href=\"https://a.example/{n}\">Boat {n}</a> appeared first on <a>News</a>.</p>"
            )
        };
        let known = Body::read(body(1));
        let known = known.blocks().iter().flat_map(digests).collect();
        let known = Boilerplate::of(known);
        assert_eq!(without(&body(2), &known), "<p>Text 2.</p>");
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
                let left = without(&written, &Boilerplate::default());
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
        assert_eq!(without(html, &Boilerplate::default()), "<p>First.</p>");
        assert_eq!(without(html, &Boilerplate::kept()), html);
    }
}
