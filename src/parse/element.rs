//! An XML element with all that is in it: what the walk over a document ([`super::xml`]) gives for each child of a feed.
//! Holds what was read; never interprets it.

use super::vocabulary::Ns;

/// An element with all that is in it.
#[derive(Debug, Clone)]
pub struct Element {
    /// Its vocabulary.
    pub ns: Ns,
    /// Its local name in lower case.
    pub name: String,
    /// Its attributes.
    pub attributes: Vec<Attribute>,
    /// Its content.
    pub children: Vec<Node>,
}

/// An attribute.
#[derive(Debug, Clone)]
pub struct Attribute {
    /// Its vocabulary; [`Ns::Core`] without a prefix.
    pub ns: Ns,
    /// Its local name in lower case.
    pub name: String,
    /// Its value, references resolved.
    pub value: String,
}

/// A child.
#[derive(Debug, Clone)]
pub enum Node {
    /// Text, references resolved, CDATA included.
    Text(String),
    /// An element.
    Element(Element),
}

impl Element {
    /// The value of an attribute without a prefix.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attribute_in(Ns::Core, name)
    }

    /// The value of an attribute of a vocabulary.
    pub fn attribute_in(&self, ns: Ns, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|a| a.ns == ns && a.name == name)
            .map(|a| a.value.as_str())
    }

    /// The elements in it.
    pub fn elements(&self) -> impl Iterator<Item = &Element> {
        self.children.iter().filter_map(|n| match n {
            Node::Element(e) => Some(e),
            Node::Text(_) => None,
        })
    }

    /// Whether it contains an element.
    pub fn has_elements(&self) -> bool {
        self.elements().next().is_some()
    }

    /// All text in it, that of elements included.
    pub fn text(&self) -> String {
        let mut out = String::new();
        self.text_into(&mut out);
        out
    }

    fn text_into(&self, out: &mut String) {
        for child in &self.children {
            match child {
                Node::Text(text) => out.push_str(text),
                Node::Element(element) => element.text_into(out),
            }
        }
    }

    /// The text directly in it.
    pub fn own_text(&self) -> String {
        let texts = self.children.iter().filter_map(|n| match n {
            Node::Text(text) => Some(text.as_str()),
            Node::Element(_) => None,
        });
        texts.map(str::trim).collect()
    }

    /// Its content as HTML: elements as tags, text escaped.
    pub fn inner_html(&self) -> String {
        let mut out = String::new();
        self.html_into(&mut out);
        out
    }

    fn html_into(&self, out: &mut String) {
        for child in &self.children {
            match child {
                Node::Text(text) => out.push_str(&html_escape::encode_text(text)),
                Node::Element(element) => {
                    out.push('<');
                    out.push_str(&element.name);
                    for a in element.attributes.iter().filter(|a| a.ns == Ns::Core) {
                        out.push(' ');
                        out.push_str(&a.name);
                        out.push_str("=\"");
                        out.push_str(&html_escape::encode_double_quoted_attribute(&a.value));
                        out.push('"');
                    }
                    out.push('>');
                    // A void element has no content: what the parser found there follows it.
                    element.html_into(out);
                    if !is_void(&element.name) {
                        out.push_str("</");
                        out.push_str(&element.name);
                        out.push('>');
                    }
                }
            }
        }
    }
}

/// HTML elements without an end tag (HTML standard section 13.1.2).
fn is_void(name: &str) -> bool {
    matches!(
        name,
        "area"
            | "base"
            | "br"
            | "col"
            | "embed"
            | "hr"
            | "img"
            | "input"
            | "link"
            | "meta"
            | "source"
            | "track"
            | "wbr"
    )
}
