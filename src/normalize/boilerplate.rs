//! Paragraphs that a feed prints under every article. Never drops a paragraph that was not learned as such.

use std::collections::HashSet;

use crate::{dedup::fingerprint, query::fold::fold};

/// What a paragraph is known by: a hash of its folded text, so that case and spacing do not matter.
#[must_use]
pub fn digest(paragraph: &str) -> u64 {
    fingerprint::hash(fold(paragraph.trim()).as_bytes())
}

/// The text without the paragraphs whose [`digest`] is `known`. Paragraphs are parted by an empty line.
#[must_use]
pub fn strip(text: &str, known: &HashSet<u64>) -> String {
    if known.is_empty() {
        return text.to_owned();
    }
    let kept: Vec<&str> = text
        .split("\n\n")
        .filter(|p| !known.contains(&digest(p)))
        .collect();
    kept.join("\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_known_goes() {
        let known = HashSet::from([digest("Comments are moderated.")]);
        let text = "First.\n\nCOMMENTS are moderated.\n\nLast.";
        assert_eq!(strip(text, &known), "First.\n\nLast.");
        assert_eq!(strip(text, &HashSet::new()), text);
    }
}
