//! What a reader sees of a story: which copy stands for it, and under which id, whatever comes later.

use newswire::model::{Draft, StoryView};
use newswire::store::Selection;

use crate::support::server_fixture::{HOST, ServerFixture, between};
use crate::support::store_fixture::draft;

const TEXT: &str = "The harbour masters of Aldmouth and Kessport agreed on Friday to mark the channel through the \
    winter, after three boats had run aground within a week. Buoys are to be laid out before the end of the month, and \
    both towns will pay for them in equal parts, a statement said. The state adds a grant for the lamps, which are to \
    be lit from the first of November until the ice has gone.";

fn copy(host: &str, text: &str) -> Draft {
    draft(host, 1, &format!("Buoys for the winter, says {host}"), text)
}

fn words(range: std::ops::Range<usize>) -> String {
    let words: Vec<&str> = TEXT.split(' ').collect();
    words[range].join(" ")
}

fn entry_ids(page: &str) -> Vec<String> {
    between(page, "<entry", "</entry>")
        .iter()
        .map(|e| between(e, "<id>urn:uuid:", "</id>")[0].to_owned())
        .collect()
}

fn in_topic(site: &ServerFixture, topic: &str) -> Vec<StoryView> {
    let selection = Selection {
        topic: Some(topic.to_owned()),
        ..Selection::default()
    };
    site.fixture.store.reads().stories(&selection).unwrap()
}

/// Four copies of one story, of which the first links to the page of another feed, and a topic that prefers some feeds.
async fn preferring() -> ServerFixture {
    let site = ServerFixture::open().await;
    let fixture = &site.fixture;
    let mut topics = fixture.definitions(&[("sea", "buoys"), ("winter", "winter")]);
    topics[0].feed.prefer = ["the wire", "Nobody", "BEACON", "argus"]
        .map(str::to_owned)
        .into();
    fixture.store.set_topics(topics).unwrap();
    let elsewhere = copy("argus.example", TEXT).url;
    for (host, title) in [
        ("wire.example", "The Wire"),
        ("argus.example", "The Argus"),
        ("beacon.example", "Beacon of Kessport"),
        ("courier.example", "Beaconsfield Courier"),
    ] {
        let mut draft = copy(host, TEXT);
        if host == "wire.example" {
            draft.url.clone_from(&elsewhere);
            draft.canonical_url.clone_from(&elsewhere);
        }
        let feed = fixture.subscribe_titled(host, Some(title));
        let sequence = fixture.put(feed, vec![draft]);
        site.sequence.send_replace(sequence);
    }
    site
}

#[tokio::test]
async fn sec_13_a_topic_prefers_among_those_on_whose_site_the_page_is() {
    let site = preferring().await;
    let reads = site.fixture.store.reads();
    let river = reads.stories(&Selection::default()).unwrap();
    assert_eq!((river.len(), river[0].copies), (1, 4));
    assert_eq!(
        river[0].feed.title, "The Argus",
        "the first on its own site"
    );
    let (sea, winter) = (in_topic(&site, "sea"), in_topic(&site, "winter"));
    assert_eq!(winter, river);
    assert_eq!(sea[0].feed.title, "Beacon of Kessport");
    assert_eq!(sea[0].title, "Buoys for the winter, says beacon.example");
    assert_eq!((sea[0].id, sea[0].arrived), (river[0].id, river[0].arrived));
    let others: Vec<&str> = sea[0]
        .also_in
        .iter()
        .map(|a| a.feed_title.as_str())
        .collect();
    assert_eq!(others, ["The Wire", "The Argus", "Beaconsfield Courier"]);
}

#[tokio::test]
async fn merged_feeds_have_one_entry_a_story_under_one_id_and_relate_the_copies() {
    let site = preferring().await;
    let all = site.get("/feeds/all.atom").await.text();
    let sea = site.get("/feeds/sea.atom").await.text();
    assert_eq!(entry_ids(&all).len(), 1);
    assert_eq!(entry_ids(&all), entry_ids(&sea));
    let entry = between(&sea, "<entry", "</entry>")[0];
    assert!(entry.contains("says beacon.example"), "{entry}");
    assert!(
        entry.contains("<title>Beacon of Kessport</title>"),
        "{entry}"
    );
    let related = between(entry, "<link rel=\"related\"", "/>");
    assert_eq!(related.len(), 3, "{entry}");
    assert!(!related.iter().any(|link| link.contains("beacon.example")));
}

#[tokio::test]
async fn ids_that_subscribers_have_seen_stay_and_the_younger_leads_to_the_older() {
    let site = ServerFixture::open().await;
    let fixture = &site.fixture;
    let count = TEXT.split(' ').count();
    let put = |host: &str, draft: Draft| {
        let sequence = fixture.put(fixture.subscribe(host), vec![draft]);
        site.sequence.send_replace(sequence);
    };
    site.arrive([7]);
    put("argus.example", copy("argus.example", &words(0..34)));
    put("beacon.example", copy("beacon.example", &words(24..count)));
    let before = entry_ids(&site.get("/feeds/all.atom").await.text());
    assert_eq!(before.len(), 3, "too little in common");
    // A late copy holds both.
    put("courier.example", copy("courier.example", TEXT));
    let after = entry_ids(&site.get("/feeds/all.atom").await.text());
    assert_eq!(after.len(), 2);
    assert!(after.iter().all(|id| before.contains(id)), "no new id");
    let (younger, older) = (&before[0], &before[1]);
    assert!(after.contains(older) && !after.contains(younger));
    for id in [older, younger] {
        let page = site.get(&format!("/stories/{id}")).await;
        assert_eq!(page.status, 200);
        let text = page.text();
        for host in ["argus", "beacon", "courier"] {
            assert!(
                text.contains(&format!("{host}.example")),
                "{host} under {id}"
            );
        }
    }
    assert!(fixture.store.reads().verify().unwrap().is_empty());
    // What comes later changes no id either.
    put("dispatch.example", copy("dispatch.example", TEXT));
    put(HOST, copy("more.example", &words(24..count)));
    let later = entry_ids(&site.get("/feeds/all.atom").await.text());
    assert_eq!(later, after);
}
