//! SEC-13: no feed changes, hides or captures what another prints.

use std::collections::BTreeSet;

use newswire::model::{ArticleView, Draft, FeedRow, WebUrl};
use newswire::store::Selection;

use crate::support::store_fixture::{StoreFixture, draft};

const BOATS: &str = "The harbour masters of Aldmouth and Kessport agreed on Friday to mark the channel through the \
    winter, after three boats had run aground within a week. Buoys are to be laid out before the end of the month, and \
    both towns will pay for them in equal parts, a statement said.";
const TAX: &str = "Parliament voted by a narrow majority for a tax on sugar that is meant to pay for hospitals. The \
    opposition called the decision a disgrace for the lemonade industry and promised to abolish it after the next \
    election, while doctors spoke of a first step in the right direction.";
const BRIDGE: &str = "The second bridge across the strait at Aldmouth will open two years later than planned, \
    because the steel that was ordered for its deck did not pass the tests of the railway office. Commuters keep to the \
    ferries until then, and the council lowers their fares from next spring.";
const BOATS_TITLE: &str = "Harbour masters agree on buoys for the winter channel";
const TAX_TITLE: &str = "Parliament votes for sugar tax by narrow majority";

/// A story as the paper of `host` prints it on a page of its own.
fn boats(host: &str) -> Draft {
    draft(host, 1, BOATS_TITLE, BOATS)
}

fn tax(host: &str) -> Draft {
    draft(host, 2, TAX_TITLE, TAX)
}

/// The same text on another's page.
fn on_page_of(other: &Draft, draft: Draft) -> Draft {
    Draft {
        url: other.url.clone(),
        canonical_url: other.canonical_url.clone(),
        ..draft
    }
}

fn articles(fixture: &StoreFixture) -> Vec<ArticleView> {
    let selection = Selection {
        bodies: true,
        ..Selection::default()
    };
    fixture.store.reads().articles(&selection).unwrap()
}

fn printed_by(fixture: &StoreFixture, host: &str) -> Vec<ArticleView> {
    let url = format!("https://{host}/feed");
    let all = articles(fixture).into_iter();
    all.filter(|a| a.feed_url == url).collect()
}

/// The one article of a host.
fn of(fixture: &StoreFixture, host: &str) -> ArticleView {
    let mut all = printed_by(fixture, host);
    assert_eq!(all.len(), 1, "{host}");
    all.remove(0)
}

#[test]
fn sec_13_a_guid_means_nothing_outside_its_feed() {
    let fixture = StoreFixture::new();
    let (honest, hostile) = (
        fixture.subscribe("honest.example"),
        fixture.subscribe("bad.example"),
    );
    fixture.put(honest, vec![boats("honest.example")]);
    let forged = Draft {
        guid: boats("honest.example").guid,
        key: boats("honest.example").key,
        ..tax("bad.example")
    };
    fixture.put(hostile, vec![forged]);
    let (a, x) = (of(&fixture, "honest.example"), of(&fixture, "bad.example"));
    assert_eq!(a.guid, x.guid);
    assert_ne!(a.id, x.id);
    assert_ne!(a.story_id, x.story_id);
    assert_eq!((a.content_text.as_deref(), a.revision), (Some(BOATS), 1));
}

#[test]
fn sec_13_a_page_is_shown_as_its_own_feed_has_it() {
    for hostile_first in [true, false] {
        let fixture = StoreFixture::new();
        let (honest, hostile) = (
            fixture.subscribe("honest.example"),
            fixture.subscribe("bad.example"),
        );
        let claim = draft(
            "bad.example",
            1,
            BOATS_TITLE,
            "Buy sugar while there is some, at our shop.",
        );
        let claim = on_page_of(&boats("honest.example"), claim);
        let site = WebUrl::parse("https://honest.example/").unwrap();
        // It says that the honest site is its own, as well.
        if hostile_first {
            fixture.put_from(hostile, Some(&site), vec![claim]);
            fixture.put(honest, vec![boats("honest.example")]);
        } else {
            fixture.put(honest, vec![boats("honest.example")]);
            fixture.put_from(hostile, Some(&site), vec![claim]);
        }
        let a = of(&fixture, "honest.example");
        assert_eq!((a.content_text.as_deref(), a.revision), (Some(BOATS), 1));
        let story = fixture.store.reads().story(a.story_id).unwrap().unwrap();
        assert_eq!(story.content_text.as_deref(), Some(BOATS));
        assert_eq!(story.feed.url, "https://honest.example/feed");
    }
}

#[test]
fn the_first_copy_is_shown_where_no_feed_owns_a_page() {
    let fixture = StoreFixture::new();
    for host in ["one.example", "two.example"] {
        let feed = fixture.subscribe(host);
        let elsewhere = draft("elsewhere.example", 7, BOATS_TITLE, BOATS);
        fixture.put(feed, vec![on_page_of(&elsewhere, boats(host))]);
    }
    let story = of(&fixture, "two.example").story_id;
    let story = fixture.store.reads().story(story).unwrap().unwrap();
    assert_eq!(
        (story.copies, story.feed.url.as_str()),
        (2, "https://one.example/feed")
    );
}

#[test]
fn sec_13_no_feed_brings_two_others_together() {
    let page_of_one_text_of_the_other = on_page_of(
        &boats("boats.example"),
        draft("bad.example", 1, BOATS_TITLE, TAX),
    );
    let both_texts = draft("bad.example", 1, TAX_TITLE, &format!("{BOATS} {TAX}"));
    for forged in [page_of_one_text_of_the_other, both_texts] {
        for order in [
            [0, 1, 2],
            [0, 2, 1],
            [1, 0, 2],
            [1, 2, 0],
            [2, 0, 1],
            [2, 1, 0],
        ] {
            let fixture = StoreFixture::new();
            let printed = [
                (fixture.subscribe("boats.example"), boats("boats.example")),
                (fixture.subscribe("tax.example"), tax("tax.example")),
                (fixture.subscribe("bad.example"), forged.clone()),
            ];
            for n in order {
                let (feed, draft) = &printed[n];
                fixture.put(*feed, vec![draft.clone()]);
            }
            let second = [boats("second.example"), tax("second.example")];
            fixture.put(fixture.subscribe("second.example"), second.to_vec());
            let (a, b) = (of(&fixture, "boats.example"), of(&fixture, "tax.example"));
            assert_ne!(a.story_id, b.story_id, "{order:?}");
            let second = printed_by(&fixture, "second.example");
            let story = |title| second.iter().find(|c| c.title == title).unwrap().story_id;
            assert_eq!(story(BOATS_TITLE), a.story_id, "{order:?}");
            assert_eq!(story(TAX_TITLE), b.story_id, "{order:?}");
        }
    }
}

/// A round-up, or a hostile feed: each item holds the texts of two papers.
#[test]
fn sec_13_three_items_of_two_texts_each_join_no_papers() {
    let texts = [BOATS, TAX, BRIDGE];
    let titles = [
        BOATS_TITLE,
        TAX_TITLE,
        "A bridge for Aldmouth is delayed again",
    ];
    let roundup: Vec<Draft> = (0..3)
        .map(|n| {
            let text = format!("{} {}", texts[n], texts[(n + 1) % 3]);
            draft(
                "roundup.example",
                n,
                &format!("Also today, part {n}"),
                &text,
            )
        })
        .collect();
    let paper = |n: usize, is_on_own_pages: bool| {
        let host = format!("paper{n}.example");
        let pages = match is_on_own_pages {
            true => &host,
            false => "pages.example",
        };
        let printed = vec![draft(pages, n, titles[n], texts[n])];
        (host, printed)
    };
    let cases = (0..4).flat_map(|at| [(at, true), (at, false)]);
    for (roundup_at, is_on_own_pages) in cases {
        let mut order: Vec<(String, Vec<Draft>)> =
            (0..3).map(|n| paper(n, is_on_own_pages)).collect();
        order.insert(roundup_at, ("roundup.example".to_owned(), roundup.clone()));
        let fixture = StoreFixture::new();
        for (host, printed) in order {
            let feed = fixture.subscribe(&host);
            for item in printed {
                fixture.put(feed, vec![item]);
            }
        }
        let story = |n: usize| of(&fixture, &format!("paper{n}.example")).story_id;
        let stories = BTreeSet::from([story(0), story(1), story(2)]);
        assert_eq!(stories.len(), 3, "the round-up came at {roundup_at}");
    }
}

#[test]
fn sec_13_an_edit_captures_nothing() {
    let fixture = StoreFixture::new();
    let (honest, hostile) = (
        fixture.subscribe("boats.example"),
        fixture.subscribe("bad.example"),
    );
    fixture.put(honest, vec![boats("boats.example")]);
    fixture.put(hostile, vec![boats("bad.example")]);
    let edited = Draft {
        digest: newswire::normalize::identity::digest_of(b"edited"),
        ..draft("bad.example", 1, TAX_TITLE, TAX)
    };
    fixture.put(hostile, vec![edited]);
    fixture.put(fixture.subscribe("tax.example"), vec![tax("tax.example")]);
    let a = of(&fixture, "boats.example");
    assert_eq!(
        of(&fixture, "bad.example").story_id,
        a.story_id,
        "it stays where it was"
    );
    assert_ne!(of(&fixture, "tax.example").story_id, a.story_id);
}

#[test]
fn sec_13_a_flood_hides_nobody() {
    let fixture = StoreFixture::new();
    let hostile = fixture.subscribe("bad.example");
    let flood = |from: usize| -> Vec<Draft> {
        (from..from + 1100)
            .map(|n| draft("bad.example", n, BOATS_TITLE, BOATS))
            .collect()
    };
    let papers: Vec<(FeedRow, String)> = (0..5)
        .map(|n| {
            let host = format!("paper{n}.example");
            (fixture.subscribe(&host), host)
        })
        .collect();
    fixture.put(papers[0].0, vec![boats(&papers[0].1)]);
    fixture.put(hostile, flood(0));
    for (feed, host) in &papers[1..4] {
        fixture.put(*feed, vec![boats(host)]);
    }
    fixture.put(hostile, flood(5000));
    fixture.put(papers[4].0, vec![boats(&papers[4].1)]);
    let story = of(&fixture, "paper0.example").story_id;
    for (_, host) in &papers {
        assert_eq!(of(&fixture, host).story_id, story, "{host}");
    }
    let copies = fixture.store.reads().copies(story).unwrap();
    assert!(copies.len() <= 60, "{} copies", copies.len());
}
