//! Copies join stories: by equal text and pages, after a restart, and when another process wrote them.

use super::*;

#[test]
fn copies_of_one_poll_and_of_before_join_by_the_keys_that_a_process_left() {
    let mut house = House::new();
    let feed = house.subscribe("a.example");
    // Bodies of which none is a form of another.
    let text = |n: usize| -> String { (0..60).map(|w| format!("t{n}w{w} ")).collect() };
    let piece = |n: usize, of: usize| draft("a.example", n, &format!("Piece {of}"), &text(of));
    house.poll(feed, (0..9).map(|n| piece(n, n)).collect());
    let other = tempfile::tempdir().unwrap();
    let other = Store::open(&options(other.path()), house.clock.clone()).unwrap();
    drop(std::mem::replace(&mut house.store, other));
    house.store = Store::open(&options(house.dir.path()), house.clock.clone()).unwrap();
    let conn = rusqlite::Connection::open(house.dir.path().join("newswire.db")).unwrap();
    let parts = "SELECT count(*) FROM copy_keys";
    assert_eq!(conn.query_row(parts, [], |r| r.get(0)), Ok(2));
    let done = house.poll(feed, vec![piece(20, 3), piece(21, 40), piece(22, 40)]);
    assert_eq!((done.new, done.joined), (3, 2));
    assert_eq!(house.river().len(), 10);
}

#[test]
fn copies_are_joined_by_equal_text_and_by_canonical_url() {
    let house = House::new();
    let (a, b, c) = (
        house.subscribe("a.example"),
        house.subscribe("b.example"),
        house.subscribe("c.example"),
    );
    house.poll(a, vec![draft("a.example", 1, "Boats come in", &wire())]);
    let joined = house.poll(b, vec![draft("b.example", 7, "Boats come in", &wire())]);
    assert_eq!((joined.new, joined.joined), (1, 1));
    let mut linked = draft("c.example", 9, "Elsewhere: boats", "See what they write.");
    linked.canonical_url = Some(url("https://a.example/1"));
    assert_eq!(house.poll(c, vec![linked]).joined, 1);
    let other = draft(
        "a.example",
        2,
        "Markets",
        "Stocks rose by four points today.",
    );
    house.poll(a, vec![other]);

    let river = house.river();
    assert_eq!(river.len(), 2);
    let story = river.iter().find(|s| s.copies == 3).unwrap();
    assert_eq!(story.title, "Boats come in");
    assert_eq!(story.feed.title, "a.example");
    assert_eq!(story.also_in.len(), 2);
    let copies = house.store.reads().copies(story.id).unwrap();
    let signals: Vec<Option<String>> = copies
        .into_iter()
        .map(|c| c.same_as.map(|s| s.signal))
        .collect();
    let told = |s: &str| Some(s.to_owned());
    assert_eq!(signals, [None, told("text"), told("url")]);
    assert_eq!(house.stories("copies>=3").len(), 1);
}

#[test]
fn a_story_keeps_gathering_copies_after_a_restart() {
    let house = House::new();
    let (a, b) = (house.subscribe("a.example"), house.subscribe("b.example"));
    house.poll(a, vec![draft("a.example", 1, "Boats", &wire())]);
    let House { store, clock, dir } = house;
    drop(store);
    let store = Store::open(&options(dir.path()), clock.clone()).unwrap();
    let house = House { store, clock, dir };
    let joined = house.poll(b, vec![draft("b.example", 1, "Boats", &wire())]);
    assert_eq!(joined.joined, 1);
}

#[test]
fn what_another_process_wrote_gathers_copies_too() {
    let house = House::new();
    let (a, b, c) = (
        house.subscribe("a.example"),
        house.subscribe("b.example"),
        house.subscribe("c.example"),
    );
    let text: String = (0..60).map(|n| format!("word{n} ")).collect();
    house.poll(a, vec![draft("a.example", 1, "Boats", "Ten boats came.")]);
    let here = house.store;
    let there = Store::open(&options(house.dir.path()), house.clock.clone()).unwrap();
    let house = House {
        store: there,
        ..house
    };
    house.poll(b, vec![draft("b.example", 2, "Rain", &text)]);
    let house = House {
        store: here,
        ..house
    };
    // A poll without a document passes over what it did not look at.
    let mut unchanged = house.commit_of(house.claim(a), Vec::new());
    unchanged.document = None;
    house.store.commit(house.store.prepare(unchanged)).unwrap();
    assert_eq!(
        house
            .poll(c, vec![draft("c.example", 3, "Rain", &text)])
            .joined,
        1
    );
}

#[test]
fn a_late_copy_makes_one_story_of_two_and_both_ids_still_lead_there() {
    let house = House::new();
    let (a, b, c) = (
        house.subscribe("a.example"),
        house.subscribe("b.example"),
        house.subscribe("c.example"),
    );
    house.topics(&[("boats", "boats")]);
    let text = wire();
    let words: Vec<&str> = text.split(' ').collect();
    let (beginning, end) = (words[..30].join(" "), words[20..].join(" "));
    house.poll(a, vec![draft("a.example", 1, "Boats", &beginning)]);
    house.poll(b, vec![draft("b.example", 1, "Ships", &end)]);
    let ids: Vec<_> = house.river().iter().map(|s| s.id).collect();
    assert_eq!(ids.len(), 2, "too little in common");
    let (younger, older) = (ids[0], ids[1]);
    house.poll(c, vec![draft("c.example", 1, "Boats and ships", &text)]);
    let river = house.river();
    assert_eq!(river.len(), 1);
    assert_eq!((river[0].id, river[0].copies), (older, 3));
    assert_eq!(river[0].topics, ["boats"]);
    for id in [older, younger] {
        assert_eq!(house.store.reads().story(id).unwrap().unwrap().id, older);
    }
    let copies = house.store.reads().copies(older).unwrap();
    assert_eq!(copies.iter().filter(|c| c.same_as.is_none()).count(), 1);
    assert_eq!(house.store.reads().verify().unwrap(), Vec::<String>::new());
}
