//! What may stand in a document: characters that XML has, lines that are lines, and lines that are no markup to anybody.

/// `text` without what XML 1.0 has no character for (section 2.2) or discourages: controls of both sets, U+FFFE and U+FFFF.
pub fn clean(text: &str) -> String {
    text.chars().filter(|c| is_xml(*c)).collect()
}

fn is_xml(c: char) -> bool {
    let is_control = c.is_control() && !matches!(c, '\t' | '\n' | '\r');
    !is_control && !matches!(c, '\u{fffe}' | '\u{ffff}')
}

/// `text` as one clean line, white space collapsed.
pub fn line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_whitespace() {
            if !out.is_empty() && !out.ends_with(' ') {
                out.push(' ');
            }
        } else if is_xml(c) {
            out.push(c);
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// A line of text that, read as HTML, shows that same text and never holds markup (SEC-16): RSS does not say whether a
/// title is text or HTML, and readers differ. `AT&T` and `a < b` stay as they are and so read right either way; what HTML
/// would take for a tag or a reference has its first character escaped.
pub fn inert(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        let rest = text.get(at + 1..).unwrap_or_default();
        match c {
            '<' if begins_tag(rest) => out.push_str("&lt;"),
            '&' if begins_reference(rest) => out.push_str("&amp;"),
            c => out.push(c),
        }
    }
    out
}

/// Whether nobody could take a line of text for HTML.
pub fn is_inert(text: &str) -> bool {
    inert(text) == text
}

/// HTML standard, 13.2.5.6 "tag open state".
fn begins_tag(rest: &str) -> bool {
    rest.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?'))
}

/// HTML standard, 13.2.5.72 "character reference state", and a little more, as checkers look for it. No reference is a
/// single letter.
fn begins_reference(rest: &str) -> bool {
    let mut name = rest
        .chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_');
    match name.next() {
        Some(first) => !first.is_alphabetic() || name.next().is_some(),
        None => rest.starts_with('#'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_16_what_is_no_markup_stays_and_markup_is_escaped() {
        for same in ["AT&T, Q&A", "a < b > c", "fish & chips", "1 <3 2", "]]>"] {
            assert_eq!(inert(same), same);
        }
        assert_eq!(inert("<b>x</b>"), "&lt;b>x&lt;/b>");
        assert_eq!(inert("<!-- <?php"), "&lt;!-- &lt;?php");
        assert_eq!(inert("&lt; &#60; &copy2"), "&amp;lt; &amp;#60; &amp;copy2");
    }

    #[test]
    fn sec_16_a_line_holds_nothing_that_xml_has_no_character_for() {
        assert_eq!(
            line(" a\0b\u{b}\u{fffe}\u{7f}\u{9f}c\r\n\td \u{ffff} "),
            "ab cd d"
        );
        assert_eq!(clean("a\u{1b}\n\tb"), "a\n\tb");
    }
}
