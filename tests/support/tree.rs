//! A document as a tree of elements, for tests that look at what is published. Strict: whatever is not well-formed panics.

use quick_xml::events::Event;
use quick_xml::{Reader, XmlVersion};

/// An element. Names are as written, with their prefix.
#[derive(Debug, Default)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// Its attributes, decoded.
    pub attributes: Vec<(String, String)>,
    /// The elements inside.
    pub children: Vec<Node>,
    /// The text inside, decoded.
    pub text: String,
}

impl Node {
    /// The children of that name.
    pub fn all<'n>(&'n self, name: &str) -> impl Iterator<Item = &'n Node> + use<'n> {
        let name = name.to_owned();
        self.children.iter().filter(move |c| c.name == name)
    }

    /// The one child of that name.
    pub fn one(&self, name: &str) -> &Node {
        let mut found = self.all(name);
        let one = found
            .next()
            .unwrap_or_else(|| panic!("no {name} in {self:?}"));
        assert!(found.next().is_none(), "two {name} in {self:?}");
        one
    }

    /// An attribute.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(n, _)| n == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The element and all inside it.
    pub fn walk(&self) -> Box<dyn Iterator<Item = &Node> + '_> {
        Box::new(std::iter::once(self).chain(self.children.iter().flat_map(Node::walk)))
    }
}

/// The root of a document.
pub fn read(document: &str) -> Node {
    let mut reader = Reader::from_str(document);
    let mut open = vec![Node::default()];
    loop {
        let event = reader.read_event().unwrap();
        let is_empty = matches!(event, Event::Empty(_));
        match event {
            Event::Start(tag) | Event::Empty(tag) => {
                let attribute = |a: quick_xml::events::attributes::Attribute<'_>| {
                    let value = a.normalized_value(XmlVersion::Explicit1_0).unwrap();
                    (a.key.as_ref().to_owned(), value.into_owned())
                };
                open.push(Node {
                    name: tag.name().as_ref().to_owned(),
                    attributes: tag.attributes().map(|a| attribute(a.unwrap())).collect(),
                    ..Node::default()
                });
                if is_empty {
                    close(&mut open);
                }
            }
            Event::End(_) => close(&mut open),
            Event::Text(text) => open.last_mut().unwrap().text.push_str(&text),
            Event::GeneralRef(reference) => {
                let c = match reference.resolve_char_ref().unwrap() {
                    Some(c) => c.to_string(),
                    None => quick_xml::escape::resolve_predefined_entity(&reference)
                        .unwrap()
                        .to_owned(),
                };
                open.last_mut().unwrap().text.push_str(&c);
            }
            Event::Decl(_) => {}
            Event::Eof => break,
            other => panic!("what is this doing here? {other:?}"),
        }
    }
    assert_eq!(open.len(), 1, "an element is not closed");
    open.remove(0).children.remove(0)
}

fn close(open: &mut Vec<Node>) {
    let node = open.pop().unwrap();
    open.last_mut().unwrap().children.push(node);
}
