//! A text that its page breaks into pieces, with advertisements between them, becomes one piece again: readability scores
//! each alone and would keep the heaviest.

use std::collections::HashMap;
use std::sync::LazyLock;

use dom_query::{Document, NodeId, NodeRef};

use super::class_names::{Phrases, Words};

/// Minimum length of a paragraph, in characters.
const PARAGRAPH_CHARS_MIN: usize = 60;
/// Maximum number of fragments: more of one kind are comments or cards.
const PIECES_MAX: usize = 4;
/// The least share of the page's paragraphs that the pieces hold together, in hundredths. Above one half, so that at most
/// one kind of element does.
const SHARE_MIN: usize = 60;

/// Names of elements that hold fragments of a text.
static TEXT: LazyLock<Phrases> =
    LazyLock::new(|| Phrases::of("body, text, story, article, content, paragraph"));

/// Joins the pieces.
pub(super) fn join(page: &Document) {
    let pieces = page.body().map(|body| pieces(&body)).unwrap_or_default();
    let mut pieces = pieces.into_iter();
    let Some(first) = pieces.next() else { return };
    for piece in pieces.filter(|piece| are_apart(&first, piece)) {
        for child in piece.children() {
            first.append_child(&child);
        }
    }
}

/// Elements of one name and class, in the order of the page, that hold most of its paragraphs.
fn pieces<'a>(body: &NodeRef<'a>) -> Vec<NodeRef<'a>> {
    let mut all = 0;
    let mut kinds: HashMap<(String, String), (Vec<NodeRef<'a>>, usize)> = HashMap::new();
    for paragraph in body.descendants_it().filter(|n| n.has_name("p")) {
        let chars = paragraph.text().trim().chars().count();
        if chars < PARAGRAPH_CHARS_MIN {
            continue;
        }
        all += chars;
        if let Some((kind, parent)) = paragraph.parent().and_then(|p| Some((kind(&p)?, p))) {
            let (pieces, held) = kinds.entry(kind).or_default();
            *held += chars;
            if pieces.last().is_none_or(|last| last.id != parent.id) {
                pieces.push(parent);
            }
        }
    }
    kinds
        .into_values()
        .find(|(pieces, held)| {
            held * 100 >= all * SHARE_MIN && (2..=PIECES_MAX).contains(&pieces.len())
        })
        .map(|(pieces, _)| pieces)
        .unwrap_or_default()
}

/// The name and class of an element that is called a text.
fn kind(node: &NodeRef<'_>) -> Option<(String, String)> {
    let element = node.element_ref()?;
    let is_text = Words::of(&element).any(&TEXT);
    is_text.then(|| {
        let class = element.class().unwrap_or_default();
        (element.name.local.to_string(), class.to_string())
    })
}

/// Whether two fragments are next to each other, not nested, and not in different articles.
fn are_apart(a: &NodeRef<'_>, b: &NodeRef<'_>) -> bool {
    let article = |node: &NodeRef<'_>| -> Option<NodeId> {
        let mut around = node.ancestors_it(None);
        around.find(|n| n.has_name("article")).map(|n| n.id)
    };
    let is_in =
        |node: &NodeRef<'_>, other: &NodeRef<'_>| node.ancestors_it(None).any(|n| n.id == other.id);
    a.id != b.id && article(a) == article(b) && !is_in(a, b) && !is_in(b, a)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(html: &str) -> String {
        let page = Document::from(html);
        join(&page);
        page.select("body").inner_html().to_string()
    }

    #[test]
    fn pieces_of_one_text_become_one_and_other_articles_stay_apart() {
        let paragraph = format!("<p>{}</p>", "tides ".repeat(20));
        let two = format!(
            "<div class=story-text>{paragraph}</div><div class=ad>ad</div><div class=story-text>{paragraph}</div>"
        );
        let one = joined(&two);
        assert!(
            one.ends_with("<div class=\"ad\">ad</div><div class=\"story-text\"></div>"),
            "{one}"
        );
        let cards = format!(
            "<article><div class=text>{paragraph}</div></article><article><div class=text>{paragraph}</div></article>"
        );
        assert!(!joined(&cards).contains("<div class=\"text\"></div>"));
    }
}
