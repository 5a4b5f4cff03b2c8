//! Character references of XML and HTML, resolved. Never expands an entity that a document defines itself (SEC-02).

use std::borrow::Cow;

/// Longest name of a character reference, in bytes (`CounterClockwiseContourIntegral`).
const NAME_BYTES_MAX: usize = 32;

/// A text with its references resolved; what is none stays as written.
#[must_use]
pub fn resolve(text: &str) -> Cow<'_, str> {
    resolve_with(text, |_, _| None)
}

/// The same for the text of HTML, where old names count without their semicolon: `AT&amp T`, `&nbsp`.
pub(super) fn resolve_in_html(text: &str) -> Cow<'_, str> {
    resolve_with(text, |name, tail| {
        let means_itself = tail.starts_with('=') || NEW_NAMES.contains(&name);
        meaning(name).filter(|m| !means_itself && name.len() > 1 && is_old(m))
    })
}

/// Names of old characters that came too late to count without a semicolon (HTML standard section 13.5).
const NEW_NAMES: &[&str] = &["die", "div", "half", "pm", "angst", "strns"];

/// Whether a character is of those that had names in HTML 2: Latin-1 and the signs of markup.
fn is_old(meaning: &str) -> bool {
    let mut chars = meaning.chars();
    matches!(
        (chars.next(), chars.next()),
        (Some('&' | '<' | '>' | '"' | '\u{a0}'..='\u{ff}'), None)
    )
}

fn resolve_with(
    text: &str,
    without_semicolon: impl Fn(&str, &str) -> Option<Cow<'static, str>>,
) -> Cow<'_, str> {
    let Some(first) = memchr::memchr(b'&', text.as_bytes()) else {
        return Cow::Borrowed(text);
    };
    let mut out = String::with_capacity(text.len());
    let (before, mut rest) = text.split_at(first);
    out.push_str(before);
    while let Some(after) = rest.strip_prefix('&') {
        let name = name_of(after);
        let tail = after.get(name.len()..).unwrap_or_default();
        let (meaning, tail) = match tail.strip_prefix(';') {
            Some(tail) => (meaning(name), tail),
            None => (without_semicolon(name, tail), tail),
        };
        let taken = rest.len() - tail.len();
        match meaning {
            Some(meaning) => out.push_str(&meaning),
            None => out.push_str(rest.get(..taken).unwrap_or_default()),
        }
        let end = memchr::memchr(b'&', tail.as_bytes()).unwrap_or(tail.len());
        let (plain, next) = tail.split_at(end);
        out.push_str(plain);
        rest = next;
    }
    Cow::Owned(out)
}

/// What can be the name of a reference at the start of `text`.
pub(super) fn name_of(text: &str) -> &str {
    let len = text
        .bytes()
        .take(NAME_BYTES_MAX)
        .take_while(|b| b.is_ascii_alphanumeric() || *b == b'#')
        .count();
    text.get(..len).unwrap_or_default()
}

/// What a reference between `&` and `;` stands for: a character, an HTML name. None if it is neither; nothing at all
/// for a number that is no character.
#[must_use]
pub fn meaning(name: &str) -> Option<Cow<'static, str>> {
    if let Some(digits) = name.strip_prefix('#') {
        let code = match digits.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16),
            None => digits.parse(),
        };
        let character = code.ok().and_then(character);
        return Some(Cow::Owned(character.map(String::from).unwrap_or_default()));
    }
    // The five of XML are nearly all there are.
    let known = match name {
        "lt" => "<",
        "gt" => ">",
        "amp" => "&",
        "quot" => "\"",
        "apos" => "'",
        "nbsp" => "\u{a0}",
        "" => return None,
        _ => {
            let written = format!("&{name};");
            let decoded = html_escape::decode_html_entities(&written);
            return (decoded != written.as_str()).then(|| Cow::Owned(decoded.into_owned()));
        }
    };
    Some(Cow::Borrowed(known))
}

/// A character by its number; 128 to 159 mean Windows-1252 as browsers have it (HTML standard section 13.2.5.80).
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

#[cfg(test)]
mod tests {
    use super::{resolve, resolve_in_html};

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
        assert_eq!(
            resolve_in_html("R&D &amp b&nbsp c&copy=1 am&pm"),
            "R&D & b\u{a0} c&copy=1 am&pm"
        );
        assert_eq!(resolve("a&#0;&#xD800;&#99999999;b&#;"), "ab");
    }
}
