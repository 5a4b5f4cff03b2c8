//! The store through its public face: what is committed is read back, joined, tagged, found, pruned.

mod backups;
mod decisions;
mod decisions_model;
mod faults;
mod feeds;
mod ids;
mod joins;
mod keys;
mod linear;
mod newest;
mod polls;
mod reindex;
mod retention;
mod searches;
mod statements;
mod topics;
mod unreadable;

use std::path::Path;
use std::time::Duration;

use super::*;
use crate::model::{Draft, FeedRow, Outcome, Poll, StoryView, Time, Validators, WebUrl};
use crate::normalize::identity;
use crate::query;
use crate::store::search::narrow;
use crate::store::topics::backfill;

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

/// A store in a directory of its own, with a clock that the test holds.
struct House {
    store: Store,
    clock: Clock,
    dir: tempfile::TempDir,
}

impl House {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Clock::manual(Time::parse_rfc3339("2030-01-10T12:00:00Z").unwrap());
        let store = Store::open(&options(dir.path()), clock.clone()).unwrap();
        Self { store, clock, dir }
    }

    fn subscribe(&self, host: &str) -> FeedRow {
        let feed = NewFeed {
            url: url(&format!("https://{host}/feed")),
            title: Some(host.to_owned()),
            folder: None,
            tags: Vec::new(),
            settings: FeedSettings::default(),
            declared: false,
        };
        let made = self.store.subscribe(vec![feed]).unwrap();
        made[0].row
    }

    /// One poll by command: claims the feed and commits these drafts.
    fn poll(&self, feed: FeedRow, drafts: Vec<Draft>) -> Committed {
        self.clock.advance(MINUTE);
        let commit = self.commit_of(self.claim(feed), drafts);
        let done = self.store.commit(self.store.prepare(commit)).unwrap();
        self.store.settle_topics().unwrap();
        done
    }

    fn claim(&self, feed: FeedRow) -> Claim {
        let scope = ClaimScope::These {
            feeds: vec![feed],
            manual_interval: Duration::ZERO,
        };
        let (mut claims, skipped) = self.store.claim(self.clock.now(), scope, 10).unwrap();
        assert_eq!(skipped, []);
        claims.pop().unwrap()
    }

    fn commit_of(&self, claim: Claim, drafts: Vec<Draft>) -> PollCommit {
        let now = self.clock.now();
        PollCommit {
            poll: Poll {
                feed: claim.feed,
                started: now,
                finished: now,
                final_url: Some(claim.url.clone()),
                moved_permanently: false,
                status: Some(200),
                bytes_wire: 100,
                hints: Default::default(),
                extent: Default::default(),
                outcome: Outcome::Document {
                    content_type: None,
                    validators: Validators {
                        etag: Some(b"\"1\"".to_vec()),
                        last_modified: None,
                    },
                },
            },
            claim,
            document: Some(DocumentCommit {
                drafts,
                listed: Vec::new(),
                votes: None,
                title: None,
                site: None,
                digest: vec![1],
                repairs: Vec::new(),
                is_complete: false,
                archive: None,
                paragraphs: Vec::new(),
            }),
            plan: PlanCommit {
                next_at: Some(now.plus(60 * MINUTE)),
                ..PlanCommit::default()
            },
            hub: HubChange::Unchanged,
            offline: false,
        }
    }

    fn stories(&self, expr: &str) -> Vec<StoryView> {
        let selection = Selection {
            expr: Some(query::parse(expr).unwrap()),
            now: self.clock.now(),
            ..Selection::default()
        };
        self.store.reads().stories(&selection).unwrap()
    }

    fn river(&self) -> Vec<StoryView> {
        self.store.reads().stories(&Selection::default()).unwrap()
    }

    fn topics(&self, definitions: &[(&str, &str)]) -> usize {
        let topics = definitions
            .iter()
            .map(|(name, source)| TopicDefinition {
                name: (*name).to_owned(),
                title: (*name).to_owned(),
                source: (*source).to_owned(),
                expr: query::parse(source).unwrap(),
                feed: Default::default(),
            })
            .collect();
        self.store.set_topics(topics).unwrap()
    }
}

fn options(dir: &Path) -> StoreOptions {
    StoreOptions {
        path: dir.join("newswire.db"),
        synchronous_full: false,
        dedup_window: 7 * DAY,
        dedup_near: true,
    }
}

fn url(text: &str) -> WebUrl {
    WebUrl::parse(text).unwrap()
}

fn draft(host: &str, n: usize, title: &str, body: &str) -> Draft {
    let page = url(&format!("https://{host}/{n}"));
    Draft {
        guid: Some(format!("{host}-{n}")),
        key: format!("guid:{host}-{n}"),
        url: Some(page.clone()),
        canonical_url: Some(page),
        title: title.to_owned(),
        content_html: format!("<p>{body}</p>"),
        content_text: body.to_owned(),
        is_boilerplate: false,
        digest: identity::digest_of(format!("{title} {body}").as_bytes()),
        ..Draft::default()
    }
}

fn boat(n: usize) -> Draft {
    draft(
        "a.example",
        n,
        &format!("Boat {n}"),
        &format!("Boat {n} came."),
    )
}

/// A wire text that is long enough to be told by its words alone.
fn wire() -> String {
    (0..60)
        .map(|n| format!("word{n}"))
        .collect::<Vec<_>>()
        .join(" ")
}
