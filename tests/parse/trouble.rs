//! Broken documents give what can be read of them and say what was repaired; hostile ones give nothing away and cost
//! little (SEC-01 … SEC-04).

use super::{read, read_as, titles};

fn rss(items: &str) -> String {
    format!("<rss version=\"2.0\"><channel><title>P</title>{items}</channel></rss>")
}

#[test]
fn rel_05_whole_entries_of_a_document_that_breaks_off_are_kept() {
    let whole =
        rss("<item><title>One</title></item><item><title>Two</title></item><item><title>Thr");
    let cut = &whole[..whole.find("Thr").unwrap() + 3];
    let feed = read(cut);
    assert_eq!(titles(&feed)[..2], ["One", "Two"]);
    assert!(
        feed.warnings.iter().any(|w| w.contains("breaks off")),
        "{:?}",
        feed.warnings
    );
}

#[test]
fn bare_ampersands_bad_references_and_wrong_nesting_cost_nothing() {
    let feed = read(rss(
        "<item><title>R&D &nbsp;&bogus; &#0;x</title><link>https://p.example/?a=1&b=2</link></item>\
         <item><title>Two<description>y</item><item><TITLE>Three</title></Item>",
    ));
    assert_eq!(titles(&feed), ["R&D &bogus; x", "Two", "Three"]);
    assert_eq!(
        feed.entries[0].url.as_ref().unwrap().as_str(),
        "https://p.example/?a=1&b=2"
    );
}

#[test]
fn attributes_without_quotes_and_text_around_the_feed() {
    let feed = read(
        "Warning: x in y.php\n<rss version=2.0><channel><title>P</title><item><title>One</title></item></channel></rss>\n<!-- cached -->",
    );
    assert_eq!(titles(&feed), ["One"]);
}

#[test]
fn one_invalid_byte_costs_one_character() {
    let mut document =
        rss("<item><title>Köln</title></item><item><title>x?y</title></item>").into_bytes();
    let at = document.iter().position(|b| *b == b'?').unwrap();
    document[at] = 0x92;
    let feed = read(&document);
    assert_eq!(titles(&feed), ["Köln", "x’y"]);
    assert!(!feed.warnings.is_empty());
}

#[test]
fn the_charset_is_told_by_bom_then_header_then_declaration() {
    let declared = b"<?xml version=\"1.0\" encoding=\"iso-8859-2\"?><rss version=\"2.0\"><channel><title>\xb1</title></channel></rss>";
    assert_eq!(read(declared).title.as_deref(), Some("ą"));
    let told = read_as(declared, Some("application/rss+xml; charset=windows-1251"));
    assert_eq!(told.title.as_deref(), Some("±"));
    let wide: Vec<u8> = "\u{feff}<rss version='2.0'><channel><title>漢</title></channel></rss>"
        .encode_utf16()
        .flat_map(u16::to_be_bytes)
        .collect();
    assert_eq!(read(wide).title.as_deref(), Some("漢"));
}

#[test]
fn sec_02_entities_are_not_expanded_beyond_reason_nor_files_read() {
    let mut laughs =
        "<!DOCTYPE rss [<!ENTITY a0 \"lol\"><!ENTITY f SYSTEM \"file:///etc/passwd\">".to_owned();
    for n in 1..12 {
        let inner = format!("&a{};", n - 1).repeat(10);
        laughs.push_str(&format!("<!ENTITY a{n} \"{inner}\">"));
    }
    laughs.push_str("]>");
    laughs.push_str(&rss(
        "<item><title>x &a11; &f;</title></item><item><title>Two</title></item>",
    ));
    let feed = read(laughs);
    assert_eq!(titles(&feed)[1], "Two");
    assert!(titles(&feed)[0].len() < 10_000);
    assert!(!titles(&feed)[0].contains("root:"));
}

#[test]
fn sec_03_depth_repeats_and_items_are_bounded() {
    let deep = rss(&format!(
        "<item><title>One</title>{}</item>",
        "<a>".repeat(200_000)
    ));
    assert_eq!(titles(&read(deep))[0], "One");
    let many = rss(&format!(
        "<item><title>One</title>{}</item>",
        "<category>c</category>".repeat(5000)
    ));
    assert!(read(many).entries[0].categories.len() <= newswire::parse::REPEATS_MAX);
    let items = rss(&"<item><title>x</title></item>".repeat(newswire::parse::ENTRIES_MAX + 5));
    assert_eq!(read(items).entries.len(), newswire::parse::ENTRIES_MAX);
}

#[test]
fn json_that_breaks_off_or_is_sloppy_is_read() {
    let feed = read(
        r#"{"version":"https://jsonfeed.org/version/1","title":"P","items":[{"id":"1","title":"One"},{"id":"2","title":"Tw"#,
    );
    assert_eq!(titles(&feed)[0], "One");
}

#[test]
fn sec_12_a_body_of_plain_text_is_no_longer_than_one_of_html() {
    let html_bytes_max = newswire::text::html_limits::HTML_BYTES_MAX;
    let text = "word & word\n".repeat(html_bytes_max / 4);
    let json = |key: &str| serde_json::json!({"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "1", key: text}]});
    let escaped = html_escape::encode_text(&text);
    let documents = [
        json("content_text").to_string(),
        json("summary").to_string(),
        rss(&format!(
            "<item><description>{escaped}</description></item>"
        )),
        format!(
            "<feed xmlns=\"http://www.w3.org/2005/Atom\"><entry><id>1</id><content>{escaped}</content></entry></feed>"
        ),
    ];
    for document in documents {
        let feed = read(&document);
        let entry = feed.entries.first().unwrap();
        let text = entry.content_text.as_ref().unwrap();
        assert!(text.len() <= html_bytes_max, "{}", text.len());
        let html = entry.content_html.iter().chain(&entry.summary_html);
        for html in html {
            // Each of the characters that are escaped takes five bytes, each line end five.
            assert!(html.len() <= 2 * html_bytes_max, "{}", html.len());
        }
    }
}
