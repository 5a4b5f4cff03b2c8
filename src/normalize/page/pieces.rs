//! A text that its page breaks into pieces for advertisements between them becomes one piece again: readability scores
//! each alone and would keep the heaviest.

use std::collections::HashMap;

use dom_query::{Document, NodeRef};

use super::words::Words;

/// Shortest paragraph that counts, in characters.
const PARAGRAPH_CHARS_MIN: usize = 60;
/// Most pieces: more of a kind are comments or cards.
const PIECES_MAX: usize = 4;
/// The least share of the page's paragraphs that the pieces hold together, in hundredths.
const SHARE_MIN: usize = 60;

/// What pieces of a text are called.
const TEXT: &[&str] = &["body", "text", "story", "article", "content", "paragraph"];

/// Joins the pieces.
pub(super) fn join(page: &Document) {
    let mut all = 0;
    // By element name and class: pieces in the order of the page, and what they hold.
    let mut kinds: HashMap<(String, String), (Vec<NodeRef<'_>>, usize)> = HashMap::new();
    let Some(body) = page.body() else { return };
    for node in body.descendants_it().filter(|n| n.has_name("p")) {
        let chars = node.text().trim().chars().count();
        let Some(parent) = node.parent().filter(|_| chars >= PARAGRAPH_CHARS_MIN) else {
            continue;
        };
        all += chars;
        let class = parent.class().unwrap_or_default();
        let name = parent.node_name().unwrap_or_default();
        let is_text = parent
            .element_ref()
            .is_some_and(|e| Words::of(&e).any(TEXT));
        if !is_text {
            continue;
        }
        let (pieces, held) = kinds
            .entry((name.to_string(), class.to_string()))
            .or_default();
        *held += chars;
        if pieces.last().is_none_or(|last| last.id != parent.id) {
            pieces.push(parent);
        }
    }
    let pieces = kinds.into_values().find(|(pieces, held)| {
        held * 100 >= all * SHARE_MIN && (2..=PIECES_MAX).contains(&pieces.len())
    });
    let Some((pieces, _)) = pieces else { return };
    let mut pieces = pieces.into_iter();
    let Some(first) = pieces.next() else { return };
    for piece in pieces {
        let article = |node: &NodeRef<'_>| {
            node.ancestors_it(None)
                .find(|n| n.has_name("article"))
                .map(|n| n.id)
        };
        let apart = article(&piece) == article(&first)
            && piece.ancestors_it(None).all(|n| n.id != first.id)
            && first.ancestors_it(None).all(|n| n.id != piece.id);
        if apart {
            if std::env::var("DBG").is_ok() {
                eprintln!(
                    "JOIN {:?} {}",
                    piece.class(),
                    piece.text().chars().take(100).collect::<String>()
                );
            }
            for child in piece.children() {
                first.append_child(&child);
            }
        }
    }
}
