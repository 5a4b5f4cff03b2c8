//! Attributes of HTML tags.

use super::references::{self, Place};
use super::tokens::Tag;

/// The value of an attribute, its references resolved.
pub(super) fn value(tag: &Tag<'_>, name: &str) -> Option<String> {
    let mut attributes = tag.attributes();
    let (_, written) = attributes.find(|(n, _)| n.eq_ignore_ascii_case(name))?;
    let value = references::resolve_in_html(written, Place::Value);
    Some(value.trim().to_owned())
}
