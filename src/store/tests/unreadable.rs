//! A stored value that cannot be read hides nothing else, decides nothing, and is found by `newswire verify` (REL-12, REL-14).

use serde::de::DeserializeOwned;

use super::*;
use crate::model::{Category, Enclosure, Person, Source};
use crate::schedule::{Budget, PlanExplanation, PollCost};
use crate::store::articles::content::ArticleFacts;
use crate::store::topics::definition::TopicFeed;

fn damage(house: &House, sql: &str) {
    let conn = rusqlite::Connection::open(house.dir.path().join("newswire.db")).unwrap();
    assert!(conn.execute(sql, []).unwrap() > 0);
}

#[test]
fn rel_12_an_article_with_unreadable_facts_hides_no_others_and_is_found() {
    let house = House::new();
    let feed = house.subscribe("a.example");
    let by = |n: usize, name: &str| Draft {
        authors: vec![Person {
            name: Some(name.to_owned()),
            ..Person::default()
        }],
        ..boat(n)
    };
    house.poll(feed, vec![by(1, "Ada Spar"), by(2, "Bo Keel")]);
    damage(
        &house,
        "UPDATE articles SET facts = '{\"authors\":[' WHERE title = 'Boat 1'",
    );
    damage(
        &house,
        "UPDATE articles SET content = x'00' WHERE title = 'Boat 1'",
    );
    let of = |title: &str| {
        let river = house.river();
        river.into_iter().find(|s| s.title == title).unwrap()
    };
    assert!(of("Boat 1").authors.is_empty());
    assert_eq!(of("Boat 2").authors.len(), 1);
    assert_eq!(house.stories("author:keel").len(), 1);
    let whole = house.store.reads().story(of("Boat 1").id).unwrap();
    assert_eq!(whole.unwrap().content_html.as_deref(), Some(""));
    assert_eq!(
        house.store.reads().verify().unwrap(),
        [
            "unreadable values in articles.facts: 1",
            "unreadable values in articles.content: 1",
        ]
    );
}

#[test]
fn rel_12_a_feed_with_unreadable_header_fields_is_not_requested_without_them() {
    let house = House::new();
    house.subscribe("a.example");
    house.subscribe("b.example");
    damage(
        &house,
        "UPDATE feeds SET headers = '[[\"x-key\"' WHERE url LIKE '%a.example%'",
    );
    let (claims, skipped) = house
        .store
        .claim(house.clock.now(), ClaimScope::Due, 9)
        .unwrap();
    let claimed: Vec<&str> = claims.iter().map(|c| c.url.host()).collect();
    assert_eq!(claimed, ["b.example"]);
    assert!(
        skipped[0].reason.contains("headers"),
        "{}",
        skipped[0].reason
    );
    let feeds = house.store.reads().feeds().unwrap();
    let failing = feeds.iter().find(|f| f.url.contains("a.example")).unwrap();
    assert!(failing.last_error.as_deref().unwrap().contains("headers"));
}

#[test]
fn rel_14_every_stored_struct_reads_what_a_version_without_its_fields_wrote() {
    fn reads<T: DeserializeOwned>() -> bool {
        serde_json::from_str::<T>("{}").is_ok()
    }
    assert!(reads::<ArticleFacts>() && reads::<Person>() && reads::<Category>());
    assert!(reads::<Enclosure>() && reads::<Source>() && reads::<TopicFeed>());
    assert!(reads::<Budget>() && reads::<PollCost>());
    let plan = r#"{"version":1,"basis":{"bounds":{"due":60000,"last":0}}}"#;
    let text = PlanExplanation::from_stored(plan).to_string();
    assert!(!text.contains("basis"), "{text}");
}
