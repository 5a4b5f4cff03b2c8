//! The characters that a document may contain, single lines, and lines that no reader takes for markup.

use std::borrow::Cow;
use std::cell::RefCell;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{
    BufferQueue, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};

use crate::model::unicode::is_noncharacter;

/// `text` without the characters that XML 1.0 excludes (section 2.2) or discourages: control characters, and Unicode's
/// noncharacters, which HTML excludes too.
pub fn clean(text: &str) -> String {
    text.chars().filter(|c| is_xml(*c)).collect()
}

fn is_xml(c: char) -> bool {
    let is_control = c.is_control() && !matches!(c, '\t' | '\n' | '\r');
    !is_control && !is_noncharacter(c)
}

/// Bidirectional controls, which can reorder the text around a name (SEC-14). Ingest removes them from publishers' texts;
/// titles from the configuration may still have them.
fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// `text` as one clean line, white space collapsed.
pub fn line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_whitespace() {
            if !out.is_empty() && !out.ends_with(' ') {
                out.push(' ');
            }
        } else if is_xml(c) && !is_bidi_control(c) {
            out.push(c);
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// A line of text that shows the same text if it is read as HTML, without markup (SEC-16): RSS does not say whether a title
/// is text or HTML, and readers differ. Text that reads the same either way (`AT&T`, `a < b`) is unchanged; other text is
/// escaped.
pub fn inert(text: &str) -> Cow<'_, str> {
    if is_inert(text) {
        Cow::Borrowed(text)
    } else {
        html_escape::encode_text(text)
    }
}

/// Whether a line of text shows the same text if it is read as HTML.
pub fn is_inert(text: &str) -> bool {
    if !text.contains(['<', '&']) {
        return true;
    }
    let input = BufferQueue::default();
    input.push_back(StrTendril::from(text));
    let tokenizer = Tokenizer::new(HtmlText::default(), TokenizerOpts::default());
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    tokenizer.sink.0.into_inner() == text
}

/// The text that HTML shows; a tag becomes a NUL, which no text contains.
#[derive(Default)]
struct HtmlText(RefCell<String>);

impl TokenSink for HtmlText {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut shown = self.0.borrow_mut();
        match token {
            Token::CharacterTokens(text) => shown.push_str(&text),
            Token::ParseError(_) | Token::EOFToken => {}
            _ => shown.push('\0'),
        }
        TokenSinkResult::Continue
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_16_text_without_markup_is_unchanged_and_markup_is_escaped() {
        for same in ["AT&T, S&P500", "a < b > c", "fish & chips", "1 <3 2", "]]>"] {
            assert_eq!(inert(same), same);
        }
        for (text, html) in [
            ("<b>x</b>", "&lt;b&gt;x&lt;/b&gt;"),
            ("a <!-- b", "a &lt;!-- b"),
            ("&lt;", "&amp;lt;"),
            ("&#60;", "&amp;#60;"),
            ("AT&T &copy2", "AT&amp;T &amp;copy2"),
        ] {
            assert_eq!(inert(text), html);
        }
    }

    #[test]
    fn sec_16_a_line_has_only_characters_of_xml() {
        assert_eq!(
            line(" a\0b\u{b}\u{fffe}\u{7f}c\u{fdd0}\u{85}\r\n\td \u{ffff} \u{1ffff}"),
            "ab c d"
        );
        assert_eq!(clean("a\u{1b}\n\tb"), "a\n\tb");
    }
}
