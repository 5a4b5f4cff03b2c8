//! Repairs UTF-8 that was decoded as Windows-1252 and encoded again: `â€™`, `Ã©`. This is the most frequent damage, and the
//! only one repaired here. A text is repaired as a whole or not at all.

use encoding_rs::WINDOWS_1252;

/// The first characters of such damage: what the first bytes of Latin letters, punctuation and Cyrillic turn into. Others
/// (`É »`) occur in undamaged text too.
const BEGINNINGS: [char; 6] = ['Â', 'Ã', 'â', 'Ð', 'Ñ', 'ï'];

/// The repaired text, if every character beyond ASCII is part of such damage; `None` if the text is undamaged. Characters
/// that were lost (U+FFFD) do not count.
pub fn meant(text: &str) -> Option<String> {
    if text.is_ascii() || !text.contains(BEGINNINGS) {
        return None;
    }
    let parts: Option<Vec<String>> = text.split('\u{fffd}').map(part).collect();
    parts.map(|parts| parts.join("\u{fffd}"))
}

fn part(text: &str) -> Option<String> {
    let bytes: Option<Vec<u8>> = text.chars().map(byte_of).collect();
    let meant = String::from_utf8(bytes?).ok()?;
    // Every character in it came from a beginning that is above suspicion.
    let is_damage = |c: char| {
        let mut buffer = [0; 4];
        let lead = c.encode_utf8(&mut buffer).as_bytes().first().copied();
        c.is_ascii()
            || lead.is_some_and(|b| matches!(b, 0xc2 | 0xc3 | 0xd0 | 0xd1 | 0xe2))
            || c == '\u{fffd}'
    };
    meant.chars().all(is_damage).then_some(meant)
}

/// The Windows-1252 byte of a character. The five bytes without a character stand for the control of the same number.
fn byte_of(c: char) -> Option<u8> {
    let code = u32::from(c);
    if c.is_ascii() || (0xa0..=0xff).contains(&code) {
        return u8::try_from(code).ok();
    }
    if matches!(code, 0x81 | 0x8d | 0x8f | 0x90 | 0x9d) {
        return u8::try_from(code).ok();
    }
    let mut buffer = [0; 4];
    let (bytes, _, is_missing) = WINDOWS_1252.encode(c.encode_utf8(&mut buffer));
    match *bytes {
        [byte] if !is_missing => Some(byte),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::meant;

    fn of(text: &str) -> String {
        meant(text).unwrap_or_else(|| text.to_owned())
    }

    #[test]
    fn text_read_as_windows_1252_is_read_again() {
        for good in [
            "It’s “so” …",
            "Café à la carte",
            "Привет",
            "10 €",
            "a\u{a0}b",
            "\u{fffd}",
        ] {
            let (damaged, _) =
                encoding_rs::WINDOWS_1252.decode_without_bom_handling(good.as_bytes());
            assert_eq!(of(&damaged), good);
        }
    }

    #[test]
    fn good_text_stays() {
        for good in [
            "Café",
            "«CAFÉ»",
            "ÂGE",
            "é—â",
            "MARCHÉ\u{a0}: PRIVÉ\u{a0}!",
            "Ñandú",
            "日本",
            "plain",
            "AMANHÃ — sim",
            "Âme…",
        ] {
            assert_eq!(of(good), good);
        }
    }
}
