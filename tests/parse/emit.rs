//! What newswire prints, newswire reads: merged feeds and subscription lists come back as they went out, whatever
//! stands in them (SEC-10, SEC-16, SEC-17).

use newswire::emit::Channel;
use newswire::emit::opml::{self, Subscription};
use newswire::model::{
    Alternate, Category, Content, Enclosure, FeedId, FeedRef, Person, Seq, StoryId, StoryView,
    Time, WebUrl,
};
use newswire::text::{html, plain, settle};
use proptest::prelude::*;
use uuid::Uuid;

use crate::support::comes_back::{self, assert_well_formed, distinct};

/// Text that somebody meant to break something with, between words.
fn hostile() -> impl Strategy<Value = String> {
    let bad = prop::sample::select(vec![
        "\0",
        "\u{b}",
        "\u{1b}[31m",
        "\u{85}",
        "]]>",
        "<![CDATA[",
        "\u{fffe}",
        "\u{1ffff}",
        "\u{202e}",
        "\u{2066}",
        "🎉",
        "👨‍👩‍👧",
        "漢字",
        "<script>alert(1)</script>",
        "</title>",
        "<!--",
        "-->",
        "<?x ?>",
        "&lt;b&gt;",
        "&amp;amp;",
        "&#60;",
        "&#x3c;",
        "&copy",
        "&copy;",
        "AT&T",
        "&é",
        "&é1",
        "&_",
        "&1",
        "a < b",
        "1<2",
        "<é",
        "<b",
        "\r\n",
        "\t",
        "\u{a0}",
        " ",
        "\"",
        "'",
        "<img src=x onerror=y>",
        "&",
        "<",
        ">",
        "%",
        "%s",
        "{{7*7}}",
    ]);
    let part = prop_oneof![
        3 => bad.prop_map(str::to_owned),
        2 => prop::sample::select(vec!["war", "peace", "Köln", "ИТАР"]).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
    ];
    let text =
        prop::collection::vec(part, 0..12).prop_map(|parts| parts.concat().replace('\u{fffd}', ""));
    text.prop_filter("damaged text is mended where it is read", |text| {
        settle::line(text) == plain::line(text)
    })
}

/// The same, never empty.
fn said() -> impl Strategy<Value = String> {
    hostile().prop_map(|text| format!("A{text}z"))
}

fn time() -> impl Strategy<Value = Time> {
    (1_000_000_000i64..1_900_000_000).prop_map(Time::from_seconds)
}

fn url() -> impl Strategy<Value = String> {
    (
        0u32..1000,
        prop::sample::select(vec!["", "?a=1&b=2", "/ü?q=%25&copy=1#x", "?lt;=<>"]),
    )
        .prop_map(|(n, rest)| {
            WebUrl::parse(&format!("https://site{n}.example/a{rest}"))
                .unwrap()
                .to_string()
        })
}

fn person() -> impl Strategy<Value = Person> {
    (said(), any::<bool>()).prop_map(|(name, is_known)| Person {
        name: Some(name.replace('@', "")),
        email: is_known.then(|| "ann@example.org".to_owned()),
        url: is_known.then(|| "https://example.org/ann".to_owned()),
    })
}

fn feed() -> impl Strategy<Value = FeedRef> {
    (said(), url()).prop_map(|(title, url)| FeedRef {
        id: FeedId::of(&url),
        site: Some("https://site.example/".to_owned()),
        title,
        url,
    })
}

prop_compose! {
    fn story()(
        id in any::<u128>(),
        (title, summary, body) in (said(), hostile(), hostile()),
        url in prop::option::of(url()),
        (published, edited, arrived) in (prop::option::of(time()), prop::option::of(0i64..1_000_000), time()),
        authors in prop::collection::vec(person(), 0..3),
        terms in prop::collection::vec(said(), 0..4),
        files in prop::collection::vec((url(), prop::option::of(0u64..1 << 40)), 0..3),
        feed in feed(),
        copies in prop::collection::vec((hostile(), url()), 0..3),
    ) -> StoryView {
        StoryView {
            id: StoryId(Uuid::from_u128(id)),
            seq: Seq::new(1),
            content: Content {
                title,
                url,
                summary,
                content_html: Some(html::sanitize(&format!("<p>{body}</p>"), None)),
                content_text: Some(plain::lines(&body)),
                boilerplate: Vec::new(),
                authors: authors
                    .into_iter()
                    .enumerate()
                    .map(|(n, p)| Person { name: p.name.map(|name| format!("{n}{name}")), ..p })
                    .collect(),
                agencies: vec!["Reuters".to_owned()],
                categories: terms
                    .iter()
                    .enumerate()
                    .map(|(n, t)| Category { term: format!("{n}{t}"), label: None, scheme: None })
                    .collect(),
                tags: Vec::new(),
                topics: vec!["ukraine".to_owned()],
                language: Some("en".to_owned()),
                published,
                updated: edited.and_then(|s| Some(Time::from_seconds(published?.seconds() + s))),
                // A claim that is later is not believed; that is proven elsewhere.
                first_seen: Time::from_seconds(1_900_000_000),
                arrived,
                image: Some("https://site.example/i.png".to_owned()),
                enclosures: files
                    .into_iter()
                    .map(|(url, length)| Enclosure { url, mime: Some("audio/mpeg".to_owned()), length })
                    .collect(),
                feed,
            },
            copies: copies.len() as u32 + 1,
            also_in: copies
                .into_iter()
                .map(|(feed_title, url)| Alternate {
                    feed_url: url.clone(),
                    feed_title,
                    url: Some(url),
                    title: "T".to_owned(),
                    published: None,
                })
                .collect(),
        }
    }
}

prop_compose! {
    fn channel()(
        title in said(),
        description in prop_oneof![Just(String::new()), said()],
        updated in time(),
        stories in prop::collection::vec(story(), 0..4),
    ) -> Channel {
        Channel {
            id: "urn:uuid:00000000-0000-0000-0000-000000000001".to_owned(),
            title,
            description,
            self_url: Some("https://news.example/feeds/all".to_owned()),
            home_url: Some("https://news.example/".to_owned()),
            first_url: None,
            next_url: Some("https://news.example/feeds/all?before=7&limit=3".to_owned()),
            hub_url: Some("https://hub.example/".to_owned()),
            updated,
            stories,
            ..Channel::default()
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sec_16_an_atom_feed_comes_back_as_it_went(channel in channel()) {
        comes_back::atom(&channel);
    }

    #[test]
    fn sec_16_an_rss_feed_comes_back_as_it_went(channel in channel()) {
        comes_back::rss(&channel);
    }

    #[test]
    fn sec_10_a_json_feed_comes_back_as_it_went(channel in channel()) {
        comes_back::json(&channel);
    }

    #[test]
    fn sec_17_a_subscription_list_comes_back_as_it_went(mut list in subscriptions(), title in hostile()) {
        let document = opml::write(&title, &list);
        assert_well_formed(&document);
        let mut read = opml::read(&document).unwrap();
        // Folders gather what is in them.
        read.sort_by(|a, b| a.url.cmp(&b.url));
        list.sort_by(|a, b| a.url.cmp(&b.url));
        assert_eq!(read, list);
    }
}

fn subscriptions() -> impl Strategy<Value = Vec<Subscription>> {
    let name = || said().prop_map(|name| plain::line(&name.replace(['/', ','], "-")));
    let one = (
        prop::option::of(name()),
        prop::collection::vec(name(), 0..4),
        prop::collection::vec(name(), 0..3),
        any::<bool>(),
    );
    prop::collection::vec(one, 0..12).prop_map(|list| {
        let list = list.into_iter().enumerate();
        list.map(|(n, (title, folder, tags, has_site))| Subscription {
            title,
            folder: (!folder.is_empty()).then(|| folder.join("/")),
            tags: distinct(&tags),
            site: has_site.then(|| WebUrl::parse("https://site.example/?a&amp;b").unwrap()),
            ..Subscription::new(WebUrl::parse(&format!("https://f{n}.example/?x=1&lt=2")).unwrap())
        })
        .collect()
    })
}
