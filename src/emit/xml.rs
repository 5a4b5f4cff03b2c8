//! Writes XML that is well-formed whatever the texts are (SEC-16): every text is reduced to the characters of XML 1.0 and
//! escaped; there is no CDATA, so `]]>` ends nothing. Names of elements and attributes are newswire's own; foreign markup is
//! never written.

use quick_xml::escape::{escape, partial_escape};

use super::text::clean;

/// A document being written.
pub struct Xml {
    out: String,
    open: Vec<&'static str>,
}

/// Attributes whose values are not text for people.
const URLS: [&str; 4] = ["href", "url", "xmlUrl", "htmlUrl"];

/// An attribute; one without a value is omitted.
pub type Attribute<'a> = (&'a str, Option<&'a str>);

impl Xml {
    /// A document with its declaration.
    pub fn new() -> Self {
        Self {
            out: "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n".to_owned(),
            open: Vec::new(),
        }
    }

    /// Begins an element that contains others.
    pub fn open(&mut self, name: &'static str, attributes: &[Attribute<'_>]) {
        self.start(name, attributes);
        self.out.push_str(">\n");
        self.open.push(name);
    }

    /// Ends the innermost open element.
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

    /// An element with text for people. `&` and `<` become hexadecimal references: by the RSS profile more readers show these
    /// correctly (<https://www.rssboard.org/rss-profile#data-types-characterdata>).
    pub fn words(&mut self, name: &'static str, attributes: &[Attribute<'_>], words: &str) {
        let escaped = partial_escape(xml_text(words));
        self.filled(name, attributes, &hexadecimal(&escaped));
    }

    /// An empty element.
    pub fn empty(&mut self, name: &'static str, attributes: &[Attribute<'_>]) {
        self.start(name, attributes);
        self.out.push_str("/>\n");
    }

    /// The bytes written so far.
    pub fn written(&self) -> usize {
        self.out.len()
    }

    /// The document, with every open element ended.
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

/// Clean text. U+FFFD marks a character that the publisher lost; validators take it for an error of this document, so it is
/// written as `?`.
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
