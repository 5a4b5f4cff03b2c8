//! SEC-14 as a property: whatever a document holds, in whatever dialect, no string that leaves `parse` or becomes part of
//! a draft holds a control, a bidi override or a noncharacter.

use newswire::normalize;
use newswire::normalize::boilerplate::Boilerplate;
use newswire::text::html_text;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::read;

/// What a publisher writes: words, markup, and whatever should not stand in a text, raw, in references, or garbled.
fn written() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "a",
        "Boats ",
        "é",
        "Ã¶",
        "â€®",
        "Â\u{85}",
        "\u{1b}[31m",
        "\u{9b}",
        "\u{85}",
        "\u{7f}",
        "\0",
        "\u{7}",
        "\u{202e}",
        "\u{202a}",
        "\u{2066}",
        "\u{2069}",
        "\u{feff}",
        "\u{fffe}",
        "\u{fdd0}",
        "\u{1ffff}",
        "\u{fffb}",
        "\u{e0041}",
        "\r\n",
        "\t",
        "&#27;",
        "&#x9b;",
        "&#x202e;",
        "&#8294;",
        "&#xfeff;",
        "&amp;#27;",
        "&amp;",
        "<b>",
        "</b>",
        "<p>",
        "<pre>",
        "<img alt='\u{202e}&#27;' src=x>",
        "<a title='\u{1b}' href='\u{202e}y'>",
        "</a>",
        "]]>",
    ]);
    proptest::collection::vec(piece, 0..9).prop_map(|pieces| pieces.concat())
}

/// The same as XML has it, or raw: broken XML is read too.
fn in_xml(w: &[String], is_escaped: bool) -> Vec<String> {
    let escaped = |text: &String| match is_escaped {
        true => html_escape::encode_safe(text).into_owned(),
        false => text.replace('\'', ""),
    };
    w.iter().map(escaped).collect()
}

fn rss(w: &[String]) -> String {
    format!(
        "<rss version='2.0' xmlns:dc='http://purl.org/dc/elements/1.1/' xmlns:content='http://purl.org/rss/1.0/modules/content/'
         xmlns:itunes='http://www.itunes.com/dtds/podcast-1.0.dtd' xmlns:media='http://search.yahoo.com/mrss/'>
         <channel><title>{0}</title><description>{1}</description><copyright>{2}</copyright><generator>{3}</generator>
         <managingEditor>{4} a@b.example</managingEditor><itunes:category text='{5}'/><category domain='{6}'>{7}</category>
         <item><title>{8}</title><guid>{9}</guid><description>{0}</description><content:encoded>{1}</content:encoded>
         <author>{2}</author><dc:creator>{3}</dc:creator><category domain='{4}'>{5}</category><dc:rights>{6}</dc:rights>
         <source url='http://a.example/'>{7}</source><enclosure url='http://a.example/{8}' type='{9}'/>
         <media:description>{0}</media:description><itunes:keywords>{1},{2}</itunes:keywords></item>
         <item><link>http://a.example/2</link><description>{3}</description></item></channel></rss>",
        w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], w[8], w[9]
    )
}

fn rdf(w: &[String]) -> String {
    format!(
        "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/'
         xmlns:cc='http://web.resource.org/cc/' xmlns:admin='http://webns.net/mvcb/'>
         <channel rdf:about='{0}'><title>{1}</title><description>{2}</description><cc:license rdf:resource='{3}'/>
         <admin:generatorAgent rdf:resource='{4}'/></channel>
         <item rdf:about='{5}'><link>http://a.example/1</link><title>{6}</title><description>{7}</description><cc:license rdf:resource='{8}'/></item>
         <item><link>http://a.example/2</link><title>{9}</title></item></rdf:RDF>",
        w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], w[8], w[9]
    )
}

fn atom(w: &[String]) -> String {
    format!(
        "<feed xmlns='http://www.w3.org/2005/Atom'><id>{0}</id><title type='html'>{1}</title><subtitle>{2}</subtitle>
         <rights>{3}</rights><author><name>{4}</name><email>{5}</email><uri>http://a.example/{6}</uri></author>
         <entry><link href='http://a.example/1'/><id>{7}</id><title type='text'>{8}</title><summary type='text'>{9}</summary><content type='html'>{0}</content>
         <category term='{1}' label='{2}' scheme='{3}'/><source><title>{4}</title><id>{5}</id></source></entry>
         <entry><link href='http://a.example/2'/><title type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>{6}</div></title>
         <content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>{7}</div></content><summary type='html'>{8}</summary></entry>
         <entry><content>{9}</content></entry></feed>",
        w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], w[8], w[9]
    )
}

fn json_feed(w: &[String]) -> String {
    json!({
        "version": "https://jsonfeed.org/version/1.1", "title": w[0], "description": w[1], "authors": [{"name": w[2]}],
        "items": [
            {"id": w[3], "title": w[4], "content_html": w[5], "summary": w[6], "tags": [w[7]], "authors": [{"name": w[8]}],
             "attachments": [{"url": format!("http://a.example/{}", w[9]), "mime_type": w[0]}]},
            {"id": w[1], "url": "http://a.example/2", "content_text": w[2], "summary": w[3], "author": w[4]},
            {"id": w[5], "content_text": w[6], "content_html": w[7]},
        ],
    })
    .to_string()
}

fn may_not_stand(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
        || matches!(c, '\u{e0000}'..='\u{e007f}' | '\u{fdd0}'..='\u{fdef}')
        || u32::from(c) & 0xfffe == 0xfffe
}

/// Every string of a value; what is HTML is also read as a browser would show it.
fn assert_clean(name: &str, value: &Value) {
    match value {
        Value::String(said) => {
            let has_lines = name.ends_with("_html") || name.ends_with("_text");
            let is_bad = |c: char| may_not_stand(c) && !(has_lines && matches!(c, '\n' | '\t'));
            assert_eq!(said.chars().find(|c| is_bad(*c)), None, "{name}: {said:?}");
            if name.ends_with("_html") {
                assert_clean("shown_text", &json!(html_text::from_html(said)));
            }
        }
        Value::Array(all) => all.iter().for_each(|v| assert_clean(name, v)),
        Value::Object(all) => all.iter().for_each(|(name, v)| assert_clean(name, v)),
        _ => {}
    }
}

fn assert_all_clean(document: &str, is_whole: bool) {
    let feed = read(document);
    assert!(!is_whole || feed.entries.len() > 1, "{document}");
    assert_clean("feed", &serde_json::to_value(&feed).unwrap());
    for d in normalize::drafts(&feed, &Boilerplate::default()).drafts {
        let draft = json!({
            "guid": d.guid, "url": d.url, "canonical_url": d.canonical_url, "title": d.title, "summary": d.summary,
            "content_html": d.content_html, "content_text": d.content_text,
            "authors": d.authors, "agencies": d.agencies, "categories": d.categories, "enclosures": d.enclosures,
            "image": d.image, "comments_url": d.comments_url, "rights": d.rights, "source": d.source,
            "language": d.language,
        });
        assert_clean("draft", &draft);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn sec_14_no_string_of_an_xml_feed_holds_controls(
        w in proptest::collection::vec(written(), 10),
        is_escaped in any::<bool>(),
    ) {
        let w = in_xml(&w, is_escaped);
        let documents = [rss(&w), rdf(&w), atom(&w)];
        documents.iter().for_each(|document| assert_all_clean(document, is_escaped));
    }

    #[test]
    fn sec_14_no_string_of_a_json_feed_holds_controls(w in proptest::collection::vec(written(), 10)) {
        assert_all_clean(&json_feed(&w), true);
    }
}

#[test]
fn a_garbled_text_is_mended_by_what_it_says_in_every_dialect() {
    for title in ["KÃ¶ln", "K&amp;Atilde;&amp;para;ln"] {
        let document = format!("<rss><channel><item><title>{title}</title></item></channel></rss>");
        assert_eq!(
            read(document).entries[0].title.as_deref(),
            Some("Köln"),
            "{title}"
        );
    }
    let document = json!({"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "1", "title": "KÃ¶ln"}]});
    assert_eq!(
        read(document.to_string()).entries[0].title.as_deref(),
        Some("Köln")
    );
}
