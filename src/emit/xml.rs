//! Writes XML that is well-formed whatever is said in it (SEC-16): every text is reduced to the characters that XML 1.0
//! has, then escaped; there is no CDATA, so `]]>` ends nothing. Writes elements with names and attributes of our own
//! only, never foreign markup.

use quick_xml::escape::{escape, partial_escape};

use super::text::clean;

/// A document being written.
pub struct Xml {
    out: String,
    open: Vec<&'static str>,
}

/// The attributes that hold no words.
const URLS: [&str; 4] = ["href", "url", "xmlUrl", "htmlUrl"];

/// An attribute; one without a value is left out.
pub type Attribute<'a> = (&'a str, Option<&'a str>);

impl Xml {
    /// A document with its declaration.
    pub fn new() -> Self {
        Self {
            out: "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n".to_owned(),
            open: Vec::new(),
        }
    }

    /// Begins an element that others go into.
    pub fn open(&mut self, name: &'static str, attributes: &[Attribute<'_>]) {
        self.start(name, attributes);
        self.out.push_str(">\n");
        self.open.push(name);
    }

    /// Ends the element begun last.
    pub fn close(&mut self) {
        if let Some(name) = self.open.pop() {
            self.indent();
            self.end(name);
        }
    }

    /// An element with a URL, a date, an id, or a body of HTML.
    pub fn data(&mut self, name: &'static str, attributes: &[Attribute<'_>], data: &str) {
        self.filled(name, attributes, &partial_escape(xml_text(data)));
    }

    /// An element with words for people. `&` and `<` become hexadecimal references: the RSS profile found that more
    /// readers show these right (<https://www.rssboard.org/rss-profile#data-types-characterdata>).
    pub fn words(&mut self, name: &'static str, attributes: &[Attribute<'_>], words: &str) {
        let escaped = partial_escape(xml_text(words));
        self.filled(name, attributes, &hexadecimal(&escaped));
    }

    /// An element with nothing in it.
    pub fn empty(&mut self, name: &'static str, attributes: &[Attribute<'_>]) {
        self.start(name, attributes);
        self.out.push_str("/>\n");
    }

    /// Bytes written.
    pub fn written(&self) -> usize {
        self.out.len()
    }

    /// The document, every open element ended.
    pub fn finish(mut self) -> String {
        while !self.open.is_empty() {
            self.close();
        }
        self.out
    }

    fn filled(&mut self, name: &str, attributes: &[Attribute<'_>], escaped: &str) {
        self.start(name, attributes);
        self.out.push('>');
        self.out.push_str(escaped);
        self.end(name);
    }

    fn start(&mut self, name: &str, attributes: &[Attribute<'_>]) {
        self.indent();
        self.out.push('<');
        self.out.push_str(name);
        for (name, value) in attributes {
            let Some(value) = value else { continue };
            self.out.push(' ');
            self.out.push_str(name);
            self.out.push_str("=\"");
            let escaped = escape(xml_text(value));
            if URLS.contains(name) {
                self.out.push_str(&escaped);
            } else {
                self.out.push_str(&hexadecimal(&escaped));
            }
            self.out.push('"');
        }
    }

    fn end(&mut self, name: &str) {
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push_str(">\n");
    }

    fn indent(&mut self) {
        for _ in &self.open {
            self.out.push_str("  ");
        }
    }
}

fn hexadecimal(escaped: &str) -> String {
    escaped.replace("&amp;", "&#x26;").replace("&lt;", "&#x3C;")
}

/// Clean text. U+FFFD stands where a publisher's character was lost already; checkers take it for a fault of the
/// document that carries it, so it is shown as `?`.
fn xml_text(text: &str) -> String {
    clean(text).replace('\u{fffd}', "?")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_16_nothing_said_breaks_a_document() {
        let bad = "]]>\0\u{b}\u{fffe}<x a='1'>&amp;\"\u{fffd}";
        let mut xml = Xml::new();
        xml.open("a", &[("b", Some(bad)), ("c", None)]);
        xml.words("d", &[], bad);
        xml.data("e", &[], bad);
        assert_eq!(
            xml.finish(),
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
             <a b=\"]]&gt;&#x3C;x a=&apos;1&apos;&gt;&#x26;amp;&quot;?\">\n\
            \x20 <d>]]&gt;&#x3C;x a='1'&gt;&#x26;amp;\"?</d>\n\
            \x20 <e>]]&gt;&lt;x a='1'&gt;&amp;amp;\"?</e>\n\
             </a>\n"
        );
    }
}
