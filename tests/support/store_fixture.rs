//! A store with articles put in by hand: no network, no parsing, and a clock that the test holds.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use newswire::clock::Clock;
use newswire::model::{Draft, FeedRow, Outcome, Poll, Seq, Time, Validators, WebUrl};
use newswire::query;
use newswire::store::{
    ClaimScope, DocumentCommit, FeedSettings, HubChange, NewFeed, PlanCommit, PollCommit, Store,
    StoreOptions, TopicDefinition,
};

/// A store in a directory of its own.
pub struct StoreFixture {
    /// Where; it goes with the fixture.
    _dir: tempfile::TempDir,
    /// The store.
    pub store: Arc<Store>,
    /// It stands still but for a minute before each poll.
    pub clock: Clock,
}

impl StoreFixture {
    /// An empty store on 10 January 2030.
    pub fn new() -> Self {
        Self::grouping(true)
    }

    /// The same, in which near copies are joined or are not (`dedup.near`).
    pub fn grouping(near: bool) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Clock::manual(Time::parse_rfc3339("2030-01-10T12:00:00Z").unwrap());
        let options = options(dir.path(), near);
        let store = Arc::new(Store::open(&options, clock.clone()).unwrap());
        Self {
            store,
            clock,
            _dir: dir,
        }
    }

    /// Opens the store again, as after a restart.
    pub fn reopen(&mut self) {
        let options = options(self._dir.path(), true);
        self.store = Arc::new(Store::open(&options, self.clock.clone()).unwrap());
    }

    /// Subscribes to `https://HOST/feed` under the title HOST.
    pub fn subscribe(&self, host: &str) -> FeedRow {
        self.subscribe_titled(host, Some(host))
    }

    /// The same under a title of its own, or under the publisher's.
    pub fn subscribe_titled(&self, host: &str, title: Option<&str>) -> FeedRow {
        self.subscribe_with(host, title, FeedSettings::default())
    }

    /// The same with settings of its own.
    pub fn subscribe_with(
        &self,
        host: &str,
        title: Option<&str>,
        settings: FeedSettings,
    ) -> FeedRow {
        let feed = NewFeed {
            url: WebUrl::parse(&format!("https://{host}/feed")).unwrap(),
            title: title.map(str::to_owned),
            folder: None,
            tags: Vec::new(),
            settings,
            declared: false,
        };
        self.store.subscribe(vec![feed]).unwrap()[0].row
    }

    /// Puts these topics in force.
    pub fn topics(&self, definitions: &[(&str, &str)]) {
        self.store
            .set_topics(self.definitions(definitions))
            .unwrap();
    }

    /// Topics by name and expression.
    pub fn definitions(&self, definitions: &[(&str, &str)]) -> Vec<TopicDefinition> {
        definitions
            .iter()
            .map(|(name, source)| TopicDefinition {
                name: (*name).to_owned(),
                title: format!("All about {name}"),
                source: (*source).to_owned(),
                expr: query::parse(source).unwrap(),
                feed: Default::default(),
            })
            .collect()
    }

    /// One poll, a minute later, that brings these. Returns the sequence after it.
    pub fn put(&self, feed: FeedRow, drafts: Vec<Draft>) -> Seq {
        self.put_said(feed, (None, None), drafts)
    }

    /// The same, with what the document says of itself: its title.
    pub fn put_titled(&self, feed: FeedRow, title: Option<&str>, drafts: Vec<Draft>) -> Seq {
        self.put_said(feed, (title, None), drafts)
    }

    /// The same from a feed that names this site as its own.
    pub fn put_from(&self, feed: FeedRow, site: Option<&WebUrl>, drafts: Vec<Draft>) -> Seq {
        self.put_said(feed, (None, site), drafts)
    }

    /// One poll, a minute later, that comes to this.
    pub fn poll(&self, feed: FeedRow, outcome: Outcome) -> Seq {
        self.commit(feed, outcome, None)
    }

    fn put_said(
        &self,
        feed: FeedRow,
        (title, site): (Option<&str>, Option<&WebUrl>),
        drafts: Vec<Draft>,
    ) -> Seq {
        let document = DocumentCommit {
            drafts,
            listed: Vec::new(),
            votes: None,
            title: title.map(str::to_owned),
            site: site.cloned(),
            digest: vec![1],
            repairs: Vec::new(),
            is_complete: false,
            archive: None,
            paragraphs: Vec::new(),
        };
        let outcome = Outcome::Document {
            content_type: None,
            validators: Validators::default(),
        };
        self.commit(feed, outcome, Some(document))
    }

    fn commit(&self, feed: FeedRow, outcome: Outcome, document: Option<DocumentCommit>) -> Seq {
        self.clock.advance(Duration::from_secs(60));
        let now = self.clock.now();
        let scope = ClaimScope::These {
            feeds: vec![feed],
            manual_interval: Duration::ZERO,
        };
        let claim = self.store.claim(now, scope, 1).unwrap().0.remove(0);
        let poll = Poll {
            feed,
            started: now,
            finished: now,
            final_url: Some(claim.url.clone()),
            moved_permanently: false,
            status: Some(200),
            bytes_wire: 100,
            hints: Default::default(),
            extent: Default::default(),
            outcome,
        };
        let commit = PollCommit {
            claim,
            poll,
            document,
            plan: PlanCommit {
                next_at: Some(now.plus(Duration::from_secs(300))),
                ..PlanCommit::default()
            },
            hub: HubChange::Unchanged,
            offline: false,
        };
        let done = self.store.commit(self.store.prepare(commit)).unwrap();
        self.store.settle_topics().unwrap();
        done.sequence
    }
}

fn options(dir: &Path, near: bool) -> StoreOptions {
    StoreOptions {
        path: dir.join("newswire.db"),
        synchronous_full: false,
        dedup_window: Duration::from_secs(7 * 86_400),
        dedup_near: near,
    }
}

/// Article `n` of a host.
pub fn draft(host: &str, n: usize, title: &str, body: &str) -> Draft {
    let page = WebUrl::parse(&format!("https://{host}/{n}")).unwrap();
    Draft {
        guid: Some(format!("{host}-{n}")),
        key: format!("guid:{host}-{n}"),
        url: Some(page.clone()),
        canonical_url: Some(page),
        title: title.to_owned(),
        content_html: format!("<p>{body}</p>"),
        content_text: body.to_owned(),
        is_boilerplate: false,
        digest: newswire::normalize::identity::digest_of(format!("{title}{body}").as_bytes()),
        ..Draft::default()
    }
}
