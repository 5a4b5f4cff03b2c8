//! What a draft takes from an entry, its text and its page.

use super::*;
use crate::text::tokens;

fn made(entries: Vec<ParsedEntry>) -> Drafted {
    let feed = ParsedFeed {
        entries,
        ..ParsedFeed::default()
    };
    drafts(&feed, &Boilerplate::default())
}

fn entry(title: &str, html: &str) -> ParsedEntry {
    ParsedEntry {
        id: Some(format!("id of {title}")),
        title: Some(title.to_owned()),
        content_html: Some(html.to_owned()),
        ..ParsedEntry::default()
    }
}

#[test]
fn headline_standfirst_and_byline_are_read_off_the_top_of_the_text() {
    let html = "<p>Harbours agree on tides</p><p>Two mayors met on a pier</p><p>City Desk 2030-01-05</p>\
                    <p>The mayors of two harbours met on Saturday.</p><p>They agreed.</p>\
                    <p>(With additional input from Harbour News Agency)</p>";
    let d = made(vec![entry("Harbours agree on tides", html)])
        .drafts
        .remove(0);
    assert_eq!(d.summary, "Two mayors met on a pier");
    assert_eq!(d.authors[0].name.as_deref(), Some("City Desk"));
    assert_eq!(d.published, dates::read_bare("2030-01-05"));
    assert_eq!(d.agencies, ["Harbour News Agency"]);
    assert!(d.content_text.starts_with("The mayors of two harbours met"));
}

#[test]
fn a_line_like_a_byline_below_the_text_takes_none_of_it_away() {
    let html = "<p>The mayors of two harbours met on Saturday, and agreed.</p><p>City Desk 2030-01-05</p>\
                    <p>Stay with us for more.</p>";
    let d = made(vec![entry("Harbours agree on tides", html)])
        .drafts
        .remove(0);
    assert!(d.content_text.starts_with("The mayors of two harbours met"));
    assert!(d.authors.is_empty());
}

#[test]
fn a_feeds_own_author_and_date_stand() {
    let mut e = entry("T", "<p>By Jane Doe</p><p>Text.</p>");
    e.authors = vec![Person {
        name: Some("Reuters".to_owned()),
        ..Person::default()
    }];
    let d = made(vec![e]).drafts.remove(0);
    assert_eq!(d.authors.len(), 1);
    assert_eq!(d.agencies, ["Reuters"]);
    assert_eq!(d.published, None);
    assert_eq!(d.content_text, "Text.");
}

#[test]
fn what_recurs_in_three_articles_is_not_text_but_one_article_listed_thrice_is() {
    let notice = "<p>Comments are moderated by our editors.</p>";
    let three = (1..=3).map(|n| entry(&format!("Title {n}"), &format!("<p>Text {n}.</p>{notice}")));
    for (n, d) in made(three.collect()).drafts.iter().enumerate() {
        assert_eq!(d.content_text, format!("Text {}.", n + 1));
        assert!(
            d.content_html.contains("moderated"),
            "the body keeps it: it is stripped when read"
        );
    }
    let mut same: Vec<ParsedEntry> = (0..3)
        .map(|_| entry("Same", "<p>One.</p><p>Two.</p>"))
        .collect();
    for (n, e) in same.iter_mut().enumerate() {
        e.id = Some(format!("copy {n}"));
    }
    assert_eq!(made(same).drafts[0].content_text, "One.\n\nTwo.");
}

#[test]
fn sec_12_an_entry_without_a_headline_is_named_by_its_text() {
    let mut e = entry("", "<p>A note about boats.</p>");
    e.title = None;
    assert_eq!(made(vec![e]).drafts[0].title, "A note about boats.");
}

#[test]
fn a_page_takes_the_place_of_the_body_and_of_nothing_that_the_feed_says() {
    let teaser = "<p>Two mayors met on a pier in spring.</p>";
    let mut dated = entry("Harbours agree about spring tides", teaser);
    dated.published = dates::read_bare("2030-01-05");
    let silent = entry("Harbours agree about autumn tides", teaser);
    let mut made = made(vec![dated, silent]);
    let page = |html: &str| Page {
        title: Some("Another headline about tides".to_owned()),
        authors: vec!["Ada Brandt".to_owned()],
        published: dates::read_bare("2030-02-02"),
        language: Some("en".to_owned()),
        html: html.to_owned(),
    };
    let full = "<p>The mayors of two harbours met on a pier and agree on spring tides.</p><p>They met on a Saturday.</p><p>(Reuters)</p>";
    let before = made.drafts[1].clone();
    take_pages(
        &mut made,
        vec![(0, page(full)), (1, page("<p>Short.</p>"))],
        &Boilerplate::default(),
    );
    let draft = &made.drafts[0];
    assert!(draft.content_text.starts_with("The mayors of two harbours"));
    assert!(!agency::without_credits(&draft.content_text).contains("Reuters"));
    assert_eq!(draft.agencies, ["Reuters"]);
    assert_eq!(draft.title, "Harbours agree about spring tides");
    assert_eq!(draft.summary, "Two mayors met on a pier in spring.");
    assert_eq!(draft.published, dates::read_bare("2030-01-05"));
    assert_eq!(draft.authors[0].name.as_deref(), Some("Ada Brandt"));
    assert_eq!(made.paragraphs[0].len(), 3);
    assert_eq!(made.drafts[1], before, "a shorter page changes nothing");
}

#[test]
fn what_recurs_on_three_pages_is_no_text() {
    let titles = ["Spring tides", "Autumn boats", "Winter piers"];
    let mut made = made(titles.map(|t| entry(t, "<p>A teaser.</p>")).to_vec());
    let pages = titles.iter().enumerate().map(|(n, title)| {
        let html =
            format!("<p>{title}: a whole paragraph.</p><p>Our journalism needs your support.</p>");
        let page = Page {
            html,
            ..Page::default()
        };
        (n, page)
    });
    take_pages(&mut made, pages.collect(), &Boilerplate::default());
    assert_eq!(
        made.drafts[1].content_text,
        "Autumn boats: a whole paragraph."
    );
}

#[test]
fn a_body_is_tokenized_once() {
    let html =
        "<p>One.</p><ul><li>Two</li></ul><p>Three <a href=\"https://a.example/\">and four</a>.</p>";
    let before = tokens::walks();
    let draft = made(vec![entry("Boats", html)]).drafts.remove(0);
    assert_eq!(tokens::walks() - before, 1);
    assert_eq!(draft.content_text, "One.\n\n- Two\n\nThree and four.");
}

#[test]
fn the_same_entry_twice_is_one_draft() {
    let twice = made(vec![entry("A", "<p>x</p>"), entry("A", "<p>x</p>")]);
    assert_eq!(twice.drafts.len(), 1);
}
