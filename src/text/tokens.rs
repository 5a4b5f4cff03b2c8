//! HTML as a sequence of texts and tags, split as browsers do (HTML standard section 13.2.5). Linear in its input. Never
//! builds a tree, and never decides what is allowed.

use memchr::{memchr, memmem};

/// A piece of HTML.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Token<'h> {
    /// Text, references not resolved. A `<` that begins no tag is text.
    Text(&'h str),
    /// A start or end tag.
    Tag(Tag<'h>),
    /// What is not displayed: a comment, a declaration, the content of `script` and similar elements.
    Silent(&'h str),
}

/// A tag as written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tag<'h> {
    /// The name.
    pub(crate) name: &'h str,
    /// Whether it is an end tag.
    pub(crate) is_end: bool,
    /// Whether its `>` is there; one without it reaches to the next `>` there is, and holds nothing.
    pub(crate) is_whole: bool,
    /// Its first byte, that of `<`.
    pub(crate) start: usize,
    /// The byte after it.
    pub(crate) end: usize,
    html: &'h str,
    /// Where its name ends.
    name_end: usize,
}

impl<'h> Tag<'h> {
    /// The tag that ends a text which is being written: where it starts, and how long its name is.
    pub(super) fn last_of(html: &'h str, start: usize, name: &'h str, is_end: bool) -> Self {
        Self {
            name,
            is_end,
            is_whole: true,
            start,
            end: html.len(),
            html,
            name_end: start + 1 + usize::from(is_end) + name.len(),
        }
    }

    /// The part of the fragment between two places.
    pub(super) fn between(&self, from: usize, to: usize) -> &'h str {
        self.html.get(from..to).unwrap_or_default()
    }

    /// Whether this is its name, in any case.
    pub(crate) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// Whether it ends in `/>`: drawings close so.
    pub(crate) fn is_closed(&self) -> bool {
        self.html.get(..self.end).is_some_and(|t| t.ends_with("/>"))
    }

    /// What follows its name, including `>`.
    pub(crate) fn after_name(&self) -> &'h str {
        self.html.get(self.name_end..self.end).unwrap_or_default()
    }

    /// Its attributes as written: name and value, references not resolved.
    pub(crate) fn attributes(&self) -> Attributes<'h> {
        Attributes {
            html: if self.is_whole { self.html } else { "" },
            at: self.name_end,
        }
    }
}

/// Walks the tokens of a fragment.
pub(crate) struct Tokens<'h> {
    html: &'h str,
    at: usize,
    /// Where the silent piece ends that comes next: the inside of a raw element.
    raw: Option<usize>,
    /// A raw element had no end tag: looked for once.
    is_endless: bool,
}

impl<'h> Tokens<'h> {
    /// How far the walk is, in bytes.
    pub(crate) fn place(&self) -> usize {
        self.at
    }

    /// A part of the fragment.
    pub(crate) fn between(&self, from: usize, to: usize) -> &'h str {
        self.html.get(from..to).unwrap_or_default()
    }
}

impl Tokens<'_> {
    /// Moves behind the next end tag of this name. `None` if there is none, and nothing is skipped then.
    pub(crate) fn skip_to_end_of(&mut self, name: &str) -> Option<()> {
        let mut ahead = Tokens {
            html: self.html,
            at: self.at,
            raw: self.raw,
            is_endless: self.is_endless,
        };
        while let Some(token) = ahead.next() {
            if let Token::Tag(tag) = token
                && tag.is_end
                && tag.is(name)
            {
                *self = ahead;
                return Some(());
            }
        }
        None
    }
}

impl Tokens<'_> {
    /// The end of a raw element's content. A title without an end tag ends at once; a script without one takes the rest.
    fn end_of_raw(&mut self, name: &str) -> Option<usize> {
        let is_code = !name.eq_ignore_ascii_case("title");
        if is_code || !self.is_endless {
            let found = end_tag(self.html, self.at, name);
            self.is_endless |= found.is_none();
            return found.or(is_code.then_some(self.html.len()));
        }
        None
    }
}

/// Elements whose content is not markup (HTML standard section 13.2.6.2), except those whose content we keep: without frames
/// and scripts it is read as markup.
const RAW: &[&str] = &["script", "style", "title"];

/// The tokens of `html`.
pub(crate) fn of(html: &str) -> Tokens<'_> {
    #[cfg(test)]
    WALKS.with(|walks| walks.set(walks.get() + 1));
    Tokens {
        html,
        at: 0,
        raw: None,
        is_endless: false,
    }
}

/// The next tag from `from` on.
pub(crate) fn next_tag(html: &str, from: usize) -> Option<Tag<'_>> {
    let mut tokens = Tokens {
        html,
        at: from,
        raw: None,
        is_endless: false,
    };
    tokens.find_map(|token| match token {
        Token::Tag(tag) => Some(tag),
        _ => None,
    })
}

impl<'h> Iterator for Tokens<'h> {
    type Item = Token<'h>;

    fn next(&mut self) -> Option<Token<'h>> {
        if let Some(end) = self.raw.take() {
            let inside = self.html.get(self.at..end)?;
            self.at = end;
            return Some(Token::Silent(inside));
        }
        let rest = self.html.get(self.at..).filter(|r| !r.is_empty())?;
        let text = text_len(rest);
        if text > 0 {
            self.at += text;
            return rest.get(..text).map(Token::Text);
        }
        let Some(tag) = tag_at(self.html, self.at) else {
            let silent = rest.get(..silent_len(rest))?;
            self.at += silent.len();
            return Some(Token::Silent(silent));
        };
        self.at = tag.end;
        if !tag.is_end && tag.is_whole && RAW.iter().any(|r| tag.is(r)) {
            self.raw = self.end_of_raw(tag.name);
        }
        Some(Token::Tag(tag))
    }
}

/// How long the text at the start is.
fn text_len(html: &str) -> usize {
    let bytes = html.as_bytes();
    let mut at = 0;
    while let Some(found) = bytes.get(at..).and_then(|b| memchr(b'<', b)) {
        let here = at + found;
        let begins = match bytes.get(here + 1) {
            Some(b'/') => here + 2 < bytes.len(),
            Some(b'!' | b'?') => true,
            Some(b) => b.is_ascii_alphabetic(),
            None => false,
        };
        if begins {
            return here;
        }
        at = here + 1;
    }
    bytes.len()
}

fn tag_at(html: &str, start: usize) -> Option<Tag<'_>> {
    let bytes = html.as_bytes();
    let is_end = bytes.get(start + 1) == Some(&b'/');
    let name_at = start + 1 + usize::from(is_end);
    if !bytes.get(name_at).is_some_and(u8::is_ascii_alphabetic) {
        return None;
    }
    let after = bytes.get(name_at..)?;
    let name_len = after
        .iter()
        .position(|b| b.is_ascii_whitespace() || matches!(b, b'>' | b'/'))
        .unwrap_or(after.len());
    let inner_at = name_at + name_len;
    let whole = end_of_tag(html, inner_at);
    // A quote that is never closed would swallow the rest of the article.
    let end = whole.or_else(|| Some(inner_at + memchr(b'>', bytes.get(inner_at..)?)? + 1));
    let end = end.unwrap_or(bytes.len());
    Some(Tag {
        name: html.get(name_at..inner_at)?,
        is_end,
        is_whole: whole.is_some(),
        start,
        end,
        html,
        name_end: inner_at,
    })
}

/// The byte after the `>` of a tag whose name ended at `at`. A quote counts only at the start of a value.
fn end_of_tag(html: &str, at: usize) -> Option<usize> {
    let mut at = at;
    loop {
        match step(html.as_bytes(), at)? {
            Step::End(end) => return Some(end),
            Step::Attribute { next, .. } => at = next,
        }
    }
}

/// A position inside a tag.
enum Step {
    /// Its `>`, and the byte after it.
    End(usize),
    /// An attribute; places of its name and value, and where to go on.
    Attribute {
        name: (usize, usize),
        value: (usize, usize),
        next: usize,
    },
}

/// Reads one attribute or the end of a tag (HTML standard sections 13.2.5.32 to 13.2.5.39). `None` at the end of the text.
fn step(bytes: &[u8], at: usize) -> Option<Step> {
    let skip = |at: usize, is: fn(u8) -> bool| {
        let rest = bytes.get(at..)?;
        rest.iter().position(|b| !is(*b)).map(|n| at + n)
    };
    let is_blank = |b: u8| b.is_ascii_whitespace();
    let start = skip(at, |b| b.is_ascii_whitespace() || b == b'/')?;
    if bytes.get(start) == Some(&b'>') {
        return Some(Step::End(start + 1));
    }
    // A name may begin with `=`.
    let name_end = skip(start + 1, |b| {
        !b.is_ascii_whitespace() && !matches!(b, b'/' | b'>' | b'=')
    })?;
    let name = (start, name_end);
    let after = skip(name_end, is_blank)?;
    if bytes.get(after) != Some(&b'=') {
        return Some(Step::Attribute {
            name,
            value: (name_end, name_end),
            next: after,
        });
    }
    let value = skip(after + 1, is_blank)?;
    match *bytes.get(value)? {
        quote @ (b'"' | b'\'') => {
            let end = value + 1 + memchr(quote, bytes.get(value + 1..)?)?;
            Some(Step::Attribute {
                name,
                value: (value + 1, end),
                next: end + 1,
            })
        }
        _ => {
            let end = skip(value, |b| !b.is_ascii_whitespace() && b != b'>')?;
            Some(Step::Attribute {
                name,
                value: (value, end),
                next: end,
            })
        }
    }
}

/// Walks the attributes of a tag: names and values as written.
pub(crate) struct Attributes<'h> {
    html: &'h str,
    at: usize,
}

impl<'h> Iterator for Attributes<'h> {
    type Item = (&'h str, &'h str);

    fn next(&mut self) -> Option<Self::Item> {
        match step(self.html.as_bytes(), self.at)? {
            Step::End(_) => None,
            Step::Attribute { name, value, next } => {
                self.at = next;
                Some((
                    self.html.get(name.0..name.1)?,
                    self.html.get(value.0..value.1)?,
                ))
            }
        }
    }
}

/// The attributes in the text between the name of a tag and its `>`.
pub(crate) fn attributes_in(inner: &str) -> Attributes<'_> {
    Attributes { html: inner, at: 0 }
}

/// How long the comment or declaration at the start is.
fn silent_len(html: &str) -> usize {
    let bytes = html.as_bytes();
    if !html.starts_with("<!--") || html.starts_with("<!-->") || html.starts_with("<!--->") {
        return memchr(b'>', bytes).map_or(bytes.len(), |at| at + 1);
    }
    let mut at = 4;
    while let Some(found) = bytes.get(at..).and_then(|b| memmem::find(b, b"--")) {
        at += found;
        let after = bytes.get(at + 2..).unwrap_or_default();
        if after.starts_with(b">") {
            return at + 3;
        }
        if after.starts_with(b"!>") {
            return at + 4;
        }
        at += 1;
    }
    bytes.len()
}

/// The place of the next end tag of a raw element.
fn end_tag(html: &str, from: usize, name: &str) -> Option<usize> {
    let bytes = html.as_bytes();
    let mut at = from;
    while let Some(found) = bytes.get(at..).and_then(|b| memmem::find(b, b"</")) {
        let here = at + found;
        let after = bytes.get(here + 2..).unwrap_or_default();
        let is_name = after
            .get(..name.len())
            .is_some_and(|n| n.eq_ignore_ascii_case(name.as_bytes()));
        let ends = after
            .get(name.len())
            .is_none_or(|b| b.is_ascii_whitespace() || matches!(b, b'>' | b'/'));
        if is_name && ends {
            return Some(here);
        }
        at = here + 2;
    }
    None
}

#[cfg(test)]
thread_local! {
    static WALKS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// How many fragments were walked over on this thread.
#[cfg(test)]
pub(crate) fn walks() -> usize {
    WALKS.with(std::cell::Cell::get)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(html: &str) -> Vec<String> {
        of(html)
            .map(|token| match token {
                Token::Text(text) => text.to_owned(),
                Token::Silent(_) => "-".to_owned(),
                Token::Tag(tag) => {
                    let attributes: String = tag
                        .attributes()
                        .map(|(name, value)| format!(" {name}={value}"))
                        .collect();
                    let slash = if tag.is_end { "/" } else { "" };
                    format!("<{slash}{}{attributes}>", tag.name)
                }
            })
            .collect()
    }

    #[test]
    fn texts_tags_and_what_is_neither() {
        assert_eq!(
            shown("a < b<B x=1 y='2>' Z>c</B ><br/><!-- <i> -->d<!DOCTYPE x></ x>e</>"),
            [
                "a < b",
                "<B x=1 y=2> Z=>",
                "c",
                "</B>",
                "<br>",
                "-",
                "d",
                "-",
                "-",
                "e",
                "-"
            ]
        );
    }

    #[test]
    fn a_quote_opens_only_a_value() {
        // One quote too many, seen in the wild: browsers end the tag all the same.
        assert_eq!(
            shown("<source src=\"a.mp3=\"audio/mpeg\" />text \"x\""),
            ["<source src=a.mp3= audio= mpeg\"=>", "text \"x\""]
        );
        assert_eq!(shown("<a =x href = y>z"), ["<a =x= href=y>", "z"]);
    }

    #[test]
    fn a_tag_that_never_ends_holds_nothing_back() {
        assert_eq!(
            shown("<a href=\"x>text</a> more"),
            ["<a>", "text", "</a>", " more"]
        );
        assert_eq!(shown("a<b"), ["a", "<b>"]);
        assert_eq!(shown("a<"), ["a<"]);
        assert_eq!(shown("<!-- a"), ["-"]);
    }

    #[test]
    fn the_inside_of_a_script_is_no_markup() {
        assert_eq!(
            shown("<script>if (a<b) '<p>'</script x>c<style>d"),
            ["<script>", "-", "</script x=>", "c", "<style>", "-"]
        );
        assert_eq!(shown("<title>a<b>"), ["<title>", "a", "<b>"]);
    }
}
