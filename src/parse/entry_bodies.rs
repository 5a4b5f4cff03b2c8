//! The bodies of an entry, kept as sent until they are needed: reading them is most of the cost of an entry.

use super::collect::Best;
use super::constructs::{self, Scope};
use super::element::Element;
use super::pictures::first_picture;
use crate::model::{ParsedEntry, WebUrl};
use crate::text::body;

/// The bodies of an entry as sent.
#[derive(Debug)]
pub struct Bodies {
    /// A summary from fields that are not bodies.
    pub(super) summary: Best<String>,
    /// In document order.
    pub(super) elements: Vec<(Element, Vec<Body>)>,
}

/// Which body an element is.
#[derive(Debug)]
pub(super) struct Body {
    pub(super) is_content: bool,
    pub(super) rank: u8,
    pub(super) is_atom: bool,
    pub(super) scope: Scope,
}

impl Bodies {
    /// Reads the bodies, and the picture that only these show.
    pub fn read(self, image: &mut Option<WebUrl>) -> body::Bodies {
        let mut summary: Best<body::Body> = Best::default();
        let mut content: Best<body::Body> = Best::default();
        for (element, bodies) in &self.elements {
            for body in bodies {
                let place = match body.is_content {
                    true => &mut content,
                    false => &mut summary,
                };
                if place.is_open_to(body.rank) {
                    let read = constructs::body(element, body.is_atom, &body.scope);
                    place.offer(body.rank, read);
                }
            }
        }
        if let Some((rank, html)) = self.summary.into_ranked()
            && summary.is_open_to(rank)
        {
            summary.offer(rank, Some(body::Body::read(html)));
        }
        let (summary, mut content) = (summary.take(), content.take());
        let is_silent =
            |body: &Option<body::Body>| body.as_ref().is_none_or(|b| b.text().is_empty());
        if is_silent(&content) && !is_silent(&summary) {
            // An empty frame is ignored if the summary has words.
            content = content.filter(|c| shows_something(c.html()));
        }
        if image.is_none() {
            let mut bodies = [&content, &summary].into_iter().flatten();
            *image = bodies.find_map(|body| first_picture(body.html()));
        }
        body::Bodies { content, summary }
    }

    /// The same, as the document is printed.
    pub fn complete(self, entry: &mut ParsedEntry) {
        let body::Bodies { content, summary } = self.read(&mut entry.image);
        let text_of = |body: &Option<body::Body>| {
            let text = body.as_ref().map(body::Body::text);
            text.filter(|text| !text.is_empty()).map(str::to_owned)
        };
        entry.content_text = text_of(&content).or_else(|| text_of(&summary));
        entry.content_html = content.map(body::Body::into_html);
        entry.summary_html = summary.map(body::Body::into_html);
    }
}

/// Whether a body without words has something to show.
fn shows_something(html: &str) -> bool {
    ["<img", "<video", "<audio"]
        .iter()
        .any(|t| html.contains(t))
}
