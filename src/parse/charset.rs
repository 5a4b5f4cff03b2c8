//! Bytes to text. Never fails: bytes that cannot be decoded are replaced, with a warning.
//!
//! The order is that of the contract: BOM, the charset of the Content-Type, the XML declaration, UTF-8 if valid, a guess
//! (RFC 7303 section 3.2 puts the BOM first). A declaration that the bytes contradict is ignored; the table is in
//! docs/decisions/006-charset.md.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

use super::damaged_utf8;
use super::warnings::Warnings;

/// How far into a document its XML declaration may reach, in bytes.
const DECLARATION_BYTES_MAX: usize = 1024;

/// How much of a document an encoding is guessed from, in bytes.
const GUESS_BYTES_MAX: usize = 256 * 1024;

/// The document as text.
pub fn to_text<'b>(
    bytes: &'b [u8],
    content_type: Option<&str>,
    warnings: &mut Warnings,
) -> Cow<'b, str> {
    if let Some(text) = utf_32(bytes) {
        return Cow::Owned(text);
    }
    if let Some((encoding, bom)) = Encoding::for_bom(bytes) {
        return decode(encoding, bytes.get(bom..).unwrap_or_default(), warnings);
    }
    if let Some(encoding) = wide_without_bom(bytes) {
        return decode(encoding, bytes, warnings);
    }
    let told = content_type
        .and_then(charset_of)
        .and_then(Encoding::for_label);
    let declared = declared(bytes).and_then(Encoding::for_label);
    if let Some(told) = told.filter(|told| *told != UTF_8)
        && declared == Some(UTF_8)
        && !bytes.is_ascii()
        && let Ok(text) = std::str::from_utf8(bytes)
    {
        warnings.add(format!(
            "the document is UTF-8 as declared, not {} as its Content-Type says",
            told.name()
        ));
        return Cow::Borrowed(text);
    }
    // Bytes that read as ASCII here cannot be UTF-16.
    let claimed = [told, declared]
        .into_iter()
        .flatten()
        .find(|e| *e != UTF_16BE && *e != UTF_16LE);
    match claimed {
        Some(encoding) => decode(encoding, bytes, warnings),
        None => decode(UTF_8, bytes, warnings),
    }
}

/// A web page as text. Pages are less careful with what they claim than feeds: UTF-8 that is valid is UTF-8; then the
/// charset of the Content-Type, the `meta` element, a guess.
pub fn page_to_text<'b>(bytes: &'b [u8], content_type: Option<&str>) -> Cow<'b, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text.trim_start_matches('\u{feff}'));
    }
    let told = content_type
        .filter(|told| charset_of(told).is_some())
        .map(str::to_owned)
        .or_else(|| Some(format!("text/html; charset={}", meta_charset(bytes)?)));
    to_text(bytes, told.as_deref(), &mut Warnings::default())
}

/// Maximum offset of a page's `meta` charset, in bytes; browsers look at the first kilobyte.
const META_BYTES_MAX: usize = 4096;

/// The charset that a `meta` element names, alone or in the words of a Content-Type.
fn meta_charset(bytes: &[u8]) -> Option<String> {
    let head = bytes.get(..bytes.len().min(META_BYTES_MAX))?;
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    head.split("<meta").skip(1).find_map(|after| {
        let (_, told) = after.split('>').next()?.split_once("charset")?;
        let told = told.trim_start().strip_prefix('=')?;
        let told = told.trim_start_matches([' ', '"', '\'']);
        let is_label = |c: char| c.is_ascii_alphanumeric() || "-_:.".contains(c);
        let label: String = told.chars().take_while(|c| is_label(*c)).collect();
        (!label.is_empty()).then_some(label)
    })
}

/// The charset parameter of a Content-Type (RFC 9110 section 8.3.2), unquoted.
fn charset_of(content_type: &str) -> Option<&[u8]> {
    content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("charset")
            .then(|| value.trim().trim_matches(['"', '\'']).as_bytes())
    })
}

/// The encoding that the XML declaration names.
fn declared(bytes: &[u8]) -> Option<&[u8]> {
    let head = bytes.get(..bytes.len().min(DECLARATION_BYTES_MAX))?;
    let start = memchr::memmem::find(head, b"<?xml")?;
    let head = head.get(start..)?;
    let head = head.get(..memchr::memmem::find(head, b"?>")?)?;
    let after = head.get(memchr::memmem::find(head, b"encoding")? + 8..)?;
    let after = after
        .trim_ascii_start()
        .strip_prefix(b"=")?
        .trim_ascii_start();
    let (&quote, after) = after.split_first()?;
    matches!(quote, b'"' | b'\'')
        .then(|| after.get(..memchr::memchr(quote, after)?))
        .flatten()
        .map(<[u8]>::trim_ascii)
}

/// UTF-16 without a BOM shows itself in the first two characters (XML 1.0 appendix F).
fn wide_without_bom(bytes: &[u8]) -> Option<&'static Encoding> {
    match bytes {
        [b'<' | b'{', 0, _, 0, ..] => Some(UTF_16LE),
        [0, b'<' | b'{', 0, _, ..] => Some(UTF_16BE),
        _ => None,
    }
}

/// UTF-32, which the WHATWG encodings do not include and a few generators still write.
fn utf_32(bytes: &[u8]) -> Option<String> {
    let (big, skip) = match bytes {
        [0xff, 0xfe, 0, 0, ..] => (false, 4),
        [0, 0, 0xfe, 0xff, ..] => (true, 4),
        [b'<', 0, 0, 0, ..] => (false, 0),
        [0, 0, 0, b'<', ..] => (true, 0),
        _ => return None,
    };
    let char_of = |unit: &[u8; 4]| {
        let code = if big {
            u32::from_be_bytes(*unit)
        } else {
            u32::from_le_bytes(*unit)
        };
        char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
    };
    let (units, _) = bytes.get(skip..)?.as_chunks::<4>();
    Some(units.iter().map(char_of).collect())
}

fn decode<'b>(
    encoding: &'static Encoding,
    bytes: &'b [u8],
    warnings: &mut Warnings,
) -> Cow<'b, str> {
    let (text, bad) = encoding.decode_without_bom_handling(bytes);
    if !bad {
        return text;
    }
    if encoding == UTF_8 {
        return match damaged_utf8::read(bytes, warnings) {
            Some(text) => Cow::Owned(text),
            None => guess(bytes, warnings),
        };
    }
    // A charset that the bytes contradict is worth less than UTF-8 that they bear out.
    if let Ok(text) = std::str::from_utf8(bytes) {
        warnings.add(format!(
            "the document is UTF-8, not {} as claimed",
            encoding.name()
        ));
        return Cow::Borrowed(text);
    }
    warnings.add(format!(
        "some bytes are not valid {} and were replaced",
        encoding.name()
    ));
    text
}

fn guess<'b>(bytes: &'b [u8], warnings: &mut Warnings) -> Cow<'b, str> {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    // ASCII before the first other byte says nothing about the encoding.
    let telling = bytes.iter().position(|b| !b.is_ascii() || *b == 0x1b);
    let window = bytes.get(telling.unwrap_or(0)..).unwrap_or_default();
    let window = window.get(..GUESS_BYTES_MAX).unwrap_or(window);
    detector.feed(window, true);
    let encoding = detector.guess(None, Utf8Detection::Allow);
    warnings.add(format!(
        "no valid encoding is declared; read as {}",
        encoding.name()
    ));
    encoding.decode_without_bom_handling(bytes).0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8], content_type: Option<&str>) -> String {
        to_text(bytes, content_type, &mut Warnings::default()).into_owned()
    }

    #[test]
    fn rel_05_the_order_is_bom_header_declaration_utf_8_guess() {
        let latin = b"<?xml version='1.0' encoding='iso-8859-1'?><t>\xe9</t>";
        assert!(text(latin, None).contains("<t>é"));
        assert!(text(latin, Some("text/xml; charset=\"windows-1251\"")).contains("<t>й"));
        let bom = "\u{feff}<?xml version='1.0' encoding='iso-8859-1'?><t>é</t>";
        assert!(text(bom.as_bytes(), Some("text/xml; charset=koi8-r")).contains("<t>é"));
        assert!(text("<t>é</t>".as_bytes(), None).contains("é"));
    }

    #[test]
    fn a_header_counts_for_less_than_utf_8_that_the_document_declares_and_is() {
        let says = |encoding: &str, bytes: &[u8]| {
            let declaration = format!("<?xml version='1.0' encoding='{encoding}'?>");
            [declaration.as_bytes(), bytes].concat()
        };
        for charset in ["iso-8859-1", "windows-1251", "shift_jis"] {
            let header = format!("text/xml; charset={charset}");
            let mut warnings = Warnings::default();
            let document = says("utf-8", "<t>Kö</t>".as_bytes());
            let read = to_text(&document, Some(&header), &mut warnings);
            assert!(read.ends_with("<t>Kö</t>"), "{charset}: {read}");
            assert_eq!(warnings.into_vec().len(), 1, "{charset}");
        }
        let header = Some("text/xml; charset=windows-1251");
        // Neither bytes that are no UTF-8 nor a document that says nothing contradict the header.
        assert!(text(&says("utf-8", b"<t>\xe9</t>"), header).ends_with("<t>й</t>"));
        assert!(text(&says("iso-8859-1", b"<t>\xe9</t>"), header).ends_with("<t>й</t>"));
        assert_eq!(text(b"<t>\xd0\xb9</t>", header), "<t>Р№</t>");
    }

    #[test]
    fn one_foreign_byte_does_not_cost_the_utf_8_around_it() {
        assert_eq!(
            text(b"<?xml version='1.0' encoding='utf-8'?>\xc3\xa9 \x93", None),
            "<?xml version='1.0' encoding='utf-8'?>é \u{201c}"
        );
        assert_eq!(text(b"<t>K\xc3\xb6ln\xff</t>", None), "<t>Kölnÿ</t>");
    }

    #[test]
    fn wide_text_is_seen_without_a_bom() {
        let wide: Vec<u8> = "<rss/>".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(text(&wide, None), "<rss/>");
        let wider: Vec<u8> = "<rss/>"
            .chars()
            .flat_map(|c| u32::from(c).to_be_bytes())
            .collect();
        assert_eq!(text(&wider, None), "<rss/>");
    }

    #[test]
    fn pages_are_utf_8_if_they_can_be_then_what_header_and_meta_say() {
        let page = |bytes: &[u8], told: Option<&str>| page_to_text(bytes, told).into_owned();
        let utf_8 = "<meta charset=windows-1251><p>Ж";
        assert_eq!(
            page(utf_8.as_bytes(), Some("text/html; charset=latin1")),
            utf_8
        );
        let cyrillic = b"<META http-equiv=x content=\"text/html; CHARSET=windows-1251\"><p>\xc6";
        assert!(page(cyrillic, Some("text/html")).ends_with("<p>Ж"));
        assert!(
            page(cyrillic, Some("text/html; charset=koi8-r")).ends_with("<p>ф")
                || page(cyrillic, Some("text/html; charset=koi8-r")).ends_with("<p>Ф")
        );
        assert_eq!(page(b"\xef\xbb\xbfa", None), "a");
        assert_eq!(
            page(b"<meta charset='x-nothing'>\xe9", None).chars().last(),
            Some('é')
        );
    }
}
