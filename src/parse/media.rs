//! Media RSS and iTunes: files, pictures, and texts where the entry has none. (<https://www.rssboard.org/media-rss>)

use super::collect::{Best, push_new};
use super::constructs::Scope;
use super::element::Element;
use super::vocabulary::Ns;
use super::warnings::Warnings;
use crate::model::{Enclosure, WebUrl};
use crate::text::plain;

/// Deepest `media:group` inside a `media:group` (SEC-03, F5).
const GROUPS_MAX: usize = 4;

/// The media of an entry, collected while it is read.
#[derive(Debug, Default)]
pub struct Media {
    /// Its files.
    pub enclosures: Vec<Enclosure>,
    /// Its picture; the lower the rank, the likelier.
    pub image: Best<WebUrl>,
    /// The largest thumbnail, after its area in pixels; 0 if the feed gives no size.
    thumbnail: Option<(u64, WebUrl)>,
}

impl Media {
    /// Adds a file. One without a URL is dropped, and each URL is added once.
    pub fn add(
        &mut self,
        url: Option<WebUrl>,
        mime: Option<&str>,
        length: Option<&str>,
        warnings: &mut Warnings,
    ) {
        let Some(url) = url else { return };
        if self.enclosures.iter().any(|e| e.url == url.as_str()) {
            return;
        }
        push_new(
            &mut self.enclosures,
            Enclosure {
                url: url.to_string(),
                mime: mime.and_then(|m| media_type(m, warnings)),
                length: length.and_then(|l| size_in(l, warnings)),
            },
        );
    }

    /// Takes a `media:` element.
    pub fn read(&mut self, element: &Element, scope: &Scope, warnings: &mut Warnings) {
        self.read_at(element, scope, 0, warnings);
    }

    /// Its picture.
    pub fn picture(mut self) -> Option<WebUrl> {
        self.image.offer(2, self.thumbnail.map(|(_, url)| url));
        self.image.take()
    }

    fn read_at(&mut self, element: &Element, scope: &Scope, depth: usize, warnings: &mut Warnings) {
        let url = || element.attribute("url").and_then(|u| scope.url(u));
        match element.name.as_str() {
            "thumbnail" => {
                let area = area_of(element);
                let is_larger = self.thumbnail.as_ref().is_none_or(|(a, _)| area > *a);
                if let Some(url) = url().filter(|_| is_larger) {
                    self.thumbnail = Some((area, url));
                }
            }
            "content" => {
                let mime = element.attribute("type");
                let is_picture = element.attribute("medium") == Some("image")
                    || mime.is_some_and(|m| m.starts_with("image/") || is_picture_ending(m));
                if is_picture {
                    self.image.offer(4, url());
                }
                self.add(url(), mime, element.attribute("filesize"), warnings);
                self.read_inside(element, scope, depth, warnings);
            }
            "group" => self.read_inside(element, scope, depth, warnings),
            _ => {}
        }
    }

    fn read_inside(
        &mut self,
        element: &Element,
        scope: &Scope,
        depth: usize,
        warnings: &mut Warnings,
    ) {
        if depth < GROUPS_MAX {
            for child in element.elements().filter(|c| c.ns == Ns::Media) {
                self.read_at(child, scope, depth + 1, warnings);
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

/// The declared area of a picture in pixels, or 0. A single side is taken for a square.
fn area_of(element: &Element) -> u64 {
    let side = |name| {
        let written = element.attribute(name)?.trim();
        written.trim_end_matches("px").parse::<u32>().ok()
    };
    let (width, height) = (side("width"), side("height"));
    let (Some(a), Some(b)) = (width.or(height), height.or(width)) else {
        return 0;
    };
    u64::from(a) * u64::from(b)
}

/// Bytes as a whole number. Some publishers group the digits with commas, some write a decimal fraction.
fn size_in(written: &str, warnings: &mut Warnings) -> Option<u64> {
    let written = written.trim();
    if written.is_empty() {
        return None;
    }
    let whole = match written.split_once('.') {
        Some((whole, fraction)) => {
            Some(whole).filter(|_| !fraction.is_empty() && fraction.bytes().all(|b| b == b'0'))
        }
        None => Some(written),
    };
    let size = whole.and_then(|whole| match whole.split_once(',') {
        Some((first, rest)) => {
            let is_grouped = matches!(first.len(), 1..=3) && rest.split(',').all(|g| g.len() == 3);
            let digits: String = whole.split(',').collect();
            digits.parse().ok().filter(|_| is_grouped)
        }
        None => whole.parse().ok(),
    });
    if size.is_none() {
        warnings.add("the size of a file is not a whole number and was dropped");
    }
    size
}

/// File name extensions that publishers write in place of a media type (IANA media types).
const TYPES: [(&str, &str); 24] = [
    ("aac", "audio/aac"),
    ("avif", "image/avif"),
    ("epub", "application/epub+zip"),
    ("flac", "audio/flac"),
    ("gif", "image/gif"),
    ("jpeg", "image/jpeg"),
    ("jpg", "image/jpeg"),
    ("m4a", "audio/mp4"),
    ("m4v", "video/mp4"),
    ("mov", "video/quicktime"),
    ("mp3", "audio/mpeg"),
    ("mp4", "video/mp4"),
    ("mpeg", "video/mpeg"),
    ("mpg", "video/mpeg"),
    ("oga", "audio/ogg"),
    ("ogg", "audio/ogg"),
    ("ogv", "video/ogg"),
    ("opus", "audio/ogg"),
    ("pdf", "application/pdf"),
    ("png", "image/png"),
    ("svg", "image/svg+xml"),
    ("wav", "audio/wav"),
    ("webm", "video/webm"),
    ("webp", "image/webp"),
];

/// A media type (RFC 6838 section 4.2: it has a `/`); `None` if the text is not one.
fn media_type(written: &str, warnings: &mut Warnings) -> Option<String> {
    let line = plain::line(written);
    if line.is_empty() || line.contains('/') {
        return Some(line).filter(|m| !m.is_empty());
    }
    let known = type_of_ending(&line);
    if known.is_none() {
        warnings.add("the media type of a file has no / and was dropped");
    }
    known.map(str::to_owned)
}

fn type_of_ending(written: &str) -> Option<&'static str> {
    let ending = written.trim().trim_start_matches('.');
    let mut types = TYPES.iter();
    types
        .find(|(e, _)| ending.eq_ignore_ascii_case(e))
        .map(|(_, mime)| *mime)
}

fn is_picture_ending(written: &str) -> bool {
    type_of_ending(written).is_some_and(|m| m.starts_with("image/"))
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
