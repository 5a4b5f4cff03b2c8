//! What benches share: made-up text, a store to put it in, and what this process has used.
// Each bench is a crate of its own and uses some of this. One that cannot go on ends: a panic is the message.
#![allow(dead_code, clippy::unwrap_used)]

use std::path::Path;
use std::time::Duration;

use newswire::clock::Clock;
use newswire::model::{Draft, FeedRow, Outcome, Poll, Validators, WebUrl};
use newswire::store::{
    ClaimScope, Committed, DocumentCommit, FeedSettings, HubChange, NewFeed, PlanCommit,
    PollCommit, Store, StoreOptions,
};
use rustix::time::{ClockId, clock_gettime};

const VOCABULARY: f64 = 30_000.0;

/// Words as they come in news, few of them often and many seldom (Zipf).
pub struct Random(pub u64);

impl Random {
    /// A number below 2^31.
    pub fn next(&mut self) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    /// A word: `ba` is the most frequent.
    pub fn word(&mut self) -> String {
        let share = self.next() as f64 / (1_u64 << 31) as f64;
        named(VOCABULARY.powf(share) as u64 - 1)
    }

    /// So many bytes of words, or a few more; the first is `Ba`.
    pub fn text(&mut self, bytes: usize) -> String {
        let mut text = String::from("Ba");
        while text.len() < bytes {
            text.push(' ');
            text.push_str(&self.word());
        }
        text
    }
}

/// The n-th word: syllables, as many as it takes.
fn named(mut n: u64) -> String {
    const SYLLABLES: [&str; 10] = [
        "ba", "ke", "mi", "no", "ru", "sta", "tor", "vel", "zin", "dra",
    ];
    let mut word = String::new();
    loop {
        let syllable = usize::try_from(n % 10).unwrap();
        word.push_str(SYLLABLES.get(syllable).unwrap());
        n /= 10;
        if n == 0 {
            return word;
        }
    }
}

/// How benches open a store: as a daemon does by default.
pub fn options(path: &Path) -> StoreOptions {
    StoreOptions {
        path: path.to_owned(),
        synchronous_full: false,
        dedup_window: Duration::from_secs(7 * 86_400),
        dedup_near: true,
    }
}

/// Feed `n`, on a host of its own.
pub fn feed(n: usize) -> NewFeed {
    NewFeed {
        url: WebUrl::parse(&format!("https://feed{n}.example/feed")).unwrap(),
        title: Some(format!("Feed {n}")),
        folder: None,
        tags: Vec::new(),
        settings: FeedSettings::default(),
        declared: false,
    }
}

/// Article `n` of everything, of this title and body.
pub fn draft(n: usize, title: String, body: String) -> Draft {
    let page = WebUrl::parse(&format!("https://feed.example/{n}")).unwrap();
    Draft {
        key: format!("guid:{n}"),
        guid: Some(n.to_string()),
        url: Some(page.clone()),
        canonical_url: Some(page),
        summary: body.chars().take(200).collect(),
        content_html: format!("<p>{body}</p>"),
        content_text: body.clone(),
        is_boilerplate: false,
        digest: newswire::normalize::identity::digest_of(&n.to_le_bytes()),
        title,
        ..Draft::default()
    }
}

/// One poll of a feed that brings these articles.
pub fn put(store: &Store, clock: &Clock, feed: FeedRow, drafts: Vec<Draft>) -> Committed {
    let now = clock.now();
    let scope = ClaimScope::These {
        feeds: vec![feed],
        manual_interval: Duration::ZERO,
    };
    let claim = store.claim(now, scope, 1).unwrap().0.pop().unwrap();
    let commit = PollCommit {
        poll: Poll {
            feed,
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
                validators: Validators::default(),
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
            next_at: Some(now.plus(Duration::from_secs(300))),
            ..PlanCommit::default()
        },
        hub: HubChange::Unchanged,
        offline: false,
    };
    store.commit(store.prepare(commit)).unwrap()
}

/// Memory of this process, in KB, by the names of proc(5): `VmHWM` is the most that it ever held.
pub fn memory_kb(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|l| l.starts_with(name)).unwrap();
    line.split_ascii_whitespace()
        .nth(1)
        .unwrap()
        .parse()
        .unwrap()
}

/// CPU time of this process, every thread.
pub fn cpu() -> Duration {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(
        now.tv_sec.unsigned_abs(),
        u32::try_from(now.tv_nsec).unwrap(),
    )
}
