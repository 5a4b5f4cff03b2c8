//! Dates of feeds and entries.

use super::element::Element;
use super::warnings::Warnings;
use crate::model::Time;
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
