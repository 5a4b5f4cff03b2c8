//! The one sanitizer: whatever a publisher calls it, HTML enters here and leaves with nothing that runs, styles or
//! frames (SEC-10). ammonia does the work; before it stands a linear gate, because building a tree is quadratic in
//! nesting and in attributes (SEC-03, F7).

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashSet;
use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};

use super::text;
use crate::model::WebUrl;

/// Longest fragment read, in bytes; what follows is left out (SEC-12).
pub const HTML_BYTES_MAX: usize = 1024 * 1024;
/// Deepest nesting that a tree is built for; what is deeper becomes plain text.
const DEPTH_MAX: usize = 256;
/// Longest tag kept, in bytes.
const TAG_BYTES_MAX: usize = 16 * 1024;
/// Most attributes of a tag kept.
const ATTRIBUTES_MAX: usize = 64;

thread_local! {
    /// What relative URLs of the fragment at hand are resolved with: the shared sanitizer is built once, and
    /// ammonia hands its resolver nothing but the URL.
    static BASE: RefCell<Option<WebUrl>> = const { RefCell::new(None) };
}

static SANITIZER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = Builder::default();
    builder
        .add_tags([
            "audio", "big", "dir", "font", "picture", "source", "tfoot", "track", "video",
        ])
        .rm_tags(["area", "map"])
        .clean_content_tags(HashSet::from([
            "script", "style", "template", "noscript", "title", "iframe", "object", "applet",
            "noembed", "noframes", "select", "textarea",
        ]))
        .add_tag_attributes("audio", ["src", "controls"])
        .add_tag_attributes("video", ["src", "poster", "controls", "width", "height"])
        .add_tag_attributes("source", ["src", "type"])
        .add_tag_attributes("time", ["datetime"])
        .add_generic_attributes(["dir"])
        .url_schemes(HashSet::from(["http", "https", "mailto", "tel"]))
        .url_relative(UrlRelative::Custom(Box::new(resolve)))
        .link_rel(Some("noopener noreferrer"));
    builder
});

fn resolve(url: &str) -> Option<Cow<'_, str>> {
    BASE.with_borrow(|base| base.as_ref()?.join(url).ok())
        .map(|u| Cow::Owned(u.to_string()))
}

/// `html` with nothing executable left and every URL absolute; a URL that cannot be made so loses its attribute.
#[must_use]
pub fn sanitize(html: &str, base: Option<&WebUrl>) -> String {
    if !html.contains(['<', '&']) {
        return clean_controls(&html_escape::encode_text(html)).into_owned();
    }
    let html = cut(html);
    let gated = match gate(html) {
        Some(gated) => gated,
        None => {
            Cow::Owned(html_escape::encode_text(&text::from_html(&without_tags(html))).into_owned())
        }
    };
    BASE.set(base.cloned());
    let clean = SANITIZER.clean(&clean_controls(&gated)).to_string();
    BASE.set(None);
    clean
}

/// Controls that XML 1.0 forbids would make every feed that carries them ill-formed.
fn clean_controls(html: &str) -> Cow<'_, str> {
    let is_bad = |c: char| {
        c.is_control() && !matches!(c, '\n' | '\t' | '\r') || matches!(c, '\u{fffe}' | '\u{ffff}')
    };
    if html.contains(is_bad) {
        Cow::Owned(html.replace(is_bad, ""))
    } else {
        Cow::Borrowed(html)
    }
}

fn cut(html: &str) -> &str {
    let mut end = html.len().min(HTML_BYTES_MAX);
    while !html.is_char_boundary(end) {
        end -= 1;
    }
    let kept = html.get(..end).unwrap_or_default();
    if end < html.len()
        && let Some(tag) = kept.rfind('<')
    {
        // Not in the middle of a tag.
        return kept.get(..tag).unwrap_or_default();
    }
    kept
}

/// A tag as the gate sees it.
pub(super) struct Tag<'h> {
    pub(super) name: &'h str,
    pub(super) is_end: bool,
    /// Where it stands, `<` and `>` included.
    pub(super) start: usize,
    pub(super) end: usize,
    attributes: usize,
}

/// The next tag from `from` on. Quotes are honoured as HTML does; a tag without an end reaches to the end.
pub(super) fn next_tag(html: &str, from: usize) -> Option<Tag<'_>> {
    let bytes = html.as_bytes();
    let mut at = from;
    loop {
        let start = at + memchr::memchr(b'<', bytes.get(at..)?)?;
        let is_end = bytes.get(start + 1) == Some(&b'/');
        let name_at = start + 1 + usize::from(is_end);
        if !bytes.get(name_at).is_some_and(u8::is_ascii_alphabetic) {
            at = start + 1;
            continue;
        }
        let rest = bytes.get(name_at..)?;
        let name_len = rest
            .iter()
            .position(|b| b.is_ascii_whitespace() || matches!(b, b'>' | b'/'))
            .unwrap_or(rest.len());
        let (mut quote, mut attributes, mut gap) = (None, 0, true);
        let mut end = name_at + name_len;
        for b in bytes.get(end..)? {
            end += 1;
            match (quote, *b) {
                (None, b'>') => break,
                (None, b'"' | b'\'') => quote = Some(*b),
                (Some(q), b) if b == q => quote = None,
                (None, b) if b.is_ascii_whitespace() || b == b'/' => gap = true,
                (None, _) if gap => {
                    attributes += 1;
                    gap = false;
                }
                _ => {}
            }
        }
        return Some(Tag {
            name: html.get(name_at..name_at + name_len)?,
            is_end,
            start,
            end,
            attributes,
        });
    }
}

/// The fragment without monstrous tags and drawings, if its nesting is bounded; none if it is too deep.
fn gate(html: &str) -> Option<Cow<'_, str>> {
    let mut out = String::new();
    let mut copied = 0;
    let mut open: Vec<&str> = Vec::new();
    let mut at = 0;
    // Where no further end tag of a drawing follows: looked for once.
    let mut no_more = HashSet::new();
    while let Some(tag) = next_tag(html, at) {
        at = tag.end;
        let name = tag.name;
        let is_monster = tag.end - tag.start > TAG_BYTES_MAX || tag.attributes > ATTRIBUTES_MAX;
        let drawing = ["svg", "math"]
            .into_iter()
            .find(|d| name.eq_ignore_ascii_case(d));
        let skip_to = if is_monster {
            Some(tag.end)
        } else if let Some(drawing) = drawing {
            let end = (!tag.is_end && !no_more.contains(drawing))
                .then(|| end_of(html, tag.end, drawing))
                .flatten();
            if end.is_none() {
                no_more.insert(drawing);
            }
            Some(end.unwrap_or(tag.end))
        } else {
            None
        };
        if let Some(to) = skip_to {
            out.push_str(html.get(copied..tag.start)?);
            copied = to;
            at = to;
            continue;
        }
        if tag.is_end {
            if let Some(found) = open.iter().rposition(|o| o.eq_ignore_ascii_case(name)) {
                open.truncate(found);
            }
        } else if nests(name) {
            open.push(name);
            if open.len() > DEPTH_MAX {
                return None;
            }
        }
    }
    if copied == 0 {
        return Some(Cow::Borrowed(html));
    }
    out.push_str(html.get(copied..)?);
    Some(Cow::Owned(out))
}

/// The end of the next `</name>` from `from` on.
fn end_of(html: &str, from: usize, name: &str) -> Option<usize> {
    let mut at = from;
    while let Some(tag) = next_tag(html, at) {
        at = tag.end;
        if tag.is_end && tag.name.eq_ignore_ascii_case(name) {
            return Some(at);
        }
    }
    None
}

/// Whether an element keeps what follows inside it until it is closed: not the void ones, and not those that
/// their own kind closes.
fn nests(name: &str) -> bool {
    const FLAT: &[&str] = &[
        "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source",
        "track", "wbr", "p", "li", "td", "tr", "th", "dt", "dd", "option", "tbody", "thead",
        "tfoot",
    ];
    !FLAT.iter().any(|f| f.eq_ignore_ascii_case(name))
}

/// The fragment with every tag replaced by a space.
fn without_tags(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut at = 0;
    while let Some(tag) = next_tag(html, at) {
        out.push_str(html.get(at..tag.start).unwrap_or_default());
        out.push(' ');
        at = tag.end;
    }
    out.push_str(html.get(at..).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean(html: &str) -> String {
        let base = WebUrl::parse("https://a.example/d/f.xml").unwrap();
        sanitize(html, Some(&base))
    }

    #[test]
    fn sec_10_nothing_that_runs_or_styles_is_left() {
        assert_eq!(
            clean(
                "<p style='x' onclick='y()' class=z>a<script>b()</script><iframe src=x>c</iframe></p>"
            ),
            "<p>a</p>"
        );
        assert_eq!(
            clean("<a href='javascript:x()'>a</a><img src='data:text/html,x' onerror=y>"),
            "<a rel=\"noopener noreferrer\">a</a><img>"
        );
        assert_eq!(
            clean("a<svg><script>x()</script></svg><math><b>b"),
            "a<b>b</b>"
        );
    }

    #[test]
    fn sec_11_every_url_is_absolute() {
        assert_eq!(
            clean("<img src='../i.png'>"),
            "<img src=\"https://a.example/i.png\">"
        );
        assert_eq!(
            sanitize("<img src='../i.png' alt=x>", None),
            "<img alt=\"x\">"
        );
    }

    #[test]
    fn sec_03_depth_and_attributes_are_bounded() {
        let deep = format!("{}x{}", "<div>".repeat(100_000), "</div>".repeat(100_000));
        assert_eq!(clean(&deep), "x");
        let wide = format!("a<b {}>c</b>", "x=1 ".repeat(100_000));
        assert_eq!(clean(&wide), "ac");
        let drawings = "<svg>".repeat(100_000);
        assert_eq!(clean(&drawings), "");
    }

    #[test]
    fn plain_text_is_html_too() {
        assert_eq!(clean("a > b"), "a &gt; b");
        assert_eq!(clean("a < b & c"), "a &lt; b &amp; c");
    }
}
