//! HTML sanitized and read in one go: most fragments are tokenized once for both.

use super::body::{Body, Walk};
use super::html::{Effort, as_text, prepared, with_tree};
use super::{fast_path, mojibake};
use crate::model::WebUrl;

/// One of many fragments of a document as a body: nothing executable is left, every URL is absolute, and text that was decoded
/// wrongly is repaired ([`super::settle`]).
#[must_use]
pub fn read(html: &str, base: Option<&WebUrl>, effort: &Effort) -> Body {
    let meant = mojibake::meant(html);
    let mut body = read_once(meant.as_deref().unwrap_or(html), base, effort);
    // Every repaired text is shorter than the one before, so that this ends.
    while let Some(meant) = mojibake::meant(body.html()) {
        body = read_once(&meant, base, effort);
    }
    body
}

fn read_once(html: &str, base: Option<&WebUrl>, effort: &Effort) -> Body {
    let html = prepared(html);
    let quickly = |html: &str| {
        let mut walk = Walk::with_room(html.len());
        let clean = fast_path::read(html, base, &mut walk)?;
        Some(walk.finish(clean))
    };
    quickly(&html)
        .or_else(|| with_tree(&html, base, effort, quickly, Body::read))
        .unwrap_or_else(|| Body::read(as_text(&html)))
}

#[cfg(test)]
mod tests {
    use super::super::html::sanitize;
    use super::super::samples::{nested, soup};
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_read_as_it_is_written_is_what_is_read_afterwards(html in prop_oneof![soup(), nested()]) {
            let base = WebUrl::parse("https://a.example/d/f.xml").unwrap();
            let read = read_once(&html, Some(&base), &Effort::default());
            prop_assert_eq!(read, Body::read(sanitize(&html, Some(&base))));
        }
    }
}
