//! What may stand in a document: characters that XML has, lines that are lines, and lines that are no markup to anybody.

use std::borrow::Cow;
use std::cell::RefCell;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{
    BufferQueue, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};

use crate::model::unicode::is_noncharacter;

/// `text` without what XML 1.0 has no character for (section 2.2) or discourages: controls of both sets, and what Unicode
/// calls noncharacters, which no HTML may hold either.
pub fn clean(text: &str) -> String {
    text.chars().filter(|c| is_xml(*c)).collect()
}

fn is_xml(c: char) -> bool {
    let is_control = c.is_control() && !matches!(c, '\t' | '\n' | '\r');
    !is_control && !is_noncharacter(c)
}

/// What turns the direction of what stands around it: a name with one of these could dress up its neighbours (SEC-14).
/// Ingest takes them out of what publishers say; titles of the configuration come here as they are.
fn turns(c: char) -> bool {
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
        } else if is_xml(c) && !turns(c) {
            out.push(c);
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// A line of text that, read as HTML, shows that same text and never holds markup (SEC-16): RSS does not say whether a
/// title is text or HTML, and readers differ. What reads the same either way (`AT&T`, `a < b`) stays as it is; the rest
/// is written as HTML.
pub fn inert(text: &str) -> Cow<'_, str> {
    if is_inert(text) {
        Cow::Borrowed(text)
    } else {
        html_escape::encode_text(text)
    }
}

/// Whether a line of text shows itself when somebody takes it for HTML.
pub fn is_inert(text: &str) -> bool {
    if !text.contains(['<', '&']) {
        return true;
    }
    let input = BufferQueue::default();
    input.push_back(StrTendril::from(text));
    let tokenizer = Tokenizer::new(Shown::default(), TokenizerOpts::default());
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    tokenizer.sink.0.into_inner() == text
}

/// What HTML shows; a tag shows as a control, which no text holds.
#[derive(Default)]
struct Shown(RefCell<String>);

impl TokenSink for Shown {
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
    fn sec_16_what_is_no_markup_stays_and_markup_is_escaped() {
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
    fn sec_16_a_line_holds_nothing_that_xml_has_no_character_for() {
        assert_eq!(
            line(" a\0b\u{b}\u{fffe}\u{7f}c\u{fdd0}\u{85}\r\n\td \u{ffff} \u{1ffff}"),
            "ab c d"
        );
        assert_eq!(clean("a\u{1b}\n\tb"), "a\n\tb");
    }
}
