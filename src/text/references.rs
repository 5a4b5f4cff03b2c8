//! Character references of XML and HTML, resolved. Never expands an entity that a document defines itself (SEC-02).

use std::borrow::Cow;

use html_escape::NAMED_ENTITIES;

/// Longest name of a character reference, in bytes (`CounterClockwiseContourIntegral`).
const NAME_BYTES_MAX: usize = 31;

/// Where a text of HTML occurs: a reference without its semicolon is treated differently in an attribute value
/// (`?a=1&copy=2`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Between tags.
    Text,
    /// The value of an attribute.
    Value,
}

/// A text of XML with its references resolved; anything that only looks like a reference stays.
#[must_use]
pub fn resolve(text: &str) -> Cow<'_, str> {
    resolve_with(text, |after| {
        let name = name_of(after);
        after.get(name.len()..)?.strip_prefix(';')?;
        Some((meaning(name)?, name.len() + 1))
    })
}

/// As [`resolve`], for a URL: `&amp;` and numbers only, because a parameter may be named like a character (`&copy;`).
#[must_use]
pub fn resolve_in_url(text: &str) -> Cow<'_, str> {
    resolve_with(text, |after| {
        let name = name_of(after);
        after.get(name.len()..)?.strip_prefix(';')?;
        let is_meant = name == "amp" || name.starts_with('#');
        let meaning = meaning(name).filter(|m| is_meant && !m.is_empty())?;
        Some((meaning, name.len() + 1))
    })
}

/// As [`resolve`], for HTML, exactly as browsers do it (HTML standard section 13.2.5.72).
pub(super) fn resolve_in_html(text: &str, place: Place) -> Cow<'_, str> {
    resolve_with(text, |after| match after.strip_prefix('#') {
        Some(number) => numbered(number).map(|(meaning, len)| (meaning, len + 1)),
        None => named_in_html(after, place),
    })
}

/// The meaning of an XML reference between `&` and `;`: a character by number, or an HTML name. `None` if it is neither;
/// empty for a number that is not a character.
#[must_use]
pub fn meaning(name: &str) -> Option<Cow<'static, str>> {
    let Some(digits) = name.strip_prefix('#') else {
        return named(name).map(Cow::Borrowed);
    };
    let code = match digits.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16),
        None => digits.parse(),
    };
    let character = code.ok().filter(|c| *c > 0).and_then(character);
    Some(Cow::Owned(character.map(String::from).unwrap_or_default()))
}

/// Replaces what `reference` recognizes after each `&`: the replacement, and how many bytes it takes the place of.
fn resolve_with(
    text: &str,
    reference: impl Fn(&str) -> Option<(Cow<'static, str>, usize)>,
) -> Cow<'_, str> {
    let Some(first) = memchr::memchr(b'&', text.as_bytes()) else {
        return Cow::Borrowed(text);
    };
    let mut out = String::with_capacity(text.len());
    let (before, mut rest) = text.split_at(first);
    out.push_str(before);
    while let Some(after) = rest.strip_prefix('&') {
        let tail = match reference(after) {
            Some((meaning, len)) => {
                out.push_str(&meaning);
                after.get(len..).unwrap_or_default()
            }
            None => {
                out.push('&');
                after
            }
        };
        let end = memchr::memchr(b'&', tail.as_bytes()).unwrap_or(tail.len());
        let (plain, next) = tail.split_at(end);
        out.push_str(plain);
        rest = next;
    }
    Cow::Owned(out)
}

/// The possible name of a reference at the start of `text`.
fn name_of(text: &str) -> &str {
    let is_name = |b: &u8| b.is_ascii_alphanumeric() || *b == b'#';
    let bytes = text.bytes().take(NAME_BYTES_MAX);
    let len = bytes.take_while(is_name).count();
    text.get(..len).unwrap_or_default()
}

fn named(name: &str) -> Option<&'static str> {
    // The five of XML are nearly all there are.
    let meaning = match name {
        "lt" => "<",
        "gt" => ">",
        "amp" => "&",
        "quot" => "\"",
        "apos" => "'",
        "nbsp" => "\u{a0}",
        _ => {
            let at = NAMED_ENTITIES.binary_search_by(|(n, _)| (*n).cmp(name.as_bytes()));
            NAMED_ENTITIES.get(at.ok()?)?.1
        }
    };
    Some(meaning)
}

/// A name, or its longest prefix that is valid without a semicolon.
fn named_in_html(after: &str, place: Place) -> Option<(Cow<'static, str>, usize)> {
    let name = name_of(after);
    if after.get(name.len()..)?.starts_with(';')
        && let Some(meaning) = named(name)
    {
        return Some((Cow::Borrowed(meaning), name.len() + 1));
    }
    let lens = (2..=OLD_NAME_BYTES_MAX.min(name.len())).rev();
    let mut beginnings = lens.filter_map(|len| name.get(..len));
    let old = beginnings.find(|n| OLD_NAMES.binary_search(n).is_ok())?;
    let next = after.as_bytes().get(old.len());
    let goes_on = next.is_some_and(|b| *b == b'=' || b.is_ascii_alphanumeric());
    if place == Place::Value && goes_on {
        return None;
    }
    Some((Cow::Borrowed(named(old)?), old.len()))
}

/// A number after `&#`, with or without its semicolon.
fn numbered(text: &str) -> Option<(Cow<'static, str>, usize)> {
    let (radix, digits) = match text.strip_prefix(['x', 'X']) {
        Some(hex) => (16, hex),
        None => (10, text),
    };
    let len = digits
        .bytes()
        .take_while(|b| char::from(*b).is_digit(radix))
        .count();
    let written = digits.get(..len).filter(|d| !d.is_empty())?;
    // One too long for a number is beyond all characters.
    let code = u32::from_str_radix(written, radix).unwrap_or(u32::MAX);
    let meaning = match character(code).unwrap_or(char::REPLACEMENT_CHARACTER) {
        '\r' => "\n".to_owned(),
        c if super::characters::is_forbidden(c) => String::new(),
        c => String::from(c),
    };
    let end = text.len() - digits.len() + len;
    let has_semicolon = text.get(end..).is_some_and(|t| t.starts_with(';'));
    Some((Cow::Owned(meaning), end + usize::from(has_semicolon)))
}

/// A character by its number. 128 to 159 are Windows-1252, as in browsers (HTML standard section 13.2.5.80).
fn character(code: u32) -> Option<char> {
    match u8::try_from(code) {
        Ok(byte @ 0x80..=0x9f) => {
            let bytes = [byte];
            let (text, _) = encoding_rs::WINDOWS_1252.decode_without_bom_handling(&bytes);
            text.chars().next()
        }
        Ok(0) => None,
        _ => char::from_u32(code),
    }
}

/// Longest of [`OLD_NAMES`], in bytes.
const OLD_NAME_BYTES_MAX: usize = 6;

/// Names that are valid without a semicolon (HTML standard section 13.5).
const OLD_NAMES: [&str; 106] = [
    "AElig", "AMP", "Aacute", "Acirc", "Agrave", "Aring", "Atilde", "Auml", "COPY", "Ccedil",
    "ETH", "Eacute", "Ecirc", "Egrave", "Euml", "GT", "Iacute", "Icirc", "Igrave", "Iuml", "LT",
    "Ntilde", "Oacute", "Ocirc", "Ograve", "Oslash", "Otilde", "Ouml", "QUOT", "REG", "THORN",
    "Uacute", "Ucirc", "Ugrave", "Uuml", "Yacute", "aacute", "acirc", "acute", "aelig", "agrave",
    "amp", "aring", "atilde", "auml", "brvbar", "ccedil", "cedil", "cent", "copy", "curren", "deg",
    "divide", "eacute", "ecirc", "egrave", "eth", "euml", "frac12", "frac14", "frac34", "gt",
    "iacute", "icirc", "iexcl", "igrave", "iquest", "iuml", "laquo", "lt", "macr", "micro",
    "middot", "nbsp", "not", "ntilde", "oacute", "ocirc", "ograve", "ordf", "ordm", "oslash",
    "otilde", "ouml", "para", "plusmn", "pound", "quot", "raquo", "reg", "sect", "shy", "sup1",
    "sup2", "sup3", "szlig", "thorn", "times", "uacute", "ucirc", "ugrave", "uml", "uuml",
    "yacute", "yen", "yuml",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_are_resolved_and_the_rest_stays() {
        assert_eq!(resolve("a &amp; b"), "a & b");
        assert_eq!(
            resolve("&amp;lt; &nbsp;&hellip;&notin;&#x41;&#66;&#150;"),
            "&lt; \u{a0}…∉AB–"
        );
        for text in ["&", "a & b", "&bogus;", "AT&T;", "&;", "?a=1&b=2", "&amp"] {
            assert_eq!(resolve(text), text);
        }
        assert_eq!(resolve("a&#0;&#xD800;&#99999999;b&#;"), "ab");
    }

    #[test]
    fn in_a_url_only_ampersands_and_numbers_are_resolved() {
        for (written, meant) in [
            ("/a?b=1&amp;c=2", "/a?b=1&c=2"),
            ("/a&#47;b&#x2F;c", "/a/b/c"),
            ("/a?b&amp;amp;c", "/a?b&amp;c"),
            (
                "/a?b&copy;c&lt;d&amp=e&#;f&#47",
                "/a?b&copy;c&lt;d&amp=e&#;f&#47",
            ),
        ] {
            assert_eq!(resolve_in_url(written), meant);
        }
    }

    #[test]
    fn old_names_of_html_count_without_a_semicolon() {
        assert!(OLD_NAMES.is_sorted() && OLD_NAMES.iter().all(|n| named(n).is_some()));
        let text = |text| resolve_in_html(text, Place::Text);
        assert_eq!(
            text("R&D &amp b&nbsp c&notit; &notin; &#65 &#x42;&#;&#x"),
            "R&D & b\u{a0} c¬it; ∉ A B&#;&#x"
        );
        assert_eq!(
            text("a&#0;b&#8;c&#13;&#99999999999;"),
            "a\u{fffd}bc\n\u{fffd}"
        );
        let value = |text| resolve_in_html(text, Place::Value);
        assert_eq!(
            value("?a=1&copy=2&lt=3&ltx&lt;&amp&reg"),
            "?a=1&copy=2&lt=3&ltx<&®"
        );
    }
}
