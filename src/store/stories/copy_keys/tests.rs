//! Keys of copies, against the whole window.

use std::time::Duration;

use super::*;
use crate::clock::Clock;
use crate::dedup::Subject;
use crate::model::{ArticleRow, FeedRow, StoryRow, WebUrl};
use crate::store::stories::grouping::{Grouping, Review};
use crate::store::{Store, StoreOptions};

const HOUR_MS: i64 = 3_600_000;

/// A store that is written to by chance, an article an hour or several at once.
struct Press {
    conn: Connection,
    random: u64,
    hour: i64,
    seq: i64,
    _dir: tempfile::TempDir,
}

impl Press {
    fn new(seed: u64) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("newswire.db");
        let options = StoreOptions {
            path: path.clone(),
            synchronous_full: false,
            dedup_window: Duration::ZERO,
            dedup_near: true,
        };
        drop(Store::open(&options, Clock::manual(Time::EPOCH)).unwrap());
        Self {
            conn: Connection::open(path).unwrap(),
            random: seed,
            hour: 1000,
            seq: 1,
            _dir: dir,
        }
    }

    fn any(&mut self, below: u64) -> u64 {
        self.random = self
            .random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 33) % below
    }

    fn print(&mut self) -> Fingerprint {
        let (text, cut) = (self.any(4), self.any(20));
        let words = |text: u64| (0..50).map(move |w| format!("t{text}w{w}"));
        let mut body: Vec<String> = words(text).skip(cut as usize).collect();
        if self.any(5) == 0 {
            body.extend(words(text + 1));
        }
        let url = format!(
            "https://h{}.test/2030/01/a-story-of-number-{}",
            self.any(2),
            self.any(3)
        );
        Fingerprint::of(&Subject {
            title: &format!("headline of the text {}", self.any(3)),
            body: &body.join(" "),
            canonical_url: WebUrl::parse(&url).ok().as_ref().filter(|_| cut % 2 == 0),
        })
    }

    fn copy(&mut self) -> StoredCopy {
        let at = Time::from_millis(self.hour * HOUR_MS);
        StoredCopy {
            article: ArticleRow::default(),
            story: StoryRow::default(),
            feed: FeedRow::new(1 + self.any(4) as i64),
            at,
            seen: at,
            dated: self.any(3) > 0,
            own_page: self.any(2) == 0,
        }
    }

    /// Stores a copy, in a story that is there or in one of its own. `feed`: of which feed.
    fn store(&mut self, feed: Option<FeedRow>) {
        let (print, copy) = (self.print(), self.copy());
        self.seq += 1;
        let (id, story) = (self.seq, self.any(self.seq as u64) as i64);
        let story = if id % 3 == 0 { story } else { id };
        let dated = copy.dated.then_some(copy.at.millis());
        self.conn
                .execute(
                    "INSERT INTO articles (id, feed, story, seq, key, title, summary, words, first_seen, arrived, published,
                       own_host, facts, digest, revision, fingerprint, content)
                     VALUES (?1, ?2, ?3, ?4, ?4, '', '', 1, ?5, ?5, ?6, ?7, '{}', x'', 1, ?8, x'')",
                    params![
                        id.to_be_bytes().repeat(2),
                        feed.unwrap_or(copy.feed),
                        story,
                        id,
                        copy.at.millis(),
                        dated,
                        if copy.own_page { 2 } else { 0 },
                        print.to_bytes()
                    ],
                )
                .unwrap();
        self.sequence();
    }

    fn sequence(&self) {
        let set = "INSERT OR REPLACE INTO meta (key, value) VALUES ('sequence', ?1)";
        self.conn.execute(set, [self.seq]).unwrap();
    }

    /// Edits a copy, or takes one out.
    fn change(&mut self) {
        let rows = "SELECT coalesce(max(article), 1) FROM articles";
        let rows: i64 = self.conn.query_row(rows, [], |r| r.get(0)).unwrap();
        let row = 1 + self.any(rows as u64) as i64;
        if self.any(3) == 0 {
            self.conn
                .execute("DELETE FROM articles WHERE article = ?1", [row])
                .unwrap();
        } else {
            self.seq += 1;
            let edit = "UPDATE articles SET fingerprint = ?2, seq = ?3 WHERE article = ?1";
            let print = self.print().to_bytes();
            self.conn
                .execute(edit, params![row, print, self.seq])
                .unwrap();
        }
        self.sequence();
    }

    fn step(&mut self, limits: Limits) {
        match self.any(12) {
            0 => self.hour += 20,
            1..=3 => self.change(),
            // A feed floods the window.
            4 => (0..30).for_each(|_| self.store(Some(FeedRow::new(2)))),
            5 | 6 => {
                let now = Time::from_millis(self.hour * HOUR_MS);
                let until = Instant::now() + Duration::from_secs(60);
                go_on(&self.conn, limits, now, until).unwrap();
            }
            _ => self.store(None),
        }
        self.hour += 1;
    }
}

#[test]
fn what_retention_removed_before_the_window_costs_no_keys() {
    let limits = Limits {
        window: Duration::from_secs(7 * 86_400),
        copies_max: 20,
        near: true,
    };
    let mut press = Press::new(3);
    (0..3 * PART_ROWS).for_each(|_| press.store(None));
    let now = Time::from_millis(press.hour * HOUR_MS);
    let until = Instant::now() + Duration::from_secs(60);
    go_on(&press.conn, limits, now, until).unwrap();
    let stale = format!(
            "WITH RECURSIVE n (at) AS (SELECT -{OTHERS_MAX} UNION ALL SELECT at + 1 FROM n WHERE at < 0)
             INSERT INTO copy_keys_stale SELECT at FROM n"
        );
    press.conn.execute_batch(&stale).unwrap();
    let keys = CopyKeys::load(&press.conn, limits, now).unwrap();
    assert!(keys.is_some_and(|keys| keys.stale.is_empty()));
}

/// How many stores are written; `NEWSWIRE_SEQUENCES` says otherwise.
fn seeds() -> u64 {
    std::env::var("NEWSWIRE_SEQUENCES").map_or(3, |n| n.parse().unwrap())
}

#[test]
fn keys_decide_as_the_whole_window_does() {
    let limits = Limits {
        window: Duration::from_secs(7 * 86_400),
        copies_max: 20,
        near: true,
    };
    let (mut compared, mut joined) = (0, 0);
    for seed in 0..seeds() {
        let mut press = Press::new(seed);
        press.store(None);
        let mut keys = None;
        for _ in 0..100 {
            press.step(limits);
            let now = Time::from_millis(press.hour * HOUR_MS);
            // Kept for some steps, so that it takes in what is written meanwhile.
            if keys.is_none() || press.any(6) == 0 {
                keys = CopyKeys::load(&press.conn, limits, now).unwrap();
            }
            let Some(keys) = &mut keys else { continue };
            let mut whole = Grouper::new(limits);
            copies::each_since(&press.conn, now.minus(limits.window), |copy, print| {
                whole.restore(copy, print, now);
            })
            .unwrap();
            let (copy, print) = (press.copy(), press.print());
            let part = keys.part(&press.conn, limits, now, &print).unwrap();
            let decision = part.decide(&copy, &print);
            assert_eq!(decision, whole.decide(&copy, &print), "seed {seed}");
            compared += 1;
            joined += usize::from(decision.join.is_some());
        }
    }
    assert!(compared > 100 && joined > 15, "{joined} of {compared}");
}

#[test]
fn a_few_new_articles_fill_no_window_and_many_do() {
    let limits = Limits {
        window: Duration::from_secs(7 * 86_400),
        copies_max: 20,
        near: true,
    };
    let mut press = Press::new(1);
    (0..3 * PART_ROWS).for_each(|_| press.store(None));
    let now = Time::from_millis(press.hour * HOUR_MS);
    let load = |conn: &Connection| CopyKeys::load(conn, limits, now).unwrap();
    assert!(load(&press.conn).is_none(), "no keys are kept yet");
    go_on(&press.conn, limits, now, Instant::now()).unwrap();
    assert!(load(&press.conn).is_none(), "there was no time");
    go_on(
        &press.conn,
        limits,
        now,
        Instant::now() + Duration::from_secs(60),
    )
    .unwrap();
    assert_eq!(load(&press.conn).unwrap().parts.len(), 3);
    let settings = crate::store::DedupSettings {
        window: limits.window,
        near: true,
    };
    let mut grouping = Grouping::new(settings);
    grouping.fill(&press.conn, now, 1).unwrap();
    assert!(grouping.is_ready_for(1) && !grouping.is_ready_for(1000));
    grouping.fill(&press.conn, now, 1000).unwrap();
    assert!(grouping.is_ready_for(1000));
}

/// A store with parts and five more articles, its window filled; and a moment after the next review.
fn filled() -> (Press, Grouping, Time, Instant) {
    let mut press = Press::new(1);
    (0..3 * PART_ROWS).for_each(|_| press.store(None));
    let now = Time::from_millis(press.hour * HOUR_MS);
    let mut grouping = Grouping::new(crate::store::DedupSettings {
        window: Duration::from_secs(7 * 86_400),
        near: true,
    });
    grouping.fill(&press.conn, now, 1000).unwrap();
    let later = grouping.next_review().unwrap() + Duration::from_secs(1);
    (press, grouping, now, later)
}

#[test]
fn a_window_that_few_articles_need_is_released_once_keys_replace_it() {
    let (press, mut grouping, now, later) = filled();
    let mut review = |at, is_kept| grouping.review(&press.conn, now, at, is_kept).unwrap();
    assert_eq!(review(Instant::now(), false), Review::Settled, "not due");
    assert_eq!(review(later, false), Review::NeedsKeys);
    // Nothing replaces it yet.
    assert_eq!(review(later, true), Review::Settled);
    assert!(grouping.is_ready_for(1000));
    let until = Instant::now() + Duration::from_secs(60);
    assert!(!grouping.keep_keys(&press.conn, now, until).unwrap());
    let later = grouping.next_review().unwrap();
    let reviewed = grouping.review(&press.conn, now, later, false);
    assert_eq!(reviewed.unwrap(), Review::Settled);
    assert!(!grouping.is_ready_for(1) && grouping.next_review().is_none());
    grouping.fill(&press.conn, now, 1).unwrap();
    assert!(grouping.is_ready_for(1) && !grouping.is_ready_for(1000));
    let later = grouping.next_review().unwrap();
    grouping.review(&press.conn, now, later, false).unwrap();
    assert!(
        grouping.next_review().is_none(),
        "no article came: nor are keys held"
    );
}

#[test]
fn a_window_that_many_articles_need_is_kept() {
    let (mut press, mut grouping, now, mut later) = filled();
    go_on(&press.conn, grouping.limits(), now, later).unwrap();
    for _ in 0..3 {
        for _ in 0..16 {
            let (copy, print) = (press.copy(), press.print());
            let id = crate::model::ArticleId(uuid::Uuid::nil());
            grouping.decide(&press.conn, id, &copy, &print).unwrap();
        }
        grouping.review(&press.conn, now, later, false).unwrap();
        assert!(grouping.is_ready_for(1000));
        later = grouping.next_review().unwrap();
    }
}
