//! Escaped HTML as its author intended it: text without markup keeps its lines, and text that is markup after one more round
//! of unescaping was escaped twice. Never unescapes text about markup.

use std::borrow::Cow;

use super::plain_body;
use crate::text::references;
use crate::text::tokens::{self, Token};

/// The HTML that the text of a body represents.
pub fn html_meant(text: &str) -> Cow<'_, str> {
    if text.contains('<') {
        return Cow::Borrowed(text);
    }
    let unescaped = references::resolve(text);
    if is_all_blocks(&unescaped) {
        return Cow::Owned(unescaped.into_owned());
    }
    let text = plain_body::without_indentation(plain_body::cut(text));
    Cow::Owned(plain_body::html_of_lines(&text))
}

/// Whether a text is closed blocks of HTML and nothing else. Text about markup is also between its tags, leaves them open,
/// or shows a single element.
fn is_all_blocks(text: &str) -> bool {
    if !text.trim_start().starts_with('<') {
        return false;
    }
    let mut open: Vec<&str> = Vec::new();
    let mut elements = 0;
    for token in tokens::of(text) {
        elements += usize::from(matches!(token, Token::Tag(tag) if !tag.is_end));
        match token {
            Token::Text(text) if open.is_empty() && !text.trim().is_empty() => return false,
            Token::Tag(tag) if !is_block(tag.name) => {
                if open.is_empty() {
                    return false;
                }
            }
            Token::Tag(tag) if !tag.is_end => open.push(tag.name),
            Token::Tag(tag) => match open.pop() {
                Some(name) if tag.is(name) => {}
                _ => return false,
            },
            Token::Text(_) | Token::Silent(_) => {}
        }
    }
    open.is_empty() && elements > 1
}

fn is_block(name: &str) -> bool {
    const BLOCKS: [&str; 18] = [
        "article",
        "blockquote",
        "div",
        "dl",
        "figure",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "li",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "ul",
    ];
    BLOCKS.iter().any(|block| name.eq_ignore_ascii_case(block))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_that_was_escaped_twice_is_html() {
        for html in [
            "<p>One <i>boat</i></p>",
            "<p>One</p><p>Two</p>",
            "<h2>Changes</h2>\n<p>Fixed the <b>winch</b> &amp; rope<br></p>",
            "<ul><li>a</li><li>b</li></ul>",
        ] {
            let twice = html_escape::encode_text(html);
            assert_eq!(html_meant(&twice), html);
        }
    }

    #[test]
    fn text_about_markup_stays_text() {
        for text in [
            "Use &lt;em&gt; for stress.",
            "&lt;p&gt; begins a paragraph",
            "&lt;p&gt;one&lt;/p&gt; and &lt;p&gt;two&lt;/p&gt;",
            "&lt;em&gt;x&lt;/em&gt;",
            "&lt;div&gt;",
            "&lt;p&gt;A paragraph&lt;/p&gt;",
            "Fish &amp; chips",
        ] {
            assert_eq!(html_meant(text), text);
        }
    }
}
