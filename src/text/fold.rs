//! One folding of text for every reader of an expression and for the word index.
//!
//! Folded text is a string of tokens with a space before, between and after: `" kyiv talks "`. A token holds ASCII
//! letters and digits and non-ASCII characters only, which FTS5's `ascii` tokenizer keeps together. In scripts
//! without spaces every character is a token, so that a substring is a phrase.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A token that no text folds to (private use): stands between parts, so that no phrase crosses them.
pub const BREAK: &str = "\u{E000} ";

/// Folds a text: compatibility forms, case and diacritics are gone (Unicode NFKD, UAX #15), everything that is
/// neither letter nor digit separates. `""` folds to `" "`.
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push(' ');
    fold_into(&mut out, text);
    out
}

/// Appends a folded text to one that ends in a space.
pub fn fold_into(out: &mut String, text: &str) {
    if text.is_ascii() {
        return fold_ascii_into(out, text);
    }
    let plain: String = text.nfkd().filter(|c| !is_accent(*c)).nfc().collect();
    let mut inside = false;
    for c in plain.chars() {
        if is_spaceless(c) {
            close(out, &mut inside);
            out.push(c);
            out.push(' ');
        } else if is_word(c) {
            inside = true;
            lower_into(out, c);
        } else {
            close(out, &mut inside);
        }
    }
    close(out, &mut inside);
}

/// The same for ASCII: most of the text that is folded.
fn fold_ascii_into(out: &mut String, text: &str) {
    let mut bytes = std::mem::take(out).into_bytes();
    bytes.reserve(text.len() + 1);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() {
            bytes.push(byte.to_ascii_lowercase());
        } else if bytes.last() != Some(&b' ') {
            bytes.push(b' ');
        }
    }
    if bytes.last() != Some(&b' ') {
        bytes.push(b' ');
    }
    // What was valid stays so: only ASCII was added.
    *out = String::from_utf8(bytes).unwrap_or_default();
}

/// The tokens of a text.
pub fn tokens(text: &str) -> Vec<String> {
    fold(text).split_whitespace().map(str::to_owned).collect()
}

fn close(out: &mut String, inside: &mut bool) {
    if std::mem::take(inside) {
        out.push(' ');
    }
}

fn lower_into(out: &mut String, c: char) {
    match c {
        'ß' | 'ẞ' => out.push_str("ss"),
        'ς' => out.push('σ'),
        'ı' | 'İ' => out.push('i'),
        'ł' | 'Ł' => out.push('l'),
        'ø' | 'Ø' => out.push('o'),
        'đ' | 'Đ' => out.push('d'),
        'æ' | 'Æ' => out.push_str("ae"),
        'œ' | 'Œ' => out.push_str("oe"),
        // Lowering can bring a combining dot (İ); those are gone already.
        c => out.extend(c.to_lowercase().filter(|c| !is_accent(*c))),
    }
}

pub(crate) fn is_word(c: char) -> bool {
    if c.is_ascii() {
        c.is_ascii_alphanumeric()
    } else {
        (c.is_alphanumeric() || is_combining_mark(c)) && c != '\u{E000}'
    }
}

/// Marks that people leave out when they type: accents, Hebrew points, Arabic vowels. Not the vowel signs of Indic
/// scripts, which make words.
pub(crate) fn is_accent(c: char) -> bool {
    matches!(c,
        '\u{0300}'..='\u{036F}' | '\u{0483}'..='\u{0489}' | '\u{0591}'..='\u{05C7}' | '\u{0610}'..='\u{061A}'
        | '\u{0640}' | '\u{064B}'..='\u{065F}' | '\u{0670}' | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}'
        | '\u{20D0}'..='\u{20FF}' | '\u{FE00}'..='\u{FE0F}' | '\u{FE20}'..='\u{FE2F}' | '\u{200C}'..='\u{200F}'
        | '\u{00AD}')
}

/// Scripts that write no spaces between words: Thai, Lao, Myanmar, Khmer, kana, Han.
pub(crate) fn is_spaceless(c: char) -> bool {
    matches!(c,
        '\u{0E01}'..='\u{0E3A}' | '\u{0E40}'..='\u{0E4E}' | '\u{0E81}'..='\u{0EDF}' | '\u{1000}'..='\u{109F}'
        | '\u{1780}'..='\u{17D3}' | '\u{3005}'..='\u{3007}' | '\u{3041}'..='\u{30FA}' | '\u{30FC}'..='\u{30FF}'
        | '\u{31F0}'..='\u{31FF}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}'
        | '\u{20000}'..='\u{3FFFD}')
        && is_word(c)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn case_diacritics_and_punctuation_do_not_count() {
        assert_eq!(
            fold("Kyïv's  ŁÓDŹ—Straße, U.S. 3.5"),
            " kyiv s lodz strasse u s 3 5 "
        );
        assert_eq!(fold("ﬁnal Ⅷ ΣΊΣΥΦΟΣ"), " final viii σισυφοσ ");
        assert_eq!(fold(""), " ");
    }

    #[test]
    fn sharp_s_turkish_i_ligatures_and_full_width_are_what_people_type() {
        for (written, typed) in [
            ("STRASSE", "straße"),
            ("ISTANBUL", "İstanbul"),
            ("ILICA", "ılıca"),
            ("final", "ﬁnal"),
            ("FOX 8", "Ｆｏｘ　８"),
            ("Aether", "Æther"),
            ("naive", "nai\u{308}ve"),
            ("Δ", "δ"),
            ("КИЇВ", "киів"),
        ] {
            assert_eq!(fold(written), fold(typed), "{written} {typed}");
        }
    }

    #[test]
    fn scripts_without_spaces_fold_to_single_characters() {
        assert_eq!(fold("東京タワーTokyo"), " 東 京 タ ワ ー tokyo ");
        assert!(fold("ประเทศไทย").split_whitespace().count() > 5);
    }

    #[test]
    fn indic_vowel_signs_stay_and_hangul_is_composed() {
        assert_eq!(fold("हिन्दी"), " हिन्दी ");
        assert_eq!(fold("한국"), " 한국 ");
    }

    proptest! {
        #[test]
        fn folding_is_idempotent_and_every_token_survives_the_index(s in "\\PC{0,60}") {
            let once = fold(&s);
            prop_assert_eq!(&fold(&once), &once);
            let token_chars = |c: char| c == ' ' || !c.is_ascii() || c.is_ascii_alphanumeric();
            prop_assert!(once.chars().all(token_chars));
            prop_assert!(!once.contains("  ") && once.starts_with(' ') && once.ends_with(' '));
        }
    }
}
