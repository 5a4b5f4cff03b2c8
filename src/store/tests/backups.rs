//! A backup is the store at one moment, and a check finds no fault in what was written.

use super::*;

#[test]
fn rel_11_a_backup_is_the_whole_store_and_both_verify() {
    let house = House::new();
    let feed = house.subscribe("a.example");
    house.poll(
        feed,
        vec![draft("a.example", 1, "Boats", "Ten boats came.")],
    );
    let copy = house.dir.path().join("copy.db");
    house.store.backup(&copy).unwrap();
    let restored = Reads::open(&copy).unwrap();
    let whole = restored.stories(&Selection::default()).unwrap();
    assert_eq!(whole, house.river());
    assert_eq!(restored.verify().unwrap(), Vec::<String>::new());
    assert_eq!(house.store.reads().verify().unwrap(), Vec::<String>::new());
}

#[test]
fn a_check_finds_no_fault_in_what_was_written_since_somebody_searched() {
    let house = House::new();
    let feed = house.subscribe("a.example");
    for n in 0..60 {
        let article = draft(
            "a.example",
            n,
            &format!("Boat {n}"),
            &format!("Boat {n} came."),
        );
        house.poll(feed, vec![article]);
        if n % 20 == 0 {
            assert!(!house.stories("boat").is_empty());
        }
    }
    assert_eq!(house.store.reads().verify().unwrap(), Vec::<String>::new());
}

#[test]
fn rel_11_a_backup_made_while_others_write_is_the_store_at_one_moment() {
    let house = House::new();
    let feed = house.subscribe("a.example");
    house.poll(feed, (0..300).map(boat).collect());
    let copies: Vec<_> = (0..4)
        .map(|n| house.dir.path().join(format!("{n}.db")))
        .collect();
    std::thread::scope(|scope| {
        let made = scope.spawn(|| {
            for copy in &copies {
                house.store.backup(copy).unwrap();
            }
        });
        let mut n = 300;
        while !made.is_finished() {
            // Old ones change, new ones come: always two at once.
            let edited = Draft {
                digest: identity::digest_of(n.to_string().as_bytes()),
                ..boat(n % 300)
            };
            house.poll(feed, vec![edited, boat(n)]);
            n += 1;
        }
    });
    let of = |reads: &Reads| reads.articles(&Selection::default()).unwrap();
    let now = of(house.store.reads());
    for copy in &copies {
        let restored = Reads::open(copy).unwrap();
        assert_eq!(restored.verify().unwrap(), Vec::<String>::new());
        let sequence = restored.sequence().unwrap();
        let kept = of(&restored);
        let edits: u64 = kept.iter().map(|a| u64::from(a.revision) - 1).sum();
        assert_eq!(
            kept.len() as u64 - 300,
            edits,
            "of each poll all or nothing"
        );
        // What has not changed since is there as it is here.
        for article in now.iter().filter(|a| a.seq <= sequence) {
            assert!(kept.contains(article), "{article:?}");
        }
    }
}
