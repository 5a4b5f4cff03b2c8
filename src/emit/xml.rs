//! Writes XML that is well-formed whatever is said in it (SEC-16): every text is reduced to the characters that XML 1.0
//! has, then escaped; there is no CDATA, so `]]>` ends nothing. Writes elements with names and attributes of our own
//! only, never foreign markup.

use quick_xml::escape::{escape, partial_escape};

/// A document being written.
pub struct Xml {
    out: String,
    open: Vec<&'static str>,
}

/// An attribute; none is left out.
pub type Attribute<'a> = (&'static str, Option<&'a str>);

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

    /// An element with a text.
    pub fn text(&mut self, name: &'static str, attributes: &[Attribute<'_>], text: &str) {
        self.start(name, attributes);
        self.out.push('>');
        self.out.push_str(&partial_escape(xml_text(text)));
        self.end(name);
    }

    /// An element with a text, its `&` and `<` as hexadecimal references: the RSS profile found that more readers show
    /// these right (<https://www.rssboard.org/rss-profile#data-types-characterdata>).
    pub fn rss_text(&mut self, name: &'static str, attributes: &[Attribute<'_>], text: &str) {
        self.start(name, attributes);
        self.out.push('>');
        let escaped = partial_escape(xml_text(text));
        let escaped = escaped.replace("&amp;", "&#x26;").replace("&lt;", "&#x3C;");
        self.out.push_str(&escaped);
        self.end(name);
    }

    /// An element with nothing in it.
    pub fn empty(&mut self, name: &'static str, attributes: &[Attribute<'_>]) {
        self.start(name, attributes);
        self.out.push_str("/>\n");
    }

    /// The document, every open element ended.
    pub fn finish(mut self) -> String {
        while !self.open.is_empty() {
            self.close();
        }
        self.out
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
            self.out.push_str(&escape(xml_text(value)));
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

/// `text` without what XML 1.0 has no character for (section 2.2) or discourages: C0 and C1 controls, noncharacters.
pub fn xml_text(text: &str) -> String {
    text.chars().filter(|c| is_xml(*c)).collect()
}

fn is_xml(c: char) -> bool {
    let is_control = c.is_control() && !matches!(c, '\t' | '\n' | '\r');
    let is_noncharacter = (u32::from(c) & 0xfffe) == 0xfffe || matches!(c, '\u{fdd0}'..='\u{fdef}');
    !is_control && !is_noncharacter
}

/// `text` as one line: white space collapsed, what XML has no character for gone.
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
