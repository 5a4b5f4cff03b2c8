//! Every service: its documented shape, its limits for the largest stories, and texts that try to be markup.

use serde_json::{Value, json};

use super::*;
use crate::model::{Alternate, StoryView, Time, WebUrl};
use crate::notify::notice::{EventKind, Notice, sample_story};

const EVIL: &str =
    "@everyone <!channel> <@U1> **bold** [x](http://evil.example) `a` <script>&\"' #1 @room";

fn notice(n: usize, story: StoryView) -> Notice {
    Notice {
        id: format!("msg_{n}"),
        kind: EventKind::New,
        at: Time::from_seconds(1_900_000_000),
        story,
    }
}

fn story(title: &str, copies: usize) -> StoryView {
    let mut story = sample_story(Time::EPOCH);
    story.content.title = title.to_owned();
    story.content.summary = format!("Summary of {title}");
    story.content.url = Some("https://a.example/1?a=1&b=\"2".to_owned());
    story.content.feed.title = "The Argus".to_owned();
    let copy = |n: usize| Alternate {
        feed_url: "https://b.example/".to_owned(),
        feed_title: format!("Paper {n}"),
        url: None,
        title: title.to_owned(),
        published: None,
    };
    story.also_in = (0..copies).map(copy).collect();
    story.copies = u32::try_from(copies + 1).unwrap();
    story
}

/// Ten of the largest stories, whose characters are all escaped.
fn largest() -> Vec<Notice> {
    let long = |n: usize| "\"&<*ж".repeat(n);
    let mut one = story(&long(1000), 50);
    one.content.summary = long(2000);
    one.content.feed.title = long(500);
    one.content.url = Some(format!("https://a.example/{}", "x".repeat(1900)));
    one.also_in
        .iter_mut()
        .for_each(|copy| copy.feed_title = long(500));
    (0..STORIES_MAX).map(|n| notice(n, one.clone())).collect()
}

fn read(body: &str) -> Value {
    serde_json::from_str(body).unwrap()
}

/// All characters of all texts of a value.
fn chars(value: &Value) -> usize {
    match value {
        Value::String(text) => text.chars().count(),
        Value::Array(list) => list.iter().map(chars).sum(),
        Value::Object(map) => map.values().map(chars).sum(),
        _ => 0,
    }
}

#[test]
fn ntfy_gets_one_story_with_a_link_or_several_in_4096_bytes() {
    let one = read(&ntfy::body(
        "news",
        &[notice(1, story("Harbour\r\nclosed", 1))],
    ));
    assert_eq!(one["topic"], "news");
    assert_eq!(one["title"], "Harbour closed", "a headline is one line");
    assert_eq!(one["click"], "https://a.example/1?a=1&b=\"2");
    let text = one["message"].as_str().unwrap();
    assert!(text.ends_with("The Argus, also in Paper 0"), "{text}");
    for n in 1..=STORIES_MAX {
        let body = read(&ntfy::body("news", &largest()[..n]));
        assert!(body["message"].as_str().unwrap().len() <= 4096);
        assert!(body["title"].as_str().unwrap().chars().count() <= 250);
    }
    let two = read(&ntfy::body(
        "news",
        &[notice(1, story("A", 0)), notice(2, story("B", 0))],
    ));
    assert_eq!(two["title"], "2 stories");
    assert!(
        two["message"]
            .as_str()
            .unwrap()
            .starts_with("A\nThe Argus\nhttps://")
    );
}

#[test]
fn slack_shows_publishers_texts_as_text() {
    let body = read(&slack::body(&[notice(1, story(EVIL, 6))]));
    let text = body["text"].as_str().unwrap();
    assert!(
        !text.contains(['<', '>']) && text.contains("&lt;!channel&gt;"),
        "{text}"
    );
    let elements = &body["blocks"][0]["elements"][0]["elements"];
    assert_eq!(elements[0]["type"], "link");
    assert_eq!(elements[0]["text"], EVIL, "rich text has no markup");
    let source = elements[1]["text"].as_str().unwrap();
    assert!(source.contains("Paper 3 and 2 more"), "{source}");
    let large = read(&slack::body(&largest()));
    assert_eq!(large["blocks"].as_array().unwrap().len(), 10);
    for block in large["blocks"].as_array().unwrap() {
        assert!(chars(block) < 3000, "{}", chars(block));
    }
}

#[test]
fn discord_escapes_markup_mentions_no_one_and_keeps_its_limits() {
    let body = read(&discord::body(&[notice(1, story(EVIL, 0))]));
    assert_eq!(body["allowed_mentions"], json!({ "parse": [] }));
    let title = body["embeds"][0]["title"].as_str().unwrap();
    assert!(
        title.starts_with(r"\@everyone \<!channel\> \<\@U1\> \*\*bold\*\* \[x\]\("),
        "{title}"
    );
    let large = read(&discord::body(&largest()));
    let embeds = large["embeds"].as_array().unwrap();
    let of = |embed: &Value, key: &str| embed[key].as_str().unwrap_or_default().chars().count();
    let counted = |e: &Value| of(e, "title") + of(e, "description") + of(&e["footer"], "text");
    assert!(embeds.len() == 10 && embeds.iter().map(counted).sum::<usize>() <= 6000);
    assert!(
        embeds
            .iter()
            .all(|e| of(e, "title") <= 256 && of(e, "url") <= 2048)
    );
}

#[test]
fn matrix_repeats_under_one_address_and_escapes_html() {
    let server = WebUrl::parse("https://matrix.example/base/").unwrap();
    let notices = [notice(1, story(EVIL, 0)), notice(2, story("B", 0))];
    let address = |notices: &[Notice]| {
        matrix::address(&server, "!a/b:x", notices)
            .unwrap()
            .to_string()
    };
    assert_eq!(
        address(&notices[..1]),
        "https://matrix.example/base/_matrix/client/v3/rooms/!a%2Fb:x/send/m.room.message/msg_1"
    );
    assert_eq!(address(&notices), address(&notices));
    assert_ne!(address(&notices), address(&notices[1..]));
    let body = read(&matrix::body(&notices));
    let html = body["formatted_body"].as_str().unwrap();
    assert!(
        html.contains("&lt;script&gt;") && !html.contains("<script"),
        "{html}"
    );
    assert!(
        html.contains("href=\"https://a.example/1?a=1&amp;b=&quot;2\""),
        "{html}"
    );
    assert_eq!(
        (&body["msgtype"], &body["m.mentions"]),
        (&json!("m.notice"), &json!({}))
    );
    let large = matrix::body(&largest());
    assert!(large.len() < 60_000, "{}", large.len());
}

#[test]
fn apprise_gets_plain_text() {
    let body = read(&apprise::body(&[notice(1, story(EVIL, 1))]));
    assert_eq!(
        (&body["title"], &body["format"]),
        (&json!(EVIL), &json!("text"))
    );
    assert!(
        body["body"]
            .as_str()
            .unwrap()
            .contains("https://a.example/1")
    );
    let large = read(&apprise::body(&largest()));
    assert!(large["body"].as_str().unwrap().len() <= 4000);
}

#[test]
fn growth_and_edits_are_named() {
    let entry = |kind: EventKind| {
        let notice = Notice {
            kind,
            ..notice(1, story("A", 4))
        };
        read(&apprise::body(&[notice]))["title"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(entry(EventKind::New), "A");
    assert_eq!(entry(EventKind::Updated), "Updated: A");
    assert_eq!(entry(EventKind::Grew), "5 copies: A");
}
