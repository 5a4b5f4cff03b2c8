//! What an entry is and where: URLs escaped twice, links that say there is none, the order of synonyms, entries that say nothing.

use newswire::normalize::identity;

use super::{atom_entry, only, read, rss_entry, titles, url};

#[test]
fn rel_05_a_url_that_was_escaped_twice_is_decoded() {
    for (written, expected) in [
        (
            "https://tide.example/log&amp;#47;spring/",
            "https://tide.example/log/spring/",
        ),
        (
            "<![CDATA[https://tide.example/v?t=1&amp;p=2]]>",
            "https://tide.example/v?t=1&p=2",
        ),
        (
            "https://tide.example/v?t=1&amp;amp;p=2",
            "https://tide.example/v?t=1&p=2",
        ),
        (
            "https://tide.example/v?t=1&amp;#x26;p=2",
            "https://tide.example/v?t=1&p=2",
        ),
        ("/v?t=1&amp;#38;p=2", "https://paper.example/v?t=1&p=2"),
        // A parameter may be called like a character.
        (
            "https://tide.example/v?a=1&amp;copy=2",
            "https://tide.example/v?a=1&copy=2",
        ),
        (
            "https://tide.example/v?a=1&amp;copy;=2",
            "https://tide.example/v?a=1&copy;=2",
        ),
        (
            "https://tide.example/v?a=1&amp;amp=2",
            "https://tide.example/v?a=1&amp=2",
        ),
        (
            "https://tide.example/v&amp;#;x",
            "https://tide.example/v&#;x",
        ),
    ] {
        let entry = rss_entry(&format!("<link>{written}</link>"));
        assert_eq!(url(&entry), Some(expected), "{written}");
    }
}

#[test]
fn rel_05_every_url_of_an_entry_is_decoded_and_its_guid_stays() {
    let guid = "https://tide.example/v?t=1&amp;amp;p=2";
    let entry = rss_entry(&format!(
        "<guid>{guid}</guid><enclosure url='{guid}' type='audio/mpeg'/><comments>{guid}</comments><itunes:image href='{guid}'/>"
    ));
    let decoded = "https://tide.example/v?t=1&p=2";
    assert_eq!(
        entry.id.as_deref(),
        Some("https://tide.example/v?t=1&amp;p=2")
    );
    assert_eq!(url(&entry), Some(decoded));
    assert_eq!(entry.enclosures[0].url, decoded);
    assert_eq!(entry.comments_url.unwrap().as_str(), decoded);
    assert_eq!(entry.image.unwrap().as_str(), decoded);
    let entry = atom_entry(&format!(
        "<link href='{guid}'/><link rel='enclosure' href='{guid}'/>"
    ));
    assert_eq!(
        (url(&entry), entry.enclosures[0].url.as_str()),
        (Some(decoded), decoded)
    );
    // JSON has no references.
    let json = r#"{"items":[{"id":"1","url":"https://tide.example/v?t=1&amp;p=2"}]}"#;
    assert_eq!(
        url(&only(read(json))),
        Some("https://tide.example/v?t=1&amp;p=2")
    );
}

#[test]
fn rel_14_what_is_read_of_a_link_changes_no_key_and_is_no_edit() {
    for (link, stored) in [
        (
            "https://tide.example/log&amp;#47;spring",
            "https://tide.example/log&#47;spring",
        ),
        (
            "https://tide.example/v?t=1&amp;amp;p=2",
            "https://tide.example/v?t=1&amp;p=2",
        ),
        ("N/A", "https://paper.example/news/N/A"),
    ] {
        let mut now = rss_entry(&format!("<title>Tide</title><link>{link}</link>"));
        let mut before = now.clone();
        before.written_url = None;
        before.url = newswire::model::WebUrl::parse(stored).ok();
        assert_ne!(now.url, before.url, "{link}");
        for id in [None, Some("7".to_owned())] {
            (now.id, before.id) = (id.clone(), id);
            let keys = |entry: &_| identity::keys(std::slice::from_ref(entry));
            assert_eq!(keys(&now), keys(&before), "{link}");
            assert_eq!(
                identity::content_digest(&now),
                identity::content_digest(&before)
            );
        }
    }
}

#[test]
fn rel_05_a_link_that_says_there_is_none_is_no_link() {
    for written in [
        "N/A",
        " n/a ",
        "none",
        "NULL",
        "undefined",
        "-",
        "—",
        "TBD",
        "???",
        "(none)",
        "#",
        "#top",
        "...",
    ] {
        assert_eq!(
            url(&rss_entry(&format!(
                "<title>t</title><link>{written}</link>"
            ))),
            None,
            "{written}"
        );
        let entry = rss_entry(&format!(
            "<link>{written}</link><guid>https://ferry.example/3</guid>"
        ));
        assert_eq!(url(&entry), Some("https://ferry.example/3"), "{written}");
        assert_eq!(
            url(&atom_entry(&format!(
                "<title>t</title><link href='{written}'/>"
            ))),
            None,
            "{written}"
        );
        let json = format!(r#"{{"items":[{{"id":"1","url":"{written}","title":"t"}}]}}"#);
        assert_eq!(url(&only(read(json))), None, "{written}");
    }
    for (written, expected) in [
        ("/", "https://paper.example/"),
        ("./", "https://paper.example/news/"),
        ("nonesuch", "https://paper.example/news/nonesuch"),
        ("?p=3", "https://paper.example/news/feed.xml?p=3"),
        ("https://ferry.example/none", "https://ferry.example/none"),
    ] {
        assert_eq!(
            url(&rss_entry(&format!("<link>{written}</link>"))),
            Some(expected)
        );
    }
}

#[test]
fn rel_05_the_name_of_its_dialect_is_the_identity_whatever_the_order() {
    let id = |entry: newswire::model::ParsedEntry| entry.id;
    let pairs = [
        "<id>412</id><guid>gull-9</guid>",
        "<guid>gull-9</guid><id>412</id>",
    ];
    for both in pairs {
        assert_eq!(id(rss_entry(both)).as_deref(), Some("gull-9"), "{both}");
        let rss09 = format!("<rss version='0.92'><channel><item>{both}</item></channel></rss>");
        assert_eq!(id(only(read(rss09))).as_deref(), Some("gull-9"), "{both}");
        assert_eq!(id(atom_entry(both)).as_deref(), Some("412"), "{both}");
    }
    let prefixed = "<a10:id>412</a10:id><guid isPermaLink='false'>gull-9</guid>";
    assert_eq!(id(rss_entry(prefixed)).as_deref(), Some("gull-9"));
    assert_eq!(id(rss_entry("<id>412</id>")).as_deref(), Some("412"));
}

#[test]
fn rel_05_the_date_of_its_dialect_counts_whatever_the_order() {
    let published = |entry: newswire::model::ParsedEntry| entry.published.unwrap().to_string();
    let names = ["date", "published", "issued", "dc:date", "created"];
    for other in names {
        let own = "<pubDate>Tue, 04 Mar 2025 09:15:00 GMT</pubDate>";
        let other = format!("<{other}>2025-03-05T10:00:00Z</{other}>");
        for both in [format!("{own}{other}"), format!("{other}{own}")] {
            assert_eq!(
                published(rss_entry(&both)),
                "2025-03-04T09:15:00Z",
                "{both}"
            );
        }
    }
    for other in ["issued", "created", "pubDate"] {
        let both = format!(
            "<{other}>2025-03-05T10:00:00Z</{other}><published>2025-03-04T09:15:00Z</published>"
        );
        assert_eq!(
            published(atom_entry(&both)),
            "2025-03-04T09:15:00Z",
            "{both}"
        );
    }
}

#[test]
fn rel_05_an_entry_that_says_nothing_is_dropped() {
    for document in [
        "<rss><channel><title>B</title><item/><item><title>Buoy</title></item><item> <author>x</author> </item></channel></rss>",
        "<rss><channel><title>B</title><item><title></title><link>-</link></item><item><title>Buoy</title></item></channel></rss>",
        "<feed xmlns='http://www.w3.org/2005/Atom'><entry><category term='x'/></entry><entry><title>Buoy</title></entry></feed>",
        r#"{"items":[{},{"title":"Buoy"},{"tags":["x"]}]}"#,
    ] {
        let feed = read(document);
        assert_eq!(titles(&feed), ["Buoy"], "{document}");
        let warned = |w: &&String| w.contains("without content");
        assert_eq!(feed.warnings.iter().filter(warned).count(), 1, "{document}");
        assert!(!feed.lost_entries);
    }
    for one in [
        "<guid>1</guid>",
        "<link>/1</link>",
        "<title>t</title>",
        "<description>d</description>",
        "<pubDate>2025-03-04</pubDate>",
        "<enclosure url='/a.mp3'/>",
    ] {
        let feed = read(format!(
            "<rss><item>{one}</item><item><title>Buoy</title></item></rss>"
        ));
        assert_eq!(feed.entries.len(), 2, "{one}");
    }
    // A document that has no other entries keeps them.
    for document in ["<rss><channel><item/></channel></rss>", r#"{"items":[{}]}"#] {
        assert_eq!(read(document).entries.len(), 1, "{document}");
    }
}

#[test]
fn rel_05_behind_the_end_of_a_feed_only_another_feed_is_read() {
    let feed = "<rss><channel><title>Buoy</title><item><title>One</title></item></channel></rss>";
    for (behind, expected) in [
        (
            "<script>var a=\"<item>\";</script><div><title>Ad</title><p>Oops</p></div>",
            &["One"][..],
        ),
        ("<item><title>Loose</title></item>", &["One"]),
        (
            "<br><entry><title>Loose</title></entry><channel><title>Ad</title></channel>",
            &["One"],
        ),
        (
            "<br><rss><channel><item><title>Two</title></item></channel></rss><item><title>Loose</title></item>",
            &["One", "Two"],
        ),
        // The first end was not the last.
        (
            "<item><title>Two</title></item></channel></rss>",
            &["One", "Two"],
        ),
    ] {
        let read = read(format!("{feed}{behind}"));
        assert_eq!(titles(&read), expected, "{behind}");
        assert_eq!(read.title.as_deref(), Some("Buoy"), "{behind}");
    }
    // Without any entry inside, those behind are the feed's.
    let behind =
        read("<rss><channel><title>Buoy</title></channel></rss><item><title>One</title></item>");
    assert_eq!(titles(&behind), ["One"]);
}
