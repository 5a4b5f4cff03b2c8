//! Dates and pages of feeds and entries. A value that cannot be read is dropped with a warning.

use super::constructs::Scope;
use super::element::Element;
use super::warnings::Warnings;
use crate::model::{Time, WebUrl};
use crate::text::dates;

/// The date in an element; adds a warning if it cannot be read (SEC-04).
pub fn date_of(e: &Element, warnings: &mut Warnings) -> Option<Time> {
    date_in(&e.text(), &e.name, warnings)
}

/// The same for a text found under a name.
pub fn date_in(written: &str, name: &str, warnings: &mut Warnings) -> Option<Time> {
    let written = written.trim();
    if written.is_empty() {
        return None;
    }
    let date = dates::read(written);
    if date.is_none() {
        let shown: String = written.chars().take(60).collect();
        warnings.add(format!("{shown:?} in {name} is not a date and was dropped"));
    }
    date
}

/// The page that a link names; adds a warning if it names none.
pub fn page_in(written: &str, scope: &Scope, warnings: &mut Warnings) -> Option<WebUrl> {
    let url = scope.page(written);
    if url.is_none() && !written.trim().is_empty() {
        warnings.add("a link without a valid address was dropped");
    }
    url
}
