//! Decodes damaged UTF-8 sequence by sequence: valid sequences are kept, truncated sequences and single surrogates are
//! dropped, an invalid byte is read as Windows-1252. Never decodes a document as UTF-8 that is mostly something else.

use encoding_rs::WINDOWS_1252;

use super::warnings::Warnings;

/// So many foreign bytes in a document without one sequence of UTF-8 are pasted in; more of them are its encoding.
const PASTED_MAX: usize = 3;

/// The text of a document; `None` if its single foreign bytes outweigh its sequences: then it is not UTF-8.
pub fn read(bytes: &[u8], warnings: &mut Warnings) -> Option<String> {
    let mut text = String::with_capacity(bytes.len());
    let (mut sequences, mut foreign, mut cut) = (0_usize, 0_usize, 0_usize);
    let mut rest = bytes;
    while !rest.is_empty() {
        let (valid, damage) = match std::str::from_utf8(rest) {
            Ok(valid) => (valid, None),
            Err(e) => {
                let valid = rest.get(..e.valid_up_to()).unwrap_or_default();
                // The rest of the document may be the beginning of a sequence.
                let len = e.error_len().unwrap_or(rest.len() - valid.len());
                (std::str::from_utf8(valid).unwrap_or_default(), Some(len))
            }
        };
        text.push_str(valid);
        sequences += valid.bytes().filter(|b| *b >= 0xc0).count();
        rest = rest.get(valid.len()..).unwrap_or_default();
        let Some(len) = damage else { break };
        let used = match (surrogates(rest), rest.get(..len)) {
            (Some((whole, len)), _) => {
                text.extend(whole);
                cut += usize::from(whole.is_none());
                sequences += usize::from(whole.is_some());
                len
            }
            (None, Some(&[byte])) => {
                text.push_str(&WINDOWS_1252.decode_without_bom_handling(&[byte]).0);
                foreign += 1;
                1
            }
            (None, _) => {
                cut += 1;
                len
            }
        };
        rest = rest.get(used.max(1)..).unwrap_or_default();
    }
    // Among foreign bytes, without one whole sequence, what looks cut is two characters of another encoding.
    if sequences == 0 && cut > 0 && foreign > 0 {
        return None;
    }
    sequences += cut;
    if foreign > sequences && (sequences > 0 || foreign > PASTED_MAX) {
        return None;
    }
    if foreign > 0 {
        warnings.add(format!(
            "{foreign} bytes are not valid UTF-8 and were read as Windows-1252"
        ));
    }
    if cut > 0 {
        warnings.add(format!(
            "{cut} characters were cut in the middle and dropped"
        ));
    }
    Some(text)
}

/// Surrogates at the start, encoded as if they were characters (CESU-8, Unicode Technical Report 26): the character of a
/// pair, or nothing for a single one, and their length in bytes.
fn surrogates(bytes: &[u8]) -> Option<(Option<char>, usize)> {
    let unit = |at: usize| match bytes.get(at..at + 3) {
        Some(&[0xed, b @ 0xa0..=0xbf, c @ 0x80..=0xbf]) => {
            Some(0xd000 | u32::from(b & 0x3f) << 6 | u32::from(c & 0x3f))
        }
        _ => None,
    };
    match (unit(0)?, unit(3)) {
        (high @ 0xd800..=0xdbff, Some(low @ 0xdc00..=0xdfff)) => {
            let code = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
            Some((char::from_u32(code), 6))
        }
        _ => Some((None, 3)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8]) -> Option<String> {
        read(bytes, &mut Warnings::default())
    }

    #[test]
    fn a_character_cut_in_the_middle_costs_itself_only() {
        for cut in [
            &b"\xf0\x9f\x91"[..],
            b"\xf0\x9f",
            b"\xe2\x80",
            b"\xed\xb1\xa9",
            b"\xed\xa0\xbd",
        ] {
            let document = [b"For sale ".as_slice(), cut, b" \xc3\xa9"].concat();
            assert_eq!(text(&document).unwrap(), "For sale  é", "{cut:x?}");
            let alone = [b"For sale ".as_slice(), cut].concat();
            assert_eq!(text(&alone).unwrap(), "For sale ", "{cut:x?} at the end");
        }
    }

    #[test]
    fn a_pair_of_surrogates_is_the_character_that_it_stands_for() {
        assert_eq!(text(b"a\xed\xa0\xbd\xed\xb8\x80b").unwrap(), "a😀b");
    }

    #[test]
    fn single_bytes_are_windows_1252_unless_the_document_is() {
        assert_eq!(text(b"K\xc3\xb6ln \x93x\x94").as_deref(), None);
        assert_eq!(
            text(b"K\xc3\xb6ln \xc3\xa9 \x93x\x94").unwrap(),
            "Köln é “x”"
        );
        assert_eq!(text(b"caf\xe9 \x80").unwrap(), "café €");
        assert_eq!(text(b"caf\xe9 caf\xe9 caf\xe9 caf\xe9"), None);
    }

    #[test]
    fn what_looks_cut_is_no_utf_8_among_foreign_bytes_without_one_whole_sequence() {
        assert_eq!(text(b"<t>\x8f\xe0\xa8</t>"), None, "IBM866");
        assert_eq!(text(b"\x8f\xe0\xa8 \x8f\xe0\xa8"), None);
    }
}
