//! A poll is written as a whole or not at all; an edit keeps the id of its article.

use super::*;

#[test]
fn what_is_committed_is_read_back_and_writing_it_again_changes_nothing() {
    let house = House::new();
    let feed = house.subscribe("a.example");
    let drafts = || vec![draft("a.example", 1, "Boats", "The harbour counts boats.")];
    let first = house.poll(feed, drafts());
    assert_eq!((first.new, first.changed), (1, 0));
    let before = house.river();
    assert_eq!(before.len(), 1);
    assert_eq!(before[0].title, "Boats");
    assert_eq!(before[0].url.as_deref(), Some("https://a.example/1"));
    assert_eq!(before[0].feed.title, "a.example");
    let again = house.poll(feed, drafts());
    assert_eq!((again.new, again.changed), (0, 0));
    assert_eq!(house.river(), before);
    let whole = house.store.reads().story(before[0].id).unwrap().unwrap();
    assert_eq!(
        whole.content_text.as_deref(),
        Some("The harbour counts boats.")
    );
    assert_eq!(
        whole.content_html.as_deref(),
        Some("<p>The harbour counts boats.</p>")
    );
}

#[test]
fn rel_06_an_edit_keeps_id_and_place_and_gains_a_revision() {
    let house = House::new();
    let feed = house.subscribe("a.example");
    house.poll(
        feed,
        vec![draft("a.example", 1, "Boats", "Ten boats came.")],
    );
    let before = house.river().remove(0);
    let edit = house.poll(
        feed,
        vec![draft("a.example", 1, "Boats", "Eleven boats came.")],
    );
    assert_eq!((edit.new, edit.changed), (0, 1));
    let after = house.river().remove(0);
    assert_eq!((after.id, after.arrived), (before.id, before.arrived));
    assert!(after.seq > before.seq);
    let copies = house.store.reads().copies(after.id).unwrap();
    assert_eq!(copies[0].revision, 2);
    assert!(house.stories("ten").is_empty(), "the old words are gone");
    assert_eq!(house.stories("eleven").len(), 1);
}

#[test]
fn a_changed_guid_on_the_same_page_is_the_same_article() {
    let house = House::new();
    let feed = house.subscribe("a.example");
    house.poll(
        feed,
        vec![draft("a.example", 1, "Boats", "Ten boats came.")],
    );
    let mut renamed = draft("a.example", 1, "Boats", "Ten boats came.");
    renamed.guid = Some("other".to_owned());
    renamed.key = "guid:other".to_owned();
    let second = house.poll(feed, vec![renamed]);
    assert_eq!(second.new, 0);
    assert_eq!(house.river().len(), 1);
}

#[test]
fn a_lost_lease_writes_nothing() {
    let house = House::new();
    let feed = house.subscribe("a.example");
    let stale = house.claim(feed);
    house.clock.advance(60 * MINUTE);
    let _newer = house.claim(feed);
    let late = house.commit_of(stale, vec![draft("a.example", 1, "Boats", "Late.")]);
    assert!(
        house
            .store
            .commit(house.store.prepare(late))
            .unwrap()
            .lease_lost
    );
    assert!(house.river().is_empty());
}

#[test]
fn rel_01_a_large_poll_is_stored_as_a_whole_or_not_at_all() {
    let house = House::new();
    let feed = house.subscribe("a.example");
    house.poll(feed, vec![boat(9000)]);
    let other = rusqlite::Connection::open(house.dir.path().join("newswire.db")).unwrap();
    other
        .execute_batch(
            "CREATE TRIGGER fails BEFORE INSERT ON articles WHEN NEW.title = 'Boat 399'
             BEGIN SELECT RAISE (ABORT, 'no'); END",
        )
        .unwrap();
    house.clock.advance(MINUTE);
    let all = || (0..400).map(boat).collect();
    let commit = house.commit_of(house.claim(feed), all());
    assert!(house.store.commit(house.store.prepare(commit)).is_err());
    assert_eq!(house.stories("boat").len(), 1);
    other.execute_batch("DROP TRIGGER fails").unwrap();
    house.clock.advance(60 * MINUTE);
    assert_eq!(house.poll(feed, all()).new, 400);
    assert_eq!(house.stories("boat").len(), 401);
    let edited = all().into_iter().map(|d: Draft| Draft {
        digest: identity::digest_of(&[7]),
        title: format!("{} again", d.title),
        ..d
    });
    assert_eq!(house.poll(feed, edited.collect()).changed, 400);
    assert_eq!(house.stories("again").len(), 400);
    assert_eq!(house.store.reads().verify().unwrap(), Vec::<String>::new());
}
