//! REL-05: documents that do not close what they open keep every item and every field; documents that do are nested as they
//! say.

use newswire::model::ParsedFeed;
use newswire::parse::{ParseContext, parse};
use proptest::prelude::*;

fn read(text: &str) -> ParsedFeed {
    parse(text.as_bytes(), &ParseContext::default()).unwrap()
}

fn titles(text: &str) -> Vec<String> {
    let entries = read(text).entries;
    entries
        .into_iter()
        .map(|e| e.title.unwrap_or_default())
        .collect()
}

const NAMESPACES: &str = "xmlns:atom='http://www.w3.org/2005/Atom' xmlns:media='http://search.yahoo.com/mrss/' \
     xmlns:itunes='http://www.itunes.com/dtds/podcast-1.0.dtd' xmlns:webfeeds='http://webfeeds.org/rss/1.0' \
     xmlns:content='http://purl.org/rss/1.0/modules/content/' xmlns:dc='http://purl.org/dc/elements/1.1/'";

fn rss(head: &str, items: &str) -> String {
    format!(
        "<rss version='2.0' {NAMESPACES}><channel>{head}<title>News</title><link>https://a.example/</link>{items}</channel></rss>"
    )
}

fn item(n: usize, extra: &str) -> String {
    format!(
        "<item>{extra}<title>T{n}</title><link>https://a.example/{n}</link><guid>g{n}</guid>\
         <pubDate>Tue, 04 Mar 2025 09:15:00 GMT</pubDate><description>d{n}</description>\
         <content:encoded>c{n}</content:encoded></item>"
    )
}

/// Start tags that publishers forget to close.
const FORGOTTEN: &[&str] = &[
    "<atom:link href='https://a.example/feed' rel='self'>",
    "<itunes:image href='https://a.example/i.png'>",
    "<webfeeds:logo>https://a.example/l.svg",
    "<language>en",
    "<hr>",
    "<image>",
    "<image><url>https://a.example/i.png</url>",
    "<link>https://a.example/",
    "<author>Jo",
    "<generator>g",
    "<custom:thing x='y'>",
    "<category>news",
    "<p>Welcome<br>",
];

#[test]
fn rel_05_what_a_feed_forgets_to_close_costs_no_item() {
    for head in FORGOTTEN {
        let feed = read(&rss(head, &(item(1, "") + &item(2, ""))));
        let guids: Vec<_> = feed.entries.iter().map(|e| e.id.clone().unwrap()).collect();
        assert_eq!(guids, ["g1", "g2"], "{head}");
        assert_eq!(feed.title.as_deref(), Some("News"), "{head}");
    }
}

#[test]
fn an_end_tag_of_another_field_ends_the_one_that_is_open() {
    let link = "https://a.example/1";
    for (fields, title, url, summary) in [
        (
            "<title>T1</description><description>d</title>".to_owned(),
            "T1",
            None,
            Some("d"),
        ),
        (
            "<description>d</title><title>T1</description>".to_owned(),
            "T1",
            None,
            Some("d"),
        ),
        (
            format!("<guid>g</link><link>{link}</guid><title>T1</title>"),
            "T1",
            Some(link),
            None,
        ),
        (
            format!("<title>T1</link>\n<link>{link}</title>"),
            "T1",
            Some(link),
            None,
        ),
        ("<title>T1</description>".to_owned(), "T1", None, None),
        (
            "<title>T1</pubDate><description>d</description>".to_owned(),
            "T1",
            None,
            Some("d"),
        ),
    ] {
        let items = format!("<item>{fields}</item>{}", item(2, ""));
        let feed = read(&rss("", &items));
        let entry = &feed.entries[0];
        assert_eq!(entry.title.as_deref(), Some(title), "{fields}");
        assert_eq!(entry.url.as_ref().map(|url| url.as_str()), url, "{fields}");
        assert_eq!(entry.summary_html.as_deref(), summary, "{fields}");
        assert_eq!(feed.entries[1].title.as_deref(), Some("T2"), "{fields}");
    }
    let head = "<channel><title>News</link><link>https://a.example/</title>";
    let feed = read(&format!("<rss>{head}{}</channel></rss>", item(1, "")));
    assert_eq!(feed.title.as_deref(), Some("News"));
    assert_eq!(feed.entries.len(), 1);
}

#[test]
fn an_end_tag_inside_a_text_ends_nothing() {
    // In a body `link` and `title` may be markup.
    for body in [
        "a </title> b",
        "<svg/></title><title>b</title> c",
        "a </link><link/> b",
    ] {
        let feed = read(&rss(
            "",
            &format!("<item><description>{body}</description></item>"),
        ));
        let text = feed.entries[0].content_text.clone().unwrap();
        assert!(text.ends_with(['b', 'c']), "{body}: {text}");
    }
}

#[test]
fn rel_05_what_stands_open_right_before_the_items_costs_none() {
    for open in FORGOTTEN {
        let items = format!("{open}{}{}", item(1, ""), item(2, ""));
        assert_eq!(titles(&rss("", &items)), ["T1", "T2"], "{open}");
        let root = rss("", &item(1, "")).replacen("<channel>", &format!("{open}<channel>"), 1);
        assert_eq!(titles(&root), ["T1"], "{open} before the channel");
    }
    for open in [
        "<link href='https://a.example/'>",
        "<logo>",
        "<author><name>Jo</name>",
        "<author>",
    ] {
        let feed = format!(
            "<feed xmlns='http://www.w3.org/2005/Atom'>{open}<title>F</title><entry><id>u:1</id><title>A</title></entry>\
             {open}<entry><id>u:2</id><title>B</title></entry></feed>"
        );
        assert_eq!(titles(&feed), ["A", "B"], "{open}");
    }
}

#[test]
fn rel_05_what_an_item_forgets_to_close_costs_no_field_behind_it() {
    let in_items = [
        "<enclosure url='https://a.example/a.mp3' length='1' type='audio/mpeg'>",
        "<media:thumbnail url='https://a.example/t.jpg'>",
        "<media:content url='https://a.example/c.jpg' medium='image'>",
        "<itunes:image href='https://a.example/i.png'>",
        "<atom:link href='https://a.example/x' rel='related'>",
        "<category>news",
        "<hr>",
        "<media:content url='https://a.example/c.jpg'><media:thumbnail url='https://a.example/t.jpg'>",
    ];
    for open in in_items {
        let feed = read(&rss("", &(item(1, open) + &item(2, open) + &item(3, ""))));
        assert_eq!(feed.entries.len(), 3, "{open}");
        for (n, entry) in (1..).zip(&feed.entries) {
            assert_eq!(entry.title, Some(format!("T{n}")), "{open}");
            assert_eq!(entry.id, Some(format!("g{n}")), "{open}");
            assert_eq!(
                entry.url.as_ref().unwrap().as_str(),
                format!("https://a.example/{n}")
            );
            assert!(entry.published.is_some(), "{open}");
            assert_eq!(entry.summary_html, Some(format!("d{n}")), "{open}");
            assert_eq!(entry.content_html, Some(format!("c{n}")), "{open}");
        }
    }
}

#[test]
fn rel_05_markup_that_was_not_escaped_stays_in_its_body() {
    let text = "<description><p>One<br>two <link rel='x'>three<hr><b>four</b></description>";
    let items = format!(
        "<item><title>A</title>{text}<guid>1</guid></item>{}",
        item(2, "")
    );
    let feed = read(&rss("", &items));
    let body = feed.entries[0].summary_html.as_deref().unwrap();
    assert!(
        body.contains("two") && body.contains("<b>four</b>"),
        "{body}"
    );
    assert_eq!(feed.entries[0].id.as_deref(), Some("1"));
}

#[test]
fn what_stands_inside_an_element_that_is_closed_is_no_article_of_the_feed() {
    let conflicts = "<feed xmlns='http://www.w3.org/2005/Atom' xmlns:sx='http://feedsync.org/2007/feedsync'>\
        <entry><id>u:1</id><title>A</title><sx:sync><sx:conflicts><entry><id>u:1</id><title>old</title></entry>\
        </sx:conflicts></sx:sync></entry><entry><id>u:2</id><title>B</title><source><id>u:s</id>\
        <entry><id>u:9</id><title>inner</title></entry></source></entry></feed>";
    assert_eq!(titles(conflicts), ["A", "B"]);
    let nested = rss(
        "",
        &format!(
            "<item><title>Outer</title>{}</item>{}",
            item(8, ""),
            item(2, "")
        ),
    );
    assert_eq!(titles(&nested), ["Outer", "T2"]);
    let in_open = rss(
        "",
        &format!("<item><title>Outer</title>{}{}", item(1, ""), item(2, "")),
    );
    assert_eq!(titles(&in_open), ["Outer", "T1", "T2"]);
}

#[test]
fn items_that_all_stand_inside_unknown_elements_are_the_items_of_the_feed() {
    let wrapped = rss("", &format!("<list>{}{}</list>", item(1, ""), item(2, "")));
    assert_eq!(titles(&wrapped), ["T1", "T2"]);
}

proptest! {
    /// Whatever is left open, wherever it stands between fields: every item stays, with its guid.
    #[test]
    fn rel_05_start_tags_without_ends_cost_no_item(
        places in prop::collection::vec((0usize..4, 0..FORGOTTEN.len(), 0usize..3), 0..6)
    ) {
        let mut head = String::new();
        let mut before = vec![String::new(); 3];
        let mut inside = vec![String::new(); 3];
        for (place, what, which) in places {
            match place {
                0 => head += FORGOTTEN[what],
                1 => before[which] += FORGOTTEN[what],
                _ => inside[which] += FORGOTTEN[what],
            }
        }
        let items: String = (0..3).map(|n| format!("{}{}", before[n], item(n, &inside[n]))).collect();
        let feed = read(&rss(&head, &items));
        let guids: Vec<_> = feed.entries.iter().map(|e| e.id.clone().unwrap_or_default()).collect();
        prop_assert_eq!(guids, ["g0", "g1", "g2"]);
    }
}
