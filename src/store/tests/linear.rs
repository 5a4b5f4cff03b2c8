//! A document costs as much as it has items, whatever these have in common, without the planner's statistics (SEC-03).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::*;

/// SQLite's steps between two counts.
const STEPS: i32 = 100;

/// What the items of a document have in common.
#[derive(Debug, Clone, Copy)]
enum Common {
    Nothing,
    Guid,
    GuidAndPage,
    GuidAndTitle,
    Page,
    Title,
}

/// Item `n`; `edition` tells its texts apart.
fn item(common: Common, n: usize, edition: usize) -> Draft {
    let (mut guid, mut page, mut title) = (n, n, n);
    match common {
        Common::Nothing => {}
        Common::Guid => guid = 0,
        Common::GuidAndPage => (guid, page) = (0, 0),
        Common::GuidAndTitle => (guid, title) = (0, 0),
        Common::Page => page = 0,
        Common::Title => title = 0,
    }
    let body = format!("Report {n} of edition {edition}.");
    let mut draft = draft("a.example", page, &format!("Boat {title}"), &body);
    draft.guid = Some(format!("tag:{guid}"));
    draft.key = match common {
        Common::Guid | Common::GuidAndTitle => format!("guid:tag:0\thttps://a.example/{n}"),
        Common::GuidAndPage => format!("guid:tag:0\t{n:064x}"),
        _ => format!("guid:tag:{n}"),
    };
    draft
}

/// How many steps SQLite takes to store `count` items, to see them again, and to take their edits.
fn steps(common: Common, count: usize) -> [u64; 3] {
    let seen = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&seen);
    let dir = tempfile::tempdir().unwrap();
    let clock = Clock::manual(Time::parse_rfc3339("2030-01-10T12:00:00Z").unwrap());
    let options = options(dir.path());
    let mut conn = opening::writer(&options.path, false).unwrap();
    let count_one = move || {
        counter.fetch_add(1, Ordering::SeqCst);
        false
    };
    conn.progress_handler(STEPS, Some(count_one)).unwrap();
    let store = Store::writing_to(conn, &options, clock.clone()).unwrap();
    let house = House { store, clock, dir };
    let feed = house.subscribe("a.example");
    [0, 0, 1].map(|edition| {
        let before = seen.load(Ordering::SeqCst);
        let items = (0..count).map(|n| item(common, n, edition)).collect();
        house.poll(feed, items);
        seen.load(Ordering::SeqCst) - before
    })
}

#[test]
fn sec_03_items_that_have_everything_in_common_cost_what_others_cost() {
    for common in [
        Common::Nothing,
        Common::Guid,
        Common::GuidAndPage,
        Common::GuidAndTitle,
        Common::Page,
        Common::Title,
    ] {
        let (few, many) = (steps(common, 100), steps(common, 400));
        for (few, many) in few.into_iter().zip(many) {
            assert!(many < few * 6 + 100, "{common:?}: {few}, {many}");
        }
    }
}
