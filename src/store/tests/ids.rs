//! The id of a story is its own for as long as it lives, whatever became of its first copy (REL-12, REL-14).

use super::*;
use crate::model::{FeedRow, StoryId};

/// A poll whose document lists all that there is.
pub(super) fn shows_all(house: &House, feed: FeedRow, drafts: Vec<Draft>) -> Committed {
    house.clock.advance(MINUTE);
    let mut commit = house.commit_of(house.claim(feed), drafts);
    if let Some(document) = &mut commit.document {
        document.is_complete = true;
    }
    house.store.commit(house.store.prepare(commit)).unwrap()
}

pub(super) fn leads_to(house: &House, id: StoryId) -> Option<StoryId> {
    house.store.reads().story(id).unwrap().map(|s| s.id)
}

pub(super) fn is_sound(house: &House) {
    assert_eq!(house.store.reads().verify().unwrap(), Vec::<String>::new());
}

/// Article 1 begins a story, article 3 of the same text joins it, article 1 goes and comes back with other texts, each of
/// which begins a story that another article keeps alive. The ids, oldest story first.
fn begun_three_times(house: &House) -> Vec<StoryId> {
    let feed = house.subscribe("a.example");
    let text = |n: usize| wire().replace("word", &format!("word{n}x"));
    let item = |n: usize, t: usize| draft("a.example", n, &format!("Boats {t}"), &text(t));
    let one = shows_all(house, feed, vec![item(3, 1), item(1, 1)]);
    assert_eq!((one.new, one.joined), (2, 1));
    let mut kept = vec![item(3, 1)];
    for t in 2..4 {
        shows_all(house, feed, kept.clone());
        // Documents list the newest first: the last one is stored first.
        kept.push(item(t + 2, t));
        kept.push(item(1, t));
        let back = shows_all(house, feed, kept.clone());
        assert_eq!((back.new, back.joined, back.withdrawn), (2, 1, 0));
        kept.pop();
    }
    let mut river = house.river();
    river.reverse();
    river.into_iter().map(|s| s.id).collect()
}

#[test]
fn rel_12_an_article_that_comes_back_begins_a_story_beside_the_one_it_began_before() {
    let house = House::new();
    let ids = begun_three_times(&house);
    assert_eq!(ids.len(), 3);
    for id in &ids {
        assert_eq!(leads_to(&house, *id), Some(*id));
        assert_eq!(ids.iter().filter(|other| *other == id).count(), 1);
        let found = house.store.reads().stories_between(*id..=*id, 9).unwrap();
        assert!(found.contains(id), "an id that is typed is found");
    }
    is_sound(&house);
    let rebuilt = House::new();
    assert_eq!(begun_three_times(&rebuilt), ids, "ids are by name");
}

#[test]
fn the_id_of_a_story_that_went_is_that_of_its_article_when_it_comes_back() {
    let house = House::new();
    let feed = house.subscribe("a.example");
    shows_all(&house, feed, vec![boat(1), boat(2)]);
    let id = |title: &str| {
        let river = house.river();
        river.iter().find(|s| s.title == title).map(|s| s.id)
    };
    let first = id("Boat 1").unwrap();
    shows_all(&house, feed, vec![boat(2)]);
    assert_eq!(leads_to(&house, first), None);
    shows_all(&house, feed, vec![boat(1), boat(2)]);
    assert_eq!(id("Boat 1"), Some(first));
    is_sound(&house);
}

#[test]
fn every_id_that_led_to_a_story_leads_there_after_its_copies_were_withdrawn() {
    let house = House::new();
    let feeds = ["a.example", "b.example", "c.example"].map(|host| house.subscribe(host));
    let text = wire();
    let words: Vec<&str> = text.split(' ').collect();
    let (beginning, end) = (words[..30].join(" "), words[20..].join(" "));
    let copy = |host: &str, text: &str| vec![boat(9), draft(host, 1, "Boats", text)];
    shows_all(&house, feeds[0], copy("a.example", &beginning));
    shows_all(&house, feeds[1], copy("b.example", &end));
    let ids: Vec<_> = house.river().iter().map(|s| s.id).collect();
    shows_all(&house, feeds[2], copy("c.example", &text));
    let river = house.river();
    let whole = river.iter().find(|s| s.title == "Boats").unwrap();
    assert_eq!(whole.copies, 3);
    let copies = house.store.reads().copies(whole.id).unwrap();
    let leads: Vec<StoryId> = copies.iter().map(|c| StoryId(c.id.0)).collect();
    for feed in &feeds[..2] {
        shows_all(&house, *feed, vec![boat(9)]);
    }
    assert_eq!(house.river().len(), 2, "one copy is left, and boat 9");
    for id in leads {
        assert!(ids.contains(&id) || id == StoryId(copies[2].id.0));
        assert_eq!(leads_to(&house, id), Some(whole.id), "{id}");
    }
    is_sound(&house);
    shows_all(&house, feeds[2], vec![boat(9)]);
    assert!(ids.iter().any(|id| leads_to(&house, *id).is_none()));
    is_sound(&house);
}
