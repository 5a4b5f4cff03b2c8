//! Files and pictures of an entry: sizes and types as publishers spell them.

use super::{only, read, rss_entry};

#[test]
fn rel_05_the_size_of_a_file_is_a_whole_number_however_it_is_spelt() {
    for (written, size) in [
        ("4096", Some(4096)),
        (" 4096 ", Some(4096)),
        ("4,096", Some(4096)),
        ("12,345,678", Some(12_345_678)),
        ("4096.0", Some(4096)),
        ("4,096.00", Some(4096)),
        ("0", Some(0)),
        ("40,96", None),
        ("4.096", None),
        ("4096.", None),
        ("-1", None),
        ("4 MB", None),
        ("99999999999999999999", None),
    ] {
        let xml = format!(
            "<enclosure url='/a.mp3' length='{written}'/><media:content url='/b.mp3' fileSize='{written}'/>"
        );
        let json = format!(
            r#"{{"items":[{{"id":"1","attachments":[{{"url":"/a.mp3","size_in_bytes":"{written}"}}]}}]}}"#
        );
        for document in [
            format!("<rss xmlns:media='http://search.yahoo.com/mrss/'><item>{xml}</item></rss>"),
            json,
        ] {
            let feed = read(document);
            for file in &feed.entries[0].enclosures {
                assert_eq!(file.length, size, "{written}");
            }
            let is_warned = feed.warnings.iter().any(|w| w.contains("size"));
            assert_eq!(is_warned, size.is_none(), "{written} {:?}", feed.warnings);
        }
    }
    for (written, size) in [
        ("4096.0", Some(4096)),
        ("4.096e3", Some(4096)),
        ("1e30", None),
        ("0.5", None),
        ("-4", None),
        ("true", None),
        ("null", None),
    ] {
        let json = format!(
            r#"{{"items":[{{"id":"1","attachments":[{{"url":"/a.mp3","size_in_bytes":{written}}}]}}]}}"#
        );
        assert_eq!(only(read(json)).enclosures[0].length, size, "{written}");
    }
}

#[test]
fn rel_05_a_file_has_a_media_type_or_none() {
    for (written, mime) in [
        ("mp4", Some("video/mp4")),
        ("MP3", Some("audio/mpeg")),
        (".m4a", Some("audio/mp4")),
        ("ogg", Some("audio/ogg")),
        ("jpg", Some("image/jpeg")),
        ("png", Some("image/png")),
        ("audio", None),
        ("movie", None),
        ("audio/x-own", Some("audio/x-own")),
    ] {
        let xml = format!(
            "<enclosure url='/a' type='{written}'/><media:content url='/b' type='{written}'/>"
        );
        let json = format!(
            r#"{{"items":[{{"id":"1","attachments":[{{"url":"/a","mime_type":"{written}"}}]}}]}}"#
        );
        for document in [
            format!("<rss xmlns:media='http://search.yahoo.com/mrss/'><item>{xml}</item></rss>"),
            json,
        ] {
            let feed = read(document);
            for file in &feed.entries[0].enclosures {
                assert_eq!(file.mime.as_deref(), mime, "{written}");
            }
            let is_warned = feed.warnings.iter().any(|w| w.contains("media type"));
            assert_eq!(is_warned, mime.is_none(), "{written}");
        }
    }
    let picture = rss_entry("<media:content url='/a' type='jpg'/>").image;
    assert_eq!(picture.unwrap().as_str(), "https://paper.example/a");
}

#[test]
fn rel_05_the_largest_thumbnail_is_the_picture() {
    let picture = |elements: &str| {
        rss_entry(&format!("<title>t</title>{elements}"))
            .image
            .unwrap()
            .to_string()
    };
    for (elements, expected) in [
        (
            "<media:thumbnail url='/a' width='66' height='49'/><media:thumbnail url='/b' width='144' height='81'/>",
            "b",
        ),
        (
            "<media:thumbnail url='/a' width='144'/><media:thumbnail url='/b' width='66'/>",
            "a",
        ),
        (
            "<media:thumbnail url='/a' width='90px' height='90px'/><media:thumbnail url='/b' width='90' height='90'/>",
            "a",
        ),
        (
            "<media:thumbnail url='/a'/><media:thumbnail url='/b'/>",
            "a",
        ),
        (
            "<media:thumbnail url='/a'/><media:thumbnail url='/b' height='40'/>",
            "b",
        ),
        (
            "<media:group><media:thumbnail url='/a' width='9' height='9'/></media:group><media:thumbnail url='/b' width='10' height='10'/>",
            "b",
        ),
        (
            "<media:thumbnail url='/a' width='9' height='9'/><itunes:image href='/c'/>",
            "c",
        ),
    ] {
        assert_eq!(
            picture(elements),
            format!("https://paper.example/{expected}"),
            "{elements}"
        );
    }
}
