//! Pictures of feeds and entries.

use super::constructs::Scope;
use super::element::Element;
use super::vocabulary::Ns;
use crate::model::WebUrl;
use crate::text::references;
use crate::text::tokens::{self, Token};

/// Where a picture is: an attribute, an inner `url`, or the text.
pub fn image_url(e: &Element, scope: &Scope) -> Option<WebUrl> {
    let attribute = ["href", "url", "src"].iter().find_map(|a| e.attribute(a));
    let about = || e.attribute_in(Ns::Rdf, "resource");
    if let Some(written) = attribute.or_else(about) {
        return scope.url(written);
    }
    match e.elements().find(|c| c.name == "url") {
        Some(url) => scope.within(url).url(&url.text()),
        None if e.has_elements() => None,
        None => scope.url(&e.text()),
    }
}

/// The first picture of a sanitized body that is large enough to be seen.
pub(super) fn first_picture(html: &str) -> Option<WebUrl> {
    const SEEN_MIN: u32 = 32;
    if !html.contains("<img") {
        return None;
    }
    tokens::of(html).find_map(|token| {
        let Token::Tag(tag) = token else { return None };
        if !tag.is("img") || tag.is_end {
            return None;
        }
        let value = |name: &str| tag.attributes().find(|(n, _)| *n == name).map(|(_, v)| v);
        let is_small = |name| {
            let size = value(name).and_then(|v| v.trim_end_matches("px").parse::<u32>().ok());
            size.is_some_and(|size| size < SEEN_MIN)
        };
        if is_small("width") || is_small("height") {
            return None;
        }
        WebUrl::parse(&references::resolve(value("src")?)).ok()
    })
}
