//! `dedup.near` and a feed's `near_dedup`: without them only equal copies are joined.

use newswire::model::Draft;
use newswire::store::{FeedChange, FeedSettings, Selection};

use crate::support::store_fixture::{StoreFixture, draft};

const TEXT: &str = "The harbour masters of Aldmouth and Kessport agreed on Friday to mark the channel through the \
    winter, after three boats had run aground within a week. Buoys are to be laid out before the end of the month, and \
    both towns will pay for them in equal parts, a statement said.";

fn whole(host: &str) -> Draft {
    draft(host, 1, &format!("Buoys, says {host}"), TEXT)
}

fn teaser(host: &str) -> Draft {
    let teaser: Vec<&str> = TEXT.split(' ').take(25).collect();
    draft(host, 1, &format!("Buoys, says {host}"), &teaser.join(" "))
}

fn copies(fixture: &StoreFixture) -> Vec<u32> {
    let river = fixture
        .store
        .reads()
        .stories(&Selection::default())
        .unwrap();
    river.iter().map(|s| s.copies).collect()
}

#[test]
fn near_copies_are_joined_unless_they_are_not_to_be() {
    for (near, expected) in [(true, vec![3]), (false, vec![1, 2])] {
        let fixture = StoreFixture::grouping(near);
        for draft in [whole("a.example"), whole("b.example"), teaser("c.example")] {
            let host = draft.url.as_ref().unwrap().host().to_owned();
            fixture.put(fixture.subscribe(&host), vec![draft]);
        }
        assert_eq!(copies(&fixture), expected, "near: {near}");
    }
}

#[test]
fn a_feed_whose_near_copies_are_not_to_be_joined_still_shares_equal_texts_and_pages() {
    let fixture = StoreFixture::new();
    let apart = FeedSettings {
        near_dedup: false,
        ..FeedSettings::default()
    };
    fixture.put(fixture.subscribe("a.example"), vec![whole("a.example")]);
    let alone = |host| fixture.subscribe_with(host, Some(host), apart.clone());
    fixture.put(alone("b.example"), vec![teaser("b.example")]);
    assert_eq!(copies(&fixture), [1, 1]);
    fixture.put(alone("c.example"), vec![whole("c.example")]);
    let linking = Draft {
        canonical_url: whole("a.example").canonical_url,
        ..draft("d.example", 1, "Elsewhere: buoys", "See there.")
    };
    fixture.put(alone("d.example"), vec![linking]);
    assert_eq!(copies(&fixture), [1, 3]);
    // Others are not kept from joining one another.
    fixture.put(fixture.subscribe("e.example"), vec![teaser("e.example")]);
    assert_eq!(copies(&fixture), [1, 4]);
}

#[test]
fn near_dedup_of_a_feed_that_is_changed_by_command_holds_for_what_it_brings_next() {
    let fixture = StoreFixture::new();
    let feed = fixture.subscribe("b.example");
    let other = fixture.subscribe("a.example");
    let near = |near| {
        let change = FeedChange {
            near_dedup: Some(near),
            ..FeedChange::default()
        };
        fixture.store.change_feed(feed, change).unwrap();
    };
    let teaser = |n: usize| Draft {
        key: format!("guid:{n}"),
        guid: Some(n.to_string()),
        ..draft("b.example", n, "Buoys, says b.example", &text_but(n))
    };
    fixture.put(other, vec![whole("a.example")]);
    near(false);
    fixture.put(feed, vec![teaser(1)]);
    assert_eq!(copies(&fixture), [1, 1]);
    near(true);
    fixture.put(feed, vec![teaser(2)]);
    assert_eq!(copies(&fixture), [1, 2]);
}

/// The text without its last words, which nobody else prints.
fn text_but(words: usize) -> String {
    let all: Vec<&str> = TEXT.split(' ').collect();
    all[..all.len() - words].join(" ")
}
