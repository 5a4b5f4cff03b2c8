//! The picture and the files of a story in Media RSS (<https://www.rssboard.org/media-rss>), for Atom and RSS. Never writes a
//! picture as `media:content`: readers show such pictures beside the body, which usually contains them already.

use super::item::Item;
use super::xml::Xml;
use crate::model::Enclosure;

/// The namespace, with the slash that the specification requires.
pub const NAMESPACE: &str = "http://search.yahoo.com/mrss/";

/// The largest `fileSize` that is written: validators read it as a signed 64-bit number.
const BYTES_MAX: u64 = i64::MAX.cast_unsigned();

/// `media:content` for every file, then `media:thumbnail` for the picture.
pub fn elements(xml: &mut Xml, item: &Item) {
    for file in &item.enclosures {
        let length = file.length.filter(|l| *l <= BYTES_MAX);
        let length = length.map(|l| l.to_string());
        xml.empty(
            "media:content",
            &[
                ("url", Some(&file.url)),
                ("fileSize", length.as_deref()),
                ("type", file.mime.as_deref()),
                ("medium", medium(file)),
            ],
        );
    }
    if let Some(image) = &item.image {
        xml.empty("media:thumbnail", &[("url", Some(image))]);
    }
}

/// The kind of file, if its media type is one of these.
fn medium(file: &Enclosure) -> Option<&'static str> {
    let (kind, _) = file.mime.as_deref()?.split_once('/')?;
    ["image", "audio", "video"]
        .into_iter()
        .find(|medium| kind.eq_ignore_ascii_case(medium))
}
