//! What Media RSS and iTunes add: files, pictures, and texts where the entry has none of its own.
//! (<https://www.rssboard.org/media-rss>)

use super::constructs::Scope;
use super::element::Element;
use super::vocabulary::Ns;
use super::{Best, push_new};
use crate::model::{Enclosure, WebUrl};
use crate::normalize::plain;

/// Deepest `media:group` inside a `media:group` (SEC-03, F5).
const GROUPS_MAX: usize = 4;

/// What was found, filled while an entry is read.
#[derive(Debug, Default)]
pub struct Media {
    /// Its files.
    pub enclosures: Vec<Enclosure>,
    /// Its picture; the lower the rank, the likelier.
    pub image: Best<WebUrl>,
}

impl Media {
    /// Adds a file; without a URL it is dropped, each URL counts once.
    pub fn add(&mut self, url: Option<WebUrl>, mime: Option<&str>, length: Option<&str>) {
        let Some(url) = url else { return };
        if self.enclosures.iter().any(|e| e.url == url.as_str()) {
            return;
        }
        push_new(
            &mut self.enclosures,
            Enclosure {
                url: url.to_string(),
                mime: mime.map(plain::line).filter(|m| !m.is_empty()),
                length: length.and_then(|l| l.trim().parse().ok()),
            },
        );
    }

    /// Takes a `media:` element.
    pub fn read(&mut self, element: &Element, scope: &Scope) {
        self.read_at(element, scope, 0);
    }

    fn read_at(&mut self, element: &Element, scope: &Scope, depth: usize) {
        let url = || element.attribute("url").and_then(|u| scope.url(u));
        match element.name.as_str() {
            "thumbnail" => self.image.offer(2, url()),
            "content" => {
                let mime = element.attribute("type");
                let is_picture = element.attribute("medium") == Some("image")
                    || mime.is_some_and(|m| m.starts_with("image/"));
                if is_picture {
                    self.image.offer(4, url());
                }
                self.add(url(), mime, element.attribute("filesize"));
                self.read_inside(element, scope, depth);
            }
            "group" => self.read_inside(element, scope, depth),
            _ => {}
        }
    }

    fn read_inside(&mut self, element: &Element, scope: &Scope, depth: usize) {
        if depth < GROUPS_MAX {
            for child in element.elements().filter(|c| c.ns == Ns::Media) {
                self.read_at(child, scope, depth + 1);
            }
        }
    }
}

/// The element that a `media:` element or its group carries under `name`.
pub fn inner<'e>(element: &'e Element, name: &str) -> Option<&'e Element> {
    let is_it = |e: &&Element| e.ns == Ns::Media && e.name == name;
    Some(element)
        .filter(is_it)
        .or_else(|| element.elements().find(is_it))
}

#[cfg(test)]
mod tests {
    use crate::parse::{ParseContext, parse};

    #[test]
    fn sec_10_a_media_description_is_text_not_markup() {
        let feed = "<rss xmlns:media='http://search.yahoo.com/mrss/'><channel><item><media:description>\
                    S&amp;amp;P &amp;lt;script&amp;gt;x()&amp;lt;/script&amp;gt;</media:description></item></channel></rss>";
        let feed = parse(feed.as_bytes(), &ParseContext::default()).unwrap();
        assert_eq!(
            feed.entries[0].summary_html.as_deref(),
            Some("S&amp;P &lt;script&gt;x()&lt;/script&gt;")
        );
    }
}
