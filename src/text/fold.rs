//! One folding of text for every reader of an expression and for the word index.
//!
//! Folded text is a string of tokens with a space before, between and after: `" kyiv talks "`. A token holds ASCII
//! letters and digits and non-ASCII characters only, which FTS5's `ascii` tokenizer keeps together. In scripts
//! without spaces every character is a token, so that a substring is a phrase.

mod simple;

use self::simple::Simple;
use super::characters::{is_accent, is_spaceless, is_word, lower_into};
use unicode_normalization::UnicodeNormalization;

/// A token that no text folds to (private use). It separates parts, so that no phrase crosses them.
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
    let mut inside = false;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let behind = rest.get(c.len_utf8()..).unwrap_or_default();
        match simple::of(c, behind) {
            Some(Simple::Word(c)) => {
                inside = true;
                out.push(c);
            }
            Some(Simple::Words(letters)) => {
                inside = true;
                out.push_str(letters);
            }
            Some(Simple::Alone(c)) => push_alone(out, &mut inside, c),
            Some(Simple::Gap) => close(out, &mut inside),
            Some(Simple::Nothing) => {}
            None => {
                let (tangled, after) = rest.split_at(simple::tangled_len(rest));
                fold_tangled_into(out, &mut inside, tangled);
                rest = after;
                continue;
            }
        }
        rest = behind;
    }
    close(out, &mut inside);
}

/// Folds any text by Unicode's algorithms.
fn fold_tangled_into(out: &mut String, inside: &mut bool, text: &str) {
    for c in text.nfkd().filter(|c| !is_accent(*c)).nfc() {
        if is_spaceless(c) {
            push_alone(out, inside, c);
        } else if is_word(c) {
            *inside = true;
            lower_into(out, c);
        } else {
            close(out, inside);
        }
    }
}

/// A character that is a token.
fn push_alone(out: &mut String, inside: &mut bool, c: char) {
    close(out, inside);
    out.push(c);
    out.push(' ');
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
    // The text stays valid UTF-8: only ASCII was added.
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

    /// Texts of characters that fold by themselves and of such that join with what follows.
    fn mixed() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            "[a-zA-Z0-9 .,'-]{0,6}",
            "[\u{80}-\u{7ff}]{0,4}",
            "[\u{300}-\u{345}\u{483}\u{5b0}\u{64b}-\u{655}\u{6d6}\u{730}\u{93c}\u{200c}\u{3099}\u{309a}\u{ff9e}\u{ff9f}\u{f71}]{0,2}",
            "[\u{1e00}-\u{206f}]{0,4}",
            "[\u{900}-\u{e5b}]{0,3}",
            "[\u{3000}-\u{30ff}\u{4e00}-\u{4e20}]{0,4}",
            "[\u{ac00}-\u{ac40}\u{1100}-\u{11ff}\u{3131}-\u{318e}]{0,4}",
            "[\u{ff01}-\u{ffdc}\u{fb00}-\u{fb4f}]{0,3}",
            "\\PC{0,4}",
        ];
        proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn the_quick_way_of_folding_gives_what_the_standard_gives(text in mixed()) {
            let (mut slow, mut inside) = (String::from(" "), false);
            fold_tangled_into(&mut slow, &mut inside, &text);
            close(&mut slow, &mut inside);
            prop_assert_eq!(fold(&text), slow);
        }
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
