//! The main text of a page: found by dom_smoothie, made safe by the one sanitizer.

use std::panic::{AssertUnwindSafe, catch_unwind};

use dom_query::Document;
use dom_smoothie::{Config, Readability};

use crate::model::WebUrl;
use crate::text::html;

/// Maximum number of elements that are examined; the prefilter lets fewer through.
const ELEMENTS_MAX: usize = 100_000;

/// The article's HTML; `None` if the page has no main text.
pub(super) fn of(page: Document, url: &WebUrl) -> Option<String> {
    let config = Config {
        max_elements_to_parse: ELEMENTS_MAX,
        disable_json_ld: true,
        ..Config::default()
    };
    let mut reader = Readability::with_document(page, Some(url.as_str()), Some(config)).ok()?;
    // readability slices text at byte offsets: a page that makes it panic has no main text (SEC-01).
    let article = catch_unwind(AssertUnwindSafe(|| reader.parse().ok())).ok()??;
    let html = html::sanitize(&article.content, Some(url));
    Some(html).filter(|h| !h.is_empty())
}
