//! Repairs the delimiters of XML before a reader sees them: an unescaped or unclosed one must cost a value, never the
//! document. One pass; text without errors is not copied.

use std::borrow::Cow;

use memchr::{memchr, memchr3};

use super::fields;
use super::warnings::Warnings;
use crate::text::tokens;

/// A text in which every `<` begins markup that ends. Document type declarations are left out: nothing in them is used
/// (SEC-02).
pub fn mend<'t>(text: &'t str, warnings: &mut Warnings) -> Cow<'t, str> {
    let mut mender = Mender {
        text,
        out: String::new(),
        copied: 0,
        endless: Endless::default(),
        feed_end: None,
        faults: Vec::new(),
    };
    let mut at = 0;
    while let Some(found) = text.as_bytes().get(at..).and_then(|b| memchr(b'<', b)) {
        let next = mender.mark(at + found);
        // Moves forward in every case.
        at = next.max(at + found + 1);
    }
    mender.faults.into_iter().for_each(|f| warnings.add(f));
    if mender.copied == 0 {
        return Cow::Borrowed(text);
    }
    mender
        .out
        .push_str(text.get(mender.copied..).unwrap_or_default());
    Cow::Owned(mender.out)
}

struct Mender<'t> {
    text: &'t str,
    out: String,
    /// How much of the text is in `out`.
    copied: usize,
    endless: Endless,
    /// Where the last end tag of a feed stands; looked for when it is first asked for.
    feed_end: Option<usize>,
    faults: Vec<&'static str>,
}

/// Which ends no longer occur: looked for once, so that a document of beginnings costs no more than its length.
#[derive(Default)]
struct Endless {
    cdata: bool,
    comment: bool,
    odd_comment: bool,
    instruction: bool,
    document_type: bool,
}

impl<'t> Mender<'t> {
    /// Handles the `<` at `here`. Returns where to continue.
    fn mark(&mut self, here: usize) -> usize {
        let rest = self.text.get(here..).unwrap_or_default();
        match rest.as_bytes().get(1) {
            Some(b'!') if begins(rest, "<![CDATA[") => self.cdata(here, rest),
            Some(b'!') if rest.starts_with("<!--") => self.comment(here, rest),
            Some(b'!') if begins(rest, "<!DOCTYPE") => {
                let end = here + document_type_len(rest, &mut self.endless.document_type);
                self.replace(here, end, "");
                end
            }
            Some(b'?') => self.instruction(here, rest),
            _ if begins_tag(rest) => self.tag(here, rest),
            _ => {
                self.fault("a < that does not begin a tag was read as text");
                self.replace(here, here + 1, "&lt;");
                here + 1
            }
        }
    }

    fn cdata(&mut self, here: usize, rest: &str) -> usize {
        let start = here + "<![CDATA[".len();
        let end = end_of(rest, "]]>", &mut self.endless.cdata);
        let Some(end) = end else {
            self.fault("a CDATA section never ends");
            if self.breaks_off_behind(here) {
                self.replace(here, start, "<![CDATA[");
                self.replace(self.text.len(), self.text.len(), "]]>");
                return self.text.len();
            }
            self.replace(here, start, "");
            return start;
        };
        if !rest.starts_with("<![CDATA[") {
            self.replace(here, start, "<![CDATA[");
        }
        here + end
    }

    /// Whether the document breaks off behind `here`: then what has no end was cut off, and nothing in it is the feed's.
    fn breaks_off_behind(&mut self, here: usize) -> bool {
        let text = self.text;
        here > *self
            .feed_end
            .get_or_insert_with(|| fields::last_end_of_a_channel(text))
    }

    fn comment(&mut self, here: usize, rest: &str) -> usize {
        let end = end_of(rest, "-->", &mut self.endless.comment);
        // Browsers end a comment so as well; looked for only in what would be the comment.
        let odd_end = match end {
            Some(end) => rest
                .get(..end)
                .and_then(|r| r.find("--!>"))
                .map(|at| at + 4),
            None => end_of(rest, "--!>", &mut self.endless.odd_comment),
        };
        match (odd_end, end) {
            (Some(odd), _) => {
                self.replace(here, here + odd, "");
                here + odd
            }
            (None, Some(end)) => here + end,
            (None, None) if self.breaks_off_behind(here) => {
                self.replace(here, self.text.len(), "");
                self.text.len()
            }
            (None, None) => {
                self.fault("a comment never ends");
                self.replace(here, here + 4, "");
                here + 4
            }
        }
    }

    fn instruction(&mut self, here: usize, rest: &str) -> usize {
        if let Some(end) = end_of(rest, "?>", &mut self.endless.instruction) {
            return here + end;
        }
        let end = here + rest.find('>').map_or(rest.len(), |at| at + 1);
        self.replace(here, end, "");
        end
    }

    /// An unclosed quote would take the following tags for its value.
    fn tag(&mut self, here: usize, rest: &str) -> usize {
        let bytes = rest.as_bytes();
        if let Some(next) = mark_before_end(bytes) {
            return self.unended(here, rest.get(..next).unwrap_or_default());
        }
        let first = memchr(b'>', bytes).map(|at| at + 1);
        let end = end_of_tag(bytes);
        let (Some(first), false) = (first, end == first) else {
            return here + end.unwrap_or(rest.len());
        };
        let swallowed = rest.get(first..end.unwrap_or(rest.len()));
        if end.is_some() && swallowed.is_none_or(|s| !s.contains('<')) {
            return here + end.unwrap_or(first);
        }
        self.fault("a quote is never closed");
        let written = rest.get(..first).unwrap_or_default();
        let mended = with_whole_attributes(written);
        self.replace(here, here + first, &mended);
        here + first
    }

    /// A `<` before the `>` of a tag: the tag lost its end if its name is one that feeds have, else the tag is text.
    fn unended(&mut self, here: usize, written: &str) -> usize {
        let end = here + written.len();
        let name = written.get(1..).unwrap_or_default();
        let name = name.strip_prefix('/').unwrap_or(name);
        let name_len = name.find(|c: char| c.is_whitespace() || c == '/');
        let name = name
            .get(..name_len.unwrap_or(name.len()))
            .unwrap_or_default();
        if fields::is_tag_of_feeds(&name.to_ascii_lowercase()) {
            self.fault("a tag has no >");
            self.replace(end, end, ">");
        } else {
            self.fault("a < that does not begin a tag was read as text");
            self.replace(here, here + 1, "&lt;");
        }
        end
    }

    fn replace(&mut self, from: usize, to: usize, with: &str) {
        self.out
            .push_str(self.text.get(self.copied..from).unwrap_or_default());
        self.out.push_str(with);
        self.copied = to;
    }

    fn fault(&mut self, what: &'static str) {
        if !self.faults.contains(&what) {
            self.faults.push(what);
        }
    }
}

fn begins(text: &str, with: &str) -> bool {
    text.get(..with.len())
        .is_some_and(|t| t.eq_ignore_ascii_case(with))
}

/// The byte after the next `end`; `is_endless` caches that there is none.
fn end_of(text: &str, end: &str, is_endless: &mut bool) -> Option<usize> {
    if *is_endless {
        return None;
    }
    let found = memchr::memmem::find(text.as_bytes(), end.as_bytes());
    *is_endless = found.is_none();
    found.map(|at| at + end.len())
}

/// The length of a document type declaration, with its internal subset.
fn document_type_len(text: &str, is_endless: &mut bool) -> usize {
    let bytes = text.as_bytes();
    let simple = memchr(b'>', bytes).map_or(bytes.len(), |at| at + 1);
    let bracket = memchr(b'[', bytes.get(..simple).unwrap_or_default());
    let Some(mut at) = bracket.filter(|_| !*is_endless) else {
        return simple;
    };
    while let Some(found) = bytes.get(at..).and_then(|b| memchr(b']', b)) {
        at += found + 1;
        let after = bytes.get(at..).unwrap_or_default();
        let blanks = after.iter().take_while(|b| b.is_ascii_whitespace()).count();
        if after.get(blanks) == Some(&b'>') {
            return at + blanks + 1;
        }
    }
    *is_endless = true;
    simple
}

/// The byte after the `>` of a tag. Quotes are respected anywhere, as XML readers do.
pub(super) fn end_of_tag(bytes: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        at += memchr3(b'>', b'"', b'\'', bytes.get(at..)?)?;
        match *bytes.get(at)? {
            b'>' => return Some(at + 1),
            quote => at += memchr(quote, bytes.get(at + 1..)?)? + 2,
        }
    }
}

/// The next `<`, if it is before the end of the tag and outside of closed quotes.
fn mark_before_end(bytes: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        let rest = bytes.get(at..)?;
        let found = rest
            .iter()
            .position(|b| matches!(b, b'<' | b'>' | b'"' | b'\''))?;
        at += found;
        match *bytes.get(at)? {
            b'<' => return Some(at),
            b'>' => return None,
            quote => at += memchr(quote, bytes.get(at + 1..)?)? + 2,
        }
    }
}

/// A tag cut off inside an attribute, with the attributes before it.
fn with_whole_attributes(written: &str) -> String {
    let name_len = written
        .find(|c: char| c.is_ascii_whitespace() || matches!(c, '>' | '='))
        .unwrap_or(written.len());
    let mut out = written.get(..name_len).unwrap_or_default().to_owned();
    for (name, value) in tokens::attributes_in(written.get(name_len..).unwrap_or_default()) {
        if !name.contains(['"', '\'', '<']) {
            let value = value.replace('"', "&quot;");
            out.push_str(&format!(" {name}=\"{value}\""));
        }
    }
    out.push('>');
    out
}

/// Whether a `<` begins a tag rather than `a < b` or `<jane@example.org>`.
fn begins_tag(text: &str) -> bool {
    let name = text.get(1..).unwrap_or_default();
    let name = name.strip_prefix('/').unwrap_or(name);
    let starts = name
        .chars()
        .next()
        .is_some_and(|c| c.is_alphabetic() || matches!(c, '_' | ':'));
    let is_mail = name
        .bytes()
        .take(100)
        .take_while(|b| {
            !b.is_ascii_whitespace() && !matches!(b, b'>' | b'<' | b'=' | b'"' | b'!' | b'?')
        })
        .any(|b| b == b'@');
    starts && !is_mail
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mended(text: &str) -> String {
        mend(text, &mut Warnings::default()).into_owned()
    }

    #[test]
    fn f10_what_is_well_formed_is_not_touched() {
        let text =
            "<?xml version='1.0'?><!-- a <b> --><r a='x > y' b=\"it's\"><![CDATA[ <c ]]><d/></r>";
        assert!(matches!(mend(text, &mut Warnings::default()), Cow::Borrowed(t) if t == text));
    }

    #[test]
    fn rel_05_marks_that_begin_nothing_are_text() {
        assert_eq!(
            mended("1 < 2 <3 <j@x.org> <! x> <é>"),
            "1 &lt; 2 &lt;3 &lt;j@x.org> &lt;! x> <é>"
        );
    }

    #[test]
    fn rel_05_what_never_ends_does_not_take_the_rest_along() {
        assert_eq!(
            mended("<a><![CDATA[ x</a><b/></rss>"),
            "<a> x</a><b/></rss>"
        );
        assert_eq!(mended("<![cdata[ x ]]>"), "<![CDATA[ x ]]>");
        assert_eq!(mended("<a><!-- x</a></feed>"), "<a> x</a></feed>");
        assert_eq!(mended("<a><!-- x --!>y</a>"), "<a>y</a>");
        assert_eq!(mended("<?xml version='1.0'><a/>"), "<a/>");
        assert_eq!(
            mended("<guid x='1' y=\"a>text</guid><link z=\"b\"/>"),
            "<guid x=\"1\">text</guid><link z=\"b\"/>"
        );
    }

    #[test]
    fn rel_05_what_never_ends_because_the_document_breaks_off_is_no_markup() {
        let cut = "<rss><item><![CDATA[ x <item>";
        assert_eq!(mended(cut), "<rss><item><![CDATA[ x <item>]]>");
        assert_eq!(mended("<rss><item><!-- x <item>"), "<rss><item>");
    }

    #[test]
    fn sec_02_document_types_go_whole() {
        assert_eq!(
            mended("<!DOCTYPE rss [<!ENTITY a \"]x\"> ] ><rss/>"),
            "<rss/>"
        );
        assert_eq!(mended("<!doctype html><rss/>"), "<rss/>");
        assert_eq!(mended("<!DOCTYPE rss [<!ENTITY a \"b\"><rss/>"), "<rss/>");
    }

    #[test]
    fn sec_03_a_document_of_beginnings_is_looked_through_once() {
        for beginning in [
            "<!--",
            "<![CDATA[",
            "<?x ",
            "<!DOCTYPE [",
            "<a b='",
            "<a \"",
            "<!-- --!",
            "<!DOCTYPE [>",
            "<",
        ] {
            let text = beginning.repeat(200_000);
            assert!(mended(&text).len() <= text.len() * 4, "{beginning}");
        }
    }
}
