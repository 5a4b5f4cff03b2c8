//! The sanitizer. All HTML from publishers passes through it and leaves without anything that executes, styles or frames
//! (SEC-10). [`super::allowed`] is the list of what is kept. Most fragments are simple enough for [`super::fast_path`]; for
//! the others ammonia builds a tree as browsers do, bounded by [`super::html_limits`]. Sanitizing the result again changes
//! nothing.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use ammonia::Builder;

use super::allowed::{self, ELEMENTS, EVERYWHERE, LINK_REL};
use super::fast_path::NoVisitor;
use super::html_limits::HTML_BYTES_MAX;
use super::{embedded, fast_path, html_limits, html_text, plain};
use crate::model::WebUrl;

/// Maximum cost of all trees of a document, in units of [`html_limits::pass`]: about half a second.
const WORK_MAX: usize = 16 * 1024 * 1024;
/// How often a tree is built of one fragment until reading the result changes nothing.
const ROUNDS_MAX: usize = 4;

thread_local! {
    /// The base of relative URLs in the fragment that is being sanitized. The sanitizer is shared and built once, and
    /// ammonia passes nothing but the attribute to its filter.
    static BASE: RefCell<Option<WebUrl>> = const { RefCell::new(None) };
}

static SANITIZER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let attributes: HashMap<&str, HashSet<&str>> = ELEMENTS
        .iter()
        .map(|e| (e.name, e.attributes.iter().copied().collect()))
        .collect();
    let mut builder = Builder::empty();
    builder
        .tags(ELEMENTS.iter().map(|e| e.name).collect())
        .tag_attributes(attributes)
        .generic_attributes(EVERYWHERE.iter().copied().collect())
        // The gate has taken them out; this is the second bolt.
        .clean_content_tags(HashSet::from(["script", "style"]))
        .url_schemes(HashSet::from(["http", "https", "mailto", "tel"]))
        .attribute_filter(|_, attribute, value| {
            if allowed::is_address(attribute) {
                BASE.with_borrow(|base| allowed::address(value, base.as_ref()))
                    .map(Cow::Owned)
            } else {
                Some(Cow::Borrowed(value))
            }
        })
        .link_rel(Some(LINK_REL));
    builder
});

/// What the trees of one document may still cost. A few megabytes of tangled HTML take a second, which no real feed needs;
/// the rest becomes plain text.
#[derive(Debug)]
pub struct Effort {
    left: Cell<usize>,
}

impl Default for Effort {
    fn default() -> Self {
        Self {
            left: Cell::new(WORK_MAX),
        }
    }
}

impl Effort {
    /// Whether something had to become plain text for want of it.
    #[must_use]
    pub fn is_spent(&self) -> bool {
        self.left.get() == 0
    }

    fn take(&self, work: usize) -> Option<()> {
        let left = self.left.get().checked_sub(work);
        self.left.set(left.unwrap_or(0));
        left.map(|_| ())
    }
}

/// `html` with nothing executable left and every URL absolute; a URL that cannot be made so loses its attribute.
#[must_use]
pub fn sanitize(html: &str, base: Option<&WebUrl>) -> String {
    sanitize_within(html, base, &Effort::default())
}

/// As [`sanitize`], for one of many fragments of a document.
#[must_use]
pub fn sanitize_within(html: &str, base: Option<&WebUrl>, effort: &Effort) -> String {
    let html = prepared(html);
    let quickly = |html: &str| fast_path::read(html, base, &mut NoVisitor);
    quickly(&html)
        .or_else(|| with_tree(&html, base, effort, quickly, |clean| clean))
        .unwrap_or_else(|| as_text(&html))
}

/// The part of a fragment that is read, without control characters, and with embedded players and pictures rewritten.
pub(super) fn prepared(html: &str) -> String {
    let html = plain::clean_text(cut(html));
    embedded::plainly(&html).into_owned()
}

/// HTML that is too tangled, as plain text.
pub(super) fn as_text(html: &str) -> String {
    html_escape::encode_text(&html_text::from_html(html)).into_owned()
}

/// The slow path: builds the tree that a browser would, until the fast path accepts the result (`quickly`), or building it
/// again changes nothing (`slowly`). `None` if a tree would cost too much or the result never becomes stable.
pub(super) fn with_tree<T>(
    html: &str,
    base: Option<&WebUrl>,
    effort: &Effort,
    quickly: impl Fn(&str) -> Option<T>,
    slowly: impl Fn(String) -> T,
) -> Option<T> {
    let mut clean = built(&gated(html, effort)?, base);
    for _ in 0..ROUNDS_MAX {
        if let Some(settled) = quickly(&clean) {
            return Some(settled);
        }
        let next = built(&gated(&clean, effort)?, base);
        if next == clean {
            return Some(slowly(clean));
        }
        clean = next;
    }
    None
}

/// The fragment that a tree may be built from; `None` if that would cost too much.
fn gated(html: &str, effort: &Effort) -> Option<String> {
    let (html, work) = html_limits::pass(html)?;
    effort.take(work)?;
    Some(html)
}

fn built(html: &str, base: Option<&WebUrl>) -> String {
    BASE.set(base.cloned());
    let clean = SANITIZER.clean(html).to_string();
    BASE.set(None);
    // `&#8;` is a control only now.
    plain::clean_text(&clean).into_owned()
}

fn cut(html: &str) -> &str {
    if html.len() <= HTML_BYTES_MAX {
        return html;
    }
    let end = html.floor_char_boundary(HTML_BYTES_MAX);
    let kept = html.get(..end).unwrap_or_default();
    // Not in the middle of a tag.
    let end = kept.rfind('<').unwrap_or(kept.len());
    kept.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::text::samples::{nested, soup};
    use proptest::prelude::*;

    fn clean(html: &str) -> String {
        let base = WebUrl::parse("https://a.example/d/f.xml").unwrap();
        sanitize(html, Some(&base))
    }

    #[test]
    fn sec_10_nothing_that_runs_or_styles_is_left() {
        assert_eq!(
            clean(
                "<p style='x' onclick='y()' class=z>a<script>b()</script><iframe src=x>c</iframe></p>"
            ),
            "<p>ac</p>"
        );
        assert_eq!(
            clean("<a href='javascript:x()'>a</a><img src='data:text/html,x' onerror=y>"),
            "<a rel=\"noopener noreferrer\">a</a><img>"
        );
        assert_eq!(
            clean("a<svg><script>x()</script></svg><math><b>b"),
            "a<b>b</b>"
        );
    }

    #[test]
    fn sec_11_every_url_is_absolute() {
        assert_eq!(
            clean("<img src='../i.png'>"),
            "<img src=\"https://a.example/i.png\">"
        );
        assert_eq!(
            sanitize("<img src='../i.png' alt=x>", None),
            "<img alt=\"x\">"
        );
    }

    #[test]
    fn sec_03_depth_and_attributes_are_bounded() {
        let deep = format!("{}x{}", "<div>".repeat(100_000), "</div>".repeat(100_000));
        assert_eq!(clean(&deep), "x");
        let wide = format!("a<b {}>c</b>", "x=1 ".repeat(100_000));
        assert_eq!(clean(&wide), "ac");
        let drawings = "<svg>".repeat(100_000);
        assert_eq!(clean(&drawings), "");
    }

    #[test]
    fn sec_03_the_trees_of_a_document_are_bounded_together() {
        let effort = Effort {
            left: Cell::new(500_000),
        };
        let tangled = "<b><i>x</b></i>".repeat(1000);
        let first = sanitize_within(&tangled, None, &effort);
        assert!(first.starts_with("<b><i>x</i></b>") && !effort.is_spent());
        let texts = (0..10).map(|_| sanitize_within(&tangled, None, &effort));
        assert!(texts.last().is_some_and(|last| last.starts_with("xx")));
        assert!(effort.is_spent());
    }

    #[test]
    fn sec_12_an_article_is_bounded_as_it_is_stored() {
        let long = clean(&"<p>&</p>".repeat(HTML_BYTES_MAX / 8));
        assert!(long.len() < HTML_BYTES_MAX + 100 && long.ends_with("</p>"));
    }

    #[test]
    fn plain_text_is_html_too() {
        assert_eq!(clean("a > b"), "a &gt; b");
        assert_eq!(clean("a < b & c"), "a &lt; b &amp; c");
    }

    proptest! {
        #[test]
        fn sec_10_reading_the_result_again_changes_nothing(html in soup()) {
            let once = clean(&html);
            prop_assert_eq!(sanitize(&once, None), once);
        }

        #[test]
        fn the_quick_way_gives_what_a_tree_gives(html in prop_oneof![soup(), nested()]) {
            let base = WebUrl::parse("https://a.example/d/f.xml").unwrap();
            let html = plain::clean_text(&html);
            let quickly = |html: &str| fast_path::read(html, Some(&base), &mut NoVisitor);
            if let Some(quick) = quickly(&html) {
                let slow = with_tree(&html, Some(&base), &Effort::default(), quickly, |clean| clean);
                prop_assert_eq!(slow, Some(quick));
            }
        }
    }
}
