//! Broken documents, and the pieces that are read from them.

use super::super::Warnings;
use super::super::mend::mend;
use super::*;

fn children(text: &str) -> Vec<Element> {
    let mended = mend(text, &mut Warnings::default());
    let mut walk = Walk::new(&mended);
    let mut found = Vec::new();
    while let Some(piece) = walk.next() {
        if let Piece::Child(element) = piece {
            found.push(element);
        }
    }
    found
}

#[test]
fn rel_05_wrong_nesting_and_a_missing_end_keep_whole_entries() {
    let found = children(
        "<rss><channel><item><b>x<i>y</b></item><item><b>2<item><b>3</b></item></channel>",
    );
    let texts: Vec<String> = found.iter().map(Element::text).collect();
    assert_eq!(texts, ["xy", "2", "3"]);
}

#[test]
fn rel_05_what_breaks_off_is_left_out_and_the_rest_stays() {
    let found = children("<rss><channel><item>1</item><item><title>2</ti");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].text(), "1");
    let found = children("<rss><item><guid>2</guid><title>T</title><description>a<b>b");
    assert_eq!(found[0].text(), "2T");
}

#[test]
fn stray_signs_are_text() {
    let found = children(
        "<rss><item>a < b & c &nbsp;&bogus; <j@x.org> &#150;<![CDATA[ <b> ]]></item></rss>",
    );
    assert_eq!(
        found[0].text(),
        "a < b & c \u{a0}&bogus; <j@x.org> \u{2013} <b> "
    );
}

#[test]
fn sec_03_depth_is_bounded() {
    let found = children(&format!("<rss><item>{}x", "<a>".repeat(100_000)));
    assert!(found.is_empty());
    let closed = format!(
        "<rss><item>{}x{}y</item></rss>",
        "<a>".repeat(999),
        "</a>".repeat(999)
    );
    assert_eq!(children(&closed)[0].text(), "y");
    let open = "<a>".repeat(999);
    for (between, texts) in [("</item>", ["1", "2"]), ("", ["1", "2"])] {
        let found = children(&format!("<rss><item>1{open}{between}<item>2</item></rss>"));
        assert_eq!(found.iter().map(Element::text).collect::<Vec<_>>(), texts);
    }
}

#[test]
fn sec_02_entities_of_a_dtd_are_not_expanded() {
    let found = children("<!DOCTYPE r [<!ENTITY e \"boom\">]><rss><item>&e;</item></rss>");
    assert_eq!(found[0].text(), "&e;");
}

#[test]
fn markup_inside_is_html_again() {
    let found = children("<rss><item><p title='&quot;x'>a &lt; b<br/></p></item></rss>");
    assert_eq!(
        found[0].inner_html(),
        "<p title=\"&quot;x\">a &lt; b<br></p>"
    );
}
