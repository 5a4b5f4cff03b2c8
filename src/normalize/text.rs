//! The readable text of an HTML fragment. Never keeps markup, scripts or style.

use std::cell::{Cell, RefCell};

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{
    BufferQueue, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};

/// Elements that begin a paragraph of their own.
const BLOCKS: &[&str] = &[
    "address",
    "article",
    "aside",
    "blockquote",
    "dd",
    "div",
    "dl",
    "dt",
    "figcaption",
    "figure",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "li",
    "main",
    "nav",
    "ol",
    "p",
    "pre",
    "section",
    "table",
    "td",
    "th",
    "tr",
    "ul",
];

/// Elements whose text nobody reads.
const SILENT: &[&str] = &["script", "style", "template", "noscript", "head", "title"];

/// The text of `html`: white space collapsed, paragraphs parted by an empty line, `br` a line break,
/// two of them a paragraph's end.
#[must_use]
pub fn from_html(html: &str) -> String {
    let input = BufferQueue::default();
    input.push_back(StrTendril::from(html));
    let tokenizer = Tokenizer::new(Reader::default(), TokenizerOpts::default());
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    let mut out = tokenizer.sink.out.into_inner();
    out.truncate(out.trim_end().len());
    out
}

#[derive(Default)]
struct Reader {
    out: RefCell<String>,
    /// Line breaks owed before the next word.
    breaks: Cell<u8>,
    /// A space is owed before the next word.
    space: Cell<bool>,
    silent: Cell<u32>,
}

impl Reader {
    fn text(&self, text: &str) {
        if self.silent.get() > 0 {
            return;
        }
        let mut out = self.out.borrow_mut();
        for c in text.chars() {
            if c.is_whitespace() {
                self.space.set(true);
                continue;
            }
            if !out.is_empty() {
                match self.breaks.get() {
                    0 if self.space.get() => out.push(' '),
                    0 => {}
                    1 => out.push('\n'),
                    _ => out.push_str("\n\n"),
                }
            }
            self.breaks.set(0);
            self.space.set(false);
            out.push(c);
        }
    }
}

impl TokenSink for Reader {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        match token {
            Token::CharacterTokens(text) => self.text(&text),
            Token::TagToken(tag) => {
                let name = &*tag.name;
                if SILENT.contains(&name) {
                    let depth = self.silent.get();
                    self.silent.set(match tag.kind {
                        TagKind::StartTag => depth + 1,
                        TagKind::EndTag => depth.saturating_sub(1),
                    });
                } else if name == "br" {
                    self.breaks.set((self.breaks.get() + 1).min(2));
                } else if BLOCKS.contains(&name) {
                    self.breaks.set(2);
                }
            }
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

#[cfg(test)]
mod tests {
    use super::from_html;

    #[test]
    fn blocks_are_paragraphs_and_white_space_collapses() {
        let html = "<p>One  &amp;\n two</p><div>three<br>four</div><ul><li>a<li>b</ul>";
        assert_eq!(from_html(html), "One & two\n\nthree\nfour\n\na\n\nb");
    }

    #[test]
    fn scripts_and_comments_are_not_text() {
        assert_eq!(
            from_html("a<script>x()</script><!-- no --> b<style>p{}</style>"),
            "a b"
        );
    }
}
