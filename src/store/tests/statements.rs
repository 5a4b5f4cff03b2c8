//! How many statements the writer executes for a poll, from the claim to the commit: what a feed costs that changes rarely is
//! mostly these.

use std::sync::{Mutex, PoisonError};

use rusqlite::trace::{TraceEvent, TraceEventCodes};

use super::*;

/// What the writer of this test has executed. SQLite takes a plain function, so that it cannot be a field of anything; one
/// test uses it.
static SEEN: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn note(event: TraceEvent<'_>) {
    if let TraceEvent::Stmt(_, sql) = event {
        let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
        seen.push(sql.to_owned());
    }
}

/// The statements that `work` makes the writer execute, without those of the word index's own tables.
fn statements(work: impl FnOnce()) -> Vec<String> {
    let take = || std::mem::take(&mut *SEEN.lock().unwrap_or_else(PoisonError::into_inner));
    take();
    work();
    let seen = take().into_iter();
    seen.filter(|sql| !sql.starts_with("--") && !sql.contains("'main'.'words_"))
        .collect()
}

fn traced() -> House {
    let dir = tempfile::tempdir().unwrap();
    let clock = Clock::manual(Time::parse_rfc3339("2030-01-10T12:00:00Z").unwrap());
    let options = options(dir.path());
    let mut conn = opening::writer(&options.path, false).unwrap();
    conn.trace_v2(TraceEventCodes::SQLITE_TRACE_STMT, Some(note))
        .unwrap();
    let store = Store::writing_to(conn, &options, clock.clone()).unwrap();
    House { store, clock, dir }
}

fn not_modified(mut commit: PollCommit) -> PollCommit {
    commit.document = None;
    commit.poll.status = Some(304);
    commit.poll.outcome = Outcome::NotModified {
        validators: Validators {
            etag: Some(b"\"1\"".to_vec()),
            last_modified: None,
        },
    };
    commit
}

#[test]
fn a_poll_takes_no_more_statements_than_these() {
    let house = traced();
    let feed = house.subscribe("a.example");
    house.poll(feed, (0..20).map(boat).collect());
    house.clock.advance(MINUTE);
    let mut claim = None;
    let claimed = statements(|| claim = Some(house.claim(feed)));
    let commit = not_modified(house.commit_of(claim.unwrap(), Vec::new()));
    let ready = house.store.prepare(commit);
    let unchanged = statements(|| assert_eq!(house.store.commit(ready).unwrap().new, 0));
    house.clock.advance(MINUTE);
    let ready = house
        .store
        .prepare(house.commit_of(house.claim(feed), vec![boat(20)]));
    let news = statements(|| assert_eq!(house.store.commit(ready).unwrap().new, 1));
    for (what, seen, most) in [
        ("claim", claimed, 8),
        ("unchanged", unchanged, 6),
        ("one new article", news, 30),
    ] {
        assert!(
            seen.len() <= most,
            "{what}: {}:\n{}",
            seen.len(),
            seen.join("\n")
        );
    }
}
