//! Which characters make words, carry accents, or are not allowed in text.

use unicode_normalization::char::is_combining_mark;

use crate::model::unicode::is_noncharacter;

/// Whether a character could affect more than its own cell on a terminal: a control character, or one that changes the text
/// direction (Unicode annex 9: embeddings, overrides and isolates).
pub fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}' | '\u{feff}')
}

/// Whether a character is part of a word: letters, digits and combining marks.
pub(crate) fn is_word(c: char) -> bool {
    if c.is_ascii() {
        c.is_ascii_alphanumeric()
    } else {
        (c.is_alphanumeric() || is_combining_mark(c)) && c != '\u{E000}'
    }
}

/// Whether a character is a mark that people leave out when they type: accents, Hebrew points, Arabic vowels. The vowel signs of
/// Indic scripts are not: they distinguish words.
pub(crate) fn is_accent(c: char) -> bool {
    matches!(c,
        '\u{0300}'..='\u{036F}' | '\u{0483}'..='\u{0489}' | '\u{0591}'..='\u{05C7}' | '\u{0610}'..='\u{061A}'
        | '\u{0640}' | '\u{064B}'..='\u{065F}' | '\u{0670}' | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}'
        | '\u{20D0}'..='\u{20FF}' | '\u{FE00}'..='\u{FE0F}' | '\u{FE20}'..='\u{FE2F}' | '\u{200C}'..='\u{200F}'
        | '\u{00AD}')
}

/// Whether a character belongs to a script without spaces between words: Thai, Lao, Myanmar, Khmer, kana, Han.
pub(crate) fn is_spaceless(c: char) -> bool {
    matches!(c,
        '\u{0E01}'..='\u{0E3A}' | '\u{0E40}'..='\u{0E4E}' | '\u{0E81}'..='\u{0EDF}' | '\u{1000}'..='\u{109F}'
        | '\u{1780}'..='\u{17D3}' | '\u{3005}'..='\u{3007}' | '\u{3041}'..='\u{30FA}' | '\u{30FC}'..='\u{30FF}'
        | '\u{31F0}'..='\u{31FF}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}'
        | '\u{20000}'..='\u{3FFFD}')
        && is_word(c)
}

/// Appends the lower case of a character, with ligatures and barred letters spelled out, as people type them.
pub(super) fn lower_into(out: &mut String, c: char) {
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

/// Whether a character is allowed in text: no control, no bidi embedding, override or isolate, no noncharacter (SEC-14).
pub(super) fn is_text(c: char) -> bool {
    !c.is_control()
        && !matches!(c,
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
        && !is_noncharacter(c)
}

/// Whether a character is removed from text of several lines.
pub(super) fn is_forbidden(c: char) -> bool {
    !matches!(c, '\n' | '\t' | '\r') && !is_text(c)
}
