//! The constructs that XML dialects share: a line of text, a body, a link, a person. Whatever the declared type, a body is
//! sanitized here and a line has no markup.

use std::rc::Rc;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use regex::Regex;

use super::element::{Element, Node};
use super::vocabulary::Ns;
use super::warnings::Warnings;
use super::{addresses, escaped, guid, people, plain_body};
use crate::model::{Category, Person, WebUrl};
use crate::text::body::Body;
use crate::text::{html, html_text, plain, references, sanitized, settle};

/// What an element inherits (XML Base, xml:lang).
#[derive(Debug, Clone, Default)]
pub struct Scope {
    /// The base of relative URLs.
    pub base: Option<WebUrl>,
    /// The inherited language.
    pub language: Option<String>,
    /// The base if the document declares none: the feed's site.
    pub site: Option<WebUrl>,
    /// The page of the current entry.
    pub page: Option<WebUrl>,
    /// Whether the document declares a base for relative URLs.
    pub has_base: bool,
    /// The remaining budget for sanitizing the bodies of this document.
    pub effort: Rc<html::Effort>,
}

impl Scope {
    /// The scope inside `element`.
    pub fn within(&self, element: &Element) -> Self {
        let mut inner = self.clone();
        if let Some(base) = element.attribute_in(Ns::Xml, "base")
            && let Some(base) = self.url_as_written(base)
        {
            inner.base = Some(base);
            inner.has_base = true;
        }
        if let Some(language) = element.attribute_in(Ns::Xml, "lang") {
            inner.language = language_tag(language);
        }
        inner
    }

    /// The base of relative URLs.
    pub fn base(&self) -> Option<&WebUrl> {
        self.base.as_ref().or(self.site.as_ref())
    }

    /// The scope of an entry whose page is known.
    pub fn on_page(&self, page: Option<WebUrl>) -> Self {
        Self {
            page,
            ..self.clone()
        }
    }

    /// A body sanitized and read, with every URL absolute: relative to the base that the document declares, else to the page
    /// of the entry, else to the site.
    pub fn sanitize(&self, html: &str) -> Body {
        let base = if self.has_base {
            self.base()
        } else {
            let written_for = self.page.as_ref().or(self.site.as_ref());
            written_for.or(self.base.as_ref())
        };
        sanitized::read(html, base, &self.effort)
    }

    /// Warns if bodies were too tangled to be read as HTML.
    pub fn tell(&self, warnings: &mut Warnings) {
        if self.effort.is_spent() {
            warnings.add("the HTML was too tangled: some bodies were read as plain text");
        }
    }

    /// An absolute URL, if that can be made of a value of XML.
    pub fn url(&self, written: &str) -> Option<WebUrl> {
        self.url_as_written(&addresses::unescaped(written))
    }

    /// The page that the link of an item names; `None` for a placeholder.
    pub fn page(&self, written: &str) -> Option<WebUrl> {
        addresses::names_a_page(written)
            .then(|| self.url(written))
            .flatten()
    }

    /// An absolute URL of a value in which `&` begins no reference.
    pub fn url_as_written(&self, written: &str) -> Option<WebUrl> {
        let written = written.trim();
        if written.is_empty() {
            return None;
        }
        // A host name without a scheme: no site has a folder of that name.
        if written
            .get(..4)
            .is_some_and(|w| w.eq_ignore_ascii_case("www."))
        {
            return WebUrl::parse(&format!("https://{written}")).ok();
        }
        match self.base() {
            Some(base) => base.join(written).ok(),
            None => WebUrl::parse(written).ok(),
        }
    }
}

/// A language tag as written, if it is one (BCP 47: letters, digits, hyphens).
pub fn language_tag(written: &str) -> Option<String> {
    let tag = written.trim().replace('_', "-");
    let is_tag = !tag.is_empty()
        && tag.len() <= 35
        && tag.starts_with(|c: char| c.is_ascii_alphabetic())
        && tag.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    is_tag.then_some(tag)
}

/// Names that Atom does not have: without a namespace they are RSS, whatever dialect the document declares.
pub fn is_of_rss_only(name: &str) -> bool {
    matches!(
        name,
        "body"
            | "date"
            | "description"
            | "enclosure"
            | "fullitem"
            | "fulltext"
            | "guid"
            | "image"
            | "keywords"
            | "language"
            | "lastbuilddate"
            | "managingeditor"
            | "pubdate"
            | "skipdays"
            | "skiphours"
            | "thumbnail"
            | "ttl"
    )
}

/// Names that RSS does not have: without a namespace they are Atom, whatever dialect the document declares.
pub fn is_of_atom_only(name: &str) -> bool {
    matches!(name, "contributor" | "icon" | "id" | "info" | "logo")
}

/// The type of a text (RFC 4287 section 3.1; `mode` is from Atom 0.3).
enum Reading {
    Plain(String),
    Html(String),
}

fn reading(element: &Element, is_atom: bool) -> Reading {
    if element.has_elements() {
        return Reading::Html(element.inner_html());
    }
    let text = element.text();
    if !is_atom {
        return Reading::Html(without_wrapper(text));
    }
    let declared = element.attribute("type").unwrap_or_default();
    let mime = declared
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let mode = element
        .attribute("mode")
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let is_markup = mime.contains("html") || mime.ends_with("xml");
    let is_text = mime.is_empty() || mime == "text" || mime.starts_with("text/");
    let is_known = is_markup || is_text;
    let text = if mode == "base64" || mime.contains('/') && !is_known {
        from_base64(&text).unwrap_or(text)
    } else {
        text
    };
    match mime.as_str() {
        // Programs escape references a second time here, as they do in the titles of RSS.
        "" | "text" | "text/plain" | "plain" if mode != "escaped" || !mime.is_empty() => {
            Reading::Plain(references::resolve(&text).into_owned())
        }
        // Escaped without a type: Atom 0.3 defines it as plain text, but publishers send HTML.
        _ => Reading::Html(without_wrapper(text)),
    }
}

/// HTML without the CDATA section that some wrap around it a second time: as HTML it would be a comment.
fn without_wrapper(html: String) -> String {
    let inner = html.trim().strip_prefix("<![CDATA[");
    match inner {
        Some(inner) => inner.strip_suffix("]]>").unwrap_or(inner).to_owned(),
        None => html,
    }
}

fn from_base64(text: &str) -> Option<String> {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &alphabet::STANDARD,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    let packed: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let bytes = LENIENT.decode(packed).ok()?;
    String::from_utf8(bytes).ok()
}

/// One line without markup; `None` if it is empty.
pub fn line(element: &Element, is_atom: bool) -> Option<String> {
    headline(element, is_atom).filter(|line| !line.is_empty())
}

/// As [`line`], but an empty line instead of `None` where the element has content without words, such as a picture in place
/// of a title.
pub fn headline(element: &Element, is_atom: bool) -> Option<String> {
    let (line, is_blank) = match reading(element, is_atom) {
        Reading::Plain(text) => (settle::line(&text), text.trim().is_empty()),
        Reading::Html(text) => (settle::line_of_html(&text), text.trim().is_empty()),
    };
    (!is_blank).then_some(line)
}

/// A person named in one line.
pub fn person(element: &Element) -> Option<Person> {
    names(element).as_deref().and_then(people::read)
}

/// A line that names people: `Jane Doe <jane@example.org>` is not HTML.
pub fn names(element: &Element) -> Option<String> {
    static ADDRESS: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"<([^<>\s@]+@[^<>\s@]+)>").ok());
    let text = element.text();
    if !text.contains('@') || element.has_elements() {
        return line(element, false);
    }
    let text = match ADDRESS.as_ref() {
        Some(address) => address.replace_all(&text, "($1)"),
        None => text.as_str().into(),
    };
    Some(settle::line_of_html(&text)).filter(|line| !line.is_empty())
}

/// One line of what is text by definition: a guid, a category, a name.
pub fn words(element: &Element) -> Option<String> {
    let text = settle::line(&element.text());
    (!text.is_empty()).then_some(text)
}

/// A guid, on one line.
pub fn id(element: &Element) -> Option<String> {
    let text = guid::read(&settle::text(&element.text()));
    (!text.is_empty()).then_some(text)
}

/// The value of an RDF attribute on one line; `None` if it is empty.
pub fn named(element: &Element, name: &str) -> Option<String> {
    let written = element.attribute_in(Ns::Rdf, name).map(settle::line);
    written.filter(|line| !line.is_empty())
}

/// A body as sanitized HTML with absolute URLs; `None` if nothing is left.
pub fn body(element: &Element, is_atom: bool, scope: &Scope) -> Option<Body> {
    let body = match reading(element, is_atom) {
        Reading::Plain(text) => {
            let text = settle::text(&text);
            Body::read(plain_body::html_of_text(&plain_body::without_indentation(
                &text,
            )))
        }
        Reading::Html(text) if element.has_elements() => {
            scope.sanitize(&unwrapped(element).unwrap_or(text))
        }
        Reading::Html(text) => scope.sanitize(&escaped::html_meant(&text)),
    };
    body.trimmed()
}

/// The text of a `media:` element. It is plain text, whose lines are kept, unless it contains tags.
pub fn media_text(element: &Element) -> Option<String> {
    let written = settle::text(&element.text());
    let text = if written.contains('<') {
        html_text::from_html(&written)
    } else {
        references::resolve(&written).into_owned()
    };
    let text = settle::text(&text);
    let lines = plain::lines(&plain_body::without_indentation(&text));
    Some(plain_body::html_of_text(&lines)).filter(|html| !html.is_empty())
}

/// The inside of the one `div` that Atom wraps around XHTML (RFC 4287 section 3.1.1.3).
fn unwrapped(element: &Element) -> Option<String> {
    let mut only = None;
    for child in &element.children {
        match child {
            Node::Text(text) if text.trim().is_empty() => {}
            Node::Element(e) if only.is_none() && e.name == "div" => only = Some(e),
            _ => return None,
        }
    }
    only.map(Element::inner_html)
}

/// An Atom person construct, or a text in its place.
pub fn atom_person(element: &Element, scope: &Scope) -> Option<Person> {
    let scope = scope.within(element);
    let mut person = Person::default();
    for child in element.elements() {
        let scope = scope.within(child);
        match child.name.as_str() {
            "name" => person.name = words(child),
            "email" => {
                person.email = words(child).map(|e| e.trim_start_matches("mailto:").to_owned());
            }
            "uri" | "url" | "homepage" => {
                person.url = scope.url(&child.text()).map(|u| u.to_string());
            }
            _ => {}
        }
    }
    if person == Person::default() {
        return people::read(&settle::line_of_html(&element.text()));
    }
    Some(person)
}

/// An Atom category, or RSS's text with a domain.
pub fn category(element: &Element) -> Option<Category> {
    let text = words(element).map(|t| settle::line_of_text(&t));
    let attribute = |name: &str| {
        element
            .attribute(name)
            .map(settle::line_of_text)
            .filter(|v| !v.is_empty())
    };
    let label = attribute("label");
    let term = attribute("term").or(text).or_else(|| label.clone())?;
    Some(Category {
        label: label.filter(|l| *l != term),
        scheme: attribute("scheme").or_else(|| attribute("domain")),
        term,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn language_tags_are_taken_as_written_and_nothing_else() {
        assert_eq!(language_tag(" en_US "), Some("en-US".to_owned()));
        assert_eq!(language_tag("English, mostly"), None);
    }
}
